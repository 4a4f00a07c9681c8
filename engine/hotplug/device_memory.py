"""Memory of devices, which has struct pages and no blocks: devm_memremap_pages (mm/memremap.c).

Since 5.3 its ranges are made of sub-sections of 2 MiB. What does not fill a section is mapped by base pages of the kernel, and
the section shares what is there already: the memmap of the boot, or that of other devices. Where a vmemmap is mapped by windows
(POWER) whole sections are asked for here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

import msgspec

from ..memory.block import Request
from ..memory.section import Memmap, Pages, Section, put
from ..memory.state import State
from ..memory.zone import NORMAL
from ..mm import page_alloc, sparse_vmemmap, windows
from ..mm.vmem_altmap import VmemAltmap
from ..mm.zonelist import kernel_zonelist, node_order
from ..numbers.bits import PageSet, span
from ..numbers.rounding import ceil
from ..numbers.runs import split
from ..numbers.units import MIB
from ..protocol.events import Event, Logged, MemmapPlaced, MemmapReleased, PlacementChosen
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import MemmapShort, SectionPresent, Unaligned
from ..protocol.reasons.placement import DriverBringsAltmap, NoAltmap, NoWholeSection
from ..protocol.vocabulary import ABSENT, MEMMAP, PAGETABLE, VMEMMAP, Placement
from .possible_node import refuse_impossible_node
from .request import AddRequest
from .sections import add_sections

Steps = Iterator[Event]
_SUBSECTION: Final = 2 * MIB
_NOWHERE: Final = Memmap("kernel")


def device_unit(state: State) -> int:
    """Bytes of which ranges of device memory are made: sub-sections, or before 5.3 and without a vmemmap mapped by itself
    sections."""
    vmemmap = state.preset.rfc_altmap != "no vmemmap" and not windows.window_pages(state)
    return _SUBSECTION if state.model.subsections and vmemmap else state.geometry.section_size


def check_device_range(state: State, request: AddRequest) -> Steps:
    """check_pfn_span: ranges are made of sub-sections, or before 5.3 of sections. Raises `HotplugError` EINVAL."""
    geometry, start, size, unit = state.geometry, request.start, request.size, device_unit(state)
    if not size or start % unit or size % unit:
        first, last = start // geometry.page_size, (start + size) // geometry.page_size - 1
        if size and state.model.subsections:
            yield Logged(f"Misaligned __add_pages start: {first:#x} end: {last:#x}")
        raise HotplugError("EINVAL", Unaligned(unit, start, size))


def add_device_memory(state: State, request: AddRequest) -> Steps:
    """Sections without blocks, in no zone that the buddy knows (ZONE_DEVICE). Raises `HotplugError`."""
    geometry = state.geometry
    start, pages = request.start // geometry.page_size, request.size // geometry.page_size
    yield from refuse_impossible_node(state, request)
    parts, first, sections = _split(state, start, pages)
    pool: sparse_vmemmap.Pool
    passed: VmemAltmap | None = None
    if request.caller == "pmem" and request.placement != "boot":
        need = sections * geometry.memmap_pages_per_section + request.align
        passed = VmemAltmap(start, need if request.free is None else request.free, request.reserve, request.align)
        passed.check(start, pages)
        pool = sparse_vmemmap.AltmapPool(passed)
        if sections:
            yield PlacementChosen("range", DriverBringsAltmap())
        else:
            yield PlacementChosen("boot", NoWholeSection())
    else:
        pool = sparse_vmemmap.BootMemory(state, request.node)
        yield PlacementChosen("boot", NoAltmap(request.caller))
    added: list[int] = []
    try:
        for part in parts:
            yield from _add_part(state, request.node, *part)
        yield from add_sections(state, request.node, first, sections, pool, None, added)
    finally:
        if passed is not None:
            _mark_memmap(state, start, pages, added)
    placement: Placement = "range" if passed is not None and sections else "boot"
    state.requests.put(start, Request(start, pages, request.node, request.caller, placement))


def _mark_memmap(state: State, start: int, pages: int, added: list[int]) -> None:
    """The memmap of new sections that lies in their own range. A unit that is shared with a neighbour was mapped before, and its
    host may come after what failed."""
    section_of = state.geometry.section_of
    for pfn, count in chain.from_iterable((state.sections[nr].memmap or _NOWHERE).chunks for nr in added):
        hosts = range(section_of(pfn), section_of(pfn + count - 1) + 1)
        if start <= pfn < start + pages and all(host in state.sections for host in hosts):
            state.change_pages(pfn, count, MEMMAP)


def remove_parts(state: State, start: int, pages: int) -> Steps:
    """The sub-sections of a range that fill no section go: the last ones of a section take it along, where the boot did not make
    it."""
    geometry = state.geometry
    for nr, at, count in _split(state, start, pages)[0]:
        section = state.sections.get(nr)
        if section is None:
            continue
        if section.early:
            state.sections.put(nr, msgspec.structs.replace(section, pages=put(section.pages, span(at, count), ABSENT)))
            continue
        left = put(section.pages, span(at, count), ABSENT)
        if left[ABSENT].bit_count() == geometry.pages_per_section:
            freed = sparse_vmemmap.release(state, section)
            state.sections.drop(nr)
        else:
            freed = _give_back(state, section, left, geometry.memmap_pages(count))
        yield MemmapReleased(nr, "kernel", freed)


def _split(state: State, start: int, pages: int) -> tuple[list[tuple[int, int, int]], int, int]:
    """What of a range fills no section, each as section, first page in it and number of pages; and the sections between, as the
    first and how many."""
    size, end = state.geometry.pages_per_section, start + pages
    first, behind = ceil(start, size), end // size
    if first > behind:  # inside one section
        return [(behind, start % size, pages)], first, 0
    parts = [(first - 1, start % size, first * size - start)] if start % size else []
    parts += [(behind, 0, end % size)] if end % size else []
    return parts, first, behind - first


def _add_part(state: State, node: int, nr: int, at: int, count: int) -> Steps:
    """section_activate for less than a section. Raises `HotplugError` EEXIST, ENOMEM."""
    geometry, section, mask = state.geometry, state.sections.get(nr), span(at, count)
    if section is not None and mask & ~section.of(ABSENT):
        raise HotplugError("EEXIST", SectionPresent(nr), nr * geometry.pages_per_section + at)
    if section is not None and section.early:
        return  # its memmap has been there for all of it since the boot
    zones, need = kernel_zonelist(state, node), geometry.memmap_pages(count)
    chunks = page_alloc.allocate(state, zones, 0, need, VMEMMAP, NORMAL)
    tables = page_alloc.allocate(state, zones, 0, 1, PAGETABLE, NORMAL) if section is None else []
    if sum(length for _, length in chunks) < need or (section is None and not tables):
        page_alloc.free_pages(state, chunks + tables, (VMEMMAP, PAGETABLE))
        raise HotplugError("ENOMEM", MemmapShort(nr, need, tuple(node_order(state, node))))
    if section is None:
        absent = PageSet(span(0, geometry.pages_per_section) & ~mask)
        state.sections.put(
            nr,
            Section(
                nr,
                node,
                memmap=Memmap("kernel", chunks[0][0], tuple(chunks), tuple(tables)),
                pages=Pages({ABSENT: absent}),
            ),
        )
    else:
        memmap = section.memmap or _NOWHERE
        memmap = msgspec.structs.replace(memmap, chunks=(*memmap.chunks, *chunks))
        rest = Pages({kind: PageSet(kept) for kind, had in section.pages.items() if (kept := had & ~mask)})
        state.sections.put(nr, msgspec.structs.replace(section, memmap=memmap, pages=rest))
    yield MemmapPlaced(nr, "kernel", tuple(chunks), state.zone_of(chunks[0][0])[0])


def _give_back(state: State, section: Section, left: Pages, count: int) -> int:
    """So many pages of the memmap of a section that stays go, the last that were taken."""
    memmap = section.memmap or _NOWHERE
    kept, gone = split(memmap.chunks, max(0, memmap.pages - count))
    state.sections.put(
        section.nr,
        msgspec.structs.replace(section, pages=left, memmap=msgspec.structs.replace(memmap, chunks=tuple(kept))),
    )
    return page_alloc.free_pages(state, gone, (VMEMMAP,))
