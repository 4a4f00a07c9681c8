"""What a person sees of a fault in altmap itself: that it happened, and that nothing was lost."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, Static

from ...printable import printable
from ..widgets.heading import CLOSE, Heading
from .dialog import Dialog


class ErrorScreen(Dialog[None]):
    """One sentence on the fault, one on the machine."""

    def __init__(self, label: str, error: Exception) -> None:
        super().__init__()
        self._label = label
        self._error = error

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Heading("A fault in altmap", CLOSE)
            yield Static(
                printable(f"“{self._label}” could not be carried out: {type(self._error).__name__}: {self._error}"),
                markup=False,
            )
            yield Static("The machine is as it was before. Please report this.", classes="gap")
            yield Button("Close", variant="primary", compact=True, id="close")

    def on_button_pressed(self) -> None:
        self.dismiss(None)
