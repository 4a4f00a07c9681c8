"""All states that the machine was in, to be named and gone to."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Final

from altmap.engine import Measured
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList

from ...picture.lines import Line
from ...printable import printable
from ..graphs import graphs
from ..places import Goal
from ..session import Session
from ..states import Row, rows, way
from ..widgets.drawn import Drawn, palette_of
from ..widgets.heading import CLOSE, LEAVE, Heading, Hint
from .dialog import Dialog
from .difference import DifferenceScreen

SIGNS: Final = {"here": ("●", "$primary"), "path": ("│", "$primary"), "aside": ("·", "$quiet")}
HINTS: Final = (
    Hint("enter", "goes", "go"),
    Hint("d", "differs", "differ"),
    Hint("space", "from", "mark"),
    Hint("n", "names", "name"),
)
MOST: Final = 512
"""States along which a graph is drawn."""
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


class Graphs(Drawn):
    """The numbers that the plan is followed by, along the way that the cursor is on."""

    def __init__(self, session: Session) -> None:
        super().__init__(id="graphs")
        self._session = session
        self._way: tuple[list[Measured], int] = ([], 0)

    def show(self, number: int, shown: Collection[int]) -> None:
        """The way through a state."""
        numbers = way(self._session.machine, number, shown)
        if len(numbers) > MOST:
            at = numbers.index(number)
            numbers = numbers[max(0, at - MOST // 2) :][:MOST]
        self._way = self._session.measures(numbers), numbers.index(number)
        self.refresh()

    def row(self, y: int) -> Line:
        measures, at = self._way
        if not measures:
            return ()
        page = self._session.machine.geometry.page_size
        lines = graphs(measures, at, page, self.size.width, palette_of(self.app))
        return lines[y] if y < len(lines) else ()


class TimelineScreen(Dialog[int | Goal]):
    """The tree of states; the answer is the number of the one to go to, or a block in which two of them differ."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "name", "Name it"),
        Binding("d", "differ", "What differs"),
        Binding("space", "mark", "From here"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._machine = session.machine
        self._rows: list[Row] = []
        self._from: int | None = None

    def compose(self) -> ComposeResult:
        self._rows = rows(self._machine, self._session.shown_verb)
        with Vertical(classes="box -broad"):
            yield Heading("States", *HINTS, CLOSE)
            yield Graphs(self._session)
            yield OptionList(*self._prompts(), id="states", compact=True)

    def on_mount(self) -> None:
        states = self.query_one(OptionList)
        states.highlighted = next(at for at, row in enumerate(self._rows) if row.place == "here")
        states.focus()

    def _prompts(self) -> list[Content]:
        number = max(len(row.numbers) for row in self._rows)
        result = max(len(row.result) for row in self._rows)
        return [_prompt(row, number, result, row.number == self._from) for row in self._rows]

    def on_option_list_option_highlighted(self) -> None:
        self.query_one(Heading).tell(*HINTS, CLOSE)
        if (row := self._row) is not None:
            self.query_one(Graphs).show(row.number, {one.number for one in self._rows})

    def on_option_list_option_selected(self) -> None:
        self.action_go()

    @property
    def _row(self) -> Row | None:
        """The state under the cursor."""
        at = self.query_one(OptionList).highlighted
        return None if at is None else self._rows[at]

    def action_go(self) -> None:
        """Close with the state under the cursor."""
        if (row := self._row) is not None:
            self.dismiss(row.number)

    def action_mark(self) -> None:
        """What differs is told from this state on; or again from the present one."""
        if (row := self._row) is not None:
            self._from = None if row.number == self._from else row.number
            states = self.query_one(OptionList)
            for at, prompt in enumerate(self._prompts()):
                states.replace_option_prompt_at_index(at, prompt)

    def action_differ(self) -> None:
        """What differs between the marked state, else the present one, and the one under the cursor."""
        if (row := self._row) is None:
            return
        start = self._from if self._from is not None else self._machine.timeline.present.number
        if start == row.number:
            self.query_one(Heading).warn("the same state: mark another with space")
            return
        numbers = sorted((start, row.number))
        names = [self._called(number) for number in numbers]
        before, after = zip(names, self._session.copies(numbers), strict=True)
        self.app.push_screen(DifferenceScreen(before, after, numbers.index(row.number)), self._leave_for)

    def _leave_for(self, goal: Goal | None) -> None:
        if goal is not None:
            self.dismiss(goal)

    def _called(self, number: int) -> str:
        """How a state is called where two are told apart."""
        step = self._machine.timeline.steps[number]
        verb = self._session.shown_verb(step)
        return printable(step.name or (verb[1] if verb else "the beginning"))

    def action_name(self) -> None:
        """Ask for a name of the state under the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is None:
            return
        row = self._rows[at]

        def name_it(name: str | None) -> None:
            if name is not None:
                self._machine.timeline.name(row.number, name)
                self._rows = rows(self._machine, self._session.shown_verb)
                self.query_one(OptionList).replace_option_prompt_at_index(at, self._prompts()[at])

        self.app.push_screen(NameDialog(row.number, row.name), name_it)


def _prompt(row: Row, number: int, result: int, marked: bool) -> Content:
    sign, color = ("◆", "$warning") if marked else SIGNS[row.place]
    depth = min(row.depth, DEEPEST)
    tree = "│ " * (depth - 1) + ("├─" if row.begins else "│ ") if depth else ""
    return Content.assemble(
        (f"{row.numbers:>{number}} ", "$quiet"),
        (f"{row.result:<{result}} ", "$success" if row.result == "ok" else "$error"),
        (tree, "$quiet"),
        (f"{sign} ", f"bold {color}"),
        (f"{printable(row.name)}: " if row.name else "", "bold $primary"),
        (printable(row.command), "bold" if row.place == "here" else "$foreground" if row.place == "path" else "$quiet"),
        (f"  instead, after {row.parent}" if row.begins else "", "$quiet"),
    )
