"""What each command makes the kernel do: one row a command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ..capture.observe import observe
from ..commands import (
    Add,
    Allocate,
    Command,
    Compact,
    Eject,
    Free,
    HugePages,
    Offline,
    Online,
    Pin,
    Poison,
    Remove,
    Sync,
    Unpin,
    VirtioMem,
    Write,
    checked,
    extent,
)
from ..commands.write import meant
from ..hotplug import virtio_mem
from ..hotplug.acpi_eject import bound, eject
from ..hotplug.add import AddRequest, add_memory
from ..hotplug.remove import remove_memory
from ..memory.state import State
from ..memory.zone import ZONE_ORDER
from ..mm import memory_failure, workload
from ..mm.compaction import triggers
from ..mm.hugetlb import pool
from ..mm.hugetlb.nr_hugepages import set_pool
from ..numbers.errors import BadInput
from ..numbers.rounding import ceil
from ..numbers.units import format_bytes, parse_bytes
from ..protocol.events import Event
from ..protocol.reasons import HotplugError
from ..protocol.reasons.notes import MoreOfTheDevice, NoDeviceThere, Note, NothingThere
from ..protocol.reasons.taking import Crashed
from ..protocol.vocabulary import Placement
from ..rebuild.sync import sync
from ..sysfs import hotplug_files

Steps = Iterator[Event]
_DEVICE_PLACEMENTS: Final[Mapping[str, tuple[Placement, ...]]] = {"hmm": ("boot",), "pmem": ("boot", "range")}
"""Where drivers of device memory can have their memmap: only pmem brings an altmap along."""
Operation = Callable[[State, Any, list[Note]], Steps]
"""Runs a command on a state; what is to be said besides goes into the list."""


def run(state: State, command: Command, notes: list[Note]) -> Steps:
    """The events of a command. Raises `HotplugError` for the kernel's refusal, `BadInput` for a command without sense."""
    if state.globals.value.crashed and not isinstance(command, Sync):
        raise HotplugError("OOPS", Crashed())
    return _OPERATIONS[type(checked(command))](state, command, notes)


def takes_signals(command: Command) -> bool:
    """Can a signal end it? Offlining looks for signals; adds, removals and ejects run in the kernel's own threads."""
    return isinstance(meant(command), Offline)


def _add(state: State, command: Add, notes: list[Note]) -> Steps:
    start, size = extent(command)
    for name, pages in (("reserve", command.reserve), ("align", command.align)):
        if not 0 <= pages <= size // state.geometry.page_size:
            raise BadInput(
                f"{name} is {pages} pages; it can be 0 to {size // state.geometry.page_size}, the pages added"
            )
    allowed = _DEVICE_PLACEMENTS.get(command.caller)
    if allowed and command.placement not in (None, *allowed):
        raise BadInput(
            f"{command.caller} cannot place its memmap by {command.placement!r}; leave it out or say {' or '.join(allowed)}"
        )
    request = AddRequest(
        start,
        size,
        command.node,
        command.caller,
        command.placement,
        command.fallback,
        command.reserve,
        command.align,
    )
    return add_memory(state, request)


def _remove(state: State, command: Remove, notes: list[Note]) -> Steps:
    start, size = extent(command)
    page = state.geometry.page_size
    if start % page == 0 and not state.sections_of(start // page, size // page):
        notes.append(NothingThere(start))
    return remove_memory(state, start, size)


def _eject(state: State, command: Eject, notes: list[Note]) -> Steps:
    start, size = extent(command)
    if not bound(state, start, size):
        notes.append(NoDeviceThere(start))
    notes += _rest_of_device(state, start, size)
    return eject(state, start, size)


def _rest_of_device(state: State, start: int, size: int) -> Iterator[Note]:
    """ACPI ejects whole devices: blocks of the same group, or of the same request, go along."""
    page = state.geometry.page_size
    ours = {block.id: block for block in state.range_blocks(start // page, size // page)}
    groups = {
        block.group for block in ours.values() if block.group is not None and not state.groups[block.group].dynamic
    }
    requests = {block.request for block in ours.values() if block.request is not None and block.group is None}
    others = [block for block in state.blocks.values() if block.group in groups or block.request in requests]
    if more := len(others) - len(ours.keys() & {block.id for block in others}):
        yield MoreOfTheDevice(more)


def _online(state: State, command: Online, notes: list[Note]) -> Steps:
    yield from hotplug_files.set_state(state, command.block, command.type)
    yield from virtio_mem.go_on(state)


def _offline(state: State, command: Offline, notes: list[Note]) -> Steps:
    return hotplug_files.set_state(state, command.block, "offline")


def _write(state: State, command: Write, notes: list[Note]) -> Steps:
    yield from hotplug_files.write(state, command.path, command.data)
    yield from virtio_mem.go_on(state)


def _sync(state: State, command: Sync, notes: list[Note]) -> Steps:
    notes.extend(sync(state, observe(command.root)))
    return iter(())


def _known_node(state: State, node: int) -> None:
    if node not in state.nodes:
        raise BadInput(f"there is no node {node}; nodes are {', '.join(map(str, sorted(state.nodes)))}")


def _compact(state: State, command: Compact, notes: list[Note]) -> Steps:
    if command.node is not None:
        _known_node(state, command.node)
    if command.zone is not None:
        key = (command.node or 0, command.zone)
        if key not in state.zones:
            raise BadInput(f"node {key[0]} has no zone {key[1]}")
        return triggers.compact_zone(state, key, command.order)
    if command.node is None:
        return triggers.compact_memory(state)
    return triggers.compact_node(state, command.node)


def _hugepages(state: State, command: HugePages, notes: list[Note]) -> Steps:
    size = parse_bytes(command.size)
    if size not in pool.sizes(state):
        known = ", ".join(format_bytes(one) for one in pool.sizes(state))
        raise BadInput(f"there are no huge pages of {format_bytes(size)} here; sizes are {known}")
    if command.node is not None:
        _known_node(state, command.node)
    if command.count < 0:
        raise BadInput(f"a pool cannot hold {command.count} huge pages; give 0 or more")
    return set_pool(state, command.node, size, command.count)


def _poison(state: State, command: Poison, notes: list[Note]) -> Steps:
    action = memory_failure.soft_offline if command.soft else memory_failure.hard_offline
    return action(state, parse_bytes(command.address) // state.geometry.page_size)


def _virtio_mem(state: State, command: VirtioMem, notes: list[Note]) -> Steps:
    start, size, unit = (parse_bytes(part) for part in (command.start, command.size, command.unit))
    return virtio_mem.resize(state, start, size, unit, command.node)


def _pages(state: State, size: int | str | None) -> int | None:
    return None if size is None else ceil(parse_bytes(size), state.geometry.page_size)


def _where(state: State, command: Allocate | Free | Pin | Unpin) -> workload.Where:
    _known_node(state, command.node)
    if command.zone is not None and command.zone not in ZONE_ORDER:
        raise BadInput(f"{command.zone!r} is not a zone; it is one of {', '.join(ZONE_ORDER)}")
    return workload.Where(command.node, command.zone, command.pattern, command.seed)


def _allocate(state: State, command: Allocate, notes: list[Note]) -> Steps:
    return workload.allocate(state, command.kind, _pages(state, command.size) or 0, _where(state, command))


def _free(state: State, command: Free, notes: list[Note]) -> Steps:
    return workload.free(state, command.kind, _pages(state, command.size), _where(state, command))


def _pin(state: State, command: Pin | Unpin, notes: list[Note]) -> Steps:
    return workload.pin(state, _pages(state, command.size), _where(state, command), isinstance(command, Pin))


_OPERATIONS: Final[Mapping[type, Operation]] = MappingProxyType(
    {
        Add: _add,
        Remove: _remove,
        Eject: _eject,
        Online: _online,
        Offline: _offline,
        Write: _write,
        Sync: _sync,
        Compact: _compact,
        HugePages: _hugepages,
        Poison: _poison,
        VirtioMem: _virtio_mem,
        Allocate: _allocate,
        Free: _free,
        Pin: _pin,
        Unpin: _pin,
    }
)
