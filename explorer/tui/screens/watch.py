"""Watching: a verb played on a copy of the machine before it is done, with the signal at hand; or one that was done, again."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from altmap.engine import Film
from textual.binding import Binding, BindingType

from ..player import Player
from ..widgets.memory_map import MemoryMap
from ..widgets.title import Word
from .play import PlayScreen


class Seen(NamedTuple):
    """How watching ended: what was watched is to be done on the machine (`done`), with the signal after so many whole
    commands and so many events of the next one (`stopped`) if a person sent it."""

    done: bool
    stopped: tuple[int, int] | None = None


class WatchScreen(PlayScreen[Seen]):
    """Plays what a verb does, over a map that begins as `map_` is. `replayed`: it was done already, so that nothing comes of
    watching it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "done", "Done", priority=True),
        Binding("escape", "signal", "Signal"),
        Binding("q", "leave", "Leave"),
    ]
    LAST = ("pause", "done", "signal")

    def __init__(self, label: str, film: Film, map_: MemoryMap, replayed: bool) -> None:
        super().__init__(label, Player(film))
        self._replayed = replayed
        self._model = map_

    def aim(self, map_: MemoryMap) -> None:
        map_.view, map_.folds = self._model.view, self._model.folds
        map_.scopes, map_.pfn = list(self._model.scopes), self._model.pfn

    def titled(self) -> tuple[list[Word], list[Word]]:
        return [Word("▌", "accent"), Word(self._label, "strong")], [Word("watched ", "warn")]

    def hint(self) -> str:
        if self._replayed:
            return "this was done already: enter, esc and q go back to the machine"
        if self._player.ended:
            return "enter does it on the machine; q goes back and does nothing"
        stops = "esc is the signal: the kernel would stop here" if self._player.at else "esc goes back"
        return f"{stops}; enter does all of it at once, q goes back and does nothing"

    def action_done(self) -> None:
        """What was watched is done on the machine."""
        self.dismiss(Seen(not self._replayed))

    def action_leave(self) -> None:
        """Back, and nothing is done."""
        self.dismiss(Seen(False))

    def action_signal(self) -> None:
        """The signal: what is done on the machine stops here."""
        if self._replayed or not self._player.at or self._player.ended:
            self.dismiss(Seen(False))
        else:
            self.dismiss(Seen(True, self._player.passed()))
