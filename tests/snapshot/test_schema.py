"""The saved form: the schema, what is folded into runs, and the exact way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from altmap.engine.commands import Add, Offline
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.kernels.models import MODELS
from altmap.engine.kernels.notifier_chain import chain_of
from altmap.engine.machine import Machine
from altmap.engine.memory.block import AcpiDevice, Block, Group, Request, VirtioMemDevice
from altmap.engine.memory.origin import Origin
from altmap.engine.memory.section import Memmap, Pages, Section, Types
from altmap.engine.memory.settings import Boot
from altmap.engine.memory.state import Hstate, HugePage, Resource, State, state_of
from altmap.engine.memory.zone import Node, Scanners, Zone, ZoneWatermarks
from altmap.engine.numbers.bits import every, span
from altmap.engine.numbers.frozen import Frozen
from altmap.engine.numbers.geometry import Geometry
from altmap.engine.numbers.units import GIB, MIB
from altmap.engine.protocol.vocabulary import KINDS, Kind
from altmap.engine.snapshot import schema
from altmap.engine.snapshot.fold import snapshot_of
from altmap.engine.snapshot.unfold import unfold
from altmap.engine.sysfs.report import block_reports, section_reports, zone_reports

ORIGIN = Origin("box", "a hand-made machine", "nowhere", "Linux version 6.12", ("blocks",), ("pages",), ("Two words.",))
SCHEMA_FILE = Path(__file__).parents[2] / "fixtures" / "schemas" / "snapshot.schema.json"


def empty(arch: str, model: str = "6.12", sections_per_block: int = 1) -> State:
    preset = ARCHITECTURES[arch]
    geometry = preset.geometry
    geometry = msgspec.structs.replace(geometry, block_size=geometry.section_size * sections_per_block)
    state = State(preset, geometry, MODELS[model], Boot(probe=True), chain_of(preset))
    state.parameters.change(auto_online_blocks="online_movable", auto_movable_ratio=7)
    state.nodes.load({0: Node(0, True, True)})
    return state


def uniform(blocks: int, sections_per_block: int = 1, first: int = 32) -> State:
    """Hot-added blocks on node 0, all in ZONE_MOVABLE, with their memmap in their own heads."""
    state = empty("x86_64", sections_per_block=sections_per_block)
    geometry = state.geometry
    size, unit, head = geometry.pages_per_block, geometry.memmap_pages_per_section, geometry.memmap_pages_per_block
    key, all_pages = (0, "Movable"), blocks * size
    state.zones.load(
        {key: Zone(0, "Movable", first * size, all_pages, all_pages, all_pages - blocks * head, all_pages // 2)}
    )
    start, end = first * geometry.block_size, (first + blocks) * geometry.block_size
    state.resources.load({start: Resource(start, end, "System RAM")})
    state.requests.load({first * size: Request(first * size, all_pages, 0, "acpi", "block", ((4096, 40), (8192, 7)))})
    whole = span(0, geometry.pages_per_section)
    for number in range(first, first + blocks):
        state.blocks.load({number: Block(number, "online", (0,), key, head)})
        for at in range(sections_per_block):
            own = span(0, head) if at == 0 else 0
            pages = Pages({"memmap": own, "free": whole & ~own} if own else {"free": whole})
            pfn = number * size + at * unit
            memmap = Memmap("self", pfn, ((pfn, unit),))
            nr = number * sections_per_block + at
            state.sections.load({nr: Section(nr, 0, False, True, ((key, whole),), pages, memmap=memmap)})
    return state


def varied() -> State:
    """A NUMA guest in which no two neighbours are alike, with every kind of page and every kind of memmap."""
    state = empty("x86_64", "6.1")
    size = state.geometry.pages_per_section
    whole = span(0, size)
    state.nodes.load({1: Node(1, True, False, (20, 10, 31)), 2: Node(2, False)})
    state.zones.load({
        (0, "DMA"): Zone(0, "DMA", 1, 4095, 3998, 3840, 3839, 0, 3998),
        (0, "DMA32"): Zone(0, "DMA32", 4096, 3 * size - 4096, 2 * size, 2 * size - 900, 77, 12, 2 * size, 64),
        (1, "Normal"): Zone(1, "Normal", 40 * size, 9 * size, size, size, 5),
        (1, "Movable"): Zone(1, "Movable"),
    })  # fmt: skip
    state.scanners.load(
        {(0, "DMA32"): Scanners(4096, 3 * size - 512, Frozen({0: every(512, size), 1: 1 | 1 << 512 | 1 << 5 * 512}))}
    )
    state.watermarks.load({(0, "DMA32"): ZoneWatermarks(900, 1125, Frozen({"Normal": 0, "Movable": 77}))})
    state.resources.load(
        {
            resource.key: resource
            for resource in (
                Resource(0x1000, 0x9FC00, "System RAM"),
                Resource(4 * GIB, 5 * GIB, "System RAM (virtio_mem)"),
                Resource(4 * GIB, 8 * GIB, "virtio1"),  # the window of the device, which begins where its memory does
            )
        }
    )
    state.groups.load({3: Group(3, 1, 2 * size, 0, size, 0, 1), 7: Group(7, 0, unit_pages=size)})
    state.requests.load({40 * size: Request(40 * size, 2 * size, 1, "virtio-mem", "sections", ((99, 1),))})
    state.hugepages.load(
        {512 * at: HugePage(512, 0, at > 20, rank) for rank, at in enumerate((7, 8, 9, 11, 13, 21, 22), 40)}
    )
    state.surplus.load({(0, 512): 1})
    state.hugepages.load({1 << 14: HugePage(1 << 14, 1)})
    state.vmstat.load({"pgmigrate_success": (1 << 63) - 1, "compact_fail": 0})
    state.globals.change(crashed=True, vmemmap_warned=True, policy_zone=2, hugetlb_rank=46, locked=True)
    state.hstates.load({512: Hstate(1, 2, 300), 1 << 18: Hstate(next_nid_to_free=1)})
    state.virtio_mem.load({8 * GIB: VirtioMemDevice(2 * GIB, 4 << 20)})
    state.acpi_devices.load({16 * GIB: AcpiDevice(GIB)})
    low, high = span(0, 4096), whole & ~span(0, 4096)
    split = (((0, "DMA"), low), ((0, "DMA32"), high))
    mixed: dict[Kind, int] = {kind: span(100 * at, 100) for at, kind in enumerate(KINDS) if kind != "free"}
    mixed["free"] = every(2, size) & ~span(0, 100 * len(KINDS))
    kernel = Memmap("kernel", 70000, ((70000, 512),), ((80000, 1),))
    state.blocks.load({
        0: Block(0, "online", (0, 1), None, 0, True),
        1: Block(1, "going-offline", (0,), (0, "DMA32"), 0, True),
        2: Block(2, "offline", early=True, hwpoison=True),
        40: Block(40, "online", (1,), (1, "Normal"), 512, group=3, online_type="online_movable"),
        41: Block(41, "offline", (1,), group=3),
    })  # fmt: skip
    sections = (
        Section(0, 0, True, True, split, Pages(mixed), Types({"Unmovable": 5, "CMA": 8}), None, True),
        Section(
            1,
            0,
            True,
            True,
            (((0, "DMA32"), whole),),
            Pages({"absent": 1, "kernel": whole & ~1}),
            memmap=Memmap("kernel"),
        ),
        Section(2, 0, True, memmap=Memmap("kernel", None, ((512, 512), (2048, 3)))),
        Section(
            40, 1, False, True, (((1, "Normal"), whole),), Pages({"free": whole}), Types({"Isolate": 1 << 63}), kernel
        ),
        Section(
            41, 1, pages=Pages({"memmap": span(512, 512)}), memmap=Memmap("section", 40 * size, ((40 * size, 512),))
        ),
        Section(77, 1, memmap=Memmap("kernel", tables=((81000, 1),))),
    )
    state.sections.load({section.nr: section for section in sections})
    return state


def fallen_back() -> State:
    """Memmaps in base pages with a page table behind each, one after the other."""
    state = empty("x86_64")
    for nr in range(100, 140):
        pfn = 5000 + 513 * (nr - 100)
        state.sections.load({nr: Section(nr, 0, memmap=Memmap("kernel", pfn, ((pfn, 512),), ((pfn + 512, 1),)))})
    return state


def downwards() -> State:
    """Memmaps that lie the other way round, the last of them at pfn 0."""
    state = empty("arm64-4k")
    for nr in range(10, 20):
        pfn = 512 * (19 - nr)
        state.sections.load({nr: Section(nr, 0, memmap=Memmap("kernel", pfn, ((pfn, 512),)))})
    return state


def shared_units() -> State:
    """ppc64: sections smaller than the memmap's unit, sixteen to a block."""
    state = empty("ppc64le-radix-64k", sections_per_block=16)
    for nr in range(160, 480):
        pfn = 9000 + (nr - 160) // 4
        state.sections.load({nr: Section(nr, 0, memmap=Memmap("kernel", pfn, ((pfn, 1),)))})
    return state


MACHINES: dict[str, Callable[[], State]] = {
    "varied": varied,
    "uniform": lambda: uniform(300),
    "two-gigabyte blocks": lambda: uniform(20, 16),
    "fallen back": fallen_back,
    "downwards": downwards,
    "shared units": shared_units,
    "nothing": lambda: empty("s390x", "rfc-v2"),
}


def content(state: State) -> dict[str, object]:
    """All that a state holds but its journal."""
    fixed = {name: getattr(state, name) for name in ("preset", "geometry", "model", "boot", "chain")}
    return fixed | {table.name: dict(table) for table in state.tables}


@pytest.mark.parametrize("name", MACHINES)
def test_round_trip_is_exact(name: str) -> None:
    state = MACHINES[name]()
    restored, origin = unfold(snapshot_of(state, ORIGIN))
    assert content(restored) == content(state)
    assert origin == ORIGIN
    assert restored.journal.take() == ()
    assert restored.section_numbers() == sorted(state.sections)


def test_the_order_of_the_tables_does_not_matter() -> None:
    state, turned = varied(), varied()
    for name in ("sections", "blocks", "zones", "nodes", "resources", "hugepages"):
        table = getattr(turned, name)
        items = list(table.items())[::-1]
        for key, _ in items:
            table.drop(key)
        table.load(dict(items))
        assert list(table) != list(getattr(state, name))
    assert snapshot_of(turned, ORIGIN) == snapshot_of(state, ORIGIN)


@pytest.mark.parametrize(("blocks", "sections_per_block"), [(8192, 1), (65536, 1), (512, 16)])
def test_uniform_memory_is_one_run(blocks: int, sections_per_block: int) -> None:
    saved = snapshot_of(uniform(blocks, sections_per_block), ORIGIN)
    assert [(run.first, run.count) for run in saved.blocks] == [(32, blocks)]
    assert [(grid.first, grid.count) for grid in saved.sections] == [(32, blocks)]
    inner = saved.sections[0].sections
    assert [(run.at, run.count) for run in inner] == ([(0, 1)] if sections_per_block == 1 else [(0, 1), (1, 15)])
    assert saved.sections[0].stride == 32768 * sections_per_block
    assert inner[-1].stride == (0 if sections_per_block == 1 else 512)


def test_strides_are_found_where_there_are_any() -> None:
    assert [(grid.count, grid.stride) for grid in snapshot_of(fallen_back(), ORIGIN).sections] == [(40, 513)]
    assert [(grid.count, grid.stride) for grid in snapshot_of(downwards(), ORIGIN).sections] == [(10, -512)]
    (grid,) = snapshot_of(shared_units(), ORIGIN).sections
    assert (grid.count, grid.stride) == (20, 4)
    assert [(run.at, run.count, run.stride) for run in grid.sections] == [(0, 4, 0), (4, 4, 0), (8, 4, 0), (12, 4, 0)]


def test_huge_pages_come_in_runs() -> None:
    saved = snapshot_of(varied(), ORIGIN).hugepages
    assert [(run.pfn // 512, run.count, run.stride // 512, run.pages, run.node, run.used) for run in saved] == [
        (7, 3, 1, 512, 0, False), (11, 2, 2, 512, 0, False), (21, 2, 1, 512, 0, True), (32, 1, 0, 1 << 14, 1, False)
    ]  # fmt: skip


def test_a_break_in_the_stride_or_in_a_value_ends_a_run() -> None:
    state = uniform(10)
    pfn = 4711
    state.sections.load({35: msgspec.structs.replace(state.sections[35], memmap=Memmap("self", pfn, ((pfn, 512),)))})
    state.sections.load({39: msgspec.structs.replace(state.sections[39], estimated=True)})
    saved = snapshot_of(state, ORIGIN)
    assert [(grid.first, grid.count) for grid in saved.sections] == [(32, 3), (35, 2), (37, 2), (39, 1), (40, 2)]
    assert content(unfold(saved)[0]) == content(state)


def test_equal_sections_share_their_values() -> None:
    restored, _ = unfold(snapshot_of(uniform(600), ORIGIN))
    assert len({id(section.pages) for section in restored.sections.values()}) == 1
    assert len({id(section.zones) for section in restored.sections.values()}) == 1
    state = uniform(600)
    state.sections.load({300: msgspec.structs.replace(state.sections[300], estimated=True)})
    restored, _ = unfold(snapshot_of(state, ORIGIN))
    assert restored.sections[32].pages is restored.sections[631].pages


def test_a_restored_machine_goes_on_like_the_first() -> None:
    state = uniform(4)
    full = span(0, state.geometry.pages_per_section)
    size = state.geometry.pages_per_section
    state.sections.load(
        {0: Section(0, 0, True, True, (((0, "Normal"), full),), Pages({"free": full}), memmap=Memmap("kernel"))}
    )
    state.blocks.load({0: Block(0, "online", (0,), (0, "Normal"), 0, True)})
    state.zones.load({(0, "Normal"): Zone(0, "Normal", 0, size, size, size, size, 0, size)})
    machines = [Machine(state, ORIGIN), Machine(*unfold(snapshot_of(state, ORIGIN)))]
    start, length = 64 * 128 * MIB, 256 * MIB
    commands = (Add(start=start, size=length, placement="boot"), Offline(block=33), Add(start=start, size=length))
    results = [[machine.apply(command).result for command in commands] for machine in machines]
    assert results[0] == results[1] == ["ok", "ok", "EEXIST"]
    first, second = (state_of(machine) for machine in machines)
    assert content(first) == content(second)
    assert block_reports(first) == block_reports(second)
    assert zone_reports(first) == zone_reports(second)
    assert section_reports(first) == section_reports(second)
    assert snapshot_of(first, ORIGIN) == snapshot_of(second, ORIGIN)


def fields(*structs: type[msgspec.Struct]) -> set[str]:
    return {name for struct in structs for name in struct.__struct_fields__}


def test_nothing_of_the_engine_is_left_out() -> None:
    assert fields(schema.OriginV1) == fields(Origin)
    assert fields(schema.NodeV1) == fields(Node)
    assert fields(schema.ZoneV1) == fields(Zone)
    assert fields(schema.MarksV1) == fields(ZoneWatermarks) | {"zone"}
    assert fields(schema.ResourceV1) == fields(Resource)
    assert fields(schema.GroupV1) == fields(Group)
    assert fields(schema.RequestV1) == fields(Request)
    assert fields(schema.HugePageRun) == fields(HugePage) | {"pfn", "count", "stride", "rank_stride"}
    assert fields(schema.BlockRun) == fields(Block) - {"id"} | {"first", "count", "request"}
    assert fields(schema.MemmapV1) == fields(Memmap)
    assert fields(schema.SectionRun) == fields(Section) - {"nr"} | {"at", "count", "stride"}
    tables = {table.name for table in empty("x86_64").tables}
    counted = {"globals", "vmstat", "hstates", "virtio_mem", "acpi_devices", "reckoned"}
    assert counted < tables
    others = {"geometry", "model", "boot", "origin", "steps", "at", "counters"}
    assert fields(schema.SnapshotV1) == tables - counted | others


def test_the_committed_json_schema_is_current() -> None:
    assert SCHEMA_FILE.read_bytes() == schema.json_schema(), "write it anew: python -m tests.make"


def test_the_json_schema_is_strict() -> None:
    described = msgspec.json.decode(schema.json_schema())
    assert described["$ref"] == "#/$defs/SnapshotV1"
    parts = described["$defs"]
    assert set(parts) >= {"SnapshotV1", "Geometry", "BlockRun", "SectionGrid", "SectionRun", "MemmapV1"}
    assert all(part["additionalProperties"] is False for part in parts.values())
    assert parts["SnapshotV1"]["properties"]["version"] == {"enum": [schema.VERSION]}
    assert set(parts["Geometry"]["properties"]) == fields(Geometry)
    assert parts["SectionRun"]["properties"]["pages"]["propertyNames"] == {"enum": list(KINDS)}
