"""What is played: the next verb before it is done, the last one again, a tour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from altmap.engine import BadInput, Command

from ..widgets.bars import ResultBar
from ..widgets.memory_map import MemoryMap
from .asking import AskingScreen

if TYPE_CHECKING:
    from ...tour.walk import Walk
    from .command_line import Typed
    from .watch import Seen


class WatchingScreen(AskingScreen):
    """A screen whose verbs can be watched."""

    _watches: bool = False

    def watch_next(self) -> None:
        """Play the next verb instead of doing it at once, or no longer."""
        self._watches = not self._watches
        bar = self.query_one(ResultBar)
        if self._watches:
            bar.say("▶ watch", "the next verb is played before it is done; W takes that back", "plain")
        else:
            bar.say("", "", "plain")
            bar.hint("verbs are done at once")

    def watched(self, label: str, commands: Sequence[Command], typed: Typed | None = None) -> bool:
        """Is it to be watched first? Then that begins, and what is decided there is done afterwards."""
        if not self._watches:
            return False
        self._watches = False
        from altmap.engine import Film

        from .watch import WatchScreen

        def decided(seen: Seen | None) -> None:
            if seen is not None and seen.done:
                self.perform(label, commands, typed, seen.stopped)
            else:
                self.query_one(ResultBar).say("", f"{label}: watched, and not done; W watches the next verb", "plain")
                self._leave_film(seen)

        try:
            screen = WatchScreen(label, Film(self.machine, commands), self.query_one(MemoryMap), replayed=False)
        except BadInput:  # what makes no sense is said where it is done
            return False
        self.app.push_screen(screen, decided)
        return True

    def watch_again(self) -> None:
        """Play the last verb again."""
        if (film := self.session.film()) is not None:
            from .watch import WatchScreen

            self.app.push_screen(WatchScreen(*film, self.query_one(MemoryMap), replayed=True), self._leave_film)

    def _leave_film(self, seen: Seen | None) -> None:
        if seen is not None and seen.types:
            self.ask_line()

    def take_tour(self, walk: Walk | None = None) -> None:
        """Open a tour; without one the bundled one."""
        from ...tour.walk import Walk, open_tour
        from .tour import TourScreen

        self.app.push_screen(TourScreen(walk or Walk(open_tour())))
