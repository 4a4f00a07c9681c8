"""Which kernels have which drivers that add memory."""

from __future__ import annotations

from collections.abc import Iterator

from ..protocol.reasons.notes import NoDriverYet
from ..protocol.vocabulary import Caller
from .model import KernelModel
from .models import MODELS


def without_driver(model: KernelModel, caller: Caller) -> Iterator[NoDriverYet]:
    """The note that `model` is older than the driver `caller`, if it is."""
    if caller not in model.drivers:
        since = next((name for name, later in MODELS.items() if caller in later.drivers), "")
        yield NoDriverYet(caller, model.name, since)
