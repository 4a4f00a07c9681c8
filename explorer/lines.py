"""Lines of the engine laid out: rows that follow each other get columns, and each line says where its next one begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from altmap.engine import Line

from .wrapping import wrap


class Laid(NamedTuple):
    """A line as text; the column where its running text begins, and the one where what is too wide for it goes on."""

    text: str
    line: Line
    begin: int
    hang: int

    def within(self, width: int) -> Laid:
        """The same where the text of a row would have less than half of so many columns, and more than two lines: it goes on
        below the row, further in."""
        room = width - self.hang
        if room * 2 >= width or (room > 0 and len(wrap(self.line.cells[-1], room)) <= 2 and self._longest <= room):
            return self
        return self._replace(begin=self.line.indent, hang=self.line.indent + 2)

    @property
    def _longest(self) -> int:
        """Letters of the longest word of its text."""
        return max(map(len, self.line.cells[-1].split()), default=0)


def laid_out(lines: Iterable[Line]) -> Iterator[Laid]:
    """The lines, those of a table with their cells below each other: the first and the last column begin at the left, those
    between end at the right."""
    for columns, rows in groupby(lines, lambda line: len(line.cells)):
        if columns == 1:
            yield from (
                Laid(f"{' ' * line.indent}{line.cells[0]}", line, line.indent, line.indent + 2) for line in rows
            )
        else:
            yield from _table(list(rows))


def _table(rows: Sequence[Line]) -> Iterator[Laid]:
    wide = [max(map(len, column)) for column in zip(*(row.cells[:-1] for row in rows), strict=True)]
    for row in rows:
        first, *between = row.cells[:-1]
        padded = [first.ljust(wide[0]), *(cell.rjust(size) for cell, size in zip(between, wide[1:], strict=True))]
        before = f"{' ' * row.indent}{'  '.join(padded)}  "
        yield Laid(f"{before}{row.cells[-1]}".rstrip(), row, len(before), len(before))
