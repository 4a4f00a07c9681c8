"""The dialog for saving the machine."""

from __future__ import annotations

import os.path

from altmap.engine import BadInput, Machine, save_machine
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from ..widgets.heading import LEAVE, Heading, Hint
from .dialog import Dialog


class SaveDialog(Dialog[str]):
    """The name of a file; the answer is the name under which the machine was saved. A file that is there already is
    replaced only when that was asked for twice."""

    def __init__(self, machine: Machine, name: str) -> None:
        super().__init__()
        self._machine = machine
        self._suggested = name
        self._replaces = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Heading("Save the machine and its states", Hint("enter", "saves", "save"), LEAVE)
            yield Input(self._suggested, compact=True, id="file", classes="line")
            yield Static(".json or .msgpack, each also with .gz", id="said", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Save", variant="primary", compact=True, id="save")
                yield Button("Cancel", compact=True, id="cancel")

    def on_input_changed(self) -> None:
        self._replaces = ""
        self.query_one("#save", Button).label = "Save"

    def on_input_submitted(self) -> None:
        self._save()

    def action_save(self) -> None:
        """Save under the name that stands there."""
        self._save()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "save":
            self._save()
        else:
            self.dismiss(None)

    def _save(self) -> None:
        name = self.query_one("#file", Input).value.strip()
        path = os.path.expanduser(name)
        if os.path.exists(path) and name != self._replaces:
            self._replaces = name
            self._say(f"{name} is there already. Save again to replace it.", "warning")
            self.query_one("#save", Button).label = "Replace"
            return
        try:
            save_machine(self._machine, path)
        except BadInput as error:
            self._say(str(error), "error")
            return
        self.dismiss(name)

    def _say(self, text: str, look: str) -> None:
        said = self.query_one("#said", Static)
        said.set_classes(f"-{look}")
        said.update(text)
