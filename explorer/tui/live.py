"""The machine that altmap runs on, read again and again: what changed from one reading to the next, and what differs from a
plan. Nothing is written there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from altmap.engine import Drift, Machine, capture, diff, drift_lines

from .changes import changes

MOST_PAGES: Final = 1 << 20
"""Pages of a machine of which each is looked at in every reading: 4 GiB. /proc/kpageflags and /proc/kpagecount have 16 bytes
for each."""
EVERY: Final = 3.0
"""Seconds from the end of one reading to the next."""
KEPT: Final = 100
"""Readings that are told of."""


class News(NamedTuple):
    """What a reading told: its number, from 1 on; what changed since the one before, and what differs from the plan, a line
    each."""

    number: int
    changed: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    @property
    def differs(self) -> tuple[str, ...]:
        """What differs from the plan, and where nothing does, that."""
        return self.apart or ("nothing but free pages",)


class Reading(NamedTuple):
    """One reading: the machine, what it told, and the pages of each section that changed since the one before."""

    machine: Machine
    news: News
    pages: Mapping[int, int] = MappingProxyType({})


class Reader:
    """Reads the machine below `root`. `plan`: what it is compared with, in its present state. `every`: seconds between two
    readings, 0 to read only when asked to. Where every page can be seen and there are few, every page is read each time."""

    def __init__(self, root: str = "/", plan: Machine | None = None, every: float = EVERY) -> None:
        self.root = root
        self.plan = plan
        self.every = every
        self.every_page: bool | None = None
        """Is each page looked at? Not decided before the first reading."""
        self.news: list[News] = []
        """Of the last readings, each that told of a change, and the last of all."""
        self._last: Machine | None = None
        self._count = 0

    @property
    def may_see_pages(self) -> bool:
        """May whoever runs this read what each page is? The kernel lets root alone."""
        return os.access(os.path.join(self.root, "proc/kpageflags"), os.R_OK)

    def look(self, pages: bool) -> Machine:
        """The machine as it is now; `pages`: each of them is looked at. Raises `BadInput` where there is none."""
        return capture(self.root, pages=pages)

    def read(self) -> Reading:
        """Read it once. Raises `BadInput` where there is no machine to be read, and `OSError`."""
        machine = self.look(bool(self.every_page))
        if self.every_page is None:
            pages = len(machine.blocks) * machine.geometry.pages_per_block
            self.every_page = pages <= MOST_PAGES and self.may_see_pages
            if self.every_page:
                machine = self.look(True)
        before, self._last = self._last or machine, machine
        found = diff(before, machine)
        self._count += 1
        apart = _lines(_lasting(diff(self.plan, machine))) if self.plan is not None else ()
        news = News(self._count, _lines(found), apart)
        if self.news and not self.news[-1].changed and self.news[-1].number > 1:
            self.news.pop()
        self.news = [*self.news, news][-KEPT:]
        return Reading(machine, news, _pages(before, machine, found))


def _lines(found: Drift) -> tuple[str, ...]:
    """What differs, blocks first; that only free pages came or went is told last."""
    lasting = _lasting(found)
    blocks, others = Drift(blocks=lasting.blocks), msgspec.structs.replace(lasting, blocks=())
    passing = Drift(zones=tuple(zone for zone in found.zones if zone not in lasting.zones))
    return tuple(line for part in (blocks, others, passing) for line in drift_lines(part))


def _lasting(found: Drift) -> Drift:
    """Without the zones of which only the free pages are others: they are others at every moment."""
    return msgspec.structs.replace(found, zones=tuple(zone for zone in found.zones if zone.fields != ("free",)))


def _pages(before: Machine, machine: Machine, found: Drift) -> dict[int, int]:
    """The pages of each section that are known to have changed: those that both readings saw, and all of a block that is
    another one. Pages that are laid out to meet the counters tell of nothing."""
    seen = changes(before.sections, machine).pages
    blocks = {change.key for change in found.blocks}
    per_block, full = machine.geometry.sections_per_block, (1 << machine.geometry.pages_per_section) - 1
    pages: dict[int, int] = {}
    for nr, mask in seen.items():
        pair = before.sections.get(nr), machine.sections.get(nr)
        if nr // per_block in blocks:
            pages[nr] = full
        elif all(section is not None and not section.estimated for section in pair):
            pages[nr] = mask
    return pages
