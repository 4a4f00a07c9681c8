"""Going in on a map: from the machine by nodes and runs of blocks to a block, its sections and its pages."""

from __future__ import annotations

from altmap.engine import Machine

from .memory import Scope


def deeper(machine: Machine, scope: Scope, cell: int, pfn: int, nodes: bool) -> Scope | None:
    """The scope one step in from another, at a page; None where there is none. `cell`: pages of a cell of the map; `nodes`:
    there are several."""
    geometry = machine.geometry
    number = pfn // geometry.pages_per_block
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
    here = machine.blocks.get(number)
    if scope.level == "machine" and nodes and here is not None and len(machine.blocks) > 64:
        return scope._replace(level="node", node=here.node)
    return Scope("block", number * geometry.pages_per_block, geometry.pages_per_block)
