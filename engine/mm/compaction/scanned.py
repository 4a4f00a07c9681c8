"""A section as the two scanners of compaction see it: which of its pageblocks they may enter, and what is free there."""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import or_
from typing import Final

import msgspec

from ...memory.section import Pages, Section, isolated_pages, type_pages
from ...memory.state import State
from ...memory.zone import Zone
from ...numbers.bits import PageSet, aligned_runs, every, span, spread
from ...numbers.geometry import Geometry
from ...protocol.vocabulary import FREE, HUGE, MEMMAP, MOVABLE, MOVABLE_TYPE, PCP, Kind
from ..free_area import CMA, all_maximal_runs

_TARGETS: Final = (MOVABLE_TYPE, CMA)
"""Migratetypes of the pageblocks that pages may move to."""


class ScannedSection:
    """The pages of one section that belong to a zone, while that zone is compacted.

    Sets of pageblocks have the bit of each one's first page. `sources` are the movable pages in pageblocks that the
    migrate scanner may enter, `targets` the pageblocks that the free scanner looks into, `blocks` those that can have a
    skip bit, `huge` those that begin with a huge page, `heads` the head pages of a pool (those that a block keeps of
    itself are not among them).
    """

    def __init__(self, state: State, nr: int, zone: Zone, owned: int, skipped: int, counts_all: bool) -> None:
        geometry = state.geometry
        size, block, order = geometry.pages_per_section, geometry.pageblock_pages, geometry.pageblock_order
        section = state.sections[nr]
        self.nr, self.base, self.size = nr, nr * size, size
        self._section, self._others = section, section.of(FREE) & ~owned
        self._isolated = isolated_pages(section, order)
        self.free = section.of(FREE) & owned
        self._movable, self._listed = section.of(MOVABLE), section.of(PCP)
        self.changed = False

        firsts = every(block, size)
        inside = owned & owned >> block - 1 & firsts
        inside |= _begun(owned, zone.start - self.base, block)
        self.huge = section.of(HUGE) & firsts
        may_leave = inside & ~self.huge & ~self._isolated & ~skipped
        leaving = spread(may_leave, order) & owned
        self.sources = self._movable & leaving

        areas = _areas(self.free, geometry)
        begun = reduce(or_, areas)
        whole = aligned_runs(self.free, order, size)
        may_enter = (inside | _ended(owned, zone.end - self.base, block)) & ~skipped
        for migratetype, blocks in section.types.items():
            if migratetype not in _TARGETS:
                may_enter &= ~type_pages(blocks, order)
        self.targets = may_enter & ~(whole & begun)

        own = state.blocks.get(nr // geometry.sections_per_block)
        self.heads = section.of(MEMMAP) & owned if own is None or not own.head else 0
        self.blocks = (inside | may_enter) & ~aligned_runs(self.heads, order, size)
        if counts_all:
            self._visited = leaving
            self._beyond = [(heads, (1 << wide) - block) for wide, heads in enumerate(areas) if wide > order and heads]
        else:
            # all but the first page of a free area are stepped over, but not beyond the end of the pageblock
            self._visited = leaving & (~self.free | begun | spread(whole & ~begun, order))
            self._beyond = []

    def visits(self, window: int) -> int:
        """How many pages the migrate scanner counts as scanned when it goes over those of `window`."""
        beyond = sum((heads & window & self._visited).bit_count() * pages for heads, pages in self._beyond)
        return (self._visited & window).bit_count() + beyond

    def fill(self, pages: int) -> None:
        """Movable pages came to where these free ones were."""
        self.free ^= pages
        self._movable |= pages
        self.changed = True

    def vacate(self, pages: int) -> None:
        """These movable pages went elsewhere; each is on a CPU's list now."""
        self._movable ^= pages
        self._listed |= pages
        self.changed = True

    def release(self, pages: int) -> None:
        """These pages of a CPU's list are free now."""
        self._listed ^= pages
        self.free |= pages
        self.changed = True

    def as_it_is(self) -> Section:
        """The section with its pages as they are now."""
        pages: dict[Kind, int] = dict(self._section.pages)
        pages.update({FREE: self.free | self._others, MOVABLE: self._movable, PCP: self._listed})
        self.changed = False
        return msgspec.structs.replace(
            self._section, pages=Pages({kind: PageSet(mask) for kind, mask in pages.items() if mask})
        )

    def has_area(self, order: int) -> bool:
        """Is there a free area of an order, or of a bigger one?"""
        return bool(aligned_runs(self.free & ~self._isolated, order, self.size))


def area_around(free: int, page: int, biggest: int) -> tuple[int, int]:
    """The free area, of order `biggest` at most, that a free page lies in: its first page and its end."""
    order = 0
    while order < biggest:
        wider = span(page >> order + 1 << order + 1, 2 << order)
        if free & wider != wider:
            break
        order += 1
    first = page >> order << order
    return first, first + (1 << order)


@lru_cache(maxsize=256)
def _areas(free: int, geometry: Geometry) -> tuple[int, ...]:
    """The first pages of the free areas of each order."""
    return tuple(all_maximal_runs(free, geometry))


def _begun(owned: int, start: int, block: int) -> int:
    """The pageblock in whose middle the zone begins: its last page alone must be there."""
    first = start - start % block
    return 1 << first if start % block and first >= 0 and owned >> first + block - 1 & 1 else 0


def _ended(owned: int, end: int, block: int) -> int:
    """The pageblock in whose middle the zone ends: its first page alone must be there."""
    first = end - end % block
    return 1 << first if end % block and first >= 0 and owned >> first & 1 else 0
