"""The command line: a line of a script, or several with ; between them, typed at the bottom of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from altmap.engine import BadInput, Command, asked_by_size, parse_line
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from ...printable import printable
from .dialog import Dialog

EXAMPLE = "a line of a script, such as: allocate 64M movable zone Movable"


class Typed(NamedTuple):
    """A line, and the commands that it stands for; or, of one that asks to give back so much memory, the bytes (None: all)
    and the node (None: any)."""

    line: str
    commands: tuple[Command, ...]
    size: tuple[int | None, int | None] | None = None


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

    def __init__(self, earlier: Sequence[str], line: str = "", complaint: str = "") -> None:
        super().__init__()
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
        line = event.value.strip()
        try:
            size = asked_by_size(line)
            parts = line.split(";") if size is None else ()
            commands = tuple(command for part in parts for command in parse_line(part))
        except BadInput as error:
            self._wrong = event.value
            self._complain(str(error))
            return
        self.dismiss(Typed(line, commands, size) if commands or size else None)
