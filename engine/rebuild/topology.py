"""From a capture to nodes, zones, resources and memory blocks: everything but the pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ..memory.block import Block
from ..memory.state import Resource, State
from ..memory.zone import MOVABLE, NORMAL, ZONE_ORDER, Node, Zone, ZoneWatermarks
from ..numbers.frozen import Frozen
from ..numbers.rounding import ceil
from ..numbers.runs import consecutive
from ..protocol.names import block_names
from ..protocol.vocabulary import ZoneKey
from ..reading.observation import BlockReading, NodeReading, Observation


def build_nodes(state: State, seen: Observation) -> None:
    """Possible nodes; those of links and folders count as online where the kernel's list is missing."""
    readings: dict[int, NodeReading] = {node.id: node for node in seen.nodes}
    named = {node for block in seen.blocks for node in block.nodes}
    named |= {zone.node for zone in seen.zones if zone.present or zone.managed}
    online = set(seen.node_lists.get("online", ())) or named | set(readings) or {0}
    possible = set(seen.node_lists.get("possible", ())) | online | named
    with_cpu = set(seen.node_lists.get("has_cpu", ()))
    for number in sorted(possible):
        reading = readings.get(number)
        said = None if reading is None else reading.cpus
        cpus = number in with_cpu if said is None else said
        if said is None and not with_cpu and number == min(possible):  # the boot needs one
            cpus = True
        state.nodes.load({number: Node(number, number in online, cpus, _distances(reading, sorted(online)))})


def _distances(reading: NodeReading | None, online: list[int]) -> tuple[int, ...]:
    """By node number; sysfs gives them by online node."""
    if reading is None or len(reading.distance) != len(online):
        return ()
    known = dict(zip(online, reading.distance, strict=True))
    return tuple(known.get(node, 20) for node in range(max(online) + 1))


def build_resources(state: State, seen: Observation) -> None:
    """Top-level ranges of /proc/iomem and System RAM wherever it stands; without it, one entry a run of blocks."""
    for resource in seen.resources:
        if resource.end > resource.start and (resource.depth == 0 or resource.name.startswith("System RAM")):
            known = Resource(resource.start, resource.end, resource.name)
            state.resources.load({known.key: known})
    if not any(resource.ram for resource in state.resources.values()):
        size = state.geometry.block_size
        for first, last in consecutive(block.id for block in seen.blocks):
            state.resources.load({first * size: Resource(first * size, (last + 1) * size, "System RAM")})


def build_zones(state: State, seen: Observation) -> None:
    """Zones as /proc/zoneinfo has them; without it, from the blocks and the totals of their nodes."""
    for reading in seen.zones:
        reaches = reading.present or (state.model.spans_until_removal and reading.spanned)
        if reading.zone not in ZONE_ORDER or not reaches:
            continue
        zone = Zone(
            reading.node,
            reading.zone,
            reading.start_pfn or 0,
            reading.spanned,
            reading.present,
            min(reading.managed, reading.present),
            reading.free,
            reading.pcp,
            0,
            reading.cma,
        )
        state.zones.load({zone.key: zone})
        names = [other.zone for other in seen.zones if other.node == reading.node]
        boost = min(reading.counters.get("boost", 0), reading.min)  # which is printed with it
        if reading.low:
            reserve = Frozen(zip(names, reading.protection, strict=False))
            state.watermarks.load({zone.key: ZoneWatermarks(reading.min - boost, reading.low - boost, reserve)})
    if not state.zones:
        _zones_from_blocks(state, seen)


def _zones_from_blocks(state: State, seen: Observation) -> None:
    """Zones where no file tells of them: each reaches as far as its blocks, and has its share of what the node has."""
    parts = _parts(state, seen)
    for node in {key[0] for key in parts}:
        of_node = {key: sum(end - start for start, end in ranges) for key, ranges in parts.items() if key[0] == node}
        present = sum(of_node.values())
        managed, free = _managed_and_free(state, seen, node, present)
        for key, have in of_node.items():
            start, end = min(first for first, _ in parts[key]), max(behind for _, behind in parts[key])
            zone = Zone(*key, start, end - start, have, managed * have // present, free * have // present)
            state.zones.load({key: zone})


def _parts(state: State, seen: Observation) -> dict[ZoneKey, list[tuple[int, int]]]:
    """Ranges of pages (first, behind the last) of each zone. A block in one zone says so; the others are cut where the
    architecture's zones end."""
    pages, page = state.geometry.pages_per_block, state.geometry.page_size
    limits = (*state.preset.low_zones, (state.preset.top_zone, state.geometry.max_address))
    alone: dict[tuple[str, ...], str] = {(name,): name for name in ZONE_ORDER}
    fallback = min(state.nodes)
    parts: dict[ZoneKey, list[tuple[int, int]]] = {}
    for block, count in _runs(block for block in seen.blocks if block.state != "offline"):
        node = block.nodes[0] if block.nodes else fallback
        start, behind = block.id * pages, (block.id + count) * pages
        if (name := alone.get(block.valid_zones or ())) is not None:
            parts.setdefault((node, name), []).append((start, behind))
            continue
        for name, limit in limits:
            end = min(limit // page, behind)
            if start < end:
                parts.setdefault((node, name), []).append((start, end))
                start = end
    return parts


def _runs(blocks: Iterable[BlockReading]) -> Iterator[tuple[BlockReading, int]]:
    """The first of each run of neighbouring blocks of which the same nodes and zones are said, and how many these are."""
    first, count = None, 0
    for block in blocks:
        if (
            first is not None
            and block.id == first.id + count
            and block.valid_zones == first.valid_zones
            and block.nodes == first.nodes
        ):
            count += 1
            continue
        if first is not None:
            yield first, count
        first, count = block, 1
    if first is not None:
        yield first, count


def _managed_and_free(state: State, seen: Observation, node: int, present: int) -> tuple[int, int]:
    """Managed and free pages of a node with so many present ones, as its meminfo tells, or that of the only node; without either
    all are."""
    reading = next((one for one in seen.nodes if one.id == node), None)
    of_all = seen.meminfo if len(state.nodes) == 1 else {}
    meminfo = reading.meminfo if reading is not None and reading.meminfo else of_all
    kib = state.geometry.page_size // 1024
    managed = min(meminfo.get("MemTotal", present * kib) // kib, present)
    return managed, min(meminfo.get("MemFree", managed * kib) // kib, managed)


def doubts(seen: Observation) -> Iterator[str]:
    """A sentence on each state of a block that no kernel prints, or that is not there, and where no file tells of nodes."""
    odd: dict[str | None, list[int]] = {}
    for block in seen.blocks:
        if block.state not in ("online", "offline", "going-offline"):
            odd.setdefault(block.state, []).append(block.id)
    for text, blocks in odd.items():
        said = "is not there" if text is None else f"is {text[:60]!r}, which is none of online, offline, going-offline"
        yield f"the state of {block_names(blocks, 1)} {said}; taken for online"
    online = seen.node_lists.get("online") or [node.id for node in seen.nodes]
    if len(online) != 1 and not (seen.zones or any(block.nodes for block in seen.blocks)):
        yield "no file says on which nodes memory lies; all of it is taken to be on node 0"


_Alike = tuple[str | None, tuple[str, ...] | None, tuple[int, ...], bool | None]
"""What decides of a block that is online and says in which zone of which node: blocks with the same differ in their numbers."""


def build_blocks(state: State, seen: Observation, prior: State | None) -> None:
    """Memory blocks. What no capture shows (group, own memmap, boot or hot-added) comes from the model's knowledge."""
    built: dict[int, Block] = {}
    alike: dict[_Alike, Block] = {}
    for reading in seen.blocks:
        key = (reading.state, reading.valid_zones, reading.nodes, reading.removable)
        if (first := alike.get(key)) is not None:
            block = Block(reading.id, first.state, first.nodes, first.zone, early=first.early, stuck=first.stuck)
        elif prior is not None:
            block = _block_known_before(state, reading, prior.blocks.get(reading.id))
        else:
            block = _block(state, reading, None)
            if block.state == "online" and reading.nodes and reading.valid_zones:
                alike[key] = block
        built[reading.id] = block
    state.blocks.load(built)


def _block(state: State, reading: BlockReading, known: Block | None) -> Block:
    """A block as it was read; where its files are silent, as it was `known` before or as its zone tells."""
    nodes = reading.nodes or (known.nodes if known else (_node_of(state, reading.id),))
    stuck = reading.removable is False
    match reading.state:
        case "offline":
            linked = _linked(state, reading.id, nodes) if state.model.spans_until_removal else None
            return Block(reading.id, "offline", nodes, None, early=False, linked=linked)
        case "going-offline":  # its valid_zones says where it may go, not where it is
            silent = msgspec.structs.replace(reading, valid_zones=None)
            zone = (known.zone if known else None) or _zone_of(state, silent, nodes)
            return Block(reading.id, "going-offline", nodes, zone, early=True, stuck=stuck)
        case _:
            return Block(reading.id, "online", nodes, _zone_of(state, reading, nodes), early=True, stuck=stuck)


def _block_known_before(state: State, reading: BlockReading, known: Block | None) -> Block:
    """A block of a newer capture: one that was not there before was hot-added since."""
    block = _block(state, reading, known)
    if known is None:
        return msgspec.structs.replace(block, early=False)
    return msgspec.structs.replace(
        block,
        head=known.head,
        early=known.early,
        group=known.group,
        hwpoison=known.hwpoison,
        online_type=known.online_type,
        undated=known.undated,
    )


def _linked(state: State, block: int, nodes: tuple[int, ...]) -> ZoneKey | None:
    """The zone that the struct pages of an offline block most likely still name, where zones reach over what went offline: the
    one that does, if it is one alone."""
    start, pages = state.block_range(block)
    over = [
        zone.key
        for zone in state.zones.values()
        if zone.node in nodes and zone.start <= start and start + pages <= zone.end
    ]
    return over[0] if len(over) == 1 else None


def _node_of(state: State, block: int) -> int:
    """The node of a zone that reaches into a block, or the first there is."""
    start, pages = state.block_range(block)
    owners = [zone.node for zone in state.zones.values() if zone.intersects(start, pages)]
    return owners[0] if owners else min(state.nodes)


def _zone_of(state: State, reading: BlockReading, nodes: tuple[int, ...]) -> ZoneKey | None:
    """The zone of an online block; None where it has several."""
    if len(nodes) > 1 or reading.valid_zones == ("none",):
        return None
    node = nodes[0]
    if reading.valid_zones:
        return (node, reading.valid_zones[0])
    start, pages = state.block_range(reading.id)
    holding = [
        zone.key for name in ZONE_ORDER
        if (zone := state.zones.get((node, name))) is not None and zone.intersects(start, pages)
    ]  # fmt: skip
    if not holding:
        return (node, NORMAL)
    if len(holding) == 1:  # it may have a hole (drivers/base/memory.c, early_node_zone_for_memory_block)
        return holding[0]
    whole = [key for key in holding if state.zones[key].start <= start and start + pages <= state.zones[key].end]
    kernel = [key for key in holding if key[1] != MOVABLE]
    return None if len(kernel) > 1 or not whole else whole[0]


def mark_early(state: State, prior: State | None) -> None:
    """Without an earlier state: blocks that carry their own memmap or lie in driver-managed memory were hot-added."""
    if prior is not None:
        return
    page = state.geometry.page_size
    hot = [block for block in state.blocks.values() if block.head]
    for resource in state.resources.values():
        if resource.ram and resource.name != "System RAM":
            first = resource.start // page
            hot += state.range_blocks(first, ceil(resource.end, page) - first)
    for block in hot:
        state.blocks.load({block.id: msgspec.structs.replace(block, early=False)})


def count_early(state: State) -> None:
    """present_early_pages of each zone: what is present and in no hot-added block."""
    hot: dict[ZoneKey, int] = {}
    pages = state.geometry.pages_per_block
    for block in state.blocks.values():
        if block.zone is not None and not block.early:
            hot[block.zone] = hot.get(block.zone, 0) + pages
    early = {key: max(0, zone.present - hot.get(key, 0)) for key, zone in state.zones.items()}
    state.zones.load({key: msgspec.structs.replace(state.zones[key], early=pages) for key, pages in early.items()})
