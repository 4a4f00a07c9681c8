"""The buddy allocator: taking pages from the free lists by order, migratetype and zone, and giving them back.

The lists are not stored, they follow from the free pages (`free_area`); so splitting and merging need no code. Which page
a real kernel takes is chance; here it is the lowest of those that the kernel's rules leave to choose from, and many
allocations are done together as if one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

import msgspec

from ..memory.section import Section, set_types
from ..memory.state import State
from ..memory.zone import DMA32, NORMAL
from ..numbers.bits import aligned_runs, from_runs, lowest, lowest_n, runs, span, spread
from ..numbers.rounding import ceil
from ..numbers.runs import cut
from ..numbers.units import MIB
from ..protocol.vocabulary import (
    FREE,
    HUGE,
    MOVABLE,
    MOVABLE_TYPE,
    PCP,
    PINNED,
    RECLAIMABLE,
    UNMOVABLE,
    Chunk,
    Kind,
    Migratetype,
    ZoneKey,
)
from .free_area import CMA, area_starts
from .free_index import FreeIndex, Spot, free_index
from .watermarks import Watermarks

_FALLBACKS: Final[dict[Migratetype, tuple[Migratetype, ...]]] = {
    UNMOVABLE: (RECLAIMABLE, MOVABLE_TYPE),
    MOVABLE_TYPE: (RECLAIMABLE, UNMOVABLE),
    RECLAIMABLE: (UNMOVABLE, MOVABLE_TYPE),
}
"""Whose pageblocks a type takes when its own have no area left, in order (fallbacks, mm/page_alloc.c)."""
_OWN: Final[dict[Migratetype, tuple[Migratetype, ...]]] = {
    UNMOVABLE: (UNMOVABLE,),
    MOVABLE_TYPE: (MOVABLE_TYPE, CMA),
    RECLAIMABLE: (RECLAIMABLE,),
}
_MOVABLE_KINDS: Final[tuple[Kind, ...]] = (MOVABLE, PINNED, HUGE)


class _Source(NamedTuple):
    """Where the next pages come from: a section of the zone, its part of it, and free pages of it to take from. If these are
    whole areas, `spot` is the free list that they are on, and `more` says whether the section has others on it."""

    section: Section
    owned: int
    pages: int
    spot: Spot | None = None
    more: bool = False


class _Wanted(NamedTuple):
    """What is asked for, see `allocate`: areas of an order, for a kind of page, in pageblocks of a migratetype."""

    order: int
    kind: Kind
    migratetype: Migratetype


_Taken = tuple[int, int]
"""Areas of one section that were taken: the set of their first pages, and the first pfn of the section."""


# -- allocating ---------------------------------------------------------------------------------------------------------


def allocate(
    state: State,
    zones: Sequence[ZoneKey],
    order: int,
    count: int,
    kind: Kind,
    highest: str,
    boost: int = 0,
    migratetype: Migratetype | None = None,
    left: list[Chunk] | None = None,
) -> list[Chunk]:
    """Take up to `count` times ``2**order`` pages for `kind` from the first zones of a zonelist that have them.

    First every zone down to its low watermark, then, where that is not enough, down to its min watermark
    (get_page_from_freelist). Isolated pages and those on per-CPU lists are not used. `boost` pages are kept besides, as
    the kernel does after an allocation had to steal from pageblocks of another type (boost_watermark). `migratetype` is
    that of the request: Movable or Unmovable as the kind is, if not given. Into `left` go pageblocks that then lie on a
    CPU's list, out of the next allocation's sight. Returns what was taken, runs of pages; the caller compares with what it
    asked for.
    """
    wanted = _wanted(order, kind, migratetype)
    return _chunks(_allocated(state, zones, count, wanted, highest, boost, left), order)


def occupy(state: State, zones: Sequence[ZoneKey], count: int, kind: Kind, highest: str) -> tuple[int, int | None]:
    """Take up to `count` single pages as `allocate` does, where no one asks for the place of each: how many were taken, and the
    first pfn, None where there were none."""
    taken = _allocated(state, zones, count, _wanted(0, kind), highest)
    return _areas(taken), taken[0][1] + lowest(taken[0][0]) if taken else None


def _wanted(order: int, kind: Kind, migratetype: Migratetype | None = None) -> _Wanted:
    return _Wanted(order, kind, migratetype or (MOVABLE_TYPE if kind in _MOVABLE_KINDS else UNMOVABLE))


def _allocated(
    state: State,
    zones: Sequence[ZoneKey],
    count: int,
    wanted: _Wanted,
    highest: str,
    boost: int = 0,
    left: list[Chunk] | None = None,
) -> list[_Taken]:
    order = wanted.order
    taken: list[_Taken] = []
    watermarks = Watermarks(state)
    for low, whole_blocks, keys in _passes(state, zones):
        for key in keys:
            if count <= 0:
                return taken
            room = watermarks.room(state, key, order, highest, low, boost)
            got = _take(state, key, wanted, min(count, room), whole_blocks)
            if left is not None and order == state.geometry.pageblock_order:
                left += _left_on_list(state, key, order, got)
            taken += got
            count -= _areas(got)
    return taken


def list_batch(managed: int, page_size: int) -> int:
    """How many pages a CPU's list of a zone takes from the buddy at a time (zone_batchsize); of whole pageblocks two,
    unless it is one."""
    batch = max(1, min(managed // 1024, MIB // page_size) // 4)
    return max(1, (1 << ((batch + batch // 2).bit_length() - 1)) - 1)


def _left_on_list(state: State, key: ZoneKey, order: int, got: list[_Taken]) -> list[Chunk]:
    """When a CPU's list has taken the last two areas of a zone from the buddy, the watermark sees no area of the order any
    more, and the second stays on the list (__zone_watermark_ok). The kernel model is asked last: where it does not matter, a
    comparison of kernels need not try again."""
    index, sizes = free_index(state, key), range(order, state.geometry.max_order + 1)
    if not got or _areas(got) % 2 or list_batch(state.zones[key].managed, state.geometry.page_size) < 2:
        return []
    if any(index.lowest(kind, size) is not None for kind in _FALLBACKS for size in sizes):
        return []
    if not state.model.lists_pageblocks:
        return []
    starts, base = got.pop()
    last = 1 << starts.bit_length() - 1
    if starts != last:
        got.append((starts ^ last, base))
    left = _chunks([(last, base)], order)
    state.change_pages(*left[0], PCP)
    return left


def take(
    state: State,
    key: ZoneKey,
    order: int,
    count: int,
    kind: Kind,
    migratetype: Migratetype | None = None,
    whole_blocks: bool = False,
) -> list[Chunk]:
    """Take up to `count` times ``2**order`` pages from one zone, whatever its watermarks (rmqueue).

    The smallest areas of the request's own type go first, then pages of other types as __rmqueue_fallback takes them;
    `whole_blocks` leaves these alone unless whole pageblocks can change their type (ALLOC_NOFRAGMENT).
    """
    return _chunks(_take(state, key, _wanted(order, kind, migratetype), count, whole_blocks), order)


def _take(state: State, key: ZoneKey, wanted: _Wanted, count: int, whole_blocks: bool) -> list[_Taken]:
    taken: list[_Taken] = []
    if count <= 0:
        return taken
    order, geometry = wanted.order, state.geometry
    index = free_index(state, key)
    while count > 0:
        source = _own_areas(state, index, key, wanted, count)
        source = source or _steal(state, index, key, wanted, count, whole_blocks)
        if source is None:
            break
        starts = lowest_n(aligned_runs(source.pages, order, geometry.pages_per_section), count)
        taking = spread(starts, order)
        state.set_kind(source.section, taking, wanted.kind)
        if source.spot is not None:
            index.took(source.section, source.spot, source.more, source.pages & ~taking, geometry)
        index.update(state)
        taken.append((starts, source.section.nr * geometry.pages_per_section))
        count -= starts.bit_count()
    return taken


def _passes(state: State, zones: Sequence[ZoneKey]) -> Iterator[tuple[bool, bool, Sequence[ZoneKey]]]:
    """The rounds of an allocation: down to the low watermark or the min one, whole pageblocks alone or not, which zones.

    Before pageblocks of ZONE_NORMAL are mixed, the lower zone of the same node is tried (alloc_flags_nofragment)."""
    if zones and zones[0][1] == NORMAL and state.zone(zones[0][0], DMA32).present:
        yield True, True, [key for key in zones if key[0] == zones[0][0]]
    yield True, False, zones
    yield False, False, zones


def _own_areas(state: State, index: FreeIndex, key: ZoneKey, wanted: _Wanted, count: int) -> _Source | None:
    """Areas of the smallest order that is big enough and of the request's own type, of the lowest section with such
    (__rmqueue_smallest)."""
    order = wanted.order
    for migratetype in _OWN[wanted.migratetype]:
        for size in range(order, state.geometry.max_order + 1):
            number = index.lowest(migratetype, size)
            if number is not None:
                return _areas_of(state, key, number, (migratetype, size), ceil(count, 1 << size - order))
    return None


def _steal(
    state: State, index: FreeIndex, key: ZoneKey, wanted: _Wanted, count: int, whole_blocks: bool
) -> _Source | None:
    """Pages of another type (__rmqueue_fallback, steal_suitable_fallback): the biggest area, with its pageblocks where
    that is allowed; but a movable request that cannot have the pageblock takes the smallest."""
    order, own = wanted.order, wanted.migratetype
    block_order, biggest = state.geometry.pageblock_order, state.geometry.max_order
    for size in range(biggest, (max(order, block_order) if whole_blocks else order) - 1, -1):
        found = _fallback(index, size, own)
        if found is None:
            continue
        may_claim = size >= block_order // 2 or own != MOVABLE_TYPE
        if not may_claim and size > order:
            size = next(k for k in range(order, size + 1) if _fallback(index, k, own))
            found = _fallback(index, size, own) or found
        number, migratetype = found
        areas = _areas_of(state, key, number, (migratetype, size), ceil(count, 1 << size - order))
        if size >= block_order:
            claimed = areas.pages
        elif may_claim:
            areas, claimed = _share_block(state, areas, migratetype, own)
        else:
            return areas
        if not claimed:
            return areas
        _claim(state, areas.section, claimed, own)
        index.update(state)
        return _own_areas(state, index, key, wanted, count)
    return None


def _fallback(index: FreeIndex, order: int, own: Migratetype) -> tuple[int, Migratetype] | None:
    """The lowest section that has areas of an order in pageblocks of another type, the first such type that there is
    (find_suitable_fallback)."""
    for migratetype in _FALLBACKS[own]:
        number = index.lowest(migratetype, order)
        if number is not None:
            return number, migratetype
    return None


def _areas_of(state: State, key: ZoneKey, number: int, spot: Spot, count: int) -> _Source:
    """The lowest areas on a free list of a section's part of a zone, up to so many."""
    section = state.sections[number]
    owned = next(mask for owner, mask in section.zones if owner == key)
    starts = area_starts(section.of(FREE) & owned, section.types, *spot, state.geometry)
    chosen = lowest_n(starts, count)
    return _Source(section, owned, spread(chosen, spot[1]), spot, chosen != starts)


def _share_block(state: State, areas: _Source, migratetype: Migratetype, own: Migratetype) -> tuple[_Source, int]:
    """All free pages of the pageblock of the lowest area, and that pageblock, if it may be claimed: when at least half of
    it is free or in use by pages of the request's `own` type."""
    section, order = areas.section, state.geometry.pageblock_order
    pageblock = span(lowest(areas.pages) >> order << order, 1 << order) & areas.owned
    free = (section.of(FREE) & pageblock).bit_count()
    movable = (section.of(MOVABLE) & pageblock).bit_count()
    alike = 0
    if own == MOVABLE_TYPE:
        alike = movable
    elif migratetype == MOVABLE_TYPE:
        alike = (1 << order) - free - movable
    enough = free + alike >= 1 << order - 1
    return areas._replace(pages=section.of(FREE) & pageblock, spot=None), pageblock if enough else 0


def _claim(state: State, section: Section, pages: int, own: Migratetype) -> None:
    """The pageblocks of some pages become the request's type."""
    order = state.geometry.pageblock_order
    blocks = 0
    for start, length in runs(pages):
        first = start >> order
        blocks |= span(first, (start + length - 1 >> order) + 1 - first)
    state.sections.put(section.nr, msgspec.structs.replace(section, types=set_types(section.types, blocks, own)))


# -- freeing ------------------------------------------------------------------------------------------------------------


def drain(state: State, key: ZoneKey) -> None:
    """Per-CPU lists of a zone go back to its free lists (zone_pcp_disable, drain_all_pages)."""
    zone = state.zones.get(key)
    if zone is None or not zone.pcp:
        return
    for section, owned in list(state.zone_sections(key)):
        pages = section.of(PCP) & owned
        if pages:
            state.set_kind(section, pages, FREE)


def free_pages(state: State, chunks: Sequence[Chunk], kinds: tuple[Kind, ...]) -> int:
    """Give pages back to the buddy: those of the chunks that are still one of `kinds`. Returns how many."""
    size, freed = state.geometry.pages_per_section, 0
    by_section: dict[int, list[tuple[int, int]]] = {}
    for pfn, count in chunks:
        for nr, first, length in cut(pfn, count, size):
            by_section.setdefault(nr, []).append((first, length))
    for nr, pieces in by_section.items():
        section = state.sections.get(nr)
        if section is None or not section.online:
            continue
        mask = from_runs(pieces)
        back = 0
        for kind in kinds:
            back |= section.of(kind) & mask
        if back:
            freed += back.bit_count()
            state.set_kind(section, back, FREE)
    return freed


# -- sets of many pieces ------------------------------------------------------------------------------------------------

_LENGTH: Final = itemgetter(1)


def pages_of(chunks: Iterable[Chunk]) -> int:
    """Pages of all chunks."""
    return sum(map(_LENGTH, chunks))


def _areas(taken: Iterable[_Taken]) -> int:
    """How many areas were taken."""
    return sum(starts.bit_count() for starts, _ in taken)


def _chunks(taken: Iterable[_Taken], order: int) -> list[Chunk]:
    """The runs of pages of areas of an order: each area is one, but for single pages."""
    if not order:
        return [run for starts, base in taken for run in runs(starts, base)]
    return [
        (base + at, 1 << order)
        for starts, base in taken
        for start, length in runs(starts)
        for at in range(start, start + length)
    ]
