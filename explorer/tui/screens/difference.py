"""What differs between two states: lit on the map, and in words beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from altmap.engine import Line, Machine, running
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from ...picture.layout import blocks_of
from ...picture.overlay import Happening
from .. import changes
from ..differing import differing, in_block
from ..outlooks import Outlooks
from ..places import Goal
from ..portrait import Portrayed
from ..widgets.bars import Offer, ResultBar
from ..widgets.ground import Columns, Ground, Panes
from ..widgets.keys import Keys
from ..widgets.map_legend import MapLegend
from ..widgets.memory_map import MemoryMap
from ..widgets.overview import OverviewLine
from ..widgets.prose import Prose
from ..worded import Word
from ..words import block_name
from . import titles
from .mapped import Mapped


class DifferenceScreen(Ground, Portrayed, Mapped, Screen[Goal]):
    """Two states of one machine, of which one is seen; what is not in both as it is here is lit. The answer is the block to go
    to on the map of the machine."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other", "The other", priority=True),
        Binding("v", "next_view(1)", "View"),
        Binding("V", "next_view(-1)", show=False),
        Binding("plus", "zoom(True)", "In"),
        Binding("minus", "zoom(False)", "Out"),
        Binding("n", "next(1)", "Next"),
        Binding("N", "next(-1)", "Previous"),
        Binding("enter", "go", "Go there"),
        Binding("d", "leave", show=False),
        Binding("escape,q", "leave", "Back"),
    ]

    def __init__(self, before: tuple[str, Machine], after: tuple[str, Machine], seen: int = 1) -> None:
        """Each a name and a machine; `seen`: which of them at first."""
        super().__init__()
        self._states = (before, after)
        self._seen = seen
        self._all = [*differing(before[1], after[1])]

    @property
    def machine(self) -> Machine:
        """In the state that is seen."""
        return self._states[self._seen][1]

    def compose(self) -> ComposeResult:
        verdicts = Outlooks(self.machine)
        self._map = MemoryMap(self.machine, verdicts)
        self._map.expect({**blocks_of(self._states[0][1]), **blocks_of(self._states[1][1])})
        yield OverviewLine(self.machine, verdicts)
        with Columns(id="body"):
            with Panes(id="left"):
                yield self._map
                yield MapLegend(self._map)
            with Panes(id="right"):
                yield Prose(self._lines, id="differences")
        yield ResultBar()
        yield Keys(("other", "leave"))

    def on_mount(self) -> None:
        self._map.focus()
        self._show()
        if self._changed:  # there is more to be read than of any other block
            self._map.pfn = self._changed[0] * self.machine.geometry.pages_per_block

    def _show(self) -> None:
        other = self._states[1 - self._seen][1]
        found = changes.changes(dict(other.sections), self.machine)
        self._map.hold(self.machine)
        self._map.show()
        self._map.show_happening(Happening(found.pages, word="not the same"))
        per_block = self.machine.geometry.sections_per_block
        self._changed = sorted({nr // per_block for nr in found.pages})
        overview = self.query_one(OverviewLine)
        overview.machine = self.machine
        overview.reload()
        overview.show_status()
        self.query_one(MapLegend).refresh()
        self._title()
        self.on_memory_map_moved()
        (before, _), (after, _) = self._states
        count = len(self._changed)
        panel = [Word("▌", "faint"), Word("what differs", "strong")]
        self.query_one(Prose).entitle(panel, [Word(f"{count:,} block{'s' * (count != 1)} ", "dim")])
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
                *([Offer("n", "next block that differs", "next", "screen.next(1)")] if self._changed else []),
                Offer("enter", "to the block on the map", "go", "screen.go"),
                Offer("esc", "back", "back", "screen.leave"),
            ]
        )

    def _lines(self, width: int) -> Iterator[Line]:
        """What differs in the block under the cursor, and below it in all of the machine."""
        nr = self._map.cursor
        yield running(block_name(nr), "title", 0)
        yield from in_block(nr, self._states[0][1], self._states[1][1])
        yield running("")
        yield from self._all

    def on_memory_map_moved(self) -> None:
        self.query_one(OverviewLine).show(self._map.pfn, self._map.scope)
        self.query_one(Prose).show(self._lines)

    def on_overview_line_asked(self, message: OverviewLine.Asked) -> None:
        self._map.go(message.pfn)

    def _title(self) -> None:
        self._map.entitle(*titles.of_map(self._map))

    def on_memory_map_reshaped(self) -> None:
        self.query_one(MapLegend).refresh()
        self._title()
        self.query_one(OverviewLine).show(self._map.pfn, self._map.scope)

    def action_next(self, by: int) -> None:
        """To the next block in which something differs, or the one before."""
        here, ways = self._map.cursor, self._changed[::by]
        if ways:
            self._map.go(
                next((nr for nr in ways if (nr - here) * by > 0), ways[0]) * self.machine.geometry.pages_per_block
            )

    def action_other(self) -> None:
        """The other of the two."""
        self._seen = 1 - self._seen
        self._show()

    def action_zoom(self, inwards: bool) -> None:
        """A level in at the cursor, or out."""
        if inwards:
            self._map.zoom_in()
        else:
            self._map.zoom_out()

    def action_go(self) -> None:
        """To the block under the cursor, on the map of the machine."""
        nr = self._map.cursor
        self.dismiss(Goal(nr * self.machine.geometry.pages_per_block, False, block_name(nr)))

    def action_leave(self) -> None:
        """Back to the states."""
        self.dismiss(None)
