"""Text of several lines for people as data: what each line is and its cells. Who shows it wraps it and lays out its tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

Look = Literal["answer", "text", "warning", "title", "script"]
"""What a line is: the answer itself, what is said about it, a warning, the title of the lines below, a line to type."""


class Line(msgspec.Struct, frozen=True):
    """One line of an answer: a running text in one of the `cells`, or a row of a table in several (rows that follow each other
    are one table).

    `look` says what kind of line it is (see `Look`), `indent` by how many columns it stands in. A line whose only cell is empty
    (`GAP`) parts what stands above from what stands below.
    """

    cells: tuple[str, ...]
    look: Look = "text"
    indent: int = 0


GAP = Line(("",))
"""The line that parts what stands above from what stands below."""


def running(text: str, look: Look = "text", indent: int = 2) -> Line:
    """A line of running text; `look` and `indent` as in `Line`."""
    return Line((text,), look, indent)


def plain(lines: Iterable[Line]) -> str:
    """The lines as text that ends with a line break: not wrapped, the cells of a row two blanks apart.

    >>> plain([running("offline 32: no, EBUSY", "answer", 0), Line(("1 page", "0x8000"), indent=2)])
    'offline 32: no, EBUSY\\n  1 page  0x8000\\n'
    """
    return "".join(f"{' ' * line.indent}{'  '.join(filter(None, line.cells))}".rstrip() + "\n" for line in lines)
