"""Sections unfolded from runs of those that are alike, in linear time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from ..memory.section import Memmap, Pages, Section, Types
from ..memory.state import State
from ..numbers.bits import from_runs
from ..numbers.frozen import Frozen
from ..numbers.limits import MAX_PFN
from ..protocol.vocabulary import ZoneKey
from .checks import ascending, bad, disjoint, few_enough, known_node, named
from .fold import moved, usually_unseen
from .schema import MemmapV1, Run, SectionGrid, SectionRun

F = TypeVar("F", Pages, Types)

MAX_PAGES: Final = 1 << 30
"""Pages of all sections' different sets together, a bit for each: 128 MiB. A set that several sections have counts once."""


class Sections:
    """Unfolds sections; those that are alike share their sets of pages, wherever in the machine they lie."""

    def __init__(self, state: State, captured: bool) -> None:
        self.state, self.captured = state, captured
        self.per_block = state.geometry.sections_per_block
        self.masks: dict[tuple[tuple[Run, ...], int], int] = {}
        self.pages_read = 0
        self.tables: dict[tuple[type[Frozen[Any, int]], Frozen[Any, int]], Any] = {}

    def unfold(self, grids: Iterable[SectionGrid]) -> dict[int, Section]:
        """Every section by number, ascending."""
        sections: dict[int, Section] = {}
        behind = total = 0
        for index, grid in enumerate(grids):
            path = f"$.sections[{index}]"
            ascending(f"{path}.first", "block", grid.first, behind)
            behind = grid.first + grid.count
            total += grid.count * sum(run.count for run in grid.sections)
            few_enough(f"{path}.count", "sections", total)
            patterns = list(self._patterns(grid, path))
            for block in range(grid.count):
                start = (grid.first + block) * self.per_block
                for run, pattern in patterns:
                    for at in range(run.count):
                        nr = start + run.at + at
                        sections[nr] = _copy(pattern, nr, block * grid.stride + at * run.stride)
        return sections

    def _patterns(self, grid: SectionGrid, path: str) -> Iterator[tuple[SectionRun, Section]]:
        """The first section of each run in the first block; its number is still missing."""
        behind = 0
        for index, run in enumerate(grid.sections):
            where = f"{path}.sections[{index}]"
            ascending(f"{where}.at", "section", run.at, behind)
            behind = run.at + run.count
            if behind > self.per_block:
                bad(where, f"section {behind - 1} of a block; a block has {self.per_block}, counted from 0")
            memmap = None if run.memmap is None else _memmap(run.memmap, run, grid, f"{where}.memmap")
            yield run, self._pattern(run, memmap, where)

    def _pattern(self, run: SectionRun, memmap: Memmap | None, path: str) -> Section:
        geometry = self.state.geometry
        size = geometry.pages_per_section
        known_node(self.state, run.node, f"{path}.node")
        shares: list[tuple[ZoneKey, int]] = []
        for index, share in enumerate(run.zones):
            where = f"{path}.zones[{index}]"
            if share.zone not in self.state.zones:
                bad(f"{where}.zone", f"zone {named(share.zone)} is unknown; it must be one of $.zones")
            runs = ((0, size),) if share.pages is None else share.pages
            shares.append((share.zone, self._mask(runs, "page", size, f"{where}.pages")))
        disjoint(shares, "page", f"{path}.zones")
        pages = self._table(Pages, run.pages, "page", size, f"{path}.pages")
        types = self._table(Types, run.types, "pageblock", geometry.pageblocks_per_section, f"{path}.types")
        hwpoison = self._mask(run.hwpoison, "page", size, f"{path}.flagged")
        section = Section(
            0, run.node, run.early, run.online, tuple(shares), pages, types, memmap, run.estimated, hwpoison
        )
        unseen = usually_unseen(section) if self.captured else 0
        if run.unseen is not None:
            unseen = self._mask(run.unseen, "page", size, f"{path}.unseen")
        return replace(section, unseen=unseen, frozen=self._mask(run.frozen, "page", size, f"{path}.frozen"))

    def _table(self, kind: type[F], runs: Mapping[Any, tuple[Run, ...]], what: str, size: int, path: str) -> F:
        """Sets by kind or by migratetype."""
        table = kind({name: self._mask(pages, what, size, f"{path}.{name}") for name, pages in runs.items()})
        disjoint(table.items(), what, path)
        known: F = self.tables.setdefault((kind, table), table)
        return known

    def _mask(self, runs: tuple[Run, ...], what: str, size: int, path: str) -> int:
        """The set that `fold` took apart."""
        known = self.masks.get((runs, size))
        if known is not None:
            return known
        behind = 0
        for index, (start, count) in enumerate(runs):
            if start < behind:  # a set may have many runs: nothing is said of those that are right
                ascending(f"{path}[{index}]", what, start, behind)
            if start + count > size:
                bad(f"{path}[{index}]", f"{count} from {what} {start} on; a section has {size}, counted from 0")
            behind = start + count
        self.pages_read += behind
        if self.pages_read > MAX_PAGES:
            bad(path, f"more different sets of pages up to here than the {MAX_PAGES} pages of all can make")
        mask = self.masks[runs, size] = from_runs(runs)
        return mask


def _copy(pattern: Section, nr: int, pages: int) -> Section:
    """A section like the pattern, with its memmap so many pages further up."""
    memmap = pattern.memmap
    return Section(
        nr, pattern.node, pattern.early, pattern.online, pattern.zones, pattern.pages, pattern.types,
        moved(memmap, pages) if memmap is not None and pages else memmap, pattern.estimated, pattern.hwpoison,
        pattern.unseen, pattern.frozen,
    )  # fmt: skip


def _memmap(saved: MemmapV1, run: SectionRun, grid: SectionGrid, path: str) -> Memmap:
    """The memmap of the first section; the check is that of all."""
    starts = [pfn for pfn, _ in (*saved.chunks, *saved.tables)]
    ends = [pfn + count for pfn, count in (*saved.chunks, *saved.tables)]
    if saved.pfn is not None:
        starts.append(saved.pfn)
        ends.append(saved.pfn + 1)
    steps = ((run.count - 1) * run.stride, (grid.count - 1) * grid.stride)
    if starts and min(starts) + sum(min(step, 0) for step in steps) < 0:
        bad(path, "with its stride it goes below pfn 0; all of it must lie above")
    if ends and max(ends) + sum(max(step, 0) for step in steps) > MAX_PFN:
        bad(path, f"with its stride it goes beyond pfn {MAX_PFN:#x}; all of it must lie below")
    return Memmap(saved.on, saved.pfn, saved.chunks, saved.tables)
