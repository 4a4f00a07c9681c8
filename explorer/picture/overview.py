"""The whole machine on one line: above what memory is used for, below its zones; where one is, and what is in the scope."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from altmap.engine import Machine, Section

from .colour import between
from .lines import Line, Span, joined
from .memory_size import short_size
from .plan import Extent, extents_of
from .scope import Scope, touched
from .use import Use
from .view import Paint, Scene
from .views import Zones

_HOLE = 3
"""Columns of a hole at most."""


class Column(NamedTuple):
    """A column: its pages, or none where it is part of a hole."""

    start: int
    pages: int


def places(scene: Scene) -> set[int]:
    """The blocks that have a place: they are there, or some of their sections, or they are expected."""
    machine, per_block = scene.machine, scene.machine.geometry.sections_per_block
    bare = machine.sections if per_block == 1 else {nr // per_block for nr in machine.sections}
    return {*machine.blocks, *scene.expected, *bare}


def columns_of(scene: Scene, wide: int) -> list[Column]:
    """The memory of a machine on so many columns, each of as many pages, and holes shortened."""
    extents = extents_of([(nr, 0) for nr in sorted(places(scene))], scene.machine.geometry.pages_per_block)
    if not extents:
        return []
    holes = [_HOLE] * (len(extents) - 1) if len(extents) * (_HOLE + 1) < wide else [0] * (len(extents) - 1)
    room = max(1, wide - sum(holes))
    whole = sum(extent.pages for extent in extents)
    columns: list[Column] = []
    used = done = 0
    for extent, hole in zip(extents, [*holes, 0], strict=True):
        done += extent.pages
        count = max(1, room * done // whole - used)
        used += count
        columns += _shares(extent, count)
        columns += [Column(extent.start + extent.pages, 0)] * hole
    return columns[:wide]


def _shares(extent: Extent, count: int) -> list[Column]:
    """An extent in columns of like size."""
    borders = [extent.start + extent.pages * at // count for at in range(count + 1)]
    return [Column(low, max(high - low, 1)) for low, high in pairwise(borders)]


class Overview:
    """The line for a width."""

    def __init__(self, scene: Scene, wide: int, halves: int) -> None:
        self._scene = scene
        self._halves = halves
        machine = scene.machine
        self._there = places(scene)
        last = max(machine.blocks.keys() | scene.expected.keys(), default=-1) + 1
        self._left = " 0 "
        self._right = f" {short_size(last * machine.geometry.block_size)} "
        self.columns = columns_of(scene, wide - len(self._left) - len(self._right))
        self._made: list[list[Section | None]] = []
        self._looks: list[tuple[Span, Span]] = []
        """Each column where it is in the scope, and where it is not."""

    def fits(self, machine: Machine) -> bool:
        """Is it of this machine, and memory where it was when the columns were laid out?"""
        return machine is self._scene.machine and self._there == places(self._scene)

    def update(self) -> None:
        """Take in what has changed in the machine."""
        for number, column in enumerate(self.columns if self._looks else ()):
            made = self._sections_of(column)
            if made != self._made[number]:
                self._made[number], self._looks[number] = made, self._spans(column)

    def _sections_of(self, column: Column) -> list[Section | None]:
        machine, size = self._scene.machine, self._scene.machine.geometry.pages_per_section
        return [*map(machine.sections.get, touched(column.start, column.pages, size))]

    def at(self, x: int) -> int | None:
        """The page at a column."""
        number = x - len(self._left)
        return self.columns[number].start if 0 <= number < len(self.columns) else None

    def line(self, cursor: int, scope: Scope) -> Line:
        """The line, with the cursor; what is not in the scope is dimmed."""
        palette = self._scene.palette
        if not self._looks:
            self._looks = [self._spans(column) for column in self.columns]
            self._made = [self._sections_of(column) for column in self.columns]
        end = scope.start + scope.pages
        spans = [
            seen if scope.level == "machine" or (start < end and scope.start < start + pages) else dimmed
            for (start, pages), (seen, dimmed) in zip(self.columns, self._looks, strict=True)
        ]
        for number, (start, pages) in enumerate(self.columns):
            if start <= cursor < start + pages:
                spans[number] = Span("+", bold=True) if self._halves == 1 else Span("█", palette.cursor)
        return joined((Span(self._left, palette.dim), *spans, Span(self._right, palette.dim)))

    def _spans(self, column: Column) -> tuple[Span, Span]:
        """A column without the cursor."""
        if not column.pages:
            hole = Span("-", self._scene.palette.faint)
            return hole, hole
        found = self._scene.machine.summary(column.start, column.pages, orders=False)
        use, zone = Use.paint(self._scene, found), Zones.paint(self._scene, found)
        if self._halves == 1:
            return Span(use.letter), Span(use.letter)
        seen, dimmed = (Span("▀", self._seen(use, inside), self._seen(zone, inside, 0.75)) for inside in (True, False))
        return seen, dimmed

    def _seen(self, paint: Paint, inside: bool, share: float = 1.0) -> int:
        return between(self._scene.palette.ground, paint.colour, share if inside else 0.3)
