"""The legend below the map: what is in sight and nothing else, and how much memory a cell is."""

from __future__ import annotations

from collections.abc import Iterable

from textual.events import MouseMove

from ...picture.lines import Line, Span, joined, width
from ...picture.memory_size import short_size
from ...picture.view import Entry, Scene
from .drawn import Drawn
from .memory_map import MemoryMap


class MapLegend(Drawn):
    """One row, made from the map's view."""

    def __init__(self, map_: MemoryMap) -> None:
        super().__init__()
        self._map = map_

    @property
    def words(self) -> str:
        """All that it says."""
        return "".join(span.text for span in self.row(0))

    def on_mouse_move(self, event: MouseMove) -> None:
        self.explain(event)

    def row(self, y: int) -> Line:
        map_ = self._map
        scope, machine, picture = map_.scope, map_.machine, map_.picture
        found = machine.summary(scope.start, scope.pages)
        cell = f"cell {short_size(picture.cell * machine.geometry.page_size)}" if picture.cell > 1 else "cell 1 page"
        if picture.shares:
            cell += "  free %"
        return legend(map_.view.entries(map_.scene, found), cell, self.size.width, map_.scene, self.halves)


def legend(entries: Iterable[Entry], right: str, wide: int, scene: Scene, halves: int) -> Line:
    """Entries from the left, as many as fit, and a word at the right."""
    palette = scene.palette
    spans: list[Span] = []
    for paint, word in entries:
        if halves == 1:
            entry = [Span(f" {paint.letter} "), Span(f"{word} ", palette.dim)]
        elif paint.hatched:
            entry = [Span(" "), Span("░", *palette.hatch), Span(f" {word} ", palette.dim)]
        else:
            entry = [Span(" "), Span("█", paint.colour), Span(f" {word} ", palette.dim)]
        if width((*spans, *entry)) + len(right) + 1 > wide:
            break
        spans += entry
    gap = wide - width(tuple(spans)) - len(right) - 1
    return joined((*spans, Span(" " * max(0, gap)), Span(right, palette.text)))
