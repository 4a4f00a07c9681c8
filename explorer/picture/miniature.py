"""A machine's memory in a few characters: its addresses from left to right, each column from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .lines import Line, Span, joined
from .overview import Column, columns_of
from .use import Use
from .view import Paint, Scene


def miniature(scene: Scene, wide: int, high: int, halves: int) -> list[Line]:
    """Lines of `wide` characters; each character shows `halves` cells above each other (1: letters in place of colours)."""
    columns = [_cells(scene, column, high * halves) for column in columns_of(scene, wide)]
    rest = " " * (wide - len(columns))
    return [joined((*_row(scene, columns, y, halves), Span(rest))) for y in range(high)]


def _cells(scene: Scene, column: Column, count: int) -> list[Paint]:
    """The looks of a column, from its top; none for a hole."""
    if not column.pages:
        return []
    borders = [column.start + column.pages * at // count for at in range(count + 1)]
    return [
        Use.paint(scene, scene.machine.summary(low, max(1, high - low), orders=False))
        for low, high in pairwise(borders)
    ]


def _row(scene: Scene, columns: list[list[Paint]], y: int, halves: int) -> Iterator[Span]:
    for cells in columns:
        if not cells:
            yield Span("-" if y == 0 else " ", scene.palette.faint)
        elif halves == 1:
            yield Span(cells[y].letter)
        else:
            yield Span("▀", cells[2 * y].colour, cells[2 * y + 1].colour)
