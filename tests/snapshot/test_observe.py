"""What `observe` makes of trees of every richness, small ones built here and a real machine's."""

import os
import struct
import tarfile
from pathlib import Path

import pytest
from altmap.engine.numbers.errors import BadInput
from altmap.engine.reading.observation import PageRun
from altmap.engine.reading.observe import observe

MEMORY = "sys/devices/system/memory"
NODE = "sys/devices/system/node"
REAL = Path(__file__).parents[2] / "fixtures/captures/firecracker-24g.tar.xz"


class Builder:
    """A tree in the making."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def file(self, path: str, content: str | bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content.encode() if isinstance(content, str) else content)

    def link(self, path: str, target: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).symlink_to(target)

    def block(self, block: int, *nodes: int, both_ways: bool = True, **attributes: str) -> None:
        (self.root / MEMORY / f"memory{block}").mkdir(parents=True, exist_ok=True)
        for name, text in attributes.items():
            self.file(f"{MEMORY}/memory{block}/{name}", f"{text}\n")
        for node in nodes:
            self.link(f"{MEMORY}/memory{block}/node{node}", f"../../node/node{node}")
            if both_ways:
                self.link(f"{NODE}/node{node}/memory{block}", f"../../memory/memory{block}")


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "tree")


def test_whoever_watches_is_told_how_many_pages_are_read(build: Builder) -> None:
    build.file(f"{MEMORY}/block_size_bytes", "8000000\n")
    build.block(3, state="online")
    build.file("proc/kpageflags", struct.pack("<3Q", 1024, 1024, 0))
    told: list[tuple[int, int]] = []
    observe(build.root, watch=lambda pages, end: told.append((pages, end)))
    assert told == [(3, 4 << 27)]


def test_a_rich_tree(build: Builder) -> None:
    build.file(f"{MEMORY}/block_size_bytes", "8000000\n")
    build.file(f"{MEMORY}/auto_online_blocks", "offline\n")
    build.file(f"{MEMORY}/probe", "")
    build.block(0, 0, 1, state="online", valid_zones="none")
    build.block(1, 1, state="offline", valid_zones="Normal Movable")
    build.block(10, 1, state="going-offline", valid_zones="Movable")
    build.link(f"{MEMORY}/memory0/subsystem", "../../../../bus/memory")
    build.file(f"{NODE}/online", "0-1\n")
    build.file(f"{NODE}/has_memory", "\n")
    build.file(f"{NODE}/possible", "all of them\n")
    build.file(f"{NODE}/node0/meminfo", "Node 0 MemTotal:  100 kB\n")
    build.file(f"{NODE}/node0/distance", "10 20\n")
    build.file(f"{NODE}/node0/cpulist", "0-3\n")
    build.file(f"{NODE}/node0/hugepages/hugepages-1048576kB/nr_hugepages", "3\n")
    build.file(f"{NODE}/node0/hugepages/hugepages-1048576kB/free_hugepages", "2\n")
    build.file(f"{NODE}/node1/cpumap", "0000,00000000\n")
    build.file("proc/version", "Linux version 6.12.0\n")
    build.file("proc/cmdline", "movable_node quiet\n")
    build.file("proc/buddyinfo", "Node 0, zone   Normal      7      0     12 \n")
    build.file("proc/iomem", "100000000-13fffffff : System RAM\n")
    build.file("proc/meminfo", "MemTotal:  919868 kB\n")
    build.file("proc/vmstat", "nr_free_pages 12\n")
    build.file("sys/module/memory_hotplug/parameters/online_policy", "contig-zones\n")
    build.file("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "8\n")
    build.file("sys/kernel/mm/hugepages/hugepages-2048kB/surplus_hugepages", "1\n")
    build.file("proc/kpageflags", struct.pack("<3Q", 1024, 1024, 1 << 17))
    build.file("proc/kpagecount", struct.pack("<3Q", 0, 0, 1))

    seen = observe(build.root)
    assert seen.source == str(build.root)
    assert (seen.version, seen.cmdline) == ("Linux version 6.12.0", "movable_node quiet")
    assert (seen.block_size, seen.auto_online_blocks, seen.has_probe) == (128 << 20, "offline", True)
    zero, one, ten = seen.blocks
    assert (zero.id, zero.state, zero.valid_zones, zero.nodes) == (0, "online", ("none",), (0, 1))
    assert (one.id, one.state, one.valid_zones, one.nodes) == (1, "offline", ("Normal", "Movable"), (1,))
    assert (ten.id, ten.state, ten.nodes) == (10, "going-offline", (1,))
    first, second = seen.nodes
    assert (first.id, first.meminfo, first.distance, first.cpus) == (0, {"MemTotal": 100}, (10, 20), True)
    assert first.hugepages == {1 << 30: (3, 2, 0)}
    assert (second.id, second.meminfo, second.distance, second.cpus) == (1, {}, (), False)
    assert seen.node_lists == {"online": (0, 1), "has_memory": ()}
    assert seen.zones == ()
    assert seen.buddyinfo == {"0/Normal": (7, 0, 12)}
    assert [(r.start, r.end, r.name, r.depth) for r in seen.resources] == [(1 << 32, 5 << 30, "System RAM", 0)]
    assert (seen.meminfo, seen.vmstat) == ({"MemTotal": 919868}, {"nr_free_pages": 12})
    assert seen.parameters == {"online_policy": "contig-zones"}
    assert seen.hugepages == {2 << 20: (8, 0, 1)}
    assert seen.pages == (PageRun(0, 2, 1024, 0), PageRun(2, 1, 1 << 17, 1))
    assert seen.notes == (f"{NODE}/possible line 1: expected a number from 0 to 4095, not 'all of them'",)


def test_the_block_folder_alone_is_enough(build: Builder) -> None:
    build.block(8192)
    build.block(8200)
    seen = observe(build.root)
    assert [(b.id, b.state, b.valid_zones, b.nodes) for b in seen.blocks] == [
        (8192, None, None, ()),
        (8200, None, None, ()),
    ]
    assert (seen.version, seen.block_size, seen.zones, seen.pages, seen.notes) == (None, None, (), (), ())
    assert (seen.nodes, seen.node_lists, seen.has_probe, seen.pageblock_order) == ((), {}, False, None)


def test_blocks_known_through_dangling_links_of_nodes(build: Builder) -> None:
    build.file(f"{MEMORY}/block_size_bytes", "80000000\n")
    for block, nodes in {0: (0,), 7: (0, 1), 100: (1,)}.items():
        for node in nodes:
            build.link(f"{NODE}/node{node}/memory{block}", f"../../memory/memory{block}")
    seen = observe(build.root)
    assert seen.block_size == 2 << 30
    assert [(block.id, block.nodes, block.state) for block in seen.blocks] == [
        (0, (0,), None),
        (7, (0, 1), None),
        (100, (1,), None),
    ]


def test_nodes_known_through_links_inside_blocks_only(build: Builder) -> None:
    for block in range(3000):
        build.block(block, 0 if block < 1500 else 3, both_ways=False, state="online", valid_zones="Normal")
    build.block(3000, 0, 3, both_ways=False, state="online", valid_zones="none")
    build.block(3001, 2, both_ways=False, state="online")
    build.block(3002, both_ways=False, state="offline", valid_zones="Movable")
    blocks = observe(build.root).blocks
    assert [block.nodes for block in blocks] == [(0,)] * 1500 + [(3,)] * 1500 + [(0, 3), (2,), ()]


def test_a_folder_in_the_place_of_a_file_and_a_link_in_the_place_of_a_block(build: Builder) -> None:
    build.block(0, state="online")
    build.block(1)
    (build.root / MEMORY / "memory1/state").mkdir()
    build.link(f"{MEMORY}/memory2", "memory0")
    (build.root / "proc/version").mkdir(parents=True)
    seen = observe(build.root)
    assert [(block.id, block.state) for block in seen.blocks] == [(0, "online"), (1, None)]
    assert seen.version is None
    assert seen.notes == (
        "proc/version exists but could not be read: Is a directory",
        f"{MEMORY}/memory1/state exists but could not be read: Is a directory",
    )


def test_optional_sources_that_make_no_sense_become_notes(build: Builder) -> None:
    build.block(0, state="online")
    build.file("proc/zoneinfo", "gibberish\n")
    build.file("proc/buddyinfo", "Node 0, zone Normal 1 two 3\n")
    build.file("proc/iomem", "00000000-00000000 : System RAM\n")
    build.file("proc/kpageflags", b"1234567")
    build.file("proc/pagetypeinfo", "")
    seen = observe(build.root)
    assert (seen.zones, seen.buddyinfo, seen.resources, seen.pages) == ((), {}, (), ())
    assert sorted(note.split(" ", 1)[0] for note in seen.notes) == [
        "proc/buddyinfo",
        "proc/iomem",
        "proc/kpageflags",
        "proc/zoneinfo",
    ]


def test_runs_stand_for_the_page_files_that_a_saved_tree_lacks(build: Builder) -> None:
    build.block(0, state="online")
    build.file("proc/kpageflags.runs.json", "[[8,2,1024,0],[16,4,null,null]]")
    assert observe(build.root).pages == (PageRun(8, 2, 1024, 0),)
    build.file("proc/kpageflags", b"")
    assert observe(build.root).pages == (PageRun(8, 2, 1024, 0),)
    build.file("proc/kpageflags", struct.pack("<Q", 32))
    assert observe(build.root).pages == (PageRun(0, 1, 32, 0),)


@pytest.mark.parametrize(
    ("size", "right"),
    [
        ("-8000000", False),
        ("8000001", False),
        ("0", False),
        ("zz", False),
        ("1" + "0" * 16, False),
        ("8000000 8", False),
        ("0x8000000", True),
        ("80000000", True),
    ],
)
def test_block_sizes(build: Builder, size: str, right: bool) -> None:
    build.block(0, state="online")
    build.file(f"{MEMORY}/block_size_bytes", size + "\n")
    if right:
        assert observe(build.root).block_size == int(size, 16)
    else:
        with pytest.raises(BadInput, match='bytes must be a power of two in hexadecimal like "8000000", not'):
            observe(build.root)


def test_ids_that_no_machine_can_have(build: Builder) -> None:
    build.block((1 << 40) - 1, state="online")
    assert observe(build.root).blocks[0].id == (1 << 40) - 1
    build.file(f"{MEMORY}/block_size_bytes", "8000000\n")
    with pytest.raises(BadInput, match=f"memory block {(1 << 40) - 1} of 0x8000000 bytes lies beyond any address"):
        observe(build.root)
    build.block(1 << 40, state="online")
    with pytest.raises(BadInput, match=f"memory{1 << 40} has a number beyond {(1 << 40) - 1}"):
        observe(build.root)


def test_names_that_only_look_like_blocks_are_none(build: Builder) -> None:
    build.block(5, state="online")
    for name in ("memory", "memory-1", "memoryx", "memory5x", "memory\u0663", "xmemory5", "power"):
        (build.root / MEMORY / name).mkdir()
    assert [block.id for block in observe(build.root).blocks] == [5]


def test_a_folder_that_is_no_captured_tree(tmp_path: Path, build: Builder) -> None:
    build.file("etc/passwd", "root")
    expected = f"is no captured tree: it has neither {MEMORY}/memoryN folders nor {NODE}/nodeN/memoryN links"
    with pytest.raises(BadInput, match=expected):
        observe(build.root)
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        tar.add(build.root, arcname="x")
    with pytest.raises(BadInput, match=expected):
        observe(tmp_path / "t.tar")


def test_folder_and_tar_give_the_same_observation(tmp_path: Path, build: Builder) -> None:
    build.file(f"{MEMORY}/block_size_bytes", "8000000\n")
    build.block(0, 0, 1, state="online", valid_zones="none")
    build.block(1, 1, state="offline", valid_zones="Normal Movable", phys_device="1")
    build.file("proc/kpageflags", struct.pack("<2Q", 1024, 0))
    with tarfile.open(tmp_path / "t.tgz", "w:gz") as tar:
        tar.add(build.root, arcname="machine")
    folder, archive = observe(build.root), observe(tmp_path / "t.tgz")
    for field in set(folder.__struct_fields__) - {"source"}:
        assert getattr(folder, field) == getattr(archive, field), field


def test_observing_changes_nothing(build: Builder) -> None:
    build.block(0, 0, state="online")
    build.file("proc/version", "Linux\n")

    def everything() -> list[tuple[str, int, int]]:
        return sorted(
            (os.path.join(at, name), status.st_mtime_ns, status.st_size)
            for at, folders, files in os.walk(build.root)
            for name in folders + files
            for status in [os.lstat(os.path.join(at, name))]
        )

    before = everything()
    observe(build.root)
    assert everything() == before


def test_a_real_machine_with_24_gib() -> None:
    seen = observe(REAL)
    assert seen.notes == ()
    assert seen.version == "Linux version 6.18.44 (x86_64)"
    assert seen.block_size == 128 << 20
    assert [block.id for block in seen.blocks] == [*range(24), *range(32, 200)]
    assert seen.blocks[0].valid_zones == ("none",)
    zones = [block.valid_zones for block in seen.blocks]
    assert (zones.count(("DMA32",)), zones.count(("Normal",))) == (23, 168)
    assert {(block.state, block.nodes) for block in seen.blocks} == {("online", (0,))}
    by_name = {zone.zone: zone for zone in seen.zones}
    assert list(by_name) == ["DMA", "DMA32", "Normal", "Movable", "Device"]
    normal, dma32 = by_name["Normal"], by_name["DMA32"]
    assert (normal.start_pfn, normal.spanned, normal.present, normal.managed) == (1048576, 5505024, 5505024, 1179648)
    assert (normal.free, normal.pcp, normal.counters["nr_mlock"]) == (825622, 3908 + 5573, 3766)
    assert (dma32.start_pfn, dma32.spanned, dma32.present, dma32.managed) == (4096, 1044480, 782336, 772918)
    assert dma32.protection == (0, 0, 4608, 4608, 4608)
    assert by_name["Movable"].start_pfn is None
    assert sum(count << order for order, count in enumerate(seen.buddyinfo["0/DMA32"])) == dma32.free
    assert seen.pageblock_order == 9
    assert seen.pageblocks["0/Normal"] == {
        "Unmovable": 94,
        "Movable": 2072,
        "Reclaimable": 138,
        "HighAtomic": 0,
        "Isolate": 0,
    }
    ram = [(r.start, r.end) for r in seen.resources if r.name == "System RAM" and not r.depth]
    assert ram == [(0x1000, 0x9FC00), (0x100000, 0xC0000000), (1 << 32, 25 << 30)]
    assert len(seen.pages) == 146793
    assert seen.pages[0] == PageRun(0, 256, 1 << 32, 0)
    assert sum(run.count for run in seen.pages) == 25 << 18  # the hole below 4 GiB among them
    assert seen.vmstat["nr_memmap_boot_pages"] == 98304
    assert seen.parameters["memmap_on_memory"] == "N"
    assert seen.hugepages == {2 << 20: (0, 0, 0), 1 << 30: (0, 0, 0)}
    (node,) = seen.nodes
    assert (node.id, node.distance, node.cpus) == (0, (10,), True)
    assert seen.node_lists["online"] == (0,)
