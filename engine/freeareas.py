"""Free areas: what the buddy allocator's free lists hold, worked out from the sets of free pages and never stored.

Linux merges free buddies eagerly, so the areas follow from the free pages and the types of their pageblocks. An area of
order ``k`` is a naturally aligned run of ``2**k`` free pages of one zone whose buddy is not wholly free. Its migratetype
is that of its first pageblock (kernel-facts 9.3). An area never crosses a section: no order is bigger than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from .bits import aligned_runs, every, from_runs, lowest, runs, span
from .geometry import Geometry
from .memmap import FREE, ISOLATE, MOVABLE_TYPE, RECLAIMABLE, UNMOVABLE, Chunk, Migratetype, Types, ZoneKey
from .state import State
from .zones import ZONE_ORDER, Zone

HIGHATOMIC: Final = "HighAtomic"
CMA: Final = "CMA"
MIGRATETYPES: Final[tuple[Migratetype, ...]] = (UNMOVABLE, MOVABLE_TYPE, RECLAIMABLE, HIGHATOMIC, CMA, ISOLATE)
"""In the kernel's order; /proc/pagetypeinfo has a CMA column only where there is any."""
BARRIERS: Final[tuple[Migratetype, ...]] = (HIGHATOMIC, CMA, ISOLATE)
"""Types whose pageblocks merge with none of another type (kernel-facts 9.3); all others merge with each other."""

Counts = tuple[tuple[Migratetype, tuple[int, ...]], ...]
"""Numbers of free areas by order, for every migratetype that has some."""

_CAP: Final = 100_000
"""More areas than this /proc/pagetypeinfo does not count."""


# -- one section --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def type_pages(blocks: int, pageblock_order: int) -> int:
    """The pages of a set of pageblocks of a section."""
    return from_runs((start << pageblock_order, length << pageblock_order) for start, length in runs(blocks))


def area_heads(free: int, types: Types, migratetype: Migratetype, order: int, geometry: Geometry) -> int:
    """The first pages of the free areas of one migratetype and order in a section with these free pages."""
    pageblock = geometry.pageblock_order
    if migratetype in BARRIERS:
        merging = free & type_pages(types.get(migratetype, 0), pageblock)
    else:
        merging = free & ~_apart(types, pageblock)
    heads = maximal_runs(merging, order, geometry)
    if migratetype in types:
        return heads & type_pages(types[migratetype], pageblock)
    if migratetype != MOVABLE_TYPE:
        return 0
    for blocks in types.values():
        heads &= ~type_pages(blocks, pageblock)
    return heads


def maximal_runs(pages: int, order: int, geometry: Geometry) -> int:
    """The first pages of the aligned runs of ``2**order`` pages whose buddy is not wholly in the set."""
    width = geometry.pages_per_section
    heads = aligned_runs(pages, order, width)
    if order == geometry.max_order or not heads:
        return heads
    merged = heads & (heads >> (1 << order)) & every(2 << order, width)
    return heads & ~(merged | merged << (1 << order))


def section_counts(free: int, types: Types, geometry: Geometry) -> Counts:
    """The free areas of a section (or of one zone's part of it) with these free pages and pageblock types."""
    return _counts(
        free, tuple(types.items()), geometry.max_order, geometry.pageblock_order, geometry.pages_per_section
    )


def _apart(types: Types, pageblock_order: int) -> int:
    pages = 0
    for migratetype in BARRIERS:
        if blocks := types.get(migratetype):
            pages |= type_pages(blocks, pageblock_order)
    return pages


@lru_cache(maxsize=2048)
def _counts(
    free: int, types: tuple[tuple[Migratetype, int], ...], max_order: int, pageblock_order: int, width: int
) -> Counts:
    found: list[tuple[Migratetype, tuple[int, ...]]] = []
    rest, within = free, []
    for migratetype, blocks in types:
        pages = type_pages(blocks, pageblock_order)
        if migratetype in BARRIERS:
            found.append((migratetype, _by_order(free & pages, (), max_order, width)[0]))
            rest &= ~pages
        else:
            within.append((migratetype, pages))
    rows = _by_order(rest, [pages for _, pages in within], max_order, width)
    found += [(MOVABLE_TYPE, rows[0]), *((within[i][0], row) for i, row in enumerate(rows[1:]))]
    return tuple((migratetype, row) for migratetype, row in found if any(row))


def _by_order(pages: int, parts: Sequence[int], max_order: int, width: int) -> list[tuple[int, ...]]:
    """Numbers of maximal aligned runs by order: first those that begin in none of the parts, then those of each part."""
    heads, counted = [pages], [[] for _ in range(len(parts) + 1)]
    run = pages
    for order in range(max_order):
        run &= run >> (1 << order)
        run &= every(2 << order, width)
        heads.append(run)
    for i, part in enumerate([-1, *parts]):
        alone = [(head & part).bit_count() for head in heads] if pages else [0] * (max_order + 1)
        counted[i] = alone
    return []


# -- zones --------------------------------------------------------------------------------------------------------------
