"""The hugetlb pool of a captured machine: huge pages that /proc/kpageflags shows, and as many more as the counts say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from ..memory.section import put, union
from ..memory.state import HugePage, State
from ..memory.zone import MOVABLE
from ..mm.hugetlb import pool
from ..mm.zonelist import zonelist
from ..numbers.bits import aligned_runs, span
from ..numbers.rounding import ceil
from ..protocol.vocabulary import ASSUMED, FREE, HUGE, PCP, Kind, ZoneKey
from ..protocol.vocabulary import MOVABLE as MOVABLE_PAGE
from ..reading.kpageflags import KPF_BUDDY, KPF_COMPOUND_HEAD, KPF_HUGE
from ..reading.observation import Observation, PageRun
from .settle import lru_pages

_UNSEEN: Final[tuple[Kind, ...]] = (FREE, PCP, MOVABLE_PAGE, ASSUMED)
"""What is only estimated gives way to a huge page that is counted; the zone's counters are met afterwards."""


def build_huge_pages(state: State, seen: Observation, exact: set[int], prior: State | None) -> None:
    """Fill the table of huge pages; where no one saw them, aligned free ranges of sections that were not seen do."""
    size = state.geometry.pages_per_section
    for pfn, pages, used in _seen(seen.pages):
        parts = _spread(pfn, pages, size)
        if pages & (pages - 1) or pages < 2 or pfn % pages or not all(_is_huge(state, *part) for part in parts):
            continue  # it was seen in part, or while it was made
        known = prior.hugepages.get(pfn) if prior is not None else None
        node = state.sections[pfn // size].node
        state.hugepages.load({pfn: HugePage(pages, node, used, known.rank if known else 0)})
    if prior is not None:
        for pfn, page in prior.hugepages.items():
            if _unseen_huge(state, pfn, page, exact):
                state.hugepages.load({pfn: page})
    movable = {(zone.node, zone.zone): lru_pages(zone.counters) for zone in seen.zones}
    for node, size, total, free, surplus in _counts(seen, state):
        pages = size // state.geometry.page_size
        if surplus:
            state.surplus.load({(node, pages): surplus})
        rooms = {key: _room(state, prior, key, pages, movable.get(key, 0)) for key in zonelist(state, [node], MOVABLE)}
        _match(state, node, pages, total, exact, rooms)
        _mark_used(state, node, pages, free, exact)


def _seen(runs: Iterable[PageRun]) -> Iterable[tuple[int, int, bool]]:
    """First pfn, pages, and whether it is mapped, of each huge page; its first page carries COMPOUND_HEAD."""
    start, end, used = -1, -1, False
    for run in runs:
        if not run.flags & KPF_HUGE or run.flags & KPF_BUDDY:
            continue
        if run.flags & KPF_COMPOUND_HEAD or run.pfn != end:
            if start >= 0 and run.flags & KPF_COMPOUND_HEAD:
                yield start, end - start, used
            start, used = (run.pfn, False) if run.flags & KPF_COMPOUND_HEAD else (-1, False)
        if start >= 0:
            end, used = run.pfn + run.count, used or run.mapcount > 0
    if start >= 0:
        yield start, end - start, used


def _unseen_huge(state: State, pfn: int, page: HugePage, exact: set[int]) -> bool:
    """Are all its pages still huge pages, none of which was seen?"""
    parts = _spread(pfn, page.pages, state.geometry.pages_per_section)
    return all(nr not in exact and _is_huge(state, nr, mask) for nr, mask in parts)


def _is_huge(state: State, nr: int, mask: int) -> bool:
    section = state.sections.get(nr)
    return section is not None and section.online and not mask & ~section.of(HUGE)


def _counts(seen: Observation, state: State) -> Iterable[tuple[int, int, int, int, int]]:
    """Node, page size in bytes, total, free and surplus, as far as the capture tells them; meminfo tells those of the default
    size."""
    default = pool.default_size(state)
    for node in seen.nodes:
        pools = dict(node.hugepages)
        if default and "HugePages_Total" in node.meminfo:
            total, free, surplus = (node.meminfo.get(f"HugePages_{name}", 0) for name in ("Total", "Free", "Surp"))
            pools.setdefault(default, (total, free, surplus))
        for size, (total, free, surplus) in sorted(pools.items()):
            yield node.id, size, total, min(free, total), min(surplus, total)


def _match(state: State, node: int, pages: int, total: int, exact: set[int], rooms: dict[ZoneKey, int]) -> None:
    """As many huge pages as the kernel counts: made in free ranges nobody saw, or given back there."""
    ours = [pfn for pfn, page in state.hugepages.items() if page.pages == pages and page.node == node]
    size = state.geometry.pages_per_section
    unseen = [pfn for pfn in ours if pfn // size not in exact]
    unseen.sort(key=lambda pfn: (rooms.get(state.zone_of(pfn), 0), -pfn))
    for pfn in unseen[: max(0, len(ours) - total)]:
        state.hugepages.drop(pfn)
        _turn(state, pfn, pages, to_free=True)
    missing = total - len(ours)
    if missing <= 0 or pages > size:
        return
    order = pages.bit_length() - 1
    for key, room in rooms.items():
        for section, owned in reversed(list(state.zone_sections(key))):
            if section.nr in exact:
                continue
            starts = aligned_runs(union(section.pages, _UNSEEN) & owned, order, size)
            while starts and missing > 0 and room > 0:
                at = starts.bit_length() - 1
                starts ^= 1 << at
                pfn = section.nr * size + at
                state.hugepages.load({pfn: HugePage(pages, node)})
                _turn(state, pfn, pages, to_free=False)
                missing, room = missing - 1, room - 1
        if missing <= 0:
            return


def _room(state: State, prior: State | None, key: ZoneKey, pages: int, movable: int) -> int:
    """How many more huge pages the counters of a zone leave room for; negative where they say that it has too many. What
    the model had free and the capture has not, or the other way round, tells most."""
    zone = state.zones[key]
    before = prior.zones.get(key) if prior is not None else None
    if before is not None:
        return round((before.free + before.pcp - zone.free - zone.pcp) / pages)
    known = sum((section.of(HUGE) & owned).bit_count() for section, owned in state.zone_sections(key))
    return (zone.managed - zone.free - zone.pcp - movable - known) // pages


def _turn(state: State, pfn: int, pages: int, to_free: bool) -> None:
    """Make the pages of a huge page free, or those of a free area a huge page."""
    size = state.geometry.pages_per_section
    for nr, mask in _spread(pfn, pages, size):
        section = state.sections[nr]
        changed = put(section.pages, mask, FREE if to_free else HUGE)
        state.sections.load({nr: msgspec.structs.replace(section, pages=changed)})


def _spread(pfn: int, pages: int, size: int) -> Iterator[tuple[int, int]]:
    """Each section of `size` pages that a range of pages meets, and its pages in the range."""
    for nr in range(pfn // size, ceil(pfn + pages, size)):
        low = max(pfn - nr * size, 0)
        yield nr, span(low, min(pfn + pages - nr * size, size) - low)


def _mark_used(state: State, node: int, pages: int, free: int, exact: set[int]) -> None:
    """Pages in use as counted; those seen mapped are, and where more are used it is the lowest. Where fewer are, those that
    nobody saw are free."""
    ours = sorted(pfn for pfn, page in state.hugepages.items() if page.pages == pages and page.node == node)
    missing = len(ours) - free - sum(state.hugepages[pfn].used for pfn in ours)
    unseen = [pfn for pfn in ours if pfn // state.geometry.pages_per_section not in exact]
    for pfn in ours if missing > 0 else unseen:
        page = state.hugepages[pfn]
        if missing and page.used == (missing < 0):
            state.hugepages.load({pfn: msgspec.structs.replace(page, used=missing > 0)})
            missing += -1 if missing > 0 else 1
