"""What a capture says that no machine can have is left out, with a note, before anything is built from it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..memory.zone import ZONE_ORDER
from ..numbers.errors import BadInput
from ..numbers.frozen import Frozen
from ..numbers.geometry import Geometry
from ..numbers.limits import MAX_PFN
from ..numbers.units import format_bytes
from ..protocol.names import block_names
from ..reading.observation import BlockReading, NodeReading, Observation, Resource, ZoneReading


def plausible(seen: Observation, geometry: Geometry) -> Observation:
    """The capture without what cannot be; its notes say what that was. Raises `BadInput` for memory beyond any address."""
    notes: list[str] = []
    highest = max((block.id for block in seen.blocks), default=0)
    if (highest + 1) * geometry.pages_per_block > MAX_PFN:
        size = format_bytes(geometry.block_size)
        raise BadInput(
            f"{seen.source}: memory block {highest} of {size} lies beyond any address that a machine can have"
        )
    top = max(geometry.max_address, (highest + 1) * geometry.block_size)
    return msgspec.structs.replace(
        seen,
        zones=tuple(_zones(seen, top // geometry.page_size, notes)),
        blocks=tuple(_blocks(seen, notes)),
        nodes=tuple(_nodes(seen, geometry, notes)),
        resources=tuple(_resources(seen, top, notes)),
        buddyinfo=_free_areas(seen, geometry, notes),
        notes=(*seen.notes, *notes),
    )


def _zones(seen: Observation, top: int, notes: list[str]) -> Iterator[ZoneReading]:
    """Zones whose present pages fit into their span, and whose span fits below `top`, a pfn; each once."""
    known: set[tuple[int, str]] = set()
    for zone in seen.zones:
        end = (zone.start_pfn or 0) + zone.spanned
        if (zone.node, zone.zone) in known:
            wrong = "is told of twice"
        elif zone.present > zone.spanned:
            wrong = f"has {zone.present} present pages in a span of {zone.spanned}"
        elif end > top:
            wrong = f"ends at pfn {end:#x}, and memory ends at {top:#x}"
        else:
            known.add((zone.node, zone.zone))
            yield zone
            continue
        notes.append(f"zone {zone.zone} of node {zone.node} in zoneinfo {wrong}; it is left out")


def _blocks(seen: Observation, notes: list[str]) -> Iterator[BlockReading]:
    """Online blocks in zones that this model knows."""
    odd: dict[str, list[int]] = {}
    for block in seen.blocks:
        name = block.valid_zones[0] if block.valid_zones and block.state != "offline" else "none"
        if name in ZONE_ORDER or block.valid_zones in (None, (), ("none",)) or block.state == "offline":
            yield block
        elif name == "none":
            yield msgspec.structs.replace(block, valid_zones=("none",))
        else:
            odd.setdefault(name, []).append(block.id)
            yield msgspec.structs.replace(block, valid_zones=None)
    for name, blocks in odd.items():
        notes.append(
            f"valid_zones of {block_names(blocks, 1)} is {name[:60]!r}, a zone that altmap does not know; left out"
        )


def _nodes(seen: Observation, geometry: Geometry, notes: list[str]) -> Iterator[NodeReading]:
    """Nodes with pools of huge pages of sizes that there can be."""
    for node in seen.nodes:
        pools = {size: counts for size, counts in node.hugepages.items() if _is_huge(size, geometry)}
        for size in node.hugepages.keys() - pools.keys():
            notes.append(
                f"node {node.id} has a pool of pages of {format_bytes(size)}, which are not huge pages; left out"
            )
        yield node if len(pools) == len(node.hugepages) else msgspec.structs.replace(node, hugepages=Frozen(pools))


def _is_huge(size: int, geometry: Geometry) -> bool:
    return size > geometry.page_size and size & (size - 1) == 0


def _resources(seen: Observation, top: int, notes: list[str]) -> Iterator[Resource]:
    """Ranges whose System RAM lies below `top`, an address, and does not overlap."""
    left_out: set[int] = set()
    behind = 0
    for resource in sorted(seen.resources, key=lambda one: one.start):
        if not resource.name.startswith("System RAM"):
            continue
        if resource.end > top or resource.start < behind:
            wrong = "overlaps the one before it" if resource.end <= top else f"goes beyond {top:#x}"
            where = f"{resource.start:x}-{resource.end - 1:x}"
            notes.append(f"{resource.name} at {where} in iomem {wrong}; it is left out")
            left_out.add(id(resource))
        else:
            behind = resource.end
    return (resource for resource in seen.resources if id(resource) not in left_out)


def _free_areas(seen: Observation, geometry: Geometry, notes: list[str]) -> Frozen[str, tuple[int, ...]]:
    """Free areas of zones that tell of each order."""
    orders = geometry.max_order + 1
    kept = {zone: counts for zone, counts in seen.buddyinfo.items() if len(counts) == orders}
    for zone in seen.buddyinfo.keys() - kept.keys():
        has = len(seen.buddyinfo[zone])
        notes.append(f"buddyinfo tells of {has} orders in zone {zone}, and of {orders} in another; it is left out")
    return Frozen(kept)
