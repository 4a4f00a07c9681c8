"""What stands beside the cells of a map: the zone of each row, and above a node's rows how many blocks it has."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from altmap.engine import Machine

from .plan import Plan, Row


class Count(NamedTuple):
    """The blocks of a node, how many of them are offline, and what the pages are of those that are not, by kind."""

    blocks: int
    offline: int
    kinds: tuple[tuple[str, int], ...] = ()


class Sides:
    """The sides of all rows of a plan, kept until the machine changes."""

    def __init__(self, machine: Machine, plan: Plan) -> None:
        self._machine, self._plan = machine, plan
        self._counts: dict[int, Count] = {}
        self._zones: list[str | None] = []
        self._read()

    def count(self, node: int) -> Count:
        """The blocks of a node."""
        return self._counts[node]

    def zone(self, at: int) -> str | None:
        """The zone of the first block of a row that has one; None for holes and headings."""
        return self._zones[at]

    def before(self, at: int) -> str | None:
        """The zone of the row above, holes left out; None where a node begins."""
        for number in range(at - 1, -1, -1):
            what = self._plan.rows[number].what
            if what != "hole":
                return self._zones[number]
        return None

    def changed(self) -> list[int]:
        """Take in what the machine is now; the rows whose side looks otherwise."""
        counts, zones, above = self._counts, self._zones, [self.before(at) for at in range(len(self._zones))]
        self._read()
        return [
            at
            for at, row in enumerate(self._plan.rows)
            if (zones[at], above[at]) != (self._zones[at], self.before(at))
            or (row.what == "node" and counts[row.node] != self._counts[row.node])
        ]

    def _read(self) -> None:
        self._zones = [self._zone_of(row) if row.what not in ("hole", "node") else None for row in self._plan.rows]
        nodes = {row.node: [0, 0] for row in self._plan.rows if row.what == "node"}
        for block in self._machine.blocks.values() if nodes else ():
            for node in block.nodes:
                if node in nodes:
                    nodes[node][0] += 1
                    nodes[node][1] += block.state == "offline"
        self._counts = {node: Count(all_of_it, off, self._kinds(node)) for node, (all_of_it, off) in nodes.items()}

    def _kinds(self, node: int) -> tuple[tuple[str, int], ...]:
        found: Counter[str] = Counter()
        for row in self._plan.rows:
            if row.node == node and row.what != "node":
                low, high = max(row.start, row.low), min(row.start + row.pages, row.high)
                found.update({str(kind): count for kind, count in self._machine.summary(low, high - low).kinds.items()})
        return tuple(found.items())

    def _zone_of(self, row: Row) -> str | None:
        geometry, blocks, sections = self._machine.geometry, self._machine.blocks, self._machine.sections
        unit, per_block = geometry.pages_per_block, geometry.sections_per_block
        for nr in range(row.start // unit, -(-(row.start + max(row.pages, 1)) // unit)):
            block = blocks.get(nr)
            if block is not None and block.zone is not None:
                return block.zone[1]
            if block is not None:
                for number in range(nr * per_block, (nr + 1) * per_block):
                    section = sections.get(number)
                    if section is not None and section.zones:
                        return section.zones[-1][0][1]
        return None
