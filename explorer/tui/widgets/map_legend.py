"""The legend below the map: what is in sight and nothing else, and how much memory a cell is."""

from __future__ import annotations

from textual.events import MouseMove

from ...picture.can_go import CanGo
from ...picture.legend import legend
from ...picture.lines import Line
from ...picture.memmap import Memmap
from ...picture.memory import MemoryPicture
from ...picture.memory_size import short_size
from ...picture.pages import order_entry
from ...picture.pointed import pointed
from ...picture.use import Use
from ...picture.view import Entry, Paint
from ...picture.views import Nodes, pageblocks
from .drawn import Drawn
from .memory_map import MemoryMap


class MapLegend(Drawn):
    """One row, made from the map's view."""

    def __init__(self, map_: MemoryMap) -> None:
        super().__init__()
        self._map = map_
        self._seen: tuple[object, ...] = ()
        self._points: list[Entry] = []

    @property
    def words(self) -> str:
        """All that it says."""
        return "".join(span.text for span in self.row(0))

    def on_mouse_move(self, event: MouseMove) -> None:
        self.explain(event)

    def row(self, y: int) -> Line:
        map_ = self._map
        if not map_.placed:
            return ()
        scope, machine, picture = map_.scope, map_.machine, map_.picture
        found = machine.summary(scope.start, scope.pages, orders=scope.level == "page")
        cell = f"cell {short_size(picture.cell * machine.geometry.page_size)}" if picture.cell > 1 else "cell 1 page"
        words = (cell, *["free %"] * bool(picture.shares), *["z folds"] * picture.unfolded)
        of_blocks = scope.level == "page" and map_.view in (CanGo, Nodes)
        view = Use if of_blocks else map_.view  # of a page these show what it is used for
        entries = view.entries(map_.scene, found)
        if scope.level == "page" and found.orders:
            entries.insert(1, order_entry(map_.scene, view, found))
        spare = pageblocks(map_.scene, found) if scope.level in ("block", "section") else []
        if self.halves == 1 and view in (Use, Memmap) and scope.level != "page":
            spare.append(Entry(Paint(map_.scene.palette.ground, "M"), "capital: half or more"))
        return legend([*self._pointed(), *entries], words, self.size.width, map_.scene, self.halves, spare)

    def follow(self) -> None:
        """Something else may be pointed out on the map."""
        before = self._points
        if self._pointed() != before:
            self.refresh()

    def _pointed(self) -> list[Entry]:
        map_, over = self._map, self._map.overlay
        edged = isinstance(map_.picture, MemoryPicture) and bool(map_.picture.plan.shape.gap)
        seen = (over.happening.changed, over.linked, bool(over.marks), edged, map_.scope, map_.scene.palette)
        if len(seen) != len(self._seen) or any(one is not other for one, other in zip(seen, self._seen, strict=True)):
            self._seen = seen
            self._points = pointed(map_.scene, map_.scope, over, self.halves, edged)
        return self._points
