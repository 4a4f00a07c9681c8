"""Title strips: one line of words above a pane, some of which do something when they are clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.geometry import Region, Size, Spacing
from textual.strip import Strip as Strips
from textual.widget import Widget

from ...picture.lines import Line, Span
from ...picture.palette import Palette
from ..worded import Word
from .drawn import Drawn, look, palette_of, strip_of


class Titled(Drawn):
    """A widget with a title: words from the left and words from the right in the row above its content, if there is padding
    for it. What does not fit is left out, from the middle on."""

    TITLE: ClassVar[str] = "strip"
    """The colour of the palette that is behind the title."""
    _title: tuple[tuple[Word, ...], tuple[Word, ...]] = (), ()

    def entitle(self, left: Sequence[Word], right: Sequence[Word] = ()) -> None:
        """Show other words."""
        words = (tuple(left), tuple(right))
        if words != self._title:
            self._title = words
            self.refresh(Region(-self.gutter.left, -1, self.outer_size.width, 1))

    @property
    def title_words(self) -> list[tuple[int, Word]]:
        """The words that fit, each with its first column."""
        return placed(*self._title, self.outer_size.width)

    def _whole_row(self, y: int, size: Size, padding: Spacing) -> Strips:
        if y != -1:
            return super()._whole_row(y, size, padding)
        palette = palette_of(self.app)
        return strip_of(self.title_row(), size.width + padding.width, palette.text, getattr(palette, self.TITLE))

    def title_row(self) -> Line:
        """The line above the content."""
        return drawn(self.title_words, palette_of(self.app), self.halves == 1)

    def clickable(self) -> Iterable[tuple[int, int, str]]:
        """Column, row and action of each word that does something, from the first of the content."""
        if self.gutter.top:
            yield from places(((at - self.gutter.left, word) for at, word in self.title_words), -1)

    async def _on_click(self, event: events.Click) -> None:
        if event.y < self.gutter.top:
            await clicked(self, self.title_words, event.x)


class Strip(Drawn):
    """One line of words from the left and words from the right; what does not fit is left out, from the middle on."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._left: tuple[Word, ...] = ()
        self._right: tuple[Word, ...] = ()

    def set(self, left: Sequence[Word], right: Sequence[Word] = ()) -> None:
        """Show other words."""
        words = (tuple(left), tuple(right))
        if words != (self._left, self._right):
            self._left, self._right = words
            self.refresh()

    def _placed(self) -> list[tuple[int, Word]]:
        """The words that fit, each with its first column."""
        return placed(self._left, self._right, self.size.width)

    def row(self, y: int) -> Line:
        return drawn(self._placed(), palette_of(self.app), self.halves == 1)

    def clickable(self) -> Iterable[tuple[int, int, str]]:
        """Column, row and action of each word that does something."""
        return places(self._placed(), 0)

    async def on_click(self, event: events.Click) -> None:
        await clicked(self, self._placed(), event.x)


def placed(left: Sequence[Word], right: Sequence[Word], room: int) -> list[tuple[int, Word]]:
    """The words that fit, each with its first column."""
    at, found = 0, []
    for number, word in enumerate(left):
        if at + cell_len(word.text) > room:
            if number == 0:
                found.append((0, word._replace(text=word.text[:room])))
                at = room
            break
        found.append((at, word))
        at += cell_len(word.text)
    end, ending = room, []
    chosen = next((nr for nr, word in enumerate(right) if word.role == "chosen"), 0)
    words = list(right)
    while words and at + 1 + sum(cell_len(word.text) for word in words) > room:
        del words[-1 if chosen < len(words) - 1 else 0]
        chosen -= chosen >= len(words)
    for word in reversed(words):
        end -= cell_len(word.text)
        ending.append((end, word))
    return [*found, *reversed(ending)]


def places(placed: Iterable[tuple[int, Word]], row: int) -> Iterable[tuple[int, int, str]]:
    """Column, row and action of the words that do something; of those with one action, one after the other, the first."""
    before = ""
    for start, word in placed:
        if word.action and word.action != before:
            yield start, row, word.action
        before = word.action


def drawn(placed: Iterable[tuple[int, Word]], palette: Palette, letters: bool) -> Line:
    """Words, each with its first column, as a line. `letters`: there is no colour."""
    spans: list[Span] = []
    at = 0
    for start, word in placed:
        spans.append(Span(" " * (start - at)))
        text = word.text
        if letters and word.role in ("chosen", "here"):
            text = f"[{text.strip()}]".center(len(text))
        spans.append(Span(text, *look(word.role, palette)))
        at = start + cell_len(word.text)
    return tuple(spans)


async def clicked(widget: Widget, placed: Iterable[tuple[int, Word]], x: int) -> None:
    """Do what the word at a column is for."""
    for start, word in placed:
        if word.action and start <= x < start + cell_len(word.text):
            await widget.screen.run_action(word.action)
            return
