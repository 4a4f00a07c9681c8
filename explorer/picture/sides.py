"""What stands beside the cells of a map: the zone of each row, and above a node's rows how many blocks it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from altmap.engine import Block, Machine

from .plan import Plan, Row
from .scope import touched


class Count(NamedTuple):
    """The blocks of a node, how many of them are offline, and what the pages are of those that are not, by kind."""

    blocks: int
    offline: int
    kinds: tuple[tuple[str, int], ...] = ()


class Sides:
    """The sides of all rows of a plan, kept until the machine changes."""

    def __init__(self, machine: Machine, plan: Plan) -> None:
        self._machine, self._plan = machine, plan
        self._zones = [self._zone_of(row) for row in plan.rows]
        self._blocks: dict[int, list[int]] = {row.node: [0, 0] for row in plan.rows if row.what == "node"}
        """Of each node that has a heading how many blocks, and how many of them are offline."""
        if self._blocks:
            self._tally(machine.blocks.values(), 1)
        self._kinds = {node: self._kinds_of(node) for node in self._blocks}

    def count(self, node: int) -> Count:
        """The blocks of a node."""
        blocks, offline = self._blocks[node]
        return Count(blocks, offline, self._kinds[node])

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

    def changed(self, rows: Sequence[int], replaced: Iterable[tuple[Block | None, Block | None]]) -> list[int]:
        """Take in that some rows have changed, and some blocks (what they were, and what they are); the rows whose side looks
        otherwise."""
        zones, above = list(self._zones), [self.before(at) for at in range(len(self._zones))]
        counts = {node: self.count(node) for node in self._blocks}
        for at in rows:
            self._zones[at] = self._zone_of(self._plan.rows[at])
        for before, now in replaced if counts else ():
            self._tally([before] if before is not None else [], -1)
            self._tally([now] if now is not None else [], 1)
        for node in {self._plan.rows[at].node for at in rows} & counts.keys():
            self._kinds[node] = self._kinds_of(node)
        return [
            at
            for at, row in enumerate(self._plan.rows)
            if (zones[at], above[at]) != (self._zones[at], self.before(at))
            or (row.what == "node" and counts[row.node] != self.count(row.node))
        ]

    def _tally(self, blocks: Iterable[Block], by: int) -> None:
        for block in blocks:
            for node in block.nodes:
                if node in self._blocks:
                    self._blocks[node][0] += by
                    self._blocks[node][1] += by * (block.state == "offline")

    def _kinds_of(self, node: int) -> tuple[tuple[str, int], ...]:
        found: Counter[str] = Counter()
        for row in self._plan.rows:
            if row.node == node and row.what != "node":
                of_row = self._machine.summary(row.shown.start, len(row.shown), orders=False)
                found.update({str(kind): count for kind, count in of_row.kinds.items()})
        return tuple(found.items())

    def _zone_of(self, row: Row) -> str | None:
        if row.what in ("hole", "node"):
            return None
        geometry, blocks, sections = self._machine.geometry, self._machine.blocks, self._machine.sections
        unit, per_block = geometry.pages_per_block, geometry.sections_per_block
        for nr in touched(row.shown.start, len(row.shown), unit):
            block = blocks.get(nr)
            if block is not None and block.zone is not None:
                return block.zone[1]
            if block is not None:
                for number in range(nr * per_block, (nr + 1) * per_block):
                    section = sections.get(number)
                    if section is not None and section.zones:
                        return section.zones[-1][0][1]
        return None
