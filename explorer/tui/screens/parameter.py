"""The dialog for one parameter: its values, what each means, and what choosing one does."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from ...printable import printable
from ..parameters import Row
from ..widgets.heading import LEAVE, Heading, Hint
from ..widgets.typed_list import TypedList
from .dialog import Dialog

BOOTS = (
    "A new machine is derived: boot memory used as it is now, the firmware's memory devices added again by the new rules and "
    "empty, what other drivers added left out. u goes back to this one."
)
LONG = 8
"""With more values than these, one line is all that each of them has."""
WRITES = "It is written to {path}, as a step of the plan."
OPENS = "The machine is opened under this kernel; the commands that were saved with it are done again by its rules."
SAYS: Final = {
    "boot": ("boots it so", "Boot it so", BOOTS),
    "open": ("opens with it", "Open", OPENS),
    "write": ("writes it", "Write", WRITES),
}
"""What choosing a value does, by how it is changed: of the key, of the button, and in a sentence."""


class ParameterDialog(Dialog[str]):
    """One line a value; the answer is the value that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "take", "Choose", show=False)]

    def __init__(self, row: Row) -> None:
        super().__init__()
        self._row = row

    def compose(self) -> ComposeResult:
        row = self._row
        with Vertical(classes="box -broad"):
            does, button, said = SAYS[row.how]
            yield Heading(row.name, Hint("enter", does, "take"), LEAVE)
            typed = " What is typed leads to the value that begins so." if len(row.values) > LONG else ""
            yield Static(row.meaning + typed, markup=False)
            if row.values:
                texts = [value.text for value in row.values]
                yield TypedList(map(self._option, range(len(texts))), texts, "choices")
            else:
                yield Input(row.value, compact=True, id="value", classes="line", type="integer", max_length=10)
            yield Static(said.format(path=row.path), id="said", markup=False)
            with Horizontal(classes="buttons"):
                yield Button(button, variant="primary", compact=True, id="take")
                yield Button("Cancel", compact=True, id="cancel")

    def _option(self, at: int) -> Option:
        value = self._row.values[at]
        now = value.text == self._row.value
        return Option(
            Content.assemble(
                (f"{'●' if now else ' '} ", "$primary"),
                (f"{printable(value.text):<{max(len(one.text) for one in self._row.values)}}", "bold"),
                (f"  {printable(value.meaning)}", "$quiet"),
            )
        )

    def on_mount(self) -> None:
        if self._row.values:
            choices = self.query_one(OptionList)
            texts = [value.text for value in self._row.values]
            choices.highlighted = texts.index(self._row.value) if self._row.value in texts else 0
            if len(texts) > LONG:
                choices.styles.height = max(3, self.app.size.height * 2 // 5)
                self.call_after_refresh(choices.scroll_to_highlight)
            choices.focus()
        else:
            self.query_one(Input).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._answer()

    def on_input_submitted(self) -> None:
        self._answer()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "take":
            self._answer()
        else:
            self.dismiss(None)

    def action_take(self) -> None:
        """Take the value under the cursor."""
        self._answer()

    def _answer(self) -> None:
        if not self._row.values:
            self.dismiss(self.query_one(Input).value.strip() or None)
        elif (at := self.query_one(OptionList).highlighted) is not None:
            self.dismiss(self._row.values[at].text)
