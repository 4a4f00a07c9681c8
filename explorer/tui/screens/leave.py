"""The question before states are lost."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from ..widgets.heading import Heading, Hint
from .dialog import Dialog


class LeaveDialog(Dialog[Literal["quit", "save"]]):
    """Leave, save first, or stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,y", "answer('quit')", "Quit"),
        Binding("s", "answer('save')", "Save"),
        Binding("n", "leave", "Stay"),
    ]

    def __init__(self, unsaved: int) -> None:
        super().__init__()
        self._unsaved = unsaved

    def compose(self) -> ComposeResult:
        states = "1 state was" if self._unsaved == 1 else f"{self._unsaved:,} states were"
        with Vertical(classes="box"):
            keys = (
                Hint("q", "quits", "answer('quit')"),
                Hint("s", "saves", "answer('save')"),
                Hint("esc", "stays", "leave"),
            )
            yield Heading("Quit", *keys)
            yield Static(f"{states} not saved.", classes="gap")
            with Horizontal(classes="buttons"):
                yield Button("Quit", variant="primary", compact=True, id="quit")
                yield Button("Save", compact=True, id="save")
                yield Button("Stay", compact=True, id="stay")

    def action_answer(self, answer: Literal["quit", "save"]) -> None:
        """Close with an answer."""
        self.dismiss(answer)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss("quit" if event.button.id == "quit" else "save" if event.button.id == "save" else None)
