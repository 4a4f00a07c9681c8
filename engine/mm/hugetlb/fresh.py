"""Fresh huge pages from the buddy: as many as the watermarks allow, then what compaction makes of the rest
(alloc_buddy_hugetlb_folio and the allocator's slow path)."""

from __future__ import annotations

from collections.abc import Generator

from ...memory.section import isolated_pages
from ...memory.state import State
from ...memory.zone import MOVABLE
from ...numbers.bits import aligned_runs, runs
from ...protocol.events import Event, PagesAssumed
from ...protocol.vocabulary import FREE, HUGE, MOVABLE_TYPE, PCP, ZoneKey
from .. import unseen
from ..compaction.triggers import compact_zone, ready, suitable
from ..page_alloc import drain, list_batch, take
from ..watermarks import Watermarks
from ..zonelist import zonelist
from . import pool

Listed = dict[ZoneKey, list[int]]
"""Areas, by their first pfns, that lie on a CPU's list of a zone: those that were seen there, and what the allocations of
a write left."""
_STRAY = 64
"""So few pages besides, and the lists of a zone hold nothing but whole areas."""


def fresh(state: State, node: int, order: int, count: int, listed: Listed) -> Generator[Event, None, list[int]]:
    """Up to `count` areas of an order from the zones of a node; their first pfns, in the order in which they came."""
    highest = pool.highest_zone(state, state.geometry.page_size << order)
    zones = zonelist(state, [node], highest)
    found: list[int] = []
    listable = state.model.lists_pageblocks and order == state.geometry.pageblock_order
    on_lists = listed if listable else None  # no list of a CPU holds other big areas
    for low in (True, False):
        for key in zones:
            found += _take(state, key, order, count - len(found), low, on_lists)
    if len(found) < count and any(ready(state, key, order) for key in zones):
        listed.clear()
        for key in list(state.zones):  # reclaim calls that progress, and empties the CPUs' lists before the next look
            drain(state, key)
        for key in zones:
            found += _take(state, key, order, count - len(found), False, None)
    for key in zones:
        if len(found) < count and suitable(state, key, order) and (unknown := unseen.tally(state, key).pages):
            zone = state.zones[key]
            yield PagesAssumed(zone.start, zone.spanned, *key, unknown)
        while len(found) < count and suitable(state, key, order):
            yield from compact_zone(state, key, order)
            more = _take(state, key, order, count - len(found), False, None)
            if not more:
                break
            found += more
    return found


def _take(state: State, key: ZoneKey, order: int, count: int, low: bool, listed: Listed | None) -> list[int]:
    """Huge pages from one zone as its watermark allows, which does not count what is on the CPUs' lists. A list takes two
    at a time from the buddy, so one may be left on it in the end; None for lists that are emptied before each."""
    watermarks = Watermarks(state)
    floor = watermarks.min_or_low(key, low) + watermarks.reserve(key, MOVABLE) + (1 << order) - 1
    free = state.zones[key].free
    if count <= 0 or free <= floor:
        return []
    found: list[int] = []
    if listed is not None:
        if key not in listed:
            listed[key] = _seen_on_lists(state, key, order)
        while listed[key] and len(found) < count:
            found.append(listed[key].pop(0))
            state.change_pages(found[-1], 1 << order, HUGE)
    areas, taken, waiting = _areas(state, key, order), 0, 0
    several = list_batch(state.zones[key].managed, state.geometry.page_size) > 1
    batch = 2 if listed is not None and several else 1
    while taken < count - len(found) and free > floor and areas:  # one on the list alone does not count as an area
        if not waiting:
            waiting = min(batch, areas)
            areas, free = areas - waiting, free - (waiting << order)
        waiting -= 1
        taken += 1
    found += [pfn for pfn, _ in take(state, key, order, taken, HUGE)]
    if listed is not None and waiting:
        listed[key].append(take(state, key, order, 1, PCP, MOVABLE_TYPE)[0][0])
    return found


def _seen_on_lists(state: State, key: ZoneKey, order: int) -> list[int]:
    """Pages of one size stand beside each other on the lists and cannot be told apart; but what was freed as whole areas
    lies in whole areas."""
    size, stray = state.geometry.pages_per_section, state.zones[key].pcp
    found: list[int] = []
    for section, owned in state.zone_sections(key) if stray >> order else ():
        if PCP in section.pages and not section.estimated:
            starts = aligned_runs(section.of(PCP) & owned, order, size)
            stray -= starts.bit_count() << order
            found += [section.nr * size + at for start, length in runs(starts) for at in range(start, start + length)]
    return found if stray < _STRAY else []


def _areas(state: State, key: ZoneKey, order: int) -> int:
    """Free areas of an order that a zone has, bigger ones counted as several."""
    size, pageblock = state.geometry.pages_per_section, state.geometry.pageblock_order
    return sum(
        aligned_runs(section.of(FREE) & owned & ~isolated_pages(section, pageblock), order, size).bit_count()
        for section, owned in state.zone_sections(key)
        if FREE in section.pages
    )
