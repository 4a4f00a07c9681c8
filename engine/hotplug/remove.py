"""Removing memory: try_remove_memory, and what an add that failed must take back (mm/memory_hotplug.c)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ..memory.block import Block, Request
from ..memory.section import Section
from ..memory.state import State
from ..mm import iomem, page_alloc, sparse_vmemmap
from ..numbers.runs import split
from ..protocol.events import (
    BlockRemoved,
    Event,
    Logged,
    MemmapReleased,
    MemmapSkipped,
    NodeOfflined,
    RangeRemoved,
    ResourceReleased,
)
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import Unaligned
from ..protocol.reasons.taking import HoldsMemmap, NotOffline, SomeHostTheirOwn, UsedAfterUnmap, WrongGranularity
from ..protocol.vocabulary import DEVICE_CALLERS, PAGETABLE, SLAB
from .device_memory import remove_parts
from .offline import blocks_of
from .without import refuse_without_hotplug, refuse_without_hotremove
from .zone_span import shrink

Steps = Iterator[Event]


def remove_memory(state: State, start: int, size: int) -> Steps:
    """Remove a range whose blocks are all offline; a range without blocks gives back what a failed add left there.
    Raises `HotplugError`; nothing is removed then."""
    refuse_without_hotplug(state)
    refuse_without_hotremove(state, "EBUSY")
    geometry = state.geometry
    block_size = geometry.block_size
    if _parts(state, start, size):
        yield from _remove_parts(state, start, size)
        return
    if not size or start % block_size or size % block_size:
        raise HotplugError("EINVAL", Unaligned(block_size, start, size))
    first, pages = start // geometry.page_size, size // geometry.page_size
    blocks = state.range_blocks(first, pages)
    heads = [block for block in blocks if block.head]
    yield from _check_offline(state, blocks)
    yield from _check_heads(state, start, size, heads)
    yield from _check_guests(state, first, pages)
    for block in blocks:
        yield from drop_block(state, block.id)
    yield from deactivate(state, state.sections_of(first, pages), marked=not heads)
    for request in state.requests_in(first, pages):
        _leave_request(state, request, first, first + pages)
    if blocks and (key := blocks[0].linked) is not None:  # the zone of the first page, for all of them
        for block in blocks:
            shrink(state, key, *state.block_range(block.id))
        yield RangeRemoved(first, pages, *key)
    iomem.release(state, start, size)
    yield ResourceReleased(start, size)
    if blocks:  # check_memblock_offlined_cb leaves the node of the last one
        yield from _try_offline_node(state, blocks[-1].node)


def _check_offline(state: State, blocks: Iterable[Block]) -> Steps:
    """check_memblock_offlined_cb. Raises `HotplugError` EBUSY for the first block that is online."""
    size = state.geometry.page_size
    for block in blocks:
        if block.state != "offline":
            begin, length = state.block_range(block.id)
            first_byte, behind = begin * size, (begin + length) * size
            yield Logged(f"removing memory fails, because memory [{first_byte:#018x}-{behind - 1:#018x}] is onlined")
            raise HotplugError("EBUSY", NotOffline(block.id), begin)


def _check_heads(state: State, start: int, size: int, heads: list[Block]) -> Steps:
    """Blocks that host their own memmap (`heads`) are removed one by one before 6.8, and not together with others that do not.
    Raises `HotplugError` EINVAL."""
    first, block_size = start // state.geometry.page_size, state.geometry.block_size
    if heads and state.model.single_block and size != block_size:
        yield Logged(f"Refuse to remove {start:#x} - {start + size:#x},wrong granularity")
        raise HotplugError("EINVAL", WrongGranularity(start, size, heads[0].id), first)
    if heads and len(heads) != size // block_size:  # memory_blocks_have_altmaps counts places, not blocks
        raise HotplugError("EINVAL", SomeHostTheirOwn(len(heads), size // block_size - len(heads)), first)


def _check_guests(state: State, first: int, pages: int) -> Steps:
    """The memmap of other sections in the range (the RFC's option b, and its pools): altmap's own guard. Raises `HotplugError`
    EBUSY, or OOPS in the RFC as posted, which unmaps it and goes on to use it."""
    guests = sparse_vmemmap.guests(state, first, pages)
    if guests and not state.model.removal_defect:
        raise HotplugError("EBUSY", HoldsMemmap(None, blocks_of(state, guests)), first)
    if guests or (state.model.removal_defect and _uses_unmapped(state, first, pages)):
        state.globals.change(crashed=True)
        yield MemmapReleased(first // state.geometry.pages_per_section, "self", 0)
        raise HotplugError("OOPS", UsedAfterUnmap(), first)


def _parts(state: State, start: int, size: int) -> bool:
    """Is it the range of a device whose memory does not fill its first or last section?"""
    request, section = state.requests.get(start // state.geometry.page_size), state.geometry.section_size
    return (
        request is not None
        and request.caller in DEVICE_CALLERS
        and request.pages * state.geometry.page_size == size
        and bool(start % section or size % section)
    )


def _remove_parts(state: State, start: int, size: int) -> Steps:
    """Such memory goes: memunmap_pages (mm/memremap.c)."""
    page, unit = state.geometry.page_size, state.geometry.pages_per_section
    first, pages = start // page, size // page
    yield from remove_parts(state, first, pages)
    whole = [s for s in state.sections_of(first, pages) if first <= s.nr * unit and (s.nr + 1) * unit <= first + pages]
    yield from deactivate(state, whole)
    state.requests.drop(first)
    iomem.release(state, start, size)
    yield ResourceReleased(start, size)


def _leave_request(state: State, request: Request, low: int, high: int) -> None:
    """The pages from `low` to below `high` leave a finished request: they give back their share of what it took besides the
    memmap, and what is left on either side is a request of its own."""
    state.requests.drop(request.start)
    tables = list(request.tables)
    for start, end in ((request.start, low), (high, request.start + request.pages)):
        if start < end:
            count = sum(length for _, length in request.tables) * (end - start) // request.pages
            kept, tables = split(tables, count)
            rest = msgspec.structs.replace(request, start=start, pages=end - start, tables=tuple(kept))
            state.requests.put(start, rest)
    page_alloc.free_pages(state, tables, (PAGETABLE, SLAB))


def drop_block(state: State, number: int) -> Steps:
    """The device memoryN goes; its memory group with the last block of it."""
    block = state.blocks.drop(number)
    if block.group is not None and block.group in state.groups:
        group = state.groups[block.group]
        if group.blocks <= 1:
            state.groups.drop(group.id)
        else:
            state.groups.put(group.id, msgspec.structs.replace(group, blocks=group.blocks - 1))
    yield BlockRemoved(number)


def deactivate(state: State, sections: Iterable[Section], marked: bool = False) -> Steps:
    """Sections are no longer present; the memmap of each is unmapped (section_deactivate).

    Those that others' memmaps lie on go last, so the order is descending. `marked`: pages that hold memmap are marked one by
    one (PageVmemmap), and unmapping clears that and frees nothing.
    """
    for section in sorted(sections, key=lambda s: -s.nr):
        if (
            marked
            and section.memmap is not None
            and section.memmap.on == "self"
            and state.preset.unmapped_by is not None
        ):
            for pfn, count in section.memmap.chunks:
                yield MemmapSkipped(state.preset.unmapped_by, pfn, count)
        pages = sparse_vmemmap.release(state, section)
        state.sections.drop(section.nr)
        yield MemmapReleased(section.nr, section.memmap.on if section.memmap else "kernel", pages)


def _uses_unmapped(state: State, first: int, pages: int) -> bool:
    """Does the memmap of a section of a range lie in an earlier one of it? Sections go in ascending order, each with the struct
    pages of its own pages, and those of the later memmap are looked at (PageVmemmap, free_pagetable)."""
    size = state.geometry.pages_per_section
    return any(
        first <= pfn < section.nr * size
        for section in state.sections_of(first, pages)
        if section.memmap is not None and section.memmap.on == "self"
        for pfn, _ in section.memmap.chunks
    )


def _try_offline_node(state: State, node: int) -> Steps:
    """The node goes when nothing spans it, no block names it and no CPU is in it (try_offline_node)."""
    known = state.nodes.get(node)
    if known is None or known.cpus or not known.online or state.node_span(node)[1]:
        return
    if any(node in block.nodes for block in state.blocks.values()):
        return
    state.nodes.put(node, msgspec.structs.replace(known, online=False))
    yield NodeOfflined(node)
