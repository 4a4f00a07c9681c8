"""The dialog for taking something home: to the clipboard of the terminal, or into a file."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from altmap.engine import BadInput
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static

from ...taken_home import Thing, write
from ..widgets.heading import LEAVE, Heading, Hint
from ..worded import Look
from .dialog import Dialog

_COPIES: Final = "A copy goes to the clipboard through the terminal (OSC 52)."


class TakenHome(NamedTuple):
    """What became of it, as the bar of results says it."""

    badge: str
    said: str
    look: Look
    besides: str = ""


class TakeHomeDialog(Dialog[TakenHome]):
    """One line a thing, and the name of a file below; the answer is what became of it. A file that is there already is
    replaced only when that was asked for twice. Of what is no more than a part of what was done it is said which."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "write", "Write it to the file")]

    def __init__(self, things: Sequence[Thing], name: str) -> None:
        super().__init__()
        self._things = things
        self._name_of_all = name
        self._replaces = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Heading("Take home", Hint("enter", "copies", "copy"), Hint("F2", "writes the file", "write"), LEAVE)
            wide = max(len(thing.name) for thing in self._things)
            yield OptionList(
                *(
                    Content.assemble((f" {one.name:<{wide}}", "bold"), (f"  {one.sentence}", "$quiet"))
                    for one in self._things
                ),
                id="choices",
                compact=True,
            )
            with Horizontal(classes="field"):
                yield Static("file", classes="label")
                yield Input(compact=True, id="file")
            yield Static(_COPIES, id="said", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Copy", variant="primary", compact=True, id="copy")
                yield Button("Write", compact=True, id="write")
                yield Button("Cancel", compact=True, id="cancel")

    def on_mount(self) -> None:
        choices = self.query_one(OptionList)
        choices.highlighted = 0
        choices.focus()

    @property
    def chosen(self) -> Thing:
        """The thing under the cursor."""
        return self._things[self.query_one(OptionList).highlighted or 0]

    def on_option_list_option_highlighted(self) -> None:
        self.query_one("#file", Input).value = f"{self._name_of_all}{self.chosen.suffix}"
        self._say(self.chosen.stops or _COPIES, "warning" if self.chosen.stops else "plain")

    def on_option_list_option_selected(self) -> None:
        self.action_copy()

    def on_input_changed(self) -> None:
        self._replaces = ""

    def on_input_submitted(self) -> None:
        self.action_write()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "cancel":
            self.dismiss(None)
        elif event.button.id == "copy":
            self.action_copy()
        else:
            self.action_write()

    def action_copy(self) -> None:
        """To the clipboard; what no clipboard holds goes into the file."""
        thing = self.chosen
        if not thing.copies:
            self.action_write()
            return
        text = thing.content("").decode()
        self.app.copy_to_clipboard(text)
        self._leave(f"{thing.name} copied, {text.count(chr(10)):,} lines; a terminal that knows OSC 52 has them now")

    def action_write(self) -> None:
        """Into the file."""
        thing, name = self.chosen, self.query_one("#file", Input).value.strip()
        path = os.path.expanduser(name)
        if os.path.exists(path) and name != self._replaces:
            self._replaces = name
            self._say(f"{name} is there already. Write again to replace it.", "warning")
            return
        try:
            write(path, thing.content(name))
        except BadInput as error:
            self._say(str(error), "error")
        except OSError as error:
            self._say(f"{name}: {error.strerror or error}", "error")
        else:
            self._leave(f"{thing.name} written to {name}")

    def _leave(self, said: str) -> None:
        stops = self.chosen.stops
        self.dismiss(TakenHome("! taken in part", said, "busy", stops) if stops else TakenHome("✓ taken", said, "ok"))

    def _say(self, text: str, look: str) -> None:
        said = self.query_one("#said", Static)
        said.set_classes(f"-{look}")
        said.update(text)
