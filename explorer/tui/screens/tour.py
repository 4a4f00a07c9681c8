"""The tour: one station after the other, each with its words, its machine and what is played there."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from ...picture.views import BY_NAME
from ...printable import printable
from ...tour.walk import Walk
from ...watching.player import Player
from ..places import goals
from ..widgets.memory_map import MemoryMap
from ..worded import Word
from .play import Beside, PlayScreen

PLAYED: float = 20.0
"""Seconds that a station is played for at the lowest speed, at most."""


class TourScreen(PlayScreen[None]):
    """One station of a tour."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,n", "station(1)", "Next", priority=True),
        Binding("backspace,p", "station(-1)", "Previous", priority=True),
        Binding("escape,q", "leave", "Leave", priority=True),
    ]
    LAST = ("station(1)", "station(-1)", "leave")

    def __init__(self, walk: Walk, number: int = 0) -> None:
        station = walk.station(number)
        super().__init__(station.title, Player(walk.film(number), PLAYED), station.text)
        self._walk = walk
        self._number = number
        self._aimed = False

    def aim(self, map_: MemoryMap) -> None:
        map_.view = BY_NAME[self._walk.station(self._number).view]

    def show(self) -> None:
        """And as soon as the place of the station is there, to it and in."""
        super().show()
        station, map_ = self._walk.station(self._number), self._map
        if self._aimed:
            return
        if station.place is not None:
            goal = goals(self.machine, station.place)[0]
            if self.machine.geometry.block_of(goal.pfn) not in self.machine.blocks:
                return
            map_.select(self.machine.geometry.block_of(goal.pfn))
        self._aimed = True
        while map_.scope.level != station.level and map_.deeper() is not None:
            map_.zoom_in()

    def titled(self) -> tuple[list[Word], list[Word]]:
        place = Word(f"{self._number + 1} of {len(self._walk)} ", "dim")
        if self._fits(place):
            return [Word("▌", "accent"), Word(printable(self._label), "strong")], [place]
        return [Word("▌", "accent"), Word("station", "strong")], [place]

    def _fits(self, place: Word) -> bool:
        """Is there room for the title on the strip, beside the number of the station?"""
        return len(printable(self._label)) + len(place.text) + 2 <= self.query_one(Beside).outer_size.width

    def on_resize(self) -> None:
        self.call_after_refresh(self._retitle)

    def _retitle(self) -> None:
        """As soon as it is known how wide the panel is."""
        left, right = self.titled()
        beside = self.query_one(Beside)
        beside.entitle(left, right)
        beside.head("" if self._fits(right[0]) else self._label)

    def hint(self) -> str:
        if self._player.waits:
            return "it tries on until a signal comes: s sends it"
        last = self._number == len(self._walk) - 1
        stops = ", space stops" if self._player.moments else ""
        return f"{'enter leaves the tour' if last else 'enter goes on'}, backspace back{stops}, esc leaves"

    def action_station(self, by: int) -> None:
        """The next station, or the one before; behind the last one the tour ends."""
        number = self._number + by
        if number >= len(self._walk):
            self.dismiss(None)
        elif number >= 0:
            self.app.switch_screen(TourScreen(self._walk, number))

    def action_leave(self) -> None:
        """Back to the machine."""
        self.dismiss(None)
