"""Compaction: movable pages leave the low end of a zone for free pages at its high end (mm/compaction.c; kernel-facts 10).

Two scanners walk towards each other, pageblock by pageblock. The migrate scanner takes movable pages, the free scanner
finds a free page for each; where they meet, the zone is compacted. Pages stay in their zone, and a page moves or stays
as a whole. Pages on per-CPU lists are neither moved nor used: a kernel leaves most of them where they are, too.

Numbers of scanned pages count no compound pages but huge ones, so they are a little above the kernel's.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Generator, Iterator
from typing import Final, Literal, NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from .bits import lowest, runs, span
from .events import CompactionEnded, CompactionStarted, Event, MemmapSkipped, PagesCompacted, ScannerMoved
from .memmap import ZoneKey
from .scanned import ScannedSection, area_around, free_areas, reach
from .state import State
from .tables import Table
from .zonelist import Watermarks
from .zones import MOVABLE, ZONE_ORDER

Steps = Iterator[Event]
Verdict = Literal["continue", "success", "skipped", "not_suitable_zone"]
"""What compaction_suitable says: go on; a page of the order is free already; too little free; lack of memory, not
fragmentation, is the trouble."""

BATCH: Final = 32
"""COMPACT_CLUSTER_MAX: pages that are taken from a pageblock before they are moved."""
COSTLY_ORDER: Final = 3
FRAGMENTATION_THRESHOLD: Final = 500
"""vm.extfrag_threshold."""
WHOLE_ZONE: Final = -1
"""The order of a run for no order at all, as a write to compact_memory starts it."""


class _Ways(NamedTuple):
    """What kernels of a release on do differently.

    finishes   after the first batch of a pageblock, the rest of it is one batch
    strides    while the free scanner finds nothing, it looks at every 2nd, 4th ... 32nd page of a pageblock
    counts_all pages that are stepped over with the head of their free area count as scanned
    deducts    the free scanner looks for what is still missing, and not for a whole batch
    """

    release: tuple[int, int]
    finishes: bool = True
    strides: bool = True
    counts_all: bool = True
    deducts: bool = True


_WAYS: Final = (
    _Ways((6, 9)),
    _Ways((6, 5), deducts=False),
    _Ways((5, 1), deducts=False, counts_all=False),
    _Ways((0, 0), finishes=False, strides=False, counts_all=False, deducts=False),
)


class Scanners(msgspec.Struct, frozen=True):
    """Where the scanners of a zone go on (compact_cached_migrate_pfn, compact_cached_free_pfn), and the pageblocks that
    are not worth another look (their skip bits), by section: bit `i` is the first page of a pageblock."""

    migrate: int
    free: int
    skipped: dict[int, int]


_SCANNERS: Final[WeakKeyDictionary[State, Table[ZoneKey, Scanners]]] = WeakKeyDictionary()


def scanners(state: State) -> Table[ZoneKey, Scanners]:
    """The scanners of the zones in which a run for an order ended before they met; other zones start anew."""
    return _SCANNERS.setdefault(state, Table(state.journal))


def suitability(state: State, key: ZoneKey, order: int) -> Verdict:
    """Whether a run for an order makes sense in a zone (compaction_suitable); always, for the whole zone."""
    if order == WHOLE_ZONE:
        return "continue"
    marks, free = Watermarks(state), state.zones[key].free
    areas = free_areas(state, key)
    reserve = marks.reserve(key, MOVABLE)
    if free - (1 << order) + 1 > marks.mark(key, False) + reserve and any(areas[order:]):
        return "success"
    if free <= marks.mark(key, order > COSTLY_ORDER) + reserve + (2 << order):
        return "skipped"
    if order > COSTLY_ORDER and 0 <= fragmentation_index(areas, order) <= FRAGMENTATION_THRESHOLD:
        return "not_suitable_zone"
    return "continue"


def suitable(state: State, key: ZoneKey, order: int) -> bool:
    """Whether it makes sense to compact a zone for an order."""
    return suitability(state, key, order) == "continue"


def fragmentation_index(areas: list[int], order: int) -> int:
    """Is it lack of memory (towards 0) or fragmentation (towards 1000) that an allocation of an order fails of? -1000: it
    would not fail. `areas` are numbers of free areas by order (__fragmentation_index)."""
    total = sum(areas)
    if not total:
        return 0
    if any(areas[order:]):
        return -1000
    free = sum(count << size for size, count in enumerate(areas))
    return 1000 - (1000 + free * 1000 // (1 << order)) // total


def compact_zone(state: State, key: ZoneKey, order: int = WHOLE_ZONE) -> Steps:
    """Compact a zone: all of it, or on from where the scanners stopped until one free area of `order` is there.

    A run for an order passes over pageblocks that the runs before it found to be useless, and does nothing where it is
    not suitable. The last event says how it ended; nothing happens in a zone without pages.
    """
    zone = state.zones.get(key)
    if zone is None or not zone.present:
        return
    verdict = suitability(state, key, order)
    if verdict == "continue":
        yield from _Run(state, key, order).steps()
    else:
        yield CompactionEnded(*key, order, verdict, 0, 0)


def compact_node(state: State, node: int) -> Steps:
    """Compact every zone of a node, the lowest first (a write to its file `compact`)."""
    for name in ZONE_ORDER:
        yield from compact_zone(state, (node, name))


def compact_memory(state: State) -> Steps:
    """Compact every zone of every node (a write to /proc/sys/vm/compact_memory)."""
    for node in state.memory_nodes():
        yield from compact_node(state, node)


class _Batch(NamedTuple):
    """Pages of one pageblock: bit `i` of `pages` is page `at` + `i` of the section."""

    part: ScannedSection
    at: int
    pages: int

    @property
    def first(self) -> int:
        """The pfn of the lowest of them."""
        return self.part.base + self.at + lowest(self.pages)


class _Run:
    """One run over one zone (struct compact_control)."""

    def __init__(self, state: State, key: ZoneKey, order: int) -> None:
        self.state, self.key, self.order = state, key, order
        self.zone = zone = state.zones[key]
        self.size, self.block = state.geometry.pages_per_section, state.geometry.pageblock_pages
        self.ways = next(ways for ways in _WAYS if ways.release <= state.model.release)
        self.owned = {section.nr: mask for section, mask in state.zone_sections(key)}
        self.numbers = list(self.owned)
        self.parts: dict[int, ScannedSection] = {}
        self.counts: dict[str, int] = {}
        last = (zone.end - 1) & -self.block
        known = scanners(state).get(key) if order != WHOLE_ZONE else None
        self.cached_migrate, self.cached_free = (known.migrate, known.free) if known else (zone.start, last)
        self.migrate = self.cached_migrate if zone.start <= self.cached_migrate < zone.end else zone.start
        self.free = self.cached_free if zone.start <= self.cached_free < zone.end else last
        self.skipped = dict(known.skipped) if known else {}
        self.whole = self.migrate == zone.start
        self.finishing = -1  # the pageblock of the last batch
        self.spare: deque[_Batch] = deque()  # free pages that were isolated and not needed yet
        self.spares = 0
        self.floor = Watermarks(state).mark(key, False)
        self.formed = False  # a free area of the order is there
        self.starved = False

    def steps(self) -> Steps:
        """Run to the end."""
        yield CompactionStarted(*self.key, self.order, self.migrate, self.free)
        status = "interrupted"
        try:
            while (status := self._finished()) == "continue":
                batch = yield from self._isolate_sources()
                if batch is not None:
                    yield from self._migrate(batch)
        finally:
            self._settle(status)
        yield CompactionEnded(*self.key, self.order, status, self.migrate, self.free)

    def _finished(self) -> str:
        """compact_finished."""
        if self._met():
            return "complete" if self.whole else "partial_skipped"
        if self.starved:
            return "contended"
        return "success" if self.formed and self.migrate % self.block == 0 else "continue"

    def _met(self) -> bool:
        return self.free // self.block <= self.migrate // self.block

    def _settle(self, status: str) -> None:
        """Write down what vmstat counts and where the scanners go on."""
        for name, count in self.counts.items():
            self.state.counters.put(name, self.state.counters.get(name, 0) + count)
        table = scanners(self.state)
        if self._met():
            if self.key in table:
                table.drop(self.key)
        elif self.order != WHOLE_ZONE:
            if self.spare:
                top = max(batch.part.base + batch.at for batch in self.spare)
                self.cached_free = max(self.cached_free, top & -self.block)
            table.put(self.key, Scanners(self.cached_migrate, self.cached_free, self.skipped))

    def _count(self, name: str, pages: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + pages

    def _part(self, nr: int) -> ScannedSection:
        part = self.parts.get(nr)
        if part is None:
            self.parts = {at: kept for at, kept in self.parts.items() if at in self._current()}
            skipped = self.skipped.get(nr, 0) if self.order != WHOLE_ZONE else 0
            part = self.parts[nr] = ScannedSection(
                self.state, nr, self.zone, self.owned[nr], skipped, self.ways.counts_all
            )
        return part

    def _current(self) -> tuple[int, ...]:
        return (self.migrate // self.size, self.free // self.size, *(batch.part.nr for batch in self.spare))

    def _skip(self, part: ScannedSection, at: int, end: int) -> None:
        """Pageblocks that were seen to their end are not worth another look."""
        if self.order != WHOLE_ZONE:
            self.skipped[part.nr] = self.skipped.get(part.nr, 0) | part.blocks & span(at, end - at)

    # -- the migrate scanner ----------------------------------------------------------------------------------------

    def _isolate_sources(self) -> Generator[Event, None, _Batch | None]:
        """The next movable pages of one pageblock below the free scanner, None if there are none (isolate_migratepages)."""
        limit = self.free & -self.block
        for index in range(bisect_left(self.numbers, self.migrate // self.size), len(self.numbers)):
            part = self._part(self.numbers[index])
            at, end = max(self.migrate - part.base, 0), min(limit - part.base, self.size)
            if at >= end:
                break
            candidates = part.sources & span(at, end - at)
            start = max(lowest(candidates) & -self.block, at) if candidates else end
            if start > at:
                yield from self._passed(part, at, start, 0)
                self._skip(part, at & -self.block, start)
                self.cached_migrate = max(self.cached_migrate, part.base + start)
            self.migrate = part.base + start
            if candidates:
                return (yield from self._take_sources(part, start, candidates))
        self.migrate = limit
        return None

    def _take_sources(self, part: ScannedSection, start: int, candidates: int) -> Generator[Event, None, _Batch]:
        """Some or all movable pages of one pageblock from `start` on (isolate_migratepages_block)."""
        length = self.block - start % self.block
        pages = candidates >> start & span(0, length)
        here = self.migrate // self.block
        rest = self.ways.finishes and self.finishing == here
        if not rest and pages.bit_count() >= BATCH:
            length = reach(pages, BATCH, self.block)
            pages &= span(0, length)
        self.finishing = here
        self.migrate += length
        if rest:
            self._skip(part, start & -self.block, start + length)
            self.cached_migrate = max(self.cached_migrate, self.migrate)
        yield from self._passed(part, start, start + length, pages.bit_count())
        return _Batch(part, start, pages)

    def _passed(self, part: ScannedSection, at: int, end: int, taken: int) -> Steps:
        """The migrate scanner went over some pages. RFC v2 looks for memmap first and says nothing else of such a page;
        elsewhere head pages are not on the LRU, like any page of the kernel."""
        window = span(at, end - at)
        scanned = part.visits(window)
        self._count("compact_migrate_scanned", scanned)
        for first, length in runs(part.heads & window):
            yield MemmapSkipped("isolate_migratepages_block", part.base + first, length)
        if taken:
            self._count("compact_isolated", taken)
        yield ScannerMoved("migrate", part.base + at, part.base + end, scanned, taken)

    # -- the free scanner -------------------------------------------------------------------------------------------

    def _isolate_targets(self, wanted: int) -> Steps:
        """Find free pages above the migrate scanner until there are `wanted`, whole areas of them (isolate_freepages)."""
        low = (self.migrate // self.block + 1) * self.block
        got, stride, idle, scanned = 0, 1, 0, 0  # idle: end of the pageblocks just seen that gave nothing
        for index in range(bisect_right(self.numbers, self.free // self.size) - 1, -1, -1):
            part = self._part(self.numbers[index])
            if part.base + self.size <= low:
                break
            above, floor = self.free - part.base, max(low - part.base, 0)
            blocks = part.targets & span(floor, max(min(above + 1, self.size) - floor, 0))
            while blocks:
                first = blocks.bit_length() - 1
                blocks ^= 1 << first
                start = above if above - first < self.block else first
                stop = min(first + self.block, self.zone.end - part.base)
                pages, end, looked = self._take_targets(part, first, start, stop, wanted - got, stride)
                taken = pages.bit_count()
                got += taken
                scanned += looked
                idle = idle or part.base + end
                if taken or end < stop:
                    yield ScannerMoved("free", part.base + start, idle, scanned, taken)
                    self._count("compact_free_scanned", scanned)
                    idle = scanned = 0
                if taken:
                    self._count("compact_isolated", taken)
                    self.spare.append(_Batch(part, start, pages))
                    self.spares += taken
                if end == stop:
                    self._skip(part, first, stop)
                    self.cached_free = min(self.cached_free, part.base + first)
                if got >= wanted or end < stop:
                    self.free = part.base + (end if end < stop else first - self.block)
                    return
                stride = min(BATCH, stride * 2) if self.ways.strides and not taken else 1
        if idle:
            yield ScannerMoved("free", low, idle, scanned, 0)
            self._count("compact_free_scanned", scanned)
        self.free = low - self.block

    def _take_targets(
        self, part: ScannedSection, first: int, start: int, stop: int, wanted: int, stride: int
    ) -> tuple[int, int, int]:
        """Free areas of one pageblock from `start` on: their pages (bit 0 is page `start`), where the scanner stopped, and
        how many pages it looked at. It looks at every `stride`-th page and steps over the areas that it takes; it stops
        short where the min watermark forbids an area (isolate_freepages_block)."""
        length = stop - start
        looked = -(-length // stride)
        free = part.free >> start & span(0, length)
        if part.huge >> first & 1:
            return 0, stop, length if self.ways.counts_all else 1
        if not free or free == span(0, self.block):  # a whole free pageblock that got here is a tail
            return 0, stop, looked
        order = self.state.geometry.pageblock_order
        offset = start - first
        room = self.zone.free - self.spares - self.floor
        if stride == 1 and room > wanted + self.block:
            if free.bit_count() < wanted:
                return free, stop, length
            page = reach(free, wanted, self.block) - 1
            end = area_around(free << offset, page + offset, order)[1] - offset
            return free & span(0, end), start + end, end
        taken = looked = at = 0
        while at < length:
            looked += 1
            head, end = area_around(free << offset, at + offset, order) if free >> at & 1 else (-1, 0)
            if head != at + offset:
                at += stride
                continue
            end -= offset
            if end - at >= room:
                break
            taken |= span(at, end - at)
            room -= end - at
            wanted -= end - at
            looked += end - at - 1
            at = end
            if wanted <= 0:
                break
            at += stride - 1
        return taken, start + min(at, length), looked

    # -- moving -----------------------------------------------------------------------------------------------------

    def _migrate(self, batch: _Batch) -> Steps:
        """Give each page of the batch a free one; those for which there is none stay (migrate_pages, compaction_alloc)."""
        count = batch.pages.bit_count()
        if self.spares < count:
            yield from self._isolate_targets(count - self.spares if self.ways.deducts else count)
        moved = min(count, self.spares)
        target, left = 0, moved
        changed = {batch.part.nr: batch.part}
        while left:
            spare = self.spare.popleft()
            pages = spare.pages
            if pages.bit_count() > left:
                pages &= span(0, reach(pages, left, self.block))
                self.spare.appendleft(spare._replace(pages=spare.pages ^ pages))
            left -= pages.bit_count()
            target = target or spare.part.base + spare.at + lowest(pages)
            spare.part.fill(spare.at, pages)
            changed[spare.part.nr] = spare.part
        self.spares -= moved
        if moved:
            # the last to be isolated goes first, so a shortage leaves the lowest pages
            gone = batch.pages
            if moved < count:
                gone ^= gone & span(0, reach(gone, count - moved, self.block))
            batch.part.vacate(batch.at, gone)
            self._count("pgmigrate_success", moved)
            for part in changed.values():
                part.write(self.state)
        if moved < count:
            self._count("pgmigrate_fail", 1)
            self.starved = True
        yield PagesCompacted(moved, count - moved, batch.first, target)
        if self.order != WHOLE_ZONE:
            self.formed = batch.part.has_area(self.order)
