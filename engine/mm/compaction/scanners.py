"""The two scanners of compaction: movable pages leave the low end of a zone for free pages at its high end
(mm/compaction.c: isolate_migratepages, isolate_freepages).

The migrate scanner walks up and takes movable pages, the free scanner walks down and finds a free page for each; where
they meet, the zone is compacted. Pages stay in their zone, and a page moves or stays as a whole. Freed pages go to a
CPU's list and push its oldest pages to the buddy, so as many pages are on such lists afterwards as before. Compound
pages are known only where they are huge, so a few more pages count as scanned than in a kernel.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from ...memory.state import State
from ...memory.zone import Scanners
from ...numbers.bits import lowest, lowest_n, runs, span
from ...numbers.frozen import Frozen
from ...numbers.rounding import ceil, down
from ...protocol.events import CompactionEnded, CompactionStarted, Event, MemmapSkipped, PagesCompacted, ScannerMoved
from ...protocol.vocabulary import PCP, ZoneKey
from ..watermarks import Watermarks
from .scanned import ScannedSection, area_around

Steps = Iterator[Event]

BATCH: Final = 32
"""COMPACT_CLUSTER_MAX: pages that are isolated from a pageblock before they are moved."""
WHOLE_ZONE: Final = -1
"""The order of a run for no order at all, as a write to compact_memory starts it."""
_VIEWS: Final = 4
"""Sections whose views are kept: those of the two scanners, and of the oldest and newest pages of a CPU's list."""


def run(state: State, key: ZoneKey, order: int = WHOLE_ZONE) -> Steps:
    """Compact a populated zone: all of it, or on from where the scanners stopped until a free area of `order` is there."""
    return _Run(state, key, order).steps()


class _Batch(NamedTuple):
    """Pages of one section: bit `i` of `pages` is page `at` + `i` of it."""

    nr: int
    at: int
    pages: int


class _Run:
    """One run over one zone (struct compact_control)."""

    def __init__(self, state: State, key: ZoneKey, order: int) -> None:
        self.state, self.model, self.key, self.order = state, state.model, key, order
        self.zone = zone = state.zones[key]
        self.size, self.block = state.geometry.pages_per_section, state.geometry.pageblock_pages
        self.owned = {section.nr: owned for section, owned in state.zone_sections(key)}
        self.numbers = list(self.owned)
        self.views: dict[int, ScannedSection] = {}
        self.journaled: set[int] = set()
        self.counts: dict[str, int] = {}
        self.floor = Watermarks(state).min_or_low(key, False)

        last = down(zone.end - 1, self.block)
        known = state.scanners.get(key) if order != WHOLE_ZONE else None
        self.skipped = dict(known.skipped) if known else {}
        self.cached_migrate, self.cached_free = (known.migrate, known.free) if known else (zone.start, last)
        self.migrate = self.cached_migrate if zone.start <= self.cached_migrate < zone.end else zone.start
        self.free = self.cached_free if zone.start <= self.cached_free < zone.end else last
        self.whole = self.migrate == zone.start
        self.finishing = -1  # the pageblock of the last batch
        self.formed = self.starved = False  # there is a free area of the order; too little is free

        self.spare: deque[_Batch] = deque()  # free pages that the free scanner took and no page needed yet
        self.spares = 0
        self.listed = deque(  # on the CPUs' lists, the oldest first
            _Batch(nr, 0, pages) for nr, owned in self.owned.items() if (pages := state.sections[nr].of(PCP) & owned)
        )

    def steps(self) -> Steps:
        """Run to the end."""
        yield CompactionStarted(*self.key, self.order, self.migrate, self.free)
        try:
            while (status := self._finished()) == "continue":
                batch = yield from self._isolate_sources()
                if batch is not None:
                    yield from self._migrate(batch)
        finally:
            self._remember()
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

    def _remember(self) -> None:
        """What vmstat counts, and where the scanners go on: anew where they met."""
        for name, count in self.counts.items():
            self.state.vmstat.put(name, self.state.vmstat.get(name, 0) + count)
        table = self.state.scanners
        if self._met():
            if self.key in table:
                table.drop(self.key)
        elif self.order != WHOLE_ZONE:
            tops = [batch.nr * self.size + batch.at for batch in self.spare]
            free = max(self.cached_free, *(down(top, self.block) for top in tops)) if tops else self.cached_free
            table.put(self.key, Scanners(self.cached_migrate, free, Frozen(self.skipped)))

    def _count(self, name: str, pages: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + pages

    def _view(self, nr: int) -> ScannedSection:
        view = self.views.get(nr)
        if view is None:
            if len(self.views) > _VIEWS:
                self.views = {at: kept for at, kept in self.views.items() if kept.changed}
            skipped = self.skipped.get(nr, 0)
            view = ScannedSection(self.state, nr, self.zone, self.owned[nr], skipped, self.model.compact_counts_all)
            self.views[nr] = view
        return view

    def _seen(self, view: ScannedSection, at: int, end: int) -> None:
        """Pageblocks that a scanner went through to the end are not worth another look."""
        if self.order != WHOLE_ZONE:
            self.skipped[view.nr] = self.skipped.get(view.nr, 0) | view.blocks & span(at, end - at)

    # -- the migrate scanner ----------------------------------------------------------------------------------------

    def _isolate_sources(self) -> Generator[Event, None, _Batch | None]:
        """The next movable pages of one pageblock below the free scanner's, None if there are none (isolate_migratepages)."""
        limit = down(self.free, self.block)
        for index in range(bisect_left(self.numbers, self.migrate // self.size), len(self.numbers)):
            view = self._view(self.numbers[index])
            at, end = max(self.migrate - view.base, 0), min(limit - view.base, self.size)
            if at >= end:
                break
            candidates = view.sources & span(at, end - at)
            start = max(down(lowest(candidates), self.block), at) if candidates else end
            self.migrate = view.base + start
            if start > at:
                yield from self._passed(view, at, start, 0)
                self._seen(view, down(at, self.block), start)
                self.cached_migrate = max(self.cached_migrate, self.migrate)
            if candidates:
                return (yield from self._take_sources(view, start, candidates))
        self.migrate = limit
        return None

    def _take_sources(self, view: ScannedSection, start: int, candidates: int) -> Generator[Event, None, _Batch]:
        """A batch of the movable pages of one pageblock from `start` on (isolate_migratepages_block)."""
        length = self.block - start % self.block
        pages = candidates >> start & span(0, length)
        here = self.migrate // self.block
        rest = self.model.compact_finishes and self.finishing == here
        if not rest and pages.bit_count() >= BATCH:
            pages = lowest_n(pages, BATCH)
            length = pages.bit_length()
        self.finishing = here
        self.migrate += length
        if rest:
            self._seen(view, down(start, self.block), start + length)
            self.cached_migrate = max(self.cached_migrate, self.migrate)
        yield from self._passed(view, start, start + length, pages.bit_count())
        return _Batch(view.nr, start, pages)

    def _passed(self, view: ScannedSection, at: int, end: int, isolated: int) -> Steps:
        """The migrate scanner went over some pages. RFC v2 looks for memmap before anything else; the head that a block
        keeps of itself is not on the LRU, like any page of the kernel."""
        window = span(at, end - at)
        scanned = view.visits(window)
        self._count("compact_migrate_scanned", scanned)
        self._count("compact_isolated", isolated)
        for first, length in runs(view.heads & window):
            yield MemmapSkipped("isolate_migratepages_block", view.base + first, length)
        yield ScannerMoved("migrate", view.base + at, view.base + end, scanned, isolated)

    # -- the free scanner -------------------------------------------------------------------------------------------

    def _isolate_targets(self, wanted: int) -> Steps:
        """Free areas above the migrate scanner until they have `wanted` pages (isolate_freepages)."""
        low = (self.migrate // self.block + 1) * self.block
        stride, idle, scanned = 1, 0, 0  # `idle`: where the pageblocks end that gave nothing so far
        for index in range(bisect_right(self.numbers, self.free // self.size) - 1, -1, -1):
            view = self._view(self.numbers[index])
            if view.base + self.size <= low:
                break
            above, floor = self.free - view.base, max(low - view.base, 0)
            blocks = view.targets & span(floor, max(min(above + 1, self.size) - floor, 0))
            while blocks:
                first = blocks.bit_length() - 1
                blocks ^= 1 << first
                start = above if above - first < self.block else first
                stop = min(first + self.block, self.zone.end - view.base)
                pages, end, looked = self._take_targets(view, first, start, stop, wanted, stride)
                isolated = pages.bit_count()
                if isolated or end < stop:
                    yield from self._found(view.base + first + self.block, idle, scanned, 0)
                    yield from self._found(view.base + start, view.base + end, looked, isolated)
                    idle = scanned = 0
                else:
                    idle, scanned = idle or view.base + end, scanned + looked
                if isolated:
                    self.spare.append(_Batch(view.nr, start, pages))
                    self.spares += isolated
                    wanted -= isolated
                if end == stop:
                    self._seen(view, first, stop)
                    self.cached_free = min(self.cached_free, view.base + first)
                if wanted <= 0 or end < stop:
                    self.free = view.base + (end if end < stop else first - self.block)
                    return
                stride = min(BATCH, stride * 2) if self.model.compact_strides and not isolated else 1
        yield from self._found(low, idle, scanned, 0)
        self.free = low - self.block

    def _found(self, start: int, end: int, scanned: int, isolated: int) -> Steps:
        """The free scanner looked at some pages."""
        if scanned:
            self._count("compact_free_scanned", scanned)
            self._count("compact_isolated", isolated)
            yield ScannerMoved("free", start, end, scanned, isolated)

    def _take_targets(
        self, view: ScannedSection, first: int, start: int, stop: int, wanted: int, stride: int
    ) -> tuple[int, int, int]:
        """Free areas of one pageblock from `start` on: their pages (bit 0 is page `start`), where the scanner stopped, and
        how many pages it looked at (isolate_freepages_block). It looks at every `stride`-th page, takes an area whole,
        and stops short before one that the min watermark keeps."""
        length, offset = stop - start, start - first
        free = view.free >> start & span(0, length)
        if view.huge >> first & 1:
            return 0, stop, length if self.model.compact_counts_all else 1
        if not free or free == span(0, self.block):  # a free pageblock that is a target is the tail of an area
            return 0, stop, ceil(length, stride)
        biggest = self.state.geometry.pageblock_order
        room = self.zone.free - self.spares - self.floor
        if stride == 1 and room > wanted + self.block:
            if free.bit_count() < wanted:
                return free, stop, length
            last = lowest_n(free, wanted).bit_length() - 1
            end = area_around(free << offset, last + offset, biggest)[1] - offset
            return free & span(0, end), start + end, end
        isolated = looked = at = 0
        while at < length and wanted > 0:
            looked += 1
            area, end = area_around(free << offset, at + offset, biggest) if free >> at & 1 else (-1, 0)
            if area != at + offset:
                at += stride
                continue
            pages = end - area
            if pages >= room:
                break
            isolated |= span(at, pages)
            room, wanted, looked = room - pages, wanted - pages, looked + pages - 1
            at += pages if wanted <= pages else pages - 1 + stride
        return isolated, start + min(at, length), looked

    # -- moving -----------------------------------------------------------------------------------------------------

    def _migrate(self, batch: _Batch) -> Steps:
        """Each page of a batch goes to a free one; where there are too few, some stay (migrate_pages, compaction_alloc)."""
        count = batch.pages.bit_count()
        targets = list(self._use(min(count, self.spares)))
        missing = count - _pages(targets)
        if missing:
            yield from self._isolate_targets(missing if self.model.compact_frugal else count)
            targets += self._use(min(missing, self.spares))
        moved = _pages(targets)
        if moved:
            # the last to be isolated goes first, so the lowest pages stay
            gone = (batch.pages ^ lowest_n(batch.pages, count - moved)) << batch.at
            for nr, pages in targets:
                self._view(nr).fill(pages)
            self._view(batch.nr).vacate(gone)
            self.listed.append(_Batch(batch.nr, 0, gone))
            for nr, pages in _take(self.listed, moved):
                self._view(nr).release(pages)
            self._count("pgmigrate_success", moved)
            self._write()
        if moved < count:
            self._count("pgmigrate_fail", 1)
            self.starved = True
        if self.order != WHOLE_ZONE:
            self.formed = self._view(batch.nr).has_area(self.order)
        first = batch.nr * self.size + batch.at + lowest(batch.pages)
        target = min((nr * self.size + lowest(pages) for nr, pages in targets), default=first)
        yield PagesCompacted(moved, count - moved, first, target)

    def _use(self, count: int) -> Iterator[tuple[int, int]]:
        """Pages that the free scanner took before."""
        self.spares -= count
        return _take(self.spare, count, self.model.compact_frugal)

    def _write(self) -> None:
        """Put the changed sections back: all of them at once, so that the zone's counts hold at every event."""
        for nr, view in self.views.items():
            if view.changed:
                section = view.as_it_is()
                if nr in self.journaled:
                    self.state.sections.amend(nr, section)
                else:
                    self.state.sections.put(nr, section)
                    self.journaled.add(nr)


def _pages(pieces: list[tuple[int, int]]) -> int:
    return sum(pages.bit_count() for _, pages in pieces)


def _take(queue: deque[_Batch], count: int, oldest: bool = True) -> Iterator[tuple[int, int]]:
    """Take `count` pages out of a queue: the oldest, or the newest and of one batch the highest first. Sections with the
    sets of their pages come out."""
    while count:
        nr, at, pages = queue.popleft() if oldest else queue.pop()
        rest = pages.bit_count() - count
        if rest > 0:
            low = lowest_n(pages, count if oldest else rest)
            some = low if oldest else pages ^ low
            (queue.appendleft if oldest else queue.append)(_Batch(nr, at, pages ^ some))
            pages = some
        count -= pages.bit_count()
        yield nr, pages << at
