"""The documents on whole machines: `machine`, `machines`, `check` and `capture`; and their rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from altmap.engine import BlockSeen, Bundled, Machine, NodeSeen, PoolSeen, SectionReport, ZoneReport, worth_knowing
from altmap.engine.faces.diff import block_seen, nodes_seen
from altmap.engine.protocol.vocabulary import BlockState, ZoneKey
from altmap.engine.run.invariants import INVARIANTS, Broken
from altmap.engine.sysfs.report import section_report, zone_reports

from ... import facts
from .document import AdviceRow, Amount, Document, advice_row


class GeometryRow(msgspec.Struct, frozen=True, kw_only=True):
    """How memory is divided. Sizes are bytes; `max_order` and `pageblock_order` are powers of two of pages; `pmd_size` is 0
    where there are no huge mappings; `memmap_of_block` is what the struct pages of one memory block take."""

    arch: str
    page_size: int
    section_size: int
    block_size: int
    max_order: int
    pageblock_order: int
    pmd_size: int
    struct_page_size: int
    huge_vmemmap: bool
    linear_map_pages: bool
    max_address: int
    memmap_of_block: Amount


class PoolRow(msgspec.Struct, frozen=True):
    """The hugetlb pool of a node: `total` huge pages of `size` bytes, `free` of which nothing uses."""

    size: int
    total: int
    free: int


class NodeRow(msgspec.Struct, frozen=True):
    """The NUMA node with the number `node`: `online` where it is registered, else firmware announced it; `cpus`: it has CPUs;
    `distance` to all nodes in order, empty where unknown; `pools` of huge pages, the smallest size first."""

    node: int
    online: bool
    cpus: bool
    distance: tuple[int, ...]
    pools: tuple[PoolRow, ...]


class ZoneRow(msgspec.Struct, frozen=True):
    """A populated zone, by its `node` and name (`zone`): `start_pfn` is its first pfn, `spanned` what it reaches over, holes
    included, `present` what is there, `managed` what the buddy allocator manages, in use or not, and `free` what of that is
    free, the lists of the CPUs included."""

    node: int
    zone: str
    start_pfn: int
    spanned: Amount
    present: Amount
    managed: Amount
    free: Amount


class BlockRow(msgspec.Struct, frozen=True):
    """Memory block ``memoryN``, N being `block`: the `address` where it begins, the text of its files `state` and `valid_zones`,
    its `nodes`, what of its own start holds its `memmap`, whether a page of it had a hardware error (`poisoned`), and what of it
    someone keeps from moving (`pinned`)."""

    block: int
    address: int
    state: BlockState
    valid_zones: str
    nodes: tuple[int, ...]
    memmap: Amount
    poisoned: bool
    pinned: Amount


class SectionRow(msgspec.Struct, frozen=True):
    """The present section with the number `section`, its `node`, and where its memmap lies (`memmap_on`): "self" in its own add
    request or block, "kernel" in kernel memory, "section" in another section, "none" where it has none. `memmap_pfn` is the
    first page of that, null where the place is not known."""

    section: int
    node: int
    memmap_on: Literal["self", "kernel", "section", "none"]
    memmap_pfn: int | None


class ParametersRow(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters, each under the name of its file and as that reads; null where the kernel does not have the file."""

    auto_online_blocks: str
    memmap_on_memory: str | None = None
    online_policy: str | None = None
    auto_movable_ratio: str | None = None
    auto_movable_numa_aware: str | None = None
    movable_gigantic_pages: str | None = None


class BootRow(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the boot: whether the file `probe` is there and the option movable_node was given (Y or N), and what other
    options of the command line were given, each under its own name, null where it was not."""

    probe: str
    movable_node: str
    hugepages: str | None
    hugetlb_free_vmemmap: str | None
    movablecore: str | None
    kernelcore: str | None


class MachineDocument(Document, tag="machine", frozen=True, kw_only=True):
    """A machine: its `name`, a line of `description`, the `source` that it was read from. `kernel` is its /proc/version, `model`
    the kernel that altmap takes it for; `geometry` how its memory is divided, `boot` what its boot decided, `parameters` what can
    be written while it runs. `measured` and `estimated` name what of it was read and what had to be guessed, `notes` what is
    worth knowing of how it was read, `worth_knowing` what is of the machine itself, the most pressing first. `nodes`, `zones`,
    `blocks` and `sections` are ordered by number."""

    version: Literal[1] = 1
    name: str
    description: str | None
    source: str | None
    kernel: str | None
    model: str
    geometry: GeometryRow
    boot: BootRow
    parameters: ParametersRow
    measured: tuple[str, ...]
    estimated: tuple[str, ...]
    notes: tuple[str, ...]
    worth_knowing: tuple[AdviceRow, ...]
    nodes: tuple[NodeRow, ...]
    zones: tuple[ZoneRow, ...]
    blocks: tuple[BlockRow, ...]
    sections: tuple[SectionRow, ...]


class BundledRow(msgspec.Struct, frozen=True):
    """A machine that comes along."""

    name: str
    description: str


class MachinesDocument(Document, tag="machines", frozen=True, kw_only=True):
    """The machines that come along, by name."""

    version: Literal[1] = 1
    machines: tuple[BundledRow, ...]


class BrokenRow(msgspec.Struct, frozen=True):
    """An invariant that does not hold: its name, what it says, and where and how much it does not."""

    invariant: str
    rule: str
    sentence: str


class CheckDocument(Document, tag="check", frozen=True, kw_only=True):
    """Whether a machine's numbers and pages agree: what is broken, and how many blocks and sections were looked at."""

    version: Literal[1] = 1
    source: str
    name: str
    sound: bool
    broken: tuple[BrokenRow, ...]
    blocks: int
    sections: int


class CaptureDocument(Document, tag="capture", frozen=True, kw_only=True):
    """What was captured to the file `path`: see `machine` for what it is of."""

    version: Literal[1] = 1
    path: str
    name: str
    kernel: str | None
    model: str
    arch: str
    measured: tuple[str, ...]
    estimated: tuple[str, ...]
    notes: tuple[str, ...]
    blocks: int
    sections: int


# -- rows ---------------------------------------------------------------------------------------------------------------


class Rows:
    """Rows of one machine's things; `page_size` in bytes."""

    def __init__(self, machine: Machine) -> None:
        self._page, self._block = machine.geometry.page_size, machine.geometry.block_size

    def amount(self, pages: int) -> Amount:
        """So many pages."""
        return Amount(pages * self._page, pages)

    def node(self, number: int, seen: NodeSeen) -> NodeRow:
        """A node."""
        return NodeRow(number, seen.online, seen.cpus, seen.distance, tuple(map(_pool, seen.pools)))

    def zone(self, key: ZoneKey, seen: ZoneReport) -> ZoneRow:
        """A zone."""
        amounts = map(self.amount, (seen.spanned, seen.present, seen.managed, seen.free))
        return ZoneRow(*key, seen.start_pfn, *amounts)

    def block(self, number: int, seen: BlockSeen) -> BlockRow:
        """A memory block."""
        return BlockRow(
            number,
            number * self._block,
            seen.state,
            seen.valid_zones,
            seen.nodes,
            self.amount(seen.memmap),
            seen.poisoned,
            self.amount(seen.pinned),
        )

    def section(self, number: int, seen: SectionReport) -> SectionRow:
        """A section."""
        return SectionRow(number, seen.node, seen.memmap_on, seen.memmap_pfn)


def _pool(pool: PoolSeen) -> PoolRow:
    return PoolRow(pool.size, pool.total, pool.free)


# -- documents ----------------------------------------------------------------------------------------------------------


def machine_document(machine: Machine) -> MachineDocument:
    """`altmap show --json`."""
    origin, rows = machine.origin, Rows(machine)
    return MachineDocument(
        name=origin.name,
        description=origin.description or None,
        source=origin.source or None,
        kernel=origin.kernel or None,
        model=machine.model.name,
        geometry=_geometry(machine),
        boot=_boot(machine),
        parameters=ParametersRow(**machine.parameters),
        measured=origin.measured,
        estimated=facts.unmeasured(machine),
        notes=origin.notes,
        worth_knowing=tuple(map(advice_row, worth_knowing(machine))),
        nodes=tuple(rows.node(number, seen) for number, seen in sorted(nodes_seen(machine).items())),
        zones=tuple(rows.zone((seen.node, seen.zone), seen) for seen in zone_reports(machine)),
        blocks=tuple(rows.block(number, block_seen(machine, number)) for number in sorted(machine.blocks)),
        sections=tuple(rows.section(number, section_report(machine, number)) for number in sorted(machine.sections)),
    )


def _boot(machine: Machine) -> BootRow:
    boot, texts = machine.boot, machine.boot.texts()
    return BootRow(
        probe=texts["probe"],
        movable_node=texts["movable_node"],
        hugepages=boot.hugepages,
        hugetlb_free_vmemmap=boot.hugetlb_free_vmemmap,
        movablecore=boot.movablecore,
        kernelcore=boot.kernelcore,
    )


def _geometry(machine: Machine) -> GeometryRow:
    geometry = machine.geometry
    memmap = Amount(geometry.memmap_bytes_per_block, geometry.memmap_pages_per_block)
    return GeometryRow(**msgspec.structs.asdict(geometry), memmap_of_block=memmap)


def machines_document(machines: Iterable[Bundled]) -> MachinesDocument:
    """`altmap machines --json`."""
    return MachinesDocument(machines=tuple(BundledRow(machine.name, machine.description) for machine in machines))


def check_document(source: str, machine: Machine, broken: Iterable[Broken]) -> CheckDocument:
    """`altmap check --json`."""
    found = tuple(BrokenRow(one.invariant, INVARIANTS[one.invariant], one.sentence) for one in broken)
    return CheckDocument(
        source=source,
        name=machine.origin.name,
        sound=not found,
        broken=found,
        blocks=len(machine.blocks),
        sections=len(machine.sections),
    )


def capture_document(path: str, machine: Machine) -> CaptureDocument:
    """`altmap capture --json -o PATH`."""
    origin = machine.origin
    return CaptureDocument(
        path=path,
        name=origin.name,
        kernel=origin.kernel or None,
        model=machine.model.name,
        arch=machine.architecture.name,
        measured=origin.measured,
        estimated=facts.unmeasured(machine),
        notes=origin.notes,
        blocks=len(machine.blocks),
        sections=len(machine.sections),
    )
