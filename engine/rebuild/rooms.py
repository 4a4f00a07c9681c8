"""The room for pages that nobody saw: in each section those whose place is free to choose, and the free areas that fit there.

Sections that are alike are treated together, so the cost does not depend on their number.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

from ..memory.section import Pages, Section, union
from ..mm.free_area import all_maximal_runs, section_counts
from ..numbers.bits import PageSet, aligned_runs, spread, within
from ..numbers.geometry import Geometry
from ..protocol.vocabulary import ASSUMED, FREE, MEMMAP, MOVABLE, PCP, RESERVED, Kind, ZoneKey
from .draft import Draft

KINDS: Final[tuple[Kind, ...]] = (FREE, ASSUMED, MOVABLE, PCP)
"""Pages whose place is free to choose if no one saw them."""


class Part:
    """What sections alike have in common: `room`, the pages that may change places, and `held`, free pages that were seen
    (in a section that was seen in part)."""

    def __init__(self, section: Section, owned: int, covered: int, geometry: Geometry) -> None:
        self.section, self.owned, self.covered = section, owned, covered
        self.width = geometry.pages_per_section
        free = section.of(FREE) & owned
        self.room = union(section.pages, KINDS) & owned & ~covered
        self.counts = {kind: (section.of(kind) & self.room).bit_count() for kind in KINDS}
        self.size = sum(self.counts.values())
        self.unmanaged = ((section.of(MEMMAP) | section.of(RESERVED) & ~covered) & owned).bit_count()
        self.now = area_counts(free, section, geometry)
        self.held = area_counts(free & covered, section, geometry)
        self.geometry = geometry

    @cached_property
    def natural(self) -> list[int]:
        """By order, the first pages of the aligned runs of the room whose buddy stays in use whatever is done, so that all of
        them may be free."""
        seen_free = self.section.of(FREE) & self.owned & self.covered
        runs = all_maximal_runs(self.room | seen_free, self.geometry)
        return [
            starts & aligned_runs(self.room, order, self.width) if starts else 0 for order, starts in enumerate(runs)
        ]

    @cached_property
    def areas(self) -> list[int]:
        """How many of them there are, by order."""
        return [starts.bit_count() for starts in self.natural]

    @cached_property
    def whole(self) -> int:
        """The pages in them."""
        pages = 0
        for order, starts in enumerate(self.natural):
            pages |= spread(starts, order)
        return pages

    def fits(self, section: Section, owned: int, covered: int) -> bool:
        """Is another section alike?"""
        mine = self.section
        return (
            section.pages == mine.pages
            and section.types == mine.types
            and owned == self.owned
            and covered == self.covered
        )

    def pages(self, masks: dict[Kind, int]) -> Pages:
        """The pages of such a section with these in the room."""
        pages = {kind: PageSet(rest) for kind, mask in self.section.pages.items() if (rest := mask & ~self.room)}
        for kind, mask in masks.items():
            if mask:
                pages[kind] = PageSet(pages.get(kind, 0) | mask)
        return Pages(pages)


class Stretch:
    """Sections that are alike and stay so, ascending, and which pages of each are to be free. `whole`: all natural areas
    are."""

    def __init__(self, numbers: list[int], part: Part, free: int = 0, whole: bool = False) -> None:
        self.numbers, self.part, self.free, self.whole = numbers, part, free, whole

    def used(self) -> int:
        """The other pages of the room of each."""
        return self.part.room & ~self.free

    def split(self, count: int, low: bool) -> tuple[Stretch, Stretch]:
        """The `count` highest or lowest sections, and the rest."""
        at = min(count, len(self.numbers)) if low else max(0, len(self.numbers) - count)
        lower = Stretch(self.numbers[:at], self.part, self.free, self.whole)
        upper = Stretch(self.numbers[at:], self.part, self.free, self.whole)
        return (lower, upper) if low else (upper, lower)


def stretches_of(draft: Draft, key: ZoneKey, numbers: list[int]) -> list[Stretch]:
    """The sections that were not seen, ascending."""
    found: list[Stretch] = []
    for nr in numbers:
        if nr in draft.exact:
            continue
        section = draft.state.sections[nr]
        owned = owned_pages(section, key)
        covered = _covered(draft, nr) if draft.starts else 0
        if found and found[-1].part.fits(section, owned, covered):
            found[-1].numbers.append(nr)
        else:
            found.append(Stretch([nr], Part(section, owned, covered, draft.state.geometry)))
    return found


def owned_pages(section: Section, key: ZoneKey) -> int:
    """The pages of a section that a zone owns."""
    zones = section.zones
    return zones[0][1] if len(zones) == 1 else next(mask for owner, mask in zones if owner == key)


def _covered(draft: Draft, nr: int) -> int:
    size = draft.state.geometry.pages_per_section
    base, covered = nr * size, 0
    for run in draft.runs_in(base, size):
        covered |= within(base, size, run.pfn, run.count)
    return covered


def area_counts(free: int, section: Section, geometry: Geometry) -> list[int]:
    """How many free areas free pages of a section make, by order."""
    rows = [row for _, row in section_counts(free, section.types, geometry)]
    return [sum(column) for column in zip(*rows, strict=True)] or [0] * (geometry.max_order + 1)
