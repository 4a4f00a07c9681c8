"""virtio-mem: memory that comes and goes in device blocks smaller, or bigger, than a memory block (drivers/virtio/virtio_mem.c).

Smaller ones are the driver's sub-block mode: pages of an online memory block that are not plugged are PageOffline, the
online callback withholds them from the buddy, so managed stays below present. Bigger ones, its big block mode, come and
go as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Final

from ..memory.block import VirtioMemDevice
from ..memory.state import Resource, State
from ..memory.zone import MOVABLE as MOVABLE_ZONE
from ..mm import contig_range, sparse_vmemmap
from ..mm.iomem import in_the_way
from ..numbers.errors import BadInput
from ..numbers.rounding import down
from ..numbers.units import MIB, format_bytes
from ..protocol.events import BlocksKept, Event, Logged, PagesPlugged, PagesUnplugged, ResizeFailed
from ..protocol.reasons import HotplugError
from ..protocol.reasons.pages import StillPlugged, WaitsForOnline
from ..protocol.vocabulary import FREE, PAGE_OFFLINE, Kind, OnlineType
from .add import RESOURCE_NAMES, AddRequest, add_memory
from .offline import offline_block
from .online import online_block
from .remove import remove_memory

Steps = Iterator[Event]

_PLUG_ORDER: Final = ("KERNEL_PARTIAL", "MOVABLE_PARTIAL", "OFFLINE_PARTIAL")
_UNPLUG_ORDER: Final = ("OFFLINE_PARTIAL", "OFFLINE", "MOVABLE_PARTIAL", "KERNEL_PARTIAL", "MOVABLE", "KERNEL")
"""Memory blocks by the driver's names for their states, as a plug and an unplug request go through them."""
_OFFLINE_THRESHOLD: Final = 1 << 30
"""Bytes that a device may have offline, unless two of its blocks are more (VIRTIO_MEM_DEFAULT_OFFLINE_THRESHOLD)."""


def resize(state: State, start: int, size: int, unit: int, node: int) -> Steps:
    """Bring the device whose region begins at `start` to `size` plugged bytes, in device blocks of `unit` bytes.

    What cannot be plugged or unplugged stays; `HotplugError` EBUSY, ENOMEM or ENOSPC then says how far it came. ENOSPC is
    for too much offline memory: the device goes on when enough of it is online (`go_on`). Raises `BadInput` for what no device
    can be asked, and where a capture shows memory of a device of which it does not tell more.
    """
    block = state.geometry.block_size
    if unit & (unit - 1) or unit < max(MIB, state.geometry.page_size):
        raise BadInput(f"a device block of {format_bytes(unit)} is not a power of two from {format_bytes(MIB)} on")
    if start % max(block, unit) or size % unit:
        raise BadInput(
            f"the region must begin at a multiple of {format_bytes(max(block, unit))} and its size be one of "
            f"{format_bytes(unit)}"
        )
    _refuse_untold(state, start, max(size, block))
    yield Logged(f"plugged size: {plugged(state, start) * state.geometry.page_size:#x}")
    yield Logged(f"requested size: {size:#x}")
    yield from _bring_to(state, start, size, unit, node)


def _refuse_untold(state: State, start: int, size: int) -> None:
    """Raise `BadInput` where memory of virtio-mem is there that may be this device's, and no one told of which device it is:
    iomem names the driver, and may show the region around, of which the lowest blocks need not be plugged."""
    page = state.geometry.page_size
    for found in state.resources.values():
        if found.name != RESOURCE_NAMES["virtio-mem"] or state.requests_in(
            found.start // page, (found.end - found.start) // page
        ):
            continue
        region = next((one for one in state.resources.values() if _is_region(one, found)), None)
        low, high = (found.start, found.end) if region is None else (region.start, region.end)
        begins = region is None and start < low and in_the_way(state, start, low) is None
        if begins or (start < high and start + size > low):
            raise BadInput(
                f"memory of a virtio-mem device is at {found.start:#x}-{found.end - 1:#x}, and no file tells what is plugged of "
                f"it; a list of the memory devices does (--devices)"
            )


def _is_region(resource: Resource, memory: Resource) -> bool:
    """Is it the region of the device that has the memory (virtio_mem_create_resource)?"""
    around = resource.start <= memory.start and memory.end <= resource.end
    return around and resource.name.startswith("virtio") and not resource.ram


def _bring_to(state: State, start: int, size: int, unit: int, node: int) -> Steps:
    """What was asked for now or earlier, as far as that goes (virtio_mem_run_wq)."""
    block = state.geometry.block_size
    if start in state.virtio_mem:
        state.virtio_mem.drop(start)
    unit = _handled(state, unit)
    have, step = plugged(state, start), unit // state.geometry.page_size
    wanted = size // state.geometry.page_size
    wanted = have + down(wanted - have, step) if wanted > have else have - down(have - wanted, step)
    if wanted > have:
        yield from _grow(state, start, wanted - have, unit, node)
    elif wanted < have:
        yield from (_shrink if unit < block else _shrink_big)(state, start, have - wanted, unit)
    now = plugged(state, start)
    if now > wanted:
        raise HotplugError("EBUSY", StillPlugged((now - wanted) * state.geometry.page_size))
    if now < wanted:
        state.virtio_mem.put(start, VirtioMemDevice(size, unit))
        waiting = WaitsForOnline((wanted - now) * state.geometry.page_size, _threshold(state, unit))
        raise HotplugError("ENOSPC", waiting)


def _handled(state: State, unit: int) -> int:
    """Bytes that the driver plugs and unplugs at a time of a device with blocks of `unit` bytes: no less than the buddy isolates
    (virtio_mem_init_hotplug). What is left over of a request stays as it is."""
    geometry = state.geometry
    pages = geometry.pageblock_pages if state.model.virtio_mem_by_pageblock else 1 << geometry.max_order
    return max(unit, geometry.page_size * max(pages, geometry.pageblock_pages))


def go_on(state: State) -> Steps:
    """Devices that had too much offline memory add more as soon as half of what they may have offline is online
    (virtio_mem_memory_notifier_cb). How far that comes is not an error of whoever onlined."""
    for start, device in sorted(state.virtio_mem.items()):
        unit, blocks = device.device_block_size, blocks_of(state, start)
        if blocks and _offline_bytes(state, blocks) <= _threshold(state, unit) // 2:
            try:
                yield from _bring_to(state, start, device.requested_size, unit, state.blocks[blocks[0]].node)
            except HotplugError as error:
                yield ResizeFailed(start, error.errno, error.reason)


def plugged(state: State, start: int) -> int:
    """Plugged pages of a device: those of its blocks that are not withheld."""
    return sum(
        state.geometry.pages_per_section - section.count(PAGE_OFFLINE)
        for number in blocks_of(state, start)
        for section in state.block_sections(number)
    )


def _threshold(state: State, unit: int) -> int:
    return max(_OFFLINE_THRESHOLD, 2 * max(state.geometry.block_size, unit))


def _offline_bytes(state: State, blocks: list[int]) -> int:
    return sum(state.blocks[number].state != "online" for number in blocks) * state.geometry.block_size


def blocks_of(state: State, start: int) -> list[int]:
    """The blocks of the device whose region begins at an address, ascending."""
    device, per_block = start // state.geometry.page_size, state.geometry.pages_per_block
    return [
        block
        for request in sorted(state.requests.values(), key=lambda request: request.start)
        if request.device == device
        for block in range(request.start // per_block, (request.start + request.pages) // per_block)
        if block in state.blocks
    ]


def _by_state(state: State, start: int) -> dict[str, list[int]]:
    """The blocks of a device by the driver's states (virtio_mem_sbm_mb_state), ascending."""
    found: dict[str, list[int]] = {}
    for number in blocks_of(state, start):
        partial = any(PAGE_OFFLINE in section.pages for section in state.block_sections(number))
        found.setdefault(f"{_online_as(state, number)}{'_PARTIAL' if partial else ''}", []).append(number)
    return found


def _online_as(state: State, number: int) -> str:
    block = state.blocks[number]
    if block.state != "online":
        return "OFFLINE"
    return "MOVABLE" if block.zone is not None and block.zone[1] == MOVABLE_ZONE else "KERNEL"


# -- plugging -----------------------------------------------------------------------------------------------------------


def _grow(state: State, start: int, pages: int, unit: int, node: int) -> Steps:
    """Holes of blocks that are there, then new blocks (virtio_mem_sbm_plug_request, virtio_mem_bbm_plug_request)."""
    left = yield from _fill_holes(state, start, pages, unit // state.geometry.page_size)
    yield from _add_blocks(state, start, left, unit, node)


def _fill_holes(state: State, start: int, pages: int, count: int) -> Generator[Event, None, int]:
    """Plug device blocks of `count` pages that are withheld; returns how many of the pages are left to be plugged."""
    found = _by_state(state, start)
    for number in [number for name in _PLUG_ORDER for number in found.get(name, [])]:
        for pfn in device_blocks(state, number, count, withheld=True):
            if pages <= 0:
                return 0
            yield from _plug(state, pfn, count)
            pages -= count
    return pages


def _add_blocks(state: State, start: int, pages: int, unit: int, node: int) -> Steps:
    """Add memory from the lowest free place of the device on, as long as not too much is offline."""
    size, step = state.geometry.page_size, max(state.geometry.block_size, unit)
    blocks = blocks_of(state, start)
    present, offline = set(blocks), _offline_bytes(state, blocks)
    group = state.blocks[blocks[0]].group if blocks else None
    at = start
    while pages > 0:
        if at // state.geometry.block_size not in present:
            if offline + step > _threshold(state, unit):
                return
            part = min(pages * size, step)
            request = AddRequest(at, step, node, "virtio-mem", plugged=part // size, group=group, device=start // size)
            yield from add_memory(state, request)
            made = state.range_blocks(request.start // size, step // size)  # none on s390 in the RFC as posted
            group = made[0].group if made else group
            offline += _offline_bytes(state, [block.id for block in made])
            yield PagesPlugged(at // size, part // size)
            pages -= part // size
        at += step


def device_blocks(state: State, number: int, unit: int, withheld: bool) -> list[int]:
    """The first pfns of a block's device blocks that are withheld, or that are not, ascending."""
    first, pages = state.block_range(number)
    return [pfn for pfn in range(first, first + pages, unit) if _is_withheld(state, pfn) is withheld]


def _is_withheld(state: State, pfn: int) -> bool:
    nr, at = divmod(pfn, state.geometry.pages_per_section)
    return bool(state.sections[nr].of(PAGE_OFFLINE) >> at & 1)


def _plug(state: State, pfn: int, count: int) -> Steps:
    """Pages that are no longer withheld; in an online block they go to the buddy (virtio_mem_fake_online)."""
    _set(state, pfn, count, FREE)
    yield PagesPlugged(pfn, count)


def _set(state: State, pfn: int, count: int, kind: Kind) -> None:
    """Withheld pages are not managed."""
    online = state.sections[pfn // state.geometry.pages_per_section].online
    if online and kind == FREE:
        _manage(state, pfn, count)
    state.change_pages(pfn, count, kind)
    if online and kind != FREE:
        _manage(state, pfn, -count)


def _manage(state: State, pfn: int, pages: int) -> None:
    key = state.zone_of(pfn)
    state.zones.put(key, state.zones[key].plus(managed=pages))


# -- unplugging ---------------------------------------------------------------------------------------------------------


def _shrink(state: State, start: int, pages: int, unit: int) -> Steps:
    """Device blocks inside memory blocks, of the highest first among those of one state
    (virtio_mem_sbm_unplug_request)."""
    found = _by_state(state, start)
    for name in _UNPLUG_ORDER:
        for number in reversed(found.get(name, [])):
            if pages <= 0:
                return
            pages -= yield from _shrink_block(state, number, pages, unit // state.geometry.page_size)


def _shrink_block(state: State, number: int, pages: int, unit: int) -> Generator[Event, None, int]:
    """Unplug up to so many pages of a block: all of it at once if that is allowed, else its device blocks from the top,
    but for those that are busy. A block without any goes. Returns how many pages that were."""
    first, per_block = state.block_range(number)
    units = device_blocks(state, number, unit, withheld=False)
    done = 0
    if pages >= per_block == len(units) * unit and (yield from _unplug(state, first, per_block)):
        done = per_block
    else:
        for pfn in reversed(units):
            if done >= pages:
                break
            if (yield from _unplug(state, pfn, unit)):
                done += unit
    if not device_blocks(state, number, unit, withheld=False):
        yield from _try_drop(state, [number])
    return done


def _shrink_big(state: State, start: int, pages: int, unit: int) -> Steps:
    """Device blocks of whole memory blocks: those that are offline, then those that are so or movable, then any
    (virtio_mem_bbm_unplug_request)."""
    per_unit = unit // state.geometry.block_size
    passes: tuple[Callable[[set[str]], bool], ...] = (
        lambda states: states == {"OFFLINE"},
        lambda states: "KERNEL" not in states,
        lambda states: True,
    )
    for fits in passes:
        for first in sorted({down(number, per_unit) for number in blocks_of(state, start)}, reverse=True):
            numbers = [number for number in range(first, first + per_unit) if number in state.blocks]
            if pages <= 0:
                return
            if fits({_online_as(state, number) for number in numbers}) and (yield from _drop_big(state, numbers)):
                pages -= per_unit * state.geometry.pages_per_block


def _drop_big(state: State, numbers: list[int]) -> Generator[Event, None, bool]:
    """All pages are withheld, section by section, before the first memory block goes offline; where one is busy, they come
    back (virtio_mem_bbm_offline_remove_and_unplug_bb)."""
    size = state.geometry.pages_per_section
    sections = [section for number in numbers for section in state.block_sections(number) if section.online]
    withheld: list[int] = []
    for section in sections:
        if not (yield from _unplug(state, section.nr * size, size)):
            break
        withheld.append(section.nr * size)
    if len(withheld) == len(sections) and (yield from _try_drop(state, numbers)):
        return True
    for pfn in withheld:
        yield from _plug(state, pfn, size)
    return False


def _unplug(state: State, pfn: int, count: int) -> Generator[Event, None, bool]:
    """Pages are withheld from now on; those of an online block are taken from whoever has them
    (virtio_mem_fake_offline), and it is False where that fails. In an offline block no one has any, but for the RFC's option
    (b), where the memmap of others may lie in it."""
    if not state.sections[pfn // state.geometry.pages_per_section].online:
        if sparse_vmemmap.hosted_guests(state, pfn, count):
            return False
    elif not (yield from contig_range.take_range(state, pfn, count, FREE)):
        return False
    _set(state, pfn, count, PAGE_OFFLINE)
    yield PagesUnplugged(pfn, count)
    return True


def _try_drop(state: State, numbers: list[int]) -> Generator[Event, None, bool]:
    """Memory blocks that are no longer needed go (offline_and_remove_memory); where one does not go offline, those that
    did come back as they were, and it is False."""
    gone: list[tuple[int, OnlineType]] = []
    try:
        for number in numbers:
            if (zone := _online_as(state, number)) != "OFFLINE":
                yield from offline_block(state, number)
                gone.append((number, "online_movable" if zone == "MOVABLE" else "online_kernel"))
        size = state.geometry.block_size
        yield from remove_memory(state, numbers[0] * size, len(numbers) * size)
    except HotplugError as error:
        yield BlocksKept(numbers[0], len(numbers), error.errno, error.reason)
        for number, kind in gone:
            yield from online_block(state, number, kind)
        return False
    return True
