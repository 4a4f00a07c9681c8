"""The dialog for a file: what is in a folder, a line for a path, and the machine in the chosen file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from ...printable import printable
from ..folder import Entry, What, entries, is_tree
from ..reading import read_unasked
from ..widgets.heading import LEAVE, Heading, Hint
from ..widgets.machine_card import MachineCard
from . import add
from .dialog import Dialog


class FileDialog(Dialog[str]):
    """The answer is a path; whether a machine is in it shows when it is opened. What is typed is a path; arrows choose what the
    folder has."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"list('{key}')", show=False, priority=True) for key in ("up", "down", "pageup", "pagedown")),
        Binding("ctrl+up", "above", "Folder above", show=False, priority=True),
    ]

    def __init__(self, tried: str = "") -> None:
        """`tried`: a path that was no machine's; it stands there to be corrected."""
        super().__init__()
        self._tried = tried
        self._folder = Path.cwd()
        self._entries: list[Entry] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -tall"):
            yield Heading(
                "Open a file", Hint("↑ ↓", "chooses", "list('down')"), Hint("enter", "opens", "open"), LEAVE
            )  # fmt: skip
            yield Static("", id="folder", markup=False)
            with Horizontal(id="folders"):
                yield OptionList(id="entries", compact=True)
                yield MachineCard()
            yield Input(
                placeholder="or type a path: a snapshot, a captured folder or tar",
                compact=True,
                id="path",
                classes="line",
            )

    def on_mount(self) -> None:
        self.query_one("#entries").can_focus = False
        self.query_one(MachineCard).can_focus = False
        self.query_one(Input).focus()
        self._enter(self._folder)
        self.query_one(Input).value = self._tried

    def _enter(self, folder: Path, chosen: str = "") -> None:
        """Show what is in a folder."""
        try:
            self._entries = entries(folder)
        except OSError as error:
            self.query_one(MachineCard).show(None, f"{folder}: {error.strerror}")
            return
        self._folder = folder
        self.query_one("#folder", Static).update(printable(f"{folder}"))
        self.query_one(Input).value = ""
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options(map(_prompt, self._entries))
        names = [entry.name for entry in self._entries]
        listed.highlighted = names.index(chosen) if chosen in names else 0 if names else None

    def action_list(self, key: str) -> None:
        """Choose another thing in the folder; what was typed is forgotten."""
        self.query_one(Input).value = ""
        listed = self.query_one(OptionList)
        moves: dict[str, Callable[[], None]] = {
            "up": listed.action_cursor_up, "down": listed.action_cursor_down,
            "pageup": listed.action_page_up, "pagedown": listed.action_page_down,
        }  # fmt: skip
        moves[key]()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._look(self._entries[event.option_index])

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self, entry: Entry) -> None:
        """Show the machine in a file, once the cursor rests on it."""
        card = self.query_one(MachineCard)
        if entry.what in _LEADS_ON:
            card.show(None, _LEADS_ON[entry.what])
            return
        await add.settled()
        machine = await asyncio.to_thread(read_unasked, str(entry.path))
        said = (
            machine.origin.description if machine is not None else "No machine that can be shown before it is opened."
        )
        card.show(machine, said)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._take(self._entries[event.option_index].path)

    def on_input_submitted(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Close with the path that was typed, else with what is chosen; a folder that is no machine is gone into."""
        typed, at = self.query_one(Input).value.strip(), self.query_one(OptionList).highlighted
        if typed:
            self._take(self._folder / Path(typed).expanduser())
        elif at is not None:
            self._take(self._entries[at].path)

    def _take(self, path: Path) -> None:
        if path.is_dir() and not is_tree(path):
            self._enter(path.resolve(), self._folder.name if path == self._folder.parent else "")
        else:
            self.dismiss(str(path))

    def action_above(self) -> None:
        """Show the folder above."""
        self._enter(self._folder.parent, self._folder.name)


def _prompt(entry: Entry) -> Content:
    name = printable(entry.name) + ("/" if entry.what == "folder" else "")
    return Content.assemble((f"{name:<32} ", _LOOKS[entry.what]), (entry.about, "$quiet"))


_LEADS_ON: Final = {"folder": "enter shows what is in it", "tree": "A captured folder: enter opens it."}
"""What enter does with a folder."""
_LOOKS: Final[Mapping[What, str]] = {"folder": "bold", "tree": "bold $primary", "file": "$foreground"}
"""How the names of each kind of thing look."""
