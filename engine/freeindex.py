"""Finding the lowest section with a free area of some migratetype and order, without a walk over the zone.

The index repeats nothing that the sections do not say; it is brought up to date from the journal before it is asked, and
made anew where the journal does not reach back. It lives as long as its state.
"""

from __future__ import annotations

from functools import lru_cache
from heapq import heappop, heappush
from weakref import WeakKeyDictionary

from .freeareas import Counts, section_counts
from .memmap import FREE, Migratetype, Section, ZoneKey
from .state import State
from .tables import Change

Spot = tuple[Migratetype, int]
"""A migratetype and an order: one free list."""


class FreeIndex:
    """The free lists of one zone: which of its sections have areas on them."""

    def __init__(self, key: ZoneKey) -> None:
        self._key = key
        self._known: dict[int, Section] = {}
        self._spots: dict[int, frozenset[Spot]] = {}
        self._heaps: dict[Spot, list[int]] = {}
        self._changes: list[Change] | None = None
        self._read = 0
        self._last: Change | None = None

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
        """Take in what has changed since the last time: within a command from the journal, else by comparing the sections
        of the zone's span, which are values, one by one."""
        changes = state.journal.changes
        last = changes[self._read - 1] if 0 < self._read <= len(changes) else None
        if changes is self._changes and last is self._last:  # else it is another command's, or some was taken back
            dirty = {key for table, key, _ in changes[self._read :] if table == state.sections.number}
        else:
            zone = state.zone(*self._key)
            here = {section.nr: section for section in state.sections_of(zone.start, zone.spanned)}
            dirty = {number for number, section in here.items() if self._known.get(number) is not section}
            dirty.update(number for number in self._known if number not in here)
        for number in dirty:
            self._learn(state, number)
        self._changes, self._read = changes, len(changes)
        self._last = changes[-1] if changes else None

    def _learn(self, state: State, number: int) -> None:
        section = state.sections.get(number)
        spots: frozenset[Spot] = frozenset()
        if section is None:
            self._known.pop(number, None)
        else:
            self._known[number] = section
            for key, owned in section.zones if section.of(FREE) else ():
                if key == self._key:
                    spots = _spots(section_counts(section.of(FREE) & owned, section.types, state.geometry))
        for spot in spots - self._spots.get(number, frozenset()):
            heappush(self._heaps.setdefault(spot, []), number)
        self._spots[number] = spots


@lru_cache(maxsize=4096)
def _spots(counts: Counts) -> frozenset[Spot]:
    return frozenset((migratetype, order) for migratetype, row in counts for order, n in enumerate(row) if n)


_indexes: WeakKeyDictionary[State, dict[ZoneKey, FreeIndex]] = WeakKeyDictionary()


def free_index(state: State, key: ZoneKey) -> FreeIndex:
    """The index of a zone, up to date."""
    zones = _indexes.setdefault(state, {})
    index = zones.get(key)
    if index is None:
        index = zones[key] = FreeIndex(key)
    index.update(state)
    return index
