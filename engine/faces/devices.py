"""Memory devices beside a machine: which of its blocks each of them brought, so that it can be resized and taken out as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from ..hotplug.add import RESOURCE_NAMES
from ..machine import Machine
from ..memory.block import Block, Group, Request
from ..memory.state import State, clone
from ..memory.zone import MOVABLE
from ..mm.iomem import in_the_way
from ..numbers.rounding import ceil
from ..numbers.runs import consecutive
from ..numbers.units import format_bytes
from ..protocol.vocabulary import RESERVED, Caller, Placement
from ..questions.narrate.words import block_names
from ..questions.summary import summary
from ..reading.memory_devices import DeviceKind, MemoryDevice
from ..rebuild.topology import count_early
from ..run.invariants import check

_CALLERS: Final[dict[DeviceKind, Caller]] = {
    "dimm": "acpi",
    "nvdimm": "pmem",
    "virtio-mem": "virtio-mem",
    "dax": "dax",
    "cxl": "cxl",
}

_NAMED: Final[dict[DeviceKind, str]] = {kind: RESOURCE_NAMES[kind] for kind in ("virtio-mem", "cxl")}
"""What their drivers have called their memory in /proc/iomem since they are there; that of dax was System RAM before 5.8."""


def with_devices(machine: Machine, devices: Iterable[MemoryDevice], source: str) -> Machine:
    """The machine, without a history, with the devices that `source` tells of: blocks that lie in one were hot-added by its
    driver, in a request and, where the kernel has those, a memory group of its own. What came of each is said in the notes."""
    state = clone(machine._state)
    notes: list[str] = []
    for device in devices:
        after = clone(state)
        said = _take(after, device) or _absent(device)
        named = _NAMED.get(device.kind) if "iomem" in machine.origin.measured else None
        if broken := next(_against(state, after, named), ""):
            notes.append(f"{_called(device)} is left out, as the machine says otherwise: {broken}")
        else:
            state = after
            notes.append(f"{_called(device)}: {said}")
    return Machine(
        state, replace(machine.origin, notes=(*machine.origin.notes, *(f"by {source}, {one}" for one in notes)))
    )


def _against(before: State, after: State, named: str | None) -> Iterator[str]:
    """What says that blocks are none of a device: pages that the boot reserved, another name in /proc/iomem than its driver
    gives them (`named`), or numbers that do not agree then."""
    for number, block in after.blocks.items():
        if block is before.blocks[number]:
            continue
        if summary(after, *after.block_range(number), orders=False).of(RESERVED):
            yield f"{block_names([number])} has pages that are reserved since boot"
        if named is not None and (name := _name(after, number)) not in (None, named):
            yield f"{block_names([number])} is {name} in /proc/iomem"
    yield from (broken.sentence for broken in check(after))


def _name(state: State, block: int) -> str | None:
    """What /proc/iomem calls the memory of a block."""
    start = block * state.geometry.block_size
    found = in_the_way(state, start, start + 1)
    return found.name if found is not None and found.ram else None


def _called(device: MemoryDevice) -> str:
    where = "" if device.start is None else f" at {device.start:#x}"
    node = "" if device.node is None else f" on node {device.node}"
    return f"{device.name} ({device.kind}, {format_bytes(device.size)}{where}{node})"


def _absent(device: MemoryDevice) -> str:
    if device.start is None:
        return "it is not told where that lies, and no range of /proc/iomem is its alone"
    if device.kind == "nvdimm":
        return "its memory is a device's, and no memory block"
    return "none of the machine's memory blocks lies there"


def _take(state: State, device: MemoryDevice) -> str | None:
    """Make the blocks of a device its own; None where it has none."""
    start = device.start if device.start is not None else _by_resource(state, device)
    if start is None or device.kind == "nvdimm":
        return None
    page, size = state.geometry.page_size, state.geometry.block_size
    inside = range(ceil(start, size), (start + device.size) // size)
    there = [number for number in inside if number in state.blocks]
    if not there:
        return None
    found = [number for number in there if not state.requests_in(*state.block_range(number))]
    if not found:
        return f"{block_names(there, 4)} are known to be added already"
    group = _group(state, device, found) if state.model.groups else None
    for first, last in consecutive(found):
        pages = (last + 1 - first) * state.geometry.pages_per_block
        begin = first * state.geometry.pages_per_block
        placement: Placement = (
            "block" if all(state.blocks[number].head for number in range(first, last + 1)) else "boot"
        )
        region = start // page if device.kind == "virtio-mem" else None
        node = state.blocks[first].node
        request = Request(begin, pages, node, _CALLERS[device.kind], placement, (), region)
        state.requests.load({begin: request})
        for number in range(first, last + 1):
            _hot(state, replace(state.blocks[number], early=False, group=group))
    count_early(state)
    on = {state.blocks[number].node for number in found}
    other = "" if device.node is None or on == {device.node} else f", on node {', '.join(map(str, sorted(on)))}"
    return f"it brought {block_names(found, 4)}{other}"


def _by_resource(state: State, device: MemoryDevice) -> int | None:
    """Where a DAX device lies: the one range of its driver in /proc/iomem that has as many whole blocks, and of its node."""
    size = state.geometry.block_size
    fitting = [
        resource
        for resource in state.resources.values()
        if resource.name == RESOURCE_NAMES["dax"]
        and (resource.end - resource.start) // size == device.size // size
        and device.node in (None, *_nodes(state, resource.start, resource.end))
    ]
    return fitting[0].start if len(fitting) == 1 else None


def _nodes(state: State, start: int, end: int) -> Iterator[int]:
    page = state.geometry.page_size
    for block in state.range_blocks(start // page, (end - start) // page):
        yield from block.nodes


def _hot(state: State, block: Block) -> None:
    """A block that was hot-added, and its sections."""
    state.blocks.load({block.id: block})
    for section in state.block_sections(block.id):
        state.sections.load({section.nr: replace(section, early=False)})


def _group(state: State, device: MemoryDevice, blocks: list[int]) -> int:
    """A memory group of the device's blocks; those that were guessed to be another's leave that."""
    pages = state.geometry.pages_per_block
    number = max(state.groups, default=-1) + 1
    for old in {group for at in blocks if (group := state.blocks[at].group) is not None}:
        rest = [block for block in state.blocks.values() if block.group == old and block.id not in blocks]
        if rest:
            state.groups.load({old: replace(state.groups[old], **_counts(rest, pages))})
        else:
            state.groups.drop(old)
    unit = max(device.unit, state.geometry.block_size) // state.geometry.page_size
    node = state.blocks[blocks[0]].node
    dynamic = device.kind == "virtio-mem"
    fresh = Group(number, node, unit_pages=unit) if dynamic else Group(number, node, max_pages=len(blocks) * pages)
    state.groups.load({number: replace(fresh, **_counts([state.blocks[at] for at in blocks], pages))})
    return number


def _counts(blocks: list[Block], pages: int) -> dict[str, int]:
    zones = [block.zone for block in blocks if block.zone is not None]
    movable = sum(zone[1] == MOVABLE for zone in zones)
    return {
        "blocks": len(blocks),
        "present_kernel": (len(zones) - movable) * pages,
        "present_movable": movable * pages,
    }
