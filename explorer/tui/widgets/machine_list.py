"""What can be opened, each machine with a picture of its memory; one row is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from altmap.engine import Machine
from textual import events
from textual.message import Message

from ...card import card
from ...picture.lines import Line, Span, fitted, joined
from ...picture.machine_row import about_line, machine_row, picture_width
from ...picture.miniature import miniature
from ...picture.palette import Palette
from ...picture.view import Scene
from ..choices import Choice, matching
from ..outlooks import Outlooks
from .drawn import palette_of
from .painted import Scroller


class MachineList(Scroller):
    """Rows by group. A machine has two lines, where there is room three; pictures come as the machines are `learn`ed."""

    class Chosen(Message):
        """Another row is chosen, or more is known of the chosen one."""

    class Asked(Message):
        """The chosen row is to be opened."""

    def __init__(self, choices: Sequence[Choice], **options: Any) -> None:
        super().__init__(**options)
        self._all = choices
        self.shown = [*choices]
        self.known: dict[str, Machine | None] = {}
        """The machines that were read, by their source; None for what could not be read, or not without being asked."""
        self._at = 0
        self._first: list[int] = []
        self._pictures: dict[object, list[Line]] = {}

    # -- what is chosen ---------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Choice | None:
        """The row under the cursor; None where the filter leaves nothing."""
        return self.shown[self._at] if self.shown else None

    @property
    def machine(self) -> Machine | None:
        """The machine under the cursor, as far as it was read."""
        return self.known.get(self.chosen.source) if self.chosen is not None else None

    def unread(self) -> str | None:
        """The source of the machine that is worth reading next: the chosen one, then the others from the top."""
        sources = [one.source for one in (*self.shown[self._at : self._at + 1], *self.shown, *self._all) if one.source]
        return next((source for source in sources if source not in self.known), None)

    def learn(self, source: str, machine: Machine | None) -> None:
        """A machine was read."""
        self.known[source] = machine
        self.reload()
        if self.chosen is not None and self.chosen.source == source:
            self.post_message(self.Chosen())

    def filter(self, text: str) -> None:
        """Show only the rows in which all words of a text stand."""
        before = self.chosen
        self.shown = [*matching(self._all, text)]
        self._choose(self.shown.index(before) if before in self.shown else 0)

    def move(self, by: int) -> None:
        """To another row."""
        self._choose(self._at + by)

    def action_scroll_home(self) -> None:
        """To the first row."""
        self._choose(0)

    def action_scroll_end(self) -> None:
        """To the last row."""
        self._choose(len(self.shown) - 1)

    def _choose(self, at: int) -> None:
        self._at = min(max(at, 0), max(len(self.shown) - 1, 0))
        self.reload()
        self.post_message(self.Chosen())
        if self.shown:
            first, top, height = self._first[self._at], self.scroll_offset.y, self.size.height
            end = (*self._first, len(self._drawn))[self._at + 1]
            if self._at == 0:
                self.scroll_to(y=0, animate=False)
            elif not top <= first <= end <= top + height:
                self.scroll_to(y=first if first < top else max(0, end - height), animate=False)

    # -- what is seen -----------------------------------------------------------------------------------------------

    def drawn(self, width: int) -> Sequence[Line]:
        lines: list[Line] = []
        self._first = []
        palette = palette_of(self.app)
        group = ""
        for at, choice in enumerate(self.shown):
            if choice.group != group:
                group = choice.group
                lines += [()] if lines and group == "other" and self._roomy else []
                count = sum(one.group == group for one in self.shown)
                said = f"{count} " if group != "other" else ""
                head = (Span("▌", palette.faint, palette.strip), Span(f"{group}", palette.text, palette.strip, True))
                gap = Span(" " * (width - 1 - len(group) - len(said)), None, palette.strip)
                lines.append((*head, gap, Span(said, palette.dim, palette.strip)))
            self._first.append(len(lines))
            back = palette.focused if at == self._at else None
            mark = Span("▌" if at == self._at else " ", palette.accent, back)
            for line in self._row(choice, width - 1, palette):
                shown = (span if span.back is not None else span._replace(back=back) for span in (mark, *line))
                cut = fitted(joined(shown), width)
                lines.append(tuple(span if span.back is not None else span._replace(back=back) for span in cut))
        return lines or [(Span(" nothing that can be opened is called so; esc shows all", palette.dim),)]

    @property
    def _roomy(self) -> bool:
        return self.size.height >= 30

    def _row(self, choice: Choice, width: int, palette: Palette) -> Iterator[Line]:
        if not choice.source:
            yield (
                Span(f" {choice.key}  ", palette.key, bold=True),
                Span(f"{choice.name:<13} "),
                self._dim(choice.about),
            )
            return
        machine = self.known.get(choice.source)
        wide, known = picture_width(width - 1), card(machine) if machine is not None else None
        picture = self._picture(machine, choice.source, wide) if machine is not None else [(Span(" " * wide),)] * 2
        done = len(machine.timeline) - 1 if machine is not None else 0
        for line in machine_row(choice.name, known, picture, palette, choice.facts, done):
            yield (Span(" "), *line)
        if self._roomy and choice.group == "bundled":
            yield (Span(" "), *about_line(choice.about, known, width - 1, palette))

    def _dim(self, text: str) -> Span:
        return Span(text, palette_of(self.app).dim)

    def _picture(self, machine: Machine, source: str, wide: int) -> list[Line]:
        palette = palette_of(self.app)
        key = (source, wide, palette, self.halves)
        if key not in self._pictures:
            self._pictures[key] = miniature(Scene(machine, palette, Outlooks(machine)), wide, 2, self.halves)
        return self._pictures[key]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            self.reload()

    # -- the mouse --------------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """A click chooses; one on what is chosen already, or on a way to other machines, opens it."""
        line = self.scroll_offset.y + event.y
        at = max((number for number, first in enumerate(self._first) if first <= line), default=None)
        if at is None or line >= (*self._first, len(self._drawn))[at] + 3:
            return
        if at == self._at or self.shown[at].action:
            self._choose(at)
            self.post_message(self.Asked())
        else:
            self._choose(at)
