"""Widgets that scroll lines which they compute: lines of a picture, or text with roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView

from ...picture import lines as picture
from ...printable import printable
from ...wrapping import wrap
from .drawn import look, palette_of
from .title import Titled

Piece = tuple[str, str]
"""Text and its role."""

Line = tuple[Piece, ...]


def wrapped(text: str, role: str, width: int, first: str = "", rest: str = "", lead: str = "muted") -> list[Line]:
    """Text in lines of at most `width` cells; the first begins with `first`, the others with `rest`."""
    parts = wrap(printable(text), max(8, width - max(len(first), len(rest)))) or [""]
    return [((first if at == 0 else rest, lead), (part, role)) for at, part in enumerate(parts)]


def length(line: Line) -> int:
    """Cells of a line."""
    return sum(cell_len(text) for text, _ in line)


class Scroller(Titled, ScrollView, can_focus=True):
    """A scrolling view of lines that a subclass computes. `hints`: the last line in sight says how many follow."""

    hints: ClassVar[bool] = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._drawn: Sequence[picture.Line] = ()

    def drawn(self, width: int) -> Sequence[picture.Line]:
        """What there is to see, for a width in cells."""
        raise NotImplementedError

    def reload(self) -> None:
        """Compute the lines anew and draw those that changed. A pane that is not in sight costs nothing."""
        before, (width, height) = self._drawn, self.scrollable_content_region.size
        if not width:
            return
        try:
            self._drawn = self.drawn(width)
        except Exception as error:
            said = self.fault(error)
            self._drawn = [(picture.Span(part, *said[0][1:]),) for part in wrap(said[0].text, max(8, width))]
        least = 0 if self.styles.auto_dimensions else height  # in a pane of a fixed height a line more is no new layout
        self.virtual_size = Size(width, max(len(self._drawn), least))
        if len(before) != len(self._drawn):
            self.refresh()
        else:
            top = self.scroll_offset.y
            self.refresh_rows(at - top for at, line in enumerate(self._drawn) if line != before[at])

    def on_resize(self, event: events.Resize) -> None:
        self.reload()

    def watch_show_vertical_scrollbar(self) -> None:
        """A scroll bar that comes or goes leaves another width."""
        self.reload()

    @property
    def words(self) -> str:
        """All that it says, a line each."""
        return "\n".join("".join(span.text for span in line) for line in self._drawn)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.explain(event)

    def row(self, y: int) -> picture.Line:
        at = self.scroll_offset.y + y
        if self.hints and len(self._drawn) - at > 1 and y == self.size.height - 1 > 0:
            said = f"▾ {len(self._drawn) - at:,} more lines, PgDn"
            return (picture.Span(said, *look("title", palette_of(self.app))),)
        return self._drawn[at] if at < len(self._drawn) else ()


class Painted(Scroller):
    """A scrolling view of text with roles."""

    def lines(self, width: int) -> Sequence[Line]:
        """What there is to see, for a width in cells."""
        raise NotImplementedError

    def drawn(self, width: int) -> Sequence[picture.Line]:
        return [self._spans(line) for line in self.lines(width)]

    def _spans(self, line: Iterable[Piece]) -> picture.Line:
        palette = palette_of(self.app)
        return picture.joined(picture.Span(text, *look(role, palette)) for text, role in line)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            self.reload()
