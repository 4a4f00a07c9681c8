"""Ranges of memory as cells of a small map: what is there already, and what an alternative of an add would put there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from altmap.engine import Alternative, Machine
from altmap.engine.numbers.runs import merged

from .colour import between
from .lines import Span
from .mix import leading, mixed
from .palette import LETTERS, Palette
from .scope import touched

LEAST: Final = 0.25
"""How strong the colour of memmap is where it fills hardly any of a cell."""
SEEN: Final = 0.75
"""How much of its colour memory keeps that is there in all alternatives."""

_LINES: Final = 32
"""Lines of one block, at most."""


class Cell(NamedTuple):
    """Pages of a cell by kind, and how many of them hold the struct pages of what is added; no pages: nothing is there."""

    kinds: tuple[tuple[str, int], ...]
    memmap: int

    @property
    def pages(self) -> int:
        """All of them."""
        return sum(count for _, count in self.kinds)


class Rows(NamedTuple):
    """A line of cells: its number among like ones, the label before it ("" where it goes on), free pages of the whole, and
    the blocks in it."""

    number: int
    label: str
    cells: tuple[Cell, ...]
    free: int
    blocks: range


class Ground:
    """The memory that is there, without its holes."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        size = machine.geometry.pages_per_section
        self._runs = merged((nr * size, size) for nr in sorted(machine.sections))
        *self._offsets, self.pages = accumulate((pages for _, pages in self._runs), initial=0)
        self._known: dict[tuple[int, int], list[Cell]] = {}

    @property
    def end(self) -> int:
        """The first pfn behind it."""
        return sum(self._runs[-1]) if self._runs else 0

    def needed(self, across: int, high: int) -> int:
        """Of so many lines those that it takes."""
        return max(1, -(-self.pages // self._line(across, high)))

    def rows(self, outside: Sequence[tuple[int, int]], across: int, high: int) -> Iterator[Rows]:
        """So many lines of so many cells, some of them empty at the end; `outside`: runs of pages that hold memmap."""
        line = self._line(across, high)
        cell = line // across
        cells = self._cells(across, cell)
        held: dict[int, int] = {}
        for pfn, pages in outside:
            at = self._offset(pfn)
            while pages > 0:
                here = min(pages, cell - at % cell)
                held[at // cell] = held.get(at // cell, 0) + here
                at, pages = at + here, pages - here
        unit = self._machine.geometry.pages_per_block
        for number in range(high):
            own = range(number * across, (number + 1) * across)
            found = tuple(cells[at]._replace(memmap=held.get(at, 0)) if at < len(cells) else Cell((), 0) for at in own)
            free = sum(n for one in found for kind, n in one.kinds if kind in ("free", "pcp"))
            there = number * line < self.pages
            label = f"{self._pfn(number * line) // unit}" if there else ""
            yield Rows(number, label, found, max(0, free - sum(one.memmap for one in found)), range(0))

    def _line(self, across: int, high: int) -> int:
        line = across
        while line * high < self.pages:
            line *= 2
        return line

    def _cells(self, across: int, cell: int) -> list[Cell]:
        key = (across, cell)
        if key not in self._known:
            self._known[key] = [
                Cell(tuple(self._kinds(at, min(cell, self.pages - at)).items()), 0) for at in range(0, self.pages, cell)
            ]
        return self._known[key]

    def _kinds(self, at: int, pages: int) -> dict[str, int]:
        found: dict[str, int] = {}
        while pages > 0:
            run = bisect_right(self._offsets, at) - 1
            start, length = self._runs[run]
            here = min(pages, length - (at - self._offsets[run]))
            summary = self._machine.summary(start + at - self._offsets[run], here, orders=False)
            kinds: dict[str, int] = {str(kind): n for kind, n in summary.kinds.items()}
            if summary.offline:
                kinds["block offline"] = summary.offline
            for kind, count in kinds.items():
                found[kind] = found.get(kind, 0) + count
            at, pages = at + here, pages - here
        return found

    def _pfn(self, offset: int) -> int:
        run = bisect_right(self._offsets, offset) - 1
        return self._runs[run][0] + offset - self._offsets[run]

    def _offset(self, pfn: int) -> int:
        run = bisect_right([start for start, _ in self._runs], pfn) - 1
        return self._offsets[run] + pfn - self._runs[run][0]


class Added:
    """The blocks that an alternative adds: memmap at the head of some, all else free."""

    def __init__(self, row: Alternative, unit: int) -> None:
        self._row = row
        self._unit = unit
        self._first = row.stretches[0].first
        self._count = row.blocks
        self._starts = [stretch.first for stretch in row.stretches]

    def goes(self, blocks: range) -> int:
        """How many of some blocks could be taken out alone."""
        return sum(max(0, min(last + 1, blocks.stop) - max(first, blocks.start)) for first, last in self._row.removable)

    def rows(self, across: int, high: int, line: int) -> Iterator[Rows]:
        """So many lines, each of so many pages: a block has several, or several blocks are on one."""
        lines, per_line = max(1, self._unit // line), max(1, line // self._unit)
        made = 0
        for number, first in enumerate(range(self._first, self._first + self._count, per_line)):
            blocks = range(first, min(first + per_line, self._first + self._count))
            cells = across * lines
            cell = per_line * self._unit / cells
            found = [
                self._cell(first * self._unit, round(at * cell), round((at + 1) * cell), blocks) for at in range(cells)
            ]
            free = len(blocks) * self._unit - sum(self._held(nr) for nr in blocks)
            for part in range(lines):
                label = f"{first}" if part == 0 else ""
                yield Rows(number, label, tuple(found[part * across : (part + 1) * across]), free, blocks)
            made += lines
        for _ in range(made, high):
            yield Rows(0, "", (Cell((), 0),) * across, 0, range(0))

    def _held(self, block: int) -> int:
        return self._row.stretches[bisect_right(self._starts, block) - 1].memmap

    def _cell(self, start: int, low: int, high: int, blocks: range) -> Cell:
        """The pages from `low` to below `high` behind a pfn, as far as they are of these blocks."""
        low, high = start + low, min(start + high, blocks.stop * self._unit)
        if low >= high:
            return Cell((), 0)
        memmap = 0
        for block in touched(low, high - low, self._unit):
            begin = block * self._unit
            memmap += max(0, min(high, begin + self._held(block)) - max(low, begin))
        return Cell((("free", high - low),), memmap)


def pages_of_line(pages: int, block: int, high: int) -> int:
    """How many pages a line shows, so that a range of blocks of a size has room on so many lines: a part of a block, or a
    power of two of them, unless three quarters of that fill the lines much better."""
    count = pages // block
    if count <= high:
        return block // max(1, min(high // max(1, count), _LINES))
    whole = next(1 << order for order in range(64) if -(-count // (1 << order)) <= high)
    less = whole * 3 // 4
    better = whole > 2 and -(-count // whole) * 5 < high * 3 and -(-count // less) <= high
    return block * (less if better else whole)


def lines_used(pages: int, block: int, high: int) -> int:
    """How many of so many lines a range of blocks of a size takes."""
    return -(-pages // pages_of_line(pages, block, high))


def cell_line(
    cells: Sequence[Cell], across: int, palette: Palette, halves: int, lit: float = 0.0, dimmed: bool = False
) -> list[Span]:
    """Cells as characters: the first `across` above, the others below; or one letter each."""
    if halves == 1:
        return [Span(_letter(cell)) for cell in cells]
    colours = [_colour(cell, palette, lit, dimmed) for cell in cells]
    return [
        Span(" ", None, top) if top == bottom else Span("▀", top, bottom)
        for top, bottom in zip(colours[:across], colours[across:], strict=True)
    ]


def _colour(cell: Cell, palette: Palette, lit: float, dimmed: bool) -> int:
    if not cell.pages:
        return palette.ground
    kinds = {kind: n for kind, n in cell.kinds if kind != "block offline"}
    colour = mixed(kinds, palette) if sum(kinds.values()) * 2 >= cell.pages else between(*palette.hatch, 0.6)
    if dimmed:
        colour = between(palette.ground, colour, SEEN)
    if lit:
        colour = between(colour, 0xFFFFFF if lit > 0 else 0, abs(lit))
    if cell.memmap:
        colour = between(colour, palette.kinds["memmap"], max(LEAST, (cell.memmap / cell.pages) ** 0.5))
    return colour


def _letter(cell: Cell) -> str:
    if not cell.pages:
        return " "
    if cell.memmap:
        return LETTERS["memmap"] if cell.memmap * 2 >= cell.pages else ":"
    kinds = dict(cell.kinds)
    if kinds.get("block offline", 0) * 2 > cell.pages:
        return LETTERS["block offline"]
    return LETTERS[leading({kind: n for kind, n in kinds.items() if kind != "block offline"})[0]]
