"""Sections of memory become present, each with a memmap (__add_pages, mm/memory_hotplug.c; sparse_add_section, mm/sparse.c)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

import msgspec

from ..memory.section import Memmap, Section
from ..memory.state import State
from ..mm import sparse_vmemmap
from ..mm.vmem_altmap import VmemAltmap
from ..protocol.events import Event, Logged, MemmapMarked, MemmapPlaced
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import SectionPresent
from ..protocol.vocabulary import MEMMAP

Steps = Iterator[Event]
_GFP: Final = "mode:0x4cc0(GFP_KERNEL|__GFP_RETRY_MAYFAIL)"


def add_sections(
    state: State,
    node: int,
    first: int,
    count: int,
    pool: sparse_vmemmap.Pool,
    flushed: VmemAltmap | None,
    added: list[int],
) -> Steps:
    """__add_pages: one section after the other, each with its memmap from `pool`; on failure those before stay, and `added`
    names them. Of the altmap `flushed`, in RFC v2, what a section took becomes head pages at once."""
    unit_bytes = state.geometry.vmemmap_unit_pages * state.geometry.page_size
    pool.expect(count * state.geometry.memmap_bytes_per_section // unit_bytes)
    try:
        for nr in range(first, first + count):
            if nr in state.sections:
                if state.model.tolerates_existing:
                    continue
                raise HotplugError("EEXIST", SectionPresent(nr), nr * state.geometry.pages_per_section)
            memmap, fell_back = yield from _populated(state, nr, pool)
            section = Section(nr, node, memmap=_own(memmap, first * state.geometry.pages_per_section))
            state.sections.put(nr, section)
            added.append(nr)
            if flushed is not None:
                yield from _flush(state, flushed)
            yield MemmapPlaced(nr, memmap.on, memmap.chunks, _node_of(state, memmap, node), fell_back)
    finally:
        pool.close(state)


def _populated(state: State, nr: int, pool: sparse_vmemmap.Pool) -> Generator[Event, None, tuple[Memmap, bool]]:
    """The memmap of a section, see `populate`; where no free pages in a row were left for it, the kernel says so."""
    try:
        return sparse_vmemmap.populate(state, nr, pool)
    finally:
        if pool.fell_short:
            yield from _warned(state)


def _warned(state: State) -> Steps:
    """vmemmap_alloc_block tells once, mm/sparse-vmemmap.c."""
    if not state.globals.value.vmemmap_warned:
        state.globals.change(vmemmap_warned=True)
        order = (state.geometry.vmemmap_unit_pages - 1).bit_length()
        yield Logged(f"vmemmap alloc failure: order:{order}, {_GFP}, nodemask=(null)")


def _own(memmap: Memmap, start: int) -> Memmap:
    """A host section's memmap that lies in its own request, which begins at pfn `start`, is its own."""
    if memmap.on == "section" and memmap.pfn is not None and memmap.pfn >= start:
        return msgspec.structs.replace(memmap, on="self")
    return memmap


def _flush(state: State, altmap: VmemAltmap) -> Steps:
    """RFC v2's mark_vmemmap_pages: what was handed out since the last section is a head page from now on."""
    pfn, pages = altmap.flush()
    if pages:
        state.change_pages(pfn, pages, MEMMAP)
        yield MemmapMarked(pfn, pages)


def _node_of(state: State, memmap: Memmap, node: int) -> int:
    if memmap.on == "self" or memmap.pfn is None:
        return node
    section = state.sections.get(memmap.pfn // state.geometry.pages_per_section)
    return section.node if section is not None else node
