"""What of a machine a map lays out: the blocks of its scope, and runs of them that are all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from altmap.engine import Machine
from altmap.engine.protocol.vocabulary import Kind

from .plan import PLAIN, Extent, Plan, Row, extents_of, plain_shape, plainly, planned, rows_of
from .scope import Scope, touched

_FOLDED: Final[tuple[Kind, ...]] = ("reserved", "assumed")
_HIGH: Final = 16
"""On a map of so many lines a node without memory has a line of its own even where that makes cells bigger."""
_ALIKE_SHARE: Final = 8
"""A run of alike blocks of at least one part in so many of all may be folded."""
_FEW: Final = 16
"""So many blocks all have room, alike or not."""


class Layout:
    """What a map of a scope lays out, whatever its size: looked up once. `folds`: runs of blocks that are alike may be folded;
    `expected`: blocks that have a place whether they are there or not, with their nodes."""

    def __init__(
        self, machine: Machine, scope: Scope, folds: bool, expected: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        self._scope, self._unit = scope, machine.geometry.pages_per_block
        self.unfolded = False
        """Are there runs of blocks that could be folded, and are not?"""
        if scope.level in ("block", "section"):
            return
        here = touched(scope.start, scope.pages, self._unit)
        blocks = sorted({**expected, **blocks_of(machine)}.items())
        if scope.level != "machine":
            blocks = [(nr, node) for nr, node in blocks if nr in here and scope.node in (None, node)]
        self._extents = extents_of(blocks, self._unit)
        nodes = {extent.node for extent in self._extents}
        self._headings = len(nodes) > 1 and scope.node is None
        alike = _alike(machine, blocks) if _FEW < len(blocks) <= PLAIN else []
        self._alike = alike if folds else []
        self.unfolded = bool(alike) and not folds
        self._empty = sorted(machine.nodes.keys() - nodes) if self._headings else []

    def plan(self, size: tuple[int, int], halves: int, plain: bool = False) -> Plan:
        """The plan for a width and a height; `plain`: no block gets a tile of its own, and no more lines are taken than it
        needs."""
        scope, (wide, high) = self._scope, size
        if scope.level in ("block", "section"):
            shape = plain_shape(scope.pages, *size, halves)
            return Plan(rows_of([Extent(scope.start, scope.pages, 0)], shape.row), shape, high)
        extents, alike, headings, empty = self._extents, self._alike, self._headings, self._empty
        if plain:
            pages = sum(extent.pages for extent in extents) - sum(pages for _, pages in alike)
            return plainly(extents, pages, size, halves, alike, False)
        plan = planned(extents, self._unit, size, halves, alike, headings)
        if plan.least + len(empty) > high and high < _HIGH:
            empty = []
        elif plan.least + len(empty) > high:
            plan = planned(extents, self._unit, (wide, high - len(empty)), halves, alike, headings)
        end = plan.rows[-1].start + plan.rows[-1].pages if plan.rows else 0
        return Plan([*plan.rows, *(Row("node", end, 0, node) for node in empty)], plan.shape, high)


def blocks_of(machine: Machine) -> dict[int, int]:
    """Numbers and nodes of what is there: blocks, and sections that have none."""
    per_block, sections = machine.geometry.sections_per_block, machine.sections
    known = {nr: block.node for nr, block in machine.blocks.items()}
    for nr in (sections.keys() if per_block == 1 else {nr // per_block for nr in sections}) - known.keys():
        found = (sections.get(at) for at in range(nr * per_block, (nr + 1) * per_block))
        known[nr] = next(section.node for section in found if section is not None)
    return known


def _alike(machine: Machine, blocks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of blocks of pages that are all reserved, or guessed, long enough to be folded: first pfn, pages."""
    unit = machine.geometry.pages_per_block
    runs: list[tuple[int, int]] = []
    for nr, _ in blocks:
        start = nr * unit
        found = machine.summary(start, unit, orders=False)
        if sum(map(found.of, _FOLDED)) == unit:
            if runs and sum(runs[-1]) == start:
                runs[-1] = (runs[-1][0], runs[-1][1] + unit)
            else:
                runs.append((start, unit))
    return [run for run in runs if run[1] // unit * _ALIKE_SHARE >= len(blocks)]
