"""Which releases of Linux make the same of an add request.

Trying it under each of them would take long, and is not needed: of each trial it is kept what it looked at of its kernel
model, and a release that is alike in that comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import cast

import msgspec

from ...commands import Add, extent
from ...kernels.model import KernelModel
from ...kernels.models import MODELS
from ...memory.state import State, clone
from ...protocol.reasons.released import Released
from ...protocol.vocabulary import OnlineType
from ..availability import availability
from .alternatives import Combination, alternative, tried
from .comparison import Alternative
from .looked_at import LookedAt, Seen, alike
from .measure import Known, nothing_known


def alike_releases(state: State, request: Add, online: OnlineType, known: Known | None = None) -> list[list[str]]:
    """The releases in order, those in a row together of which the same comes: the same row of a comparison but for the names
    of their kernels, and the same needs of a real machine. `known` gets what was found on the way."""
    releases = [model for model in MODELS.values() if model.name[0].isdigit()]
    found = zip(releases, _results(state, request, online, releases, known or nothing_known()), strict=True)
    return [[model.name for model, _ in run] for _, run in groupby(found, key=lambda one: one[1])]


def _results(
    state: State, request: Add, online: OnlineType, releases: list[KernelModel], known: Known
) -> Iterator[tuple[Alternative, Released | None]]:
    tries: list[tuple[Seen, Alternative]] = []
    for model in releases:
        nameless = msgspec.structs.replace(model, name="", title="")
        row = next((row for seen, row in tries if alike(nameless, seen)), None)
        if row is None:
            looked = LookedAt(nameless)
            copy = alternative(state, cast(KernelModel, looked), state.geometry.block_size)
            way = Combination("", state.geometry.block_size, request.placement, online)
            row = tried(copy, way, request, known)
            tries.append((looked.seen, row))
        yield row, _needs(state, request, model)


def _needs(state: State, request: Add, model: KernelModel) -> Released | None:
    """What a real machine with this kernel needs for the placement that is asked for; None where none is."""
    if request.placement is None:
        return None
    copy = clone(state)
    copy.model = model
    return availability(copy, extent(request)[1], request.caller, request.placement)
