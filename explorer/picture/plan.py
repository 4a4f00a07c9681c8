"""How memory is laid out on a picture: tiles in rows that begin at round addresses, holes and uniform runs as thin rows.

A tile is one unit of memory, usually a block, of ``w`` by ``h`` characters; each character shows two cells, one above the
other (or one, where there is no colour). Cells run along the upper half of a line, then along the lower half.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

Pair = tuple[int, int]
"""A width and a height; or a run of units, its first pfn and pages."""

PLAIN: Final = 512
"""More units than this get no tiles of their own: plain rows of cells."""
_CAPTIONED: Final = 32
"""So few tiles get a line with their number and state."""
_SLIM: Final = 16
"""So many times as long as it is broad a tile is a strip: rather take one with cells twice as big."""
_ACROSS: Final = 64


class Shape(NamedTuple):
    """The form of tiles: pages of one, characters across and down, how many a row, columns between two, lines of caption,
    and cells above each other in a character (1 or 2)."""

    unit: int
    wide: int
    high: int
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


class Row(NamedTuple):
    """A row: its first pfn and pages. `what` is "tiles", "hole", "alike" (a run of units that all look the same) or
    "node" (a heading; `node` is which). Of a row of tiles only `low` to `high` is shown: what belongs to its node."""

    what: Literal["tiles", "hole", "alike", "node"]
    start: int
    pages: int
    node: int = -1
    low: int = 0
    high: int = 1 << 52


class Extent(NamedTuple):
    """Consecutive units of memory of one node that are there."""

    start: int
    pages: int
    node: int


class Plan:
    """Rows of a fixed shape, and where on them a page lies. Rows of tiles are as high as they need, and where there are more
    lines than that, higher: then some or all rows of cells take more than one half of a line. Of lines that are left even so
    each heading but the first gets one above it."""

    def __init__(self, rows: Sequence[Row], shape: Shape, height: int = 0) -> None:
        self.rows = rows
        self.shape = shape
        tiled = sum(row.what == "tiles" for row in rows)
        self.least = len(rows) + tiled * (shape.lines - 1)
        """Lines that it needs."""
        more = shared(max(0, height - self.least), tiled, shape.high)
        rest = height - self.least - sum(more)
        self.highs: list[int] = []
        """Lines of each row; of one of tiles those of its cells."""
        self.tops: list[int] = []
        top = 0
        for at, row in enumerate(rows):
            apart = row.what == "node" and at > 0 and rest > 0
            rest -= apart
            self.tops.append(top)
            self.highs.append(shape.high + more.pop() if row.what == "tiles" else 1 + apart)
            top += self.highs[-1] + shape.caption * (row.what == "tiles")
        self.lines = top
        self._starts = [row.start for row in rows]

    def stretched(self, height: int) -> Plan:
        """The same rows, so high that they fill a height."""
        return Plan(self.rows, self.shape, height)

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
            if row.what in ("tiles", "alike"):
                if row.start + row.pages <= pfn:
                    return None
                if row.low <= pfn < row.high:
                    return at
        return None


def shared(lines: int, rows: int, high: int) -> list[int]:
    """How many of so many lines each row of tiles gets above those that it has: all the same; and one more where that is not
    seen, because the rows are high, or where most of them get one."""
    each, rest = divmod(lines, max(1, rows))
    rest = rest if high + each > 2 or rest * 2 >= rows else 0
    return [each + (at + 1) * rest // rows - at * rest // rows for at in range(rows)]


def planned(
    extents: Sequence[Extent],
    unit: int,
    size: tuple[int, int],
    halves: int,
    alike: Sequence[tuple[int, int]] = (),
    headings: bool = False,
) -> Plan:
    """The plan with the smallest cells with which tiles of `unit` pages stay within a width and height, unless they are mere
    strips; of several the one whose tiles, filling the height, are most like squares."""
    width, height = size
    units = sum(extent.pages for extent in extents) // unit
    folded = sum(pages for _, pages in alike) // unit
    caption = 1 if units <= _CAPTIONED and height >= 16 else 0
    best: tuple[tuple[int, int, int], Plan] | None = None
    for shape in _tile_shapes(unit, width, halves, caption) if units <= PLAIN else ():
        if best is not None and shape.cell > best[0][0]:
            continue
        if (units - folded) // shape.per_row * shape.lines > height:
            continue
        plan = Plan(rows_of(extents, shape, alike, headings), shape)
        if plan.lines > height:
            continue
        sides = sorted((shape.wide, 2 * plan.stretched(height).highs[-1]))
        slim = sides[1] // sides[0]
        rank = (shape.cell << (slim >= _SLIM), slim, abs(width - shape.per_row * (shape.wide + 1)))
        if best is None or rank < best[0]:
            best = rank, plan
    if best is not None:
        return best[1]
    if units > PLAIN:
        return plainly(extents, units * unit, size, halves, (), headings)
    return plainly(extents, (units - folded) * unit, size, halves, alike, headings)


def plainly(
    extents: Sequence[Extent], pages: int, size: Pair, halves: int, alike: Sequence[Pair], headings: bool
) -> Plan:
    """The plan without tiles for a width and height; `pages` are those that get cells of their own."""
    width, height = size
    for lines in range(height, 0, -1):
        shape = plain_shape(pages, width, lines, halves)
        plan = Plan(rows_of(extents, shape, alike, headings), shape)
        if plan.lines <= height:
            break
    return plan


def _tile_shapes(unit: int, width: int, halves: int, caption: int) -> Iterator[Shape]:
    for per_row in (1, 2, 4, 8, 16, 32):
        for wide in (4, 8, 16, 32, 64):
            if per_row * (wide + 1) - 1 <= width:
                shapes = (Shape(unit, wide, high, per_row, 1, caption, halves) for high in (1, 2, 4, 8, 16))
                yield from (shape for shape in shapes if shape.cell >= 8)


def plain_shape(pages: int, width: int, height: int, halves: int) -> Shape:
    """Rows of cells without tiles: 64 a line, or as many as there is room for, each as small as fits."""
    across = _ACROSS
    while across > max(1, width):
        across //= 2
    cell = 1
    while -(-pages // (cell * across * halves)) > max(1, height):
        cell *= 2
    return Shape(cell * across * halves, across, 1, 1, 0, 0, halves)


def rows_of(
    extents: Sequence[Extent], shape: Shape, alike: Sequence[tuple[int, int]] = (), headings: bool = False
) -> list[Row]:
    """The rows for memory that is there; `alike` are runs of units (first pfn, pages) that may be folded."""
    rows: list[Row] = []
    end: int | None = None
    node = -1
    for extent in extents:
        if headings and extent.node != node:
            rows.append(Row("node", extent.start, 0, extent.node))
        node = extent.node
        for start, pages, folded in _pieces(extent, shape.row, alike):
            if end is not None and start > end:
                rows.append(Row("hole", end, start - end))
            if folded:
                rows.append(Row("alike", start, pages, extent.node))
            else:
                for at in range(start, start + pages, shape.row):
                    if rows and rows[-1].what == "tiles" and rows[-1].start == at:
                        rows[-1] = rows[-1]._replace(high=extent.start + extent.pages)
                    else:
                        rows.append(Row("tiles", at, shape.row, extent.node, extent.start, extent.start + extent.pages))
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
