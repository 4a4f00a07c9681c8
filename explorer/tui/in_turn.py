"""Keys one after the other: what is typed while a key is being answered waits, and goes to the screen that is there then."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.events import Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

TURNS = 2
"""How often a message goes the way of a key that a widget was given before the key is answered: with the key itself, and with
what the widget said of it, such as that a line was entered. Where no widget was given it, once is enough."""


class Answered(Message):
    """Goes behind a key, from the widget that was given it up to the application: the key was seen by all of them."""

    def __init__(self, screen: Screen[Any], turns: int) -> None:
        super().__init__()
        self.screen = screen
        self.turns = turns


class InTurn:
    """What was typed and not yet given to a widget, in its order.

    A key may open or close a screen, and does so some messages later; the next key, which may come in the same burst, is meant
    for the screen that is there then."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: deque[Key | Paste] = deque()
        self._asked: Screen[Any] | None = None
        self._target: MessagePump = app

    def add(self, event: Key | Paste) -> None:
        """Something was typed."""
        self._waiting.append(event)

    def forget(self) -> None:
        """What waits is not wanted any more."""
        self._waiting.clear()

    def next(self, takes: Callable[[Key | Paste], bool]) -> Key | Paste | None:
        """What is to be given to the screen now, if that `takes` it; None if nothing waits, or has to wait longer."""
        screen = self._app.screen
        answering = screen is self._asked and self._target.is_attached
        if answering or not self._waiting or not takes(self._waiting[0]):
            return None
        self._asked = screen
        return self._waiting.popleft()

    def follow(self, target: MessagePump, turns: int) -> None:
        """A widget was given the key: hear of it when it is answered."""
        screen, self._target = self._asked, target
        if screen is not None and not target.post_message(Answered(screen, turns)):
            self._asked = None

    def answered(self, message: Answered) -> None:
        """A key went its way: once more with what was said of it, if its screen is still there; else the next may come."""
        if message.screen is not self._asked:
            return
        if message.turns > 1 and self._app.screen is self._asked:
            self.follow(self._app.focused or self._app.screen, message.turns - 1)
        else:
            self._asked = None
