"""How the block map places its cells: rows of blocks at round addresses, and holes between them in one row each. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

CELLS = (4, 3, 2, 1)
"""Widths of a cell, the gap behind it included in the two big ones."""

PER_ROW = (128, 96, 64, 48, 32, 24, 16, 12, 8, 4)
GROUP = 8
"""Blocks between two wider gaps."""


class Row(NamedTuple):
    """One row: the first block's number, or, with `hole` above 0, so many missing blocks from there on."""

    first: int
    hole: int = 0


def row_width(cell: int, per_row: int) -> int:
    """Columns of so many cells with the gaps between groups."""
    return cell * per_row + (per_row - 1) // GROUP


def column_of(cell: int, index: int) -> int:
    """Where the cell of the block at `index` of a row begins."""
    return cell * index + index // GROUP


def index_at(cell: int, per_row: int, column: int) -> int | None:
    """Which block of a row is at a column; None between groups and outside."""
    group, rest = divmod(column, cell * GROUP + 1)
    index = group * GROUP + rest // cell
    return index if column >= 0 and rest < cell * GROUP and index < per_row else None


class Arrangement:
    """Cells and rows for some blocks in a window of some size."""

    def __init__(self, blocks: Sequence[int], width: int, height: int) -> None:
        """`blocks` ascending; `width` and `height` in columns and rows, row labels left out."""
        self.cell, self.per_row = _choose(blocks, width, height)
        self.rows = _rows(blocks, self.per_row)

    @property
    def shape(self) -> tuple[int, int, tuple[Row, ...]]:
        """All that decides which block is where."""
        return self.cell, self.per_row, self.rows

    @cached_property
    def firsts(self) -> list[int]:
        """The first block of each row."""
        return [row.first for row in self.rows]

    def row_of(self, block: int) -> int:
        """The row that shows a block or the hole at its place."""
        return max(0, bisect_right(self.firsts, block) - 1)


def _choose(blocks: Sequence[int], width: int, height: int) -> tuple[int, int]:
    """The biggest cell with which all rows are in the window, else the cell with the fewest rows."""
    options = [
        (cell, next((many for many in PER_ROW if row_width(cell, many) <= width), PER_ROW[-1])) for cell in CELLS
    ]
    for cell, per_row in options:
        if len(_rows(blocks, per_row)) <= height:
            return cell, per_row
    return max(options, key=lambda option: option[1])


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
