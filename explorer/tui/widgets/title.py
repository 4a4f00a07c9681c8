"""Title strips: one line of words above a pane, some of which do something when they are clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.widget import Widget

from ...picture.lines import Line, Span
from ...picture.palette import Palette
from ..worded import Word
from .drawn import Drawn, look, palette_of


class Strip(Drawn):
    """Words from the left and words from the right; what does not fit is left out, from the middle on."""

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
        room = self.size.width
        at, placed = 0, []
        for number, word in enumerate(self._left):
            if at + len(word.text) > room:
                if number == 0:
                    placed.append((0, word._replace(text=word.text[:room])))
                    at = room
                break
            placed.append((at, word))
            at += len(word.text)
        end, right = room, []
        chosen = next((nr for nr, word in enumerate(self._right) if word.role == "chosen"), 0)
        words = list(self._right)
        while words and at + 1 + sum(len(word.text) for word in words) > room:
            del words[-1 if chosen < len(words) - 1 else 0]
            chosen -= chosen >= len(words)
        for word in reversed(words):
            end -= len(word.text)
            right.append((end, word))
        return [*placed, *reversed(right)]

    def row(self, y: int) -> Line:
        return drawn(self._placed(), palette_of(self.app), self.halves == 1)

    def clickable(self) -> Iterable[tuple[int, int, str]]:
        """Column, row and action of each word that does something."""
        return places(self._placed(), 0)

    async def on_click(self, event: events.Click) -> None:
        await clicked(self, self._placed(), event.x)


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
        at = start + len(word.text)
    return tuple(spans)


async def clicked(widget: Widget, placed: Iterable[tuple[int, Word]], x: int) -> None:
    """Do what the word at a column is for."""
    for start, word in placed:
        if word.action and start <= x < start + len(word.text):
            await widget.screen.run_action(word.action)
            return
