"""The form in which machines are saved: version 1, strict, and its JSON Schema.

The Structs below say what a file holds; they are not the engine's own, so that the engine can change and old files stay
readable. `fold` and `unfold` go from one to the other, `store` to bytes and files.

Pages, pfns and strides are numbers of pages; addresses are hexadecimal text. Everything is in ascending order, so equal
machines give equal files. Blocks and sections come in runs: what is alike is written once. Where the memmaps of alike
sections lie one behind the other, a `stride` says by how many pages each lies behind the one before it.

Annotations are not postponed here, as they are elsewhere: every start that opens a machine would read them from text.
"""

from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from ..commands import Command
from ..numbers.geometry import Geometry
from ..numbers.limits import MAX_BLOCK, MAX_DISTANCE, MAX_NODE, MAX_PFN
from ..protocol.json_text import schema_text
from ..protocol.vocabulary import KINDS, BlockState, Caller, Kind, Migratetype, OnlineType, Placement

VERSION: Final = 1
"""The newest version of the form, which is what is written."""

MAX_COUNT: Final = 1 << 19
"""Blocks, sections or huge pages that one snapshot may describe: 64 TiB in sections of 128 MiB."""

Number = Annotated[int, Meta(ge=0, le=MAX_BLOCK)]
"""The number of a block, section, group."""
NodeId = Annotated[int, Meta(ge=0, le=MAX_NODE)]
"""The number of a node; kernels have at most 1024."""
Pages = Annotated[int, Meta(ge=0, le=MAX_PFN)]
"""A pfn or a number of pages."""
Several = Annotated[int, Meta(ge=1, le=MAX_COUNT)]
Stride = Annotated[int, Meta(ge=-MAX_PFN, le=MAX_PFN)]
Address = Annotated[str, Meta(pattern="^0x[0-9a-f]{1,17}$", description="a physical byte address, such as 0x100000000")]
Counter = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
ZoneName = Literal["DMA", "DMA32", "Normal", "HighMem", "Movable", "Device"]
ZoneRef = tuple[NodeId, ZoneName]
"""A zone by node and name."""
Run = tuple[Pages, Annotated[int, Meta(ge=1, le=MAX_PFN)]]
"""Consecutive pages (or pageblocks): the first, and how many."""
PagesByKind = Annotated[dict[Kind, tuple[Run, ...]], Meta(extra_json_schema={"propertyNames": {"enum": KINDS}})]
BlocksByType = Annotated[
    dict[Migratetype, tuple[Run, ...]], Meta(extra_json_schema={"propertyNames": {"enum": get_args(Migratetype)}})
]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts have in common: values, without fields that are not known; what is usual is left out."""


class OriginV1(_Strict, frozen=True):
    """Where the machine comes from: see `engine.memory.origin.Origin`."""

    name: str
    description: str = ""
    source: str = ""
    kernel: str = ""
    measured: tuple[str, ...] = ()
    estimated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class NodeV1(_Strict, frozen=True):
    """A possible NUMA node: see `engine.memory.zone.Node`."""

    id: NodeId
    online: bool = True
    cpus: bool = False
    distance: tuple[Annotated[int, Meta(ge=0, le=MAX_DISTANCE)], ...] = ()


class ZoneV1(_Strict, frozen=True):
    """A zone of a node, in pages: see `engine.memory.zone.Zone`."""

    node: NodeId
    name: ZoneName
    start: Pages = 0
    spanned: Pages = 0
    present: Pages = 0
    managed: Pages = 0
    free: Pages = 0
    pcp: Pages = 0
    early: Pages = 0
    cma: Pages = 0


class MarksV1(_Strict, frozen=True):
    """Watermarks of a zone, in pages, `reserve` by zone name: see `engine.memory.zone.ZoneWatermarks`."""

    zone: ZoneRef
    min: Pages
    low: Pages
    reserve: dict[str, Pages] = {}


class EvidenceV1(_Strict, frozen=True):
    """How well the numbers of a captured zone are known: see `engine.memory.zone.Evidence`."""

    zone: ZoneRef
    counted: bool = True
    areas: bool = True
    disguised: Pages = 0


class ScannersV1(_Strict, frozen=True):
    """Where compaction of a zone goes on, as pfns, and the numbers of the pageblocks that it skips: see
    `engine.memory.zone.Scanners`."""

    zone: ZoneRef
    migrate: Pages
    free: Pages
    skipped: tuple[Run, ...] = ()


class ResourceV1(_Strict, frozen=True):
    """A range of /proc/iomem; `end` is the first address behind it."""

    start: Address
    end: Address
    name: str


class GroupV1(_Strict, frozen=True):
    """A memory group: see `engine.memory.block.Group`."""

    id: Number
    node: NodeId
    max_pages: Pages = 0
    unit_pages: Pages = 0
    present_kernel: Pages = 0
    present_movable: Pages = 0
    blocks: Number = 0


class RequestV1(_Strict, frozen=True):
    """A finished add request, in pages: see `engine.memory.block.Request`."""

    start: Pages
    pages: Pages
    node: NodeId
    caller: Caller
    placement: Placement
    tables: tuple[Run, ...] = ()
    device: Pages | None = None


class HugePageRun(_Strict, frozen=True, kw_only=True):
    """`count` alike hugetlb pages of `pages` base pages each, from `pfn` on every `stride` pages, each ranked `rank_stride`
    above the last: see `HugePage`."""

    pfn: Pages
    count: Several = 1
    stride: Pages = 0
    pages: Annotated[int, Meta(ge=1, le=1 << 40)]
    node: NodeId
    used: bool = False
    rank: Counter = 0
    rank_stride: Annotated[int, Meta(ge=-1, le=1)] = 0


class SurplusV1(_Strict, frozen=True):
    """Huge pages of `pages` base pages on a node that are in use and more than the pool should have."""

    node: NodeId
    pages: Annotated[int, Meta(ge=1, le=1 << 40)]
    count: Pages


class TailV1(_Strict, frozen=True):
    """The page that the memmap of huge pages of `pages` base pages in a zone is mapped to, where it was given back."""

    zone: ZoneRef
    pages: Annotated[int, Meta(ge=1, le=1 << 40)]
    pfn: Pages


class DaxV1(_Strict, frozen=True):
    """A DAX device: see `engine.memory.block.DaxDevice`."""

    start: Pages
    pages: Pages
    node: NodeId
    cxl: Annotated[int, Meta(ge=0, le=1)]
    state: Annotated[int, Meta(ge=0, le=4)]


class BlockRun(_Strict, frozen=True, kw_only=True):
    """`count` alike memory blocks from number `first` on: see `engine.memory.block.Block`."""

    first: Number
    count: Several = 1
    state: BlockState
    nodes: Annotated[tuple[NodeId, ...], Meta(min_length=1)]
    zone: ZoneRef | None = None
    head: Pages = 0
    early: bool = False
    group: Number | None = None
    request: Pages | None = None
    hwpoison: bool = msgspec.field(default=False, name="poisoned")
    online_type: OnlineType | None = msgspec.field(default=None, name="asked")
    stuck: bool = False
    linked: ZoneRef | None = None
    undated: bool = False


class MemmapV1(_Strict, frozen=True):
    """Where the struct pages of the first section of a run lie: see `engine.memory.section.Memmap`."""

    on: Literal["self", "section", "kernel"]
    pfn: Pages | None = None
    chunks: tuple[Run, ...] = ()
    tables: tuple[Run, ...] = ()


class ZoneShare(_Strict, frozen=True):
    """The pages of a section that belong to a zone; null: all of them."""

    zone: ZoneRef
    pages: tuple[Run, ...] | None = None


class SectionRun(_Strict, frozen=True, kw_only=True):
    """`count` alike sections, the first of which is section `at` of its block: see `engine.memory.section.Section`.

    `pages`, `types` and `unseen` count from the start of each section; null for `unseen`: all that is there but heads where
    the kinds are `estimated`, else none; `frozen` are slab pages of order 0. The memmap of each lies `stride` pages behind
    the last.
    """

    at: Number = 0
    count: Several = 1
    stride: Stride = 0
    node: NodeId
    early: bool = False
    online: bool = False
    estimated: bool = False
    hwpoison: tuple[Run, ...] = msgspec.field(default=(), name="flagged")
    unseen: tuple[Run, ...] | None = None
    frozen: tuple[Run, ...] = ()
    zones: tuple[ZoneShare, ...] = ()
    pages: PagesByKind = {}
    types: BlocksByType = {}
    memmap: MemmapV1 | None = None


class SectionGrid(_Strict, frozen=True, kw_only=True):
    """The sections of `count` alike blocks from number `first` on (whether or not there is a memory block device).

    `sections` are those of the first of them; the memmaps of each block lie `stride` pages behind those of the last.
    """

    first: Number
    count: Several = 1
    stride: Stride = 0
    sections: Annotated[tuple[SectionRun, ...], Meta(min_length=1)]


class StateV1(_Strict, frozen=True, kw_only=True):
    """A later state of the same machine: its tables as `SnapshotV1` has them. One that is missing is as it was first."""

    settings: dict[str, str] | None = None
    counters: dict[str, Counter] | None = None
    nodes: tuple[NodeV1, ...] | None = None
    zones: tuple[ZoneV1, ...] | None = None
    watermarks: tuple[MarksV1, ...] | None = msgspec.field(default=None, name="marks")
    evidence: tuple[EvidenceV1, ...] | None = None
    scanners: tuple[ScannersV1, ...] | None = None
    resources: tuple[ResourceV1, ...] | None = None
    reserved: tuple[ResourceV1, ...] | None = None
    groups: tuple[GroupV1, ...] | None = None
    requests: tuple[RequestV1, ...] | None = None
    hugepages: tuple[HugePageRun, ...] | None = None
    surplus: tuple[SurplusV1, ...] | None = None
    optimized: dict[Pages, bool] | None = None
    tails: tuple[TailV1, ...] | None = None
    dax_devices: tuple[DaxV1, ...] | None = None
    standby: dict[Pages, bool] | None = None
    blocks: tuple[BlockRun, ...] | None = None
    sections: tuple[SectionGrid, ...] | None = None


class StepV1(_Strict, frozen=True, omit_defaults=True):
    """One step of a timeline: the command that led from state number `parent` (0: the first) to the next state, and what
    came of it.

    name: the name of the new state. stopped: a signal ended the command after so many events. redone: of the states that
    come from the same one, the one that redo goes to is the last, or the one that says so. state: the new state itself; it
    is there for the present one, for those that a capture brought (`sync`), which no replay can make again, and for the costliest
    where to make all again would take too long. digest: what the command changed, as a checksum; by it the first step is found
    that a later version of altmap takes otherwise.
    """

    parent: Number
    command: Command
    result: str
    name: str = ""
    stopped: Several | None = None
    redone: bool = False
    state: StateV1 | None = None
    digest: str = ""


class SnapshotV1(_Strict, frozen=True, tag_field="version", tag=1, kw_only=True):
    """A whole machine, as `altmap` saves it: its first state, and its timeline from there on.

    model: name of the kernel model. settings: writable parameters. boot: facts of the boot. marks: watermarks. evidence:
    how well captured zones are known (null: saved before that was asked). scanners: where compaction goes on. reserved:
    ranges inside System RAM that the boot reserved. hugepages: the pages of the hugetlb pools. optimized: huge pages (by
    pfn) whose memmap was given back once, and whether it still is. tails: the pages that such memmap is mapped to. steps:
    what was done from here on, in order, and `at` the number of the state that the machine was in when it was saved.
    """

    origin: OriginV1
    geometry: Geometry
    model: str
    boot: dict[str, str] = {}
    settings: dict[str, str] = {}
    counters: dict[str, Counter] = {}
    nodes: tuple[NodeV1, ...]
    zones: tuple[ZoneV1, ...] = ()
    watermarks: tuple[MarksV1, ...] = msgspec.field(default=(), name="marks")
    evidence: tuple[EvidenceV1, ...] | None = None
    scanners: tuple[ScannersV1, ...] = ()
    resources: tuple[ResourceV1, ...] = ()
    reserved: tuple[ResourceV1, ...] = ()
    groups: tuple[GroupV1, ...] = ()
    requests: tuple[RequestV1, ...] = ()
    hugepages: tuple[HugePageRun, ...] = ()
    surplus: tuple[SurplusV1, ...] = ()
    optimized: dict[Pages, bool] = {}
    tails: tuple[TailV1, ...] = ()
    dax_devices: tuple[DaxV1, ...] = ()
    standby: dict[Pages, bool] = {}
    blocks: tuple[BlockRun, ...] = ()
    sections: tuple[SectionGrid, ...] = ()
    steps: tuple[StepV1, ...] = ()
    at: Number = 0


def json_schema() -> bytes:
    """The JSON Schema of the newest version, as `fixtures/schemas/snapshot.schema.json` holds it."""
    return schema_text(msgspec.json.schema(SnapshotV1))
