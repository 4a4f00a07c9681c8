"""Free areas: what the buddy allocator's free lists hold, worked out from the sets of free pages and never stored.

Linux merges free buddies eagerly, so the areas follow from the free pages and the types of their pageblocks. An area of
order ``k`` is a naturally aligned run of ``2**k`` free pages of one zone whose buddy is not wholly free. Its migratetype
is that of its first pageblock (__free_one_page). An area never crosses a section: no order is bigger than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from ..memory.section import Types, type_pages
from ..memory.state import State
from ..memory.zone import ZONE_ORDER, Zone
from ..numbers.bits import aligned_runs, every, span, spread
from ..numbers.geometry import Geometry
from ..protocol.vocabulary import FREE, ISOLATE, MOVABLE_TYPE, RECLAIMABLE, UNMOVABLE, Migratetype, ZoneKey

HIGHATOMIC: Final = "HighAtomic"
CMA: Final = "CMA"
MIGRATETYPES: Final[tuple[Migratetype, ...]] = (UNMOVABLE, MOVABLE_TYPE, RECLAIMABLE, HIGHATOMIC, CMA, ISOLATE)
"""In the kernel's order; /proc/pagetypeinfo has a CMA column only where there is any."""
BARRIERS: Final[tuple[Migratetype, ...]] = (HIGHATOMIC, CMA, ISOLATE)
"""Types whose pageblocks merge with none of another type (migratetype_is_mergeable); all others merge with each other."""

Counts = tuple[tuple[Migratetype, tuple[int, ...]], ...]
"""Numbers of free areas by order, for every migratetype that has some."""

_CAP: Final = 100_000
"""More areas than this /proc/pagetypeinfo does not count."""


# -- one section --------------------------------------------------------------------------------------------------------


def area_starts(free: int, types: Types, migratetype: Migratetype, order: int, geometry: Geometry) -> int:
    """The first pages of the free areas of one migratetype and order in a section with these free pages."""
    pageblock = geometry.pageblock_order
    if migratetype in BARRIERS:
        merging = free & type_pages(types.get(migratetype, 0), pageblock)
    else:
        merging = free & ~_apart(types, pageblock)
    starts = maximal_runs(merging, order, geometry)
    if migratetype in types:
        return starts & type_pages(types[migratetype], pageblock)
    if migratetype != MOVABLE_TYPE:
        return 0
    for blocks in types.values():
        starts &= ~type_pages(blocks, pageblock)
    return starts


def maximal_runs(pages: int, order: int, geometry: Geometry) -> int:
    """The first pages of the aligned runs of ``2**order`` pages whose buddy is not wholly in the set."""
    width = geometry.pages_per_section
    starts = aligned_runs(pages, order, width)
    if order == geometry.max_order or not starts:
        return starts
    merged = starts & (starts >> (1 << order)) & every(2 << order, width)
    return starts & ~(merged | merged << (1 << order))


def all_maximal_runs(pages: int, geometry: Geometry) -> list[int]:
    """`maximal_runs` of each order, from 0 to the highest."""
    found = [starts ^ (merged | merged << (1 << order)) for order, (starts, merged) in enumerate(
        _merging(pages, geometry.max_order, geometry.pages_per_section)
    )]  # fmt: skip
    return found + [0] * (geometry.max_order + 1 - len(found))


def section_counts(free: int, types: Types, geometry: Geometry) -> Counts:
    """The free areas of a section (or of one zone's part of it) with these free pages and pageblock types."""
    return _counts(free, tuple(types.items()), geometry.max_order, geometry.pageblock_order, geometry.pages_per_section)


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
    merging: list[tuple[Migratetype, int]] = []
    rest = free
    for migratetype, blocks in types:
        pages = type_pages(blocks, pageblock_order)
        if migratetype in BARRIERS:
            found.append((migratetype, _by_order(free & pages, [], max_order, width)[0]))
            rest &= ~pages
        else:
            merging.append((migratetype, pages))
    rows = _by_order(rest, [pages for _, pages in merging], max_order, width)
    found += zip([MOVABLE_TYPE, *(migratetype for migratetype, _ in merging)], rows, strict=True)
    return tuple((migratetype, row) for migratetype, row in found if any(row))


def _merging(pages: int, max_order: int, width: int) -> Iterator[tuple[int, int]]:
    """Order by order, as long as there are any: the first pages of the aligned runs of ``2**order`` pages in the set, and
    which of them merge with the run behind them, their buddy, to one of the next order."""
    for order in range(max_order + 1):
        if not pages:
            return
        merged = pages & (pages >> (1 << order)) & every(2 << order, width) if order < max_order else 0
        yield pages, merged
        pages = merged


def _by_order(pages: int, parts: Sequence[int], max_order: int, width: int) -> list[tuple[int, ...]]:
    """Numbers of maximal aligned runs by order: first of those that begin in none of the parts, then of each part."""
    rows = [[0] * (max_order + 1) for _ in range(len(parts) + 1)]
    count = pages.bit_count()
    for order, (starts, merged) in enumerate(_merging(pages, max_order, width)):
        pairs = merged.bit_count() if merged else 0
        rows[0][order] = count - 2 * pairs
        if parts:
            alone = starts ^ (merged | merged << (1 << order))
            for row, part in zip(rows[1:], parts, strict=True):
                row[order] = (alone & part).bit_count()
                rows[0][order] -= row[order]
        count = pairs
    return [tuple(row) for row in rows]


def order_pages(free: int, types: Types, max_order: int, pageblock_order: int, width: int) -> list[int]:
    """The pages of the free areas of a section with these free pages and pageblock types, one set an order."""
    found = [0] * (max_order + 1)
    apart = [type_pages(types[name], pageblock_order) for name in BARRIERS if name in types]
    rest = free
    for pages in apart:
        rest &= ~pages
    for pages in (rest, *(free & pages for pages in apart)):
        for order, (starts, merged) in enumerate(_merging(pages, max_order, width)):
            found[order] |= spread(starts ^ (merged | merged << (1 << order)), order)
    return found


# -- zones --------------------------------------------------------------------------------------------------------------


def free_counts(state: State, key: ZoneKey) -> dict[Migratetype, list[int]]:
    """How many free areas a zone has, by migratetype and order; every migratetype is there, isolated areas included."""
    alike: dict[Counts, int] = {}
    for section, owned in state.zone_sections(key):
        if free := section.of(FREE) & owned:
            counts = section_counts(free, section.types, state.geometry)
            alike[counts] = alike.get(counts, 0) + 1
    totals: dict[Migratetype, list[int]] = {name: [0] * (state.geometry.max_order + 1) for name in MIGRATETYPES}
    for counts, times in alike.items():
        for migratetype, row in counts:
            totals[migratetype] = [have + times * n for have, n in zip(totals[migratetype], row, strict=True)]
    return totals


def order_counts(state: State, key: ZoneKey) -> list[int]:
    """How many free areas a zone has, by order: its line of /proc/buddyinfo."""
    return [sum(column) for column in zip(*free_counts(state, key).values(), strict=True)]


def block_counts(state: State, key: ZoneKey) -> dict[Migratetype, int]:
    """How many pageblocks a zone has, by migratetype, as /proc/pagetypeinfo counts them: in steps of a pageblock from
    the start of the zone, each step's page in an online section of that zone (pagetypeinfo_showblockcount_print)."""
    geometry = state.geometry
    order, full = geometry.pageblock_order, span(0, geometry.pages_per_section)
    offset = state.zone(*key).start % geometry.pageblock_pages
    steps = every(1 << order, geometry.pages_per_section) << offset
    totals = dict.fromkeys(MIGRATETYPES, 0)
    for section, owned in state.zone_sections(key):
        here = steps if owned == full else steps & owned
        other = 0
        for migratetype, blocks in section.types.items():
            count = blocks.bit_count() if owned == full else (type_pages(blocks, order) & here).bit_count()
            totals[migratetype] += count
            other += count
        totals[MOVABLE_TYPE] += (geometry.pageblocks_per_section if owned == full else here.bit_count()) - other
    return totals


# -- what user space reads ----------------------------------------------------------------------------------------------


def buddyinfo(state: State) -> str:
    """The text of /proc/buddyinfo; isolated free pages are in it (frag_show_print)."""
    return "".join(
        f"{_name(zone)}{''.join(f'{count:6d} ' for count in order_counts(state, zone.key))}\n"
        for zone in populated(state)
    )


def pagetypeinfo(state: State) -> str:
    """The text of /proc/pagetypeinfo: for every node with memory, its free areas and its pageblocks by migratetype."""
    zones = list(populated(state))
    listed = [name for name in MIGRATETYPES if name != CMA or any(zone.cma for zone in zones)]
    return "".join(_node_text(state, node, zones, listed) for node in sorted({zone.node for zone in zones}))


def _node_text(state: State, node: int, zones: list[Zone], listed: list[Migratetype]) -> str:
    geometry = state.geometry
    mine = [zone for zone in zones if zone.node == node]
    lines = [
        f"Page block order: {geometry.pageblock_order}",
        f"Pages per block:  {geometry.pageblock_pages}",
        "",
        f"{'Free pages count per migrate type at order':<43} "
        + "".join(f"{order:6d} " for order in range(geometry.max_order + 1)),
    ]
    for zone in mine:
        counts = free_counts(state, zone.key)
        for name in listed:
            columns = "".join(f"{n:6d} " if n < _CAP else f">{_CAP} " for n in counts[name])
            lines.append(f"Node {node:4d}, zone {zone.name:>8}, type {name:>12} {columns}")
    lines += ["", f"{'Number of blocks type ':<23}" + "".join(f"{name:>12} " for name in listed)]
    for zone in mine:
        blocks = block_counts(state, zone.key)
        lines.append(_name(zone) + "".join(f"{blocks[name]:12d} " for name in listed))
    return "\n".join(lines) + "\n"


def populated(state: State) -> Iterator[Zone]:
    """Zones with present pages, by node and from the lowest up, as the kernel walks them."""
    return iter(
        sorted(
            (zone for zone in state.zones.values() if zone.present),
            key=lambda zone: (zone.node, ZONE_ORDER.index(zone.name) if zone.name in ZONE_ORDER else len(ZONE_ORDER)),
        )
    )


def _name(zone: Zone) -> str:
    return f"Node {zone.node}, zone {zone.name:>8} "


# -- fragmentation ------------------------------------------------------------------------------------------------------


def fragmentation_index(counts: Sequence[int], order: int) -> int:
    """Why an allocation of an order would fail, in thousandths: towards 0 for want of memory, towards 1000 because of
    fragmentation; -1000 if it would not fail (__fragmentation_index). `counts`: free areas by order."""
    total, free, suitable = _sums(counts, order)
    if not total:
        return 0
    if suitable:
        return -1000
    return 1000 - (1000 + free * 1000 // (1 << order)) // total


def unusable_index(counts: Sequence[int], order: int) -> int:
    """The share of the free pages that an allocation of an order cannot use, in thousandths (unusable_free_index).
    `counts`: free areas by order."""
    _, free, suitable = _sums(counts, order)
    return (free - (suitable << order)) * 1000 // free if free else 1000


def _sums(counts: Sequence[int], order: int) -> tuple[int, int, int]:
    """All areas, their pages, and how many allocations of an order they hold."""
    free = sum(count << k for k, count in enumerate(counts))
    return sum(counts), free, sum(count << k - order for k, count in enumerate(counts) if k >= order)


def extfrag_index(state: State) -> str:
    """The text of the debugfs file extfrag/extfrag_index: the fragmentation index of every order."""
    return _index_text(state, fragmentation_index, "2d")


def extfrag_unusable(state: State) -> str:
    """The text of the debugfs file extfrag/unusable_index."""
    return _index_text(state, unusable_index, "d")


def _index_text(state: State, index: Callable[[Sequence[int], int], int], width: str) -> str:
    lines = []
    for zone in populated(state):
        counts = order_counts(state, zone.key)
        values = [index(counts, order) for order in range(len(counts))]
        text = "".join(f"{-1 if v < 0 else v // 1000:{width}}.{abs(v) % 1000:03d} " for v in values)
        lines.append(f"{_name(zone)}{text}\n")
    return "".join(lines)
