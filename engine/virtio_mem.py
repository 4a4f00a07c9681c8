"""virtio-mem: memory that comes and goes in device blocks smaller, or bigger, than a memory block (observed.md 13).

Pages of an online block that are not plugged are PageOffline: the online callback withholds them from the buddy, so
managed stays below present. Growing fills the lowest places first, shrinking takes the highest.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from . import isolation, migrate
from .bits import span
from .blocks import OnlineType
from .errors import BadInput, HotplugError
from .events import Event, Logged, PagesPlugged, PagesUnplugged
from .hotplug.add import AddRequest, add_memory
from .hotplug.offline import offline_block
from .hotplug.online import online_block
from .hotplug.remove import remove_memory
from .memmap import FREE, OFFLINE
from .state import State
from .units import format_bytes
from .zones import MOVABLE as MOVABLE_ZONE

Steps = Iterator[Event]


def resize(state: State, start: int, size: int, unit: int, node: int) -> Steps:
    """Bring the device whose region begins at `start` to `size` plugged bytes, in device blocks of `unit` bytes.

    What cannot be plugged or unplugged stays; `HotplugError` EBUSY or ENOMEM then says how far it came.
    """
    block = state.geometry.block_size
    if unit & (unit - 1) or not unit or unit % (state.geometry.pageblock_pages * state.geometry.page_size):
        raise BadInput(f"a device block of {format_bytes(unit)} is not a power of two of whole pageblocks")
    if start % max(block, unit) or size % unit:
        raise BadInput(
            f"the region must begin at a multiple of {format_bytes(max(block, unit))} and its size be one of "
            f"{format_bytes(unit)}"
        )
    have = plugged(state, start)
    wanted = size // state.geometry.page_size
    if wanted > have:
        yield from _grow(state, start, wanted - have, unit, node)
    elif wanted < have:
        yield from _shrink(state, start, have - wanted, unit)
    now = plugged(state, start)
    yield Logged(f"virtio_mem: plugged size: {now * state.geometry.page_size:#x}")
    if now > wanted:
        raise HotplugError("EBUSY", f"{format_bytes((now - wanted) * state.geometry.page_size)} could not be unplugged")
    if now < wanted:
        raise HotplugError("ENOMEM", f"{format_bytes((wanted - now) * state.geometry.page_size)} could not be plugged")


def plugged(state: State, start: int) -> int:
    """Plugged pages of a device: those of its blocks that are not withheld."""
    return sum(
        state.geometry.pages_per_section - section.count(OFFLINE)
        for number in _blocks(state, start)
        for section in state.block_sections(number)
    )


def _blocks(state: State, start: int) -> list[int]:
    """The blocks of the device whose region begins at an address, ascending."""
    device, per_block = start // state.geometry.page_size, state.geometry.pages_per_block
    return [
        block
        for request in sorted(state.requests.values(), key=lambda request: request.start)
        if request.device == device
        for block in range(request.start // per_block, (request.start + request.pages) // per_block)
        if block in state.blocks
    ]


def _grow(state: State, start: int, pages: int, unit: int, node: int) -> Steps:
    size = state.geometry.page_size
    for pfn, count in list(_withheld_units(state, start, unit // size)):
        if pages <= 0:
            return
        _plug(state, pfn, count)
        pages -= count
        yield PagesPlugged(pfn, count)
    step = max(state.geometry.block_size, unit)
    present = _blocks(state, start)
    group = state.blocks[present[0]].group if present else None
    at = start
    while pages > 0:
        if at // state.geometry.block_size not in present:
            part = min(pages * size, step)
            request = AddRequest(at, step, node, "virtio-mem", plugged=part // size, group=group, device=start // size)
            yield from add_memory(state, request)
            group = state.blocks[at // state.geometry.block_size].group
            yield PagesPlugged(at // size, part // size)
            pages -= part // size
        at += step


def _plug(state: State, pfn: int, count: int) -> None:
    nr, at = divmod(pfn, state.geometry.pages_per_section)
    section = state.sections[nr]
    state.set_kind(section, span(at, count), FREE)
    for key, _ in section.zones:
        state.zones.put(key, state.zones[key].plus(managed=count))


def _withheld_units(state: State, start: int, unit: int) -> Iterator[tuple[int, int]]:
    """Device blocks that are withheld inside online memory blocks, lowest first."""
    size = state.geometry.pages_per_section
    for number in _blocks(state, start):
        if state.blocks[number].state != "online":
            continue
        for section in state.block_sections(number):
            for pfn in range(section.nr * size, (section.nr + 1) * size, unit):
                if _is_withheld(state, pfn):
                    yield pfn, unit


def _shrink(state: State, start: int, pages: int, unit: int) -> Steps:
    size, per_block = state.geometry.page_size, state.geometry.pages_per_block
    unit_pages = unit // size
    if unit_pages >= per_block:
        yield from _shrink_big(state, start, pages, unit)
        return
    for number in reversed(_blocks(state, start)):
        if pages <= 0:
            return
        first = number * per_block
        for pfn in range(first + per_block - unit_pages, first - 1, -unit_pages):
            if pages <= 0:
                break
            if _is_withheld(state, pfn) or not (yield from _unplug(state, pfn, unit_pages)):
                continue
            pages -= unit_pages
        if all(_is_withheld(state, pfn) for pfn in range(first, first + per_block, unit_pages)):
            yield from _try_drop(state, [number])


def _shrink_big(state: State, start: int, pages: int, unit: int) -> Steps:
    """Device blocks of whole memory blocks: these are offlined and removed together."""
    per_unit = unit // state.geometry.block_size
    blocks = _blocks(state, start)
    while pages > 0 and blocks:
        group, blocks = blocks[-per_unit:], blocks[:-per_unit]
        if (yield from _try_drop(state, group)):
            pages -= per_unit * state.geometry.pages_per_block


def _is_withheld(state: State, pfn: int) -> bool:
    nr, at = divmod(pfn, state.geometry.pages_per_section)
    return bool(state.sections[nr].of(OFFLINE) >> at & 1)


def _unplug(state: State, pfn: int, count: int) -> Generator[Event, None, bool]:
    """Fake-offline: empty the pages as for a contiguous allocation and withhold them; False where that fails."""
    nr, at = divmod(pfn, state.geometry.pages_per_section)
    section = state.sections[nr]
    mask = span(at, count)
    if section.online:
        key = section.zones[0][0]
        try:
            isolation.start_isolate(state, pfn, count)
        except HotplugError:
            return False
        yield from migrate.migrate_range(state, pfn, count, key, inside=True)
        isolation.undo_isolate(state, pfn, count)
        if state.sections[nr].of(FREE) & mask != mask:
            return False
        state.zones.put(key, state.zones[key].plus(managed=-count))
    state.set_kind(state.sections[nr], mask, OFFLINE)
    yield PagesUnplugged(pfn, count)
    return True


def _try_drop(state: State, numbers: list[int]) -> Generator[Event, None, bool]:
    """Memory blocks that are no longer needed go (offline_and_remove_memory); where one does not go offline, those that
    did come back as they were, and it is False."""
    gone: list[tuple[int, OnlineType]] = []
    try:
        for number in numbers:
            block = state.blocks[number]
            if block.state == "online":
                movable = block.zone is not None and block.zone[1] == MOVABLE_ZONE
                yield from offline_block(state, number)
                gone.append((number, "online_movable" if movable else "online_kernel"))
        size = state.geometry.block_size
        yield from remove_memory(state, numbers[0] * size, len(numbers) * size)
    except HotplugError as error:
        yield Logged(f"virtio_mem: unplugging memory{numbers[0]} failed: {error}")
        for number, kind in gone:
            yield from online_block(state, number, kind)
        return False
    return True
