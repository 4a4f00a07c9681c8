"""`altmap show`: a machine at a glance, as tables and sentences."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from altmap.engine import Machine, about_bytes, block_names, format_address, format_bytes, sentence, worth_knowing
from altmap.engine.memory.zone import Node
from altmap.engine.sysfs.report import zone_reports
from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from .. import facts


def machine_parts(machine: Machine) -> Iterator[RenderableType]:
    """What it is and how well that is known, what is worth knowing, its zones and its memory blocks."""
    origin = machine.origin
    yield Text(f"{origin.name} — {origin.description}" if origin.description else origin.name, "bold")
    yield _header(machine)
    for title, table in (
        ("Worth knowing", _list([sentence(advice.fact) for advice in worth_knowing(machine)])),
        ("Notes", _list(origin.notes)),
        ("Zones (pages)", _zones(machine)),
        ("Memory blocks", _blocks(machine)),
    ):
        if table.row_count:
            yield Text(f"\n{title}", "bold")
            yield table


# -- the head of the page ----------------------------------------------------------------------------------------------


def _header(machine: Machine) -> Table:
    origin, geometry = machine.origin, machine.geometry
    totals = facts.totals(machine)
    states = [block.state for block in machine.blocks.values()]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states), reverse=True))
    measured, estimated = ", ".join(origin.measured), ", ".join(facts.unmeasured(machine))
    rows = (
        ("kernel", origin.kernel),
        ("model", f"{machine.model.name}: {machine.model.title}"),
        (
            "sizes",
            f"{geometry.arch}, pages of {format_bytes(geometry.page_size)}, "
            f"sections of {format_bytes(geometry.section_size)}, memory blocks of {format_bytes(geometry.block_size)}; "
            f"the memmap of a block is {format_bytes(geometry.memmap_bytes_per_block)} "
            f"({geometry.memmap_pages_per_block} pages)",
        ),
        ("memory", f"{about_bytes(totals.total)} managed, {about_bytes(totals.free)} free"),
        ("blocks", f"{len(states)} ({counts})" if states else "none"),
        ("nodes", "; ".join(_node(machine, machine.nodes[number]) for number in sorted(machine.nodes))),
        ("parameters", "\n".join(f"{name}={value}" for name, value in sorted(machine.parameters.items()))),
        ("boot", " ".join(f"{name}={value}" for name, value in sorted(machine.boot.texts().items()))),
        ("measured", measured),
        ("estimated", estimated),
    )
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, text in rows:
        if text:
            table.add_row(name, text)
    return table


def _node(machine: Machine, node: Node) -> str:
    if not node.online:
        return f"{node.id} announced by firmware, not online"
    pages = sum(zone.present for zone in machine.zones.values() if zone.node == node.id)
    memory = about_bytes(pages * machine.geometry.page_size) if pages else "no memory"
    return f"{node.id} with {memory}, {'CPUs' if node.cpus else 'no CPUs'}"


def _list(sentences: Sequence[str]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    for one in sentences:
        table.add_row("•", one)
    return table


# -- tables ------------------------------------------------------------------------------------------------------------


class _Fitting:
    """A table that leaves columns out where it is too wide, those of `spare` in this order, and never cuts what is in the
    others; only the column `wraps` may have more lines."""

    def __init__(self, columns: Sequence[str], spare: Sequence[str], numbers: Collection[str], wraps: str = "") -> None:
        self._columns, self._spare, self._numbers, self._wraps = columns, spare, numbers, wraps
        self._rows: list[tuple[str, ...]] = []

    @property
    def row_count(self) -> int:
        """How many rows it has."""
        return len(self._rows)

    def add_row(self, *cells: str) -> None:
        """One cell for each column."""
        self._rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        unbounded = options.update(width=sys.maxsize)
        for left_out in range(len(self._spare) + 1):
            table = self._without(self._spare[:left_out])
            needed = Measurement.get(console, unbounded, table).minimum
            if needed <= options.max_width:
                break
        yield from console.render(table, options.update(width=max(needed, options.max_width)))

    def _without(self, left_out: Collection[str]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
        kept = [at for at, name in enumerate(self._columns) if name not in left_out]
        for at in kept:
            name = self._columns[at]
            wraps, wide = name == self._wraps, max(cell_len(row[at]) for row in (self._columns, *self._rows))
            table.add_column(
                name,
                justify="right" if name in self._numbers else "left",
                no_wrap=not wraps,
                min_width=min(wide, _WRAPPED) if wraps else wide,
            )
        for row in self._rows:
            table.add_row(*(row[at] for at in kept))
        return table


_WRAPPED: Final = 14
"""Columns that words which may wrap need at least."""


def _zones(machine: Machine) -> _Fitting:
    numbers = ("start_pfn", "spanned", "present", "managed", "free", "free size")
    table = _Fitting(("node", "zone", *numbers), ("start_pfn", "spanned", "present"), ("node", *numbers))
    for zone in zone_reports(machine):
        pages = (zone.start_pfn, zone.spanned, zone.present, zone.managed, zone.free)
        size = about_bytes(zone.free * machine.geometry.page_size)
        table.add_row(str(zone.node), zone.zone, *map(str, pages), size)
    return table


class _Row(NamedTuple):
    """What blocks of one line of the table have in common."""

    state: str
    valid_zones: str
    nodes: str
    memmap: str


def _blocks(machine: Machine) -> _Fitting:
    columns = ("blocks", "range", "size", "state", "valid_zones", "node", "memmap")
    table = _Fitting(columns, ("memmap", "size", "range", "node"), ("size",), wraps="memmap")
    size = machine.geometry.block_size
    rows = [(number, _row(machine, number)) for number in sorted(machine.blocks)]
    for _, group in groupby(enumerate(rows), key=lambda item: (item[1][0] - item[0], item[1][1])):
        run = [row for _, row in group]
        (first, row), count = run[0], len(run)
        extent = f"{format_address(first * size)}-{format_address((first + count) * size - 1)}"
        table.add_row(block_names(number for number, _ in run), extent, format_bytes(count * size), *row)
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
