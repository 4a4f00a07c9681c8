"""Widgets drawn line by line: text with roles in, cached strips out.

A role is a key of `themes.LOOKS`; several roles of one piece are laid over each other.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ...printable import printable
from ..themes import LOOKS

Piece = tuple[str, str]
"""Text and its roles, divided by spaces."""

Line = tuple[Piece, ...]


def wrapped(text: str, role: str, width: int, first: str = "", rest: str = "", lead: str = "muted") -> list[Line]:
    """Text in lines of at most `width` cells; the first begins with `first`, the others with `rest`."""
    parts = textwrap.wrap(printable(text), max(8, width - max(len(first), len(rest)))) or [""]
    return [((first if at == 0 else rest, lead), (part, role)) for at, part in enumerate(parts)]


def length(line: Line) -> int:
    """Cells of a line."""
    return sum(cell_len(text) for text, _ in line)


class Painted(ScrollView, can_focus=True):
    """A scrolling view of lines that a subclass computes. `hints`: the last line in sight says how many follow."""

    hints: ClassVar[bool] = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._lines: Sequence[Line] = ()
        self._strips: dict[Line, Strip] = {}

    def lines(self, width: int) -> Sequence[Line]:
        """What there is to see, for a width in cells."""
        raise NotImplementedError

    def reload(self) -> None:
        """Compute the lines anew and draw those that changed."""
        before, width = self._lines, self.scrollable_content_region.width
        if not width:
            return
        self._lines = self.lines(width)
        self.virtual_size = Size(width, len(self._lines))
        if len(before) != len(self._lines):
            self.refresh()
        else:
            self.refresh_rows(at for at, line in enumerate(self._lines) if line != before[at])

    def refresh_rows(self, rows: Iterable[int]) -> None:
        """Draw some lines anew."""
        top, height = self.scroll_offset.y, self.size.height
        for row in rows:
            if top <= row < top + height:
                self.refresh_line(row)

    def on_resize(self, event: events.Resize) -> None:
        self.reload()

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def line_at(self, row: int) -> Line:
        """One line; an empty one below the last."""
        return self._lines[row] if row < len(self._lines) else ()

    def render_line(self, y: int) -> Strip:
        row = self.scroll_offset.y + y
        line, below = self.line_at(row), len(self._lines) - row
        if self.hints and below > 1 and y == self.size.height - 1 > 0:
            line = ((f"▾ {below} more lines, PgDn", "title"),)
        return self.painted(line).crop_extend(0, self.size.width, self.rich_style)

    def painted(self, line: Line) -> Strip:
        """The strip of a line, equal neighbours in one segment."""
        strip = self._strips.get(line)
        if strip is None:
            if len(self._strips) > 4096:
                self._strips.clear()
            strip = self._strips[line] = Strip(
                [Segment(text, self.style_of(roles)) for text, roles in _joined(line)], length(line)
            )
        return strip

    def style_of(self, roles: str) -> Style:
        """The look of some roles on this widget, in the theme of the moment."""
        variables, style = self.app.theme_variables, self.rich_style
        for role in roles.split():
            look = LOOKS[role]
            style += Style(
                color=_color(variables, look.color),
                bgcolor=_color(variables, look.background),
                bold=look.bold,
                underline=look.underline,
            )
        return style


def _color(variables: Mapping[str, str], name: str) -> RichColor | None:
    return Color.parse(variables[name]).rich_color if name else None


def _joined(line: Line) -> list[Piece]:
    joined: list[Piece] = []
    for text, roles in line:
        if joined and joined[-1][1] == roles:
            joined[-1] = (joined[-1][0] + text, roles)
        elif text:
            joined.append((text, roles))
    return joined
