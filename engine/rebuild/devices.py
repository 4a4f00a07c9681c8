"""The memory devices of a captured machine: which ranges were hot-added, their groups, and where their memmap must lie.

No file says it, but it follows: each add request is a range of /proc/iomem of its own, made of whole memory blocks, and lies
above the memory of the boot; each memory device of the firmware is a static group; and whether blocks host their own
memmap was decided by a parameter that cannot be changed after the boot.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from typing import Final, NamedTuple

import msgspec

from ..kernels.memmap_on_memory import Support, memmap_on_memory_support
from ..memory.block import Block, Group
from ..memory.state import State
from ..memory.zone import MOVABLE
from ..numbers.rounding import ceil
from ..protocol.vocabulary import Mode, ZoneKey
from .draft import Draft
from .evidence import holds, reserved_by_boot


class _Device(NamedTuple):
    start: int  # bytes
    end: int
    blocks: Sequence[int]


def build_devices(draft: Draft) -> None:
    """Mark the blocks of memory devices as hot-added, and give them their groups and heads."""
    state = draft.state
    mode: Mode = draft.mode if state.model.parameter_modes else "N"
    without_head = {block.id for block in draft.seen.blocks if block.carries is False}
    heads, grouped = _heads_fit(state), state.model.groups and bool(draft.seen.resources)
    for number, device in enumerate(_devices(draft, mode) if draft.seen.resources else _blocks_behind(draft)):
        head = max(state.blocks[at].head for at in device.blocks)  # a request has them all, or none
        if not head and mode != "N":
            head = _head(draft, device, mode)
        without = Counter(
            block.zone for at in device.blocks if not (block := state.blocks[at]).head and block.zone is not None
        )
        if any(heads.get(zone, 0) < count * head for zone, count in without.items()):
            head = 0
        heads.update({zone: heads.get(zone, 0) - count * head for zone, count in without.items()})
        for at in device.blocks:
            block = state.blocks[at]
            own = block.head or (0 if at in without_head else head)
            group = number if grouped else None
            state.blocks.load({at: msgspec.structs.replace(block, early=False, head=own, group=group)})
        if grouped:
            state.groups.load({number: _group(state, number, device)})
    if mode != "N" and not _ASKING.isdisjoint(state.model.opt_in):
        of_kmem = [*_candidates(state, _KMEM)]
        theirs = {at for device in of_kmem for at in device.blocks}
        boot = {block.zone for block in state.blocks.values() if block.early and block.id not in theirs}
        for device in of_kmem:
            _give_heads(draft, device, heads, mode, boot)


_KMEM: Final = "System RAM (kmem)"
"""What /proc/iomem calls the memory that it gave to the system."""
_ASKING: Final = frozenset(("dax", "cxl"))
"""Callers that kmem stands for."""


def _give_heads(
    draft: Draft, device: _Device, heads: dict[ZoneKey, int], mode: Mode, boot: Set[ZoneKey | None]
) -> None:
    """Whether kmem asked for a memmap on memory a file of the device says, and no capture has that. It did if so many pages of
    its zones are present and not managed, and they are none of `boot`, which have memory of the boot: the other reason."""
    state = draft.state
    head = _head(draft, device, mode)
    blocks = [state.blocks[at] for at in device.blocks]
    count = Counter(block.zone for block in blocks if block.zone is not None and not block.head)
    if not count or any(zone in boot or heads.get(zone, 0) < many * head for zone, many in count.items()):
        return
    heads.update({zone: heads.get(zone, 0) - many * head for zone, many in count.items()})
    state.blocks.load({block.id: msgspec.structs.replace(block, head=block.head or head) for block in blocks})


def _devices(draft: Draft, mode: Mode) -> list[_Device]:
    """Ranges of whole blocks from the first on that cannot be memory of the boot."""
    reserved = reserved_by_boot(draft.seen)
    candidates = [one for one in _candidates(draft.state) if not holds(reserved, one.start, one.end)]
    unit = _support(draft.state, mode, None).pages if mode != "N" else 0
    ends = {resource.end for resource in draft.state.resources.values() if resource.ram}
    boot = _boot_sections(draft)
    if boot is not None:
        return candidates[bisect_left(candidates, boot, key=lambda one: _sections_below(draft.state, one.start)) :]
    for index, device in enumerate(candidates):
        if device.start in ends or _shows(draft, [draft.state.blocks[at] for at in device.blocks], unit):
            return candidates[index:]
    return []


def _blocks_behind(draft: Draft) -> list[_Device]:
    """Blocks that are more than the memory of the boot had sections, or in ZONE_MOVABLE though no boot option put any there;
    which of them came together, no file says then."""
    state, boot, size = draft.state, _boot_sections(draft), draft.state.geometry.block_size
    numbers: Sequence[int] = state.blocks.ascending()
    if boot is not None:
        numbers = numbers[bisect_left(numbers, boot, key=lambda number: _sections_below(state, number * size)) :]
    elif draft.seen.cmdline is not None and not state.boot.has_movable:
        zones = ((number, state.blocks[number].zone) for number in numbers)
        numbers = [number for number, zone in zones if zone is not None and zone[1] == MOVABLE]
    else:
        numbers = ()
    return [_Device(number * size, (number + 1) * size, [number]) for number in numbers]


def _candidates(state: State, name: str = "System RAM") -> Iterator[_Device]:
    size = state.geometry.block_size
    for resource in sorted(state.resources.values(), key=lambda one: one.start):
        if resource.name == name and not resource.start % size and not resource.end % size:
            blocks = range(resource.start // size, resource.end // size)
            if all(at in state.blocks for at in blocks):
                yield _Device(resource.start, resource.end, blocks)


def _boot_sections(draft: Draft) -> int | None:
    """Sections of the memory of the boot, where the kernel counts the pages of its memmap."""
    pages = draft.seen.vmstat.get("nr_memmap_boot_pages")
    return ceil(pages, draft.state.geometry.memmap_pages_per_section) if pages else None


def _sections_below(state: State, end: int) -> int:
    """Present sections below an address: where blocks are larger, those that have System RAM."""
    if state.geometry.sections_per_block == 1:
        return sum(block * state.geometry.block_size < end for block in state.blocks)
    size, count, behind = state.geometry.section_size, 0, 0
    for resource in sorted((one for one in state.resources.values() if one.ram), key=lambda one: one.start):
        first, last = max(resource.start // size, behind), ceil(min(resource.end, end), size)
        count += max(0, last - first)
        behind = max(behind, last)
    return count


def _shows(draft: Draft, blocks: list[Block], unit: int) -> bool:
    """Boot memory is online, in kernel zones if the command line does not say otherwise, and some of each zone of it was
    reserved by the boot, while heads come in whole units; where no one counted that, it shows nothing."""
    state = draft.state
    if any(block.state == "offline" or block.head for block in blocks):
        return True
    if not state.boot.has_movable and any(block.zone and block.zone[1] == MOVABLE for block in blocks):
        return True
    if not draft.seen.zones:
        return False
    zones = [state.zones.get(block.zone) if block.zone is not None else None for block in blocks]
    return all(zone is not None and not (zone.present - zone.managed) % (unit or zone.present) for zone in zones)


def _heads_fit(state: State) -> dict[ZoneKey, int]:
    """By zone, pages that are present and not managed: what of it may be heads."""
    room = {key: zone.present - zone.managed for key, zone in state.zones.items()}
    for block in state.blocks.values():
        if block.head and block.zone in room:
            room[block.zone] -= block.head
    return room


def _head(draft: Draft, device: _Device, mode: Mode) -> int:
    """Head pages of each block of a device: the kernel's rule, unless pages that were seen contradict it."""
    state = draft.state
    support = _support(state, mode, device.end - device.start)
    if support.reason is not None:
        return 0
    for at in device.blocks:
        block, (start, _) = state.blocks[at], state.block_range(at)
        if block.state != "offline" and not block.head and any(draft.runs_in(start, support.pages)):
            return 0
    return support.pages


def _support(state: State, mode: Mode, size: int | None) -> Support:
    return memmap_on_memory_support(state.geometry, state.model, mode, size)


def _group(state: State, number: int, device: _Device) -> Group:
    pages = state.geometry.pages_per_block
    zones = [block.zone for at in device.blocks if (block := state.blocks[at]).zone is not None]
    movable = sum(zone is not None and zone[1] == MOVABLE for zone in zones)
    return Group(
        number,
        state.blocks[device.blocks[0]].node,
        max_pages=len(device.blocks) * pages,
        present_kernel=(len(zones) - movable) * pages,
        present_movable=movable * pages,
        blocks=len(device.blocks),
    )
