"""The line of the whole machine on top: where one is, and how much of it is in sight."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from altmap.engine import Machine
from textual import events
from textual.message import Message

from ...picture.lines import Line
from ...picture.overview import Overview
from ...picture.scope import Scope
from ...picture.view import Scene, Verdicts
from ..status import status
from .drawn import palette_of
from .title import Titled


class OverviewLine(Titled):
    """One row below what machine this is; a click goes there."""

    TITLE = "focused"

    class Asked(Message):
        """A place was clicked."""

        def __init__(self, pfn: int) -> None:
            super().__init__()
            self.pfn = pfn

    def __init__(
        self, machine: Machine, verdicts: Verdicts, expected: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        """`expected`: blocks, and the node of each, that have a place on the line whether they are there or not."""
        super().__init__()
        self.machine = machine
        self._verdicts = verdicts
        self._expected = expected
        self._at = (0, Scope("machine", 0, 0))
        self._drawn: tuple[object, Overview] | None = None
        self._alarm = ""

    def _overview(self) -> Overview:
        key = (palette_of(self.app), self.size.width, self.halves)
        if self._drawn is None or self._drawn[0] != key:
            scene = Scene(self.machine, key[0], self._verdicts, self._expected)
            self._drawn = key, Overview(scene, self.size.width, self.halves)
        return self._drawn[1]

    def show(self, pfn: int, scope: Scope) -> None:
        """The cursor and the scope."""
        if self._at != (pfn, scope):
            self._at = (pfn, scope)
            self.refresh()

    def reload(self) -> None:
        """Draw what has changed in the machine."""
        if self._drawn is not None and self._drawn[1].fits(self.machine):
            self._drawn[1].update()
        else:
            self._drawn = None
        self.refresh()

    def row(self, y: int) -> Line:
        return self._overview().line(*self._at)

    def show_status(self, alarm: str = "") -> None:
        """Read anew what machine this is; `alarm`: that hardly any memory is left, in a few words."""
        self._alarm = alarm
        self.entitle(*status(self.machine, self.app.size.width, alarm))

    def on_resize(self) -> None:
        self.show_status(self._alarm)

    def on_click(self, event: events.Click) -> None:
        if event.y >= self.gutter.top and (pfn := self._overview().at(event.x)) is not None:
            self.post_message(self.Asked(pfn))
