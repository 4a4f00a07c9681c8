"""The dialog for a machine from words: what `altmap new` takes, and what comes of it while it is typed."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final, NamedTuple

from altmap.engine import BadInput, Machine, new_machine, qemu_words
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from ..widgets.heading import LEAVE, Heading, Hint
from ..widgets.machine_card import MachineCard
from . import add
from .dialog import Dialog


class Field(NamedTuple):
    """A line of the dialog: what it is called, what stands there first, and what may."""

    name: str
    value: str
    may: str


FIELDS: Final = (
    Field("nodes", "2G", "sizes, one a node: 2G,2G,0; or as for QEMU: -m 2G -numa node,mem=1G"),
    Field("kernel", "6.12", "a release, such as 6.8"),
    Field("arch", "x86_64", "x86_64, arm64, s390x, arm64-64k or others"),
    Field("blocks", "", "the size of a memory block; what is usual there"),
    Field("append", "", "as memory_hotplug.memmap_on_memory=1"),
)


class NewDialog(Dialog[Machine]):
    """The answer is the machine that the words make."""

    PICTURE: ClassVar[str] = "picture"

    def __init__(self) -> None:
        super().__init__()
        self._made: tuple[tuple[str, ...], Machine] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -tall"):
            yield Heading("A machine from words", Hint("enter", "makes it", "make"), LEAVE)
            for field in FIELDS:
                with Horizontal(classes="field"):
                    yield Label(field.name)
                    yield Input(field.value, placeholder=field.may, compact=True, id=field.name, select_on_focus=True)
            yield Static("", id="complaint", markup=False)
            yield MachineCard()
            with Horizontal(classes="buttons"):
                yield Button("Make it", variant="primary", compact=True, id="make")
                yield Button("Cancel", compact=True, id="cancel")

    def on_mount(self) -> None:
        self.query_one("#nodes", Input).focus()
        self._try()

    def _words(self) -> tuple[str, ...]:
        return tuple(self.query_one(f"#{field.name}", Input).value.strip() for field in FIELDS)

    def on_input_changed(self) -> None:
        self._try()

    @work(group=PICTURE, exclusive=True, exit_on_error=False)
    async def _try(self) -> None:
        """Make the machine beside the screen, once nothing is typed for a moment."""
        await add.settled()
        await self._make()

    async def _make(self) -> Machine | None:
        """The machine of the words that stand there, shown; or what is wrong with them."""
        words = self._words()
        if self._made is not None and self._made[0] == words:
            return self._made[1]
        complaint = self.query_one("#complaint", Static)
        try:
            machine = await asyncio.to_thread(made, *words)
        except BadInput as error:
            complaint.update(str(error))
            return None
        self._made = words, machine
        complaint.update("")
        self.query_one(MachineCard).show(machine, machine.origin.description)
        return machine

    def on_input_submitted(self) -> None:
        self.action_make()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "make":
            self.action_make()
        else:
            self.dismiss(None)

    @work(group="make", exclusive=True, exit_on_error=False)
    async def action_make(self) -> None:
        """Close with the machine, if the words make one."""
        if (machine := await self._make()) is not None:
            self.dismiss(machine)


def made(nodes: str, kernel: str, arch: str, blocks: str, append: str) -> Machine:
    """The machine of the dialog's words. Raises `BadInput`."""
    if not nodes.startswith(("-", "qemu-system-")):
        sizes = [part.strip() for part in nodes.split(",")]
        return new_machine(sizes, arch=arch, kernel=kernel, block_size=blocks or None, append=append)
    words = qemu_words(nodes, arch)
    return new_machine(
        words.nodes,
        arch=words.arch or arch,
        kernel=kernel,
        block_size=blocks or None,
        append=f"{words.append} {append}".strip(),
        devices=words.devices,
        low=words.low,
    )
