"""Memory blocks of a capture without any: where the zones and System RAM of /proc say that memory is, some must be."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

import msgspec

from ..kernels.architectures import Preset
from ..kernels.block_sizes import block_size
from ..kernels.models import nearest_model, release_like
from ..kernels.releases import LAST
from ..memory.state import State
from ..numbers.errors import BadInput
from ..numbers.frozen import Frozen
from ..numbers.geometry import Geometry
from ..numbers.limits import MAX_BLOCK
from ..numbers.rounding import ceil
from ..numbers.units import format_bytes
from ..protocol.names import block_names
from ..reading.observation import BlockReading, Observation, ZoneReading

_OF_SECTIONS: Final = "nr_memmap_boot_pages"
"""It counts sections that hold no System RAM too, such as firmware's on arm64, of which only a list of blocks tells."""


def usual_block_size(seen: Observation, preset: Preset, base: Geometry, notes: list[str]) -> int:
    """How big memory blocks are on a machine whose memory ends where that of a capture does."""
    ends = [end for _, end in _memory(seen, base.page_size)]
    model = nearest_model(release_like(seen.version) or LAST)
    windows = [(one.start, one.end) for one in seen.resources if one.name.startswith("CXL Window")]
    guest = "bare_metal" not in seen.features
    size = block_size(preset, model, max(ends, default=0), base.block_size, guest, windows)
    sure = "hypervisor" in seen.features or "bare_metal" in seen.features or size == base.block_size
    notes.append(
        f"no file says how big memory blocks are; {format_bytes(size)} is taken, as kernels of {preset.name} do"
        + ("" if sure else " on a guest with so much memory")
    )
    return size


def with_blocks(seen: Observation, geometry: Geometry, notes: list[str]) -> Observation:
    """The capture with all memory blocks that hold its memory, if it has none, and with their states. They are online, but for
    those that lie in no zone that has memory."""
    zones = [zone for zone in seen.zones if zone.present and zone.start_pfn is not None]
    if seen.blocks:
        return _with_offline(seen, zones, geometry, notes)
    size, found = geometry.block_size, set[int]()
    for start, end in _memory(seen, geometry.page_size):
        if not 0 <= start < end or end // size >= MAX_BLOCK:
            raise BadInput(f"{seen.source}: memory from {start:#x} to {end:#x} is none that a machine has")
        found.update(range(start // size, ceil(end, size)))
    listed = any(one.name.startswith("System RAM") for one in seen.resources)
    by = "System RAM in iomem" if listed else "the zones in zoneinfo, whose holes are taken to be at their ends"
    notes.append(
        f"it tells of no memory blocks; {len(found):,} are made of {by}; blocks that are offline, and which were added later, "
        f"are not known"
    )
    blocks = (_told(BlockReading(number, None, None, ()), zones, geometry) for number in sorted(found))
    vmstat = Frozen({name: value for name, value in seen.vmstat.items() if name != _OF_SECTIONS})
    return msgspec.structs.replace(seen, blocks=tuple(blocks), vmstat=vmstat)


def _with_offline(seen: Observation, zones: list[ZoneReading], geometry: Geometry, notes: list[str]) -> Observation:
    """The capture with those of its blocks offline whose states no file tells, and that lie in no zone that has memory."""
    untold = (block for block in seen.blocks if block.state is None)
    offline = {block.id: told for block in untold if (told := _told(block, zones, geometry)).state == "offline"}
    if not offline:
        return seen
    notes.append(f"the state of {block_names(offline, 1)} is not there, and no zone reaches it; taken for offline")
    return msgspec.structs.replace(seen, blocks=tuple(offline.get(block.id, block) for block in seen.blocks))


def _told(block: BlockReading, zones: list[ZoneReading], geometry: Geometry) -> BlockReading:
    """A block with the state that follows from the zones, and its node."""
    pages = geometry.pages_per_block
    nodes = _nodes(zones, block.id * pages, pages)
    state = "online" if nodes or not zones else "offline"
    return msgspec.structs.replace(block, state=state, nodes=block.nodes or nodes)


def states_told(seen: Observation, state: State) -> bool:
    """Is it known which memory blocks are online, and that there are no others? Where no file tells their states, that is so if
    their System RAM is no more than what the zones have."""
    if seen.blocks and all(block.state is not None for block in seen.blocks):
        return True
    ram = [(one.start, one.end) for one in seen.resources if one.name.startswith("System RAM")]
    online = [block.id for block in state.blocks.values() if block.state == "online"]
    size, page = state.geometry.block_size, state.geometry.page_size
    inside = sum(
        max(0, min(end, (number + 1) * size) - max(start, number * size)) // page
        for start, end in ram
        for number in online[bisect_left(online, start // size) : bisect_left(online, ceil(end, size))]
    )
    return (
        bool(ram and seen.zones) and inside - sum(zone.present for zone in seen.zones) < state.geometry.pages_per_block
    )


def _memory(seen: Observation, page: int) -> Iterator[tuple[int, int]]:
    """Where memory is, as addresses: by System RAM, else by the zones, from their beginning on."""
    ram = [(one.start, one.end) for one in seen.resources if one.name.startswith("System RAM")]
    yield from ram
    for zone in seen.zones if not ram else ():
        if zone.present and zone.start_pfn is not None:
            yield zone.start_pfn * page, (zone.start_pfn + zone.present) * page


def _nodes(zones: list[ZoneReading], start: int, pages: int) -> tuple[int, ...]:
    """The nodes of a block: the one whose zone it lies in, else those whose zones it meets."""
    met = [(zone.start_pfn or 0, zone) for zone in zones]
    met = [(low, zone) for low, zone in met if low < start + pages and start < low + zone.spanned]
    whole = [zone.node for low, zone in met if low <= start and start + pages <= low + zone.spanned]
    return tuple(whole[:1] or sorted({zone.node for _, zone in met}))
