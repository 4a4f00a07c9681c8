"""The invariants of a machine: what holds of its numbers and pages between two commands, each with a name and a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ..hotplug import zone_span
from ..memory.section import Memmap, Section, in_zones, isolated_pages, union
from ..memory.state import State
from ..memory.zone import MOVABLE
from ..numbers.bits import from_runs, lowest, span
from ..numbers.runs import cut
from ..protocol.vocabulary import (
    ABSENT,
    ASSUMED,
    BUDDY_KINDS,
    FREE,
    HUGE,
    ISOLATE,
    MEMMAP,
    PAGE_OFFLINE,
    PAGETABLE,
    PCP,
    POISONED,
    SLAB,
    VMEMMAP,
    Chunk,
    Kind,
    ZoneKey,
)

INVARIANTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "counters_in_order": "of each zone, free and per-CPU pages <= managed <= present <= spanned",
        "free_is_counted": "a zone's free pages are those on the free lists of its pageblocks that are not isolated",
        "pcp_is_counted": "a zone's per-CPU pages are at least those that are known to be on such a list",
        "present_is_counted": "a zone of hot-added memory has the pages of its online blocks present",
        "managed_is_counted": "it manages them but for what holds memmap or is withheld by its driver",
        "kinds_partition": "each page of an online section is of one kind",
        "pages_in_zones": "each page of an online section that is there belongs to a zone",
        "nothing_isolated": "no pageblock is isolated while nothing is under way",
        "memmap_there": "every present section has a memmap",
        "memmap_marked": "it lies in memory that is there, in pages that are marked as memmap",
        "tables_marked": "the page tables and objects of hot-added memory are marked as such",
        "memmap_in_head": "the memmap of a block that has its own lies at the start of the block",
        "block_settled": "a block is online or offline while nothing is under way",
        "requests_disjoint": "no page came with two add requests",
        "nodes_online": "the nodes of a block are online",
        "block_in_span": "an online block lies in the span of its zone",
        "span_ends_online": "the span of a zone of hot-added memory begins and ends with pages that are online",
        "ram_covers_blocks": "System RAM of /proc/iomem covers every hot-added block",
        "ram_disjoint": "no two ranges of System RAM overlap",
        "online_by_block": "a section goes online and offline with its block",
        "huge_pages_marked": "the pages of a huge page of the pool are online and marked as such",
        "groups_are_counted": "a memory group counts its blocks and their present pages",
    }
)
"""What each name stands for."""


class Broken(msgspec.Struct, frozen=True):
    """An invariant that does not hold: its name (see `INVARIANTS`), and in a sentence where and how much."""

    invariant: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.sentence}"


def check(state: State) -> list[Broken]:
    """Every broken invariant of a machine between two commands; an empty list is a sound machine."""
    tally = _Tally(state)
    return [broken for rule in _RULES for broken in rule(state, tally)]


class _Tally:
    """What the pages of the sections add up to, by zone: one pass over the machine."""

    def __init__(self, state: State) -> None:
        self.free: dict[ZoneKey, int] = {}
        self.pcp: dict[ZoneKey, int] = {}
        self.pages: dict[ZoneKey, int] = {}
        self.heads: dict[ZoneKey, int] = {}
        self.withheld: dict[ZoneKey, int] = {}
        self.buddy: dict[ZoneKey, int] = {}
        self.early: set[ZoneKey] = set()
        self.going: dict[ZoneKey, int] = {}
        for block in state.blocks.values() if state.globals.value.locked else ():
            if block.state == "going-offline" and block.zone is not None:
                self.going[block.zone] = self.going.get(block.zone, 0) + block.head
        alike: dict[tuple[int, int, bool, ZoneKey, int], tuple[Section, ZoneKey, int]] = {}
        times: Counter[tuple[int, int, bool, ZoneKey, int]] = Counter()
        for section in state.sections.values():  # thousands are alike, and share their sets of pages
            for key, owned in section.zones:
                token = (id(section.pages), id(section.types), section.early, key, id(owned))
                alike[token] = (section, key, owned)
                times[token] += 1
        for token, (section, key, owned) in alike.items():
            self._add(section, key, owned, times[token], isolated_pages(section, state.geometry.pageblock_order))

    def _add(self, section: Section, key: ZoneKey, owned: int, times: int, isolated: int) -> None:
        counts = {kind: (mask & owned).bit_count() * times for kind, mask in section.pages.items()}
        hidden = (section.of(FREE) & owned & isolated).bit_count() * times if isolated else 0
        for total, count in (
            (self.free, counts.get(FREE, 0) - hidden),
            (self.pcp, counts.get(PCP, 0)),
            (self.pages, sum(counts.values()) - counts.get(ABSENT, 0)),
            (self.heads, counts.get(MEMMAP, 0)),
            (self.withheld, counts.get(PAGE_OFFLINE, 0)),
            (self.buddy, sum(counts.get(kind, 0) for kind in BUDDY_KINDS)),
        ):
            if count:
                total[key] = total.get(key, 0) + count
        if section.early or counts.get(ASSUMED):
            self.early.add(key)


def _name(key: ZoneKey) -> str:
    return f"zone {key[1]} of node {key[0]}"


def _zone_order(state: State, tally: _Tally) -> Iterator[Broken]:
    """The numbers of each zone are in order."""
    for key, zone in state.zones.items():
        if not 0 <= zone.free + zone.pcp <= zone.managed <= zone.present <= zone.spanned:
            yield Broken(
                "counters_in_order",
                f"{_name(key)}: free {zone.free} + per-CPU {zone.pcp} <= managed {zone.managed} <= present "
                f"{zone.present} <= spanned {zone.spanned} does not hold",
            )


def _free_counts(state: State, tally: _Tally) -> Iterator[Broken]:
    """The counters are what the pages add up to."""
    for key, zone in state.zones.items():
        if zone.free != tally.free.get(key, 0):
            yield Broken(
                "free_is_counted",
                f"{_name(key)}: {zone.free} free pages are counted, the free lists hold {tally.free.get(key, 0)}",
            )
        if zone.pcp < tally.pcp.get(key, 0):
            yield Broken(
                "pcp_is_counted",
                f"{_name(key)}: {zone.pcp} per-CPU pages are counted, {tally.pcp.get(key, 0)} are there",
            )


def _present_counts(state: State, tally: _Tally) -> Iterator[Broken]:
    """Present and managed pages of zones of hot-added memory. Boot memory has holes and reservations of its own, and of its
    zones at least what the buddy has or gave away is managed."""
    for key, zone in state.zones.items():
        if key in tally.early or zone.early:
            if zone.managed < (sure := tally.buddy.get(key, 0)):
                yield Broken(
                    "managed_is_counted",
                    f"{_name(key)}: {zone.managed} managed pages are counted, the buddy has or gave away {sure}",
                )
            continue
        heads, withheld = tally.heads.get(key, 0), tally.withheld.get(key, 0)
        gone = tally.going.get(key, 0) if state.model.heads_present else heads
        present = tally.pages.get(key, 0) - gone
        managed = tally.pages.get(key, 0) - withheld - heads
        if zone.present != present:
            yield Broken(
                "present_is_counted",
                f"{_name(key)}: {zone.present} present pages are counted, its online blocks have {present}",
            )
        if zone.managed != managed:
            yield Broken(
                "managed_is_counted",
                f"{_name(key)}: {zone.managed} managed pages are counted, {managed} are neither heads nor withheld",
            )


def _partition(state: State, tally: _Tally) -> Iterator[Broken]:
    """The kinds of an online section's pages partition it."""
    full = span(0, state.geometry.pages_per_section)
    sound: set[int] = set()
    for section in state.sections.values():
        if not section.online or id(section.pages) in sound:
            continue
        total, union = 0, 0
        for mask in section.pages.values():
            total += mask.bit_count()
            union |= mask
        if union != full or total != full.bit_count():
            yield Broken("kinds_partition", f"section {section.nr}: the kinds of its pages do not partition it")
        sound.add(id(section.pages))


def _in_zones(state: State, tally: _Tally) -> Iterator[Broken]:
    """Whoever manages a page has it in one of its zones."""
    full = span(0, state.geometry.pages_per_section)
    for section in state.sections.values():
        if not section.online or (len(section.zones) == 1 and section.zones[0][1] == full):
            continue
        if bare := (full & ~in_zones(section.zones) & ~section.of(ABSENT)).bit_count():
            yield Broken("pages_in_zones", f"section {section.nr}: {bare} of its pages belong to no zone")


def _going(state: State, number: int) -> bool:
    """Does a block go offline for ever, by someone who holds the hotplug lock?"""
    block = state.blocks.get(number)
    return state.globals.value.locked and block is not None and block.state == "going-offline"


def _isolation(state: State, tally: _Tally) -> Iterator[Broken]:
    """Isolation ends with the command that began it."""
    for section in state.sections.values():
        if section.types.get(ISOLATE) and not _going(state, section.nr // state.geometry.sections_per_block):
            yield Broken(
                "nothing_isolated", f"section {section.nr}: pageblocks are isolated though nothing is under way"
            )


def _heads(state: State, tally: _Tally) -> Iterator[Broken]:
    """The memmap of every present section is where it says."""
    geometry = state.geometry
    size = geometry.pages_per_section
    for section in state.sections.values():
        memmap = section.memmap
        if memmap is None:
            yield Broken("memmap_there", f"section {section.nr}: present, but it has no memmap")
            continue
        for pfn, count in memmap.chunks:
            host = state.sections.get(pfn // size)
            if host is None:
                yield Broken(
                    "memmap_marked", f"section {section.nr}: its memmap lies at pfn {pfn:#x}, where no memory is"
                )
            elif host.online and not _holds(host, pfn % size, count, memmap.on, size):
                yield Broken("memmap_marked", f"section {section.nr}: its memmap at pfn {pfn:#x} is not marked as such")
        if memmap.on == "self":
            yield from _own_block(state, section, memmap)


def _objects(state: State, tally: _Tally) -> Iterator[Broken]:
    """What hot-added memory took of other memory besides memmap is there until it is removed."""
    for nr, mask in state.objects().items():
        host = state.sections.get(nr)
        if host is None or not host.online or mask & ~union(host.pages, (PAGETABLE, SLAB, POISONED)):
            yield Broken(
                "tables_marked", f"section {nr}: page tables or objects of hot-added memory are not marked as such"
            )


def _holds(host: Section, at: int, count: int, on: str, size: int) -> bool:
    kind: Kind = VMEMMAP if on == "kernel" else MEMMAP
    here = span(at, count) & span(0, size)
    return not here & ~(host.of(kind) | host.of(POISONED))


def _own_block(state: State, section: Section, memmap: Memmap) -> Iterator[Broken]:
    block = state.blocks.get(section.nr // state.geometry.sections_per_block)
    if block is None or not block.head or memmap.pfn is None:
        return
    start, _ = state.block_range(block.id)
    if not start <= memmap.pfn < start + block.head:
        yield Broken(
            "memmap_in_head", f"memory{block.id}: the memmap of section {section.nr} is not in the block's own head"
        )


def _blocks(state: State, tally: _Tally) -> Iterator[Broken]:
    """What holds of every block."""
    page = state.geometry.page_size
    ram = sorted((r.start // page, r.end // page) for r in state.resources.values() if r.ram)
    at = 0
    for number in sorted(state.blocks):
        block = state.blocks[number]
        start, pages = state.block_range(number)
        if block.state not in ("online", "offline") and not _going(state, number):
            yield Broken("block_settled", f"memory{number}: {block.state} though nothing is under way")
        for node in block.nodes:
            if node not in state.nodes or not state.nodes[node].online:
                yield Broken("nodes_online", f"memory{number}: its node {node} is not online")
        if block.state == "online" and block.zone is not None:
            zone = state.zones.get(block.zone)
            if zone is None or (not (zone.start <= start and start + pages <= zone.end) and not block.early):
                yield Broken("block_in_span", f"memory{number}: outside the span of {_name(block.zone)}")
        while at < len(ram) and ram[at][1] <= start:
            at += 1
        if not block.early and not (at < len(ram) and ram[at][0] < start + pages):
            yield Broken("ram_covers_blocks", f"memory{number}: no System RAM in /proc/iomem covers it")


def _onlined(state: State, tally: _Tally) -> Iterator[Broken]:
    """Memory goes online by its block, and an offline block has nothing online."""
    per_block = state.geometry.sections_per_block
    for nr, section in state.sections.items():
        block = state.blocks.get(nr // per_block)
        if section.online and block is None:
            yield Broken("online_by_block", f"section {nr}: online, but there is no memory{nr // per_block}")
        elif section.online and block is not None and block.state == "offline":
            yield Broken("online_by_block", f"section {nr}: online, but memory{block.id} is offline")


def _spans(state: State, tally: _Tally) -> Iterator[Broken]:
    """Both ends of a span touch an online page of the zone; boot memory may have holes there, and before 5.5 a zone can reach
    over what is offline or went to another zone."""
    if state.model.spans_until_removal:
        return
    for key, zone in state.zones.items():
        if not zone.spanned or zone.early or key in tally.early:
            continue
        first = zone_span.edge(state, key, zone.start, zone.end, ascending=True)
        last = zone_span.edge(state, key, zone.start, zone.end, ascending=False)
        if (first, last) != (zone.start, zone.end):
            yield Broken(
                "span_ends_online",
                f"{_name(key)}: the span {zone.start:#x} to {zone.end:#x} does not end at online pages",
            )


def _resources(state: State, tally: _Tally) -> Iterator[Broken]:
    """System RAM never overlaps."""
    end = 0
    for resource in sorted((r for r in state.resources.values() if r.ram), key=lambda r: r.start):
        if resource.start < end:
            yield Broken("ram_disjoint", f"System RAM at {resource.start:#x} overlaps the one before it")
        end = resource.end
    end = 0
    for _, request in sorted(state.requests.items()):
        if request.start < end:
            yield Broken("requests_disjoint", f"the add request at pfn {request.start:#x} overlaps the one before it")
        end = request.start + request.pages


def _huge_pages(state: State, tally: _Tally) -> Iterator[Broken]:
    size = state.geometry.pages_per_section
    parts: dict[int, list[Chunk]] = {}  # of each section together: there may be tens of thousands
    for pfn, page in state.hugepages.items():
        for nr, first, length in cut(pfn, page.pages, size):
            parts.setdefault(nr, []).append((first, length))
    for nr, pieces in parts.items():
        section = state.sections.get(nr)
        if bare := from_runs(pieces) & ~(section.of(HUGE) if section is not None and section.online else 0):
            pfn = nr * size + lowest(bare)
            yield Broken("huge_pages_marked", f"a huge page has pfn {pfn:#x}, which section {nr} does not mark as such")


def _groups(state: State, tally: _Tally) -> Iterator[Broken]:
    """Memory groups count the present pages of their blocks."""
    pages = state.geometry.pages_per_block
    counts: dict[int, list[int]] = {}
    for block in state.blocks.values():
        if block.group is not None:
            entry = counts.setdefault(block.group, [0, 0, 0])
            entry[0] += 1
            if block.zone is not None:
                gone = block.head if block.state == "going-offline" and state.model.heads_present else 0
                entry[2 if block.zone[1] == MOVABLE else 1] += pages - gone
    for number, group in state.groups.items():
        blocks, kernel, movable = counts.get(number, [0, 0, 0])
        if (group.blocks, group.present_kernel, group.present_movable) != (blocks, kernel, movable):
            yield Broken(
                "groups_are_counted",
                f"group {number}: it counts {group.blocks} blocks, there are {blocks}, or its present pages are off",
            )


_RULES: tuple[Callable[[State, _Tally], Iterator[Broken]], ...] = (
    _zone_order,
    _free_counts,
    _present_counts,
    _partition,
    _in_zones,
    _isolation,
    _heads,
    _objects,
    _blocks,
    _onlined,
    _spans,
    _resources,
    _huge_pages,
    _groups,
)
