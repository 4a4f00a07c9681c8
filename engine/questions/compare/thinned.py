"""Putting there the few blocks of a big request that differ from the others, with all that the request does to memory that was
there before: page tables, memmap and kernel objects, in the order of `hotplug.add`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from ...commands import Add, extent
from ...hotplug.overhead import take_objects, take_page_tables
from ...hotplug.placement import Choice, choose
from ...hotplug.without import refuse_without_hotplug
from ...memory.block import Block, Request
from ...memory.section import Pages, Section
from ...memory.state import State
from ...mm import iomem, sparse_vmemmap, windows
from ...mm.page_alloc import pages_of
from ...mm.vmem_altmap import VmemAltmap
from ...numbers.bits import within
from ...numbers.runs import merged
from ...protocol.reasons import HotplugError
from ...protocol.vocabulary import DEVICE_CALLERS, MEMMAP, Chunk
from .comparison import AlikeBlocks, MemmapShare
from .looked_at import once
from .measure import Known

FEW: Final = 96
"""So many blocks are all put there."""


class Thinned(NamedTuple):
    """What is known of all blocks of a request of which only few are there: the stretches, the memmap by shares and its runs
    outside the request, page tables and objects. A block of each stretch is there, its first."""

    stretches: tuple[AlikeBlocks, ...]
    shares: tuple[MemmapShare, ...]
    outside: tuple[Chunk, ...] = ()
    tables: int = 0
    objects: int = 0


def thinned(state: State, add: Add, known: Known) -> Thinned | None:
    """Add a request with few of its blocks; None where that would be refused, or what comes of it is not as plain as that."""
    if not _plain(state, add):
        return None
    try:
        refuse_without_hotplug(state)
        choice = choose(state, extent(add)[1], add.caller, add.placement, add.fallback)
    except HotplugError:
        return None
    what = add, choice.placement, choice.head
    return once(known.steps, state, what, lambda: _put_there(state, add, choice))


def _plain(state: State, add: Add) -> bool:
    """Is it many whole blocks of System RAM, where nothing is yet, each section with a memmap that it shares with none?"""
    geometry = state.geometry
    start, size = extent(add)
    return (
        not (start % geometry.block_size or size % geometry.block_size)
        and size // geometry.block_size > FEW
        and start + size <= geometry.max_address
        and add.node in state.nodes
        and add.caller not in (*DEVICE_CALLERS, "virtio-mem", "dlpar")
        and not state.globals.value.crashed
        and not state.globals.value.locked
        and not windows.window_pages(state)
        and not geometry.memmap_bytes_per_section % (geometry.vmemmap_unit_pages * geometry.page_size)
        and not state.sections_of(start // geometry.page_size, size // geometry.page_size)
    )


def _put_there(state: State, add: Add, choice: Choice) -> Thinned | None:
    geometry = state.geometry
    start, size = extent(add)
    first, pages = start // geometry.page_size, size // geometry.page_size
    try:
        iomem.reserve(state, start, size, "System RAM")
        taken = take_page_tables(state, first, pages)
        tables = pages_of(taken)
        made = _memmap(state, add, choice)
        if made is None:
            return None
        objects = take_objects(state, size // geometry.block_size)
    except HotplugError:
        return None
    taken += objects
    request = Request(first, pages, add.node, add.caller, choice.placement, tuple(taken))
    state.requests.put(first, request)
    return made._replace(tables=made.tables + tables, objects=pages_of(objects))


# -- the memmap, by where it lies ---------------------------------------------------------------------------------------


def _memmap(state: State, add: Add, choice: Choice) -> Thinned | None:
    """Put the few blocks there, with their memmap. Raises `HotplugError` where memory is too little."""
    size = state.geometry.block_size
    start, length = extent(add)
    blocks = range(start // size, (start + length) // size)
    if choice.placement == "boot":
        return _in_boot_memory(state, add.node, blocks)
    if choice.placement == "block":
        return _in_each_block(state, add.node, blocks, choice.head)
    if choice.placement == "sections" and any(
        not host.early and host.node == add.node for host in state.sections_of(0, state.geometry.block_start(blocks[0]))
    ):
        return None  # earlier ones may host some of it
    return _in_first_blocks(state, add.node, blocks)


def _in_boot_memory(state: State, node: int, blocks: range) -> Thinned:
    """The memmap of all is taken; of the first block it is there. Raises `HotplugError`."""
    geometry, boot = state.geometry, sparse_vmemmap.BootMemory(state, node)
    unit, sections = geometry.vmemmap_unit_pages, _sections(state, blocks)
    rest = len(sections) * geometry.memmap_pages_per_section // unit
    boot.expect(rest)
    chunks: list[Chunk] = []
    tables = 0
    try:
        for nr in sections[: geometry.sections_per_block]:
            memmap = sparse_vmemmap.populate(state, nr, boot)[0]
            _put(state, Section(nr, node, memmap=memmap))
            chunks += memmap.chunks
            tables += pages_of(memmap.tables)
            rest -= geometry.memmap_pages_per_section // unit
        while rest:
            if rows := boot.rows(state, unit, rest):
                chunks += rows
                rest -= len(rows)
            else:
                base, tops, _ = boot.take(state, sections[-1], unit)
                chunks += base
                tables, rest = tables + pages_of(tops), rest - 1
    finally:
        boot.close(state)
    by_node: Counter[int] = Counter()
    for pfn, count in chunks:
        by_node[state.sections[pfn // geometry.pages_per_section].node] += count
    shares = tuple(MemmapShare("kernel", on, count) for on, count in sorted(by_node.items()))
    return Thinned((AlikeBlocks(blocks[0], blocks[-1], 0),), shares, merged(sorted(chunks)), tables)


def _in_each_block(state: State, node: int, blocks: range, head: int) -> Thinned:
    """Each block begins with its own, and so many pages of it are set apart for that; the first block is there."""
    own = VmemAltmap(state.geometry.block_start(blocks[0]), head)
    for nr in _sections(state, blocks[:1]):
        memmap = sparse_vmemmap.populate(state, nr, sparse_vmemmap.AltmapPool(own))[0]
        _put(state, Section(nr, node, memmap=memmap), head)
    stretch = AlikeBlocks(blocks[0], blocks[-1], head)
    return Thinned((stretch,), (MemmapShare("self", node, head * len(blocks)),))


def _in_first_blocks(state: State, node: int, blocks: range) -> Thinned | None:
    """The memmap of all lies one after the other at the begin of the request: the first blocks hold nothing else, the one behind
    them the rest. None where no block would be without."""
    geometry = state.geometry
    unit, size, each = geometry.pages_per_block, geometry.pages_per_section, geometry.memmap_pages_per_section
    begin, whole = geometry.block_start(blocks[0]), len(_sections(state, blocks)) * each
    full, rest = divmod(whole, unit)
    if full + bool(rest) >= len(blocks):
        return None
    parts = (blocks[:full], unit), (blocks[full : full + bool(rest)], rest), (blocks[full + bool(rest) :], 0)
    stretches = tuple(AlikeBlocks(part[0], part[-1], memmap) for part, memmap in parts if part)
    altmap = VmemAltmap(begin, len(blocks) * unit)
    differing = _differing(blocks, stretches, unit // (each * geometry.sections_per_block))
    for nr in (nr for block in differing for nr in _sections(state, range(block, block + 1))):
        altmap.alloc = (nr - blocks[0] * geometry.sections_per_block) * each  # what the sections before it have
        memmap = sparse_vmemmap.populate(state, nr, sparse_vmemmap.AltmapPool(altmap))[0]
        held = within(nr * size, size, begin, whole)
        _put(state, Section(nr, node, pages=Pages({MEMMAP: held} if held else {}), memmap=memmap))
    return Thinned(stretches, (MemmapShare("self", node, whole),))


def _differing(blocks: range, stretches: Iterable[AlikeBlocks], guests: int) -> list[int]:
    """The first of each stretch, where one block hosts the memmap of so many: all hosted by the first of the request, the first
    that is not, and the first that each of the stretches hosts."""
    first = blocks[0]
    found = {*blocks[: guests + 1]}
    for stretch in stretches:
        found.add(stretch.first)
        if stretch.memmap:
            found.add(first + (stretch.first - first) * guests)
    return sorted(found)


# -- sections and blocks ------------------------------------------------------------------------------------------------


def _sections(state: State, blocks: range) -> range:
    """The numbers of the sections of blocks."""
    each = state.geometry.sections_per_block
    return range(blocks.start * each, blocks.stop * each)


def _put(state: State, section: Section, head: int = 0) -> None:
    state.sections.put(section.nr, section)
    number = section.nr // state.geometry.sections_per_block
    if number not in state.blocks:
        state.blocks.put(number, Block(number, "offline", (section.node,), head=head))
