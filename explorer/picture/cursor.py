"""Where the cursor goes on a map: to the nearest memory on its left and right, above and below."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from altmap.engine import Machine

from .plan import Plan, Row
from .scope import Scope

_MOST: Final = 4096
"""Places without memory that are passed over, at most."""


def whole_cells(one: int, other: int, blocks: int) -> range:
    """The blocks from one to another, in either order, with all that share a cell with these; `blocks`: of a cell, 0 where it
    is less than one."""
    cell = max(1, blocks)
    return range(min(one, other) // cell * cell, (max(one, other) // cell + 1) * cell)


class Cursor:
    """The places of a map where the cursor can stand."""

    def __init__(self, machine: Machine, scope: Scope, plan: Plan) -> None:
        self._machine, self._scope, self._plan = machine, scope, plan
        geometry = machine.geometry
        self._inside = scope.level in ("block", "section")
        self.step = max(geometry.pageblock_pages if self._inside else geometry.pages_per_block, plan.shape.cell)
        """Pages that it moves by, to the left and right."""

    def snapped(self, pfn: int) -> int:
        """The first page of the step that a page lies in, within the scope."""
        pfn = min(max(pfn, self._scope.start), self._scope.start + self._scope.pages - 1)
        return pfn // self.step * self.step

    def beside(self, at: int, way: int) -> int:
        """The nearest memory to the right (1) or left (-1); where it was if there is none."""
        return next((place for place in islice(self._passed(at, way), _MOST) if self._is_there(place)), at)

    def _passed(self, cursor: int, way: int) -> Iterator[int]:
        """Step by step, over holes; a folded run is one step."""
        at = self.snapped(cursor)
        while True:
            here = self._row(at)
            if here is not None and here.what == "alike":
                at = self._end(here, way)
            at += way * self.step
            if self._row(at) is None:
                beyond = [row for row in self._plan.rows if row.memory and (row.start > at) is (way > 0)]
                if not beyond:
                    return
                at = self._end(beyond[0], -1) if way > 0 else self._end(beyond[-1], 1)
            yield at

    def _end(self, row: Row, way: int) -> int:
        """The rightmost (1) or leftmost (-1) step of a row."""
        return row.start + row.pages - self.step if way > 0 else row.start

    def below(self, at: int, way: int) -> int:
        """The nearest memory a line further down (1) or up (-1); where it was if there is none."""
        number, shape = self._plan.row_of(at), self._plan.shape
        if number is None:
            return at
        row = self._plan.rows[number]
        stride = shape.row if shape.gap else max(self.step, shape.cell * shape.wide)
        tiles = row.what == "tiles"
        to = at + way * stride if tiles else row.start + (row.pages if way > 0 else -stride)
        landed = self._row(to)
        if landed is None or landed.what == "alike":
            rows = self._plan.rows[number + 1 :] if way > 0 else self._plan.rows[:number][::-1]
            landed = next((row for row in rows if row.memory), None)
            if landed is None:
                return at
            to = landed.start + ((at - row.start) % shape.row if tiles and landed.what == "tiles" else 0)
        return self._nearest(self.snapped(to), at)

    def _row(self, pfn: int) -> Row | None:
        """The row of memory that a page lies in."""
        number = self._plan.row_of(pfn)
        return None if number is None else self._plan.rows[number]

    def _is_there(self, pfn: int) -> bool:
        unit = self._machine.geometry.pages_per_block
        return self._inside or bool(
            pfn // unit in self._machine.blocks or self._machine.summary(pfn, min(self.step, unit), orders=False).counts
        )

    def _nearest(self, pfn: int, otherwise: int) -> int:
        """The nearest memory in the row of a page."""
        if self._is_there(pfn):
            return pfn
        row = self._row(pfn)
        if row is None:
            return otherwise
        places = [at for at in range(row.start, row.start + row.pages, self.step) if self._is_there(at)]
        return min(places, key=lambda at: abs(at - pfn), default=otherwise)
