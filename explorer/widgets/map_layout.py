"""How the block map places its tiles: rows of blocks at round addresses, and holes between them in one row each. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Literal, NamedTuple

PER_ROW = (128, 96, 64, 48, 32, 24, 16, 8)
GROUP = 8
"""Blocks between two wider gaps."""


class Shape(NamedTuple):
    """What a tile shows, and its columns and lines with and without the gap behind it."""

    shows: Literal["words", "number", "letter"]
    tile: int
    column_gap: int
    lines: int = 1
    line_gap: int = 0

    @property
    def width(self) -> int:
        """Columns from one tile to the next."""
        return self.tile + self.column_gap

    @property
    def height(self) -> int:
        """Lines from one row to the next."""
        return self.lines + self.line_gap


class Row(NamedTuple):
    """One row: the first block's number, or, with `hole` above 0, so many missing blocks from there on."""

    first: int
    hole: int = 0


def shapes(digits: int) -> tuple[Shape, ...]:
    """All shapes, the most telling first, for block numbers of so many digits."""
    return (
        Shape("words", digits + 8, 1, lines=2, line_gap=1),
        Shape("number", digits + 4, 1, lines=2, line_gap=1),
        Shape("number", digits + 4, 1),
        Shape("letter", 3, 1),
        Shape("letter", 2, 1),
        Shape("letter", 2, 0),
        Shape("letter", 1, 0),
    )


def row_width(shape: Shape, per_row: int) -> int:
    """Columns of so many tiles with the gaps between groups."""
    return shape.width * per_row + (per_row - 1) // GROUP


class Arrangement:
    """Shape and rows for some blocks in a window of some size."""

    def __init__(self, blocks: Sequence[int], width: int, height: int) -> None:
        """`blocks` ascending; `width` and `height` in columns and lines, row labels left out."""
        self.shape, self.per_row = _choose(blocks, width, height)
        self.rows = _rows(blocks, self.per_row)

    @property
    def key(self) -> tuple[Shape, int, tuple[Row, ...]]:
        """All that decides which block is where."""
        return self.shape, self.per_row, self.rows

    @property
    def lines(self) -> int:
        """Lines of all rows."""
        return max(0, len(self.rows) * self.shape.height - self.shape.line_gap)

    @cached_property
    def firsts(self) -> list[int]:
        """The first block of each row."""
        return [row.first for row in self.rows]

    def row_of(self, block: int) -> int:
        """The row that shows a block or the hole at its place."""
        return max(0, bisect_right(self.firsts, block) - 1)

    def lines_of(self, block: int) -> range:
        """The lines that show a block."""
        top = self.row_of(block) * self.shape.height
        return range(top, top + self.shape.lines)

    def column_of(self, block: int) -> int:
        """Where the tile of a block begins."""
        index = block % self.per_row
        return self.shape.width * index + index // GROUP

    def block_at(self, column: int, line: int) -> int | None:
        """The number of the block at a place; None in gaps, holes and outside."""
        at, inside = divmod(line, self.shape.height)
        if column < 0 or at >= len(self.rows) or self.rows[at].hole or inside >= self.shape.lines:
            return None
        group, rest = divmod(column, self.shape.width * GROUP + 1)
        index = group * GROUP + rest // self.shape.width
        if rest >= self.shape.width * GROUP or rest % self.shape.width >= self.shape.tile or index >= self.per_row:
            return None
        return self.rows[at].first + index


def _choose(blocks: Sequence[int], width: int, height: int) -> tuple[Shape, int]:
    """The most telling shape with which all rows are in the window, else the one with the fewest rows."""
    options = [
        (shape, per_row)
        for shape in shapes(len(str(blocks[-1] if blocks else 0)))
        if (per_row := next((many for many in PER_ROW if row_width(shape, many) <= width), 0))
    ]
    for shape, per_row in options:
        if len(_rows(blocks, per_row)) * shape.height - shape.line_gap <= height:
            return shape, per_row
    return max(options, key=lambda option: option[1], default=(Shape("letter", 1, 0), PER_ROW[-1]))


def _rows(blocks: Sequence[int], per_row: int) -> tuple[Row, ...]:
    rows: list[Row] = []
    last: int | None = None
    for block in blocks:
        first = block - block % per_row
        if not rows or rows[-1].first != first:
            if last is not None and first > last - last % per_row + per_row:
                rows.append(Row(last + 1, block - last - 1))
            rows.append(Row(first))
        last = block
    return tuple(rows)
