"""From the form in which a machine is saved to its state: runs are unfolded, in linear time.

What no machine can have is refused with `BadInput`: the JSON path, what is wrong there, and what would be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeVar

from msgspec.structs import asdict, replace

from ..kernels.architectures import preset_of
from ..kernels.models import KNOWN_MODELS, MODELS
from ..kernels.notifier_chain import chain_of
from ..memory.block import Block, DaxDevice, Group, Request
from ..memory.origin import Origin
from ..memory.section import Memmap, Pages, Section, Types
from ..memory.settings import boot_of, settings_of
from ..memory.state import HugePage, Resource, State
from ..memory.zone import Evidence, Node, Scanners, Zone, ZoneWatermarks
from ..numbers.bits import every, from_runs, span
from ..numbers.errors import BadInput, located
from ..numbers.frozen import Frozen
from ..numbers.limits import MAX_PFN, MAX_SECTION_PAGES
from ..numbers.rounding import ceil
from ..protocol.vocabulary import DEVICE_CALLERS, ZoneKey
from .counters import load_counters
from .fold import moved, usually_unseen
from .schema import MAX_COUNT, MemmapV1, Run, SectionGrid, SectionRun, SnapshotV1

K = TypeVar("K")
V = TypeVar("V")
F = TypeVar("F", Pages, Types)

MAX_PAGES: Final = 1 << 30
"""Pages of all sections' different sets together, a bit for each: 128 MiB. A set that several sections have counts once."""


def unfold(snapshot: SnapshotV1) -> tuple[State, Origin]:
    """The machine that was saved. Raises `BadInput` for what no machine can have."""
    geometry = snapshot.geometry
    if geometry.pages_per_section > MAX_SECTION_PAGES:
        pages = geometry.pages_per_section
        _bad("$.geometry.section_size", f"a section of {pages} pages; it can have up to {MAX_SECTION_PAGES}")
    try:
        preset = preset_of(geometry)
    except BadInput as error:
        _bad("$.geometry", str(error))
    if snapshot.model not in MODELS:
        _bad("$.model", f"{snapshot.model!r} is not a kernel model; it is {KNOWN_MODELS}")
    settings, boot = settings_of(snapshot.settings, "$.settings."), boot_of(snapshot.boot, "$.boot.")
    state = State(preset, geometry, MODELS[snapshot.model], boot, chain_of(preset))
    state.parameters.load({None: settings})
    load_counters(state, snapshot.counters, "$.counters.")
    state.nodes.load(_unique("$.nodes", ((node.id, Node(**asdict(node))) for node in snapshot.nodes)))
    state.zones.load(_unique("$.zones", _zones(snapshot, state)))
    state.watermarks.load(_unique("$.marks", _watermarks(snapshot, state)))
    state.evidence.load(_unique("$.evidence", _evidence(snapshot, state)))
    state.scanners.load(_unique("$.scanners", _scanners(snapshot, state)))
    state.resources.load(_unique("$.resources", _resources(snapshot), lambda key: hex(max(key, ~key))))
    state.groups.load(_unique("$.groups", _groups(snapshot, state)))
    state.requests.load(_unique("$.requests", _requests(snapshot, state)))
    state.hugepages.load(dict(_huge_pages(snapshot, state)))
    state.surplus.load(_unique("$.surplus", _surplus(snapshot, state)))
    state.optimized.load(snapshot.optimized)
    state.tails.load(_unique("$.tails", _tails(snapshot, state)))
    state.standby.load(snapshot.standby)
    state.dax_devices.load(_unique("$.dax_devices", _dax_devices(snapshot, state)))
    state.blocks.load(_blocks(snapshot, state))
    state.globals.load({None: replace(state.globals.value, locked=_going_offline(state))})
    state.sections.load(_Sections(state, _captured(snapshot)).unfold(snapshot.sections))
    _have_memory(state)
    return state, Origin(**asdict(snapshot.origin))


def _going_offline(state: State) -> bool:
    return any(block.state == "going-offline" for block in state.blocks.values())


def unfold_later(snapshot: SnapshotV1, number: int) -> State | None:
    """The state of that number, from 1 on, where it was saved. Raises `BadInput` for what no machine can have."""
    saved = snapshot.steps[number - 1].state
    if saved is None:
        return None
    with located(f"$.steps[{number - 1}].state"):
        return unfold(replace(snapshot, **{name: value for name, value in asdict(saved).items() if value is not None}))[
            0
        ]


def _bad(path: str, sentence: str) -> NoReturn:
    raise BadInput(f"{path}: {sentence}")


def _unique(path: str, items: Iterable[tuple[K, V]], named: Callable[[K], str] | None = None) -> dict[K, V]:
    table: dict[K, V] = {}
    for index, (key, value) in enumerate(items):
        if key in table:
            name = (named or _text)(key)
            _bad(f"{path}[{index}]", f"{name} is there a second time; each may be there once")
        table[key] = value
    return table


def _text(key: object) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _node(state: State, node: int, path: str) -> None:
    if node not in state.nodes:
        _bad(path, f"node {node} is unknown; it must be one of $.nodes ({', '.join(map(str, state.nodes)) or 'none'})")


def _zones(snapshot: SnapshotV1, state: State) -> Iterator[tuple[ZoneKey, Zone]]:
    for index, saved in enumerate(snapshot.zones):
        path = f"$.zones[{index}]"
        _node(state, saved.node, f"{path}.node")
        if saved.managed > saved.present:
            _bad(f"{path}.managed", f"{saved.managed} managed pages; it can be up to present, {saved.present}")
        if saved.present > saved.spanned:
            _bad(f"{path}.present", f"{saved.present} present pages; it can be up to spanned, {saved.spanned}")
        zone = Zone(**asdict(saved))
        yield zone.key, zone


def _watermarks(snapshot: SnapshotV1, state: State) -> Iterator[tuple[ZoneKey, ZoneWatermarks]]:
    for index, saved in enumerate(snapshot.watermarks):
        _node(state, saved.zone[0], f"$.marks[{index}].zone[0]")
        yield saved.zone, ZoneWatermarks(saved.min, saved.low, Frozen(saved.reserve))


def _evidence(snapshot: SnapshotV1, state: State) -> Iterator[tuple[ZoneKey, Evidence]]:
    """As saved. Of a capture that was saved without it, only what its origin tells; nothing can be proven by its numbers."""
    for index, saved in enumerate(snapshot.evidence or ()):
        _node(state, saved.zone[0], f"$.evidence[{index}].zone[0]")
        yield saved.zone, Evidence(saved.counted, saved.areas, saved.disguised)
    if snapshot.evidence is None and _captured(snapshot):
        counted = "zoneinfo" in snapshot.origin.measured
        for key, zone in state.zones.items():
            yield key, Evidence(counted, counted, zone.present)


def _captured(snapshot: SnapshotV1) -> bool:
    """Is it of a capture? A machine that was made up has nothing that was read, and nothing that was missing."""
    return bool(snapshot.origin.measured or snapshot.origin.estimated)


def _scanners(snapshot: SnapshotV1, state: State) -> Iterator[tuple[ZoneKey, Scanners]]:
    per_section, pages = state.geometry.pageblocks_per_section, state.geometry.pageblock_pages
    limit = MAX_COUNT * per_section
    for index, saved in enumerate(snapshot.scanners):
        path = f"$.scanners[{index}]"
        _node(state, saved.zone[0], f"{path}.zone[0]")
        skipped: dict[int, int] = {}
        behind = 0
        for at, (first, length) in enumerate(saved.skipped):
            _ascending(f"{path}.skipped[{at}]", "pageblock", first, behind)
            behind = first + length
            if behind > limit:
                _bad(f"{path}.skipped[{at}]", f"pageblock {behind - 1} is too far up; it can be up to {limit - 1}")
            for nr in range(first // per_section, ceil(behind, per_section)):
                low, high = max(first - nr * per_section, 0), min(behind - nr * per_section, per_section)
                starts = every(pages, per_section * pages) & span(low * pages, (high - low) * pages)
                skipped[nr] = skipped.get(nr, 0) | starts
        yield saved.zone, Scanners(saved.migrate, saved.free, Frozen(skipped))


def _resources(snapshot: SnapshotV1) -> Iterator[tuple[int, Resource]]:
    for index, saved in enumerate(snapshot.resources):
        start, end = int(saved.start, 16), int(saved.end, 16)
        if end <= start:
            _bad(f"$.resources[{index}].end", f"{saved.end} must be above the start, {saved.start}")
        resource = Resource(start, end, saved.name)
        yield resource.key, resource


def _groups(snapshot: SnapshotV1, state: State) -> Iterator[tuple[int, Group]]:
    for index, saved in enumerate(snapshot.groups):
        _node(state, saved.node, f"$.groups[{index}].node")
        yield saved.id, Group(**asdict(saved))


def _requests(snapshot: SnapshotV1, state: State) -> Iterator[tuple[int, Request]]:
    geometry = state.geometry
    for index, saved in enumerate(snapshot.requests):
        path = f"$.requests[{index}]"
        _node(state, saved.node, f"{path}.node")
        unit = geometry.pages_per_block
        if saved.caller in DEVICE_CALLERS:
            from ..hotplug.device_memory import device_unit  # with all that adds memory

            unit = device_unit(state) // geometry.page_size
        for name, pages in (("start", saved.start), ("pages", saved.pages)):
            if pages % unit:
                _bad(
                    f"{path}.{name}",
                    f"{pages} pages are no multiple of {unit}, of which requests of {saved.caller} are made",
                )
        yield saved.start, Request(**asdict(saved))


def _huge_pages(snapshot: SnapshotV1, state: State) -> Iterator[tuple[int, HugePage]]:
    behind = total = 0
    for index, run in enumerate(snapshot.hugepages):
        path = f"$.hugepages[{index}]"
        _node(state, run.node, f"{path}.node")
        _ascending(f"{path}.pfn", "page", run.pfn, behind)
        if run.count > 1 and run.stride < run.pages:
            _bad(f"{path}.stride", f"{run.stride} pages from one to the next; it must be at least pages, {run.pages}")
        last = run.pfn + (run.count - 1) * run.stride
        behind, total = last + run.pages, total + run.count
        _few_enough(f"{path}.count", "huge pages", total)
        for at in range(run.count):
            yield run.pfn + at * run.stride, HugePage(run.pages, run.node, run.used, run.rank + at * run.rank_stride)


def _have_memory(state: State) -> None:
    """Huge pages lie in memory that is online."""
    size = state.geometry.pages_per_section
    for pfn, page in state.hugepages.items():
        for nr in range(pfn // size, ceil(pfn + page.pages, size)):
            section = state.sections.get(nr)
            if section is None or not section.online:
                _bad("$.hugepages", f"the one at pfn {pfn:#x} lies in section {nr}, which must be there and online")


def _surplus(snapshot: SnapshotV1, state: State) -> Iterator[tuple[tuple[int, int], int]]:
    for index, saved in enumerate(snapshot.surplus):
        _node(state, saved.node, f"$.surplus[{index}].node")
        yield (saved.node, saved.pages), saved.count


def _dax_devices(snapshot: SnapshotV1, state: State) -> Iterator[tuple[int, DaxDevice]]:
    for index, saved in enumerate(snapshot.dax_devices):
        _node(state, saved.node, f"$.dax_devices[{index}].node")
        yield saved.start, DaxDevice(saved.pages, saved.node, saved.cxl, saved.state)


def _tails(snapshot: SnapshotV1, state: State) -> Iterator[tuple[tuple[ZoneKey, int], int]]:
    for index, saved in enumerate(snapshot.tails):
        _node(state, saved.zone[0], f"$.tails[{index}].zone")
        yield (saved.zone, saved.pages), saved.pfn


def _blocks(snapshot: SnapshotV1, state: State) -> dict[int, Block]:
    blocks: dict[int, Block] = {}
    behind = total = 0
    size = state.geometry.pages_per_block
    for index, run in enumerate(snapshot.blocks):
        path = f"$.blocks[{index}]"
        _ascending(f"{path}.first", "block", run.first, behind)
        behind, total = run.first + run.count, total + run.count
        _few_enough(f"{path}.count", "blocks", total)
        for at, node in enumerate(run.nodes):
            _node(state, node, f"{path}.nodes[{at}]")
        for name, key in (("zone", run.zone), ("linked", run.linked)):
            if key is not None:
                _node(state, key[0], f"{path}.{name}[0]")
        if run.head > size:
            _bad(f"{path}.head", f"{run.head} head pages; it can be up to the {size} pages of a block")
        if run.group is not None and run.group not in state.groups:
            _bad(f"{path}.group", f"group {run.group} is unknown; it must be one of $.groups, or null")
        values = [getattr(run, name) for name in Block.__struct_fields__[1:]]
        blocks.update({number: Block(number, *values) for number in range(run.first, behind)})
    return blocks


class _Sections:
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
            _ascending(f"{path}.first", "block", grid.first, behind)
            behind = grid.first + grid.count
            total += grid.count * sum(run.count for run in grid.sections)
            _few_enough(f"{path}.count", "sections", total)
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
            _ascending(f"{where}.at", "section", run.at, behind)
            behind = run.at + run.count
            if behind > self.per_block:
                _bad(where, f"section {behind - 1} of a block; a block has {self.per_block}, counted from 0")
            memmap = None if run.memmap is None else _memmap(run.memmap, run, grid, f"{where}.memmap")
            yield run, self._pattern(run, memmap, where)

    def _pattern(self, run: SectionRun, memmap: Memmap | None, path: str) -> Section:
        geometry = self.state.geometry
        size = geometry.pages_per_section
        _node(self.state, run.node, f"{path}.node")
        shares: list[tuple[ZoneKey, int]] = []
        for index, share in enumerate(run.zones):
            where = f"{path}.zones[{index}]"
            if share.zone not in self.state.zones:
                _bad(f"{where}.zone", f"zone {_text(share.zone)} is unknown; it must be one of $.zones")
            runs = ((0, size),) if share.pages is None else share.pages
            shares.append((share.zone, self._mask(runs, "page", size, f"{where}.pages")))
        _disjoint(shares, "page", f"{path}.zones")
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
        _disjoint(table.items(), what, path)
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
                _ascending(f"{path}[{index}]", what, start, behind)
            if start + count > size:
                _bad(f"{path}[{index}]", f"{count} from {what} {start} on; a section has {size}, counted from 0")
            behind = start + count
        self.pages_read += behind
        if self.pages_read > MAX_PAGES:
            _bad(path, f"more different sets of pages up to here than the {MAX_PAGES} pages of all can make")
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
        _bad(path, "with its stride it goes below pfn 0; all of it must lie above")
    if ends and max(ends) + sum(max(step, 0) for step in steps) > MAX_PFN:
        _bad(path, f"with its stride it goes beyond pfn {MAX_PFN:#x}; all of it must lie below")
    return Memmap(saved.on, saved.pfn, saved.chunks, saved.tables)


def _ascending(path: str, what: str, first: int, behind: int) -> None:
    if first < behind:
        _bad(path, f"{what} {first} after {what} {behind - 1}; runs must ascend and not overlap")


def _few_enough(path: str, what: str, total: int) -> None:
    if total > MAX_COUNT:
        _bad(path, f"{total} {what} up to here; there can be up to {MAX_COUNT}")


def _disjoint(sets: Iterable[tuple[object, int]], what: str, path: str) -> None:
    seen = 0
    for name, mask in sets:
        if both := seen & mask:
            at = (both & -both).bit_length() - 1
            _bad(path, f"{what} {at} is in {_text(name)} and in another; each can be in one")
        seen |= mask
