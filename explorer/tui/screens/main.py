"""The main screen: block map, inspector, zones and log, the result of the last command, and the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from altmap.engine import Add, BadInput, Command, Machine, Step, describe, format_address, format_bytes
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.events import Key
from textual.screen import Screen

from ... import facts
from .. import words
from ..session import Batch, Session
from ..verbs import BY_NAME, VERBS
from ..widgets.bars import ResultBar, StatusLine
from ..widgets.block_map import BlockMap
from ..widgets.inspector import Inspector
from ..widgets.kernel_log import KernelLog
from ..widgets.keys import Keys
from ..widgets.legend import Legend
from ..widgets.painted import Painted
from ..widgets.zone_table import ZoneTable
from .add import AddDialog
from .command_line import CommandLine, Typed
from .error import ErrorScreen
from .goto import GoToDialog
from .help import HelpScreen
from .leave import LeaveDialog
from .save import SaveDialog
from .timeline import TimelineScreen
from .why import Choice, Told, WhyScreen, told, told_of_many, told_since

PANES: Final[dict[str, type[Painted]]] = {
    "map": BlockMap, "inspector": Inspector, "zones": ZoneTable, "log": KernelLog
}  # fmt: skip

ALWAYS: Final = ("verb('help')", "verb('quit')", "command_palette")
"""The keys that no footer is too narrow for."""

MOST_ASKED: Final = 32
"""Marked blocks that one question is about."""


class MainScreen(Screen[None]):
    """The desk that verbs work on. After each verb every pane reads the machine anew; nothing else changes them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(verb.key, f"verb('{verb.name}')", verb.label, show=verb.footer, tooltip=verb.sentence) for verb in VERBS
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._possible: frozenset[str] = frozenset()
        self._fault: int | None = None
        self._refused: tuple[Step, int, frozenset[int]] | None = None

    @property
    def machine(self) -> Machine:
        """The machine of the session."""
        return self.session.machine

    def compose(self) -> ComposeResult:
        machine = self.machine
        yield StatusLine(machine)
        with Container(id="panes"):
            with Container(id="upper"):
                with Vertical(id="blocks", classes="pane") as pane:
                    pane.border_title = "1 Blocks"
                    yield BlockMap(machine)
                    yield Legend(machine)
                yield Inspector(machine)
            with Container(id="lower"):
                yield ZoneTable(machine)
                yield KernelLog(machine)
        yield ResultBar()
        yield Keys(ALWAYS)

    def on_mount(self) -> None:
        self.query_one(ZoneTable).border_title = "3 Zones"
        self.query_one(KernelLog).border_title = "4 Kernel log"
        self.show_pane("map")
        self._greet()
        self._show_machine()

    def _greet(self) -> None:
        origin = self.machine.origin
        if warnings := self.machine.warnings:
            self.query_one(ResultBar).say("! warning", " ".join(f"{warning}." for warning in warnings), "busy")
            return
        notes = [note for note in (origin.description, *origin.notes) if note]
        pages = "" if "kpageflags" in origin.measured else "Pages are estimated from counters."
        said = ". ".join(note.rstrip(".") for note in notes[:1])
        self.query_one(ResultBar).say(
            "", " ".join(part for part in (said + "." if said else "", pages) if part), "plain"
        )

    # -- what is seen -----------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """The selected block."""
        return self.query_one(BlockMap).cursor

    @property
    def marks(self) -> frozenset[int]:
        """The marked blocks."""
        return self.query_one(BlockMap).marks

    @property
    def refused(self) -> Step | None:
        """What was refused last, as long as the cursor and the marks stay as they were then."""
        return self._refused[0] if self._refused and self._refused[1:] == (self.cursor, self.marks) else None

    def _show_machine(self) -> None:
        geometry = self.machine.geometry
        self.query_one(
            "#blocks"
        ).border_subtitle = f"{len(self.machine.blocks):,} x {format_bytes(geometry.block_size)}"
        self.query_one(BlockMap).show()
        self.on_block_map_reshaped()
        self.query_one(ZoneTable).reload()
        self.query_one(KernelLog).reload()
        self.query_one(StatusLine).show()
        self._show_block()

    def _show_block(self) -> None:
        self.query_one(Inspector).show(self.cursor, self._fault)
        place = facts.memmap_of(self.machine, self.cursor)
        self.query_one(BlockMap).show_hosts(frozenset(place.hosts) - {self.cursor})
        marks = len(self.marks)
        self.query_one("#blocks").border_title = f"1 Blocks · {marks} marked" if marks else "1 Blocks"
        self._offer()

    def _offer(self) -> None:
        possible = frozenset(verb.name for verb in VERBS if verb.possible(self))
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    def on_block_map_reshaped(self) -> None:
        self.query_one(Legend).show(self.query_one(BlockMap).letters_only)

    def on_block_map_moved(self) -> None:
        if self.refused is None:
            self._refused = None
        self.query_one(ResultBar).offer_why(self._refused is not None)
        self._show_block()

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
        self.query_one(BlockMap).mark(blocks)

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
            self.query_one(BlockMap).show()
            self._offer()

        batch: Batch | None = None
        try:
            batch = await self.session.run(label, commands, progress)
        except BadInput as error:
            bar.say("✗ refused", str(error), "refused")
            if typed:
                self._open_line(label, str(error))
        except Exception as error:
            bar.say("✗ fault", f"{label}: nothing was changed by it", "refused")
            self.app.push_screen(ErrorScreen(label, error))
        if batch is not None:
            self._fault = next((o.pfn for o in batch.outcomes if o.result == "EBUSY"), None)
            bar.tell(batch, self.machine)
        self._refused = None
        self._show_machine()
        if batch is not None and (block := words.added_block(batch, self.machine)) is not None:
            self.query_one(BlockMap).select(block)
        if batch is not None and batch.refusal is not None and not batch.stopped:
            self._refused = batch.refusal, self.cursor, self.marks
            bar.offer_why(True)
            self._offer()

    def take_back(self) -> None:
        """Undo the last verb."""
        self._moved("undone", self.session.undo())

    def do_again(self) -> None:
        """Redo what was undone."""
        self._moved("done again", self.session.redo())

    def _moved(self, badge: str, batch: Batch | None) -> None:
        if batch is not None:
            self._show_state(badge, batch.label)

    def _show_state(self, badge: str, text: str) -> None:
        """The machine is in another state, by no command."""
        self._fault = self._refused = None
        self.query_one(ResultBar).say(badge, text, "plain")
        self._show_machine()

    # -- dialogs and panes ------------------------------------------------------------------------------------------

    def ask_add(self, compares: bool = False) -> None:
        """Open the dialog for new memory; `compares`: to compare placements."""
        here = self.machine.blocks.get(self.cursor)
        node = here.node if here else min(self.machine.nodes, default=0)
        self.app.push_screen(AddDialog(self.machine, node, compares), self._add)

    def _add(self, command: Add | None) -> None:
        if command is not None:
            self.perform("add", [command])

    def explain(self, refused: Step) -> None:
        """Show why a command was refused, and do what is chosen there."""
        if (outcome := refused.outcome) is not None:
            self._answer(
                describe(outcome.command),
                lambda: told_since(self.session.explain(refused), self.machine.why_not(outcome.command)),
            )

    def ask_why(self, commands: Sequence[Command]) -> None:
        """Show what would come of commands, each for itself, and do what is chosen there."""

        def answer() -> Told:
            verdicts = [self.machine.why_not(command) for command in commands[:MOST_ASKED]]
            return told(*verdicts) if len(verdicts) == 1 else told_of_many(verdicts, len(commands) - len(verdicts))

        self._answer(", ".join(map(describe, commands[:1])), answer)

    def _answer(self, question: str, answer: Callable[[], Told]) -> None:
        try:
            screen = WhyScreen(*answer())
        except Exception as error:
            self.app.push_screen(ErrorScreen(f"why {question}", error))
            return
        self.app.push_screen(screen, self._remedy)

    def _remedy(self, choice: Choice | None) -> None:
        if choice is not None:
            self.perform("; ".join(choice.script), choice.commands)

    def ask_line(self) -> None:
        """Open the command line."""
        self._open_line()

    def _open_line(self, line: str = "", complaint: str = "") -> None:
        self.app.push_screen(CommandLine(self.session.typed, line, complaint), self._type)

    def _type(self, typed: Typed | None) -> None:
        if typed is not None:
            if typed.line not in self.session.typed[-1:]:
                self.session.typed.append(typed.line)
            self.perform(typed.line, typed.commands, typed=True)

    def ask_state(self) -> None:
        """Open the tree of states."""
        self.app.push_screen(TimelineScreen(self.machine), self._go_to_state)

    def _go_to_state(self, number: int | None) -> None:
        if number is not None:
            self.machine.go_to(number)
            step = self.machine.timeline.present
            made = describe(step.outcome.command) if step.outcome else "the beginning"
            self._show_state(f"state {number}", step.name or made)

    def ask_file(self) -> None:
        """Open the dialog for a file to save to."""
        self.app.push_screen(SaveDialog(self.machine, f"{words.file_name(self.machine)}.json"), self._saved)

    def _saved(self, name: str | None) -> None:
        if name is not None:
            self.session.saved()
            states = len(self.machine.timeline)
            self.query_one(ResultBar).say("✓ saved", f"{name}, {states:,} state{'s' * (states != 1)}", "ok")

    def ask_block(self) -> None:
        """Open the dialog for a block to go to."""
        self.app.push_screen(GoToDialog(self.machine), self._go)

    def _go(self, block: int | None) -> None:
        if block is None:
            return
        self.query_one(BlockMap).select(block)
        here = words.block_name(self.cursor)
        said = f"{here} begins at {format_address(facts.block_address(self.machine, self.cursor))}."
        if self.cursor != block:
            said = f"There is no {words.block_name(block)}; {here} is nearest."
        self.query_one(ResultBar).say("", said, "plain")

    def show_help(self) -> None:
        """Open the list of all verbs."""
        self.app.push_screen(HelpScreen())

    def show_pane(self, pane: str) -> None:
        """Bring a pane into sight and give it the keys."""
        if pane != "map":
            for name in PANES:
                self.set_class(name == pane, f"-show-{name}")
        self.call_after_refresh(self.query_one(PANES[pane]).focus)

    def leave(self) -> None:
        """End the explorer, or ask first if states would be lost."""
        if self.session.unsaved:
            self.app.push_screen(LeaveDialog(self.session.unsaved), self._leave)
        else:
            self.app.exit()

    def _leave(self, answer: str | None) -> None:
        if answer == "quit":
            self.app.exit()
        elif answer == "save":
            self.ask_file()
