"""How memory is laid out on a picture: tiles in rows that begin at round addresses, holes and uniform runs as thin rows.

A tile is one unit of memory, usually a block; each character shows two cells, one above the other (or one, where there is no
colour). Cells run along the upper half of a line, then along the lower half. A tile has powers of two of them across and
down, and fills more characters than these where there are more: then some or all cells take more than one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

Pair = tuple[int, int]
"""A width and a height; or a run of units, its first pfn and pages."""

PLAIN: Final = 512
"""More units than this get no tiles of their own: plain rows of cells."""
_CAPTIONED: Final = 32
"""So few tiles get a line with their number and state."""
_SLIM: Final = 16
"""So many times as long as it is broad a tile is a strip: rather take one with cells twice as big."""
_NARROW: Final = 4
"""Columns that a tile has at least."""
_FINEST: Final = 8
"""Pages that a cell of a tile has at least."""
_WASTE: Final = 8
"""Parts of a map; one of them more or less left empty makes no difference between two shapes."""
BESIDE: Final = range(7, 25)
"""So many columns beside flat rows are put to use otherwise; else cells are as broad as fills the width."""
_FLAT: Final = 2
"""Lines of a flat row, at most."""
_FEW: Final = 10
"""Less than one line for so many rows is rather left than that one row is twice as high as the others."""
_SPARE: Final = 4
"""So few columns are rather left than that some cells are broader than others."""


class Shape(msgspec.Struct, frozen=True):
    """The form of tiles: pages of one, cells across, lines down that its cells need, the columns that it has, how many a row,
    columns between two, lines of caption, and cells above each other in a character (1 or 2)."""

    unit: int
    wide: int
    high: int
    broad: int
    per_row: int
    gap: int
    caption: int
    halves: int

    @property
    def cell(self) -> int:
        """Pages of a cell."""
        return self.unit // (self.wide * self.high * self.halves)

    @property
    def lines(self) -> int:
        """Lines that a row of tiles needs."""
        return self.high + self.caption

    @property
    def row(self) -> int:
        """Pages of a row of tiles."""
        return self.unit * self.per_row

    @property
    def across(self) -> int:
        """Columns of a row of tiles."""
        return self.per_row * (self.broad + self.gap) - self.gap


class Row(msgspec.Struct, frozen=True):
    """A row: its first pfn and pages. `what` is "tiles", "hole", "alike" (a run of units that all look the same) or
    "node" (a heading; `node` is which). Of a row of tiles only `low` to `high` is shown: what belongs to its node."""

    what: Literal["tiles", "hole", "alike", "node"]
    start: int
    pages: int
    node: int = -1
    low: int = 0
    high: int = 1 << 52

    @property
    def memory(self) -> bool:
        """Does it show memory, and not a hole or a heading?"""
        return self.what in ("tiles", "alike")

    @property
    def shown(self) -> range:
        """The pages that are shown."""
        return range(max(self.start, self.low), min(self.start + self.pages, self.high))


class Extent(msgspec.Struct, frozen=True):
    """Consecutive units of memory of one node that are there."""

    start: int
    pages: int
    node: int


class Plan:
    """Rows of a fixed shape, and where on them a page lies. Rows of tiles are as high as they need, and where there are more
    lines than that, higher. A few lines that not all rows of one line could have stand above the headings but the first."""

    def __init__(self, rows: Sequence[Row], shape: Shape, height: int = 0) -> None:
        self.rows = rows
        self.shape = shape
        tiled = sum(row.what == "tiles" for row in rows)
        self.least = len(rows) + tiled * (shape.lines - 1)
        """Lines that it needs."""
        self.columns = tuple(column * shape.wide // shape.broad for column in range(shape.broad))
        """The cell of each column of a tile."""
        parted = sum(row.what == "node" for row in rows[1:])
        more, apart = shared(max(0, height - self.least), tiled, shape.high, parted)
        self.highs: list[int] = []
        """Lines of each row; of one of tiles those of its cells."""
        self.tops: list[int] = []
        top = 0
        for at, row in enumerate(rows):
            self.tops.append(top)
            self.highs.append(
                shape.high + more.pop() if row.what == "tiles" else 1 + apart.pop() if row.what == "node" and at else 1
            )
            top += self.highs[-1] + shape.caption * (row.what == "tiles")
        self.lines = top
        tiles = (high for row, high in zip(rows, self.highs, strict=True) if row.what == "tiles")
        self.lowest = min(tiles, default=shape.high)
        """Lines of the lowest row of tiles."""
        self._starts = [row.start for row in rows]

    def lines_of(self, at: int) -> range:
        """The lines of a row, by its number."""
        return range(self.tops[at], self.tops[at + 1] if at + 1 < len(self.tops) else self.lines)

    def cells_at(self, at: int, part: int) -> tuple[int, ...]:
        """The rows of cells of a row of tiles that a line of it shows, one for each half; `part` counts behind the caption."""
        shape, high = self.shape, self.highs[at]
        return tuple((part * shape.halves + half) * shape.high // high for half in range(shape.halves))

    def parts_of(self, at: int, cells: int) -> range:
        """The lines of a row of tiles that show one of its rows of cells; they count behind the caption."""
        shape, high = self.shape, self.highs[at]
        first, last = -(-cells * high // shape.high), -(-(cells + 1) * high // shape.high)
        return range(first // shape.halves, -(-last // shape.halves))

    def row_at(self, line: int) -> int | None:
        """The number of the row that a line belongs to."""
        return bisect_right(self.tops, line) - 1 if 0 <= line < self.lines else None

    def row_of(self, pfn: int) -> int | None:
        """The number of the row of tiles or alike units that a page lies in."""
        at = bisect_right(self._starts, pfn)
        while at > 0:
            at -= 1
            row = self.rows[at]
            if row.memory:
                if row.start + row.pages <= pfn:
                    return None
                if row.low <= pfn < row.high:
                    return at
        return None


def shared(lines: int, rows: int, high: int, headings: int = 0) -> tuple[list[int], list[int]]:
    """How many of so many lines each row of tiles gets above those that it has, and how many stand above each heading. All
    rows get the same; and some one more, unless that would be seen, because rows have one line and few would get another:
    then headings get them, or where there are none but very few lines, nothing."""
    each, rest = divmod(lines, max(1, rows))
    apart = rest if high + each < 2 and rest * (2 if headings else _FEW) < rows else 0
    return _evenly(lines - apart, rows), _evenly(apart, headings)


def _evenly(lines: int, rows: int) -> list[int]:
    return [(at + 1) * lines // rows - at * lines // rows for at in range(rows)]


def planned(
    extents: Sequence[Extent],
    unit: int,
    size: tuple[int, int],
    halves: int,
    alike: Sequence[tuple[int, int]] = (),
    headings: bool = False,
) -> Plan:
    """The plan with the smallest cells with which tiles of `unit` pages stay within a width and height, unless they are mere
    strips; of several one that leaves little of the map empty, and of these the one whose tiles are most like squares."""
    width, height = size
    units = sum(extent.pages for extent in extents) // unit
    folded = sum(pages for _, pages in alike) // unit
    caption = 1 if units <= _CAPTIONED and height >= 16 else 0
    best: tuple[tuple[int, int, int], Plan] | None = None
    for per_row in (1, 2, 4, 8, 16, 32) if units <= PLAIN else ():
        if (width + 1) // per_row <= _NARROW or (units - folded) // per_row * (1 + caption) > height:
            continue
        rows = rows_of(extents, unit * per_row, alike, headings)
        tiled = sum(row.what == "tiles" for row in rows)
        lines = (height - len(rows) + tiled) // max(1, tiled) - caption
        if lines < 1:
            continue
        shape = _tile_shape(unit, per_row, width, lines, halves, caption)
        plan = Plan(rows, shape, height)
        sides = sorted((shape.broad, 2 * lines))
        slim = sides[1] // sides[0]
        rank = (shape.cell << (slim >= _SLIM), _empty(plan, size), slim)
        if best is None or rank < best[0]:
            best = rank, plan
    if best is not None:
        return best[1]
    if units > PLAIN:
        return plainly(extents, units * unit, size, halves, (), headings)
    return plainly(extents, (units - folded) * unit, size, halves, alike, headings)


def _empty(plan: Plan, size: Pair) -> int:
    """How many of `_WASTE` parts of a map have neither tiles nor rows of other kinds."""
    (width, height), shape, used = size, plan.shape, 0
    for at, row in enumerate(plan.rows):
        here = row.pages if row.what == "tiles" else 0
        here = max(0, min(row.start + here, row.high) - max(row.start, row.low))
        columns = width if not here else -(-here // shape.unit) * (width // shape.per_row)
        used += columns * len(plan.lines_of(at))
    return round(_WASTE * (1 - used / (width * height)))


def plainly(
    extents: Sequence[Extent], pages: int, size: Pair, halves: int, alike: Sequence[Pair], headings: bool
) -> Plan:
    """The plan without tiles for a width and height; `pages` are those that get cells of their own."""
    width, height = size
    for lines in range(height, 0, -1):
        shape = plain_shape(pages, width, lines, halves)
        plan = Plan(rows_of(extents, shape.row, alike, headings), shape, height)
        if plan.lines <= height:
            break
    return plan


def _tile_shape(unit: int, per_row: int, width: int, lines: int, halves: int, caption: int) -> Shape:
    """As many cells, as powers of two, as have room in tiles of so many lines, so many a row."""
    wide, high = _power((width + 1) // per_row - 1), _power(lines)
    while high > 1 and unit // (wide * high * halves) < _FINEST:
        high //= 2
    while wide > 1 and unit // (wide * high * halves) < _FINEST:
        wide //= 2
    return Shape(unit, wide, high, _broad(wide, per_row, 1, width, lines <= _FLAT), per_row, 1, caption, halves)


def _power(count: int) -> int:
    """The greatest power of two that is no more than a count, which is at least 1."""
    return 1 << count.bit_length() - 1


def _broad(wide: int, per_row: int, gap: int, width: int, flat: bool) -> int:
    """The columns of a tile of so many cells across: as many for each cell, unless too much of the width would be left."""
    whole = ((width + gap) // per_row - gap) // wide * wide
    left = width + gap - per_row * (whole + gap)
    return whole if left <= _SPARE or (flat and left in BESIDE) else width // per_row - gap


def plain_shape(pages: int, width: int, height: int, halves: int) -> Shape:
    """Rows of cells without tiles: as many a line as there is room for, a power of two, each as small as fits."""
    across = _power(max(1, width))
    cell = 1
    while -(-pages // (cell * across * halves)) > max(1, height):
        cell *= 2
    return Shape(cell * across * halves, across, 1, _broad(across, 1, 0, width, True), 1, 0, 0, halves)


def rows_of(
    extents: Sequence[Extent], size: int, alike: Sequence[tuple[int, int]] = (), headings: bool = False
) -> list[Row]:
    """The rows for memory that is there, each of so many pages; `alike` are runs of units (first pfn, pages) that may be
    folded."""
    rows: list[Row] = []
    end: int | None = None
    node = -1
    for extent in extents:
        if headings and extent.node != node:
            rows.append(Row("node", extent.start, 0, extent.node))
        node = extent.node
        for start, pages, folded in _pieces(extent, size, alike):
            if end is not None and start > end:
                rows.append(Row("hole", end, start - end))
            if folded:
                rows.append(Row("alike", start, pages, extent.node))
            else:
                for at in range(start, start + pages, size):
                    if rows and rows[-1].what == "tiles" and rows[-1].start == at:
                        rows[-1] = msgspec.structs.replace(rows[-1], high=extent.start + extent.pages)
                    else:
                        rows.append(Row("tiles", at, size, extent.node, extent.start, extent.start + extent.pages))
            end = max(end or 0, start + pages)
    return rows


def _pieces(extent: Extent, row: int, alike: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
    """The rows that an extent needs: first pfn, pages (of whole rows), and whether it is a folded run."""
    at, end = extent.start // row * row, -(-(extent.start + extent.pages) // row) * row
    for start, pages in alike:
        low, high = -(-start // row) * row, start + pages
        high = high if high == extent.start + extent.pages else high // row * row
        if extent.start <= start < extent.start + extent.pages and high - low >= 2 * row:
            if low > at:
                yield at, low - at, False
            yield low, high - low, True
            at = -(-high // row) * row
    if at < end:
        yield at, end - at, False


def extents_of(blocks: Sequence[tuple[int, int]], unit: int) -> list[Extent]:
    """Runs of consecutive blocks (number, node) of one node."""
    found: list[Extent] = []
    first, last, where = -1, -1, -1
    for number, node in blocks:
        if number != last or node != where:
            if first >= 0:
                found.append(Extent(first * unit, (last - first) * unit, where))
            first, where = number, node
        last = number + 1
    if first >= 0:
        found.append(Extent(first * unit, (last - first) * unit, where))
    return found
