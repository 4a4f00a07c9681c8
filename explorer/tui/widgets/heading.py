"""The title of a dialog, and the keys that answer it; a click on one of these presses it."""

from __future__ import annotations

from typing import NamedTuple

from ..worded import Role, Word
from .title import Strip


class Hint(NamedTuple):
    """A key of a dialog: its name, what it does, and the action of the dialog that is behind it."""

    key: str
    does: str
    action: str


LEAVE = Hint("esc", "leaves", "leave")
CLOSE = Hint("esc", "closes", "leave")


class Heading(Strip):
    """One strip on top of a dialog."""

    def __init__(self, title: str, *hints: Hint) -> None:
        super().__init__("heading")
        self._title = title
        self.tell(*hints)

    def tell(self, *hints: Hint) -> None:
        """Name other keys."""
        self.say([word for hint in hints for word in _words(hint)])

    def warn(self, text: str) -> None:
        """Say something in place of the keys."""
        self.say([Word(f"{text} ", "warn")])

    def say(self, right: list[Word], role: Role = "strong") -> None:
        """Words at the right end."""
        self.set([Word("▌", "accent"), Word(f"{self._title} ", role)], right)


def _words(hint: Hint) -> list[Word]:
    action = f"screen.{hint.action}"
    return [Word(f" {hint.key}", "key", action), Word(f" {hint.does} ", "dim", action)]
