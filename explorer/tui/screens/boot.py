"""The question before an alternative is done in another kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from altmap.engine import running
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from ..picked import Picked
from ..widgets.heading import LEAVE, Heading, Hint
from ..widgets.prose import Prose
from .dialog import Dialog


class BootDialog(Dialog[bool]):
    """What the other machine would be: `notes` are what the boot carries over, and what not."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "boot", "Boot it so")]

    def __init__(self, picked: Picked, notes: Sequence[str]) -> None:
        super().__init__()
        self._picked = picked
        self._notes = notes

    def compose(self) -> ComposeResult:
        options = ", ".join(f"{key}={text}" for key, text in self._picked.boot.items())
        said = [
            f"This takes another boot: {options}. It is done on a machine that is derived from this one; this one stays as it "
            "is, and u leads back to it.",
            *(f"{note[:1].upper()}{note[1:]}." for note in self._notes),
            f"Then there: {self._picked.label}.",
        ]
        with Vertical(classes="box"):
            yield Heading("In another kernel", Hint("enter", "boots it so", "boot"), LEAVE)
            yield Prose(lambda width: [running(line, indent=0) for line in said])
            with Horizontal(classes="buttons"):
                yield Button("Boot it so", variant="primary", compact=True, id="boot")
                yield Button("Cancel", compact=True, id="cancel")

    def on_mount(self) -> None:
        self.query_one("#boot", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "boot")

    def action_boot(self) -> None:
        """Do it."""
        self.dismiss(True)
