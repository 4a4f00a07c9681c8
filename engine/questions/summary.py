"""What lies in a range of pages: how many of each kind, zone, pageblock type and order of free area.

The counts of a section follow from its value and are worked out once for all sections that are alike. Above the sections
stands a pyramid, each of its counts the sum of 64 below; it watches the sections and takes in what has changed before it is
asked. So a question costs what changed since the last one and what the range cuts in two, not what the range holds.

A count is one integer in which every kind, type and order has a field of `FIELD` bits: sums are additions of integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import Final

import msgspec

from ..memory.derived import Derived
from ..memory.section import Pages, Section, Types, type_pages
from ..memory.state import State
from ..mm.free_area import MIGRATETYPES, order_pages
from ..numbers.bits import span
from ..numbers.errors import BadInput
from ..numbers.geometry import Geometry
from ..numbers.rounding import ceil
from ..protocol.vocabulary import FREE, KINDS, MOVABLE_TYPE, Kind, Migratetype, ZoneKey

FIELD: Final = 60
"""Bits of one count; no machine has 2**60 pages."""

_MASK: Final = (1 << FIELD) - 1
_FAN: Final = 4
"""A count of the pyramid is the sum of ``2**_FAN`` below it."""
_FEW: Final = 16
"""So few sections are summed up with the orders of their free areas although no other section was asked for its own."""

_KIND_AT: Final = {kind: at * FIELD for at, kind in enumerate(KINDS)}
_OFFLINE_AT: Final = len(KINDS) * FIELD
_TYPE_AT: Final = {kind: (len(KINDS) + 1 + at) * FIELD for at, kind in enumerate(MIGRATETYPES)}
_ORDER_AT: Final = (len(KINDS) + 1 + len(MIGRATETYPES)) * FIELD
_KINDS_ALONE: Final = (1 << _OFFLINE_AT + FIELD) - 1


class Summary(msgspec.Struct, frozen=True, gc=False):
    """The pages of a range, counted. All numbers are pages; what is 0 is left out of the mappings.

    `start` (pfn) and `pages` are the range that was asked for. What is neither in `kinds` nor `offline` is missing: there
    is no section. `counts` and `shares` are the packed counts; equal ones mean equal contents.
    """

    start: int
    pages: int
    counts: int
    shares: tuple[tuple[ZoneKey, int], ...]

    def of(self, kind: Kind) -> int:
        """How many pages are of a kind, as `Section.pages` has them."""
        return self.counts >> _KIND_AT[kind] & _MASK

    @property
    def kinds(self) -> dict[Kind, int]:
        """Pages by kind: all in online sections, and in offline ones those that memmap and the like keep."""
        return {kind: count for kind, at in _KIND_AT.items() if (count := self.counts >> at & _MASK)}

    @property
    def offline(self) -> int:
        """Pages in offline sections that are used for nothing."""
        return self.counts >> _OFFLINE_AT & _MASK

    @property
    def missing(self) -> int:
        """Pages of the range for which there is no section."""
        return self.pages - self.uses % _MASK  # 2**FIELD is 1 modulo _MASK, so this is the sum of the fields

    @property
    def zones(self) -> dict[ZoneKey, int]:
        """Pages in online sections by zone."""
        return dict(self.shares)

    @property
    def types(self) -> dict[Migratetype, int]:
        """Pages in online sections by the migratetype of their pageblock."""
        return {kind: count for kind, at in _TYPE_AT.items() if (count := self.counts >> at & _MASK)}

    @property
    def orders(self) -> dict[int, int]:
        """Free pages by the order of the free area that they lie in. If the range begins and ends where areas of order ``k``
        do, there are ``orders[k] >> k`` of them."""
        rest, found, order = self.counts >> _ORDER_AT, {}, 0
        while rest:
            if count := rest & _MASK:
                found[order] = count
            rest, order = rest >> FIELD, order + 1
        return found

    @property
    def uses(self) -> int:
        """The kinds and offline pages alone, packed: what a picture of their use can be cached by."""
        return self.counts & _KINDS_ALONE

    def __repr__(self) -> str:
        parts = [f"{kind} {count}" for kind, count in self.kinds.items()]
        parts += [f"{word} {n}" for word, n in (("offline section", self.offline), ("missing", self.missing)) if n]
        return f"<Summary pfn {self.start:#x}+{self.pages}: {', '.join(parts) or 'nothing'}>"


Shares = tuple[tuple[ZoneKey, int], ...]
"""Pages by zone, as a number or as a set."""

Count = tuple[int, Shares]
"""Packed counts, and pages by zone."""

_NOTHING: Final[Count] = (0, ())


class Pyramid:
    """The counts of all sections of a state, and their sums, with the orders of free areas or without. It lives as long as the
    state."""

    def __init__(self, state: State, orders: bool) -> None:
        self._geometry, self._orders = state.geometry, orders
        self._levels: list[dict[int, Count]] = [{}]
        self._end = 0
        self._changed = state.sections.watch()
        self._changed.update(state.sections)

    def update(self, state: State) -> None:
        """Take in what has changed since the last time."""
        if not self._changed:
            return
        leaves, numbers = self._levels[0], set(self._changed)
        self._changed.clear()
        known: dict[tuple[int, int, int, bool], Count] = {}  # many sections share the very same values
        for number in tuple(numbers):
            section = state.sections.get(number)
            before = leaves.get(number)
            if section is None:
                leaves.pop(number, None)
            else:
                alike = (id(section.pages), id(section.types), id(section.zones), section.online)
                if alike not in known:
                    known[alike] = section_count(section, self._geometry, self._orders)
                leaves[number] = known[alike]
            if leaves.get(number) == before:
                numbers.discard(number)  # as what was tried and taken back
        if not numbers:
            return
        last = max(numbers) + 1
        self._end = max(self._end, last) if last - 1 in leaves or last < self._end else max(leaves, default=-1) + 1
        self._sum_up(numbers)

    def _sum_up(self, numbers: set[int]) -> None:
        level = 0
        while len(self._levels) > level + 1 or self._end - 1 >> _FAN * (level + 1) > 0:
            below = self._levels[level]
            if len(self._levels) == level + 1:
                self._levels.append({})
                numbers = set(below)
            numbers = {number >> _FAN for number in numbers}
            above, level = self._levels[level + 1], level + 1
            for number in numbers:
                first = number << _FAN
                found = [count for one in range(first, first + (1 << _FAN)) if (count := below.get(one))]
                if found:
                    above[number] = _added(found)
                else:
                    above.pop(number, None)

    def counted(self, first: int, last: int) -> Iterator[Count]:
        """Counts whose sum is that of the sections from `first` on, before `last`."""
        inside = (1 << _FAN) - 1
        last = min(last, self._end)
        for level, counts in enumerate(self._levels):
            top = level + 1 == len(self._levels)
            while first < last and (first & inside or top):
                yield counts.get(first, _NOTHING)
                first += 1
            while first < last and last & inside:
                last -= 1
                yield counts.get(last, _NOTHING)
            first, last = first >> _FAN, last >> _FAN

    def in_cells(self, first: int, last: int, cell: int) -> Iterator[Count]:
        """The counts of every `cell` sections (a power of two) from `first` on, before `last`, which are aligned to it."""
        bits = cell.bit_length() - 1
        level = min(bits // _FAN, len(self._levels) - 1)
        counts, each = self._levels[level], 1 << bits - level * _FAN
        end = (self._end - 1 >> level * _FAN) + 1
        for number in range(first >> level * _FAN, last >> level * _FAN, each):
            found = [count for one in range(number, min(number + each, end)) if (count := counts.get(one))]
            yield found[0] if len(found) == 1 else _added(found)


def _added(counts: Sequence[Count]) -> Count:
    if counts and counts.count(counts[0]) == len(counts):  # as most are on a large machine
        packed, shares = counts[0]
        return packed * len(counts), tuple((key, pages * len(counts)) for key, pages in shares)
    total = 0
    zones: dict[ZoneKey, int] = {}
    for packed, shares in counts:
        total += packed
        for key, pages in shares:
            zones[key] = zones.get(key, 0) + pages
    return total, tuple(zones.items())


# -- one section --------------------------------------------------------------------------------------------------------


def section_count(section: Section, geometry: Geometry, orders: bool) -> Count:
    """The counts of a whole section."""
    packed, width = _whole(*_value(section, geometry), orders), geometry.pages_per_section
    if len(section.zones) == 1 and section.zones[0][1] == span(0, width):
        return packed, ((section.zones[0][0], width),)
    return packed, tuple((key, owned.bit_count()) for key, owned in section.zones)


_Sizes = tuple[int, int, int]


def _value(section: Section, geometry: Geometry) -> tuple[Pages, Types, bool, _Sizes]:
    """All that the counts of a section follow from."""
    sizes = (geometry.pages_per_section, geometry.pageblock_order, geometry.max_order)
    return section.pages, section.types, section.online, sizes


@lru_cache(maxsize=4096)
def _sets(pages: Pages, types: Types, online: bool, sizes: _Sizes, orders: bool) -> tuple[tuple[int, int], ...]:
    """The sets of pages of a section that are counted, each with the place of its field."""
    width, pageblock_order, max_order = sizes
    everything, known = span(0, width), 0
    found = []
    for kind, have in pages.items():
        found.append((_KIND_AT[kind], have))
        known |= have
    if not online:
        return (*found, (_OFFLINE_AT, everything & ~known))
    other: int = everything
    for migratetype, blocks in types.items():
        have = type_pages(blocks, pageblock_order)
        found.append((_TYPE_AT[migratetype], have))
        other &= ~have
    found.append((_TYPE_AT[MOVABLE_TYPE], other))
    if orders:
        areas = order_pages(pages.get(FREE, 0), types, max_order, pageblock_order, width)
        found += ((_ORDER_AT + order * FIELD, have) for order, have in enumerate(areas))
    return tuple((at, have) for at, have in found if have)


@lru_cache(maxsize=4096)
def _whole(pages: Pages, types: Types, online: bool, sizes: _Sizes, orders: bool) -> int:
    return sum(have.bit_count() << at for at, have in _sets(pages, types, online, sizes, orders))


@lru_cache(maxsize=2048)
def _in_cells(pages: Pages, types: Types, online: bool, sizes: _Sizes, cell: int, orders: bool) -> tuple[int, ...]:
    """The counts of every `cell` pages of a section."""
    width = sizes[0]
    counts = [0] * (width // cell)
    for at, have in _sets(pages, types, online, sizes, orders):
        for number, pages_of_it in _each(have, width, cell):
            counts[number] += pages_of_it << at
    return tuple(counts)


def _each(pages: int, width: int, cell: int) -> list[tuple[int, int]]:
    """Every cell with pages of the set, and how many it has: the set is cut in halves, and empty ones are left out."""
    if pages == span(0, width):
        return [(number, cell) for number in range(width // cell)]
    pieces = [(0, pages)] if pages else []
    while width > cell:
        width //= 2
        low = span(0, width)
        pieces = [
            half for at, rest in pieces for half in ((2 * at, rest & low), (2 * at + 1, rest >> width)) if half[1]
        ]
    return [(number, part.bit_count()) for number, part in pieces]


def free_orders(section: Section, geometry: Geometry) -> list[tuple[int, int]]:
    """The pages of a section that lie in free areas, as a set for each order."""
    sets = _sets(*_value(section, geometry), True)
    return [((at - _ORDER_AT) // FIELD, have) for at, have in sets if at >= _ORDER_AT]


def _part(section: Section, geometry: Geometry, first: int, pages: int, orders: bool) -> Count:
    """The counts of some pages of a section, from its page `first` on."""
    mask = span(first, pages)
    sets = _sets(*_value(section, geometry), orders)
    packed = sum((have & mask).bit_count() << at for at, have in sets)
    return packed, tuple((key, n) for key, owned in section.zones if (n := (owned & mask).bit_count()))


# -- ranges -------------------------------------------------------------------------------------------------------------

_pyramids = Derived(partial(Pyramid, orders=False))
_with_orders = Derived(partial(Pyramid, orders=True))


def _pyramid(state: State, orders: bool) -> Pyramid:
    pyramid = (_with_orders if orders else _pyramids).of(state)
    pyramid.update(state)
    return pyramid


def summary(state: State, start: int, pages: int, orders: bool = True) -> Summary:
    """What lies in `pages` pages from pfn `start` on, with the orders of free areas or without. Raises `BadInput` for a range
    that no machine can have."""
    checked_range(start, pages)
    return _summed(state, start, pages, orders)


def checked_range(start: int, pages: int) -> None:
    """Raises `BadInput` for a range that no machine can have."""
    if not (start >= 0 and pages > 0 and start + pages <= 1 << 52):
        raise BadInput(
            f"a range has a first pfn and at least one page, all below pfn 2^52, not pfn {start} and {pages} pages"
        )


def summaries(state: State, start: int, pages: int, cell: int, orders: bool = True) -> list[Summary]:
    """`summary` of every `cell` pages of a range. `cell` is a power of two, and range and cells are aligned to it; raises
    `BadInput` where they are not."""
    if cell < 1 or cell & cell - 1 or start % cell or pages % cell:
        raise BadInput(
            f"cells of {cell} pages need a power of two, and a range that is aligned to it: pfn {start}, {pages} pages"
        )
    if not pages:
        return []
    size = state.geometry.pages_per_section
    if cell >= size:
        counted = _pyramid(state, orders).in_cells(start // size, (start + pages) // size, cell // size)
        firsts = range(start, start + pages, cell)
        return [
            Summary(at, cell, packed, tuple(sorted(shares)))
            for at, (packed, shares) in zip(firsts, counted, strict=True)
        ]
    found: list[Summary] = []
    for nr in range(start // size, ceil(start + pages, size)):
        base = nr * size
        first, last = max(start - base, 0) // cell, min(start + pages - base, size) // cell
        found += _of_section(state.sections.get(nr), state.geometry, base, cell, first, last, orders)
    return found


def _of_section(
    section: Section | None, geometry: Geometry, base: int, cell: int, first: int, last: int, orders: bool
) -> Iterator[Summary]:
    """The cells of a section, from `first` on, before `last`."""
    if section is None:
        yield from (Summary(base + at * cell, cell, 0, ()) for at in range(first, last))
        return
    counts = _in_cells(*_value(section, geometry), cell, orders)
    shares = _zones_of_cells(section.zones, geometry.pages_per_section, cell)
    for at in range(first, last):
        yield Summary(base + at * cell, cell, counts[at], shares[at])


@lru_cache(maxsize=512)
def _zones_of_cells(zones: Shares, width: int, cell: int) -> tuple[Shares, ...]:
    """The pages of each zone in every `cell` pages of a section."""
    if len(zones) == 1 and zones[0][1] == span(0, width):
        return (((zones[0][0], cell),),) * (width // cell)
    found: list[list[tuple[ZoneKey, int]]] = [[] for _ in range(width // cell)]
    for key, owned in zones:
        for number, pages in _each(owned, width, cell):
            found[number].append((key, pages))
    return tuple(map(tuple, found))


def _summed(state: State, start: int, pages: int, orders: bool) -> Summary:
    size, end = state.geometry.pages_per_section, start + pages
    first, last = ceil(start, size), end // size
    parts = [(start, min(first * size, end))] if start % size else []
    if end % size and last * size >= start:
        parts.append((last * size, end))
    if orders and last - first <= _FEW:
        sections = filter(None, map(state.sections.get, range(first, last)))
        counts = [section_count(section, state.geometry, orders) for section in sections]
    else:
        counts = list(_pyramid(state, orders).counted(first, last)) if first < last else []
    for low, high in parts:
        section = state.sections.get(low // size)
        if section is not None and low < high:
            counts.append(_part(section, state.geometry, low % size, high - low, orders))
    packed, shares = _added(counts)
    return Summary(start, pages, packed, tuple(sorted(shares)))
