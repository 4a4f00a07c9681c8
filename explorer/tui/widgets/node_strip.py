"""The table of nodes below the map, on machines that have several, where the map leaves room for it."""

from __future__ import annotations

from ...picture.kept import Picture
from ...picture.lines import Line
from ...picture.memory import MemoryPicture
from ...picture.nodes import lines_of, table
from .drawn import Drawn
from .memory_map import MemoryMap


class NodeStrip(Drawn):
    """It takes room only where the map needs it not."""

    def __init__(self, map_: MemoryMap, display: bool = False) -> None:
        """`display`: it is likely to have room, so that the map is laid out beside it from the first."""
        super().__init__()
        self._map = map_
        self._lines: list[Line] = []
        self._wide = -1
        self._asked: tuple[Picture, int] | None = None
        self._room = 0
        """Lines that the map, with none beside it, could do without."""
        self.styles.height = lines_of(map_.machine)
        self.display = display and lines_of(map_.machine) > 0

    def show(self, changed: bool) -> None:
        """Show the nodes, if there is room; `changed`: the machine is another than it was."""
        map_, before = self._map, self._lines
        if changed or self._wide != map_.size.width:
            self._wide = map_.size.width
            self._lines = table(map_.scene, self._wide, self.halves)
        key = (map_.picture, map_.size.height + self.size.height * self.display)
        if key != self._asked:
            self._asked = key
            self._room = key[1] - key[0].least(key[1]) if isinstance(key[0], MemoryPicture) else 0
        self.display = map_.scope.level == "machine" and 0 < len(self._lines) <= self._room
        self.styles.height = len(self._lines)
        if self._lines != before:
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._wide = -1

    def row(self, y: int) -> Line:
        return self._lines[y] if y < len(self._lines) else ()
