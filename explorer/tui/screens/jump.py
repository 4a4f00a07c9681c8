"""Jumping: a letter on everything that can be given the keys or clicked; its key goes there."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.events import Click, Key
from textual.widgets import Static

from ..jumping import LETTERS, Target
from .dialog import Dialog


class Letter(Static):
    """The letter of a place."""

    def __init__(self, letter: str, target: Target) -> None:
        super().__init__(letter, markup=False)
        self.target = target
        self.styles.offset = target.x, target.y


class JumpScreen(Dialog[Target]):
    """The answer is the place. Any other key, and a click elsewhere, leaves."""

    CLOSES_BESIDE = False

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._by_letter = dict(zip(LETTERS, targets, strict=False))

    def compose(self) -> ComposeResult:
        yield from (Letter(letter, target) for letter, target in self._by_letter.items())

    def on_key(self, event: Key) -> None:
        event.stop()
        self.dismiss(self._by_letter.get(event.character or ""))

    def on_click(self, event: Click) -> None:
        self.dismiss(event.widget.target if isinstance(event.widget, Letter) else None)
