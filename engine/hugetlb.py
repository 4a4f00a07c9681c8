"""The hugetlb pool: huge pages of 2 MiB from the buddy, of 1 GiB from whole ranges, per node (kernel-facts 7.7 and 11).

Writing a number never fails because there is too little memory: the kernel makes as many as it can, and reading the file
back tells how many that were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from . import migrate
from .bits import aligned_runs, lowest, lowest_n, runs, span, spread
from .compaction import compact_zone, suitable
from .errors import HotplugError
from .events import Event, HugePageDissolved, HugePagesChanged, PagesMigrated
from .isolation import first_unmovable, start_isolate, undo_isolate
from .memmap import ABSENT, FREE, HUGE, MEMMAP, PCP, PINNED, POISONED, RESERVED, Kind, ZoneKey, union
from .state import HugePage, State, isolated_pages
from .zonelist import Watermarks, zonelist
from .zones import MOVABLE as MOVABLE_ZONE
from .zones import NORMAL

Steps = Iterator[Event]


class Gigantic(msgspec.Struct, frozen=True):
    """How many huge pages of one size a node could give now: `count` of `candidates` aligned ranges inside its zones'
    spans, and how many of the others each kind of page stands in the way of, with the first such pfn."""

    count: int
    candidates: int
    blockers: Mapping[str, int]
    first: Mapping[str, int]


def sizes(state: State) -> tuple[int, ...]:
    """Huge page sizes of the machine, bytes, ascending: one PMD, and what one PMD table maps."""
    geometry = state.geometry
    pmd = geometry.pageblock_pages * geometry.page_size
    entries = geometry.page_size // 8
    return tuple(size for size in (pmd, pmd * entries) if size <= 1 << 34)


def pool(state: State, node: int | None, size: int) -> tuple[int, int]:
    """Huge pages of a size on a node (None: on all), and how many of them are free."""
    pages = size // state.geometry.page_size
    ours = [h for h in state.hugepages.values() if h.pages == pages and node in (None, h.node)]
    return len(ours), sum(not h.used for h in ours)


def set_pool(state: State, node: int | None, size: int, wanted: int) -> Steps:
    """Bring the pool of a node, or of the whole machine, to `wanted` pages, as far as that goes (nr_hugepages)."""
    total, free = pool(state, node, size)
    if wanted < total:
        _shrink(state, node, size, min(total - wanted, free))
    elif wanted > total:
        nodes = [node] if node is not None else state.memory_nodes()
        for index, here in enumerate(nodes):
            missing = wanted - pool(state, node, size)[0]
            share = -(-missing // (len(nodes) - index))
            yield from grow(state, here, size, share)
        if node is None and len(nodes) > 1:
            for here in nodes:
                missing = wanted - pool(state, None, size)[0]
                if missing > 0:
                    yield from grow(state, here, size, missing)
    now, free = pool(state, node, size)
    yield HugePagesChanged(-1 if node is None else node, size, now, free)


def grow(state: State, node: int, size: int, count: int) -> Steps:
    """Up to `count` more huge pages of a node."""
    pages = size // state.geometry.page_size
    order = (pages - 1).bit_length()
    if order > state.geometry.max_order:
        yield from _grow_gigantic(state, node, pages, count)
        return
    zones = zonelist(state, [node], MOVABLE_ZONE)
    listed = dict.fromkeys(zones, 0)
    for low in (True, False):
        for key in zones:
            count -= _take(state, key, order, count, low, listed)
    for key in zones:
        while count > 0 and suitable(state, key, order):
            yield from compact_zone(state, key, order)
            listed[key] = 0  # compaction empties the lists
            taken = _take(state, key, order, count, False, listed)
            if not taken:
                break
            count -= taken


def _take(state: State, key: ZoneKey, order: int, count: int, low: bool, listed: dict[ZoneKey, int]) -> int:
    """Huge pages from one zone as its watermark allows. A CPU's list takes two at a time from the buddy, so the watermark
    sees one more page gone than is in use: `listed`, by zone, is what the allocations before left on the list. Pages that
    a capture found on a list go first."""
    if count <= 0:
        return 0
    marks = Watermarks(state)
    floor = marks.mark(key, low) + marks.reserve(key, MOVABLE_ZONE) + (1 << order) - 1
    if state.zones[key].free <= floor:
        return 0
    ready = _take_areas(state, key, order, count, PCP)
    areas, free, taken = _areas(state, key, order), state.zones[key].free, 0
    batch = 2 if _list_batch(state.zones[key].managed) > 1 else 1
    while taken < count - len(ready) and free > floor:
        if not listed[key]:
            grabbed = min(batch, areas)
            if not grabbed:
                break
            areas, free, listed[key] = areas - grabbed, free - (grabbed << order), grabbed
        listed[key] -= 1
        taken += 1
    ready += _take_areas(state, key, order, taken)
    for pfn in ready:
        state.hugepages.put(pfn, HugePage(1 << order, key[0]))
    return len(ready)


def _areas(state: State, key: ZoneKey, order: int) -> int:
    """Free areas of an order that a zone has, bigger ones counted as several."""
    size, block = state.geometry.pages_per_section, state.geometry.pageblock_pages
    return sum(
        aligned_runs(section.of(FREE) & owned & ~isolated_pages(section, block), order, size).bit_count()
        for section, owned in state.zone_sections(key)
        if FREE in section.pages
    )


def _take_areas(state: State, key: ZoneKey, order: int, count: int, kind: Kind = FREE) -> list[int]:
    """Make the lowest `count` of these areas huge pages; their first pfns. With `kind` PCP, those that were seen on a CPU's
    list."""
    size, block = state.geometry.pages_per_section, state.geometry.pageblock_pages
    taken: list[int] = []
    for section, owned in list(state.zone_sections(key)):
        if len(taken) == count:
            break
        if not section.of(kind) or (kind == PCP and section.estimated):
            continue
        free = section.of(kind) & owned & ~isolated_pages(section, block)
        heads = lowest_n(aligned_runs(free, order, size), count - len(taken))
        if heads:
            state.set_kind(section, spread(heads, order), HUGE)
            taken += [section.nr * size + at for start, length in runs(heads) for at in range(start, start + length)]
    return taken


def _list_batch(managed: int) -> int:
    """zone_batchsize: how many pages a CPU's list takes at a time."""
    batch = max(1, min(managed // 1024, 256) // 4)
    return max(1, (1 << ((batch + batch // 2).bit_length() - 1)) - 1)


def _shrink(state: State, node: int | None, size: int, count: int) -> None:
    pages = size // state.geometry.page_size
    ours = sorted(
        pfn for pfn, h in state.hugepages.items() if h.pages == pages and not h.used and node in (None, h.node)
    )
    for pfn in reversed(ours[len(ours) - count :] if count else []):
        release(state, pfn)


def release(state: State, pfn: int) -> None:
    """A free huge page goes back to the buddy, and the pool has one less (dissolve_free_huge_page)."""
    page = state.hugepages.drop(pfn)
    state.change_pages(pfn, page.pages, FREE)


# -- gigantic pages -----------------------------------------------------------------------------------------------------


def _grow_gigantic(state: State, node: int, pages: int, count: int) -> Steps:
    """alloc_contig_pages: aligned ranges of one kernel zone, ascending, each isolated, emptied and taken as a whole."""
    for key in zonelist(state, [node], NORMAL):
        for start in _candidates(state, key, pages):
            if count <= 0:
                return
            if _in_the_way(state, key, start, pages) is not None:
                continue
            start_isolate(state, start, pages)
            yield from migrate.migrate_range(state, start, pages, key, inside=True)
            emptied = all(not rest for rest in _used(state, start, pages))
            undo_isolate(state, start, pages)
            if emptied:
                state.change_pages(start, pages, HUGE)
                state.hugepages.put(start, HugePage(pages, node))
                count -= 1


def gigantic(state: State, node: int, size: int) -> Gigantic:
    """What alloc_contig_pages could find on a node now, without taking anything."""
    pages = size // state.geometry.page_size
    count, candidates = 0, 0
    blockers: Counter[str] = Counter()
    first: dict[str, int] = {}
    for key in zonelist(state, [node], NORMAL):
        for start in _candidates(state, key, pages):
            candidates += 1
            found = _in_the_way(state, key, start, pages)
            if found is None:
                count += 1
            else:
                blockers[found[1]] += 1
                first.setdefault(found[1], found[0])
    return Gigantic(count, candidates, dict(blockers), first)


def _candidates(state: State, key: ZoneKey, pages: int) -> range:
    zone = state.zones[key]
    return range(-(-zone.start // pages) * pages, zone.end - pages + 1, pages)


def _in_the_way(state: State, key: ZoneKey, start: int, pages: int) -> tuple[int, str] | None:
    """The first page that keeps a range from becoming one page, and what it is (pfn_range_valid_contig, isolation)."""
    size = state.geometry.pages_per_section
    sections = state.sections_of(start, pages)
    at = start // size
    for section in sections:
        base = section.nr * size
        if section.nr != at or not section.online:
            return max(base, start), "offline"
        at += 1
        owned = next((mask for owner, mask in section.zones if owner == key), 0)
        inside = span(max(start - base, 0), min(size, start + pages - base) - max(start - base, 0))
        if inside & ~owned:
            return base + lowest(inside & ~owned), "another zone"
        bad: tuple[Kind, ...] = (RESERVED, MEMMAP, HUGE, ABSENT, POISONED, PINNED)
        if found := union(section.pages, bad) & inside:
            pfn = lowest(found)
            kind = next(kind for kind in bad if section.of(kind) >> pfn & 1)
            return base + pfn, kind
    if at * size < start + pages:
        return at * size, "offline"
    blocker = first_unmovable(state, sections, start, pages)
    if blocker is None:
        assumed = [s for s in sections if s.of("assumed")]
        return (assumed[0].nr * size + lowest(assumed[0].of("assumed")), "assumed") if assumed else None
    return blocker


def _used(state: State, start: int, pages: int) -> Iterator[int]:
    size = state.geometry.pages_per_section
    for section in state.sections_of(start, pages):
        base = section.nr * size
        low, high = max(start - base, 0), min(size, start + pages - base)
        yield span(low, high - low) & ~section.of(FREE)


# -- offlining ----------------------------------------------------------------------------------------------------------


def in_range(state: State, start: int, pages: int) -> list[tuple[int, HugePage]]:
    """Huge pages that meet a range, ascending."""
    if not state.hugepages:
        return []
    return sorted(
        (pfn, page) for pfn, page in state.hugepages.items() if pfn < start + pages and pfn + page.pages > start
    )


def refuse_crossing(state: State, start: int, pages: int) -> None:
    """Before 6.12 a gigantic page, even a free one, that goes on behind a range keeps it from being isolated; only the
    block with its tail can go. Raises `HotplugError` EBUSY."""
    if state.model.dissolves_gigantic:
        return
    for pfn, page in in_range(state, start, pages):
        if page.pages > 1 << state.geometry.max_order and pfn + page.pages > start + pages:
            raise HotplugError(
                "EBUSY",
                f"failure to isolate range: the huge page of {page.pages} pages at {pfn:#x} goes on behind the block",
                pfn,
            )


def leave_range(state: State, start: int, pages: int) -> Steps:
    """Huge pages in use move to other huge pages, free ones are dissolved (do_migrate_range, dissolve_free_huge_pages).
    Raises `HotplugError` EINTR for what the kernel would try for ever."""
    inside = in_range(state, start, pages)
    if not inside:
        return
    others = [node for node in state.memory_nodes() if node != inside[0][1].node]
    used = [(pfn, page) for pfn, page in inside if page.used]
    if len(used) > 1 and not others and pool(state, used[0][1].node, used[0][1].pages * state.geometry.page_size)[1]:
        raise HotplugError(
            "EINTR",
            f"signal backoff: {len(used)} huge pages of the block, from {used[0][0]:#x} on, are in use, and the pool has free "
            f"ones: each that moves leaves a free one behind, into which the next one moves, again and again; lower "
            f"nr_hugepages first, then no free one is left",
            used[0][0],
        )
    for pfn, page in used:
        yield from _move_huge(state, pfn, page, others or [page.node], start, pages)
    for pfn, page in inside:
        if not page.used:
            release(state, pfn)
            yield HugePageDissolved(pfn, page.pages)


def _move_huge(state: State, pfn: int, page: HugePage, nodes: list[int], start: int, pages: int) -> Steps:
    """To a free huge page of an allowed node, or to a fresh one that takes its place in the pool."""
    target = next(
        (
            other
            for other in sorted(state.hugepages)
            if (huge := state.hugepages[other]).pages == page.pages
            and not huge.used
            and huge.node in nodes
            and not start <= other < start + pages
        ),
        None,
    )
    order = (page.pages - 1).bit_length()
    if target is None and order <= state.geometry.max_order:
        for key in zonelist(state, nodes, MOVABLE_ZONE):
            if taken := _take_areas(state, key, order, 1):
                target = taken[0]
                break
    if target is None:
        raise HotplugError(
            "EINTR",
            f"signal backoff: the huge page at {pfn:#x} is in use and no other huge page can take its place",
            pfn,
        )
    state.hugepages.drop(pfn)
    state.change_pages(pfn, page.pages, FREE)
    key = state.zone_of(target)
    state.hugepages.put(target, HugePage(page.pages, key[0], True))
    yield PagesMigrated(page.pages, pfn, *key)
