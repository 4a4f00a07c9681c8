"""The dialog for going to a place."""

from __future__ import annotations

from typing import ClassVar

from altmap.engine import BadInput, Machine
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from ..places import Goal, goals
from ..widgets.heading import LEAVE, Heading, Hint
from .dialog import Dialog


class GoToDialog(Dialog[Goal]):
    """One line of input; where it can be read in two ways both are offered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "other(1)", show=False, priority=True),
        Binding("up", "other(-1)", show=False, priority=True),
    ]

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine
        self._goals: list[Goal] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Heading("Go to", Hint("enter", "goes", "go"), LEAVE)
            yield Input(placeholder="40, memory40, 5G, pfn 0x150c31, node 1, Movable", compact=True, id="place")
            yield OptionList(id="choices")
            yield Static(id="complaint", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._offer("")

    def _offer(self, text: str) -> str:
        """Show what a text may mean; returns the complaint if it means nothing."""
        complaint = ""
        try:
            self._goals = goals(self._machine, text) if text.strip() else []
        except BadInput as error:
            self._goals, complaint = [], str(error)
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_options([Content(goal.words) for goal in self._goals])
        choices.display = bool(self._goals)
        choices.highlighted = 0 if self._goals else None
        return complaint

    def on_input_changed(self, event: Input.Changed) -> None:
        self._offer(event.value)
        self.query_one("#complaint", Static).update("")

    def action_other(self, by: int) -> None:
        """The other reading."""
        choices = self.query_one(OptionList)
        if self._goals:
            choices.highlighted = ((choices.highlighted or 0) + by) % len(self._goals)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._goals[event.option_index])

    def on_input_submitted(self) -> None:
        self.action_go()

    def action_go(self) -> None:
        """Go to the chosen reading of what stands there."""
        complaint = self._offer(self.query_one(Input).value) if not self._goals else ""
        if self._goals:
            self.dismiss(self._goals[self.query_one(OptionList).highlighted or 0])
        else:
            self.query_one("#complaint", Static).update(complaint)
