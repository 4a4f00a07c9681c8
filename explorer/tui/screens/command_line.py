"""The command line: a line of a script, or several with ; between them, a question, or a place; typed at the bottom of the
screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from altmap.engine import BadInput, Command, Machine, asked_by_size, by_blocks, parse_line
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from ...printable import printable
from ..places import Goal, NotThere, goals
from .dialog import Dialog

EXAMPLE = "a line of a script: allocate 64M movable; why offline 0x150c31; or a place"


class Typed(NamedTuple):
    """A line, and the commands that it stands for, to be done or, if it `asks`, to be explained; of one that asks to give
    back so much memory the bytes (None: all) and the node (None: any); of a place alone where that is. `verbs`: what stands
    between its semicolons, and how many of the commands each of that is."""

    line: str
    commands: tuple[Command, ...] = ()
    verbs: tuple[tuple[str, int], ...] = ()
    asks: bool = False
    size: tuple[int | None, int | None] | None = None
    goal: Goal | None = None


def typed(machine: Machine, line: str) -> Typed | None:
    """What a line means; None where it means nothing, as a remark does. Raises `BadInput`."""
    words = line.split(maxsplit=1)
    if words and words[0].lower() == "boot":
        raise BadInput(
            "a boot is no line: esc, then 4 shows the parameters, where enter on one, such as the kernel model, boots"
        )
    asks = len(words) == 2 and words[0].lower() == "why"
    asked = words[1] if asks else line
    if (size := asked_by_size(asked)) is not None:
        return Typed(line, size=size)
    if not asks and (goal := _place(machine, line)) is not None:
        return Typed(line, goal=goal)
    meant = [(part.strip(), parse_line(by_blocks(machine, part))) for part in asked.split(";")]
    commands = tuple(command for _, those in meant for command in those)
    verbs = tuple((part, len(those)) for part, those in meant if those)
    return Typed(line, commands, verbs, asks) if commands else None


def _place(machine: Machine, line: str) -> Goal | None:
    """Where a line goes that is the name of a place and of nothing else. Raises `NotThere`."""
    try:
        return next(iter(goals(machine, line)))
    except NotThere:
        raise
    except BadInput:
        return None


def one_line(text: str) -> str:
    """The lines of a script as one, without remarks, and without what a terminal might obey."""
    lines = (line.expandtabs(1).partition("#")[0].strip() for line in text.splitlines())
    return "; ".join(printable(line) for line in lines if line)


class Field(Input):
    """Of what is pasted into it, no line is lost."""

    def on_paste(self, event: events.Paste) -> None:
        event.text = one_line(event.text)


class CommandLine(Dialog[Typed]):
    """The answer is a line that can be understood; what cannot is explained above it, and stays. Up and down bring back
    what was typed before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", "Earlier line", show=False),
        Binding("down", "recall(1)", "Later line", show=False),
    ]

    def __init__(self, machine: Machine, earlier: Sequence[str], line: str = "", complaint: str = "") -> None:
        super().__init__()
        self._machine = machine
        self._lines = [*earlier, line]
        self._at = len(earlier)
        self._complaint = complaint
        self._wrong = line

    def compose(self) -> ComposeResult:
        with Vertical(id="line"):
            yield Static(id="complaint", markup=False)
            with Horizontal():
                yield Label(":")
                yield Field(self._lines[-1], placeholder=EXAMPLE, compact=True, select_on_focus=False)
                yield Static("F1 help", classes="hint")

    def on_mount(self) -> None:
        self._complain(self._complaint)
        self.query_one(Input).focus()

    def _complain(self, sentence: str) -> None:
        """A sentence above the line; none takes no place."""
        place = self.query_one("#complaint", Static)
        place.update(sentence)
        place.set_class(not sentence, "-none")

    def action_recall(self, by: int) -> None:
        """Bring back another line; the one that is being typed waits at the end."""
        field = self.query_one(Input)
        self._lines[self._at] = field.value
        self._at = min(max(self._at + by, 0), len(self._lines) - 1)
        field.value = self._lines[self._at]
        field.cursor_position = len(field.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.value != self._wrong:
            self._complain("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            meant = typed(self._machine, event.value.strip())
        except BadInput as error:
            self._wrong = event.value
            self._complain(str(error))
            return
        self.dismiss(meant)
