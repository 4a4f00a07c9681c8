"""Which releases of Linux make the same of an add request.

Trying it under each of them would take long, and is not needed: a trial takes another course only if something is otherwise
that it looks at. So of each trial it is kept what it looked at of its kernel model, and a release that has the same there
comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, cast

import msgspec

from ...commands import Add, extent
from ...kernels.model import KernelModel
from ...kernels.models import MODELS
from ...memory.state import State, clone
from ...protocol.reasons.released import AsItIs, Released
from ...protocol.vocabulary import OnlineType
from ..availability import availability
from .alternatives import Way, alternative, tried
from .comparison import Row
from .measure import nothing_known

_ASIDE: Final = ("name", "title", "release")
"""What no two models have in common; what hangs on a release is asked apart."""


class _LookedAt:
    """A kernel model that keeps what was looked at of it; it has no name."""

    def __init__(self, model: KernelModel) -> None:
        self.kernel = model
        self.seen: dict[str, object] = {}

    def __getattr__(self, field: str) -> object:
        value = getattr(self.kernel, field)
        if field not in _ASIDE:
            self.seen[field] = value
        return value if field == "release" or field not in _ASIDE else ""


def alike_releases(state: State, request: Add, online: OnlineType) -> list[list[str]]:
    """The releases in order, those in a row together of which the same comes: the same row of a comparison but for the names
    of their kernels, and the same needs of a real machine."""
    releases = [model for model in MODELS.values() if model.name[0].isdigit()]
    found = zip(releases, _results(state, request, online, releases), strict=True)
    return [[model.name for model, _ in run] for _, run in groupby(found, key=lambda one: one[1])]


def _results(
    state: State, request: Add, online: OnlineType, releases: list[KernelModel]
) -> Iterator[tuple[Row, Released | None]]:
    known: list[tuple[tuple[bool, bool], dict[str, object], Row]] = []
    counted = nothing_known()
    for model in releases:
        can = state.preset.can_hotplug(model.release), state.preset.can_remove(model.release)
        row = next((row for able, seen, row in known if able == can and _same(model, seen)), None)
        if row is None:
            looked = _LookedAt(model)
            copy = alternative(state, cast(KernelModel, looked), state.geometry.block_size)
            way = Way(state.model.name, state.geometry.block_size, request.placement, online)
            # Gigantic pages are counted in each trial: they are known by the name of a model, and here none has one.
            row = tried(state, copy, way, request, counted._replace(gigantic={}))
            row = msgspec.structs.replace(row, needs=AsItIs())
            known.append((can, looked.seen, row))
        yield row, _needs(state, request, model)


def _needs(state: State, request: Add, model: KernelModel) -> Released | None:
    """What a real machine with this kernel needs for the placement that is asked for; None where none is."""
    if request.placement is None:
        return None
    copy = clone(state)
    copy.model = model
    return availability(copy, extent(request)[1], request.caller, request.placement)


def _same(model: KernelModel, seen: dict[str, object]) -> bool:
    return all(getattr(model, field) == value for field, value in seen.items())
