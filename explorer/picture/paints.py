"""The looks of the cells of a map, row by row, kept until what they show changes."""

from __future__ import annotations

from typing import Final

from altmap.engine import Section, Summary
from msgspec.structs import replace

from .made import Change
from .overlay import cells_of
from .plan import Plan
from .view import Paint, Scene, View

_FEW: Final = 4
"""Where no more than one cell in so many of a section may look otherwise, each is counted for itself."""


class Paints:
    """Each row's cells in a view."""

    def __init__(self, scene: Scene, view: type[View], plan: Plan) -> None:
        self._scene = scene
        self._view = view
        self._plan = plan
        self._paints: dict[int, list[Paint]] = {}
        self._looks: dict[tuple[int, object], Paint] = {}

    def of(self, at: int) -> list[Paint]:
        """The looks of the cells of a row, by its number."""
        found = self._paints.get(at)
        if found is None:
            row = self._plan.rows[at]
            shown = row.shown
            cell, orders = self._plan.shape.cell, self._view.by_orders
            cells = self._scene.machine.summaries(row.start, row.pages, cell, orders=orders)
            nothing = Paint(self._scene.palette.ground, " ")
            found = self._paints[at] = [self._paint(cell) if cell.start in shown else nothing for cell in cells]
        return found

    def change(self, change: Change) -> None:
        """A row is made of something else; only the cells of that are worked out anew."""
        if change.at in self._paints:
            self._paints[change.at] = self._repainted(change)

    def forget(self, at: int) -> None:
        """What the view knows besides the machine of a row has changed."""
        self._paints.pop(at, None)

    def _repainted(self, change: Change) -> list[Paint]:
        machine, row, cell = self._scene.machine, self._plan.rows[change.at], self._plan.shape.cell
        paints, size = list(self._paints[change.at]), machine.geometry.pages_per_section
        pairs = enumerate(zip(change.before.sections, change.now.sections, strict=True), row.start // size)
        done, shown = row.start, row.shown
        for nr, (one, other) in ((nr, pair) for nr, pair in pairs if pair[0] is not pair[1]):
            start = max(done, nr * size // cell * cell)
            done = min(-(-(nr + 1) * size // cell) * cell, row.start + row.pages)
            found = self._differing(nr, one, other) or machine.summaries(
                start, max(0, done - start), cell, orders=self._view.by_orders
            )
            for summed in found:
                if summed.start in shown:
                    paints[(summed.start - row.start) // cell] = self._paint(summed)
        return paints

    def _differing(self, nr: int, one: Section | None, other: Section | None) -> list[Summary]:
        """The cells of a section that may look otherwise where few of its pages do: those as far around them as free areas
        reach. None where that is more work than to look at all of them."""
        machine, cell, geometry = self._scene.machine, self._plan.shape.cell, self._scene.machine.geometry
        size, area = geometry.pages_per_section, max(cell, 1 << geometry.max_order)
        if area >= size or one is None or other is None or replace(one, pages=other.pages) != other:
            return []
        changed = 0
        for kind in one.pages.keys() | other.pages.keys():
            changed |= one.pages.get(kind, 0) ^ other.pages.get(kind, 0)
        areas = cells_of({nr: changed}, nr * size, size, area, size)
        if len(areas) * area > size // _FEW:
            return []
        firsts = (nr * size + at * area for at in areas)
        orders = self._view.by_orders
        return [
            machine.summary(pfn, cell, orders=orders) for first in firsts for pfn in range(first, first + area, cell)
        ]

    def _paint(self, cell: Summary) -> Paint:
        if not self._view.by_contents:
            return self._view.paint(self._scene, cell)
        key = (cell.counts, cell.shares)
        found = self._looks.get(key)
        if found is None:
            found = self._looks[key] = self._view.paint(self._scene, cell)
        return found
