"""What a map shows: all of a machine, or less and less of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

from altmap.engine import Machine

Level = Literal["machine", "node", "blocks", "block", "section", "page"]
"""How much of a machine: all of it, a node, several blocks, one, a section of it, or its pages one by one."""
LEVELS: Final[tuple[Level, ...]] = get_args(Level)


class Scope(NamedTuple):
    """What a map shows: the level, the range in pages, and the node if it is no more than that."""

    level: Level
    start: int
    pages: int
    node: int | None = None


def touched(start: int, pages: int, unit: int) -> range:
    """The numbers of the units, such as blocks or sections, that some of `pages` pages from pfn `start` on lie in; `unit`: pages
    of one."""
    return range(start // unit, -(-(start + pages) // unit))


def whole(machine: Machine, expected: Mapping[int, int] = MappingProxyType({})) -> Scope:
    """The scope of all memory: up to the last block or section that there is, or that is expected."""
    geometry = machine.geometry
    last = max(
        max(machine.blocks, default=0),
        max(machine.sections, default=0) // geometry.sections_per_block,
        max(expected, default=0),
    )
    return Scope("machine", 0, (last + 1) * geometry.pages_per_block)


def below(machine: Machine, scope: Scope, pfn: int, cell: int, nodes: int) -> Scope | None:
    """The scope one step in at a page; None where there is none. `cell`: pages of a cell of the map; `nodes`: how many have
    blocks."""
    geometry = machine.geometry
    nr = pfn // geometry.pages_per_block
    if scope.level == "page":
        return None
    if scope.level == "section" or (scope.level == "block" and geometry.sections_per_block == 1):
        return Scope("page", scope.start, scope.pages)
    if scope.level == "block":
        return Scope(
            "section", pfn // geometry.pages_per_section * geometry.pages_per_section, geometry.pages_per_section
        )
    if cell > geometry.pages_per_block:
        return Scope("blocks", pfn // cell * cell, cell)
    here = machine.blocks.get(nr)
    if scope.level == "machine" and nodes > 1 and here is not None and len(machine.blocks) > 64:
        return scope._replace(level="node", node=here.node)
    return Scope("block", nr * geometry.pages_per_block, geometry.pages_per_block)
