"""The main screen: the map and what is beside it, the plan, the result of the last command, and the keys."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import ClassVar, Final

from altmap.engine import BadInput, Command, Step
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.widget import Widget

from ... import facts
from ...picture.can_go import CanGo
from ...picture.view import Told
from ...picture.views import VIEWS
from .. import plan, titles, words
from ..inspected import Place
from ..outlooks import Outlooks
from ..session import Batch, Session
from ..verbs import BY_NAME, VERBS
from ..widgets.bars import ResultBar, StatusLine
from ..widgets.inspector import Inspector
from ..widgets.kernel_log import KernelLog
from ..widgets.keys import Keys
from ..widgets.map_legend import MapLegend
from ..widgets.memory_map import MemoryMap
from ..widgets.overview import OverviewLine
from ..widgets.parameters import Parameters
from ..widgets.title import Strip
from ..widgets.zone_table import ZoneTable
from .asking import AskingScreen
from .error import ErrorScreen

PANES: Final[dict[str, type[Widget]]] = {
    "map": MemoryMap,
    "inspector": Inspector,
    "zones": ZoneTable,
    "log": KernelLog,
    "parameters": Parameters,
}

ALWAYS: Final = ("verb('help')", "verb('quit')", "command_palette")
"""The keys that no footer is too narrow for."""

MOST_ASKED: Final = 32
"""Marked blocks that one question is about."""


ASKING: Final = 0.02
"""Seconds that asking may take before keys are answered; it decides how smooth the screen is, never what is said."""


class MainScreen(AskingScreen):
    """The desk that verbs work on. After each verb every pane reads the machine anew; nothing else changes them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(verb.key, f"verb('{verb.name}')", verb.label, show=verb.footer, tooltip=verb.sentence, priority=True)
        for verb in VERBS
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._possible: frozenset[str] = frozenset()
        self._fault: int | None = None
        self._refused: tuple[Step, int, frozenset[int]] | None = None
        self._pane = "inspector"
        self.verdicts = Outlooks(session.machine)

    def compose(self) -> ComposeResult:
        machine = self.machine
        self._map = MemoryMap(machine, self.verdicts)
        yield StatusLine(machine)
        yield OverviewLine(machine, self.verdicts)
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Strip("map-title")
                yield self._map
                yield MapLegend(self._map)
            with Vertical(id="right"):
                yield Strip("panel-title")
                yield Inspector(machine)
                yield ZoneTable(machine)
                yield KernelLog(machine)
                yield Parameters(machine)
        yield Strip("plan")
        yield ResultBar()
        yield Keys(ALWAYS)

    def on_mount(self) -> None:
        self.show_pane("inspector")
        self.show_pane("map")
        self._greet()
        self._show_machine()

    def _greet(self) -> None:
        origin = self.machine.origin
        if (before := self.session.before) is not None:
            news = origin.notes[: len(origin.notes) - len(before.machine.origin.notes)]
            self.query_one(ResultBar).say("✓ booted", "; ".join(news), "ok")
            return
        if warnings := self.machine.warnings:
            self.query_one(ResultBar).say("! warning", " ".join(f"{warning}." for warning in warnings), "busy")
            return
        notes = [note for note in (origin.description, *origin.notes) if note]
        guessed = any(section.estimated for section in self.machine.sections.values())
        pages = "Pages are estimated from counters." if guessed else ""
        said = ". ".join(note.rstrip(".") for note in notes[:1])
        self.query_one(ResultBar).say(
            "", " ".join(part for part in (said + "." if said else "", pages) if part), "plain"
        )

    # -- what is seen -----------------------------------------------------------------------------------------------

    @property
    def marks(self) -> frozenset[int]:
        """The marked blocks."""
        return self._map.marks

    @property
    def refused(self) -> Step | None:
        """What was refused last, as long as the cursor and the marks stay as they were then."""
        return self._refused[0] if self._refused and self._refused[1:] == (self.cursor, self.marks) else None

    def _show_machine(self) -> None:
        self._map.show()
        self.query_one(OverviewLine).reload()
        self.query_one(ZoneTable).reload()
        self.query_one(KernelLog).reload()
        self.query_one(Parameters).reload()
        self.query_one(StatusLine).show()
        width = self.app.size.width
        self.query_one("#plan", Strip).set(plan.words(self.session, width), plan.free_words(self.machine))
        self._show_block()
        self._ask_all()

    def _show_block(self) -> None:
        self.query_one(Inspector).show(self._place())
        place = facts.memmap_of(self.machine, self.cursor)
        self._map.show_hosts(frozenset(place.hosts) - {self.cursor})
        self.query_one(OverviewLine).show(self._map.pfn, self._map.scope)
        self._title()
        self._offer()

    def _place(self) -> Place:
        map_ = self._map
        return Place(map_.pfn, map_.picture.cell, map_.scope.level, self._outlook(), self._fault)

    def _outlook(self) -> Told | None:
        """Whether the selected block can go; asked when nothing is under way."""
        return self.verdicts.ask(self.cursor) if self.session.running is None else self.verdicts.of(self.cursor)

    def _ask_all(self) -> None:
        """Ask of all blocks, if that is what the map shows, a slice at a time beside the screen."""
        if self._map.view is CanGo and self.verdicts.pending():
            self.run_worker(self._ask_in_slices(), group="outlooks", exclusive=True, exit_on_error=False)

    async def _ask_in_slices(self) -> None:
        while self._map.view is CanGo and self.session.running is None and (pending := self.verdicts.pending()):
            until = monotonic() + ASKING
            for block in pending:
                self.verdicts.ask(block)
                if monotonic() >= until:
                    break
            self._map.repaint()
            await asyncio.sleep(0)

    def _title(self) -> None:
        self.query_one("#map-title", Strip).set(*titles.of_map(self._map))
        self.query_one("#panel-title", Strip).set(titles.of_panel(self._map, self._pane))

    def _offer(self) -> None:
        possible = frozenset(verb.name for verb in VERBS if verb.possible(self))
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    def on_memory_map_reshaped(self) -> None:
        self.query_one(MapLegend).refresh()
        self._show_block()
        self._ask_all()

    def on_memory_map_moved(self) -> None:
        if self.refused is None:
            self._refused = None
        self.query_one(ResultBar).offer_why(self._refused is not None)
        self._show_block()

    def on_overview_line_asked(self, message: OverviewLine.Asked) -> None:
        self._map.go(message.pfn)

    def action_view(self, name: str) -> None:
        """Show the map in another view."""
        self._map.set_view(name)

    def action_go_to_state(self, number: int) -> None:
        """To a state of the plan."""
        if self.session.running is None and number != self.machine.timeline.present.number:
            self.go_to_state(number)

    def action_zoom_to(self, depth: int) -> None:
        """Out to a level of the breadcrumb."""
        while len(self._map.scopes) > depth:
            self._map.zoom_out()

    # -- what is done -----------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "verb":
            return self.is_mounted and BY_NAME[str(parameters[0])].possible(self)
        return super().check_action(action, parameters)

    def action_verb(self, name: str) -> None:
        """Do what a key, the footer or the palette asks for."""
        BY_NAME[name].run(self)

    def on_key(self, event: Key) -> None:
        """A key whose verbs all have nothing to do says why; one that has no verb says that."""
        verbs = [verb for verb in VERBS if event.key in verb.key.split(",")]
        reasons = [f"{verb.label}: {reason}" for verb in verbs if (reason := verb.idle(self))]
        if verbs and len(reasons) == len(verbs):
            self.query_one(ResultBar).hint("; ".join(reasons))
        elif not verbs and event.key not in self.active_bindings:
            name = event.character if event.is_printable else event.key
            self.query_one(ResultBar).hint(f"{name}: no such key, ? for help")

    def mark(self, blocks: frozenset[int]) -> None:
        """Mark exactly these blocks."""
        self._map.mark(blocks)

    def perform(self, label: str, commands: Sequence[Command], typed: bool = False) -> None:
        """Run commands a slice at a time and show what comes of them. What was `typed` and makes no sense to the engine
        comes back to be corrected."""
        if self.session.running is None:
            self.session.running = label
            self.run_worker(self._carry_out(label, commands, typed), exit_on_error=False)

    async def _carry_out(self, label: str, commands: Sequence[Command], typed: bool) -> None:
        bar = self.query_one(ResultBar)
        many = len(commands)

        def progress(command: int, events: int) -> None:
            counted = f"{command + 1:,} of {many:,} commands" if many > 1 else f"{events:,} events"
            bar.say("…", f"{label}: {counted}; esc stops it", "busy")
            self._map.show()
            self._offer()

        batch: Batch | None = None
        try:
            batch = await self.session.run(label, commands, progress)
        except BadInput as error:
            bar.say("✗ refused", str(error), "refused")
            if typed:
                self.open_line(label, str(error))
        except Exception as error:
            bar.say("✗ fault", f"{label}: nothing was changed by it", "refused")
            self.app.push_screen(ErrorScreen(label, error))
        if batch is not None:
            self._fault = next((o.pfn for o in batch.outcomes if o.result == "EBUSY"), None)
            bar.tell(batch, self.machine)
        self._refused = None
        self._show_machine()
        if batch is not None and (block := words.added_block(batch, self.machine)) is not None:
            self._map.select(block)
        if batch is not None and batch.refusal is not None and not batch.stopped:
            self._refused = batch.refusal, self.cursor, self.marks
            bar.offer_why(True)
            self._offer()

    def take_back(self) -> None:
        """Undo the last verb; where there is none, the boot."""
        if not self.session.can_undo and self.session.before is not None:
            self.app.pop_screen()
        else:
            self._moved("undone", self.session.undo())

    def do_again(self) -> None:
        """Redo what was undone."""
        self._moved("done again", self.session.redo())

    def _moved(self, badge: str, batch: Batch | None) -> None:
        if batch is not None:
            self.show_state(badge, batch.label)

    def show_state(self, badge: str, text: str) -> None:
        """The machine is in another state, by no command."""
        self._fault = self._refused = None
        self.query_one(ResultBar).say(badge, text, "plain")
        self._show_machine()

    @property
    def pane(self) -> str:
        """The pane that has the keys."""
        return next((name for name, kind in PANES.items() if isinstance(self.focused, kind)), "map")

    def on_descendant_focus(self) -> None:
        self._title()
        self._offer()

    def on_parameters_asked(self) -> None:
        self.action_verb("change")

    # -- the map and the panes ---------------------------------------------------------------------------------------

    def show_pane(self, pane: str) -> None:
        """Bring a pane into sight and give it the keys."""
        if pane != "map":
            self._pane = pane
            for name in PANES:
                self.set_class(name == pane, f"-show-{name}")
            self._title()
        self.call_after_refresh(self.query_one(PANES[pane]).focus)

    def change_view(self, by: int) -> None:
        """The next view, or the one before."""
        at = (VIEWS.index(self._map.view) + by) % len(VIEWS)
        self._map.set_view(VIEWS[at].name)

    def zoom(self, inwards: bool) -> None:
        """A level in at the cursor, or out."""
        if inwards:
            self._map.zoom_in()
        else:
            self._map.zoom_out()

    @property
    def depth(self) -> int:
        """Levels that the map is zoomed in."""
        return len(self._map.scopes) - 1

    @property
    def can_zoom_in(self) -> bool:
        """Is there a level further in?"""
        return self._map.deeper() is not None

    def fold(self) -> None:
        """Fold runs of blocks that are alike, or unfold them."""
        self._map.fold()

    @property
    def fault(self) -> int | None:
        """The page (pfn) that was in the way of the last command."""
        return self._fault

    def show_fault(self) -> None:
        """Zoom to the page in the way."""
        if self._fault is not None:
            self._map.zoom_to_page(self._fault)
