"""All states that the machine was in, to be named and gone to."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from altmap.engine import Machine, Step
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList

from ...printable import printable
from ..states import Row, Verb, rows
from ..widgets.heading import CLOSE, LEAVE, Heading, Hint
from .dialog import Dialog

SIGNS: Final = {"here": ("●", "$primary"), "path": ("│", "$primary"), "aside": ("·", "$quiet")}
DEEPEST: Final = 6
"""Branches deeper than this are indented as far as this."""


class NameDialog(Dialog[str]):
    """One line of input; an empty answer takes the name away."""

    def __init__(self, number: int, name: str) -> None:
        super().__init__()
        self._number = number
        self._name_now = name

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Heading(f"Name of state {self._number}", Hint("enter", "names it", "answer"), LEAVE)
            yield Input(self._name_now, placeholder="such as before the DIMM", compact=True, classes="line")

    def on_input_submitted(self) -> None:
        self.action_answer()

    def action_answer(self) -> None:
        """Close with the name that stands there."""
        self.dismiss(self.query_one(Input).value.strip())


class TimelineScreen(Dialog[int]):
    """The tree of states; the answer is the number of the one to go to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("n", "name", "Name it")]

    def __init__(self, machine: Machine, verb_of: Callable[[Step], Verb | None]) -> None:
        super().__init__()
        self._machine = machine
        self._verb_of = verb_of
        self._rows: list[Row] = []

    def compose(self) -> ComposeResult:
        self._rows = rows(self._machine, self._verb_of)
        with Vertical(classes="box -broad"):
            yield Heading("States", Hint("enter", "goes there", "go"), Hint("n", "names it", "name"), CLOSE)
            yield OptionList(*self._prompts(), id="states", compact=True)

    def on_mount(self) -> None:
        states = self.query_one(OptionList)
        states.highlighted = next(at for at, row in enumerate(self._rows) if row.place == "here")
        states.focus()

    def _prompts(self) -> list[Content]:
        number = len(str(len(self._rows) - 1))
        result = max(len(row.result) for row in self._rows)
        return [_prompt(row, number, result) for row in self._rows]

    def on_option_list_option_selected(self) -> None:
        self.action_go()

    def action_go(self) -> None:
        """Close with the state under the cursor."""
        if (at := self.query_one(OptionList).highlighted) is not None:
            self.dismiss(self._rows[at].number)

    def action_name(self) -> None:
        """Ask for a name of the state under the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is None:
            return
        row = self._rows[at]

        def name_it(name: str | None) -> None:
            if name is not None:
                self._machine.timeline.name(row.number, name)
                self._rows = rows(self._machine, self._verb_of)
                self.query_one(OptionList).replace_option_prompt_at_index(at, self._prompts()[at])

        self.app.push_screen(NameDialog(row.number, row.name), name_it)


def _prompt(row: Row, number: int, result: int) -> Content:
    sign, color = SIGNS[row.place]
    return Content.assemble(
        (f"{row.number:>{number}} ", "$quiet"),
        (f"{sign} ", f"bold {color}"),
        (f"{row.result:<{result}} ", "$success" if row.result == "ok" else "$error"),
        ("  " * min(row.depth, DEEPEST), ""),
        (f"{printable(row.name)}: " if row.name else "", "bold $primary"),
        (printable(row.command), "bold" if row.place == "here" else "$foreground" if row.place == "path" else "$quiet"),
    )
