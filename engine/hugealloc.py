"""Fresh huge pages from the buddy: as many as the watermarks allow, then what compaction makes of the rest
(alloc_buddy_hugetlb_folio and the allocator's slow path)."""

from __future__ import annotations

from collections.abc import Generator

from .bits import aligned_runs
from .buddy import drain, take
from .compaction import compact_zone, ready, suitable
from .events import Event
from .memmap import FREE, HUGE, MOVABLE_TYPE, PCP, ZoneKey
from .state import State, isolated_pages
from .zonelist import Watermarks, zonelist
from .zones import MOVABLE

Listed = dict[ZoneKey, int]
"""The area, by its first pfn, that the allocations of a write left on a CPU's list of a zone."""


def fresh(state: State, node: int, order: int, count: int, listed: Listed) -> Generator[Event, None, list[int]]:
    """Up to `count` areas of an order from the zones of a node; their first pfns, in the order in which they came."""
    zones = zonelist(state, [node], MOVABLE)
    found: list[int] = []
    for low in (True, False):
        for key in zones:
            found += _take(state, key, order, count - len(found), low, listed)
    if len(found) < count and any(ready(state, key, order) for key in zones):
        listed.clear()
        for key in list(state.zones):  # reclaim calls that progress, and empties the CPUs' lists before the next look
            drain(state, key)
        for key in zones:
            found += _take(state, key, order, count - len(found), False, None)
    for key in zones:
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
    marks = Watermarks(state)
    floor = marks.mark(key, low) + marks.reserve(key, MOVABLE) + (1 << order) - 1
    free = state.zones[key].free
    if count <= 0 or free <= floor:
        return []
    found: list[int] = []
    if listed and key in listed:
        found.append(listed.pop(key))
        state.change_pages(found[0], 1 << order, HUGE)
    areas, taken, waiting = _areas(state, key, order), 0, 0
    batch = 2 if listed is not None and _list_batch(state.zones[key].managed) > 1 else 1
    while taken < count - len(found) and free > floor:
        if not waiting:
            waiting = min(batch, areas)
            if not waiting:
                break
            areas, free = areas - waiting, free - (waiting << order)
        waiting -= 1
        taken += 1
    found += [pfn for pfn, _ in take(state, key, order, taken, HUGE)]
    if listed is not None and waiting:
        listed[key] = take(state, key, order, 1, PCP, MOVABLE_TYPE)[0][0]
    return found


def _areas(state: State, key: ZoneKey, order: int) -> int:
    """Free areas of an order that a zone has, bigger ones counted as several."""
    size, block = state.geometry.pages_per_section, state.geometry.pageblock_pages
    return sum(
        aligned_runs(section.of(FREE) & owned & ~isolated_pages(section, block), order, size).bit_count()
        for section, owned in state.zone_sections(key)
        if FREE in section.pages
    )


def _list_batch(managed: int) -> int:
    """zone_batchsize: how many pages a CPU's list takes at a time."""
    batch = max(1, min(managed // 1024, 256) // 4)
    return max(1, (1 << ((batch + batch // 2).bit_length() - 1)) - 1)
