"""What came of the last command, and where it leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from altmap.engine import Machine
from textual import events

from ...picture.lines import Line
from ...printable import printable
from ...wrapping import wrap
from ..session import Batch
from ..worded import Look, Role, Word
from .drawn import palette_of
from .title import Titled, clicked, drawn, places

LINES: Final = 2
"""Lines of the result bar."""
_BETWEEN: Final = 3
"""Columns between a key with its words and the next."""

LOOKS: Final[dict[Look, Role]] = {"ok": "good", "refused": "bad", "busy": "warn", "plain": "accent"}
"""The role of the badge for each look of a result."""


class Offer(NamedTuple):
    """A key that leads on from a result: what it does, the same in short, and the action of the screen."""

    key: str
    words: str
    short: str
    action: str


class ResultBar(Titled):
    """The result of the last command with its errno, in words, and the keys that lead on from there; what two lines do not
    hold ends with a mark."""

    def __init__(self) -> None:
        super().__init__()
        self._said: tuple[str, str, Look] = ("", "", "plain")
        self._besides = ""
        self._hint = ""
        self._more: tuple[Offer, ...] = ()

    @property
    def _shown(self) -> tuple[str, str, Look, str, tuple[Offer, ...]]:
        """The badge, the sentence, its look, the one for the second line, and the keys; a hint stands alone."""
        return ("", self._hint, "plain", "", ()) if self._hint else (*self._said, self._besides, self._more)

    @property
    def badge(self) -> str:
        """The badge of what is said."""
        return self._said[0]

    @property
    def text(self) -> str:
        """All that is said, keys included."""
        badge, text, _, besides, _ = self._shown
        return "  ".join(filter(None, (badge, text, besides, *(f"{key} {word}" for key, word, _, _ in self._more))))

    def say(self, badge: str, text: str, look: Look, besides: str = "") -> None:
        """Show a badge and a sentence, and one for the second line."""
        self._said, self._hint, self._more = (badge, printable(text), look), "", ()
        self._besides = printable(besides)
        self.refresh()

    def amend(self, before: str, text: str) -> None:
        """Another sentence in place of one, if that is still what is said."""
        badge, said, look = self._said
        if said == printable(before) != text:
            self._said = badge, printable(text), look
            self.refresh()

    def offer(self, more: Sequence[Offer]) -> None:
        """Show the keys that lead on; what was said before a hint comes back."""
        if self._hint or self._more != tuple(more):
            self._hint, self._more = "", tuple(more)
            self.refresh()

    def hint(self, text: str) -> None:
        """Show a sentence in passing: what was said before comes back with the next move."""
        self._hint = printable(text)
        self.refresh()

    def _rows(self) -> list[list[tuple[int, Word]]]:
        """The words of both lines, each with its column."""
        badge, text, look, besides, more = self._shown
        width = max(8, self.size.width - 2)
        room = width - (_wide([(key, short) for key, _, short, _ in more]) + 4 if more else 0)
        said = _cut(wrap(f"{badge}  {text}" if badge else text, width) or [""], width, room)
        beside = wrap(besides, width)[:1] if len(said) < LINES and (not more or len(besides) <= room) else []
        first, *second = *(Word(line, "text") for line in said), *(Word(line, "dim") for line in beside)
        top = [(1, first)]
        if badge and len(first.text) >= len(badge):
            top = [(1, Word(badge, LOOKS[look])), (1 + len(badge), Word(first.text[len(badge) :], "text"))]
        below = [(1, word) for word in second]
        return [top, [*below, *_keys(more, len(second[0].text) + 4 if second else 1, width)]]

    def row(self, y: int) -> Line:
        rows = self._rows()
        return drawn(rows[y], palette_of(self.app), self.halves == 1) if y < len(rows) else ()

    def clickable(self) -> Iterable[tuple[int, int, str]]:
        """Column, row and action of each word that does something."""
        yield from super().clickable()
        yield from (place for y, row in enumerate(self._rows()) for place in places(row, y))

    async def on_click(self, event: events.Click) -> None:
        y = event.y - self.gutter.top
        if 0 <= y < LINES:
            await clicked(self, self._rows()[y], event.x)

    def tell(self, batch: Batch, machine: Machine, where: str) -> None:
        """Show what came of a verb, and where pages came to be."""
        from ..outcomes import batch_words

        result, text = batch_words(batch, machine)
        judged = batch.refused[:1] or batch.outcomes
        assumed = any(outcome.certainty == "not known" for outcome in judged) and not batch.stopped
        if batch.refused:
            self.say(f"✗ {result}{', assumed' if assumed else ''}", text, "refused", where)
        elif result == "ok":
            self.say("≈ ok, assumed" if assumed else "✓ ok", text, "busy" if assumed else "ok", where)
        else:
            self.say(f"■ {result}", text, "busy", where)


def _cut(lines: list[str], width: int, room: int) -> list[str]:
    """A sentence in two lines, the second with a mark where that is not all of it. It leaves room for the keys, which tell the
    rest."""
    keep = max(width // 4, room)
    if len(lines) < LINES or (len(lines) == LINES and len(lines[1]) <= keep):
        return lines
    return [lines[0], f"{' '.join(lines[1:])[: min(keep, width) - 1]}…"]


def _keys(more: Sequence[Offer], column: int, width: int) -> Iterator[tuple[int, Word]]:
    """The keys that lead on, from a column on, with words as long as there is room for; those that do not fit are left out."""
    long = [(key, words) for key, words, _, _ in more]
    short = [(key, word) for key, _, word, _ in more]
    shown = long if column + _wide(long) <= width + 1 else short
    for (key, word), offer in zip(shown, more, strict=True):
        if column + len(key) + len(word) > width:
            return
        yield column, Word(key, "key", offer.action)
        yield column + len(key), Word(f" {word}", "dim", offer.action)
        column += len(key) + len(word) + _BETWEEN + 1


def _wide(keys: Sequence[tuple[str, str]]) -> int:
    """The columns of keys and their words."""
    return sum(len(key) + len(word) + _BETWEEN + 1 for key, word in keys) - _BETWEEN
