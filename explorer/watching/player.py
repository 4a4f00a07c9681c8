"""Playing a film: at which moment it is, how fast it goes, and what of the next moment is done. Pure, but for the film."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from altmap.engine import Event, Film, Machine, Move, Outcome, events

from ..picture.layout import blocks_of
from ..picture.overlay import Happening, places
from .course import Course, Meter, Stepped

SPEEDS: Final = (1, 2, 4, 8, 16)
FRAMES: Final = 30
"""Frames of a second, at most."""
MOST: Final = 20_000
"""Moments that can be gone to; what comes after them is done in one."""
NEVER_ENDS: Final = "HANGS"
"""The result of what never ends."""
_MOMENT: Final = 1.0
"""Seconds of a moment at the lowest speed, and of one in which pages move twice as many."""
_WHOLE: Final = 120.0
"""Seconds of a film at the lowest speed, at most."""
_LATEST: Final = 8
"""Of the moves that are done one in so many is pointed out: the last ones."""
SIGNS: Final = ("▶", "◀"), (">", "<")
"""What scanners of compaction are shown by, the one for movable pages and the one for free ones; and where there is no
colour."""


class Player:
    """Plays a `Film`, in at most `whole` seconds at the lowest speed. `part`: how much of the next moment has passed, 0 to
    1; the machine shows the moment before it. Where the kernel does the same again until a signal comes, it waits for
    `signal`."""

    def __init__(self, film: Film, whole: float = _WHOLE) -> None:
        self.film = film
        self._whole = whole
        self.speed = SPEEDS[1]
        self._watch()

    def _watch(self) -> None:
        """All that the film shows, from its beginning; then the machine is as it is there."""
        film = self.film
        film.go_to(0)
        self.memory = blocks_of(film.machine)
        """All blocks that are there at a time, and the node of each."""
        self.moves: dict[int, list[Move]] = {}
        while film.at < MOST and film.forward():
            if isinstance(film.last, events.PagesMigrated | events.PagesCompacted) and (found := film.moves()):
                self.moves[film.at] = found
        so_far = film.so_far
        film.to_end()
        self.memory |= blocks_of(film.machine)
        last = film.last
        self.moments: tuple[Event | Outcome, ...] = (
            so_far if film.at == len(so_far) or last is None else (*so_far, last)
        )
        film.go_to(0)
        self.playing = bool(self.moments)
        self._course = Course(self.moments, self.moves, self.machine.geometry.pages_per_block)
        self.part = 0.0
        self._signalled: set[int] = set()
        self._changed: tuple[int, list[tuple[int, int]]] = (0, [])

    @property
    def machine(self) -> Machine:
        """In the moment shown."""
        return self.film.machine

    @property
    def at(self) -> int:
        """The moments that have passed."""
        return min(self.film.at, len(self.moments))

    @property
    def ended(self) -> bool:
        """Has the last moment passed?"""
        return self.at == len(self.moments)

    @property
    def never_ends(self) -> bool:
        """Has the last moment passed, and the kernel goes on for ever?"""
        last = self.moments[-1] if self.moments else None
        return self.ended and isinstance(last, Outcome) and last.result == NEVER_ENDS

    @property
    def leaves(self) -> int | None:
        """The block that goes offline; None where none does, or several do."""
        changed = (one for one in self.moments if isinstance(one, events.BlockStateChanged))
        found = {one.block for one in changed if one.state == "going-offline"}
        return found.pop() if len(found) == 1 else None

    @property
    def waits(self) -> bool:
        """Does the kernel do the same again and again now, until a signal comes?"""
        return not self.part and self.at in self._course.loops - self._signalled

    @property
    def present(self) -> Event | Outcome | None:
        """What is happening, or what happened last where nothing is; None at the beginning."""
        if self.part and not self.ended:
            return self.moments[self.at]
        return self.moments[self.at - 1] if self.at else None

    # -- going on ---------------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """A frame has passed; returns whether there is something else to see."""
        if not self.playing or self.ended or self.waits:
            return False
        length = min(_MOMENT, self._whole / len(self.moments)) * (2 if self.at + 1 in self.moves else 1)
        self.part += self.speed / (FRAMES * length)
        while self.part >= 1 and not self.ended:
            self._show(self.at + 1)
            self.part -= 1
            if self.at in self._course.loops - self._signalled:
                self.part = 0.0
        if self.ended:
            self.part, self.playing = 0.0, False
        return True

    def go_to(self, at: int) -> None:
        """To a moment, and stay there."""
        self._show(max(0, min(at, len(self.moments))))
        self.part = 0.0
        self.playing = False

    def show(self, at: float) -> None:
        """To a moment, and on by a part of the next one; stay there."""
        self.go_to(int(at))
        if not self.ended:
            self.part = at % 1

    def _show(self, at: int) -> None:
        if at == len(self.moments):
            self.film.to_end()
        else:
            self.film.go_to(at)

    def signal(self) -> None:
        """A signal comes now; go on with what the kernel then does."""
        at = self.at
        if self.waits:
            self._signalled.add(at)
        else:
            self.film.signal()
            self._watch()
            self._show(at)
        self.playing = True

    def faster(self, by: int) -> None:
        """The next speed, or the one before."""
        self.speed = SPEEDS[max(0, min(SPEEDS.index(self.speed) + by, len(SPEEDS) - 1))]

    # -- what is to be seen -----------------------------------------------------------------------------------------

    def moving(self) -> Sequence[Move]:
        """The moves of the next moment that are done already."""
        found = self.moves.get(self.at + 1, [])
        return found[: round(len(found) * self.part)]

    def happening(self, letters: bool = False) -> Happening:
        """What is laid over the map: what the moment changes, as far as it has passed."""
        section, size = self.machine.geometry.pages_per_section, self.machine.geometry.pageblock_pages
        signs = zip(self._course.scanners(self.at, self.part), SIGNS[letters], strict=True)
        scanners = tuple((pfn, sign) for pfn, sign in signs if pfn is not None)
        came_to = {block * self.machine.geometry.pages_per_block: pages for block, pages in self.arrived().items()}
        moves = self.moving()
        if not moves or not isinstance(self.moments[self.at], events.PagesMigrated):
            touched = [(pfn, size) for move in moves for pfn in (move.source, move.target)] or self._changes()
            return Happening(places(touched, section), scanners=scanners, came=came_to)
        left, came = [move.source for move in moves], [move.target for move in moves]
        following = self.moves[self.at + 1][len(moves) : len(moves) + 1]
        still = {move.source for move in following}
        return Happening(
            places(((pfn, size) for pfn in came[-max(1, len(came) // _LATEST) :]), section),
            places(((pfn, size) for pfn in dict.fromkeys(left) if pfn not in still), section),
            places(((pfn, size) for pfn in dict.fromkeys(came)), section),
            scanners,
            came_to,
        )

    def _changes(self) -> list[tuple[int, int]]:
        """What the moment that has passed changed; of what was isolated or emptied the look alone tells it."""
        if not self.at:
            return []
        if self._changed[0] != self.at:
            what, found = self.moments[self.at - 1], self.film.changed()
            if isinstance(what, events.RangeIsolated):
                found = []
            elif isinstance(what, events.MemmapPlaced) and what.on == "self" and what.chunks:
                found = list(what.chunks)
            elif isinstance(what, events.MemmapSkipped):
                found = [(what.pfn, what.pages)]
            elif isinstance(what, events.PagesMigrated):
                size = self.machine.geometry.pageblock_pages
                found = [(move.target, size) for move in self.moves.get(self.at, [])]
            self._changed = self.at, found
        return self._changed[1]

    @property
    def places_memmap(self) -> bool:
        """Are the pages that came to blocks struct pages?"""
        return not self.moves

    def arrived(self) -> Counter[int]:
        """By block, how many pages came to it, or were taken from it for struct pages."""
        return self._course.arrived(self.at, self.moving())

    def meters(self) -> list[Meter]:
        """How far it is in what it does, as far as it does that at all."""
        return self._course.meters(self.at, self.moving())

    def stepped(self) -> list[Stepped]:
        """The functions that step over memmap."""
        return [*self._course.stepped.values()]
