"""The legend below the map: what is in sight and nothing else, and how much memory a cell is."""

from __future__ import annotations

from ...picture.lines import Line, Span, width
from ...picture.memory import short_size
from .drawn import Drawn, palette_of
from .memory_map import MemoryMap


class MapLegend(Drawn):
    """One row, made from the map's view."""

    def __init__(self, map_: MemoryMap) -> None:
        super().__init__()
        self._map = map_

    def row(self, y: int) -> Line:
        palette, scope = palette_of(self.app), self._map.scope
        machine = self._map.machine
        found = machine.summary(scope.start, scope.pages)
        picture = self._map.picture
        cell = f"cell {short_size(picture.cell * machine.geometry.page_size)}"
        if picture.cell == 1:
            cell = "cell 1 page"
        spans: list[Span] = []
        for paint, word in self._map.view.entries(self._map.scene, found):
            if self.halves == 1:
                entry = [Span(f" {paint.letter} "), Span(f"{word} ", palette.dim)]
            elif paint.hatched:
                entry = [Span(" "), Span("░", *palette.hatch), Span(f" {word} ", palette.dim)]
            else:
                entry = [Span(" "), Span("█", paint.colour), Span(f" {word} ", palette.dim)]
            if width((*spans, *entry)) + len(cell) + 1 > self.size.width:
                break
            spans += entry
        gap = self.size.width - width(tuple(spans)) - len(cell) - 1
        return (*spans, Span(" " * max(0, gap)), Span(cell, palette.text))
