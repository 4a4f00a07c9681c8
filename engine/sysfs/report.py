"""What a machine shows of its blocks, zones and sections in its files, as plain values."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..hotplug.zone_policy import valid_zones
from ..memory.state import Holder, State, state_of
from ..mm import free_area
from ..protocol.vocabulary import BlockState, MemmapOn


class BlockReport(msgspec.Struct, frozen=True):
    """A memory block as its files show it: state, the text of valid_zones, and the nodes that it is linked to."""

    state: BlockState
    valid_zones: str
    nodes: tuple[int, ...]


class ZoneReport(msgspec.Struct, frozen=True):
    """A zone that has memory, by its node and name (`zone`), as /proc/zoneinfo shows it: `start_pfn` and, in pages, `spanned`,
    `present`, `managed` and `free`, which counts the pages on the lists of CPUs too."""

    node: int
    zone: str
    start_pfn: int
    spanned: int
    present: int
    managed: int
    free: int


class SectionReport(msgspec.Struct, frozen=True):
    """A present section: its `node`, whether its pages are in zones (`online`), and where its memmap lies (`memmap_on`): "self"
    in its own add request or block, "kernel" in kernel memory, "section" in another section, "none" where it has none.
    `memmap_pfn`: its first page, None where that is not known."""

    node: int
    online: bool
    memmap_on: MemmapOn | Literal["none"]
    memmap_pfn: int | None


def glance(machine: Holder | State) -> State:
    """A copy of the tables that reports are made from, for a look at them later; the values are shared, so it costs little."""
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
    """The report of a block, which must be there."""
    state = state_of(machine)
    block = state.blocks[number]
    return BlockReport(block.state, valid_zones(state, block), block.nodes)


def block_reports(machine: Holder | State) -> dict[str, BlockReport]:
    """The reports of all blocks, by number as text, ascending."""
    state = state_of(machine)
    return {str(number): block_report(state, number) for number in sorted(state.blocks)}


def zone_reports(machine: Holder | State) -> list[ZoneReport]:
    """The reports of all zones that have memory, by node and then from the lowest zone up."""
    return [
        ZoneReport(zone.node, zone.name, zone.start, zone.spanned, zone.present, zone.managed, zone.free + zone.pcp)
        for zone in free_area.populated(state_of(machine))
    ]


def section_report(machine: Holder | State, number: int) -> SectionReport:
    """The report of a section, which must be present."""
    state = state_of(machine)
    section = state.sections[number]
    memmap = section.memmap
    return SectionReport(section.node, section.online, memmap.on if memmap else "none", memmap.pfn if memmap else None)


def section_reports(machine: Holder | State) -> dict[str, SectionReport]:
    """The reports of all present sections, by number as text, ascending; then those of sections that are gone and whose part
    of the vmemmap stays mapped, as other sections share its window (POWER)."""
    from ..mm.windows import still_mapped

    state = state_of(machine)
    found = {str(number): section_report(state, number) for number in state.section_numbers()}
    gone = SectionReport(0, False, "kernel", None)
    return found | {str(number): gone for number in still_mapped(state)}
