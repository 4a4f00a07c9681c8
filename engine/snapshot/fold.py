"""From a machine's state to the form in which it is saved: what is alike is folded into runs, in linear time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from itertools import groupby
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast
from zlib import crc32

import msgspec
from msgspec.structs import asdict, replace

from ..memory.journal import ABSENT, Changes, each_change
from ..memory.origin import Origin
from ..memory.section import Memmap, Section, doubtful
from ..memory.state import Resource, State
from ..mm.watermarks import watermarks_of
from ..numbers.bits import runs
from ..protocol.vocabulary import SLAB, ZoneKey
from .counters import fold_counters
from .schema import (
    BlockRun,
    DaxV1,
    EvidenceV1,
    GroupV1,
    HugePageRun,
    MarksV1,
    MemmapV1,
    NodeV1,
    OriginV1,
    RequestV1,
    ResourceV1,
    Run,
    ScannersV1,
    SectionGrid,
    SectionRun,
    SnapshotV1,
    StateV1,
    SurplusV1,
    TailV1,
    ZoneRef,
    ZoneShare,
    ZoneV1,
)

V = TypeVar("V")


class Known(dict[int, tuple[Run, ...]]):
    """The runs of sets. What was taken apart once is known: states of one machine have most of their sets in common."""

    def __missing__(self, mask: int) -> tuple[Run, ...]:
        found = self[mask] = tuple(runs(mask))
        return found


_SAVED_AS: Final[Mapping[str, str]] = {"watermarks": "marks"}
"""Tables that files, and the digests in them, call otherwise."""


_LEFT_OUT: Final[Mapping[str, object]] = {"reserved": (), "tails": (), "dax_devices": (), "standby": {}}
"""Tables that are not saved where they are empty, except of a later state in which they became so."""


def snapshot_of(state: State, origin: Origin, known: Known | None = None) -> SnapshotV1:
    """All that a machine is, as it is saved; its preset and notifier chain follow from its geometry."""
    return SnapshotV1(
        origin=OriginV1(**asdict(origin)),
        geometry=state.geometry,
        model=state.model.name,
        boot=dict(sorted(state.boot.texts().items())),
        **_tables(state, Known() if known is None else known),
    )


def later_state(state: State, first: SnapshotV1, known: Known) -> StateV1:
    """A state that the machine came to later, as it is saved beside the first."""
    tables = {**_LEFT_OUT, **_tables(state, known)}
    return StateV1(**{name: table for name, table in tables.items() if table != getattr(first, name)})


def alike(state: State, other: State) -> bool:
    """Would both be saved alike? What is 0 may be there in one and not in the other."""
    known = Known()
    same = frozenset(one.name for one, its in zip(state.tables, other.tables, strict=True) if one == its)
    if len(same) == len(state.tables):
        return True
    return _tables(state, known, same=same) == _tables(other, known, same=same)


def fingerprint(state: State, changes: Changes, known: Known) -> str:
    """What a command made of a state, in eight digits: `changes` are what takes it back. Equal ones make equal digits."""
    part = State(state.preset, state.geometry, state.model, state.boot, state.chain)
    gone: list[tuple[str, str]] = []
    for (number, key), before in each_change(changes):
        table = state.tables[number]
        now = table.get(key, ABSENT)
        if now is ABSENT and before is not ABSENT:
            gone.append((_SAVED_AS.get(table.name, table.name), str(key)))
        elif now != before:
            part.tables[number].put(key, now)
    tables = {_SAVED_AS.get(name, name): table for name, table in _tables(part, known, state).items()}
    return f"{crc32(msgspec.msgpack.encode((tables, sorted(gone)))):08x}"


def _tables(state: State, known: Known, whole: State | None = None, same: Set[str] = frozenset()) -> dict[str, Any]:
    """All tables as they are saved, in the order that digests have them; `whole`: the state of which `state` is a part, `same`:
    tables of which, where they are large, nothing is wanted."""
    tables = {
        "settings": dict(sorted(state.settings.texts().items())),
        "counters": dict(sorted(fold_counters(state).items())),
        "nodes": _each(NodeV1, state.nodes),
        "zones": _each(ZoneV1, state.zones),
        "watermarks": tuple(
            MarksV1(cast(ZoneRef, key), seen.min, seen.low, dict(sorted(seen.reserve.items())))
            for key, seen in sorted(watermarks_of(state).items())
        ),
        "evidence": tuple(
            EvidenceV1(cast(ZoneRef, key), **asdict(seen)) for key, seen in sorted(state.evidence.items())
        ),
        "scanners": tuple(_scanners(state)),
        "resources": tuple(_range(one) for _, one in sorted(state.resources.items())),
        "groups": _each(GroupV1, state.groups),
        "requests": _each(RequestV1, state.requests),
        "hugepages": tuple(_hugepage_runs(state)),
        "surplus": tuple(SurplusV1(*key, count) for key, count in sorted(state.surplus.items()) if count),
        "optimized": dict(sorted(state.optimized.items())),
        "blocks": () if {"blocks", "requests"} <= same else tuple(_block_runs(state, whole or state)),
        "sections": () if "sections" in same else tuple(_section_grids(state, known)),
        "reserved": tuple(_range(one) for _, one in sorted(state.reserved.items())),
        "tails": tuple(TailV1(cast(ZoneRef, zone), pages, pfn) for (zone, pages), pfn in sorted(state.tails.items())),
        "dax_devices": tuple(DaxV1(start, **asdict(device)) for start, device in sorted(state.dax_devices.items())),
        "standby": dict(sorted(state.standby.items())),
    }
    return {name: table for name, table in tables.items() if table or name not in _LEFT_OUT}


def _each(saved: Callable[..., V], table: Mapping[Any, Any]) -> tuple[V, ...]:
    """The values of a table in the form in which they are saved, with the same fields, by the order of their keys."""
    return tuple(saved(**asdict(value)) for _, value in sorted(table.items()))


def _range(resource: Resource) -> ResourceV1:
    return ResourceV1(hex(resource.start), hex(resource.end), resource.name)


class _Fold(NamedTuple, Generic[V]):
    """`length` consecutive numbers from `first` on that have one value and lie at `place`, `place + stride` ..."""

    first: int
    length: int
    place: int | None
    stride: int
    value: V


def _fold(items: Iterable[tuple[int, int | None, V]]) -> Iterator[_Fold[V]]:
    """Join ascending (number, place, value) to runs, each as long as it can be; what has no place has no stride."""
    run: _Fold[V] | None = None
    last = length = stride = 0
    for number, place, value in items:
        step = place - last if place is not None else 0
        if run is not None and number == run.first + length and (step == stride or length == 1) and value == run.value:
            length, stride = length + 1, step
        else:
            if run is not None:
                yield _Fold(run.first, length, run.place, stride, run.value)
            run = _Fold(number, 1, place, 0, value)
            length, stride = 1, 0
        last = place or 0
    if run is not None:
        yield _Fold(run.first, length, run.place, stride, run.value)


def _scanners(state: State) -> Iterator[ScannersV1]:
    """Skip bits as runs of pageblocks, counted from pfn 0."""
    per_section, order = state.geometry.pageblocks_per_section, state.geometry.pageblock_order
    for key, scanners in sorted(state.scanners.items()):
        numbers = sorted(
            nr * per_section + (at >> order)
            for nr, mask in scanners.skipped.items()
            for first, length in runs(mask)
            for at in range(first, first + length)
        )
        skipped = tuple((run.first, run.length) for run in _fold((number, None, True) for number in numbers))
        yield ScannersV1(cast(ZoneRef, key), scanners.migrate, scanners.free, skipped)


def _hugepage_runs(state: State) -> Iterator[HugePageRun]:
    step = -1 if state.model.pool_in_order else 1  # as pages of one write are ranked
    pages = enumerate(sorted(state.hugepages.items()))
    for run in _fold(
        (at, pfn, (replace(page, rank=0), page.rank - step * at if page.rank else None)) for at, (pfn, page) in pages
    ):
        page, rank = run.value
        ranks: dict[str, int] = {}
        if rank is not None:
            ranks = {"rank": rank + step * run.first, "rank_stride": step if run.length > 1 else 0}
        yield HugePageRun(pfn=run.place or 0, count=run.length, stride=run.stride, **{**asdict(page), **ranks})


def _block_runs(state: State, whole: State) -> Iterator[BlockRun]:
    """Alike blocks, each with the first pfn of the add request that it came with."""
    size = state.geometry.pages_per_block
    requests = sorted(whole.requests)

    def came_with(number: int) -> int | None:
        at = bisect_right(requests, number * size) - 1
        request = whole.requests[requests[at]] if at >= 0 else None
        return request.start if request is not None and number * size < request.start + request.pages else None

    blocks = ((nr, None, (replace(state.blocks[nr], id=0), came_with(nr))) for nr in sorted(state.blocks))
    for run in _fold(blocks):
        values = asdict(run.value[0])
        del values["id"]
        yield BlockRun(first=run.first, count=run.length, request=run.value[1], **values)


def _section_grids(state: State, known: Known) -> Iterator[SectionGrid]:
    full = (1 << state.geometry.pages_per_section) - 1
    for grid in _fold(_blocks_of_sections(state)):
        sections = tuple(_section_run(run, grid.place or 0, full, known) for run in grid.value)
        yield SectionGrid(first=grid.first, count=grid.length, stride=grid.stride, sections=sections)


def _blocks_of_sections(state: State) -> Iterator[tuple[int, int | None, tuple[_Fold[Section], ...]]]:
    """For each block its sections in runs, with their places counted from the first known place in the block."""
    per_block = state.geometry.sections_per_block
    for block, numbers in groupby(sorted(state.sections), lambda nr: nr // per_block):
        folds = tuple(_fold(_placed(state.sections[nr], nr % per_block) for nr in numbers))
        base = next((run.place for run in folds if run.place is not None), None)
        if base is not None:
            folds = tuple(run if run.place is None else run._replace(place=run.place - base) for run in folds)
        yield block, base, folds


def _placed(section: Section, at: int) -> tuple[int, int | None, Section]:
    """A section as `_fold` wants it: the value has no number, and its memmap lies at page 0."""
    memmap = section.memmap
    place = None if memmap is None else _place(memmap)
    if memmap is None or place is None:
        return at, None, replace(section, nr=0)
    return at, place, replace(section, nr=0, memmap=moved(memmap, -place))


def _place(memmap: Memmap) -> int | None:
    """The first place that is known of a memmap."""
    if memmap.pfn is not None:
        return memmap.pfn
    return next((pfn for pfn, _ in (*memmap.chunks, *memmap.tables)), None)


def moved(memmap: Memmap, pages: int) -> Memmap:
    """The same memmap so many pages further up; where no place is known, there is nothing to move."""
    if not pages:
        return memmap
    return Memmap(
        memmap.on,
        None if memmap.pfn is None else memmap.pfn + pages,
        tuple([(pfn + pages, count) for pfn, count in memmap.chunks]),
        tuple([(pfn + pages, count) for pfn, count in memmap.tables]),
    )


def _section_run(run: _Fold[Section], base: int, full: int, known: Known) -> SectionRun:
    section = run.value
    memmap = section.memmap
    if memmap is not None and run.place is not None:
        memmap = moved(memmap, base + run.place)
    return SectionRun(
        node=section.node,
        at=run.first,
        count=run.length,
        stride=run.stride,
        early=section.early,
        online=section.online,
        estimated=section.estimated,
        hwpoison=known[section.hwpoison],
        unseen=None if section.unseen == usually_unseen(section) else known[section.unseen],
        zones=tuple(_share(key, mask, full, known) for key, mask in section.zones),
        pages={kind: known[mask] for kind, mask in sorted(section.pages.items())},
        frozen=known[section.frozen & section.of(SLAB)],
        types={kind: known[mask] for kind, mask in sorted(section.types.items())},
        memmap=None if memmap is None else MemmapV1(memmap.on, memmap.pfn, memmap.chunks, memmap.tables),
    )


def usually_unseen(section: Section) -> int:
    """The pages whose kind is a guess, where no more is said of them than that a section is estimated."""
    return doubtful(section) if section.estimated else 0


def _share(key: ZoneKey, mask: int, full: int, known: Known) -> ZoneShare:
    return ZoneShare(cast(ZoneRef, key), None if mask == full else known[mask])
