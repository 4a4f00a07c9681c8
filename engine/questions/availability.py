"""Which real kernel puts a memmap where: the placements that released kernels have, and what each needs at boot."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..hotplug.placement import choose, mode_needed
from ..kernels.models import MODELS
from ..memory.state import State
from ..protocol.reasons import HotplugError
from ..protocol.reasons.released import (
    AsItIs,
    AtBoot,
    EveryRelease,
    NeverAsked,
    NoValueDoes,
    OnlyProposed,
    OwnFile,
    Released,
    SinceRelease,
)
from ..protocol.vocabulary import Caller, Placement

UNRELEASED: Final[Mapping[Placement, OnlyProposed]] = MappingProxyType(
    {"range": OnlyProposed("RFC v2"), "sections": OnlyProposed("RFC option b")}
)
"""Placements that no released kernel has, and where they were proposed."""


def availability(state: State, size: int, caller: Caller, placement: Placement | None) -> Released:
    """What it takes for a real machine to place the memmap of a request of `size` bytes so; None is whatever its kernel
    does."""
    if placement is None:
        return AsItIs()
    if placement in UNRELEASED:
        return UNRELEASED[placement]
    if by_itself(state, size, caller) == placement:
        return OwnFile() if placement == "block" and caller in state.model.asks_by_file else AsItIs()
    if placement == "boot":
        return AtBoot("N") if state.model.parameter_modes else EveryRelease()
    model = state.model
    mode = mode_needed(state.geometry, model, size) if caller in model.opt_in and model.parameter_modes else None
    return AtBoot(mode) if mode is not None else _later(state, size, caller)


def _later(state: State, size: int, caller: Caller) -> Released:
    """From which later release on it is so, if from any; the RFC's kernel comes before all."""
    asked = False
    for model in MODELS.values():
        if model.release <= state.model.release or caller not in model.opt_in or not model.parameter_modes:
            continue
        asked = True
        if state.preset.can_hotplug(model.release) and mode_needed(state.geometry, model, size) is not None:
            return SinceRelease(model.name)
    return NoValueDoes() if asked or caller in state.model.opt_in else NeverAsked(caller)


def by_itself(state: State, size: int, caller: Caller) -> Placement | None:
    """The placement that the kernel model chooses; None where it refuses."""
    try:
        return choose(state, size, caller, None, None).placement
    except HotplugError:
        return None
