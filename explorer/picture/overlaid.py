"""Cells with what is laid over them: what a search found, what moves, what changed or is linked, and marks, in this order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from .colour import between
from .overlay import CHANGED, LINKED, MARKED, Overlay, Places, cells_of, whole
from .plan import Plan, Row
from .scope import touched
from .view import Paint, Scene, View

DIM: Final = 0.25
"""How much is left of the colour of what a search did not find."""


class Overlaid:
    """The cells of the rows of tiles of one map under an overlay."""

    def __init__(self, scene: Scene, view: type[View], plan: Plan) -> None:
        self._scene, self._view, self._shape = scene, view, plan.shape
        geometry = scene.machine.geometry
        self._block, self._section = geometry.pages_per_block, geometry.pages_per_section

    def of(self, paints: list[Paint], row: Row, over: Overlay) -> list[Paint]:
        """The cells of a row, which look like `paints` without the overlay."""
        paints = self._searched(paints, row, over.hits)
        laid = self._moved(paints, row, over)
        laid = self._signed(laid, row, over.happening.changed, CHANGED)
        laid = self._signed(laid, row, over.linked, LINKED)
        laid = self._marked(laid, row, over.marks)
        if len(shown := row.shown) == row.pages:
            return laid
        return [new if at in shown else paint for at, paint, new in zip(self._starts(row), paints, laid, strict=True)]

    def _starts(self, row: Row) -> range:
        """The first page of each cell."""
        return range(row.start, row.start + row.pages, self._shape.cell)

    def _blocks(self, start: int, pages: int) -> range:
        """The blocks that have some of these pages."""
        return touched(start, pages, self._block)

    def _searched(self, paints: list[Paint], row: Row, hits: frozenset[int] | None) -> list[Paint]:
        """All that a search did not find is dimmed."""
        if hits is None:
            return paints
        text, ground, cell = self._scene.palette.text, self._scene.palette.ground, self._shape.cell
        if hits.issuperset(self._blocks(row.start, row.pages)):
            return [_found(text, paint) for paint in paints]
        return [
            _dimmed(ground, paint) if hits.isdisjoint(self._blocks(at, cell)) else _found(text, paint)
            for paint, at in zip(paints, self._starts(row), strict=True)
        ]

    def _moved(self, paints: list[Paint], row: Row, over: Overlay) -> list[Paint]:
        """Cells as they are while pages move: where all have left, and where some have come."""
        happening = over.happening
        if not happening.vacated and not happening.arrived:
            return paints
        size, finest = self._section, self._scene.machine.geometry.pageblock_pages
        area, full = (row.start, row.pages, self._shape.cell), (1 << size) - 1
        left = cells_of(happening.vacated, *area, size)
        left -= cells_of({nr: full ^ mask for nr, mask in happening.vacated.items()}, *area, size)
        came = cells_of(happening.arrived, *area, size) if self._shape.cell <= finest else frozenset()
        looks = self._view.vacated(self._scene), self._view.arrived(self._scene)
        return [
            (looks[0] if number in left else looks[1] if number in came else None) or paint
            for number, paint in enumerate(paints)
        ]

    def _signed(self, paints: list[Paint], row: Row, places: Places, signs: str) -> list[Paint]:
        """Cells with pages that are pointed out have its signs; a tile of which all cells have them shows it at its edges."""
        if not places:
            return paints
        shape, geometry = self._shape, self._scene.machine.geometry
        if row.pages <= self._block and not shape.gap and whole(row.start // self._block, places, geometry):
            return paints  # all that is in sight is: that tells nothing
        cells = cells_of(places, row.start, row.pages, shape.cell, self._section)
        if cells and shape.gap:
            per_tile = shape.unit // shape.cell
            counts = Counter(cell // per_tile for cell in cells)
            cells = frozenset(cell for cell in cells if counts[cell // per_tile] < per_tile)
        return _with_signs(paints, [number in cells for number in range(len(paints))], signs) if cells else paints

    def _marked(self, paints: list[Paint], row: Row, marks: frozenset[int]) -> list[Paint]:
        """Cells of marked blocks have their sign where blocks have no edges."""
        cell = self._shape.cell
        if self._shape.gap or not marks or cell < self._block:
            return paints
        return _with_signs(paints, [not marks.isdisjoint(self._blocks(at, cell)) for at in self._starts(row)], MARKED)


def _with_signs(paints: Sequence[Paint], here: Sequence[bool], signs: str) -> list[Paint]:
    return [paint._replace(signs=signs) if one else paint for paint, one in zip(paints, here, strict=True)]


@lru_cache(maxsize=4096)
def _dimmed(ground: int, paint: Paint) -> Paint:
    return Paint(between(ground, paint.colour, DIM), " ")


@lru_cache(maxsize=4096)
def _found(text: int, paint: Paint) -> Paint:
    """A cell that a search found; what is offline is as dark as what was not found, but for its hatch."""
    return paint._replace(hatch=(between(paint.hatch[0], text, 0.7), paint.hatch[1])) if paint.hatch else paint
