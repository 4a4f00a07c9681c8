"""On what an answer hangs that is not known: found from the events of the rehearsal, and the state before it."""

from __future__ import annotations

from collections.abc import Iterator

from ...commands import Add
from ...commands.outcome import Outcome
from ...memory.section import doubtful
from ...memory.state import State
from ...memory.zone import MOVABLE
from ...mm.unseen import Tally, tally
from ...numbers.rounding import ceil
from ...protocol.events import AddressDoubted, KernelDoubted, PagesAssumed, RangeDoubted
from ...protocol.reasons.effects import ParametersAssumed
from ...protocol.reasons.unknown import (
    LeftBehind,
    NoFlags,
    NotCounted,
    NotListed,
    NotSeen,
    NotTold,
    Reclaimable,
    Unknown,
)
from ...protocol.vocabulary import DEVICE_CALLERS, ZoneKey
from ...run.certainty import may_meet_leavings, unknown_mode, unlisted
from ...run.reclaim import may_reclaim


def unknowns(state: State, tried: Outcome) -> tuple[Unknown, ...]:
    """What no one saw or counted, by zone."""
    result, events = tried.result, tried.events
    doubts = tuple(event.reason for event in events if isinstance(event, AddressDoubted | KernelDoubted))
    if doubts:
        return doubts
    undated = tuple({event.reason: None for event in events if isinstance(event, RangeDoubted)})
    asked: dict[ZoneKey, dict[int, PagesAssumed]] = {}
    for event in events:
        if isinstance(event, PagesAssumed):
            asked.setdefault((event.node, event.zone), {})[event.pfn] = event
    if asked or undated:
        return (*undated, *(_of_pages(state, key, list(found.values())) for key, found in asked.items()))
    kinds = {*map(type, events)}
    if unlisted(state, result, kinds):
        return (NotListed(),)
    if may_meet_leavings(state, kinds):
        return (LeftBehind(state.globals.value.leaked_memmap),)
    if unknown_mode(state, result, events):
        return (NotTold("memmap_on_memory", state.settings.memmap_on_memory),)
    if pages := may_reclaim(state, tried.reason, events):
        return (Reclaimable(pages, pages * state.geometry.page_size),)
    evidence = sorted(state.evidence.items())
    uncounted = tuple(key for key, known in evidence if not (known.counted and known.areas))
    return (NotCounted(uncounted),) if uncounted else ()


def parameters_assumed(state: State, add: Add) -> Iterator[ParametersAssumed]:
    """Parameters that decide what becomes of an add, and that no one told."""
    guessed = state.globals.value
    onlines = add.caller not in (*DEVICE_CALLERS, "dlpar")  # which onlines what it adds whatever is set
    names = ["auto_online_blocks"] if guessed.auto_online_assumed and onlines else []
    names += (
        ["memmap_on_memory"]
        if guessed.mode_assumed and add.placement is None and add.caller in state.model.opt_in
        else []
    )
    if names:
        yield ParametersAssumed(tuple((name, str(getattr(state.settings, name))) for name in names))


def _of_pages(state: State, key: ZoneKey, asked: list[PagesAssumed]) -> Unknown:
    pages, zone = sum(event.unseen for event in asked), tally(state, key)
    if not any(_never_seen(state, event) for event in asked):
        return NoFlags(*key, pages, zone.blocks)
    return NotSeen(
        *key,
        pages,
        zone.kernel,
        zone.kernel * state.geometry.page_size,
        min(zone.kernel, zone.unmanaged),
        zone.blocks,
        min(zone.blocks, ceil(zone.fixed(early=True), state.geometry.pages_per_block)),
        _chance(zone, pages, state.geometry.pageblock_pages),
        any(_highest(state, key, zone, event) for event in asked),
        zone.evidence.counted,
    )


def _never_seen(state: State, asked: PagesAssumed) -> bool:
    """Was no page of some section seen? Where some were, the others were seen too, and show nothing."""
    return any(section.unseen == doubtful(section) for section in state.sections_of(asked.pfn, asked.pages))


def _chance(zone: Tally, pages: int, pageblock: int) -> int:
    """In how many of 100 cases some of the zone's pageblocks with pages that cannot be moved are among those asked for, were
    they strewn at random. They are as few as can be, or as many as the kernel marked for its own pages."""
    if pages < pageblock:
        return min(99, 100 * zone.kernel // max(1, zone.pages))
    reserved = min(zone.kernel, zone.unmanaged)
    bad = ceil(reserved, pageblock) + max(ceil(zone.kernel - reserved, pageblock), zone.typed)
    none_of_them, drawn = 1.0, min(ceil(pages, pageblock), zone.pageblocks)
    for at in range(drawn):
        none_of_them *= max(0, zone.pageblocks - bad - at) / (zone.pageblocks - at)
    return min(99, int(100 * (1 - none_of_them)))


def _highest(state: State, key: ZoneKey, zone: Tally, asked: PagesAssumed) -> bool:
    """Is it where the boot would have taken memory of ZONE_MOVABLE, if it took some?"""
    if key[1] != MOVABLE or not zone.unmanaged:
        return False
    early = [section.nr for section, _ in state.zone_sections(key) if section.early]
    size = state.geometry.pages_per_section
    return bool(early) and asked.pfn <= early[-1] * size < asked.pfn + asked.pages
