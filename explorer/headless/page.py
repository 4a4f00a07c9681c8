"""What goes to standard output as it comes: titles, pairs and tables.

Rich draws what moves or has many colours; to import it takes longer than to show a machine.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from ..printable import printable
from .output import PLAIN_WIDTH, colored, columns

_WRAPPED: Final = 14
"""Columns that words which may wrap need at least."""
_GAP: Final = "   "
_BOLD, _DIM = "1", "2"


class Table:
    """A table that leaves columns out where it is too wide, those of `spare` in this order, and never cuts what is in the
    others; only the last column may have more lines. `numbers` are columns that end at the right."""

    def __init__(self, names: Sequence[str], spare: Sequence[str], numbers: Collection[str]) -> None:
        self.names, self.spare, self.numbers = names, spare, numbers
        self.rows: list[Sequence[str]] = []

    def fitting(self, width: int) -> tuple[list[int], list[int]]:
        """The columns that stay at a width, and how wide each is."""
        wide = [max(map(len, cells)) for cells in zip(self.names, *self.rows, strict=True)]
        last = len(wide) - 1
        words = (word for row in self.rows for word in row[last].split())
        least = [*wide[:last], max(min(wide[last], _WRAPPED), *map(len, words), len(self.names[last]))]
        for left_out in range(len(self.spare) + 1):
            kept = [at for at, name in enumerate(self.names) if name not in self.spare[:left_out]]
            spared = width - sum(least[at] for at in kept) - len(_GAP) * (len(kept) - 1)
            if spared >= 0:
                break
        wide[last] = min(wide[last], least[last] + max(0, spared))
        return kept, [wide[at] for at in kept]


class Page:
    """Writes to standard output, as wide as the terminal or as asked; `color` is "always", "never" or "auto"."""

    def __init__(self, color: str = "auto", width: int | None = None) -> None:
        self._styled = colored(color)
        self._width = columns(width) or PLAIN_WIDTH

    def title(self, text: str) -> None:
        """A line that stands out."""
        for line in textwrap.wrap(printable(text), self._width, break_on_hyphens=False):
            self._write(self._in(_BOLD, line))

    def blank(self) -> None:
        """An empty line."""
        self._write("")

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Names, and what is said of each beside it; lines of that below each other."""
        clean = [(name, printable(text)) for name, text in pairs]
        wide = max(len(name) for name, _ in clean)
        for name, text in clean:
            for line in text.split("\n"):
                for part in textwrap.wrap(line, max(1, self._width - wide - 2), break_on_hyphens=False):
                    self._write(f"{self._in(_DIM, name.ljust(wide))}  {part}")
                    name = ""

    def table(self, table: Table) -> None:
        """Its names above a line, and its rows."""
        kept, wide = table.fitting(self._width)
        right = [table.names[at] in table.numbers for at in kept]

        def laid(cells: Sequence[str]) -> str:
            sized = zip(cells, wide, right, strict=True)
            return _GAP.join(cell.rjust(size) if ends else cell.ljust(size) for cell, size, ends in sized)

        self._write(self._in(_DIM, laid([table.names[at] for at in kept])))
        self._write("─" * (sum(wide) + len(_GAP) * (len(wide) - 1)))
        for row in table.rows:
            *cells, last = (printable(row[at]) for at in kept)
            for part in textwrap.wrap(last, wide[-1], break_on_hyphens=False) or [""]:
                self._write(laid([*cells, part]))
                cells = [""] * len(cells)

    def _in(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._styled and text.strip() else text

    def _write(self, line: str) -> None:
        sys.stdout.write(f"{line.rstrip()}\n")
