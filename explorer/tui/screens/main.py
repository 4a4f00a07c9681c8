"""The main screen: the map and what is beside it, the plan, the result of the last command, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from altmap.engine import Advice, Offline, worth_knowing
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Event, Key, Resize
from textual.widget import Widget

from ... import facts
from ...picture.can_go import CanGo
from ...picture.overlay import Happening
from ...picture.view import BlockOutlook
from .. import changes, plan
from ..greeting import greeting
from ..outlooks import Outlooks
from ..session import Batch, Session
from ..sheets import Place
from ..verbs import BY_NAME, VERBS
from ..widgets.bars import Offer, ResultBar
from ..widgets.ground import Ground, Panes
from ..widgets.inspector import Inspector
from ..widgets.keys import Keys
from ..widgets.map_legend import MapLegend
from ..widgets.memory_map import MOVES, MemoryMap
from ..widgets.overview import OverviewLine
from ..widgets.painted import Scroller
from ..worded import Word
from . import titles
from .doing import DoingScreen

if TYPE_CHECKING:
    from ..widgets.parameters import Parameters

PANES: Final = ("map", "inspector", "zones", "log", "parameters")
"""The widgets that can be given the keys, by their names; all but the map share one place."""

ALWAYS: Final = ("verb('help')", "verb('quit')", "command_palette")
"""The keys that no footer is too narrow for."""

WIDE: Final = 170
"""From so many columns on the levels below the cursor stand beside the map."""
TALL: Final = 32
"""From so many rows on maps are likely to leave room for the table of nodes."""
BESIDE: Final = 122
"""Columns of all else then: the map, the panes at the right, and one between each two."""


class MainScreen(Ground, DoingScreen):
    """The desk that verbs work on. After each verb every pane reads the machine anew; nothing else changes them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(verb.key, f"verb('{verb.name}')", verb.label, show=verb.footer, tooltip=verb.sentence, priority=True)
        for verb in VERBS
    ]

    AUTO_FOCUS = "MemoryMap"
    LOG: ClassVar[str] = "kernel log"
    """What the log is called where it has a title of its own."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._possible: frozenset[str] = frozenset()
        self._seen_once = False
        self._pane = "inspector"
        self._seen = dict(session.machine.sections)
        self._news: list[int] = []
        self._worth: tuple[Advice, ...] = ()
        self._changes = changes.Changes({}, {}, {})
        self.verdicts = Outlooks(session.machine)
        self._map = MemoryMap(session.machine, self.verdicts)

    def compose(self) -> ComposeResult:
        machine = self.machine
        yield OverviewLine(machine, self.verdicts)
        yield Keys(ALWAYS)
        yield ResultBar()
        with Panes(id="right", classes="-show-inspector"):
            yield Inspector(machine, id="inspector")
        yield self._map
        if len(machine.nodes) > 1:
            yield self.node_strip(display=self.app.size.height >= TALL)
        yield MapLegend(self._map)

    def _pane_of(self, name: str) -> Widget:
        """A pane by its name; one beside the map is made when it is asked for first, for what is there costs with each key."""
        if not self.query(f"#{name}"):
            from ..widgets.parameters import Parameters
            from ..widgets.zone_table import ZoneTable

            made = {"zones": ZoneTable, "parameters": Parameters}.get(name)
            pane = made(self.machine, id=name) if made else self.log_pane(id=name)
            self.query_one("#right").mount(pane, after="#inspector")
        return self.query_one(f"#{name}")

    def log_pane(self, **options: Any) -> Scroller:
        """What tells what was done."""
        from ..widgets.kernel_log import KernelLog

        return KernelLog(self.machine, self.session.verb_of, **options)

    def on_resize(self, event: Resize) -> None:
        """Where there is room for more than one pane beside the map, there are more; they are made once."""
        if event.size.width < WIDE:
            return
        if self._levels is None:
            from ..widgets.levels import Levels
            from ..widgets.zone_table import ZoneTable

            self._levels = Levels(self._map)
            zones, log = ZoneTable(self.machine, id="zones-under"), self.log_pane(id="log-under")
            zones.entitle([Word("▌", "faint"), Word("zones", "strong")], [Word("pages ", "faint")])
            log.entitle([Word("▌", "faint"), Word(self.LOG, "strong")])
            self.mount(self._levels, after="#right")
            self.mount(Panes(zones, log, id="under"))
            self.query_one("#right").mount(Inspector(self.machine, id="page"))
            self.call_after_refresh(self._show_block)
        self._levels.styles.width = event.size.width - BESIDE

    def _compositor_refresh(self) -> None:
        """Textual draws all that there is; before the map was told its size all that would be drawn again at once."""
        if self._map.placed or not self._map.size:
            super()._compositor_refresh()

    def on_mount(self) -> None:
        self._show_machine()
        self._greet()
        self.show_offers()

    def _greet(self) -> None:
        self.query_one(ResultBar).say(*greeting(self.session))

    # -- what is seen -----------------------------------------------------------------------------------------------

    @property
    def refused(self) -> Batch | None:
        """What was refused last, as long as the cursor and the marks stay as they were then."""
        return self._refused[0] if self._refused and self._refused[1:] == (self.cursor, self.marks) else None

    def _show_machine(self) -> None:
        self._changes = changes.changes(self._seen, self.machine)
        self._seen = dict(self.machine.sections)
        self._map.show()
        self._map.show_happening(Happening(self._changes.pages))
        self.query_one(MapLegend).refresh()
        self.query_one(OverviewLine).reload()
        for pane in self.query(Scroller):
            if not isinstance(pane, Inspector):
                pane.reload()
        self._worth = worth_knowing(self.machine)
        alarm = facts.alarm(self.machine, self._worth)
        self.query_one(OverviewLine).show_status(alarm)
        self.query_one(ResultBar).entitle(*self.planned(alarm))
        if self._search is not None:
            self._find()
        self.show_strips(changed=True)
        self._show_block()
        self._ask_all()

    def planned(self, alarm: str) -> tuple[list[Word], list[Word]]:
        """The words of the strip below the map; `alarm`: that hardly any memory is left."""
        width, made = self.app.size.width, plan.chips(self.session)
        left = plan.words(self.session, made, width)
        return left, plan.free_words(self.session, made, alarm, width - sum(len(word.text) for word in left))

    def _show_block(self) -> None:
        if not self._map.placed:  # as soon as it is, it is told
            return
        place = self._place()
        self._link()
        if self.has_class("-huge") and self._levels is not None:
            self.query_one("#inspector", Inspector).show(replace(place, level="machine"))
            self._levels.show(self._point(place))
        else:
            self.query_one("#inspector", Inspector).show(place)
        self.show_strips(changed=False)
        self.query_one(OverviewLine).show(self._map.pfn, self._map.scope)
        self._title()
        self._offer()

    def _place(self) -> Place:
        map_ = self._map
        found = self.verdicts.prospects() if map_.view is CanGo else None
        each = self.verdicts.each(titles.in_cell(map_), self._may_ask)
        return Place(map_.pfn, map_.picture.cell, map_.scope.level, self._outlook(), self._fault_here(), found, each)

    def _fault_here(self) -> int | None:
        """The page in the way, if it is in the selected block."""
        size = self.machine.geometry.pages_per_block
        return self._fault if self._fault is not None and self._fault // size == self.cursor else None

    def _outlook(self) -> BlockOutlook | None:
        """Whether the selected block can go."""
        return self.verdicts.ask(self.cursor) if self._may_ask else self.verdicts.of(self.cursor)

    @property
    def _may_ask(self) -> bool:
        """Whether blocks are asked at once: when nothing is under way, and memory is on the screen, which comes first."""
        return self._seen_once and self.session.running is None

    def _title(self) -> None:
        if not self._map.placed:
            return
        self._map.entitle(*titles.of_map(self._map))
        self.query_one(f"#{self._pane}", Scroller).entitle(
            *titles.of_panel(self._map, self._pane, self.pane == self._pane, self.verdicts, self.app.size.width)
        )

    def _offer(self) -> None:
        """Have the footer written anew, if it names other keys now."""
        possible = frozenset(verb.name for verb in VERBS if verb.footer and verb.possible(self))
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    def on_memory_map_reshaped(self) -> None:
        self.query_one(MapLegend).refresh()
        self.on_memory_map_moved()
        self._ask_all()
        if not self._seen_once:
            self.call_after_refresh(self._ask_first)

    def _ask_first(self) -> None:
        """Ask of what is under the cursor: what answers is imported with the first question."""
        self._seen_once = True
        self._show_block()

    def on_memory_map_moved(self) -> None:
        self.show_offers()
        self._show_block()

    def on_memory_map_marked(self) -> None:
        self.query_one(MapLegend).follow()
        self.show_offers()
        self._title()
        self._offer()

    def show_offers(self) -> None:
        """Name the keys that lead on from the last result, until the next one; why is asked of what is under the cursor."""
        offers = self._search_offers()
        if self._worth and not self.machine.history:
            said = f"show {len(self._worth)} thing{'s' * (len(self._worth) > 1)} worth knowing"
            offers.append(Offer("4", said, "worth knowing", "verb('pane_parameters')"))
        if self._refused is not None:
            if self._fault is not None:
                offers.append(Offer("x", "show the page", "show", "verb('show_page')"))
            if self.refused is not None:
                offers.append(Offer("w", "what would help", "why", "verb('why')"))
            if isinstance(self._refused[0].refused[0].command, Offline):
                offers.append(Offer("b", "what would go instead", "others", "verb('instead')"))
        self.query_one(ResultBar).offer(offers)

    def forget_changed(self) -> None:
        """A key was pressed: what the operation before it changed is pointed out no longer."""
        self._map.show_happening(Happening())
        self.query_one(MapLegend).follow()

    def on_overview_line_asked(self, message: OverviewLine.Asked) -> None:
        self._map.go(message.pfn)

    def action_go_to_state(self, number: int) -> None:
        """To a state of the plan."""
        if self.session.running is None and number != self.machine.timeline.present.number:
            self.go_to_state(number)

    # -- what is done -----------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "verb":
            return self.is_mounted and BY_NAME[str(parameters[0])].possible(self)
        return super().check_action(action, parameters)

    def action_verb(self, name: str) -> None:
        """Do what a key, the footer or the palette asks for."""
        BY_NAME[name].run(self)

    def takes(self, event: Event) -> bool:
        """Can it be answered now? While a verb runs, what its end may change waits for that."""
        if self._asking or self.session.running is None:
            return not self._asking
        verbs = [verb for verb in VERBS if isinstance(event, Key) and event.key in verb.key.split(",")]
        return isinstance(event, Key) and (not verbs or any(verb.possible(self) for verb in verbs))

    def stopped_by(self, event: Event) -> bool:
        """Is it the key that stops the verb that runs?"""
        return self.session.running is not None and isinstance(event, Key) and event.key == BY_NAME["stop"].key

    def on_key(self, event: Key) -> None:
        """A key whose verbs all have nothing to do says why; one that has no verb says that."""
        if event.key in MOVES and self._map.has_focus:
            return
        verbs = [verb for verb in VERBS if event.key in verb.key.split(",")]
        reasons = [(verb.label, reason) for verb in verbs if (reason := verb.idle(self))]
        if verbs and len(reasons) == len(verbs):
            from ..manual import KEY_NAMES

            label = reasons[0][0] if len(reasons) == 1 else KEY_NAMES.get(event.key, event.key)
            self.query_one(ResultBar).hint(f"{label}: {', '.join(dict.fromkeys(reason for _, reason in reasons))}")
        elif not verbs and event.key not in self.active_bindings:
            name = event.character if event.is_printable else event.key
            self.query_one(ResultBar).hint(f"{name}: no such key, ? for help")

    @property
    def pane(self) -> str:
        """The pane that has the keys."""
        return self.focused.id if self.focused is not None and self.focused.id in PANES else "map"

    def on_descendant_focus(self) -> None:
        self._title()
        self._offer()

    def on_parameters_chosen(self, message: Parameters.Chosen) -> None:
        self.query_one(ResultBar).hint(message.words)

    def on_parameters_asked(self) -> None:
        self.action_verb("change")

    # -- the map and the panes ---------------------------------------------------------------------------------------

    def show_pane(self, pane: str) -> None:
        """Bring a pane into sight and give it the keys."""
        shown = self._pane_of(pane)
        if pane != "map":
            self._pane = pane
            self.query_one("#right").update_classes({f"-show-{name}": name == pane for name in PANES})
            self._title()
        self.call_after_refresh(shown.focus)
