"""What stands left of a row of memory: the band and the name of its zone, its address, the number of its first block; of a
single block the pageblocks of a line and their types."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

from altmap.engine import format_bytes

from .lines import Line, Span
from .memory_size import short_size
from .plan import Plan, Row
from .scope import Scope
from .sides import Sides
from .view import Scene, View

_ZONE: Final = 5
"""Letters of a zone's name that tell it from all others."""
_ADDRESS: Final = 5
"""Letters of an address, at most."""


class Gutter:
    """The left of the rows of a plan, `columns` wide."""

    def __init__(
        self, scene: Scene, view: type[View], scope: Scope, plan: Plan, sides: Sides, columns: int, halves: int
    ) -> None:
        self._scene, self._view, self._scope, self._plan, self._sides = scene, view, scope, plan, sides
        self._columns, self._halves = columns, halves
        self._inside = scope.level in ("block", "section")

    def line(self, at: int, row: Row, part: int) -> Line:
        """Beside line `part` of row `at`; nothing beside the heading of a node."""
        palette = self._scene.palette
        if row.what == "node":
            return ()
        zone = self._sides.zone(at) or ""
        types = self._types(at, row, part) if self._inside else ()
        room = self._columns - 2 - 2 * bool(types)
        first = zone if at == 0 or self._sides.before(at) != zone else ""
        below = int(self._stacks(at, row, first, room))
        text, colour = self._label(row, part - below) if part >= below else ("", palette.dim)
        name = first[: room if below else max(0, room - 1 - len(text))] if part == 0 else ""
        name = name if name == zone or (len(name) >= _ZONE and not types) else ""
        return (
            Span("▌", palette.zones.get(zone, palette.faint)) if zone else Span(" "),
            Span(name, palette.zones.get(zone, palette.dim), bold=True),
            Span(text.rjust(room - len(name)), colour),
            *types,
        )

    def _stacks(self, at: int, row: Row, zone: str, room: int) -> bool:
        """Does the address stand below a zone's name? Where they do not fit beside each other, and the row has a line for each
        and for the number of its first block, or its tiles say their numbers."""
        if row.what != "tiles" or self._inside or not zone:
            return False
        beside = len(zone) + 1 + len(self._label(row, 0)[0])
        return len(zone) <= room < beside and len(self._plan.lines_of(at)) > 2 - self._plan.shape.caption

    def _types(self, at: int, row: Row, part: int) -> Line:
        """The pageblock types of a line of cells: of its upper and its lower half."""
        palette = self._scene.palette
        cells = self._scene.machine.summaries(row.start, row.pages, row.pages // self._halves)
        found = [str(next(iter(cells[number].types), "")) for number in self._plan.cells_at(at, part)]
        if self._halves == 1:
            return (Span(f" {found[0][:1].lower() or ' '}", palette.dim),)
        top, bottom = (palette.types.get(kind, palette.ground) for kind in found)
        return (Span(" "), Span("▀", top, bottom))

    def _label(self, row: Row, part: int) -> tuple[str, int]:
        """The address of a row, or below it the number of its first block; inside a block the pageblocks of the first line."""
        palette, geometry = self._scene.palette, self._scene.machine.geometry
        if self._inside:
            return ("" if part else self._pageblocks(row)), palette.dim
        number = f"{row.shown.start // geometry.pages_per_block}"
        if part == 0:
            text = self._say(row.shown.start * geometry.page_size) if self._say else number
            return text, palette.faint if row.what == "hole" else palette.dim
        if part == 1 and row.what == "tiles" and self._say and not self._numbered(row):
            return number, palette.faint
        return "", palette.dim

    def _numbered(self, row: Row) -> bool:
        """Does the first tile of a row say its number itself?"""
        shape = self._plan.shape
        first = row.shown.start // self._scene.machine.geometry.pages_per_block
        return bool(shape.caption) or self._view.numbers(self._scene, first, shape.broad)

    def _pageblocks(self, row: Row) -> str:
        """The numbers of a row's pageblocks within the block, or where in its pageblock it begins."""
        size, start = self._scene.machine.geometry.pageblock_pages, row.start - self._scope.start
        if row.pages < size:
            return f"+{start:#x}"
        first, last = start // size, (start + row.pages - 1) // size
        longest = 2 * len(f"{self._scope.pages // size}") + 1
        return f"{first}-{last}" if first < last and longest <= self._columns - 4 else f"{first}"

    @cached_property
    def _say(self) -> Callable[[int], str] | None:
        """How addresses are told: in short; to the byte where rounded ones would look alike; None where there is no room."""
        page = self._scene.machine.geometry.page_size
        starts = [row.shown.start * page for row in self._plan.rows if row.what == "tiles"]
        if len({*map(short_size, starts)}) == len(starts):
            return short_size
        return format_bytes if max(len(format_bytes(start)) for start in starts) <= _ADDRESS else None
