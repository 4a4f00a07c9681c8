"""`altmap show`: a machine at a glance, as tables and sentences."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from altmap.engine import Machine, about_bytes, block_names, format_address, format_bytes, sentence, worth_knowing
from altmap.engine.memory.zone import Node
from altmap.engine.sysfs.report import zone_reports

from .. import facts
from .page import Page, Table


def show_machine(machine: Machine, page: Page) -> None:
    """What it is and how well that is known, what is worth knowing, its zones and its memory blocks."""
    origin = machine.origin
    page.title(f"{origin.name} — {origin.description}" if origin.description else origin.name)
    page.pairs((name, text) for name, text in _header(machine) if text)
    worth = [sentence(advice.fact) for advice in worth_knowing(machine)]
    for title, sentences in (("Worth knowing", worth), ("Notes", origin.notes)):
        if sentences:
            page.blank()
            page.title(title)
            page.pairs(("•", one) for one in sentences)
    for title, table in (("Zones (pages)", _zones(machine)), ("Memory blocks", _blocks(machine))):
        if table.rows:
            page.blank()
            page.title(title)
            page.table(table)


# -- the head of the page ----------------------------------------------------------------------------------------------


def _header(machine: Machine) -> Iterator[tuple[str, str]]:
    origin, geometry = machine.origin, machine.geometry
    totals = facts.totals(machine)
    states = [block.state for block in machine.blocks.values()]
    counts = ", ".join(f"{states.count(state):,} {state}" for state in sorted(set(states), reverse=True))
    measured, estimated = ", ".join(origin.measured), ", ".join(facts.unmeasured(machine))
    yield from (
        ("kernel", origin.kernel),
        ("model", f"{machine.model.name}: {machine.model.title}"),
        (
            "sizes",
            f"{geometry.arch}, pages of {format_bytes(geometry.page_size)}, "
            f"sections of {format_bytes(geometry.section_size)}, memory blocks of {format_bytes(geometry.block_size)}; "
            f"the memmap of a block is {format_bytes(geometry.memmap_bytes_per_block)} "
            f"({geometry.memmap_pages_per_block:,} pages)",
        ),
        ("memory", f"{about_bytes(totals.total)} managed, {about_bytes(totals.free)} free"),
        ("blocks", f"{len(states):,} ({counts})" if states else "none"),
        ("nodes", "; ".join(_node(machine, machine.nodes[number]) for number in sorted(machine.nodes))),
        ("parameters", "\n".join(f"{name}={value}" for name, value in sorted(machine.parameters.items()))),
        ("boot", " ".join(f"{name}={value}" for name, value in sorted(machine.boot.texts().items()))),
        ("measured", measured),
        ("estimated", estimated),
    )


def _node(machine: Machine, node: Node) -> str:
    if not node.online:
        return f"{node.id} announced by firmware, not online"
    pages = sum(zone.present for zone in machine.zones.values() if zone.node == node.id)
    memory = about_bytes(pages * machine.geometry.page_size) if pages else "no memory"
    return f"{node.id} with {memory}, {'CPUs' if node.cpus else 'no CPUs'}"


# -- tables ------------------------------------------------------------------------------------------------------------


def _zones(machine: Machine) -> Table:
    numbers = ("start_pfn", "spanned", "present", "managed", "free", "free size")
    table = Table(("node", "zone", *numbers), ("start_pfn", "spanned", "present"), ("node", *numbers))
    for zone in zone_reports(machine):
        pages = (zone.start_pfn, zone.spanned, zone.present, zone.managed, zone.free)
        size = about_bytes(zone.free * machine.geometry.page_size)
        table.rows.append((str(zone.node), zone.zone, *map(str, pages), size))
    return table


class _Row(NamedTuple):
    """What blocks of one line of the table have in common."""

    state: str
    valid_zones: str
    nodes: str
    memmap: str


def _blocks(machine: Machine) -> Table:
    columns = ("blocks", "range", "size", "state", "valid_zones", "node", "memmap")
    table = Table(columns, ("memmap", "size", "range", "node"), ("size",))
    size = machine.geometry.block_size
    rows = [(number, _row(machine, number)) for number in sorted(machine.blocks)]
    for _, group in groupby(enumerate(rows), key=lambda item: (item[1][0] - item[0], item[1][1])):
        run = [row for _, row in group]
        (first, row), count = run[0], len(run)
        extent = f"{format_address(first * size)}-{format_address((first + count) * size - 1)}"
        table.rows.append((block_names(number for number, _ in run), extent, format_bytes(count * size), *row))
    return table


def _row(machine: Machine, number: int) -> _Row:
    block = machine.blocks[number]
    return _Row(block.state, machine.valid_zones(number), ",".join(map(str, block.nodes)), _memmap(machine, number))


def _memmap(machine: Machine, number: int) -> str:
    """Where a block's memmap lies, in few words."""
    place = facts.memmap_of(machine, number)
    if place.on == "self":
        return "in the block" if place.hosts == (number,) else f"in {block_names(place.hosts)}, same add"
    if place.on == "section":
        return f"in {block_names(place.hosts)}"
    nodes = sorted({node for pfn, _ in place.chunks if (node := _node_of(machine, pfn)) is not None})
    where = f" of node {', '.join(map(str, nodes))}" if nodes else ""
    return {"kernel": f"kernel memory{where}", "mixed": "in several places", "none": "none"}[place.on]


def _node_of(machine: Machine, pfn: int) -> int | None:
    section = machine.sections.get(machine.geometry.section_of(pfn))
    return None if section is None else section.node
