"""What of a machine a map lays out: the blocks of its scope, and runs of them that are all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from altmap.engine import Machine
from altmap.engine.protocol.vocabulary import Kind

from .plan import PLAIN, Extent, Plan, Row, extents_of, plain_shape, plainly, planned, rows_of
from .scope import Scope

_FOLDED: Final[tuple[Kind, ...]] = ("reserved", "assumed")
_HIGH: Final = 16
"""On a map of so many lines a node without memory has a line of its own even where that makes cells bigger."""
_ALIKE_SHARE: Final = 8
"""A run of alike blocks of at least one part in so many of all may be folded."""


def laid_out(
    machine: Machine,
    scope: Scope,
    size: tuple[int, int],
    halves: int,
    folds: bool,
    plain: bool = False,
    expected: Mapping[int, int] = MappingProxyType({}),
) -> Plan:
    """The plan of a scope for a width and a height; `folds`: runs of blocks that are alike may be folded; `plain`: no block
    gets a tile of its own, and no more lines are taken than it needs; `expected`: blocks that have a place whether they are
    there or not, with their nodes."""
    if scope.level in ("block", "section"):
        shape = plain_shape(scope.pages, *size, halves)
        return Plan(rows_of([Extent(scope.start, scope.pages, 0)], shape.row), shape, size[1])
    unit = machine.geometry.pages_per_block
    first, last = scope.start // unit, -(-(scope.start + scope.pages) // unit)
    known = {**expected, **blocks_of(machine)}
    blocks = sorted((nr, node) for nr, node in known.items() if first <= nr < last and scope.node in (None, node))
    extents = extents_of(blocks, unit)
    headings = len({extent.node for extent in extents}) > 1 and scope.node is None
    alike = _alike(machine, blocks) if folds and len(blocks) <= PLAIN else []
    if plain:
        pages = sum(extent.pages for extent in extents) - sum(pages for _, pages in alike)
        return plainly(extents, pages, size, halves, alike, False)
    wide, high = size
    empty = sorted(machine.nodes.keys() - {extent.node for extent in extents}) if headings else []
    plan = planned(extents, unit, size, halves, alike, headings)
    if plan.least + len(empty) > high and high < _HIGH:
        empty = []
    elif plan.least + len(empty) > high:
        plan = planned(extents, unit, (wide, high - len(empty)), halves, alike, headings)
    end = plan.rows[-1].start + plan.rows[-1].pages if plan.rows else 0
    return Plan([*plan.rows, *(Row("node", end, 0, node) for node in empty)], plan.shape, high)


def blocks_of(machine: Machine) -> dict[int, int]:
    """Numbers and nodes of what is there: blocks, and sections that have none."""
    per_block, sections = machine.geometry.sections_per_block, machine.sections
    known = {nr: block.node for nr, block in machine.blocks.items()}
    for nr in {nr // per_block for nr in sections} - known.keys():
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
