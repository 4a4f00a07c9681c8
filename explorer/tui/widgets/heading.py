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


_WIDE = 1 << 16
LEAVE = Hint("esc", "leaves", "leave")
CLOSE = Hint("esc", "closes", "leave")
HELP = Hint("F1", "help", "help")
"""Of all dialogs, where there is room for it."""


class Heading(Strip):
    """One strip on top of a dialog; where not all keys have room, the one before the last is left out, and so on. `helps`: the
    dialog has a help, which is named before the last key."""

    def __init__(self, title: str, *hints: Hint, helps: bool = True) -> None:
        super().__init__("heading")
        self._title = title
        self._hints = hints
        self._helps = helps
        self.tell(*hints)

    def tell(self, *hints: Hint) -> None:
        """Name other keys."""
        self._hints = hints
        room = (self.size.width or _WIDE) - len(self._title) - 3
        shown = [*hints[:-1], *[HELP] * (self._helps and bool(hints)), *hints[-1:]]
        while len(shown) > 2 and sum(len(word.text) for hint in shown for word in _words(hint)) > room:
            del shown[-2]
        self.say([word for hint in shown for word in _words(hint)])

    def on_resize(self) -> None:
        if self._hints:
            self.tell(*self._hints)

    def warn(self, text: str) -> None:
        """Say something in place of the keys."""
        self._hints = ()
        self.say([Word(f"{text} ", "warn")])

    def say(self, right: list[Word], role: Role = "strong") -> None:
        """Words at the right end."""
        self.set([Word("▌", "accent"), Word(f"{self._title} ", role)], right)


def _words(hint: Hint) -> list[Word]:
    action = f"screen.{hint.action}"
    return [Word(f" {hint.key}", "key", action), Word(f" {hint.does} ", "dim", action)]
