"""Adding memory: add_memory_resource and what it calls (mm/memory_hotplug.c), in the kernel's order of steps."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..memory.block import Block, Group, Request
from ..memory.state import State
from ..mm import iomem, page_alloc, sparse_vmemmap
from ..mm.vmem_altmap import VmemAltmap
from ..mm.watermarks import Watermarks
from ..protocol.events import (
    BlockCreated,
    Event,
    ExistingMemoryTaken,
    Logged,
    NodeOnlined,
    OnlineFailed,
    PlacementChosen,
    RangeDoubted,
    ResourceReleased,
    ResourceReserved,
    SectionsLeaked,
)
from ..protocol.reasons import HotplugError, SectionsLeft
from ..protocol.reasons.adding import Unaligned
from ..protocol.reasons.placement import AltmapUnsupported, VetoDropsBlocks
from ..protocol.reasons.unknown import HoleNotTold, PartOfBlock
from ..protocol.vocabulary import (
    DEVICE_CALLERS,
    PAGE_OFFLINE,
    PAGETABLE,
    SLAB,
    Caller,
    Chunk,
    OnlineType,
)
from .acpi_eject import bind
from .addressable import refuse_behind_mem, refuse_beyond
from .device_memory import add_device_memory, check_device_range
from .online import online_block, rebuild_zonelists
from .overhead import take_objects, take_page_tables
from .placement import Choice, choose
from .possible_node import refuse_impossible_node
from .remove import deactivate, drop_block
from .request import AddRequest as AddRequest
from .sections import add_sections
from .without import refuse_without_hotplug

Steps = Iterator[Event]

RESOURCE_NAMES: dict[Caller, str] = {
    "dax": "System RAM (kmem)",
    "cxl": "System RAM (kmem)",
    "virtio-mem": "System RAM (virtio_mem)",
    "pmem": "Persistent Memory",
    "hmm": "Device Private Memory",
}


def add_memory(state: State, request: AddRequest) -> Steps:
    """Add a range of memory; its blocks appear offline, or as auto_online_blocks says. Raises `HotplugError`."""
    start, size = request.start, request.size
    refuse_without_hotplug(state)
    if request.caller not in DEVICE_CALLERS:
        yield from refuse_behind_mem(state, start, size, request.caller)
    if state.model.range_check != "sections":
        yield from refuse_beyond(state, start, size)
    name = RESOURCE_NAMES.get(request.caller, "System RAM")
    before = state.free_by_node()
    if size:
        iomem.reserve(state, start, size, name)
        if iomem.in_untold_hole(state, start):
            page = state.geometry.page_size
            yield RangeDoubted(start // page, size // page, HoleNotTold())
        yield ResourceReserved(start, size, name)
    device = request.caller in DEVICE_CALLERS
    try:
        yield from (check_device_range if device else _check_range)(state, request)
        if state.model.range_check == "sections":
            yield from refuse_beyond(state, start, size)
        yield from (add_device_memory if device else _add_system_ram)(state, request)
    except HotplugError as error:
        if size:
            state.resources.drop(start)
            yield ResourceReleased(start, size)
        yield from _taken(state, before)
        if request.caller == "acpi" and error.errno != "EEXIST":
            yield Logged("add_memory failed")
        elif request.caller == "acpi":  # its driver takes that for success
            bind(state, start, size)
        raise
    yield from _taken(state, before)
    if (kind := state.settings.auto_online_blocks) != "offline" and not device:
        yield from _auto_online(state, start, size, kind)


def _add_system_ram(state: State, request: AddRequest) -> Steps:
    """What the page allocator may have, on a node that may be new to it."""
    yield from refuse_impossible_node(state, request)
    group = _register_group(state, request)
    yield from _prepare_node(state, request.node)
    choice = choose(state, request.size, request.caller, request.placement, request.fallback)
    yield PlacementChosen(choice.placement, choice.reason)
    if isinstance(choice.reason, AltmapUnsupported):
        for _ in range(request.size // state.geometry.section_size):
            yield Logged("altmap unsupported")
    yield from _populate(state, request, choice, group)
    yield from _online_node(state, request.node)


def _taken(state: State, before: dict[int, int]) -> Steps:
    """Drawback (a) as a number: free pages that existing memory has less than before."""
    after = state.free_by_node()
    for node, pages in sorted(before.items()):
        if pages != after.get(node, 0):
            yield ExistingMemoryTaken(node, pages - after.get(node, 0))


def _check_range(state: State, request: AddRequest) -> Steps:
    """check_hotplug_memory_range, which asked for whole sections before 4.17 (ba325585230e). A memory block of which only some
    sections are there appears, is EBUSY to online (pages_correctly_reserved, drivers/base/memory.c), and is not rehearsed."""
    unit, section = state.geometry.block_size, state.geometry.section_size
    start, size = request.start, request.size
    if not size or start % unit or size % unit:
        if state.model.adds_sections and size and not (start % section or size % section):
            page = state.geometry.page_size
            yield RangeDoubted(start // page, size // page, PartOfBlock())
            raise HotplugError("EINVAL", Unaligned(unit, start, size))
        if state.model.adds_sections:
            yield Logged(f"Section-unaligned hotplug range: start {start:#x}, size {size:#x}")
            raise HotplugError("EINVAL", Unaligned(section, start, size))
        yield Logged(f"Block size [{unit:#x}] unaligned hotplug range: start {start:#x}, size {size:#x}")
        raise HotplugError("EINVAL", Unaligned(unit, start, size))


def _register_group(state: State, request: AddRequest) -> int | None:
    if request.group is not None and request.group in state.groups:
        return request.group
    if not state.model.groups or request.caller not in ("acpi", "dax", "cxl", "virtio-mem"):
        return None
    number = max(state.groups, default=-1) + 1
    pages = request.size // state.geometry.page_size
    if request.caller == "virtio-mem":
        unit = state.geometry.pages_per_block if request.device is None else pages
        group = Group(number, request.node, unit_pages=unit)
    else:
        group = Group(number, request.node, max_pages=pages)
    state.groups.put(number, group)
    return number


def _prepare_node(state: State, node: int) -> Steps:
    """A new node gets its zonelists before anything else is known to work (__try_online_node)."""
    if not state.nodes[node].online:
        yield from rebuild_zonelists(state, Watermarks(state), node)


def _online_node(state: State, node: int) -> Steps:
    """node_set_online, when nothing can fail any more."""
    if not state.nodes[node].online:
        state.nodes.put(node, msgspec.structs.replace(state.nodes[node], online=True))
        yield NodeOnlined(node)


def _populate(state: State, request: AddRequest, choice: Choice, group: int | None) -> Steps:
    """arch_add_memory and create_memory_block_devices, for the whole request or block by block."""
    geometry = state.geometry
    start, pages = request.start // geometry.page_size, request.size // geometry.page_size
    tables: list[Chunk] = []
    added: list[int] = []
    try:
        tables += take_page_tables(state, start, pages)
        yield from (_block_by_block if choice.placement == "block" else _at_once)(state, request, choice, group, added)
        tables += _objects(state, start, pages, added)
    except HotplugError as error:
        yield from _failed(state, request, choice, added, error)
        page_alloc.free_pages(state, tables, (PAGETABLE, SLAB))
        if group is not None and group in state.groups and not state.groups[group].blocks:
            state.groups.drop(group)
        raise
    if request.plugged is not None and request.plugged < pages:
        state.change_pages(start + request.plugged, pages - request.plugged, PAGE_OFFLINE)
    done = Request(start, pages, request.node, request.caller, choice.placement, tuple(tables), request.device)
    state.requests.put(start, done)


def _block_by_block(state: State, request: AddRequest, choice: Choice, group: int | None, added: list[int]) -> Steps:
    """Each block with an altmap of its own (create_altmaps_and_memory_blocks)."""
    geometry = state.geometry
    pages, sections = geometry.pages_per_block, geometry.sections_per_block
    first, count = request.start // geometry.block_size, request.size // geometry.block_size
    for block in range(first, first + count):
        start = geometry.block_start(block)
        altmap = VmemAltmap(start, choice.head)
        altmap.check(start, pages)
        own = sparse_vmemmap.AltmapPool(altmap)
        # sections that an earlier add left behind keep their memmap, and then the block has no head of its own
        fresh = not state.block_sections(block)
        flushed = None if fresh else altmap
        yield from add_sections(state, request.node, block * sections, sections, own, flushed, added)
        yield from _create_blocks(state, request, block, 1, choice.head if fresh else 0, group)


def _at_once(state: State, request: AddRequest, choice: Choice, group: int | None, added: list[int]) -> Steps:
    """All sections from one pool, then all blocks."""
    geometry = state.geometry
    start, pages = request.start // geometry.page_size, request.size // geometry.page_size
    first, count = geometry.section_of(start), pages // geometry.pages_per_section
    pool, flushed = _pool(state, request, choice, start, pages)
    yield from add_sections(state, request.node, first, count, pool, flushed, added)
    blocks = 0 if isinstance(choice.reason, VetoDropsBlocks) else pages // geometry.pages_per_block
    yield from _create_blocks(state, request, geometry.block_of(start), blocks, 0, group)


def _pool(
    state: State, request: AddRequest, choice: Choice, start: int, pages: int
) -> tuple[sparse_vmemmap.Pool, VmemAltmap | None]:
    if choice.placement == "boot":
        return sparse_vmemmap.BootMemory(state, request.node), None
    altmap = VmemAltmap(start, pages)
    altmap.check(start, pages)
    if choice.placement == "range":
        return sparse_vmemmap.AltmapPool(altmap), altmap
    return sparse_vmemmap.HostSections(state, altmap, request.node), altmap


def _create_blocks(state: State, request: AddRequest, first: int, count: int, head: int, group: int | None) -> Steps:
    for number in range(first, first + count):
        state.blocks.put(number, Block(number, "offline", (request.node,), head=head, group=group))
        yield BlockCreated(number)
    if group is not None:
        known = state.groups[group]
        state.groups.put(group, msgspec.structs.replace(known, blocks=known.blocks + count))


def _objects(state: State, start: int, pages: int, added: list[int]) -> list[Chunk]:
    """Kernel objects; without them everything is taken down again."""
    try:
        return take_objects(state, pages // state.geometry.pages_per_block)
    except HotplugError:
        for block in state.range_blocks(start, pages):
            for _ in drop_block(state, block.id):
                pass
        _undo_sections(state, added)
        raise


def _undo_sections(state: State, added: list[int]) -> None:
    for _ in deactivate(state, [state.sections[nr] for nr in added]):
        pass
    added.clear()


def _failed(state: State, request: AddRequest, choice: Choice, added: list[int], error: HotplugError) -> Steps:
    """What the kernel leaves behind: finished blocks of an altmap request are undone where the model does that;
    otherwise sections stay present, with their memmap and no block."""
    geometry = state.geometry
    for block in state.range_blocks(request.start // geometry.page_size, request.size // geometry.page_size):
        yield from drop_block(state, block.id)  # others of that range would have been its System RAM
    if state.model.block_rollback and choice.placement == "block":
        _undo_sections(state, added)
    sections = [state.sections[nr] for nr in added]
    leaked = sum(section.memmap.pages for section in sections if section.memmap is not None)
    if sections:
        yield SectionsLeaked(sections[0].nr, len(sections), leaked)
        error.reason = SectionsLeft(error.reason, len(sections), leaked, leaked * geometry.page_size)
    if error.errno == "ENOMEM" and (where := state.preset.add_warning) is not None:
        yield Logged(f"WARNING: at {where}")


def _auto_online(state: State, start: int, size: int, kind: OnlineType) -> Steps:
    """Blocks are onlined one by one; the first failure ends the walk and is not reported (online_memory_block)."""
    geometry = state.geometry
    for block in state.range_blocks(start // geometry.page_size, size // geometry.page_size):
        try:
            yield from online_block(state, block.id, kind)
        except HotplugError as error:
            yield OnlineFailed(block.id, error.errno, error.reason)
            return
