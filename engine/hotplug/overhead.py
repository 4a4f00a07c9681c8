"""What an add takes from existing memory besides the memmap: page tables and kernel objects, how many and from where."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from ..memory.state import State
from ..memory.zone import NORMAL
from ..mm import page_alloc
from ..mm.zonelist import kernel_zonelist, node_order, working_node
from ..numbers.rounding import ceil
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import Objects, ObjectsShort
from ..protocol.vocabulary import PAGETABLE, SLAB, Chunk, Kind

BLOCK_OBJECT_PAGES: Final = 1.3
"""struct memory_block, its sysfs entries and the sections' usage maps; measured over 1 to 32 blocks on 6.1 and 6.12."""
REQUEST_OBJECT_PAGES: Final = 6
"""Objects of the request as a whole; measured."""


def page_table_pages(state: State, start: int, pages: int) -> int:
    """Page-table pages that mapping a range of pfns needs anew: direct map and vmemmap."""
    geometry, preset = state.geometry, state.preset
    entries = geometry.page_size // 8
    needed, sizes = 0, preset.direct_map
    begin, end = start * geometry.page_size, (start + pages) * geometry.page_size
    if geometry.linear_map_pages:
        needed += ceil(end - begin, geometry.page_size * entries)
    if sizes:
        leaf = next((size for size in sizes if begin % size == 0 and end % size == 0), sizes[-1])
        needed += _new_tables(state, begin, end, max(leaf, geometry.page_size * entries) * entries)
    if geometry.huge_vmemmap:
        covered = geometry.pmd_size * entries // geometry.struct_page_size * geometry.page_size
        needed += _new_tables(state, begin, end, covered)
    return needed


def object_pages(blocks: int, page_size: int = 4096) -> int:
    """Pages of kernel objects for a request of so many blocks; objects have as many bytes whatever a page has."""
    return (REQUEST_OBJECT_PAGES + int(blocks * BLOCK_OBJECT_PAGES)) * 4096 // page_size


def take_page_tables(state: State, start: int, pages: int) -> list[Chunk]:
    """Take the page tables of a range of pfns. Raises `HotplugError` ENOMEM, and then takes nothing."""
    return _take(state, PAGETABLE, page_table_pages(state, start, pages), "page tables")


def take_objects(state: State, blocks: int) -> list[Chunk]:
    """Take struct memory_block, sysfs entries and usage maps of a request of so many blocks. Raises `HotplugError` ENOMEM,
    and then takes nothing."""
    return _take(state, SLAB, object_pages(blocks, state.geometry.page_size), "kernel objects")


def _take(state: State, kind: Kind, wanted: int, what: Objects) -> list[Chunk]:
    """Order-0 pages near the node that the kernel works on: they never come from an altmap."""
    node = working_node(state)
    taken = page_alloc.allocate(state, kernel_zonelist(state, node), 0, wanted, kind, NORMAL)
    if page_alloc.pages_of(taken) < wanted:
        page_alloc.free_pages(state, taken, (kind,))
        raise HotplugError("ENOMEM", ObjectsShort(what, wanted, tuple(node_order(state, node))))
    return taken


def _new_tables(state: State, begin: int, end: int, covered: int) -> int:
    """Tables of `covered` bytes each over a range, without those that neighbours have already."""
    first, last, size = begin // covered, ceil(end, covered), state.geometry.section_size
    numbers = state.section_numbers()

    def used(low: int, high: int) -> bool:
        at = bisect_left(numbers, low // size)
        return at < len(numbers) and numbers[at] < ceil(high, size)

    shared = {first} if used(first * covered, begin) else set()
    if used(end, last * covered):
        shared.add(last - 1)
    return last - first - len(shared)
