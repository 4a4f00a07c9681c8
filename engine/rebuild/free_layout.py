"""Free pages that nobody saw, laid out so that each zone has the free areas that /proc/buddyinfo counts.

How many huge pages a zone can give depends on its free areas and not on its free pages. So the pages of unseen sections
change places: areas as they fit at the high end, below them used pages, and at the low end used pages with small areas
between them.
Sections that are alike are treated together, so the cost does not depend on their number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

import msgspec

from ..memory.section import Pages, Section, union
from ..memory.state import State
from ..mm.free_area import all_maximal_runs, order_counts, section_counts
from ..numbers.bits import aligned_runs, every, lowest_n, spread, within
from ..numbers.geometry import Geometry
from ..protocol.vocabulary import ASSUMED, FREE, MEMMAP, MOVABLE, PCP, RESERVED, Kind, ZoneKey
from .block_types import set_block_types
from .draft import Draft

_KINDS: Final[tuple[Kind, ...]] = (FREE, ASSUMED, MOVABLE, PCP)
"""Pages whose place is free to choose if no one saw them."""


def lay_out(draft: Draft, key: ZoneKey, numbers: list[int]) -> str | None:
    """Give a zone the free areas of buddyinfo and the pageblock types of pagetypeinfo; what does not fit is returned in
    words.

    `numbers` are the zone's online sections, ascending. How many pages are of which kind stays as it is; where the free
    areas agree already, so do the places.
    """
    note = _lay_out_areas(draft, key, numbers)
    if blocks := draft.seen.pageblocks.get(f"{key[0]}/{key[1]}"):
        set_block_types(draft.state, key, numbers, blocks)
    return note


def _lay_out_areas(draft: Draft, key: ZoneKey, numbers: list[int]) -> str | None:
    wanted = draft.seen.buddyinfo.get(f"{key[0]}/{key[1]}")
    stretches = _stretches(draft, key, numbers) if wanted else []
    if not wanted or not stretches:
        return None
    missing = _missing(draft, key, wanted, numbers, stretches)
    if missing is None:
        return None
    total = {kind: sum(len(s.numbers) * s.part.counts[kind] for s in stretches) for kind in _KINDS}
    areas = _fitted(missing, total[FREE])
    placed, complete = _place(stretches, areas)
    _write(draft.state, placed, _used_downwards(draft.state, key, stretches, areas, total), total)
    found = list(wanted) if complete and areas == missing else order_counts(draft.state, key)
    if found == list(wanted):
        return None
    return (
        f"zone {key[1]} of node {key[0]}: the free areas of buddyinfo ({_words(wanted)}) do not fit its pages; "
        f"it has ({_words(found)})"
    )


def _words(counts: Sequence[int]) -> str:
    return " ".join(map(str, counts))


# -- pages that may change places ---------------------------------------------------------------------------------------


class _Part:
    """What sections alike have in common: `room`, the pages that may change places, and `held`, free pages that were seen
    (in a section that was seen in part)."""

    def __init__(self, section: Section, owned: int, covered: int, geometry: Geometry) -> None:
        self.section, self.owned, self.covered = section, owned, covered
        self.width = geometry.pages_per_section
        free = section.of(FREE) & owned
        self.room = union(section.pages, _KINDS) & owned & ~covered
        self.counts = {kind: (section.of(kind) & self.room).bit_count() for kind in _KINDS}
        self.size = sum(self.counts.values())
        self.unmanaged = ((section.of(MEMMAP) | section.of(RESERVED) & ~covered) & owned).bit_count()
        self.now = _sums(free, section, geometry)
        self.held = _sums(free & covered, section, geometry)
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
        pages = {kind: rest for kind, mask in self.section.pages.items() if (rest := mask & ~self.room)}
        for kind, mask in masks.items():
            if mask:
                pages[kind] = pages.get(kind, 0) | mask
        return Pages(pages)


class _Stretch:
    """Sections that are alike and stay so, ascending, and which pages of each are to be free. `whole`: all natural areas
    are."""

    def __init__(self, numbers: list[int], part: _Part, free: int = 0, whole: bool = False) -> None:
        self.numbers, self.part, self.free, self.whole = numbers, part, free, whole

    def used(self) -> int:
        """The other pages of the room of each."""
        return self.part.room & ~self.free

    def split(self, count: int, low: bool) -> tuple[_Stretch, _Stretch]:
        """The `count` highest or lowest sections, and the rest."""
        at = min(count, len(self.numbers)) if low else max(0, len(self.numbers) - count)
        lower = _Stretch(self.numbers[:at], self.part, self.free, self.whole)
        upper = _Stretch(self.numbers[at:], self.part, self.free, self.whole)
        return (lower, upper) if low else (upper, lower)


def _stretches(draft: Draft, key: ZoneKey, numbers: list[int]) -> list[_Stretch]:
    """The sections that were not seen, ascending."""
    found: list[_Stretch] = []
    for nr in numbers:
        if nr in draft.exact:
            continue
        section = draft.state.sections[nr]
        owned = _owned(section, key)
        covered = _covered(draft, nr) if draft.starts else 0
        if found and found[-1].part.fits(section, owned, covered):
            found[-1].numbers.append(nr)
        else:
            found.append(_Stretch([nr], _Part(section, owned, covered, draft.state.geometry)))
    return found


def _owned(section: Section, key: ZoneKey) -> int:
    zones = section.zones
    return zones[0][1] if len(zones) == 1 else next(mask for owner, mask in zones if owner == key)


def _covered(draft: Draft, nr: int) -> int:
    size = draft.state.geometry.pages_per_section
    base, covered = nr * size, 0
    for run in draft.runs_in(base, size):
        covered |= within(base, size, run.pfn, run.count)
    return covered


def _sums(free: int, section: Section, geometry: Geometry) -> list[int]:
    rows = [row for _, row in section_counts(free, section.types, geometry)]
    return [sum(column) for column in zip(*rows, strict=True)] or [0] * (geometry.max_order + 1)


def _missing(
    draft: Draft, key: ZoneKey, wanted: Sequence[int], numbers: list[int], stretches: list[_Stretch]
) -> list[int] | None:
    """The free areas that the rooms have to have, by order; None where they have them. Where more were seen than are
    counted, that is negative."""
    missing = list(wanted)
    for nr in numbers:
        if nr in draft.exact:
            section = draft.state.sections[nr]
            seen = _sums(section.of(FREE) & _owned(section, key), section, draft.state.geometry)
            missing = _minus(missing, seen)
    differ = missing
    for stretch in stretches:
        missing = _minus(missing, stretch.part.held, len(stretch.numbers))
        differ = _minus(differ, stretch.part.now, len(stretch.numbers))
    return missing if any(differ) else None


def _minus(counts: Sequence[int], others: Sequence[int], times: int = 1) -> list[int]:
    return [a - times * b for a, b in zip(counts, others, strict=True)]


# -- free pages ---------------------------------------------------------------------------------------------------------


def _fitted(counts: Sequence[int], pages: int) -> list[int]:
    """The free areas nearest to `counts` that have so many pages: big ones stay, small ones are added or go."""
    fitted = list(counts)
    for order in range(len(fitted) - 1, 0, -1):
        if fitted[order] < 0:
            fitted[order - 1] += 2 * fitted[order]
            fitted[order] = 0
    fitted[0] = max(fitted[0], 0)
    more = pages - sum(count << order for order, count in enumerate(fitted))
    if more >= 0:
        return _plus(fitted, more)
    for order, count in enumerate(fitted):
        gone = min(count, -more >> order)
        fitted[order] -= gone
        more += gone << order
    if more:
        split = next(order for order, count in enumerate(fitted) if count)
        fitted[split] -= 1
        return _plus(fitted, (1 << split) + more)
    return fitted


def _plus(counts: list[int], pages: int) -> list[int]:
    """With so many more pages, in as few areas as can be."""
    biggest = len(counts) - 1
    more = [pages >> order & 1 for order in range(biggest)] + [pages >> biggest]
    return [a + b for a, b in zip(counts, more, strict=True)]


def _place(stretches: list[_Stretch], areas: Sequence[int]) -> tuple[list[_Stretch], bool]:
    """Find room for free areas, from the biggest down: the sections, descending, and whether all areas kept their size.

    What is left of the rooms after the bigger areas is cut into pairs of buddies; one of each pair may be free, as the
    other stays in use, or is cut again. How many pairs there are does not depend on where the bigger ones lie, so an area
    that finds no room here would find none anywhere; it is cut in two.
    """
    want = list(areas)
    placed: list[_Stretch] = []
    for stretch in reversed(stretches):
        own = stretch.part.areas
        times = min((count // each for count, each in zip(want, own, strict=True) if each), default=0)
        top, rest = stretch.split(times, low=False)
        top.free, top.whole = top.part.whole, True
        want = _minus(want, own, len(top.numbers))
        placed += [some for some in (top, rest) if some.numbers]
    complete, need = True, 0
    for order in range(len(want) - 1, -1, -1):
        need = want[order] + 2 * need
        placed, need = _give(placed, order, need, _natural, low=False)
        if order < len(want) - 1:
            placed.reverse()
            placed, need = _give(placed, order, need, _lower_buddies, low=True)
            placed.reverse()
        complete = complete and not need
    placed, _ = _give(placed, 0, need, lambda stretch, _: stretch.used(), low=False)
    return placed, complete


def _give(
    stretches: list[_Stretch], order: int, need: int, starts_of: Callable[[_Stretch, int], int], low: bool
) -> tuple[list[_Stretch], int]:
    """Free areas of an order where `starts_of` says that some fit, from the first sections on, be they the lowest or the
    highest; how many are still missing."""
    if not need:
        return stretches, 0
    given: list[_Stretch] = []
    for stretch in stretches:
        starts = starts_of(stretch, order) if need else 0
        each = starts.bit_count()
        if not each:
            given.append(stretch)
            continue
        all_free, rest = stretch.split(need // each, low)
        all_free.free |= spread(starts, order)
        need -= each * len(all_free.numbers)
        some_free, rest = rest.split(1 if need else 0, low)
        if some_free.numbers:
            some_free.free |= spread(_end(starts, need, low), order)
            need = 0
        given += [some for some in (all_free, some_free, rest) if some.numbers]
    return given, need


def _end(pages: int, count: int, low: bool) -> int:
    """The `count` lowest or highest of more pages."""
    return lowest_n(pages, count) if low else pages ^ lowest_n(pages, pages.bit_count() - count)


def _natural(stretch: _Stretch, order: int) -> int:
    return 0 if stretch.whole else stretch.part.natural[order]


def _lower_buddies(stretch: _Stretch, order: int) -> int:
    """Where the scanner for free pages, which looks at every 32nd page at times, sees them."""
    return aligned_runs(stretch.used(), order + 1, stretch.part.width)


# -- used pages ---------------------------------------------------------------------------------------------------------


def _used_downwards(
    state: State, key: ZoneKey, stretches: list[_Stretch], areas: Sequence[int], total: dict[Kind, int]
) -> tuple[Kind, Kind]:
    """The used kinds from the high end down; between the last of them lie the small free areas.

    These are kernel pages, if there are enough: movable ones would have been compacted. Reserved pages do not count, they
    are packed since boot.
    """
    small = sum(count << order for order, count in enumerate(areas[: state.geometry.pageblock_order]))
    zone = state.zones[key]
    placed = sum(len(stretch.numbers) * stretch.part.unmanaged for stretch in stretches)
    kernel = total[ASSUMED] - max(0, zone.present - zone.managed - placed)
    return (MOVABLE, ASSUMED) if kernel >= small else (ASSUMED, MOVABLE)


def _write(state: State, placed: list[_Stretch], used: tuple[Kind, Kind], left: dict[Kind, int]) -> None:
    """Make the free pages free, and share the rest of the rooms out to the used kinds, in this order downwards; but every
    second page at the high end is on a per-CPU list, so that draining these makes no big areas."""
    waiting = deque(placed)
    while waiting:
        stretch = waiting.popleft()
        part, rest = stretch.part, stretch.used()
        masks: dict[Kind, int] = {FREE: stretch.free}
        turns: list[tuple[Kind, int]] = [
            (PCP, rest & every(2, part.width)),
            (used[0], rest),
            (used[1], rest),
            (PCP, rest),
        ]
        for kind, pool in turns:
            taken = _end(pool & rest, left[kind] - masks.get(kind, 0).bit_count(), low=False)
            masks[kind] = masks.get(kind, 0) | taken
            rest ^= taken
        shares = {kind: masks[kind].bit_count() for kind in left}
        fits = [left[kind] // share for kind, share in shares.items() if share]
        times = max(1, min([*fits, len(stretch.numbers)]))
        for kind, share in shares.items():
            left[kind] -= times * share
        done, rest_of_it = stretch.split(times, low=False)
        _put(state, part, done.numbers, part.pages(masks))
        if rest_of_it.numbers:
            waiting.appendleft(rest_of_it)


def _put(state: State, part: _Part, numbers: list[int], pages: Pages) -> None:
    if pages != part.section.pages:
        for nr in numbers:
            state.sections.load({nr: msgspec.structs.replace(state.sections[nr], pages=pages)})
