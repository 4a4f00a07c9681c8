"""How the block map places its tiles: rows of blocks at round addresses, and one row each for holes and new nodes. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
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
    """One row: the first block's number. Or what lies between rows: `hole` missing blocks from there on, the begin of the
    memory of `node`, or both."""

    first: int
    hole: int = 0
    node: int | None = None

    @property
    def between(self) -> bool:
        """Is it no row of blocks?"""
        return self.hole > 0 or self.node is not None


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

    def __init__(
        self, blocks: Sequence[int], width: int, height: int, begins: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        """`blocks` ascending; `width` and `height` in columns and lines, row labels left out. `begins`: the blocks from
        which on the memory is another node's."""
        self.shape, self.per_row = _choose(blocks, width, height, begins)
        self.rows = _rows(blocks, self.per_row, begins)

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

    def blocks_of(self, at: int) -> range:
        """The places of blocks in a row, none where it is between rows. A row ends early where a node's memory does."""
        if not 0 <= at < len(self.rows) or self.rows[at].between:
            return range(0)
        first = self.rows[at].first
        after = next((row.first for row in self.rows[at + 1 : at + 3] if not row.between), first + self.per_row)
        return range(first, min(self._begin(first) + self.per_row, after))

    def block_in(self, at: int, column: int) -> int:
        """The block of a row that is nearest to a column, counted in tiles."""
        places = self.blocks_of(at)
        return min(max(self._begin(places.start) + column, places.start), places.stop - 1)

    def _begin(self, block: int) -> int:
        return block - block % self.per_row

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
        places = self.blocks_of(at)
        if column < 0 or not places or inside >= self.shape.lines:
            return None
        group, rest = divmod(column, self.shape.width * GROUP + 1)
        index = group * GROUP + rest // self.shape.width
        if rest >= self.shape.width * GROUP or rest % self.shape.width >= self.shape.tile or index >= self.per_row:
            return None
        block = self._begin(places.start) + index
        return block if block in places else None


def _choose(blocks: Sequence[int], width: int, height: int, begins: Mapping[int, int]) -> tuple[Shape, int]:
    """The most telling shape with which all rows are in the window, else the one with the fewest rows."""
    options = [
        (shape, per_row)
        for shape in shapes(len(str(blocks[-1] if blocks else 0)))
        if (per_row := next((many for many in PER_ROW if row_width(shape, many) <= width), 0))
    ]
    for shape, per_row in options:
        if len(_rows(blocks, per_row, begins)) * shape.height - shape.line_gap <= height:
            return _widened(shape, per_row, width), per_row
    return max(options, key=lambda option: option[1], default=(Shape("letter", 1, 0), PER_ROW[-1]))


def _widened(shape: Shape, per_row: int, width: int) -> Shape:
    """Tiles with text use what the window has left, as far as that looks well."""
    if shape.shows == "letter":
        return shape
    room = (width - row_width(shape, per_row)) // per_row
    return Shape(shape.shows, shape.tile + min(room, shape.tile // 2), *shape[2:])


def _rows(blocks: Sequence[int], per_row: int, begins: Mapping[int, int]) -> tuple[Row, ...]:
    rows: list[Row] = []
    last: int | None = None
    for block in blocks:
        first, node = block - block % per_row, begins.get(block)
        before = None if last is None else last - last % per_row
        if before != first or node is not None:
            hole = block - last - 1 if last is not None and before is not None and first > before + per_row else 0
            if hole or node is not None:
                rows.append(Row(last + 1 if hole and last is not None else block, hole, node))
            rows.append(Row(block if before == first else first))
        last = block
    return tuple(rows)
