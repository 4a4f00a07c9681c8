"""/proc/iomem: which physical ranges are in use (register_memory_resource, release_mem_region_adjustable)."""

from __future__ import annotations

from ..memory.state import Resource, State
from ..numbers.rounding import ceil
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import RangeTaken


def reserve(state: State, start: int, size: int, name: str) -> None:
    """Enter a range; raises `HotplugError` EEXIST where a busy resource is in the way."""
    end = start + size
    for other in state.resources.values():
        if other.start < end and start < other.end and not other.window:
            in_the_way = RangeTaken(start, end, other.name, other.start, other.end)
            raise HotplugError("EEXIST", in_the_way, start // state.geometry.page_size)
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
    size = state.geometry.page_size
    end, covered = start + pages, 0
    for resource in state.resources.values():
        if resource.ram:
            low, high = ceil(resource.start, size), resource.end // size
            covered += max(0, min(end, high) - max(start, low))
    return covered
