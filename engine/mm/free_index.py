"""Finding the lowest section with a free area of some migratetype and order, without a walk over the zone.

The index repeats nothing that the sections do not say; it watches them, and takes in what has changed before it is asked.
It lives as long as its state.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from heapq import heappop, heappush

from ..memory.derived import Derived
from ..memory.section import Section
from ..memory.state import State
from ..numbers.bits import runs
from ..numbers.geometry import Geometry
from ..protocol.vocabulary import FREE, MOVABLE_TYPE, Migratetype, ZoneKey
from .free_area import Counts, section_counts

Spot = tuple[Migratetype, int]
"""A migratetype and an order: one free list."""


class FreeIndex:
    """The free lists of one zone: which of its sections have areas on them."""

    def __init__(self, state: State, key: ZoneKey) -> None:
        self._key = key
        self._spots: dict[int, frozenset[Spot]] = {}
        self._heaps: dict[Spot, list[int]] = {}
        self._changed = state.sections.watch()
        self._changed.update(section.nr for section, _ in state.zone_sections(key))

    def copied(self, state: State) -> FreeIndex:
        """The same for a clone of the state."""
        other = FreeIndex.__new__(FreeIndex)
        other._key = self._key
        other._spots = self._spots.copy()
        other._heaps = {spot: heap.copy() for spot, heap in self._heaps.items()}
        other._changed = state.sections.watch()
        other._changed |= self._changed
        return other

    def lowest(self, migratetype: Migratetype, order: int) -> int | None:
        """The lowest section that has a free area of the migratetype and exactly the order."""
        spot = (migratetype, order)
        heap = self._heaps.get(spot)
        while heap:
            if spot in self._spots[heap[0]]:
                return heap[0]
            heappop(heap)
        return None

    def update(self, state: State) -> None:
        """Take in what has changed since the last time."""
        for number in self._changed:
            section = state.sections.get(number)
            if number in self._spots or (section is not None and FREE in section.pages):
                self._learn(number, section, state.geometry)
        self._changed.clear()

    def took(self, section: Section, spot: Spot, more: bool, rest: int, geometry: Geometry) -> None:
        """Pages were taken from whole areas of a section that were on the list `spot`; it has `more` there, or no longer. What is
        left of those areas, `rest`, falls apart into smaller ones, and nothing else of the section has changed."""
        spots = self._spots[section.nr]
        if not more:
            spots -= {spot}
        if rest:
            spots |= {(_type_at(section, start, geometry), order) for start, order in _pieces(rest)}
        self._enter(section.nr, spots)
        self._changed.discard(section.nr)

    def _learn(self, number: int, section: Section | None, geometry: Geometry) -> None:
        spots: frozenset[Spot] = frozenset()
        if section is not None and (free := section.of(FREE)):
            for key, owned in section.zones:
                if key == self._key:
                    spots = _spots(section_counts(free & owned, section.types, geometry))
        self._enter(number, spots)

    def _enter(self, number: int, spots: frozenset[Spot]) -> None:
        for spot in spots - self._spots.get(number, frozenset()):
            heappush(self._heaps.setdefault(spot, []), number)
        self._spots[number] = spots


def _pieces(pages: int) -> Iterator[tuple[int, int]]:
    """First page and order of each area that the rest of bigger ones makes: as big as where it begins allows."""
    for start, length in runs(pages):
        end = start + length
        while start < end:
            order = min((start & -start).bit_length() - 1 if start else 64, (end - start).bit_length() - 1)
            yield start, order
            start += 1 << order


def _type_at(section: Section, page: int, geometry: Geometry) -> Migratetype:
    block = page >> geometry.pageblock_order
    return next((name for name, blocks in section.types.items() if blocks >> block & 1), MOVABLE_TYPE)


@lru_cache(maxsize=4096)
def _spots(counts: Counts) -> frozenset[Spot]:
    return frozenset((migratetype, order) for migratetype, row in counts for order, n in enumerate(row) if n)


def _no_zones(state: State) -> dict[ZoneKey, FreeIndex]:
    return {}


def _copied(zones: dict[ZoneKey, FreeIndex], state: State) -> dict[ZoneKey, FreeIndex]:
    return {key: index.copied(state) for key, index in zones.items()}


_indexes = Derived(_no_zones, _copied)


def free_index(state: State, key: ZoneKey) -> FreeIndex:
    """The index of a zone, up to date."""
    zones = _indexes.of(state)
    index = zones.get(key)
    if index is None:
        index = zones[key] = FreeIndex(state, key)
    index.update(state)
    return index
