"""What differs between two states: lit on the map, and in words beside it."""

from __future__ import annotations

from typing import ClassVar

from altmap.engine import Machine, diff, drift_lines, running
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from ...picture.overlay import Happening
from .. import changes
from ..outlooks import Outlooks
from ..portrait import Portrayed
from ..widgets.bars import Offer, ResultBar, StatusLine
from ..widgets.keys import Keys
from ..widgets.map_legend import MapLegend
from ..widgets.memory_map import MemoryMap
from ..widgets.prose import Prose
from ..widgets.title import Strip
from ..worded import Word
from . import titles


class DifferenceScreen(Screen[None], Portrayed):
    """Two states of one machine, of which one is seen; what is not in both as it is here is lit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other", "The other", priority=True),
        Binding("v", "next_view(1)", "View"),
        Binding("V", "next_view(-1)", show=False),
        Binding("plus", "zoom(True)", "In"),
        Binding("minus", "zoom(False)", "Out"),
        Binding("d", "leave", show=False),
        Binding("escape,q", "leave", "Back"),
    ]

    def __init__(self, before: tuple[str, Machine], after: tuple[str, Machine], seen: int = 1) -> None:
        """Each a name and a machine; `seen`: which of them at first."""
        super().__init__()
        self._states = (before, after)
        self._seen = seen
        self.drift = [*drift_lines(diff(before[1], after[1]))] or ["Nothing differs."]

    @property
    def machine(self) -> Machine:
        """In the state that is seen."""
        return self._states[self._seen][1]

    def compose(self) -> ComposeResult:
        self._map = MemoryMap(self.machine, Outlooks(self.machine))
        yield StatusLine(self.machine)
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Strip("map-title")
                yield self._map
                yield MapLegend(self._map)
            with Vertical(id="right"):
                yield Strip("panel-title")
                yield Prose(lambda width: [running(line, indent=0) for line in self.drift], id="differences")
        yield ResultBar()
        yield Keys(("other", "leave"))

    def on_mount(self) -> None:
        self._map.focus()
        self._show()

    def _show(self) -> None:
        other = self._states[1 - self._seen][1]
        found = changes.changes(dict(other.sections), self.machine)
        status = self.query_one(StatusLine)
        status.machine = self.machine
        status.show()
        self._map.hold(self.machine)
        self._map.show()
        self._map.show_happening(Happening(found.pages))
        self.query_one(MapLegend).refresh()
        self._title()
        (before, _), (after, _) = self._states
        count = len(self.drift)
        panel = (
            [Word("▌", "faint"), Word("what differs", "strong")],
            [Word(f"{count} line{'s' * (count != 1)} ", "dim")],
        )
        self.query_one("#panel-title", Strip).set(*panel)
        bar = self.query_one(ResultBar)
        bar.say(
            "before" if not self._seen else "after",
            f"{before} → {after}",
            "plain",
            changes.where_words(found, self.machine),
        )
        bar.offer(
            [
                Offer("tab", "shows the other state", "other", "screen.other"),
                Offer("esc", "back", "back", "screen.leave"),
            ]
        )

    def _title(self) -> None:
        self.query_one("#map-title", Strip).set(*titles.of_map(self._map))

    def on_memory_map_reshaped(self) -> None:
        self.query_one(MapLegend).refresh()
        self._title()

    def action_other(self) -> None:
        """The other of the two."""
        self._seen = 1 - self._seen
        self._show()

    def action_next_view(self, by: int) -> None:
        """The next view of the map, or the one before."""
        self._map.next_view(by)

    def action_view(self, name: str) -> None:
        """Show the map in another view."""
        self._map.set_view(name)

    def action_zoom(self, inwards: bool) -> None:
        """A level in at the cursor, or out."""
        if inwards:
            self._map.zoom_in()
        else:
            self._map.zoom_out()

    def action_zoom_to(self, depth: int) -> None:
        """Out to a level of the breadcrumb."""
        self._map.zoom_out_to(depth)

    def action_leave(self) -> None:
        """Back to the states."""
        self.dismiss(None)
