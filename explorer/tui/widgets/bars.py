"""What came of the last command, and where it leads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Final, NamedTuple

from altmap.engine import Machine
from textual import events

from ...picture.lines import Line
from ...printable import printable
from .. import words
from ..session import Batch
from ..worded import Look, Role, Word
from .drawn import palette_of
from .title import Titled, clicked, drawn, places

LINES: Final = 2
"""Lines of the result bar."""

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
    def text(self) -> str:
        """All that is said, keys included."""
        badge, text, _ = ("", self._hint, "") if self._hint else self._said
        besides = "" if self._hint else self._besides
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
        width = max(8, self.size.width - 2)
        hinted: tuple[str, str, Look] = "", self._hint, "plain"
        badge, text, look = hinted if self._hint else self._said
        lead = f"{badge}  " if badge else ""
        lines = wrap(f"{lead}{text}", width, break_long_words=True) or [""]
        more, own = self._more if not self._hint else (), len(lines)
        room = width - (sum(len(key) + len(short) + 4 for key, _, short, _ in more) + 1 if more else 0)
        if self._besides and not self._hint and len(lines) < LINES and (not more or len(self._besides) <= room):
            lines += wrap(self._besides, width)[:1]
        keep = max(width // 4, room)  # a long sentence leaves room for the keys that tell the rest of it
        if len(lines) > LINES or (len(lines) == LINES == own and len(lines[1]) > keep):
            rest = " ".join(lines[1:])
            lines = [lines[0], f"{rest[: min(keep, width) - 1]}…"]
        rows: list[list[tuple[int, Word]]] = []
        for number, line in enumerate(lines):
            if number == 0 and lead and len(line) >= len(badge):
                role = LOOKS[look]
                rows.append([(1, Word(badge, role)), (1 + len(badge), Word(line[len(badge) :], "text"))])
            else:
                rows.append([(1, Word(line, "dim" if number >= own else "text"))])
        column = len(lines[1]) + 4 if len(lines) > 1 else 1
        for words_of in ([long for _, long, _, _ in more], [short for _, _, short, _ in more]):
            wide = sum(len(key) + len(word) + 4 for (key, *_), word in zip(more, words_of, strict=True)) - 3
            if column + wide <= width + 1:
                break
        placed = rows[1] if len(rows) > 1 else []
        for (key, _, _, action), word in zip(more, words_of, strict=True):
            if column + len(key) + len(word) > width:
                break
            placed += [(column, Word(key, "key", action)), (column + len(key), Word(f" {word}", "dim", action))]
            column += len(key) + len(word) + 4
        return [rows[0], placed]

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
        result, text = words.batch_words(batch, machine)
        judged = batch.refused[:1] or batch.outcomes
        assumed = any(outcome.certainty == "not known" for outcome in judged) and not batch.stopped
        if batch.refused:
            self.say(f"✗ {result}{', assumed' if assumed else ''}", text, "refused", where)
        elif result == "ok":
            self.say("≈ ok, assumed" if assumed else "✓ ok", text, "busy" if assumed else "ok", where)
        else:
            self.say(f"■ {result}", text, "busy", where)
