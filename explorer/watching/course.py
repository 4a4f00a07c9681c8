"""What the moments of a film come to, worked out once: how far it is, where pages came to lie, where scanners are."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from altmap.engine import Event, Move, Outcome, events

EventOrOutcome = Event | Outcome


class Meter(NamedTuple):
    """How far something is: a word, how much is done, of how much, and the kind whose colour it has."""

    word: str
    done: int
    total: int
    kind: str


class Stepped(NamedTuple):
    """A function that steps over memmap, over how many pages at most, and after how many moments it first has."""

    function: str
    pages: int
    at: int


class Course:
    """Moments are numbered from 1. `moves`: what moves in a moment; `block`: pages of a memory block."""

    def __init__(self, moments: Sequence[EventOrOutcome], moves: Mapping[int, Sequence[Move]], block: int) -> None:
        self._block = block
        self._numbers: dict[str, list[int]] = {}
        self._sums: dict[str, list[int]] = {}
        self._came: list[tuple[int, tuple[tuple[int, int], ...]]] = []
        self._scans: list[tuple[int, int | None, int | None]] = [(0, None, None)]
        self.stepped: dict[str, Stepped] = {}
        self.loops: set[int] = set()
        """The moments after which the kernel does the same again, until a signal comes."""
        failed = 0
        for number, one in enumerate(moments, 1):
            for word, amount in _amounts(one):
                self._numbers.setdefault(word, []).append(number)
                sums = self._sums.setdefault(word, [])
                sums.append((sums[-1] if sums else 0) + amount)
            match one:
                case events.MemmapPlaced(chunks=chunks):
                    self._came.append((number, tuple((pfn // block, pages) for pfn, pages in chunks)))
                case events.CompactionStarted(migrate_pfn=low, free_pfn=high):
                    self._scans.append((number, low, high))
                case events.ScannerMoved(scanner="migrate", end=end):
                    self._scans.append((number, end, self._scans[-1][2]))
                case events.ScannerMoved(pfn=pfn):
                    self._scans.append((number, self._scans[-1][1], pfn))
                case events.CompactionEnded():
                    self._scans.append((number, None, None))
                case events.MemmapSkipped(where=where, pages=pages):
                    known = self.stepped.get(where, Stepped(where, 0, number))
                    self.stepped[where] = known._replace(pages=max(known.pages, pages))
                case events.MigrationFailed():
                    failed = number
                case Outcome(reason=reason, stopped=False) if (
                    reason is not None and reason.code in _SIGNAL_ENDS and failed
                ):
                    self.loops.add(failed)
            if number in moves:
                self._came.append((number, tuple((move.target // block, move.pages) for move in moves[number])))
        self._scanned = [number for number, _, _ in self._scans]
        self._arrived: tuple[int, Counter[int]] = (0, Counter())

    def meters(self, at: int, moving: Sequence[Move]) -> list[Meter]:
        """How far it is after `at` moments and some moves of the next one, in all that it does."""
        found = []
        for word, kind in _KINDS.items():
            if (sums := self._sums.get(word)) and sums[-1]:
                passed = bisect_right(self._numbers[word], at)
                done = sums[passed - 1] if passed else 0
                if word == "moved":
                    done = min(done + sum(move.pages for move in moving), sums[-1])
                found.append(Meter(word, done, sums[-1], kind))
        return found

    def arrived(self, at: int, moving: Sequence[Move]) -> Counter[int]:
        """By block, how many pages came to it, or were taken from it for struct pages."""
        last, found = self._arrived
        if last > at:
            last, found = 0, Counter()
        first = bisect_right(self._came, last, key=lambda one: one[0])
        for number, came in self._came[first:]:
            if number > at:
                break
            for block, pages in came:
                found[block] += pages
        self._arrived = at, found
        now = Counter(found)
        for move in moving:
            now[move.target // self._block] += move.pages
        return now

    def scanners(self, at: int, part: float) -> tuple[int | None, int | None]:
        """Where the scanner for movable pages and the one for free pages are (pfn); None where none is under way."""
        here = self._scans[bisect_right(self._scanned, at) - 1]
        following = bisect_right(self._scanned, at)
        if part and following < len(self._scans) and self._scans[following][0] == at + 1:
            after = self._scans[following]
            return _between(here[1], after[1], part), _between(here[2], after[2], part)
        return here[1], here[2]


def _between(one: int | None, other: int | None, part: float) -> int | None:
    return one if one is None or other is None else one + round((other - one) * part)


_SIGNAL_ENDS: Final = frozenset(("backoff",))
"""Codes of refusals that only a signal brings."""

_KINDS: Final = {
    "isolated": "isolated",
    "moved": "movable",
    "memmap over": "memmap",
    "taken out": "offline",
    "struct pages": "memmap",
    "given back": "memmap",
    "blocks": "kernel",
    "onlined": "free",
    "compacted": "movable",
    "plugged": "free",
    "unplugged": "offline",
    "huge": "huge",
    "freed": "free",
}
"""What is measured, in this order, and the kind whose colour it has."""


def _amounts(moment: EventOrOutcome) -> Iterator[tuple[str, int]]:
    match moment:
        case events.RangeIsolated(pages=pages):
            yield "isolated", pages
        case events.PagesMigrated(pages=pages):
            yield "moved", pages
        case events.PagesCompacted(pages=pages):
            yield "compacted", pages
        case events.MemmapSkipped():
            yield "memmap over", 1
        case events.PagesTaken(pages=pages):
            yield "taken out", pages
        case events.MemmapPlaced(chunks=chunks):
            yield "struct pages", sum(pages for _, pages in chunks)
        case events.MemmapReleased(pages=pages):
            yield "given back", pages
        case events.BlockCreated() | events.BlockRemoved():
            yield "blocks", 1
        case events.PagesOnlined(pages=pages):
            yield "onlined", pages
        case events.PagesPlugged(pages=pages):
            yield "plugged", pages
        case events.PagesUnplugged(pages=pages):
            yield "unplugged", pages
        case events.HugePageTaken(pages=pages):
            yield "huge", pages
        case events.HugePageFreed(pages=pages):
            yield "freed", pages
