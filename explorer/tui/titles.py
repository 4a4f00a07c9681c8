"""What stands on the title strips: the way down to the present scope, the views, the panels. Pure."""

from __future__ import annotations

from altmap.engine import about_bytes

from ..picture.memory import Scope
from ..picture.views import VIEWS
from .widgets.memory_map import MemoryMap
from .widgets.title import Word

PANELS = (("inspector", "1"), ("zones", "2"), ("log", "3"), ("parameters", "4"))


def of_map(map_: MemoryMap) -> tuple[list[Word], list[Word]]:
    """The breadcrumb with what is to be said of the machine, and the views."""
    left = [Word("▌", "accent" if map_.has_focus else "faint")]
    for depth, scope in enumerate(map_.scopes, 1):
        last = depth == len(map_.scopes)
        left.append(Word(_name(map_, scope), "strong" if last else "dim", "" if last else f"zoom_to({depth})"))
        if not last:
            left.append(Word(" › ", "faint"))
    if len(map_.scopes) == 1:
        machine = map_.machine
        size = len(machine.blocks) * machine.geometry.block_size
        off = sum(block.state == "offline" for block in machine.blocks.values())
        left.append(Word(f" {about_bytes(size)}{f' · {off:,} offline' if off else ''}", "dim"))
    if map_.marks:
        left.append(Word(f" · {len(map_.marks):,} marked", "key"))
    views = [Word(f" {view.name} ", "chosen" if view is map_.view else "dim", f"view({view.name!r})") for view in VIEWS]
    return left, views


def _name(map_: MemoryMap, scope: Scope) -> str:
    geometry = map_.machine.geometry
    first = scope.start // geometry.pages_per_block
    if scope.level == "node":
        return f"node {scope.node}"
    if scope.level == "blocks":
        return f"memory{first}-{first + scope.pages // geometry.pages_per_block - 1}"
    if scope.level == "block":
        return f"memory{first}"
    if scope.level == "section":
        return f"section {scope.start // geometry.pages_per_section}"
    if scope.level == "page":
        return f"pageblock {(map_.pfn - scope.start) // geometry.pageblock_pages}"
    return "machine"


def of_panel(map_: MemoryMap, shown: str) -> list[Word]:
    """The panels, the shown one first in its own words."""
    words = [Word("▌", "faint")]
    for name, key in PANELS:
        title = f"memory{map_.cursor}" if name == "inspector" else name
        text = f"{title} " if name == shown else f"{key} {title} "
        words.append(
            Word(
                f" {text}" if name != PANELS[0][0] else text,
                "strong" if name == shown else "dim",
                f"verb('pane_{name}')",
            )
        )
    return words
