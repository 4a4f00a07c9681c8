"""Where the memmap of an add request will lie: what the caller asks, what the kernel allows, what the person chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ..kernels.memmap_on_memory import memmap_on_memory_support
from ..kernels.model import KernelModel
from ..kernels.models import MODELS
from ..memory.state import State
from ..mm.hugetlb import hugetlb_vmemmap
from ..numbers.geometry import Geometry
from ..protocol.reasons import HotplugError
from ..protocol.reasons.placement import (
    AltmapUnsupported,
    AltmapVetoed,
    CallerAsks,
    CallerDoesNotAsk,
    HeadOfEachBlock,
    HugePagesExclude,
    NoVmemmap,
    Obstacle,
    PersonAsks,
    PlacementRefused,
    PlacementRule,
    VetoDropsBlocks,
)
from ..protocol.vocabulary import Caller, Mode, Placement


class Choice(msgspec.Struct, frozen=True):
    """The decision for one request: the placement, the head pages that each block gives up (placement "block"), and the
    rule that led to it."""

    placement: Placement
    head: int
    reason: PlacementRule


def choose(state: State, size: int, caller: Caller, wanted: Placement | None, fallback: bool | None) -> Choice:
    """Decide for a request of `size` bytes. Raises `HotplugError` EINVAL where the placement was demanded and cannot be.

    Without `wanted` the kernel model decides: callers ask or do not, the parameter and the architecture allow or do not,
    and a request that asks in vain falls back or is refused as that kernel does. With `wanted` the person decides;
    alignment rules still hold, and `fallback` says whether kernel memory may serve instead (the RFC's option c).
    """
    if state.model.veto_drops_blocks and state.preset.rfc_altmap == "vetoed":
        return Choice("boot", 0, VetoDropsBlocks(state.preset.geometry.arch))
    choice = _by_model(state, size, caller) if wanted is None else _by_person(state, size, wanted)
    if isinstance(choice, Choice):
        return choice
    if fallback is not None:
        may_fall_back = fallback
    else:
        may_fall_back = wanted is None and (state.model.asks_first or not state.model.refuse_unsupported)
    if not may_fall_back:
        raise HotplugError("EINVAL", PlacementRefused(choice))
    return Choice("boot", 0, choice)


_HOSTING: Final = "6.12"
"""The kernel whose rules hold where a person asks for heads of blocks and the machine's own kernel has none."""

_NO_ALTMAP: Final[Mapping[str, Callable[[str], Obstacle]]] = MappingProxyType(
    {"vetoed": AltmapVetoed, "unsupported": AltmapUnsupported, "no vmemmap": NoVmemmap}
)
"""What keeps an architecture (named) from taking the memmap from an altmap, by its column `rfc_altmap`."""


def _by_model(state: State, size: int, caller: Caller) -> Choice | Obstacle:
    model, preset = state.model, state.preset
    if caller not in model.opt_in:
        return Choice("boot", 0, CallerDoesNotAsk(caller, model.name))
    if model.pool == "range":
        altmap = preset.rfc_altmap
        if altmap == "supported":
            return Choice("range", 0, CallerAsks(caller))
        return Choice("boot", 0, _NO_ALTMAP[altmap](preset.geometry.arch))
    mode = state.settings.memmap_on_memory
    if model.hvo_excludes_heads and mode != "N" and hugetlb_vmemmap.enabled(state):
        return HugePagesExclude()
    support = memmap_on_memory_support(state.geometry, model, mode, size)
    if support.reason is None:
        return Choice("block", support.pages, HeadOfEachBlock(support.pages, support.waste, False))
    return support.reason


def _by_person(state: State, size: int, wanted: Placement) -> Choice | Obstacle:
    if wanted == "boot":
        return Choice("boot", 0, PersonAsks())
    if wanted != "block":
        altmap = state.preset.rfc_altmap
        return (
            Choice(wanted, 0, PersonAsks()) if altmap == "supported" else _NO_ALTMAP[altmap](state.preset.geometry.arch)
        )
    # Whether it is on was a choice of the boot, which the person makes anew; what it then asks for is the kernel's.
    refused: list[Obstacle] = []
    for mode in modes_on(state):
        support = memmap_on_memory_support(state.geometry, _hosting(state), mode, size)
        if support.reason is None:
            return Choice("block", support.pages, HeadOfEachBlock(support.pages, support.waste, True))
        refused.append(support.reason)
    return refused[0]


def modes_on(state: State) -> list[Mode]:
    """The values of memmap_on_memory by which a block may carry its memmap: that of the machine first, if it is one, then the
    least that is needed."""
    known = [mode for mode in _hosting(state).parameter_modes if mode != "N"]
    return sorted(known, key=lambda mode: mode != state.settings.memmap_on_memory)


def mode_needed(geometry: Geometry, kernel: KernelModel, size: int) -> Mode | None:
    """The first value of a kernel's memmap_on_memory by which the blocks of a request carry their memmap; None if none does."""
    modes = (mode for mode in kernel.parameter_modes if mode != "N")
    return next((one for one in modes if memmap_on_memory_support(geometry, kernel, one, size).reason is None), None)


def _hosting(state: State) -> KernelModel:
    return state.model if state.model.parameter_modes else MODELS[_HOSTING]
