"""Commands played on a copy of a machine, event by event: forwards, back, and to any moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ..commands import Command
from ..commands.outcome import Outcome
from ..machine import Machine
from ..memory.journal import ABSENT as NOTHING
from ..memory.journal import Changes, each_change
from ..memory.section import Pages, Section, type_pages, union
from ..numbers.bits import lowest, span
from ..numbers.errors import BadInput
from ..numbers.geometry import Geometry
from ..numbers.runs import merged
from ..protocol.events import Event, MemmapSkipped, PagesTaken
from ..protocol.reasons import HotplugError
from ..protocol.reasons.taking import Interrupted
from ..protocol.vocabulary import ABSENT, ASSUMED, FREE, PAGE_OFFLINE, PCP, Chunk
from ..run.dispatch import run, takes_signals

_TAKES: Final = "__offline_isolated_pages"
_NOBODYS: Final = frozenset((FREE, PCP, PAGE_OFFLINE, ABSENT, ASSUMED))
"""Kinds of pages that no one has, or of which no one saw where they are: they do not move."""

_Both = tuple[Section | None, Section | None]
"""A section in the moment before and now; None where there was, or is, none."""


class Move(NamedTuple):
    """`pages` pages left the pageblock that begins at pfn `source` and arrived in the one at pfn `target`."""

    source: int
    target: int
    pages: int


class _Frame(NamedTuple):
    """What happened in a moment, an event or the outcome of a command, and what takes back all that changed since the moment
    before it."""

    what: Event | Outcome
    changes: Changes


class Film:
    """What commands do to a machine, one after the other past refusals, as a film that can be played both ways.

    A moment is an event or, when a command has ended, its outcome. `machine` is a copy in the moment shown, which is the
    one after `at` others. It is to be looked at and not to be given commands. The machine that the film was made of is not
    changed. `signals`: to a command, by its number from 0, a signal is sent after so many of its events; how the kernel ends
    it then is one moment.
    """

    def __init__(
        self, machine: Machine, commands: Sequence[Command], signals: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        self.machine = machine.copy()
        self.commands = tuple(commands)
        self._signals = dict(signals)
        self.at = 0
        self._state = self.machine._state
        self._frames: list[_Frame] = []
        self._ends: list[int] = []
        self._changed_keys = [table.watch() for table in self._state.tables]
        self._begin(0)

    @property
    def last(self) -> Event | Outcome | None:
        """The event, or the outcome of a command, that led to the moment shown; None at the beginning."""
        return self._frames[self.at - 1].what if self.at else None

    @property
    def so_far(self) -> tuple[Event | Outcome, ...]:
        """All events and outcomes up to the moment shown, oldest first."""
        return tuple(frame.what for frame in self._frames[: self.at])

    @property
    def moments(self) -> int | None:
        """How many moments there are behind the beginning; None as long as the end was not reached once."""
        return len(self._frames) if self._all else None

    @property
    def takes_signals(self) -> bool:
        """Can a signal end the command that is going on, or comes next? None does as soon as pages leave the free lists."""
        whole, events = self.passed
        going = [frame.what for frame in self._frames[self.at - events : self.at]]
        return whole < len(self.commands) and takes_signals(self.commands[whole]) and not _too_late(going)

    @property
    def passed(self) -> tuple[int, int]:
        """How many commands have come to their end, and how many events of the next one have passed."""
        whole = bisect_right(self._ends, self.at)
        return whole, self.at - (self._ends[whole - 1] if whole else 0)

    @property
    def ended(self) -> bool:
        """Is the moment shown the last one?"""
        return self._all and self.at == len(self._frames)

    def forward(self) -> bool:
        """Show the next moment; False where there is none. Raises `BadInput` for a command that makes no sense, and then
        nothing is shown."""
        if self.at < len(self._frames):
            self._swap(self.at)
        elif not self._next():
            return False
        self.at += 1
        return True

    def back(self) -> bool:
        """Show the moment before; False at the beginning."""
        if not self.at:
            return False
        self.at -= 1
        self._swap(self.at)
        return True

    def go_to(self, at: int) -> int:
        """Show the moment after `at` others, or the last one if there are fewer. Returns which it is. Raises `BadInput` if
        `at` is negative."""
        if at < 0:
            raise BadInput(f"there is no moment {at}; a film begins at 0")
        while self.at > at and self.back():
            pass
        while self.at < at and self.forward():
            pass
        return self.at

    def to_end(self) -> tuple[Outcome, ...]:
        """Show the last moment; what came of each command."""
        while self.forward():
            pass
        return tuple(frame.what for frame in self._frames if isinstance(frame.what, Outcome))

    def signal(self) -> None:
        """A signal comes in the moment shown: what follows is how the kernel ends the command that is going on. One that
        looks for no signals goes on as before; no further command is done."""
        at, (whole, events) = self.at, self.passed
        self.to_end()
        self.go_to(at - events)
        del self._frames[self.at :], self._ends[whole:]
        self.commands = self.commands[: whole + bool(events)]
        self._signals[whole] = events
        self._begin(whole)
        self.go_to(at)

    def changed(self) -> list[Chunk]:
        """The pageblocks that have another type, or a page of another kind, than in the moment before: runs of pages
        (first pfn, pages), ascending."""
        order, found = self._state.geometry.pageblock_order, list[Chunk]()
        for before, now in sorted(self._sections(), key=_number):
            base = _number((before, now)) * self._state.geometry.pages_per_section
            found += (
                (pfn, 1 << order) for pfn, _ in _by_block(_differing(before, now, self._state.geometry), base, order)
            )
        return list(merged(found))

    def moves(self) -> list[Move]:
        """Where pages moved from and to since the moment before, by pageblock.

        How many left and how many arrived is exact for each pageblock; those that leave first are said to arrive where
        the lowest free pages were taken.
        """
        order, size = self._state.geometry.pageblock_order, self._state.geometry.pages_per_section
        left: list[Chunk] = []
        came: list[Chunk] = []
        for before, now in sorted(self._sections(), key=_number):
            if before is not None and now is not None and before.pages is not now.pages:
                held = _held(before.pages), _held(now.pages)
                left += _by_block(held[0] & now.of(FREE), now.nr * size, order)
                came += _by_block(held[1] & before.of(FREE), now.nr * size, order)
        return list(_paired(left, came))

    # -- how it is made ---------------------------------------------------------------------------------------------

    def _begin(self, first: int) -> None:
        """What is shown now is the machine before a command, by its number; all moments behind it are still to be made."""
        self._last: list[dict[Any, Any]] = [dict(table) for table in self._state.tables]
        for keys in self._changed_keys:
            keys.clear()
        self._rest = self._moments(first)
        self._all = False

    def _moments(self, first: int) -> Iterator[Event | Outcome]:
        for number, command in enumerate(self.commands[first:], first):
            last = self._signals.get(number)
            if last is None or not takes_signals(command):
                yield (yield from self.machine.steps(command))
            else:
                yield from self._interrupted(command, last)

    def _interrupted(self, command: Command, last: int) -> Iterator[Event | Outcome]:
        """A command that a signal ends after so many of its events: these, those of the undo, and the outcome."""
        events: list[Event] = []
        steps = run(self._state, command, [])
        assert isinstance(steps, Generator), "what runs a command can be told of a signal"
        result, reason = "ok", None
        try:
            for event in islice(steps, last):
                events.append(event)
                yield event
            if not _too_late(events):
                event = steps.throw(HotplugError("EINTR", Interrupted()))
                while True:
                    yield event
                    event = next(steps)
            yield from steps
        except StopIteration:
            pass
        except HotplugError:
            result, reason = "EINTR", Interrupted()
        outcome = Outcome(command, result, reason, None, tuple(events), stopped=True)
        self.machine._tree.record(outcome)
        yield outcome

    def _next(self) -> bool:
        for what in self._rest:
            self._frames.append(_Frame(what, self._taken_back()))
            if isinstance(what, Outcome):
                self._ends.append(len(self._frames))
            return True
        self._all = True
        return False

    def _taken_back(self) -> Changes:
        """What takes back all changes since the last call."""
        changes: list[Any] = []
        for table, last, keys in zip(self._state.tables, self._last, self._changed_keys, strict=True):
            for key in keys:
                before, now = last.get(key, NOTHING), table.get(key, NOTHING)
                if before is not now:
                    changes += ((table.number, key), before)
                if now is not NOTHING:
                    last[key] = now
                else:
                    last.pop(key, None)
            keys.clear()
        return tuple(changes)

    def _swap(self, at: int) -> None:
        frame = self._frames[at]
        self._frames[at] = _Frame(frame.what, self._state.journal.swap(frame.changes))

    def _sections(self) -> Iterator[_Both]:
        """The sections that changed since the moment before, as they were then and now; None where there was, or is, none."""
        sections = self._state.sections
        for (number, key), value in each_change(self._frames[self.at - 1].changes) if self.at else ():
            if number == sections.number:
                yield (None if value is NOTHING else value), sections.get(key)


def _too_late(passed: Sequence[object]) -> bool:
    """Have pages begun to leave the free lists for good (__offline_isolated_pages)? Then an offline comes to its end."""
    return any(
        isinstance(one, PagesTaken) or (isinstance(one, MemmapSkipped) and one.where == _TAKES) for one in passed
    )


def _number(both: _Both) -> int:
    before, now = both
    section = now or before
    assert section is not None
    return section.nr


def _held(pages: Pages) -> int:
    """The pages that someone has."""
    return union(pages, tuple(kind for kind in pages if kind not in _NOBODYS))


def _differing(before: Section | None, now: Section | None, geometry: Geometry) -> int:
    """The pages that are of another kind, or in a pageblock of another type."""
    if before is None or now is None:
        return span(0, geometry.pages_per_section)
    differing = 0
    for kind in before.pages.keys() | now.pages.keys():
        differing |= before.of(kind) ^ now.of(kind)
    for name in before.types.keys() | now.types.keys():
        blocks = before.types.get(name, 0) ^ now.types.get(name, 0)
        differing |= type_pages(blocks, geometry.pageblock_order)
    return differing


def _by_block(pages: int, base: int, order: int) -> Iterator[Chunk]:
    """First pfn of each pageblock that has pages of the set, and how many; `base` is the pfn of page 0."""
    at, one = 0, span(0, 1 << order)
    while pages:
        skipped = (lowest(pages) >> order) << order
        pages >>= skipped
        at += skipped
        yield base + at, (pages & one).bit_count()
        pages >>= 1 << order
        at += 1 << order


def _paired(left: list[Chunk], came: list[Chunk]) -> Iterator[Move]:
    """What left in order beside what came in order."""
    arrivals = iter(came)
    target, room = next(arrivals, (0, 0))
    for source, pages in left:
        while pages and room:
            moved = min(pages, room)
            yield Move(source, target, moved)
            pages, room = pages - moved, room - moved
            if not room:
                target, room = next(arrivals, (0, 0))
