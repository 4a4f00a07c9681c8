"""One block enlarged beside a film of what happens in it."""

from __future__ import annotations

from ...picture.can_go import CanGo
from ...picture.lines import Line, Span
from ...picture.memory_size import short_size
from ...picture.scope import Scope
from ...picture.use import Use
from ...picture.views import Nodes
from ..words import block_name
from .drawn import Redrawn, palette_of
from .memory_map import MemoryMap


class CloseUp(Redrawn):
    """Draws a block of a map, with what is laid over that; nothing where that would be no closer than the map."""

    def __init__(self, map_: MemoryMap, block: int) -> None:
        super().__init__(id="close-up")
        self._map = map_
        self._block = block

    def made(self) -> list[Line]:
        if self.size.height < 2 or not self._map.placed:
            return []
        map_, palette, geometry = self._map, palette_of(self.app), self._map.machine.geometry
        start, pages = self._block * geometry.pages_per_block, geometry.pages_per_block
        view = Use if map_.view in (CanGo, Nodes) else map_.view  # those are of whole blocks
        size = self.size.width, self.size.height - 1
        picture = map_.pictured(Scope("block", start, pages), view, size, False, start)
        if picture.cell >= map_.picture.cell:
            return []
        over = map_.overlay._replace(cursor=-1)
        cell = f"cell {short_size(picture.cell * geometry.page_size)}{'  free %' * bool(picture.shares)}"
        name = block_name(self._block)
        right = Span(cell.rjust(self.size.width - len(name)), palette.faint, palette.strip)
        title = (Span(name, palette.text, palette.strip, True), right)
        return [title, *(picture.line(y, over) for y in range(picture.lines))]
