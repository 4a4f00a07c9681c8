"""The hugetlb vmemmap optimization: of the struct pages of a huge page only the first is needed, so the pages of memmap
that hold the others are given back while it is in the pool (mm/hugetlb_vmemmap.c).

Memmap that blocks host themselves is left alone. Memmap of the boot was never managed: what is given back of it is managed
from then on.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ...memory.section import Section
from ...memory.state import State
from ...memory.zone import KERNEL_ZONES, NORMAL
from ...numbers.bits import lowest_n
from ...protocol.reasons import HotplugError
from ...protocol.reasons.taking import MemmapOfHugePage
from ...protocol.vocabulary import ASSUMED, FREE, KERNEL, RESERVED, VMEMMAP, Chunk, Kind, ZoneKey
from .. import page_alloc
from ..zonelist import kernel_zonelist

_ON: Final = ("on", "1", "y", "Y")
_UNPLACED: Final[tuple[Kind, ...]] = (ASSUMED, RESERVED, KERNEL)


def enabled(state: State) -> bool:
    """Was the kernel told to give the memmap of huge pages back? (hugetlb_free_vmemmap)"""
    on = state.boot.hugetlb_free_vmemmap in _ON
    return on and state.model.hvo and state.preset.geometry.arch == "x86_64"


def optimize(state: State, pfn: int, pages: int) -> None:
    """A huge page joins the pool: all pages of its memmap but one are free. Nothing happens where the kernel was not told
    to, and where the memmap lies in the memory that it describes."""
    section = state.sections[pfn // state.geometry.pages_per_section]
    if not enabled(state) or state.optimized.get(pfn):
        return
    if section.memmap is None or section.memmap.on != "kernel":
        return
    copied = state.model.hvo_copies_first
    copy = page_alloc.allocate(state, kernel_zonelist(state, section.node), 0, 1, VMEMMAP, NORMAL) if copied else []
    if (copied and not copy) or not _has_tail(state, pfn, pages):
        return
    count = state.geometry.memmap_pages(pages) - (not copied)
    if section.memmap.chunks:
        _give_back(state, section, pfn, count, copy)
    else:
        _uncover(state, section, count, fresh=pfn not in state.optimized)
    state.optimized.put(pfn, True)


def _has_tail(state: State, pfn: int, pages: int) -> bool:
    """Is there the page that stands for all memmap that huge pages of this size and zone have given back? It is taken for the
    first of them and kept (vmemmap_get_tail, since 7.1)."""
    key = (state.zone_of(pfn), pages)
    if not state.model.hvo_shared_tails or key in state.tails:
        return True
    taken = page_alloc.allocate(state, kernel_zonelist(state, key[0][0]), 0, 1, KERNEL, NORMAL)
    if taken:
        state.tails.put(key, taken[0][0])
    return bool(taken)


def restore(state: State, pfn: int, pages: int) -> None:
    """A huge page leaves the pool, and its struct pages are needed again. Raises `HotplugError` ENOMEM where there is no
    memory for them."""
    if not state.optimized.get(pfn):
        return
    section = state.sections[pfn // state.geometry.pages_per_section]
    count = state.geometry.memmap_pages(pages) - 1
    zones = [key for key in kernel_zonelist(state, section.node) if key[0] == section.node or state.model.hvo_any_node]
    taken = page_alloc.allocate(state, zones, 0, count, VMEMMAP, NORMAL)
    if sum(length for _, length in taken) < count:
        page_alloc.free_pages(state, taken, (VMEMMAP,))
        raise HotplugError("ENOMEM", MemmapOfHugePage(pfn, count), pfn)
    state.optimized.put(pfn, False)
    if section.memmap is not None and section.memmap.chunks:
        _replace_chunks(state, section.nr, (*section.memmap.chunks, *taken))


def _give_back(state: State, section: Section, pfn: int, count: int, copy: list[Chunk]) -> None:
    """The place is known: the pages behind the first, or all, and then `copy` is the first. What was taken again since
    lies anywhere, at the end of the chunks."""
    geometry, memmap = state.geometry, section.memmap
    assert memmap is not None
    start = (memmap.pfn or 0) + geometry.memmap_pages(pfn % geometry.pages_per_section) + (not copy)
    kept: list[Chunk] = []
    gone: list[Chunk] = []
    for first, length in memmap.chunks:
        low, high = max(first, start), min(first + length, start + count)
        if low >= high:
            kept.append((first, length))
            continue
        gone.append((low, high - low))
        kept += [piece for piece in ((first, low - first), (high, first + length - high)) if piece[1]]
    missing = count - sum(length for _, length in gone)
    while missing > 0 and kept:
        first, length = kept.pop()
        gone.append((first + max(0, length - missing), min(length, missing)))
        kept += [(first, length - missing)] if length > missing else []
        missing -= length
    page_alloc.free_pages(state, gone, (VMEMMAP,))
    _replace_chunks(state, section.nr, (*kept, *copy))


def _replace_chunks(state: State, nr: int, chunks: tuple[Chunk, ...]) -> None:
    section = state.sections[nr]
    assert section.memmap is not None
    memmap = msgspec.structs.replace(section.memmap, chunks=chunks)
    state.sections.put(nr, msgspec.structs.replace(section, memmap=memmap))


def _uncover(state: State, section: Section, count: int, fresh: bool) -> None:
    """The place is not known: so many pages of the kernel or of the boot, of the highest zone that the boot made."""
    for kind in _UNPLACED:
        for key in _homes(state, section):
            for host, owned in state.zone_sections(key):
                if not (pages := lowest_n(host.of(kind) & owned, count)):
                    continue
                if section.early and fresh:
                    state.zones.put(key, state.zones[key].plus(managed=pages.bit_count()))
                state.set_kind(host, pages, FREE)
                count -= pages.bit_count()
                if not count:
                    return


def _homes(state: State, section: Section) -> list[ZoneKey]:
    if not section.early:
        return kernel_zonelist(state, section.node)
    own = [(section.node, name) for name in reversed(KERNEL_ZONES)]
    return [key for key in own if key in state.zones and state.zones[key].early]
