"""What is said of a film: the moments around the present one, and how far it is. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from altmap.engine import Event, Machine, Moment, Outcome, about_bytes, describe, events, format_bytes, moment, sentence

from ..picture.lines import Line, Span, cut, fitted, joined
from ..picture.palette import Palette
from ..picture.parts import Parts
from ..printable import printable
from ..wrapping import wrap
from .player import Player

_ARRIVALS: Final = 6
"""Blocks that are named for the pages they got."""
_NOW: Final = 4
"""Lines of what happens, at least."""
_ZONES: Final = 8
"""Zones that are named, at most; of more none is."""


def moment_words(what: Event | Outcome) -> Moment:
    """An event, or the end of a command, for those who watch."""
    if isinstance(what, Outcome):
        why = f": {sentence(what.reason)}" if what.reason is not None else ""
        return Moment(f"{describe(what.command)}: {what.result}{why}", "")
    words, function = moment(what)
    return Moment(printable(words), function)


def listed(player: Player, palette: Palette, wide: int, high: int) -> list[Line]:
    """The moments around the present one, a line each."""
    count = len(player.moments)
    here = player.at + 1 if player.part or not player.at else player.at
    first = max(1, min(here - high // 2, count - high + 1))
    return [_line(player, palette, number, here, wide) for number in range(first, min(first + high, count + 1))]


def _line(player: Player, palette: Palette, number: int, here: int, wide: int) -> Line:
    what = player.moments[number - 1]
    words, function = moment_words(what)
    now, past = (number == here and player.at > 0) or (number == here and player.part > 0), number <= player.at
    sign = Span(
        " ▶ " if now else " ✓ " if past else " · ", palette.accent if now else palette.good if past else palette.faint
    )
    colour = palette.text if past or now else palette.faint
    if isinstance(what, events.MemmapSkipped):
        colour = palette.kinds["memmap"]
    elif isinstance(what, Outcome):
        colour = palette.good if what.ok else palette.bad
    back = palette.focused if now else None
    digits = len(str(len(player.moments)))
    room = wide - 3 - digits - 2
    tail = f" {function} "
    fits = (
        len(function) + 24 <= room if now else len(words) + len(tail) <= room
    )  # what happens now is told in full below
    tail = tail if fits else ""
    room -= len(tail)
    return joined(
        (
            sign._replace(back=back),
            Span(f"{number:>{digits}}  ", palette.dim, back),
            Span(cut(words, room).ljust(room), colour, back, now),
            Span(tail, palette.dim, back),
        )
    )


class Watched(Parts):
    """The panel beside a film."""

    def __init__(
        self, player: Player, machine: Machine, palette: Palette, size: tuple[int, int], letters: bool
    ) -> None:
        super().__init__(machine, palette, size, letters)
        self._player = player

    def lines(self, text: Sequence[str] = (), title: str = "") -> list[Line]:
        """A title, paragraphs of text, and below them how far it is."""
        words = (self._title(title), self._text(text))
        parts = (*words, self._meters(), self._arrivals(), self._now(), self._stepped(), self._zones())
        return [fitted(line, self.wide) for part in parts for line in part]

    def measures(self) -> list[Line]:
        """How far it is and nothing else."""
        return [fitted(line, self.wide) for line in self._meters()]

    def _title(self, title: str) -> Iterator[Line]:
        for line in wrap(printable(title), self.wide):
            yield (Span(line, self.palette.text, bold=True),)
        if title:
            yield ()

    def _text(self, text: Sequence[str]) -> Iterator[Line]:
        for paragraph in text:
            for line in wrap(printable(paragraph), self.wide):
                yield (Span(line),)
            yield ()

    def _meters(self) -> Iterator[Line]:
        for word, done, total, kind in self._player.meters():
            yield self._measured(word, done, total, self.palette.kinds[kind], f"{done:,} / {total:,}")

    def _measured(self, word: str, done: int, total: int, colour: int, said: str) -> Line:
        """A word, a bar and what it comes to."""
        bar = max(4, self.wide - 13 - len(said) - 1)
        if self.letters:
            cells = round(bar * done / total)
            measure: Line = (Span("=" * cells + " " * (bar + 1 - cells)),)
        else:
            measure = self.measure(done / total, bar, colour) if done else (Span(" " * (bar + 1)),)
        return joined((Span(f"{word:<13}", self.palette.dim), *measure, Span(said, bold=True)))

    def _arrivals(self) -> Iterator[Line]:
        arrived = self._player.arrived()
        if not arrived:
            return
        yield ()
        placed = self._player.places_memmap
        yield self.title("struct pages in", "taken") if placed else self.title("pages now at", "arrived")
        most, colour = max(arrived.values()), self.palette.kinds["memmap" if placed else "movable"]
        named = sorted(sorted(arrived, key=lambda block: -arrived[block])[:_ARRIVALS])
        for block in named:
            yield self._measured(f"memory{block}", arrived[block], most, colour, f"{arrived[block]:,}")
        if rest := len(arrived) - len(named):
            total = sum(arrived.values()) - sum(arrived[block] for block in named)
            yield self.both((Span(f"{rest} other blocks", self.palette.dim),), Span(f"{total:,}", self.palette.dim))

    def _now(self) -> Iterator[Line]:
        """What happens, in so many lines that what stands below them seldom moves."""
        if not self._player.moments:
            return
        what = self._player.present
        yield ()
        yield self.title("this moment", "" if what is None else type(what).__name__)
        words, function = moment_words(what) if what is not None else Moment("The machine before anything is done.", "")
        lines: list[Line] = [(Span(function, self.palette.accent),)] if function else []
        lines += [(Span(line),) for line in wrap(words, self.wide)]
        yield from lines
        yield from [()] * (_NOW - len(lines))

    def _stepped(self) -> Iterator[Line]:
        """The functions that step over memmap; those that have are ticked off."""
        functions = self._player.stepped()
        if not functions:
            return
        palette, pages = self.palette, max(one.pages for one in functions)
        size = format_bytes(pages * self.machine.geometry.page_size)
        yield ()
        yield self.title("memmap stepped over", f"{pages:,} pages = {size}")
        for one in functions:
            past = one.at <= self._player.at
            yield (
                Span("✓ " if past else "· ", palette.good if past else palette.faint),
                Span(one.function, palette.kinds["memmap"] if past else palette.faint),
            )

    def _zones(self) -> Iterator[Line]:
        """How much of each zone that is managed is free."""
        zones = {key: zone for key, zone in sorted(self.machine.zones.items()) if zone.managed}
        several = len({node for node, _ in zones}) > 1
        if not zones or len(zones) > _ZONES:
            return
        yield ()
        yield self.title("zones", "free")
        unit = self.machine.geometry.page_size
        for (node, name), zone in zones.items():
            said = f"{about_bytes(zone.free * unit)} / {about_bytes(zone.managed * unit)}"
            word = f"{node} {name}" if several else name
            yield self._measured(word, zone.free, zone.managed, self.palette.zones.get(name, self.palette.dim), said)
