"""How sure it is that a real kernel does what the rehearsal did."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final

from ..memory.state import State
from ..protocol.events import (
    AddressDoubted,
    BlockCreated,
    BlockStateChanged,
    Event,
    ExistingMemoryTaken,
    HugePagesChanged,
    KernelDoubted,
    OfflineFailed,
    PagesAssumed,
    PagesMigrated,
    PagesTakenByWorkload,
    PlacementChosen,
    RangeDoubted,
    of_type,
)
from ..protocol.reasons import Reason
from ..protocol.reasons.placement import ParameterOff
from ..protocol.vocabulary import HANGS, Certainty
from .reclaim import may_reclaim

_OF_FREE_PAGES: Final = (ExistingMemoryTaken, PagesTakenByWorkload, PagesMigrated, HugePagesChanged)
"""Events of which the zones' free pages decide."""
_DOUBTS: Final = (AddressDoubted, KernelDoubted)
_ASSUMING: Final = (PagesAssumed, RangeDoubted)
_OF_STATES: Final = ("EINVAL", "EBUSY", "EINTR", HANGS)
"""What is answered, or comes of it, where a block is online that should be offline, or the other way round."""
_OPEN: Final = (*_DOUBTS, *_ASSUMING)


def certainty(state: State, result: str, events: Sequence[Event], reason: Reason | None = None) -> Certainty:
    """Whether a result is known, from the events of its command and the reason of a refusal: a success is a *yes*, a refusal a
    *no*, unless it hangs on pages that no one saw, on the free pages of zones that no one counted, or on what the kernel can
    take back."""
    kinds = {*map(type, events)}
    if (reason is not None or HugePagesChanged in kinds) and may_reclaim(state, reason, events):
        return "not known"
    if kinds.isdisjoint(_OPEN) and not state.evidence and state.globals.value.complete:
        return "yes" if result == "ok" else "no"
    if (
        not kinds.isdisjoint(_DOUBTS)
        or (not kinds.isdisjoint(_ASSUMING) and _assumed(result, events))
        or _uncounted(state, result, kinds)
        or unknown_mode(state, result, events)
        or unlisted(state, result, kinds)
        or may_meet_leavings(state, kinds)
    ):
        return "not known"
    return "yes" if result == "ok" else "no"


def _assumed(result: str, events: Sequence[Event]) -> bool:
    """Did it hang on pages that no one saw, or on when memory came? An eject is refused for the last block that would not go,
    whatever was assumed of others."""
    hangs = since = False
    for event in events:
        if isinstance(event, _ASSUMING):
            hangs = since = True
        elif isinstance(event, BlockStateChanged) and event.state == "going-offline":
            since = False
        elif isinstance(event, OfflineFailed) and result != "ok":
            hangs = since
    return hangs


def unknown_mode(state: State, result: str, events: Sequence[Event]) -> bool:
    """Did memory run short for a memmap that may have had its place on the memory itself, had someone told the mode?"""
    if result != "ENOMEM" or not state.globals.value.mode_assumed:
        return False
    return any(isinstance(event.reason, ParameterOff) for event in of_type(events, PlacementChosen))


def unlisted(state: State, result: str, kinds: Set[type[Event]]) -> bool:
    """Does it hang on which blocks there are, or which of them are online, where no file lists them?"""
    nothing_there = result == "ENOENT" or (result == "ok" and not kinds)
    by_state = BlockStateChanged in kinds if result == "ok" else result in _OF_STATES
    return state.globals.value.blocks_assumed and (nothing_there or by_state or BlockCreated in kinds)


def may_meet_leavings(state: State, kinds: Set[type[Event]]) -> bool:
    """May it meet sections that an add left behind, no file tells where?"""
    return state.globals.value.leaked_memmap > 0 and BlockCreated in kinds


def _uncounted(state: State, result: str, kinds: Set[type[Event]]) -> bool:
    evidence = state.evidence.values()
    if not evidence or all(zone.counted and zone.areas for zone in evidence):
        return False
    if not all(zone.counted for zone in evidence):
        return result == "ENOMEM" or not kinds.isdisjoint(_OF_FREE_PAGES)
    return HugePagesChanged in kinds
