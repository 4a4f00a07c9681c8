"""The head of a host below the map, in the view of the memmap: whose struct pages lie where."""

from __future__ import annotations

from typing import Final

from ...picture.lines import Line
from ...picture.links import links_of
from ...picture.memmap import LINES, Memmap, head
from .drawn import Drawn
from .memory_map import MemoryMap

LEAST: Final = 24
"""So high the map has to be for a head below it."""


class HeadStrip(Drawn):
    """It takes room only where it has something to say, and the map is high enough."""

    def __init__(self, map_: MemoryMap) -> None:
        super().__init__()
        self._map = map_
        self._lines: list[Line] = []
        self.display = False

    def show(self, block: int) -> None:
        """Show the head in which the struct pages of a block lie."""
        map_ = self._map
        fits = map_.size.height + self.size.height * self.display >= LEAST
        if map_.view is not Memmap or map_.scope.level not in ("machine", "node", "blocks") or not fits:
            self.display = False
            return
        if not any(set(guests) - {host} for host, guests in links_of(map_.machine).guests.items()):
            self.display = False
            return
        before, self._lines = self._lines, head(map_.scene, block, map_.size.width, map_.picture.gutter, self.halves)
        self.styles.height = LINES
        self.display = True
        if self._lines != before:
            self.refresh()

    def row(self, y: int) -> Line:
        return self._lines[y] if y < len(self._lines) else ()
