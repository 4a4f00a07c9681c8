"""The screen for another machine, and the first one where none was named: what can be opened, each with its picture."""

from __future__ import annotations

import asyncio
import os.path
from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from altmap.engine import BadInput, Machine, capture, machine_names, open_machine
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from ...printable import printable
from ...settings import Recent
from ...tour.walk import Walk, open_tour
from ..choices import choices
from ..live import Reader
from ..parameters import model_row
from ..reading import read_unasked
from ..widgets.bars import ResultBar
from ..widgets.keys import Keys
from ..widgets.machine_card import MachineCard
from ..widgets.machine_list import MachineList
from ..widgets.title import Strip
from ..worded import Look, Word
from .dialog import Dialog
from .file import FileDialog
from .new import NewDialog
from .parameter import ParameterDialog
from .tour import TourScreen


class Opened(NamedTuple):
    """A machine that was opened, and the file or folder that it came from; "" where it can be opened by no path. `reader`: it
    is the running one, read by this."""

    machine: Machine
    path: str = ""
    reader: Reader | None = None


class OpenScreen(Dialog[Opened]):
    """The answer is the machine. `recent`: those that were opened before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("enter", "open", "Open"),
        Binding("m", "model", "Other model"),
        Binding("slash", "filter", "Filter"),
        Binding("f", "file", "File"),
        Binding("t", "capture", "This machine"),
        Binding("l", "live", "Live"),
        Binding("n", "new", "New"),
        Binding("T", "tour", "Tour"),
        Binding("question_mark,f1", "app.help", "Help"),
        Binding("escape,q", "leave", "Leave"),
    ]
    CLOSES_BESIDE = False

    def __init__(self, recent: Sequence[Recent] = ()) -> None:
        super().__init__()
        self._choices = choices(recent)
        self._tried = ""
        """The path that was chosen last: where it opens, this screen is gone."""

    def compose(self) -> ComposeResult:
        yield Strip("open-title")
        yield Input(placeholder="words that stand in its name or in what it is", compact=True, id="filter")
        with Horizontal(id="opened"):
            yield MachineList(self._choices)
            with Vertical(id="card"):
                yield Strip("card-title")
                yield MachineCard()
        yield ResultBar()
        yield Keys(("open", "leave"))

    def on_mount(self) -> None:
        self._list = self.query_one(MachineList)
        hint = [Word(" /", "key", "screen.filter"), Word(" type to filter ", "dim", "screen.filter")]
        self.query_one("#open-title", Strip).set([Word(" altmap ", "chosen"), Word("  open a machine", "strong")], hint)
        self._list.focus()
        self._say("")
        self._show()
        self._read()

    # -- what is seen -----------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """The chosen row at the right."""
        chosen, card, title = self._list.chosen, self.query_one(MachineCard), self.query_one("#card-title", Strip)
        if chosen is None:
            title.set([Word("▌", "faint")])
            card.show(None)
            return
        right = [Word(" enter opens ", "key", "screen.open")]
        title.set([Word("▌", "accent"), Word(printable(chosen.name), "strong")], right)
        machine = self._list.machine
        unread = "" if machine is not None or not chosen.source else "its picture comes when it is opened"
        if chosen.source and chosen.source not in self._list.known:
            unread = "reading …"
        card.show(machine, chosen.about, unread)

    def on_machine_list_chosen(self) -> None:
        self._show()

    @work(group="pictures", exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        """Read the machines one after the other, beside the screen."""
        while (source := self._list.unread()) is not None:
            self._list.learn(source, await asyncio.to_thread(read_unasked, source))

    def _say(self, badge: str, text: str = "", look: Look = "plain") -> None:
        if not badge:
            text = "All is done to a copy in memory; files and this machine are only read."
        self.query_one(ResultBar).say(badge, text, look)

    # -- what is done -----------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """To another row."""
        self._list.move(by)

    def action_filter(self) -> None:
        """Type words that stand in what is looked for."""
        self.add_class("-filtering")
        self.query_one("#filter", Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._list.filter(event.value)

    def on_input_submitted(self) -> None:
        self.action_open()

    def on_machine_list_asked(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Open what is chosen, or lead on to it."""
        chosen = self._list.chosen
        if chosen is None:
            return
        if chosen.action:
            self.call_later(self.run_action, chosen.action)
        elif (machine := self._list.machine) is not None:
            self._answer(machine, chosen.source)
        else:
            self._get(lambda: open_machine(chosen.source), chosen.source)

    def action_model(self) -> None:
        """Open the chosen machine under the rules of another kernel."""
        chosen = self._list.chosen
        if chosen is None or not chosen.source:
            self._say("", "first choose a machine: the model is the kernel whose rules hold there")
            return

        def answered(model: str | None) -> None:
            if model is not None:
                self._get(lambda: open_machine(chosen.source, model=model), chosen.source)

        self.app.push_screen(ParameterDialog(model_row(self._list.machine)), answered)

    def action_file(self) -> None:
        """Choose a file or a captured folder."""

        def answered(path: str | None) -> None:
            if path is not None:
                self._tried = path
                self._get(lambda: open_machine(path), path)

        self.app.push_screen(FileDialog(self._tried), answered)

    def action_capture(self) -> None:
        """The machine that this runs on; it is only read."""
        self._get(capture, "")

    def action_live(self) -> None:
        """The same, read again and again."""
        reader = Reader()
        self._get(lambda: reader.read().machine, "", reader)

    def action_new(self) -> None:
        """A machine from words."""

        def answered(machine: Machine | None) -> None:
            if machine is not None:
                self._answer(machine, "")

        self.app.push_screen(NewDialog(), answered)

    def action_tour(self) -> None:
        """The bundled tour."""
        self.app.push_screen(TourScreen(Walk(open_tour())))

    def action_leave(self) -> None:
        """End the filter; where there is none, the screen."""
        if self.has_class("-filtering"):
            self.remove_class("-filtering")
            self.query_one("#filter", Input).value = ""
            self._list.focus()
        else:
            self.dismiss(None)

    @work(group="opening", exclusive=True, exit_on_error=False)
    async def _get(self, opened: Callable[[], Machine], source: str, reader: Reader | None = None) -> None:
        """Beside the screen: keys are answered meanwhile."""
        self._say("…", "opening; esc leaves", "busy")
        try:
            machine = await asyncio.to_thread(opened)
        except (BadInput, OSError) as error:
            again = "; f has the path again" if source and source == self._tried else ""
            self._say("✗ not opened", f"{error}{again}", "refused")
            return
        self._answer(machine, source, reader)

    def _answer(self, machine: Machine, source: str, reader: Reader | None = None) -> None:
        path = source if source and (os.path.exists(source) or source not in machine_names()) else ""
        self.dismiss(Opened(machine, path, reader))
