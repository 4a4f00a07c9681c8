"""The parameters pane: kernel model, options of the boot and files that can be written; one of them is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from altmap.engine import Machine, sentence, worth_knowing
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from ... import facts
from ...picture.lines import cut
from .. import parameters
from ..parameters import Row
from .painted import Line, Painted, wrapped

HEADS: Final = {
    "boot": "a boot decides",
    "write": "can be written while it runs",
    "fact": "as it was booted",
}
FLAT: Final = 60
"""From so many columns on, what a row means stands beside it."""
LOW: Final = 3
"""Of so many rows and fewer, one is for what the chosen row means."""
_NAME, _VALUE = 25, 13


class Parameters(Painted):
    """Rows by how they are changed; arrows and clicks choose one, what it means stands below or beside it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False, priority=True),
        Binding("down", "choose(1)", show=False, priority=True),
    ]

    class Chosen(Message):
        """Another row is chosen, and there is no room for what it means."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    class Asked(Message):
        """The chosen row was clicked: it is to be changed."""

    def __init__(self, machine: Machine, **options: Any) -> None:
        super().__init__(**options)
        self.machine = machine
        self._rows: list[Row] = []
        self._at = 0
        self._places: list[int] = []

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._at] if self._at < len(self._rows) else None

    def lines(self, width: int) -> Sequence[Line]:
        self._rows = parameters.rows(self.machine)
        self._at = min(self._at, len(self._rows) - 1)
        lines: list[Line] = []
        self._places = []
        how = ""
        low = self.size.height <= LOW
        for at, row in enumerate(self._rows):
            if row.how != how and not low:
                how = row.how
                lines += [(), ((HEADS[how], "muted"),)] if lines else [((HEADS[how], "muted"),)]
            self._places.append(len(lines))
            lines.append(self._row(row, at == self._at, width))
            if low and at == self._at:
                lines.append(((f"  {_meaning(row)}"[:width], "muted"),))
        if low:
            return lines
        if width < FLAT:
            lines += [(), *self._explained(self._rows[self._at], width)]
        return [*lines, *self._known(width)]

    def _known(self, width: int) -> Iterator[Line]:
        """What is worth knowing of the machine, and how well it is known."""
        origin, worth = self.machine.origin, worth_knowing(self.machine)
        parts = (
            ("worth knowing", "warn", [sentence(advice.fact) for advice in worth]),
            ("notes", "muted", list(origin.notes)),
            ("estimated", "muted", list(facts.unmeasured(self.machine))),
            ("measured", "muted", [", ".join(origin.measured)] if origin.measured else []),
            ("kernel", "muted", [origin.kernel] if origin.kernel else []),
        )
        for title, role, sentences in parts:
            if sentences:
                yield from ((), ((title, "muted"),))
            for one in sentences:
                sign = "! " if role == "warn" else "  "
                yield from wrapped(one, "text" if role == "warn" else "muted", width - 1, sign, "  ", role)

    def _row(self, row: Row, chosen: bool, width: int) -> Line:
        role = "here" if chosen else "text"
        mark = "▌" if chosen else " "
        value = row.value or "—"
        if width < FLAT:
            gap = " " * max(1, width - len(row.name) - len(value) - 2)
            return ((mark, "accent"), (f"{row.name}{gap}{value} ", role))
        room = width - _NAME - _VALUE - 2
        meaning = "" if self.size.height <= LOW else _meaning(row)
        said = cut(meaning, room).ljust(room)
        return ((mark, "accent"), (f"{row.name:<{_NAME}}{value:<{_VALUE}}", role), (said, "muted"))

    def _explained(self, row: Row, width: int) -> Iterator[Line]:
        yield from wrapped(row.meaning, "text", width - 1, " ", " ")
        if (value := _value(row)) is not None:
            yield from wrapped(f"{row.value}: {value}", "muted", width - 1, " ", " ")
        if row.path:
            yield from wrapped(row.path, "muted", width - 1, " ", " ")
        yield from _offered(row, width)

    def action_choose(self, by: int) -> None:
        """Another row."""
        self._choose(self._at + by)

    def _choose(self, at: int) -> None:
        if not 0 <= at < len(self._rows) or at == self._at:
            return
        self._at = at
        self.reload()
        place, height = self._places[at], self.size.height
        top = self.scroll_offset.y
        last = place + (height <= LOW and height > 1)
        if not top <= place <= last < top + height:
            self.scroll_to(y=place if place < top else last - height + 1, animate=False)
        if height == 1:
            self.post_message(self.Chosen(f"{self._rows[at].name}: {_meaning(self._rows[at])}"))

    def on_click(self, event: events.Click) -> None:
        """A click chooses; one on what is chosen already changes it."""
        line = self.scroll_offset.y + event.y - self.gutter.top
        if event.y >= self.gutter.top and line in self._places:
            at = self._places.index(line)
            if at == self._at:
                self.post_message(self.Asked())
            self._choose(at)


def _value(row: Row) -> str | None:
    return next((value.meaning for value in row.values if value.text == row.value and value.meaning), None)


def _meaning(row: Row) -> str:
    if row.missing:
        return "this kernel has no such parameter"
    return _value(row) or row.meaning


def _offered(row: Row, width: int) -> Iterator[Line]:
    """What enter does with a row."""
    if row.missing:
        yield from wrapped("This kernel has no such parameter.", "warn", width - 1, " ", " ")
    elif row.how != "fact":
        said = "writes it: a step of the plan" if row.how == "write" else "boots it so, as a new machine"
        yield (((" enter ", "key")), (said, "muted"))
