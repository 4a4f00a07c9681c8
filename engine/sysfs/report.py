"""What a machine shows of itself: every block, every populated zone, every present section, as plain values."""

from __future__ import annotations

import msgspec

from ..hotplug.zone_policy import valid_zones
from ..memory.state import Holder, State, state_of
from ..memory.zone import ZONE_ORDER
from ..mm import windows


class BlockReport(msgspec.Struct, frozen=True):
    """State, valid_zones text and nodes of a memory block."""

    state: str
    valid_zones: str
    nodes: tuple[int, ...]


class ZoneReport(msgspec.Struct, frozen=True):
    """A populated zone, pages; `free` is "pages free" of zoneinfo plus all per-CPU lists."""

    node: int
    zone: str
    start_pfn: int
    spanned: int
    present: int
    managed: int
    free: int


class SectionReport(msgspec.Struct, frozen=True):
    """A present section and where its memmap lies: "self" in its own add request or block, "kernel" in kernel memory
    anywhere, "section" in another section by option (b), "none". `memmap_pfn` is None where the place is unknown."""

    node: int
    online: bool
    memmap_on: str
    memmap_pfn: int | None


def glance(machine: Holder | State) -> State:
    """What reports look at, as it is now: the tables are copied, nothing in them is. Two of them tell what came of the
    commands between, at little cost for each command."""
    state = state_of(machine)
    copy = State(state.preset, state.geometry, state.model, state.boot, state.chain)
    copy.sections.load(state.sections)
    copy.blocks.load(state.blocks)
    copy.zones.load(state.zones)
    copy.nodes.load(state.nodes)
    copy.groups.load(state.groups)
    copy.parameters.load(state.parameters)
    copy.hugepages.load(state.hugepages)
    return copy


def block_report(machine: Holder | State, number: int) -> BlockReport:
    """One block."""
    state = state_of(machine)
    block = state.blocks[number]
    return BlockReport(block.state, valid_zones(state, block), block.nodes)


def block_reports(machine: Holder | State) -> dict[str, BlockReport]:
    """Every block, ascending."""
    state = state_of(machine)
    return {str(number): block_report(state, number) for number in sorted(state.blocks)}


def zone_reports(machine: Holder | State) -> list[ZoneReport]:
    """Every populated zone, by node and from the lowest up."""
    state = state_of(machine)
    zones = sorted(
        (zone for zone in state.zones.values() if zone.present),
        key=lambda zone: (zone.node, ZONE_ORDER.index(zone.name) if zone.name in ZONE_ORDER else len(ZONE_ORDER)),
    )
    return [ZoneReport(z.node, z.name, z.start, z.spanned, z.present, z.managed, z.free + z.pcp) for z in zones]


def section_report(machine: Holder | State, number: int) -> SectionReport:
    """One present section."""
    state = state_of(machine)
    section = state.sections[number]
    memmap = section.memmap
    return SectionReport(section.node, section.online, memmap.on if memmap else "none", memmap.pfn if memmap else None)


def section_reports(machine: Holder | State) -> dict[str, SectionReport]:
    """Every present section, ascending; then those that are not there and whose part of the vmemmap is mapped all the same, as
    others share its window (POWER)."""
    state = state_of(machine)
    found = {str(number): section_report(state, number) for number in state.section_numbers()}
    gone = SectionReport(0, False, "kernel", None)
    return found | {str(number): gone for number in windows.still_mapped(state)}
