"""The hugetlb pool: huge pages by size and node, and what becomes of single ones (mm/hugetlb.c).

Whoever needs a free page takes the first of a node's list (`free_lists`). Pages in use cannot be given back: those that are
more than the pool should have are *surplus*, and go when they are freed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

import msgspec

from ...memory.state import HugePage, State
from ...memory.zone import MOVABLE, NORMAL
from ...numbers.errors import BadInput
from ...numbers.units import parse_bytes
from ...protocol.events import Event, HugePageDissolved, HugePageFreed, PagesMigrated
from ...protocol.reasons import HotplugError, HugePageStays
from ...protocol.reasons.taking import (
    CrossesEnd,
    HugePagesInCircles,
    NextHugePageInside,
    NoOtherHugePage,
    Unmovable,
)
from ...protocol.vocabulary import FREE, HUGE
from .. import page_alloc
from ..zonelist import node_order, zonelist
from . import hugetlb_vmemmap
from .free_lists import first_free, free_list

Steps = Iterator[Event]


# -- what there is ------------------------------------------------------------------------------------------------------


def sizes(state: State) -> tuple[int, ...]:
    """Huge page sizes of the machine, bytes, ascending; none where its kernel has no huge pages."""
    return state.preset.huge_pages


def default_size(state: State) -> int:
    """Bytes of the huge pages that are meant where no size is named, as by /proc/sys/vm/nr_hugepages: default_hugepagesz, if
    there are such, else HPAGE_SIZE; 0 where there are none."""
    given = state.boot.default_hugepagesz
    try:
        size = parse_bytes(given) if given is not None else 0
    except BadInput:
        size = 0
    return size if size in sizes(state) else state.preset.huge_page


def highest_zone(state: State, size: int) -> str:
    """The highest zone that huge pages of a size (bytes) may lie in (hugepage_movable_supported): ZONE_MOVABLE, unless they
    cannot be migrated, or are bigger than any free area and vm.movable_gigantic_pages is 0, or not there (before 7.0)."""
    is_gigantic = size > state.geometry.page_size << state.geometry.max_order
    allowed = not is_gigantic or (state.model.movable_gigantic and bool(state.settings.movable_gigantic_pages))
    return MOVABLE if allowed and state.preset.moves_huge_pages else NORMAL


def pool(state: State, node: int | None, size: int) -> tuple[int, int]:
    """Huge pages of a size on a node (None: on all), and how many of them are free."""
    pages = size // state.geometry.page_size
    ours = [h for h in state.hugepages.values() if h.pages == pages and node in (None, h.node)]
    return len(ours), sum(not h.used for h in ours)


def surplus(state: State, node: int | None, size: int) -> int:
    """Pages in use on a node (None: on all) that are more than the pool should have."""
    pages = size // state.geometry.page_size
    return sum(n for (here, kind), n in state.surplus.items() if kind == pages and node in (None, here))


def in_range(state: State, start: int, pages: int) -> list[tuple[int, HugePage]]:
    """Huge pages that meet a range, ascending."""
    table = state.hugepages
    starts = table.ascending()
    first, behind = bisect_left(starts, start), bisect_left(starts, start + pages)
    if first and starts[first - 1] + table[starts[first - 1]].pages > start:
        first -= 1
    return [(pfn, table[pfn]) for pfn in starts[first:behind]]


# -- single pages -------------------------------------------------------------------------------------------------------


def use(state: State, pfn: int) -> None:
    """A free page is mapped."""
    state.hugepages.put(pfn, msgspec.structs.replace(state.hugepages[pfn], used=True))


def unuse(state: State, pfn: int) -> None:
    """A page in use is unmapped: it becomes the first of its node's list, or, if the node has surplus, leaves the pool."""
    page = state.hugepages[pfn]
    key = (page.node, page.pages)
    if left := state.surplus.get(key, 0):
        state.surplus.put(key, left - 1)
        release(state, pfn)
    else:
        enlist(state, pfn, page.pages, page.node)


def release(state: State, pfn: int) -> None:
    """A huge page goes back to the buddy, and the pool has one less (dissolve_free_huge_page). Raises `HotplugError` ENOMEM
    where its memmap cannot be had again."""
    hugetlb_vmemmap.restore(state, pfn, state.hugepages[pfn].pages)
    page = state.hugepages.drop(pfn)
    state.change_pages(pfn, page.pages, FREE)


def release_all(state: State, heads: Sequence[int]) -> Steps:
    """Huge pages go back to the buddy, the last that the list would give first (update_and_free_pages_bulk), each gigantic one as
    an event. Since 6.7 the memmap of all is made whole before the first is freed; where memory runs out, those that have theirs
    are freed first (bulk_vmemmap_restore_error). Raises as `release`."""
    heads, whole = heads[::-1], list[int]()
    for pfn in heads if state.model.hvo_in_bulk else ():
        try:
            hugetlb_vmemmap.restore(state, pfn, state.hugepages[pfn].pages)
        except HotplugError:
            for ready in whole:
                yield from _let_go(state, ready)
            whole.clear()
            hugetlb_vmemmap.restore(state, pfn, state.hugepages[pfn].pages)
        whole.append(pfn)
    for pfn in heads:
        if pfn in state.hugepages:
            yield from _let_go(state, pfn)


def _let_go(state: State, pfn: int) -> Steps:
    pages = state.hugepages[pfn].pages
    release(state, pfn)
    if pages > 1 << state.geometry.max_order:
        yield HugePageFreed(pfn, pages)


def enlist(state: State, pfn: int, pages: int, node: int) -> None:
    """A free huge page becomes the first of its node's list."""
    rank = state.globals.value.hugetlb_rank + 1
    state.globals.change(hugetlb_rank=rank)
    state.hugepages.put(pfn, HugePage(pages, node, False, rank))


def move(state: State, pfn: int, nodes: Sequence[int], spare: Iterator[int] | None = None) -> Steps:
    """A huge page in use moves to the first free one of these nodes, or to a fresh one that takes its place in the pool;
    `spare`: the free ones that it may move to, if not all. Raises `HotplugError` ENOMEM where there is none."""
    page = state.hugepages[pfn]
    candidates = spare if spare is not None else (first_free(state, node, page.pages) for node in nodes)
    target = next((pfn for pfn in candidates if pfn is not None), None)
    if target is not None:
        use(state, target)
        unuse(state, pfn)
    else:
        target = _fresh_place(state, page, nodes)
        state.hugepages.put(target, HugePage(page.pages, state.zone_of(target)[0], True))
        hugetlb_vmemmap.optimize(state, target, page.pages)
        release(state, pfn)
    yield PagesMigrated(page.pages, pfn, *state.zone_of(target))


def replace(state: State, pfn: int) -> Steps:
    """A huge page makes way for a contiguous allocation: one in use moves, for a free one a fresh one of its node joins the
    pool (isolate_or_dissolve_huge_page). Raises `HotplugError` ENOMEM where there is none."""
    page = state.hugepages[pfn]
    if page.used:
        yield from move(state, pfn, node_order(state, page.node))
    else:
        target = _fresh_place(state, page, [page.node])
        enlist(state, target, page.pages, page.node)
        hugetlb_vmemmap.optimize(state, target, page.pages)
    if pfn in state.hugepages:
        release(state, pfn)


def _fresh_place(state: State, page: HugePage, nodes: Sequence[int]) -> int:
    order = (page.pages - 1).bit_length()
    if order <= state.geometry.max_order:
        highest = highest_zone(state, page.pages * state.geometry.page_size)
        taken = page_alloc.allocate(state, zonelist(state, list(nodes), highest), order, 1, HUGE, highest)
        if taken:
            return taken[0][0]
    raise HotplugError("ENOMEM", NoOtherHugePage(page.pages, tuple(nodes)))


# -- offlining ----------------------------------------------------------------------------------------------------------


def refuse_gigantic(state: State, start: int, pages: int) -> None:
    """A gigantic page, even a free one, keeps a range from being isolated: any before 5.1, since it cannot be migrated, and from
    5.19 to 6.9 one that goes on behind the range; then only the block with its tail can go. Raises `HotplugError` EBUSY."""
    way = state.model.gigantic_gives_way
    for pfn, page in in_range(state, start, pages) if way != "any" else ():
        if page.pages <= 1 << state.geometry.max_order:
            continue
        if way == "none":
            first = max(pfn, start)
            raise HotplugError("EBUSY", Unmovable(first, HUGE, ()), first)
        if pfn + page.pages > start + pages:
            raise HotplugError("EBUSY", CrossesEnd(pfn, page.pages), pfn)


def leave_range(state: State, start: int, pages: int) -> Steps:
    """Huge pages in use move to other huge pages, free ones are dissolved (do_migrate_range, dissolve_free_huge_pages).
    Raises `HotplugError` EINTR for what the kernel would try for ever."""
    inside = in_range(state, start, pages)
    if not inside:
        return
    own = inside[0][1].node
    others = [node for node in node_order(state, own) if node != own]
    used = [(pfn, page) for pfn, page in inside if page.used]
    skips, inner = state.model.pool_skips_isolated, range(start, start + pages)
    free = first_free(state, own, used[0][1].pages) if used and not others and not skips else None
    if free is not None and (len(used) > 1 or start <= free < start + pages):
        first = used[0][0]
        why = HugePagesInCircles(len(used), first) if len(used) > 1 else NextHugePageInside(first)
        raise HotplugError("EINTR", why, first)
    spare = {
        size: iter([head for node in others or [own] for head in free_list(state, node, size) if head not in inner])
        for size in ({page.pages for _, page in used} if skips else ())
    }
    for pfn, _ in used:
        try:
            yield from move(state, pfn, others or [own], spare.get(state.hugepages[pfn].pages))
        except HotplugError as error:
            raise HotplugError("EINTR", HugePageStays(pfn, error.reason), pfn) from None
    for pfn, page in in_range(state, start, pages):
        release(state, pfn)
        yield HugePageDissolved(pfn, page.pages)
