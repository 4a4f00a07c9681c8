"""What each row of a plan is made of: by that it is found what has changed, without a look at pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from altmap.engine import Block, Machine, Section

from .plan import Plan, Row
from .scope import touched


class Made(msgspec.Struct, frozen=True):
    """The sections and the blocks of a row, None where there is none."""

    sections: list[Section | None]
    blocks: list[Block | None]


class Change(NamedTuple):
    """A row, by its number, that is made of something else than before."""

    at: int
    before: Made
    now: Made

    @property
    def other_blocks(self) -> bool:
        """Has it other blocks?"""
        return self.before.blocks != self.now.blocks


class Rows:
    """What all rows of a plan are made of, as far as it was taken in."""

    def __init__(self, machine: Machine, plan: Plan) -> None:
        self._machine, self._plan = machine, plan
        self._made = [self._of(row) for row in plan.rows]

    def changed(self) -> list[Change]:
        """Take in what the machine is now; the rows that are made of something else."""
        found = [Change(at, before, self._of(self._plan.rows[at])) for at, before in enumerate(self._made)]
        found = [change for change in found if change.before != change.now]
        for at, _, now in found:
            self._made[at] = now
        return found

    def _of(self, row: Row) -> Made:
        if row.what == "hole":
            return Made([], [])
        size = self._machine.geometry.pages_per_section
        return Made(
            [*map(self._machine.sections.get, touched(row.start, row.pages, size))],
            [*map(self._machine.blocks.get, self.blocks_of(row))],
        )

    def blocks_of(self, row: Row) -> range:
        """The numbers of the blocks that a row may have."""
        unit = self._machine.geometry.pages_per_block
        return touched(row.start, row.pages, unit)

    def replaced(self, changes: Iterable[Change]) -> list[tuple[Block | None, Block | None]]:
        """The blocks of such rows that are not what they were: what they were, and what they are."""
        found: dict[int, tuple[Block | None, Block | None]] = {}  # a block may be in several rows
        for at, before, now in changes:
            blocks = zip(self.blocks_of(self._plan.rows[at]), before.blocks, now.blocks, strict=True)
            found |= {nr: (one, other) for nr, one, other in blocks if one is not other}
        return list(found.values())
