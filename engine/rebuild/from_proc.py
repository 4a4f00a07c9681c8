"""Memory blocks of a capture without any: where the zones and System RAM of /proc say that memory is, some must be."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..kernels.architectures import Preset
from ..kernels.block_sizes import block_size
from ..kernels.models import nearest_model, release_like
from ..kernels.releases import LAST
from ..numbers.errors import BadInput
from ..numbers.geometry import Geometry
from ..numbers.limits import MAX_BLOCK
from ..numbers.rounding import ceil
from ..numbers.units import format_bytes
from ..reading.observation import BlockReading, Observation, ZoneReading


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
    """The capture, if it has no memory blocks with those that hold its memory, all online."""
    if seen.blocks:
        return seen
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
    zones = [zone for zone in seen.zones if zone.present and zone.start_pfn is not None]
    pages = geometry.pages_per_block
    blocks = (BlockReading(number, "online", None, _nodes(zones, number * pages, pages)) for number in sorted(found))
    return msgspec.structs.replace(seen, blocks=tuple(blocks))


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
