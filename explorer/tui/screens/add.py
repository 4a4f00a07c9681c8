"""The dialog for adding memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import msgspec
from altmap.engine import (
    CALLERS,
    PLACEMENTS,
    Add,
    BadInput,
    Line,
    Machine,
    format_bytes,
    parse_bytes,
    running,
    shortage,
    why_not,
)
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, OptionList, Select

from .. import fitting
from ..picked import Picked
from ..widgets.heading import LEAVE, Heading, Hint
from ..widgets.prose import Prose
from .comparison import ComparisonScreen
from .dialog import Dialog

PLACEMENT_WORDS = {
    "boot": "existing kernel memory (boot)",
    "range": "head of the added range, RFC v2 (range)",
    "block": "head of each block, upstream (block)",
    "sections": "low sections of the node, option b (sections)",
}
CALLER_WORDS = {
    "acpi": "acpi, a DIMM",
    "balloon": "balloon, Hyper-V or Xen",
    "dlpar": "dlpar, POWER",
    "sclp": "sclp, s390",
    "dax": "dax, kmem",
    "hmm": "hmm, device private",
    "pmem": "pmem, ZONE_DEVICE",
}
ENTER = {
    "add": Hint("enter", "adds", "add"),
    "compare": Hint("enter", "compares", "compare"),
    "cancel": Hint("enter", "leaves", "leave"),
}
"""What enter does on each button."""
MODEL = "model"
PREVIEW = "preview"
PAUSE = 0.15
"""Seconds without a key after which a request is tried."""


async def settled() -> None:
    """Wait until a request that is being typed has rested for a moment."""
    await asyncio.sleep(PAUSE)


class Preview(Prose, can_focus=False):
    """What the fields come to; no stop on the way from field to field."""


class AddDialog(Dialog[Add | Picked]):
    """Size, address, node, caller and placement; the text below says what they come to: does the memmap fit, and
    where would it lie? The answer is the command, or the alternative that was picked.

    All placements can be compared first; `compares` makes that what enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "compare", "Compare placements")]

    def __init__(self, machine: Machine, node: int, compares: bool = False) -> None:
        super().__init__()
        self._compares = compares
        self._machine = machine
        self._node = node
        self._suggested = ""
        self._adds = not compares

    def compose(self) -> ComposeResult:
        machine = self._machine
        unit = machine.geometry.block_size
        self._suggested = fitting.suggestion(machine, unit)
        nodes = [
            (f"node {nr}" if node.online else f"node {nr} (offline)", nr) for nr, node in sorted(machine.nodes.items())
        ]
        callers = [(CALLER_WORDS.get(caller, caller), caller) for caller in CALLERS]
        placements = [(f"as {machine.model.name} decides", MODEL), *((PLACEMENT_WORDS[p], p) for p in PLACEMENTS)]
        with Vertical(classes="box"):
            yield Heading("Compare placements" if self._compares else "Add memory")
            with Horizontal(classes="field"):
                yield Label("size")
                yield Input(format_bytes(unit), id="size", compact=True, select_on_focus=True)
            with Horizontal(classes="field"):
                yield Label("address")
                yield Input(self._suggested, id="start", compact=True, select_on_focus=True)
            with Horizontal(classes="field"):
                yield Label("node")
                yield Select(nodes, value=self._node, allow_blank=False, id="node", compact=True)
            with Horizontal(classes="field"):
                yield Label("caller")
                yield Select(callers, value="acpi", allow_blank=False, id="caller", compact=True)
            with Horizontal(classes="field"):
                yield Label("memmap in")
                yield Select(placements, value=MODEL, allow_blank=False, id="placement", compact=True)
            yield Preview(lambda width: (), id="preview")
            with Horizontal(classes="buttons"):
                yield Button("Add", compact=True, id="add")
                yield Button("Compare", compact=True, id="compare")
                yield Button("Cancel", compact=True, id="cancel")

    def on_mount(self) -> None:
        self.query_one("#size", Input).focus()
        self._offer(True)
        self._preview()

    def command(self) -> Add:
        """What the fields say. Raises `BadInput`."""
        start, size = (parse_bytes(self.query_one(f"#{name}", Input).value) for name in ("start", "size"))
        node, caller, placement = (self.query_one(f"#{name}", Select).value for name in ("node", "caller", "placement"))
        fields = {"op": "add", "start": start, "size": size, "node": node, "caller": caller}
        return msgspec.convert(fields if placement == MODEL else {**fields, "placement": placement}, Add)

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "size":
            self._move_suggestion(event.value)
        self._preview()

    def _move_suggestion(self, size: str) -> None:
        """While the address is the suggested one, it follows the size."""
        start = self.query_one("#start", Input)
        if start.value == self._suggested:
            try:
                self._suggested = fitting.suggestion(self._machine, parse_bytes(size))
            except BadInput:
                return
            start.value = self._suggested

    def on_select_changed(self) -> None:
        self._preview()

    def _offer(self, fits: bool) -> None:
        """Put what enter does first: to add, unless that was asked for otherwise, or would be refused."""
        self._adds = fits and not self._compares
        add, compare = self.query_one("#add", Button), self.query_one("#compare", Button)
        add.label = "Add" if fits else "Add anyway"
        first, second = (add, compare) if self._adds else (compare, add)
        first.variant, second.variant = "primary", "default"
        self.query_one(".buttons").move_child(first, before=second)
        self._tell_keys()

    def on_descendant_focus(self) -> None:
        self._tell_keys()

    def _tell_keys(self) -> None:
        """Say what enter does where the keys go now: in a list it shows or chooses, on a button it is that."""
        here = self.focused
        enter = Hint("enter", "adds", "add") if self._adds else Hint("enter", "compares", "compare")
        if isinstance(here, Button):
            enter = ENTER[here.id or ""]
        elif here is not None and not isinstance(here, Input):
            enter = Hint("enter", "shows the list" if isinstance(here, Select) else "chooses", "list")
        others = [] if enter.action == "compare" else [Hint("F2", "compares", "compare")]
        self.query_one(Heading).tell(enter, *others, LEAVE)

    def action_list(self) -> None:
        """What enter does in a list."""
        here = self.focused
        if isinstance(here, Select):
            here.action_show_overlay()
        elif isinstance(here, OptionList):
            here.action_select()

    def _preview(self) -> None:
        """Say what the fields come to: at once what they would make, and after a moment whether it can be."""
        self.workers.cancel_group(self, PREVIEW)
        try:
            command = self.command()
        except BadInput as error:
            self._say([running(str(error), "answer", 0)], "bad")
            self._offer(True)
            return
        said = fitting.add_preview(self._machine, int(command.start), int(command.size))
        self._say([running(said, "answer", 0)])
        self._try(command, said)

    @work(group=PREVIEW, exit_on_error=False)
    async def _try(self, command: Add, said: str) -> None:
        """A copy of the machine is tried, beside the screen: keys are answered meanwhile."""
        await settled()
        head, lines = await asyncio.to_thread(self._tried, self._machine.copy(), command, said)
        self._say(lines, head)
        self._offer(head != "bad")

    def _say(self, lines: Sequence[Line], head: str = "strong") -> None:
        self.query_one(Preview).show(lambda width: lines, head)

    def _tried(self, machine: Machine, command: Add, said: str) -> tuple[str, Sequence[Line]]:
        """Whether an add fits: the look of the answer and the lines of the preview. What is missing can be counted,
        which is quicker than to find out what would clear it."""
        try:
            budget = shortage(machine, command)
            if budget.missing:
                return "bad", fitting.shortage_words(self._machine, budget, said)
            verdict = why_not(machine, command)
        except BadInput as error:
            return "bad", [running(str(error), "answer", 0)]
        return "good" if verdict.ok else "bad", fitting.fit_words(verdict, said)

    def on_input_submitted(self) -> None:
        if self._adds:
            self.action_add()
        else:
            self.action_compare()

    def action_compare(self) -> None:
        """Show what would come of each alternative; unless one is picked, the dialog stays."""
        try:
            self.app.push_screen(ComparisonScreen(self._machine, self.command()), self._picked)
        except BadInput:
            self._preview()

    def _picked(self, picked: Picked | None) -> None:
        if picked is not None:
            self.dismiss(picked)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "add":
            self.action_add()
        elif event.button.id == "compare":
            self.action_compare()
        else:
            self.dismiss(None)

    def action_add(self) -> None:
        """Close with the command, whatever will come of it."""
        try:
            self.dismiss(self.command())
        except BadInput:
            self._preview()
