"""What stands on the title strips of a map and its panels: the way down to the present scope, the views, the panels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from altmap.engine import Block, about_bytes, block_names, format_address, format_bytes

from ...picture.scope import Scope
from ...picture.view import Verdicts, View
from ...picture.views import VIEWS
from ..widgets.memory_map import MemoryMap
from ..worded import Role, Word

_LONG: Final = 12
"""Letters of what is inspected beside the names of the other panels."""
PANELS = (("inspector", "1"), ("zones", "2"), ("log", "3"), ("parameters", "4"))


def of_map(map_: MemoryMap, offered: Iterable[type[View]] = VIEWS) -> tuple[list[Word], list[Word]]:
    """The breadcrumb with what is to be said of the machine, and the views that are offered."""
    left = [Word("▌", "accent" if map_.has_focus else "faint")]
    for depth, scope in enumerate(map_.scopes, 1):
        last = depth == len(map_.scopes)
        left.append(Word(_name(map_, scope), "strong" if last else "dim", "" if last else f"zoom_to({depth})"))
        if not last:
            left.append(Word(" › ", "faint"))
    if len(map_.scopes) == 1:
        machine = map_.machine
        size = len(machine.blocks) * machine.geometry.block_size
        off, _ = map_.counted
        left.append(Word(f" {about_bytes(size)}{f' · {off:,} offline' if off else ''}", "dim"))
    if map_.marks:
        left.append(Word(f" · {len(map_.marks):,} marked", "key"))
    views = [
        Word(f" {view.name} ", "chosen" if view is map_.view else "dim", f"view({view.name!r})") for view in offered
    ]
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
        return f"pageblock {map_.pfn % geometry.pages_per_block // geometry.pageblock_pages}"
    return "machine"


def in_cell(map_: MemoryMap) -> range:
    """The blocks of the cell under the cursor; the block in which it is."""
    size = map_.machine.geometry.pages_per_block
    start = map_.pfn // map_.picture.cell * map_.picture.cell if map_.picture.cell > size else map_.cursor * size
    return range(start // size, start // size + max(1, map_.picture.cell // size))


def of_panel(
    map_: MemoryMap, shown: str, focused: bool, verdicts: Verdicts, width: int
) -> tuple[list[Word], list[Word]]:
    """The panel that is shown in words of its own, and the others; where the map has the whole width, what the block is."""
    page = map_.scope.level == "page" and width < 170
    inspected = f"page {map_.pfn:#x}" if page else block_names(in_cell(map_), 1)
    inspected = inspected if len(inspected) <= _LONG else inspected.removeprefix("memory")
    left = [Word("▌", "accent" if focused else "faint")]
    left.append(Word(f"{inspected if shown == 'inspector' else shown} ", "strong"))
    right: list[Word] = []
    here = map_.machine.blocks.get(map_.cursor)
    if shown == "inspector" and not page and width < 110 and here is not None:
        if width < 76:
            left += _in_short(map_, here, verdicts)
        else:
            left += _of_block(here)
            size = map_.machine.geometry.block_size
            right = [Word(format_address(here.id * size), "dim"), Word(f"  {format_bytes(size)} ", "dim")]
    panes = _others(map_, shown, _wide(left))
    while right and _wide([*left, *right, *panes]) + 2 > width:
        right.pop()
    return left, [*right, *panes, Word(" ")]


def _in_short(map_: MemoryMap, here: Block, verdicts: Verdicts) -> Iterator[Word]:
    """The zone of a block, how much of what the cell under the cursor shows is free, and whether the block can go."""
    unit, blocks = map_.machine.geometry.pages_per_block, in_cell(map_)
    found = map_.machine.summary(blocks.start * unit, len(blocks) * unit, orders=False)
    free = round((found.of("free") + found.of("pcp")) * 100 / max(1, found.pages - found.missing))
    yield Word(f" {here.zone[1] if here.zone is not None else here.state}", "dim")
    yield Word(f"  free {free}%" if here.zone is not None else "", "dim")
    if (outlook := verdicts.of(here.id)) is not None and len(blocks) == 1:
        sign = {"yes": "✓", "not known": "?"}.get(outlook.answer, "✗")
        yield Word(f"  {sign} ", _LOOKS[outlook.answer])
        yield Word(
            f"{outlook.blockers[0][1]:,} {outlook.blockers[0][0]}" if outlook.blockers else outlook.answer, "text"
        )


def _of_block(here: Block) -> Iterator[Word]:
    """A block's state, zone and node, and since when it is there."""
    yield Word(f" {here.state}", "dim")
    yield Word(f"  {here.zone[1]}" if here.zone is not None else "", "dim")
    yield Word(f"  node {here.node}  {'since boot' if here.early else 'hot-added'}", "dim")


def _others(map_: MemoryMap, shown: str, beside: int) -> list[Word]:
    """The panels that are not shown, with their keys; a long name is cut where as many letters stand beside them."""
    others = [(pane, key) for pane, key in PANELS if pane != shown]
    names = {pane: block_names(in_cell(map_), 1) if pane == "inspector" else pane for pane, _ in others}
    if beside + sum(len(f" {key} {names[pane]}") for pane, key in others) > 38:
        names["parameters"] = "params"
    return [Word(f" {key} {names[pane]}", "dim", f"verb('pane_{pane}')") for pane, key in others]


def _wide(words: Iterable[Word]) -> int:
    return sum(len(word.text) for word in words)


_LOOKS: Final[dict[str, Role]] = {"yes": "good", "no": "bad", "never": "dim", "not known": "warn"}
