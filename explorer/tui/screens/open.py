"""The dialog for another machine: one that comes along, a file, or the one that this runs on."""

from __future__ import annotations

import asyncio
import os.path
from collections.abc import Callable
from typing import ClassVar

from altmap.engine import BadInput, Machine, capture, open_machine
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from ..widgets.heading import LEAVE, Heading, Hint
from ..widgets.machine_list import MachineList
from .dialog import Dialog


class OpenDialog(Dialog[Machine]):
    """The answer is the machine, opened."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "capture", "Capture this machine")]

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -tall"):
            yield Heading(
                "Open a machine", Hint("enter", "opens", "open"), Hint("F2", "this machine", "capture"), LEAVE
            )
            yield MachineList()
            with Horizontal(classes="field"):
                yield Static("file", classes="label")
                yield Input(placeholder="a snapshot, a captured folder or tar", compact=True, id="file")
            yield Static("", id="complaint", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Open", variant="primary", compact=True, id="open")
                yield Button("This machine", compact=True, id="capture")
                yield Button("Cancel", compact=True, id="cancel")

    def on_mount(self) -> None:
        self.query_one(MachineList).focus()

    def on_machine_list_asked(self) -> None:
        self.action_open()

    def on_input_submitted(self) -> None:
        self.action_open()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "cancel":
            self.dismiss(None)
        elif event.button.id == "capture":
            self.action_capture()
        else:
            self.action_open()

    def action_open(self) -> None:
        """Open the file that is named, else the chosen machine."""
        name = self.query_one("#file", Input).value.strip()
        if name and not self.query_one(MachineList).has_focus:
            self._get(lambda: open_machine(os.path.expanduser(name)))
        else:
            chosen = self.query_one(MachineList).chosen
            self._get(lambda: open_machine(chosen))

    def action_capture(self) -> None:
        """The machine that this runs on; it is only read."""
        self._get(capture)

    @work(exclusive=True, exit_on_error=False)
    async def _get(self, opened: Callable[[], Machine]) -> None:
        """Beside the screen: keys are answered meanwhile."""
        self.query_one("#complaint", Static).update("Opening … esc leaves")
        try:
            machine = await asyncio.to_thread(opened)
        except (BadInput, OSError) as error:
            self.query_one("#complaint", Static).update(str(error))
            return
        self.dismiss(machine)
