"""The dialogs of the main screen: what each is opened with, and what becomes of its answer. A dialog is imported when it is
opened, so that the first screen is there soon."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from altmap.engine import Add, BadInput, Machine, Write
from textual import work
from textual.events import Paste
from textual.message import Message

from ...settings import Keeper
from .. import words
from ..session import LEFT, Session
from ..widgets.bars import ResultBar
from ..widgets.map_legend import MapLegend
from ..widgets.memory_map import MemoryMap
from ..widgets.painted import Scroller
from .answering import AnsweringScreen

if TYPE_CHECKING:
    from ..live import Reader
    from ..manual import Entry
    from ..parameters import Row
    from ..picked import Picked
    from ..places import Goal
    from .command_line import Typed
    from .open import Opened
    from .take_home import TakenHome


@runtime_checkable
class Remembers(Protocol):
    """An application that keeps what was opened before."""

    keeper: Keeper


class AskingScreen(AnsweringScreen):
    """A screen that can ask; what is answered is performed, or shown, by the screen that it becomes."""

    OWN_KEYS: ClassVar[tuple[Entry, ...]] = ()
    """Keys that are no verb's, for the help."""
    live: bool = False
    """Is it the running machine, which is only looked at?"""

    class Booted(Message):
        """Another machine is to be shown in place of this one. `path`: the file or folder that it came from; `reader`: it is the
        running one, read by this; `first`: what is done there at once."""

        def __init__(
            self,
            machine: Machine,
            begun: str,
            path: str = "",
            reader: Reader | None = None,
            first: Picked | None = None,
        ) -> None:
            super().__init__()
            self.machine = machine
            self.begun = begun
            self.path = path
            self.reader = reader
            self.first = first

    class Saved(Message):
        """The machine is in a file now."""

        def __init__(self, machine: Machine, path: str) -> None:
            super().__init__()
            self.machine = machine
            self.path = path

    class Returned(Message):
        """Work goes on again with this session, on top of this one."""

        def __init__(self, session: Session) -> None:
            super().__init__()
            self.session = session

    class Entered(Message):
        """Work goes on with this session."""

        def __init__(self, session: Session) -> None:
            super().__init__()
            self.session = session

    def on_screen_resume(self) -> None:
        self.post_message(self.Entered(self.session))

    @property
    def cursor(self) -> int:
        """The selected block."""
        raise NotImplementedError

    @property
    def pane(self) -> str:
        """The pane that has the keys."""
        raise NotImplementedError

    def show_state(self, badge: str, text: str) -> None:
        """The machine is in another state, by no command."""
        raise NotImplementedError

    def ask_add(self, compares: bool = False) -> None:
        """Open the dialog for new memory; `compares`: to compare placements."""
        from .add import AddDialog

        here = self.machine.blocks.get(self.cursor)
        node = here.node if here else min(self.machine.nodes, default=0)
        self.app.push_screen(AddDialog(self.machine, node, compares), self._add)

    def _add(self, answer: Add | Picked | None) -> None:
        if isinstance(answer, Add):
            from ..picked import add_label

            self.perform(add_label(answer), [answer])
        elif answer is not None and answer.boot:
            self._boot(answer.boot, answer)
        elif answer is not None:
            self.perform(answer.label, answer.commands)

    def open_line(self, line: str = "", complaint: str = "") -> None:
        """Open the command line on a line that is to be corrected, with what is wrong with it."""
        from .command_line import CommandLine

        self.app.push_screen(CommandLine(self.machine, self.session.typed, line, complaint), self._type)

    def on_paste(self, event: Paste) -> None:
        """What is pasted stands in the command line before it is done."""
        from .command_line import one_line

        event.stop()
        if not self.live and self.session.running is None and (line := one_line(event.text)):
            self.open_line(line)

    def _type(self, typed: Typed | None) -> None:
        if typed is not None:
            if typed.line not in self.session.typed[-1:]:
                self.session.typed.append(typed.line)
            if typed.size is not None:
                self._presently(typed.line, partial(self.give_back, typed))
            elif typed.goal is not None:
                self._go(typed.goal)
            elif typed.asks:
                self.ask_why(typed.commands)
            else:
                self.perform(typed.line, typed.commands, typed)

    def ask_state(self) -> None:
        """Open the tree of states."""
        from .timeline import TimelineScreen

        self.app.push_screen(TimelineScreen(self.session), self.go_to_state)

    def go_to_state(self, number: int | Goal | None) -> None:
        """Take the machine to a state of its history, or the cursor to a place; None: nowhere else."""
        raise NotImplementedError

    def ask_file(self) -> None:
        """Open the dialog for a file to save to."""
        from .save import SaveDialog

        self.app.push_screen(SaveDialog(self.machine, f"{words.file_name(self.machine)}.json"), self._saved)

    def _saved(self, name: str | None) -> None:
        if name is not None:
            self.session.saved()
            self.post_message(self.Saved(self.machine, name))
            states = len(self.machine.timeline)
            self.query_one(ResultBar).say("✓ saved", f"{name}, {states:,} state{'s' * (states != 1)}", "ok")

    def ask_machine(self) -> None:
        """Open the dialog for another machine; this one waits below it."""
        from .open import OpenScreen

        app = self.app
        recent = app.keeper.settings.recent if isinstance(app, Remembers) else ()
        app.push_screen(OpenScreen(recent), self._open)

    def _open(self, opened: Opened | None) -> None:
        if opened is not None:
            self.post_message(self.Booted(opened.machine, "opened", opened.path, opened.reader))

    def go_live(self) -> None:
        """Show the running machine, and what differs there from this one."""
        self._read_running()

    @work(group="live", exclusive=True, exit_on_error=False)
    async def _read_running(self) -> None:
        from ..live import Reader

        reader = Reader(plan=self.machine.copy())
        try:
            reading = await asyncio.to_thread(reader.read)
        except (BadInput, OSError) as error:
            self.query_one(ResultBar).say("✗ not read", str(error), "refused")
            return
        self.post_message(self.Booted(reading.machine, "opened", reader=reader))

    def rehearse(self) -> None:
        """Leave the running machine for a copy of it."""

    def take_home(self) -> None:
        """Open the dialog for what can be taken along; the picture is that of the screen before it."""
        from ...taken_home import things
        from .take_home import TakeHomeDialog

        found = things(self.machine, self.app.export_screenshot(title=words.machine_name(self.machine)))
        self.app.push_screen(TakeHomeDialog(found, words.file_name(self.machine)), self._taken_home)

    def _taken_home(self, result: TakenHome | None) -> None:
        if result is not None:
            self.query_one(ResultBar).say(*result)

    def ask_block(self) -> None:
        """Open the dialog for a place to go to."""
        from .goto import GoToDialog

        self.app.push_screen(GoToDialog(self.machine), self._go)

    def _go(self, goal: Goal | None) -> None:
        if goal is None:
            return
        map_, block = self.query_one(MemoryMap), goal.pfn // self.machine.geometry.pages_per_block
        if goal.page:
            map_.zoom_to_page(goal.pfn)
        else:
            map_.select(block)
        said = f"{goal.words}."
        if self.cursor != block:
            said = f"There is no {words.block_name(block)}; {words.block_name(self.cursor)} is nearest."
        self.query_one(ResultBar).say("", said, "plain")

    def ask_parameter(self) -> None:
        """Open the dialog for the chosen parameter."""
        from ..widgets.parameters import Parameters
        from .parameter import ParameterDialog

        row = self.query_one(Parameters).chosen
        if row is not None and row.can_change:

            def change(text: str | None) -> None:
                if text is not None and text != row.value:
                    self._change(row, text)

            self.app.push_screen(ParameterDialog(row), change)

    def _change(self, row: Row, text: str) -> None:
        """Write a parameter, or boot a machine with it."""
        if row.how == "write":
            self.perform(f"{row.name} {text}", [Write(path=row.path, data=text)])
            return
        self._boot({row.key: text})

    def _boot(self, options: Mapping[str, str], first: Picked | None = None) -> None:
        """Go on with a machine that is derived from this one by a boot with options; where something is to be done there
        first, what the boot carries over is told before."""
        from altmap.engine import reboot

        try:
            machine = reboot(self.machine, options)
        except BadInput as error:
            self.query_one(ResultBar).say("✗ no boot", str(error), "refused")
            return
        booted = self.Booted(machine, "derived", first=first)
        if first is None:
            self.post_message(booted)
            return
        from ..picked import lost
        from .boot import BootDialog

        news = machine.origin.notes[: len(machine.origin.notes) - len(self.machine.origin.notes)]

        def answered(yes: bool | None) -> None:
            if yes:
                self.post_message(booted)

        self.app.push_screen(BootDialog(first, [*news, *lost(self.machine, machine)]), answered)

    def show_help(self) -> None:
        """Open the help: the pane that has the keys, the words in it, all verbs."""
        from ..manual import of_pane
        from .help import HelpScreen

        pane = self.focused if isinstance(self.focused, Scroller) else self.query_one(MapLegend)
        self.app.push_screen(HelpScreen(of_pane(self.pane, pane.words, self.OWN_KEYS)), self.run_asked)

    def run_asked(self, action: str | None) -> None:
        """Do what was chosen in the help."""
        if action is not None:
            self.call_later(self.run_action, action)

    def jump(self) -> None:
        """Show a letter on everything that can be given the keys or clicked."""
        self.call_later(self.run_action, "app.jump")

    def leave(self) -> None:
        """End the explorer, or ask first if states would be lost."""
        unsaved = sum(screen.session.unsaved for screen in self.app.screen_stack if isinstance(screen, AskingScreen))
        if unsaved:
            from .leave import LeaveDialog

            self.app.push_screen(LeaveDialog(unsaved), self._leave)
        else:
            self.app.exit(LEFT)

    def _leave(self, answer: str | None) -> None:
        if answer == "quit":
            self.app.exit(LEFT)
        elif answer == "save":
            self.ask_file()
