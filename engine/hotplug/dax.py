"""The file state of a DAX device whose memory kmem gives to the system (drivers/dax/kmem.c, since 7.3): the whole device goes,
or comes, at once (offline_and_remove_memory_ranges, mm/memory_hotplug.c)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import msgspec

from ..memory.block import DaxDevice
from ..memory.state import State
from ..memory.zone import MOVABLE
from ..protocol.events import Event, OfflineFailed, OnlineFailed
from ..protocol.reasons import HotplugError, StayedOnline
from ..protocol.reasons.files import NotAmong, NotWhileIn
from ..protocol.vocabulary import DAX_CALLERS, DAX_STATES, ONLINE_TYPES, OnlineType
from .add import AddRequest, add_memory
from .offline import offline_block
from .online import online_block
from .remove import remove_memory

Steps = Iterator[Event]
_FILE: Final = r"/sys/bus/dax/devices/dax([0-9]{1,4})\.0/state"
_BY_HAND: Final = len(DAX_STATES)


def bind(state: State, request: AddRequest) -> Steps:
    """kmem gives the memory of a device to the system (dev_dax_kmem_probe); the device has the file from then on."""
    yield from add_memory(state, request)
    if state.model.dax_state:
        page = state.geometry.page_size
        device = DaxDevice(request.size // page, request.node, int(request.caller == "cxl"), _BY_HAND)
        state.dax_devices.put(request.start // page, device)


def read(state: State, path: str) -> str | None:
    """The text of the file of a device; None for any other path."""
    device = _device_at(state, path)
    return None if device is None else _word(state, device) + "\n"


def writer(state: State, path: str) -> Callable[[str], Steps] | None:
    """What a text that is written to the file of a device does; None for any other path."""
    device = _device_at(state, path)
    return None if device is None else partial(_write, state, device)


def _device_at(state: State, path: str) -> int | None:
    """The first pfn of the device that has a file; None where there is no such device. They are counted by address."""
    match = re.fullmatch(_FILE, path)
    devices = sorted(state.dax_devices) if match and state.model.dax_state else []
    number = int(match[1]) if match else 0
    return devices[number] if number < len(devices) else None


def _word(state: State, start: int) -> str:
    """What the file of a device reads as; where kmem left it to others, it is what the blocks are."""
    device = state.dax_devices[start]
    if device.state < _BY_HAND:
        return DAX_STATES[device.state]
    zones = {block.zone for block in state.range_blocks(start, device.pages)}
    names = {zone[1] if zone is not None else "" for zone in zones}
    if not names:
        return "unplugged"
    if "" in names:
        return "offline"
    return "online_movable" if names == {MOVABLE} else "online_kernel" if MOVABLE not in names else "online"


def _write(state: State, start: int, text: str) -> Steps:
    """Bring a device into a state. Raises `HotplugError` EINVAL for a word that is none, EBUSY from one plugged state to another,
    and what keeps its blocks; all that was done is undone then."""
    wanted, device = text.removesuffix("\n"), state.dax_devices[start]
    if wanted not in DAX_STATES:
        raise HotplugError("EINVAL", NotAmong(wanted, DAX_STATES))
    now = _word(state, start)
    if now == wanted:
        return
    if wanted == "unplugged":
        yield from _unplug(state, start, device)
    elif now == "unplugged":
        yield from _plug(state, start, device, wanted)
    else:
        raise HotplugError("EBUSY", NotWhileIn(wanted, now))
    state.dax_devices.put(start, msgspec.structs.replace(device, state=DAX_STATES.index(wanted)))


def _unplug(state: State, start: int, device: DaxDevice) -> Steps:
    page = state.geometry.page_size
    gone: list[tuple[int, OnlineType]] = []
    for block in state.range_blocks(start, device.pages):
        if block.state != "online":
            continue
        kind: OnlineType = "online_movable" if block.zone is not None and block.zone[1] == MOVABLE else "online_kernel"
        try:
            yield from offline_block(state, block.id)
        except HotplugError as error:
            yield OfflineFailed(block.id, error.errno, error.reason, retried=False)
            yield from _online_again(state, gone)
            raise HotplugError(error.errno, StayedOnline(block.id, error.reason), error.pfn) from None
        gone.append((block.id, kind))
    yield from remove_memory(state, start * page, device.pages * page)


def _online_again(state: State, gone: list[tuple[int, OnlineType]]) -> Steps:
    for number, kind in gone:
        try:
            yield from online_block(state, number, kind)
        except HotplugError as error:
            yield OnlineFailed(number, error.errno, error.reason)


def _plug(state: State, start: int, device: DaxDevice, wanted: str) -> Steps:
    """Each block goes online as the word says, whatever auto_online_blocks does."""
    page = state.geometry.page_size
    caller = DAX_CALLERS[device.cxl]
    yield from add_memory(state, AddRequest(start * page, device.pages * page, device.node, caller))
    kind = next(kind for kind in ONLINE_TYPES if kind == wanted)
    for block in state.range_blocks(start, device.pages):
        if block.state == "offline":
            try:
                yield from online_block(state, block.id, kind)
            except HotplugError as error:
                yield OnlineFailed(block.id, error.errno, error.reason)
                return
