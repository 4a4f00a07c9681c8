"""One block enlarged beside a film of what happens in it."""

from __future__ import annotations

from ...picture.can_go import CanGo
from ...picture.lines import Line, Span
from ...picture.memory_size import short_size
from ...picture.scope import Scope
from ...picture.use import Use
from ...picture.views import Nodes
from ...watching.player import Player
from ..words import block_name
from .drawn import Redrawn, palette_of
from .memory_map import MemoryMap


class CloseUp(Redrawn):
    """Draws a block of a map, with what is laid over that, below what state it is in and, where there is room, how far the film
    is; nothing where that would be no closer than the map."""

    def __init__(self, map_: MemoryMap, player: Player, block: int) -> None:
        super().__init__(id="close-up")
        self._map = map_
        self._player = player
        self._block = block

    @property
    def closer(self) -> bool:
        """Does the map show more than the block?"""
        return self._map.scope.pages > self._map.machine.geometry.pages_per_block

    def made(self) -> list[Line]:
        if self.size.height < 2 or not self._map.placed:
            return []
        map_, geometry = self._map, self._map.machine.geometry
        start, pages = self._block * geometry.pages_per_block, geometry.pages_per_block
        view = Use if map_.view in (CanGo, Nodes) else map_.view  # those are of whole blocks
        size = self.size.width, self.size.height - 1
        picture = map_.pictured(Scope("block", start, pages), view, size, False, start)
        if picture.cell >= map_.picture.cell:
            return []
        over = map_.overlay._replace(cursor=-1)
        cell = f"cell {short_size(picture.cell * geometry.page_size)}{'  free %' * bool(picture.shares)}"
        return [self._title(cell), *(picture.line(y, over) for y in range(picture.lines))]

    def _title(self, cell: str) -> Line:
        """The block, its state and the latest of what is done with it, as far as there is room."""
        palette, name = palette_of(self.app), block_name(self._block)
        block = self._map.machine.blocks.get(self._block)
        done = [f"  {one.word} {one.done:,} of {one.total:,}" for one in reversed(self._player.meters()) if one.done]
        said = [Span("▌", palette.faint), Span(name, palette.text, bold=True)]
        room = self.size.width - len(name) - len(cell) - 3
        for text in (f" {block.state if block is not None else 'gone'}", *done):
            if len(text) > room:
                break
            said.append(Span(text, palette.dim))
            room -= len(text)
        return (
            *(span._replace(back=palette.strip) for span in said),
            Span(f"{'':{room + 2}}{cell}", palette.faint, palette.strip),
        )
