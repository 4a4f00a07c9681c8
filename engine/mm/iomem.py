"""/proc/iomem: which physical ranges are in use (register_memory_resource, release_mem_region_adjustable)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from ..memory.derived import Derived
from ..memory.state import Resource, State
from ..numbers.rounding import ceil
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import RangeTaken


class _Busy:
    """What is busy, by start, so that what is in the way of a range is found without a walk over all. It repeats nothing that
    the table does not say, and takes in what has changed there before it is asked."""

    def __init__(self, state: State) -> None:
        self._changed = state.resources.watch()
        self._changed.update(state.resources)
        self._starts: list[int] = []
        self._reach: list[int] = []  # the highest end of all up to there

    def lowest(self, state: State, start: int, end: int) -> Resource | None:
        """The lowest range that is in the way."""
        for key in sorted(self._changed):
            self._learn(state, key)
        self._changed.clear()
        at = bisect_right(self._reach, start)
        while at < len(self._starts) and self._starts[at] < end:
            if (found := state.resources[self._starts[at]]).end > start:
                return found
            at += 1
        return None

    def _learn(self, state: State, key: int) -> None:
        found = state.resources.get(key)
        at = bisect_left(self._starts, key)
        there = at < len(self._starts) and self._starts[at] == key
        if found is None or found.window:
            if not there:
                return
            del self._starts[at], self._reach[at]
        elif not there:
            self._starts.insert(at, key)
            self._reach.insert(at, -1)
        behind = self._reach[at - 1] if at else 0
        for place in range(at, len(self._starts)):
            behind = max(
                behind, state.resources[self._starts[place]].end if self._starts[place] in state.resources else 0
            )
            if self._reach[place] == behind:
                break
            self._reach[place] = behind


_busy = Derived(_Busy)


def in_the_way(state: State, start: int, end: int) -> Resource | None:
    """The lowest busy range that meets the addresses from `start` to below `end`."""
    return _busy.of(state).lowest(state, start, end)


def in_untold_hole(state: State, start: int) -> bool:
    """Does an address lie below the end of what firmware leaves to devices, and does no file tell what is there?"""
    devices = state.preset.devices
    return state.globals.value.holes_untold and devices is not None and start < devices[1]


def reserve(state: State, start: int, size: int, name: str) -> None:
    """Enter a range; raises `HotplugError` EEXIST where a busy resource is in the way."""
    end = start + size
    if (other := in_the_way(state, start, end)) is not None:
        taken = RangeTaken(start, end, other.name, other.start, other.end)
        raise HotplugError("EEXIST", taken, start // state.geometry.page_size)
    window = state.resources.get(start)
    if window is not None:  # it begins where the new range does, and stays around it
        state.resources.drop(start)
        state.resources.put(~start, window)
    state.resources.put(start, Resource(start, end, name))


def release(state: State, start: int, size: int) -> None:
    """Take a range out of the resource that holds it, which is trimmed or split where it is larger."""
    end = start + size
    for other in list(state.resources.values()):
        if other.window or other.end <= start or other.start >= end:
            continue
        state.resources.drop(other.start)
        if other.start < start:
            state.resources.put(other.start, Resource(other.start, start, other.name))
        if other.end > end:
            state.resources.put(end, Resource(end, other.end, other.name))


def ram_pages(state: State, start: int, pages: int) -> int:
    """Pages of a pfn range that are System RAM (walk_system_ram_range)."""
    size, ranges, covered = state.geometry.page_size, state.resources, 0
    first, behind = start * size, (start + pages) * size
    keys = ranges.ascending()
    for at in range(bisect_left(keys, behind) - 1, -1, -1):
        resource = ranges[keys[at]]
        if resource.ram:
            if resource.start <= first and resource.end >= behind:
                return pages
            if resource.end < first + size:
                break
            low, high = ceil(max(first, resource.start), size), min(behind, resource.end) // size
            covered += max(0, high - low)
            if covered == pages:
                break
    return covered
