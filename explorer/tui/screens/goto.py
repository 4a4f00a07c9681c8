"""The dialog for going to a block."""

from __future__ import annotations

import re

from altmap.engine import BadInput, Machine, parse_bytes
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from .dialog import Dialog


def block_at(machine: Machine, text: str) -> int:
    """The block that "40", "memory40", "0x140000000" or "5G" names. Raises `BadInput`."""
    word = text.strip()
    if match := re.fullmatch(r"(?:memory)?([0-9]{1,18})", word):
        return int(match[1])
    try:
        return parse_bytes(word) // machine.geometry.block_size
    except BadInput:
        raise BadInput(
            f"{word!r} is no block: say its number (40), its name (memory40) or an address in it (5G)"
        ) from None


class GoToDialog(Dialog[int]):
    """One line of input; the answer is a block's number."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "Go to"
            box.border_subtitle = "enter goes, esc leaves"
            yield Input(placeholder="a block such as 40, or an address such as 5G", compact=True, id="place")
            yield Static(id="complaint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            self.dismiss(block_at(self._machine, event.value))
        except BadInput as error:
            self.query_one("#complaint", Static).update(str(error))
