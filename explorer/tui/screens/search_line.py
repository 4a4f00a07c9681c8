"""The search line: one line at the bottom; what is found shows on the map while it is typed."""

from __future__ import annotations

from collections.abc import Callable

from altmap.engine import BadInput
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from .. import search
from .dialog import Dialog


class SearchLine(Dialog[str]):
    """The answer is the text of a search that can be understood, empty for none. `found` is asked at each key what a text
    comes to, in words; it raises `BadInput` where it means nothing."""

    def __init__(self, text: str, found: Callable[[str], str]) -> None:
        super().__init__()
        self._first = text
        self._found = found

    def compose(self) -> ComposeResult:
        with Vertical(id="line"):
            yield Static(id="complaint", markup=False)
            with Horizontal():
                yield Label("/")
                yield Input(self._first, placeholder=search.EXAMPLES, compact=True, select_on_focus=True)
                yield Static("F1 help", classes="hint")

    def on_mount(self) -> None:
        self._say("", "-none")
        self.query_one(Input).focus()

    def _say(self, text: str, look: str) -> None:
        place = self.query_one("#complaint", Static)
        place.update(text)
        place.set_classes(look)

    def on_input_changed(self, event: Input.Changed) -> None:
        try:
            said = self._found(event.value)
        except BadInput:  # it may become something with the next letter
            said = ""
        self._say(said, "-found" if said else "-none")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        try:
            self._found(text)
        except BadInput as error:
            self._say(str(error), "")
            return
        self.dismiss(text)
