"""Ejecting a memory device as the ACPI driver does: offline every block, then remove (drivers/acpi/acpi_memhotplug.c)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import NamedTuple

from ..memory.block import AcpiDevice
from ..memory.state import State
from ..protocol.events import Event, Logged, OfflineFailed, OnlineFailed
from ..protocol.reasons import HotplugError, StayedOnline
from ..protocol.vocabulary import HANGS
from .offline import offline_block
from .online import online_block
from .remove import remove_memory


def bind(state: State, start: int, size: int) -> None:
    """The driver keeps a device whose add_memory said EEXIST, and will remove its range (acpi_memory_enable_device)."""
    state.acpi_devices.put(start, AcpiDevice(size))


def bound(state: State, start: int, size: int) -> bool:
    """Does the driver hold a device there? One whose add failed otherwise was freed at once (acpi_memory_device_add)."""
    first, pages = start // state.geometry.page_size, size // state.geometry.page_size
    works = bool(state.range_blocks(first, pages)) or any(first <= at < first + pages for at in state.requests)
    return works or state.acpi_devices.get(start) == AcpiDevice(size)


def eject(state: State, start: int, size: int) -> Iterator[Event]:
    """Take a memory device out; where the driver holds none, nothing happens.

    The first pass offlines every block in order and goes on past failures; if one failed, a second pass tries again from
    it; if that fails too, the blocks that this eject took offline go online again, with their `Block.online_type` or else
    into the default zone of that moment, and `HotplugError` EBUSY says which block stayed (acpi_scan_try_to_offline). The
    driver's thread gets no signals, so what only a signal would end never ends (`HANGS`).
    """
    if not bound(state, start, size):
        return
    geometry = state.geometry
    blocks = [block.id for block in state.range_blocks(start // geometry.page_size, size // geometry.page_size)]
    offlined: list[int] = []
    failed = yield from _offline(state, blocks, offlined, again=False)
    if failed is not None:
        failed = yield from _offline(state, blocks[blocks.index(failed.block) :], offlined, again=True)
    if failed is not None:
        for number in offlined:
            try:
                yield from online_block(state, number, state.blocks[number].online_type or "online")
            except HotplugError as error:
                yield OnlineFailed(number, error.errno, error.reason)
        raise HotplugError("EBUSY", StayedOnline(failed.block, failed.error.reason), failed.error.pfn)
    yield from remove_memory(state, start, size)
    if start in state.acpi_devices:
        state.acpi_devices.drop(start)


class _Failed(NamedTuple):
    """A block that did not go offline."""

    block: int
    error: HotplugError


def _offline(
    state: State, blocks: list[int], offlined: list[int], again: bool
) -> Generator[Event, None, _Failed | None]:
    """One pass over blocks (acpi_bus_offline); those that go offline are added to `offlined`. Returns the first that did not; the
    second pass, `again`, ends with it."""
    first: _Failed | None = None
    for number in blocks:
        if state.blocks[number].state != "online":
            continue
        try:
            yield from offline_block(state, number, signals=False)
            offlined.append(number)
        except HotplugError as error:
            if error.errno == HANGS:
                raise
            yield OfflineFailed(number, error.errno, error.reason, again)
            if again:
                yield Logged(f"memory memory{number}: Offline failed.")
                return _Failed(number, error)
            first = first or _Failed(number, error)
    return first
