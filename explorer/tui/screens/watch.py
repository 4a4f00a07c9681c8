"""Watching: a verb played on a copy of the machine before it is done, with the signal at hand; or one that was done, again."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from altmap.engine import Film
from textual.binding import Binding, BindingType

from ...picture.can_go import CanGo
from ...picture.use import Use
from ...watching.player import Player
from ..widgets.memory_map import MemoryMap
from ..worded import Word
from .play import PlayScreen


class Seen(NamedTuple):
    """How watching ended: what was watched is to be done on the machine (`done`), with the signal after so many whole
    commands and so many events of the next one (`stopped`) if a person sent it; or that a line is to be typed instead."""

    done: bool
    stopped: tuple[int, int] | None = None
    types: bool = False


class WatchScreen(PlayScreen[Seen]):
    """Plays what a verb does, over a map that begins as `map_` is, in a view that shows it. `replayed`: it was done already, so
    that nothing comes of watching it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "done", "Do it", priority=True),
        Binding("escape,enter,q", "leave", "Leave"),
        Binding("colon", "line", show=False),
    ]
    LAST = ("pause", "done", "signal", "leave")

    def __init__(self, label: str, film: Film, map_: MemoryMap, replayed: bool) -> None:
        super().__init__(label, Player(film))
        self._replayed = replayed
        self._model = map_
        self._stopped: tuple[int, int] | None = None

    def aim(self, map_: MemoryMap) -> None:
        map_.begin_as(self._model)
        if map_.view is CanGo:  # which tells what could be done, not what is
            map_.view = Use

    def titled(self) -> tuple[list[Word], list[Word]]:
        return [Word("▌", "accent"), Word(self._label, "strong")], [Word("watched ", "warn")]

    def hint(self) -> str:
        player = self._player
        if player.waits:
            return "it tries on until a signal comes: s sends it"
        if self._replayed:
            return "done already: enter and esc go back to the machine"
        if self._stopped is not None:
            return "the signal was sent: enter does it so, esc does nothing"
        if player.never_ends:
            return "no signal reaches it: enter does it, esc does nothing"
        if player.ended:
            return "enter does it on the machine, esc does nothing"
        if self._can_stop:
            return "enter does it all, s stops it here, esc does nothing"
        return "enter does all of it, esc does nothing"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The signal is there where it would end something, and what was done already is not done again."""
        if action == "signal":
            return self._player.waits or (not self._replayed and self._stopped is None and self._can_stop)
        if action == "done":
            return not self._replayed
        return super().check_action(action, parameters)

    @property
    def keys(self) -> object:
        """What the footer depends on."""
        return self._player.waits, self._stopped, self._can_stop

    @property
    def _can_stop(self) -> bool:
        """Is there anything that a signal would end now?"""
        whole, passed = self._player.film.passed
        if self._player.ended:
            return False
        return bool(whole) or bool(passed and self._player.film.takes_signals)

    def action_done(self) -> None:
        """What was watched is done on the machine."""
        self.dismiss(Seen(not self._replayed, self._stopped))

    def action_leave(self) -> None:
        """Back, and nothing is done."""
        self.dismiss(Seen(False))

    def action_line(self) -> None:
        """Back to type a line, so that what follows the colon is never taken for keys of the film."""
        self.dismiss(Seen(False, types=True))

    def action_signal(self) -> None:
        """The signal: the kernel stops here, and what it undoes is shown."""
        if self._player.waits:
            super().action_signal()
        else:
            self._stopped = self._player.film.passed
            self._player.signal()
            self.show()
            self._say()
