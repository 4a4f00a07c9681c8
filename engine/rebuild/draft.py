"""A state in the making: its sections while they are built from a capture, and what was seen of their pages."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence

from ..memory.section import Memmap, Pages, Types
from ..memory.state import State
from ..numbers.bits import span
from ..numbers.rounding import ceil
from ..protocol.vocabulary import Mode, ZoneKey
from ..reading.observation import Observation, PageRun
from .seen_pages import Letters

Alike = tuple[int, bool, bool, tuple[tuple[ZoneKey, int], ...], Pages, Types, Memmap | None, bool]
"""The fields of a section from its node to whether it is estimated."""


class Draft:
    """The sections of a state in the making. `mode` is that of memmap_on_memory, `covered` are the seen pages by section,
    `exact` the sections of which all were seen, `plain` seen pages without any flag: kernel pages or per-CPU lists, and `bare`
    those of them that are not named yet; `compound` likewise those of larger pages. `reserved` are pages that /proc/iomem
    shows as such."""

    def __init__(self, state: State, seen: Observation, prior: State | None, mode: Mode = "N") -> None:
        self.state = state
        self.mode = mode
        self.seen = seen
        self.prior = prior
        self.starts = [run.pfn for run in seen.pages]
        self.letters = Letters()
        self.plain: dict[int, int] = {}
        self.bare: dict[int, int] = {}
        self.compound: dict[int, int] = {}
        self.reserved: dict[int, int] = {}
        self.exact: set[int] = set()
        self.covered: dict[int, int] = {}
        self.ram = _ram(state)
        self.full = span(0, state.geometry.pages_per_section)  # one value that equal sections share
        self.blanks: dict[tuple[int, int], Pages] = {}
        self.alike: dict[Hashable, Alike] = {}
        self.solid = range(0)  # the whole sections in the range of RAM that the last one lay in

    def runs_in(self, start: int, pages: int) -> Sequence[PageRun]:
        """The seen runs that meet a range of pfns, ascending."""
        at, runs = bisect_left(self.starts, start), self.seen.pages
        if at and runs[at - 1].pfn + runs[at - 1].count > start:
            at -= 1
        return runs[at : bisect_left(self.starts, start + pages)]


def _ram(state: State) -> list[tuple[int, int]]:
    """System RAM as ranges of pfns, ascending, neighbours joined."""
    page = state.geometry.page_size
    joined: list[tuple[int, int]] = []
    for resource in sorted((r for r in state.resources.values() if r.ram), key=lambda r: r.start):
        low, high = ceil(resource.start, page), resource.end // page
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        elif low < high:
            joined.append((low, high))
    return joined
