"""The machines that come along, each with a picture of its memory; one of them is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from altmap.engine import Machine, about_bytes, format_bytes, machine_names, open_machine
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from ...picture.lines import Line, Span, fitted, joined
from ...picture.memory import Scope
from ...picture.overview import Overview
from ...picture.view import Scene
from ..outlooks import Outlooks
from ..words import kernel_words
from .drawn import palette_of
from .painted import Scroller


class MachineList(Scroller):
    """Two lines a machine, and one more with the facts of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False, priority=True),
        Binding("down", "choose(1)", show=False, priority=True),
        Binding("enter", "ask", show=False),
    ]

    class Asked(Message):
        """The chosen machine is to be opened."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.machines: list[Machine] = [open_machine(name) for name in machine_names()]
        self._at = 0
        self._first: list[int] = []

    @property
    def chosen(self) -> str:
        """The name of the machine under the cursor."""
        return self.machines[self._at].origin.name

    def drawn(self, width: int) -> Sequence[Line]:
        lines: list[Line] = []
        self._first = []
        for at, machine in enumerate(self.machines):
            self._first.append(len(lines))
            lines += [fitted(line, width) for line in self._told(machine, width, at == self._at)]
        return lines

    def _told(self, machine: Machine, width: int, chosen: bool) -> Iterator[Line]:
        palette = palette_of(self.app)
        back = palette.focused if chosen else None
        size = len(machine.blocks) * machine.geometry.block_size
        right = f" {about_bytes(size):>6}  {machine.geometry.arch}"
        name = f"{machine.origin.name:<17}"
        scene = Scene(machine, palette, Outlooks(machine))
        wide = max(12, width - len(name) - len(right) - 2)
        picture = Overview(scene, wide, self.halves).line(-1, Scope("machine", 0, 0))
        mark = Span("▌" if chosen else " ", palette.accent, back)
        drawn = (span if span.back is not None else span._replace(back=back) for span in picture)
        yield joined((mark, Span(name, palette.text, back, True), *drawn, Span(right, palette.text, back)))
        about = machine.origin.description
        room = width - 3
        yield (mark, Span(f"{about if len(about) <= room else about[: room - 1] + '…'}".ljust(room), palette.dim, back))
        if chosen:
            yield (mark, Span(self._facts(machine).ljust(room), palette.text, back))

    def _facts(self, machine: Machine) -> str:
        guessed = any(section.estimated for section in machine.sections.values())
        count, nodes = len(machine.blocks), len(machine.nodes)
        blocks = f"{count:,} block{'s' * (count != 1)} of {format_bytes(machine.geometry.block_size)}"
        known = "pages guessed" if guessed else "every page known"
        return f"{kernel_words(machine)} · {blocks} · {nodes} node{'s' * (nodes != 1)} · {known}"

    def action_ask(self) -> None:
        """Open it."""
        self.post_message(self.Asked())

    def action_choose(self, by: int) -> None:
        """Another machine."""
        self._choose(min(max(self._at + by, 0), len(self.machines) - 1))

    def _choose(self, at: int) -> None:
        self._at = at
        self.reload()
        first, top, height = self._first[at], self.scroll_offset.y, self.size.height
        if not top <= first <= first + 2 < top + height:
            self.scroll_to(y=first if first < top else max(0, first + 3 - height), animate=False)

    def on_click(self, event: events.Click) -> None:
        """A click chooses; one on what is chosen already opens it."""
        line = self.scroll_offset.y + event.y
        at = max((number for number, first in enumerate(self._first) if first <= line), default=0)
        if at == self._at:
            self.post_message(self.Asked())
        else:
            self._choose(at)
