"""The table of a comparison: one column an alternative, as many side by side as there is room for."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from altmap.engine import Comparison, describe_comparison
from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 2
"""Blanks between two columns."""


def comparison_text(comparison: Comparison, width: int = 100, models: Sequence[str] = ()) -> str:
    """A comparison as text: where the table is wider than `width` columns, it goes on below. `models` as for
    `describe_comparison`."""
    return "\n".join(comparison_lines(comparison, width, models)) + "\n"


def comparison_lines(comparison: Comparison, width: int, models: Sequence[str] = ()) -> list[str]:
    """Its lines."""
    sheet = describe_comparison(comparison, models)
    parts: list[Sequence[str]] = [*_parts(sheet.rows, width), *sheet.below]
    return [*sheet.title, *(line for part in parts for line in ("", *part))]


def _parts(rows: Sequence[tuple[str, tuple[str, ...]]], width: int) -> Iterator[list[str]]:
    if not rows:
        return
    label = max(len(name) for name, _ in rows)
    room, part = width - label, list[int]()
    for column in range(len(rows[0][1])):
        wide = GAP + max(len(line) for _, cells in rows for line in cells[column].split("\n"))
        if part and wide > room:
            yield _drawn(rows, part, label)
            room, part = width - label, []
        room -= wide
        part.append(column)
    yield _drawn(rows, part, label)


def _drawn(rows: Sequence[tuple[str, tuple[str, ...]]], columns: Sequence[int], label: int) -> list[str]:
    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_column(min_width=label, no_wrap=True)
    for _ in columns:
        grid.add_column(justify="right", no_wrap=True)
    for name, cells in rows:
        grid.add_row(Text(name), *(Text(cells[column]) for column in columns))
    console = Console(file=io.StringIO(), width=1 << 16, color_system=None)
    with console.capture() as capture:
        console.print(grid)
    return [line.rstrip() for line in capture.get().splitlines()]
