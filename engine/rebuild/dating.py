"""Whether a block was there at boot, where that decides what becomes of it: on arm64 such memory never goes offline.

No file says it of each block. What the boot reserved lies in its memory (children of System RAM in /proc/iomem), the lowest
memory is the boot's (the direct map begins there), offline blocks and those of drivers came later, and since 6.11 the kernel
counts the memmap of the boot (nr_memmap_boot_pages). What none of these tells is a guess, and noted as one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

import msgspec

from ..hotplug.zone_policy import valid_zones
from ..memory.block import Block
from ..memory.zone import MOVABLE
from ..numbers.rounding import ceil
from ..protocol.names import block_names
from ..reading.observation import Observation
from .draft import Draft
from .evidence import holds, reserved_by_boot


def doubt_origins(draft: Draft) -> None:
    """Note of which blocks of a first capture it is a guess whether they were there at boot."""
    state, seen = draft.state, draft.seen
    if not state.preset.boot_offline_veto or draft.prior is not None or "nr_memmap_boot_pages" in seen.vmstat:
        return
    boot = _boot_blocks(draft)
    for number, block in list(state.blocks.items()):
        if number not in boot and not _came_later(draft, block):
            state.blocks.load({number: msgspec.structs.replace(block, undated=True)})


def doubt_zones(draft: Draft) -> Iterator[str]:
    """Note whether auto-movable weighs what is a guess: how much kernel memory was there at boot; and by what the kernel itself
    said of offline blocks, whether the guess was right."""
    state, seen = draft.state, draft.seen
    if draft.prior is not None or state.settings.online_policy != "auto-movable":
        return
    differ = [
        reading.id
        for reading in seen.blocks
        if reading.state == "offline"
        and len(zones := reading.valid_zones or ()) > 1
        and zones[0] != valid_zones(state, state.blocks[reading.id]).split()[0]
    ]
    untold = not seen.resources and "nr_memmap_boot_pages" not in seen.vmstat
    state.globals.change(boot_untold=untold, zones_differ=bool(differ))
    if differ:
        yield (
            f"valid_zones of {block_names(differ, 1)} names another zone first than follows from what was read: auto-movable "
            f"knows which memory was there at boot, and which blocks are of one device"
        )


def _boot_blocks(draft: Draft) -> set[int]:
    """Blocks that were surely there at boot: the lowest, and all of a range that has it, or what only the boot reserves, or
    ends that no device has."""
    size, numbers, reserved = (
        draft.state.geometry.block_size,
        draft.state.blocks.ascending(),
        reserved_by_boot(draft.seen),
    )
    found = {*numbers[:1]}
    for start, end in _ranges(draft.seen):
        low, high = (bisect_left(numbers, number) for number in (start // size, ceil(end, size)))
        if low == 0 or start % size or end % size or holds(reserved, start, end):
            found.update(numbers[low:high])
    return found


def _ranges(seen: Observation) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in seen.resources if one.name == "System RAM" and not one.depth]


def _came_later(draft: Draft, block: Block) -> bool:
    """Was a block surely added since? All memory of the boot is online there, and is in ZONE_MOVABLE only by a boot option."""
    if block.early:
        return False
    movable = block.zone is not None and block.zone[1] == MOVABLE
    no_boot_option = draft.seen.cmdline is not None and not draft.state.boot.has_movable
    seen_head = bool(draft.starts and block.head)
    return block.state == "offline" or seen_head or (movable and no_boot_option) or _of_driver(draft, block)


def _of_driver(draft: Draft, block: Block) -> bool:
    """Does a block lie in memory that a driver manages (kmem, virtio-mem)?"""
    size = draft.state.geometry.block_size
    return any(
        one.ram and one.name != "System RAM" and one.start < (block.id + 1) * size and block.id * size < one.end
        for one in draft.state.resources.values()
    )
