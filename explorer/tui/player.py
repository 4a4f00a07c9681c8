"""Playing a film: at which moment it is, how fast it goes, and what of the next moment is done. Pure, but for the film."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from altmap.engine import Event, Film, Machine, Move, Outcome, events

SPEEDS: Final = (1, 2, 4, 8, 16)
FRAMES: Final = 30
"""Frames of a second, at most."""
MOST: Final = 20_000
"""Moments that can be gone to; what comes after them is done in one."""
_MOMENT: Final = 1.0
"""Seconds of a moment at the lowest speed, and of one in which pages move twice as many."""
_WHOLE: Final = 120.0
"""Seconds of a film at the lowest speed, at most."""


class Meter(NamedTuple):
    """How far something is: a word, how much is done, of how much, and the kind whose colour it has."""

    word: str
    done: int
    total: int
    kind: str


class Player:
    """Plays a `Film`, in at most `whole` seconds at the lowest speed. `part`: how much of the next moment has passed, 0 to
    1; the machine shows the moment before it."""

    def __init__(self, film: Film, whole: float = _WHOLE) -> None:
        self.film = film
        self._whole = whole
        self.moves: dict[int, list[Move]] = {}
        while film.at < MOST and film.forward():
            if isinstance(film.told, events.PagesMigrated | events.PagesCompacted) and (found := film.moves()):
                self.moves[film.at] = found
        self.told: tuple[Event | Outcome, ...] = film.so_far
        film.go_to(0)
        self.speed = SPEEDS[1]
        self.playing = True
        self.part = 0.0
        self._arrived: tuple[int, Counter[int]] = (0, Counter())

    @property
    def machine(self) -> Machine:
        """In the moment shown."""
        return self.film.machine

    @property
    def at(self) -> int:
        """The moments that have passed."""
        return self.film.at

    @property
    def ended(self) -> bool:
        """Has the last moment passed?"""
        return self.at == len(self.told)

    @property
    def present(self) -> Event | Outcome | None:
        """What is happening, or what happened last where nothing is; None at the beginning."""
        if self.part and not self.ended:
            return self.told[self.at]
        return self.told[self.at - 1] if self.at else None

    # -- going on ---------------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """A frame has passed; returns whether there is something else to see."""
        if not self.playing or self.ended:
            return False
        length = min(_MOMENT, self._whole / len(self.told)) * (2 if self.at + 1 in self.moves else 1)
        self.part += self.speed / (FRAMES * length)
        while self.part >= 1 and not self.ended:
            self.film.forward()
            self.part -= 1
        if self.ended:
            self.part, self.playing = 0.0, False
        return True

    def go_to(self, at: int) -> None:
        """To a moment, and stay there."""
        self.film.go_to(max(0, min(at, len(self.told))))
        self.part = 0.0
        self.playing = False

    def faster(self, by: int) -> None:
        """The next speed, or the one before."""
        self.speed = SPEEDS[max(0, min(SPEEDS.index(self.speed) + by, len(SPEEDS) - 1))]

    # -- what is to be seen -----------------------------------------------------------------------------------------

    def moving(self) -> Sequence[Move]:
        """The moves of the next moment that are done already."""
        found = self.moves.get(self.at + 1, [])
        return found[: round(len(found) * self.part)]

    def touched(self) -> list[tuple[int, int]]:
        """The pages that the moment changes, as far as it has passed: runs (first pfn, pages)."""
        if self.part and self.at + 1 in self.moves:
            size = self.machine.geometry.pageblock_pages
            return [(pfn, size) for move in self.moving() for pfn in (move.source, move.target)]
        return self.film.changed()

    def arrived(self) -> Counter[int]:
        """By block, how many pages came to it."""
        at, found = self._arrived
        if at > self.at:
            at, found = 0, Counter()
        for moment in [moment for moment in self.moves if at < moment <= self.at]:
            self._count(found, self.moves[moment])
        self._arrived = self.at, found
        now = Counter(found)
        self._count(now, self.moving())
        return now

    def _count(self, found: Counter[int], moves: Sequence[Move]) -> None:
        for move in moves:
            found[self.machine.geometry.block_of(move.target)] += move.pages

    def meters(self) -> list[Meter]:
        """How far it is in what it does, as far as it does that at all."""
        done, total = Counter[str](), Counter[str]()
        for number, told in enumerate(self.told, 1):
            for word, amount in _amounts(told):
                total[word] += amount
                if number <= self.at:
                    done[word] += amount
        done["moved"] += sum(move.pages for move in self.moving())
        return [Meter(word, done[word], total[word], kind) for word, kind in _KINDS.items() if total[word]]

    def passed(self) -> tuple[int, int]:
        """How many commands have come to their end, and how many events of the next one have passed."""
        outcomes = [number for number, told in enumerate(self.told[: self.at], 1) if isinstance(told, Outcome)]
        return len(outcomes), self.at - (outcomes[-1] if outcomes else 0)


_KINDS: Final = {
    "isolated": "pcp",
    "moved": "movable",
    "memmap over": "memmap",
    "taken out": "offline",
    "struct pages": "memmap",
    "blocks": "kernel",
    "onlined": "free",
    "compacted": "movable",
}
"""What is measured, in this order, and the kind whose colour it has."""


def _amounts(told: Event | Outcome) -> list[tuple[str, int]]:
    match told:
        case events.RangeIsolated(pages=pages):
            return [("isolated", pages)]
        case events.PagesMigrated(pages=pages):
            return [("moved", pages)]
        case events.PagesCompacted(pages=pages):
            return [("compacted", pages)]
        case events.MemmapSkipped():
            return [("memmap over", 1)]
        case events.PagesTaken(pages=pages):
            return [("taken out", pages)]
        case events.MemmapPlaced(chunks=chunks):
            return [("struct pages", sum(pages for _, pages in chunks))]
        case events.BlockCreated():
            return [("blocks", 1)]
        case events.PagesOnlined(pages=pages):
            return [("onlined", pages)]
    return []
