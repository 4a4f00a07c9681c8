"""How sure it is that a real kernel does what the rehearsal did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..memory.state import State
from ..protocol.events import (
    AddressDoubted,
    BlockCreated,
    BlockState,
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
)
from ..protocol.reasons.placement import ParameterOff
from ..protocol.vocabulary import Certainty

_OF_FREE_PAGES: Final = (ExistingMemoryTaken, PagesTakenByWorkload, PagesMigrated, HugePagesChanged)
"""Events of which the zones' free pages decide."""


def certainty(state: State, result: str, events: Sequence[Event]) -> Certainty:
    """Whether a result is known, from the events of its command: a success is a *yes*, a refusal a *no*, unless it hangs on
    pages that no one saw, or on the free pages of zones that no one counted."""
    if (
        any(isinstance(event, AddressDoubted | KernelDoubted) for event in events)
        or _assumed(result, events)
        or _uncounted(state, result, events)
        or unknown_mode(state, result, events)
        or unlisted(state, result, events)
        or may_meet_leavings(state, events)
    ):
        return "not known"
    return "yes" if result == "ok" else "no"


def _assumed(result: str, events: Sequence[Event]) -> bool:
    """Did it hang on pages that no one saw, or on when memory came? An eject is refused for the last block that would not go,
    whatever was assumed of others."""
    hangs = since = False
    for event in events:
        if isinstance(event, PagesAssumed | RangeDoubted):
            hangs = since = True
        elif isinstance(event, BlockState) and event.state == "going-offline":
            since = False
        elif isinstance(event, OfflineFailed) and result != "ok":
            hangs = since
    return hangs


def unknown_mode(state: State, result: str, events: Sequence[Event]) -> bool:
    """Did memory run short for a memmap that may have had its place on the memory itself, had someone told the mode?"""
    off = any(isinstance(event, PlacementChosen) and isinstance(event.reason, ParameterOff) for event in events)
    return result == "ENOMEM" and off and state.globals.value.mode_assumed


def unlisted(state: State, result: str, events: Sequence[Event]) -> bool:
    """Does it hang on whether there are blocks that no file lists?"""
    added = any(isinstance(event, BlockCreated) for event in events)
    nothing_there = result == "ENOENT" or (result == "ok" and not events)
    return state.globals.value.blocks_assumed and (nothing_there or added)


def may_meet_leavings(state: State, events: Sequence[Event]) -> bool:
    """May it meet sections that an add left behind, no file tells where?"""
    return state.globals.value.leaked_memmap > 0 and any(isinstance(event, BlockCreated) for event in events)


def _uncounted(state: State, result: str, events: Sequence[Event]) -> bool:
    evidence = state.evidence.values()
    if all(zone.counted and zone.areas for zone in evidence):
        return False
    if not all(zone.counted for zone in evidence):
        return result == "ENOMEM" or any(isinstance(event, _OF_FREE_PAGES) for event in events)
    return any(isinstance(event, HugePagesChanged) for event in events)
