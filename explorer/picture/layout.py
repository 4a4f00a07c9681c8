"""What of a machine a map lays out: the blocks of its scope, and runs of them that are all alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from altmap.engine import Machine
from altmap.engine.protocol.vocabulary import Kind

from .plan import PLAIN, Extent, Plan, extents_of, plain_shape, plainly, planned, rows_of
from .scope import Scope

_FOLDED: Final[tuple[Kind, ...]] = ("reserved", "assumed")
_FREE: Final[tuple[Kind, ...]] = ("free", "pcp")
"""Free memory is folded only where all else gets finer cells by it."""
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
    gets a tile of its own; `expected`: blocks that have a place whether they are there or not, with their nodes."""
    if scope.level in ("block", "section"):
        shape = plain_shape(scope.pages, *size, halves)
        return Plan(rows_of([Extent(scope.start, scope.pages, 0)], shape), shape)
    unit = machine.geometry.pages_per_block
    first, last = scope.start // unit, -(-(scope.start + scope.pages) // unit)
    known = {**expected, **blocks_of(machine)}
    blocks = sorted((nr, node) for nr, node in known.items() if first <= nr < last and scope.node in (None, node))
    extents = extents_of(blocks, unit)
    headings = len({extent.node for extent in extents}) > 1 and scope.node is None
    folds = folds and len(blocks) <= PLAIN
    alike = _alike(machine, blocks, _FOLDED) if folds else []
    if plain:
        pages = sum(extent.pages for extent in extents) - sum(pages for _, pages in alike)
        return plainly(extents, pages, size, halves, alike, False)
    plan = planned(extents, unit, size, halves, alike, headings)
    if folds and plan.lines * 4 < size[1] * 3 and (free := _alike(machine, blocks, _FREE)):
        other = planned(extents, unit, size, halves, sorted([*alike, *free]), headings)
        if other.shape.cell < plan.shape.cell and other.lines > plan.lines:
            return other
    return plan


def blocks_of(machine: Machine) -> dict[int, int]:
    """Numbers and nodes of what is there: blocks, and sections that have none."""
    per_block, sections = machine.geometry.sections_per_block, machine.sections
    known = {nr: block.node for nr, block in machine.blocks.items()}
    for nr in {nr // per_block for nr in sections} - known.keys():
        found = (sections.get(at) for at in range(nr * per_block, (nr + 1) * per_block))
        known[nr] = next(section.node for section in found if section is not None)
    return known


def _alike(machine: Machine, blocks: Sequence[tuple[int, int]], kinds: Collection[Kind]) -> list[tuple[int, int]]:
    """Runs of blocks of nothing but these kinds that are long enough to be folded: first pfn, pages."""
    unit = machine.geometry.pages_per_block
    runs: list[tuple[int, int]] = []
    for nr, _ in blocks:
        start = nr * unit
        found = machine.summary(start, unit)
        if sum(map(found.of, kinds)) == unit:
            if runs and sum(runs[-1]) == start:
                runs[-1] = (runs[-1][0], runs[-1][1] + unit)
            else:
                runs.append((start, unit))
    share = _ALIKE_SHARE if kinds is not _FREE else 2 * _ALIKE_SHARE
    return [run for run in runs if run[1] // unit * share >= len(blocks)]
