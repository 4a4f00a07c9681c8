"""Where a capture contradicts itself, what is more certain stays and the rest gives way: blocks are there, and so are pages
that were counted one by one; counters and spans of zones, nodes and /proc/iomem are brought to them, with a note each.

Only memory that was hot-added is known so well. A zone of which any part was there at boot has holes and reservations that no
file shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ..memory.block import Block
from ..memory.section import Memmap
from ..memory.state import Resource, State
from ..memory.zone import Node, Zone
from ..numbers.bits import lowest, span
from ..numbers.runs import cut
from ..numbers.units import about_bytes
from ..protocol.names import block_names
from ..protocol.vocabulary import (
    ASSUMED,
    BUDDY_KINDS,
    FREE,
    MEMMAP,
    PAGE_OFFLINE,
    PAGETABLE,
    PCP,
    POISONED,
    VMEMMAP,
    Chunk,
    ZoneKey,
)
from ..reading.observation import Observation
from .settle import Part

_ALIKE: Final = 64
"""Totals that differ by less than one part in so many were read at different moments."""


def agree_zone(state: State, key: ZoneKey, numbers: list[int], prior: State | None, was_counted: bool) -> Iterator[str]:
    """Bring the counters and the span of a zone to its online sections, which are `numbers`, ascending. `prior` is the model's
    state before, which knows the blocks that were hot-added; `was_counted`: the counters were read, not worked out."""
    zone, part = state.zones[key], Part(state, key, numbers, {})
    counts = f"zone {key[1]} of node {key[0]} has {zone.managed:,} managed of {zone.present:,} present pages"
    heads, withheld, listed, free = (part.have(kind) for kind in (MEMMAP, PAGE_OFFLINE, PCP, FREE))
    apart = withheld + (heads if state.model.heads_present else 0)
    present, managed = part.total - heads - withheld + apart, part.total - heads - withheld
    hot = not part.early and not part.have(ASSUMED)
    if hot and (present, managed) != (zone.present, zone.managed):
        if was_counted and _take_for_boot_memory(state, numbers, prior):
            hot = False
            yield f"{counts}, as memory of the boot has; taken for it"
        else:
            zone = replace(zone, present=present, managed=managed)
            if was_counted:
                yield f"{counts} by zoneinfo, and {managed:,} of {present:,} by its blocks; these are taken"
    sure = sum(map(part.have, BUDDY_KINDS)) + (_housed(state, part) if prior is not None else 0)
    managed = max(min(zone.managed, zone.present - apart), sure)
    present = max(zone.present, managed + apart)
    if (present, managed) != (zone.present, zone.managed):
        yield f"{counts} by zoneinfo, and {sure:,} that the buddy has or gave away; {managed:,} of {present:,} are taken"
    zone = replace(zone, present=present, managed=managed, pcp=min(max(zone.pcp, listed), managed - free))
    blocks = (state.blocks[nr // state.geometry.sections_per_block] for nr in numbers)
    low, high = _ends(state, key, numbers) if hot else _wide_enough(state, zone, blocks)
    if state.model.spans_until_removal:  # it may reach over what went offline
        low, high = min(low, zone.start), max(high, zone.end)
    if (low, high) != (zone.start, zone.end):
        yield (
            f"zone {key[1]} of node {key[0]} spans pfn {zone.start:#x} to {zone.end:#x} by zoneinfo, and {low:#x} to "
            f"{high:#x} by its blocks; that is taken"
        )
    state.zones.load({key: zone.with_span(low, high - low)})


def _housed(state: State, part: Part) -> int:
    """Pages of a zone that the buddy gave for the memmap of memory that was added, by what the model knows. Sections may share
    them, on POWER also with memory of the boot, which has its memmap from before there was a buddy."""
    size = state.geometry.pages_per_section
    given: dict[int, int] = {}
    of_boot: dict[int, int] = {}
    for section in state.sections.values():
        if section.memmap is not None and section.memmap.on == "kernel":
            pages = of_boot if section.early else given
            for nr, first, count in (piece for chunk in section.memmap.chunks for piece in cut(*chunk, size)):
                pages[nr] = pages.get(nr, 0) | span(first, count)
    return sum(
        (mask & ~of_boot.get(nr, 0) & state.sections[nr].of(VMEMMAP) & part.owned.get(nr, 0)).bit_count()
        for nr, mask in given.items()
    )


def _ends(state: State, key: ZoneKey, numbers: list[int]) -> tuple[int, int]:
    """The first page of a zone, and the first behind it."""
    size = state.geometry.pages_per_section
    first, last = (dict(state.sections[nr].zones)[key] for nr in (numbers[0], numbers[-1]))
    return numbers[0] * size + lowest(first), numbers[-1] * size + last.bit_length()


def _wide_enough(state: State, zone: Zone, blocks: Iterator[Block]) -> tuple[int, int]:
    """The span of a zone that has holes, so that its present pages and its hot-added blocks lie in it."""
    low, high = zone.start, max(zone.end, zone.start + zone.present)
    for block in blocks:
        if not block.early and block.zone == zone.key:
            start, pages = state.block_range(block.id)
            low, high = min(low, start), max(high, start + pages)
    return low, high


def _take_for_boot_memory(state: State, numbers: list[int], prior: State | None) -> bool:
    """Blocks that nothing shows to be hot-added were there at boot; False where there are none."""
    per_block = state.geometry.sections_per_block
    found = {nr // per_block for nr in numbers}
    unknown = {
        number for number in found if not state.blocks[number].head and (prior is None or number not in prior.blocks)
    }
    undated = state.preset.boot_offline_veto
    state.blocks.load({number: replace(state.blocks[number], early=True, undated=undated) for number in unknown})
    state.sections.load({nr: replace(state.sections[nr], early=True) for nr in numbers if nr // per_block in unknown})
    return bool(unknown)


def zones_of_blocks(state: State) -> Iterator[str]:
    """Zones that blocks are in and of which zoneinfo does not tell: how many of their pages are free, no one knows."""
    absent: dict[ZoneKey, list[Block]] = {}
    for block in state.blocks.values():
        if block.zone is not None and block.zone not in state.zones:
            absent.setdefault(block.zone, []).append(block)
    for key, blocks in absent.items():
        starts = [state.block_range(block.id)[0] for block in blocks]
        pages = state.geometry.pages_per_block
        present = len(blocks) * pages
        spanned = max(starts) + pages - min(starts)
        state.zones.load({key: Zone(*key, min(starts), spanned, present, present)})
        named = block_names((block.id for block in blocks), 1)
        yield f"zoneinfo has no zone {key[1]} of node {key[0]}; it is made of {named}"


def blocks_in_no_zone(state: State) -> Iterator[str]:
    """Nobody manages pages outside of every zone: a block of such pages is not online, whatever its state says."""
    adrift = [block for block in state.blocks.values() if block.state != "offline" and block.zone is None]
    outside = [block for block in adrift if not any(_reaches(state, zone, block) for zone in state.zones.values())]
    state.blocks.load({block.id: replace(block, state="offline", early=False) for block in outside})
    if outside:
        named = block_names((block.id for block in outside), 1)
        yield f"no zone of zoneinfo reaches {named}, and the state is not offline; taken for offline"


def _reaches(state: State, zone: Zone, block: Block) -> bool:
    return zone.node in block.nodes and zone.intersects(*state.block_range(block.id))


def drop_zone(state: State, key: ZoneKey) -> str:
    """A zone of which no block is online is left out."""
    zone = state.zones.drop(key)
    if key in state.watermarks:
        state.watermarks.drop(key)
    for block in [block for block in state.blocks.values() if block.zone == key]:
        state.blocks.load({block.id: replace(block, zone=None)})
    return f"zone {key[1]} of node {key[0]} has {zone.present} pages but no online block; it is left out"


def agree_memmaps(state: State) -> None:
    """A memmap, or a page table of one, that is not where the model had put it is somewhere else, and no one knows where."""
    for section in list(state.sections.values()):
        memmap = section.memmap
        if memmap is None or not (memmap.chunks or memmap.tables):
            continue
        if not all(_holds(state, chunk, memmap.on) for chunk in memmap.chunks):
            state.sections.load({section.nr: replace(section, memmap=Memmap("kernel"))})
        elif not all(state.holds(*table, (PAGETABLE,)) for table in memmap.tables):
            tables = tuple(table for table in memmap.tables if state.holds(*table, (PAGETABLE,)))
            state.sections.load({section.nr: replace(section, memmap=replace(memmap, tables=tables))})


def _holds(state: State, chunk: Chunk, on: str) -> bool:
    size = state.geometry.pages_per_section
    nr, at = divmod(chunk[0], size)
    host = state.sections.get(nr)
    if host is None:
        return False
    here = span(at, chunk[1]) & span(0, size)
    return not host.online or not here & ~(host.of(VMEMMAP if on == "kernel" else MEMMAP) | host.of(POISONED))


def agree_nodes(state: State) -> Iterator[str]:
    """Make the nodes of all blocks be there, and online; yields what had to be changed, in words."""
    for number in sorted({node for block in state.blocks.values() for node in block.nodes}):
        node = state.nodes.get(number)
        if node is None or not node.online:
            state.nodes.load({number: replace(node, online=True) if node else Node(number)})
            yield f"node {number} is not online by its list, and has memory; taken for online"


def agree_total(seen: Observation, page_size: int) -> Iterator[str]:
    """The zones' numbers stay where MemTotal is another than what they manage. The kernel changes both at once
    (mm/page_alloc.c, adjust_managed_page_count); a container shows its own limit as MemTotal. Capturing takes a while, in which
    a balloon may move a little."""
    total, managed = seen.meminfo.get("MemTotal", 0) << 10, sum(zone.managed for zone in seen.zones) * page_size
    if total and managed and abs(total - managed) * _ALIKE > managed:
        yield (
            f"meminfo says MemTotal {about_bytes(total)}, and the zones of zoneinfo manage {about_bytes(managed)}; these are "
            f"taken (a container's meminfo tells of its own limit)"
        )


def agree_resources(state: State) -> Iterator[str]:
    """System RAM is where hot-added blocks are."""
    size = state.geometry.block_size
    ram = sorted((one.start, one.end) for one in state.resources.values() if one.ram)
    bare: list[int] = []
    for number in sorted(number for number, block in state.blocks.items() if not block.early):
        while ram and ram[0][1] <= number * size:
            ram.pop(0)
        if not (ram and ram[0][0] < (number + 1) * size):
            bare.append(number)
            state.resources.load({number * size: Resource(number * size, (number + 1) * size, "System RAM")})
    if bare:
        yield f"iomem shows no System RAM at {block_names(bare, 1)}; taken as there"
