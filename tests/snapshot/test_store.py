"""Snapshots as bytes and files: both forms with and without gzip, every error in one sentence, all or nothing."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.kernels.models import MODELS
from altmap.engine.kernels.notifier_chain import DEFAULT_CHAIN
from altmap.engine.memory.block import Block, Group, Request
from altmap.engine.memory.origin import Origin
from altmap.engine.memory.section import Memmap, Pages, Section, Types
from altmap.engine.memory.settings import Boot
from altmap.engine.memory.state import HugePage, Resource, State
from altmap.engine.memory.zone import Node, SeenWatermarks, Zone
from altmap.engine.numbers.bits import every, span
from altmap.engine.numbers.errors import BadInput
from altmap.engine.numbers.units import GIB, MIB
from altmap.engine.snapshot import store
from altmap.engine.snapshot.fold import snapshot_of

ORIGIN = Origin("guest", 'naïve – and quoted "[ 1, 2 ]"', measured=("zoneinfo", "iomem"), notes=("One.", "Two."))
SIZE = 32768
NORMAL = (0, "Normal")


def guest() -> State:
    """An online boot block whose pages alternate, and a hot-added offline pair."""
    preset = ARCHITECTURES["x86_64"]
    state = State(preset, preset.geometry, MODELS["6.12"], Boot(), DEFAULT_CHAIN)
    state.nodes.load({0: Node(0, True, True, (10, 20)), 1: Node(1, False)})
    state.zones.load({NORMAL: Zone(0, "Normal", 32 * SIZE, SIZE, SIZE, SIZE - 100, SIZE // 2, 7, SIZE)})
    state.watermarks.load({NORMAL: SeenWatermarks(100, 125)})
    state.resources.load({4 * GIB: Resource(4 * GIB, 4 * GIB + 384 * MIB, "System RAM")})
    state.groups.load({0: Group(0, 0, 2 * SIZE, blocks=2)})
    state.requests.load({33 * SIZE: Request(33 * SIZE, 2 * SIZE, 0, "acpi", "boot", ((32 * SIZE + 9, 4),))})
    state.hugepages.load({33 * SIZE - 512 * at: HugePage(512, 0) for at in (1, 2, 3, 4)})
    state.globals.change(vmemmap_warned=True)
    state.blocks.load({32: Block(32, "online", (0,), NORMAL, 0, True)})
    free = every(64, SIZE)
    whole = ((NORMAL, span(0, SIZE)),)
    pages = Pages({"free": free, "movable": span(0, SIZE) & ~free})
    state.sections.load({32: Section(32, 0, True, True, whole, pages, Types({"Unmovable": 6}), None, True)})
    for nr in (33, 34):
        state.blocks.load({nr: Block(nr, "offline", (0,), group=0, request=33 * SIZE)})
        pfn = 32 * SIZE + 512 * nr
        state.sections.load({nr: Section(nr, 0, memmap=Memmap("kernel", pfn, ((pfn, 512),), ((pfn + 512, 1),)))})
    return state


def content(state: State) -> dict[str, object]:
    """All that a state holds but its journal."""
    fixed = {name: getattr(state, name) for name in ("preset", "geometry", "model", "boot", "chain")}
    return fixed | {table.name: dict(table) for table in state.tables}


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """The guest as JSON that tests can spoil."""
    decoded: dict[str, Any] = msgspec.json.decode(store.encode(guest(), ORIGIN, ".json"))
    return decoded


def refusal(data: bytes, source: str = "guest.json") -> str:
    """The sentence with which `decode` refuses; it names the file, and it is one line."""
    with pytest.raises(BadInput) as caught:
        store.decode(data, source)
    sentence = str(caught.value)
    assert sentence.startswith(f"{source}: ")
    assert "\n" not in sentence
    return sentence.removeprefix(f"{source}: ")


# -- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", store.SUFFIXES)
def test_round_trip_through_a_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"guest{suffix}"
    store.save(guest(), ORIGIN, path)
    state, origin = store.load(path)
    assert content(state) == content(guest())
    assert origin == ORIGIN
    assert path.read_bytes() == store.encode(state, origin, path.name) == store.encode(guest(), ORIGIN, str(path))
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", store.SUFFIXES)
def test_the_content_says_what_a_file_is(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "anything.txt"
    path.write_bytes(store.encode(guest(), ORIGIN, suffix))
    assert content(store.load(str(path))[0]) == content(guest())


def test_suffixes_give_the_forms() -> None:
    forms = {suffix: store.encode(guest(), ORIGIN, f"x{suffix}") for suffix in store.SUFFIXES}
    assert forms[".json"].startswith(b'{\n  "version": 1,\n')
    assert msgspec.msgpack.decode(forms[".msgpack"]) == msgspec.json.decode(forms[".json"])
    assert gzip.decompress(forms[".json.gz"]) == forms[".json"]
    assert gzip.decompress(forms[".msgpack.gz"]) == forms[".msgpack"]
    assert forms[".json.gz"][4:8] == bytes(4), "gzip must not write the time"


def test_json_is_for_people() -> None:
    lines = store.encode(guest(), ORIGIN, ".json").decode().splitlines()
    assert '      "start": "0x100000000",' in lines
    assert '      "zone": [0, "Normal"],' in lines
    assert '            "chunks": [' in lines
    assert "              [1065472, 512]" in lines
    assert f'    "description": {msgspec.json.encode(ORIGIN.description).decode()},' in lines


def test_a_terabyte_is_a_few_lines() -> None:
    state = guest()
    for nr in range(100, 100 + 8192):
        state.blocks.load({nr: Block(nr, "offline", (0,))})
        pfn = nr * SIZE
        state.sections.load({nr: Section(nr, 0, memmap=Memmap("self", pfn, ((pfn, 512),)))})
    few, many = (store.encode(which, ORIGIN, ".json") for which in (guest(), state))
    assert many.count(b"\n") - few.count(b"\n") < 40


@pytest.mark.parametrize("name", ["guest", "guest.JSON", "guest.json.xz", "json", "guest.gz"])
def test_other_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"must end in \.json, \.msgpack, \.json\.gz, \.msgpack\.gz$"):
        store.save(guest(), ORIGIN, tmp_path / name)
    assert os.listdir(tmp_path) == []


# -- all or nothing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_failed_save_changes_nothing(
    call: str, before: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "guest.json"
    if before is not None:
        path.write_bytes(before)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(BadInput) as caught:
        store.save(guest(), ORIGIN, path)
    assert str(caught.value) == f"{path} could not be saved: No space left on device"
    found = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert found == ({} if before is None else {path.name: before})


def test_an_interrupted_save_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.save(guest(), ORIGIN, tmp_path / "guest.json")
    assert os.listdir(tmp_path) == []


def test_it_is_synced_before_it_takes_the_name_and_then_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "guest.msgpack"
    path.write_bytes(b"old")
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        what = "the folder" if stat.S_ISDIR(found.st_mode) else f"{found.st_size} bytes"
        steps.append(f"fsync of {what}, beside {path.read_bytes()[:3]!r}")
        fsync(descriptor)

    def watched_replace(source: str, target: str) -> None:
        steps.append(f"replace {Path(target).name}, in the same folder: {Path(source).parent == Path(target).parent}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    store.save(guest(), ORIGIN, path)
    data = store.encode(guest(), ORIGIN, ".msgpack")
    assert steps == [
        f"fsync of {len(data)} bytes, beside b'old'",
        "replace guest.msgpack, in the same folder: True",
        f"fsync of the folder, beside {data[:3]!r}",
    ]


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    store.save(guest(), ORIGIN, link)
    assert link.is_symlink()
    assert store.load(target)[1] == ORIGIN


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.json could not be read: No such file or directory$"):
        store.load(tmp_path / "none.json")
    with pytest.raises(BadInput, match=r"could not be read: Is a directory$"):
        store.load(tmp_path)
    with pytest.raises(BadInput, match=r"guest\.json could not be saved: No such file or directory$"):
        store.save(guest(), ORIGIN, tmp_path / "nowhere" / "guest.json")


# -- damaged ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", store.SUFFIXES)
def test_every_truncation_is_told(suffix: str) -> None:
    data = store.encode(guest(), ORIGIN, suffix).rstrip(b"\n")
    for length in (*range(12), *range(12, len(data), len(data) // 40), len(data) - 1):
        sentence = refusal(data[:length])
        assert "breaks off or is damaged" in sentence or "is not a snapshot" in sentence


@pytest.mark.parametrize(
    "data", [b"", b"   ", b"[]", b"12", b"null", b"\x92\x01\x02", b"PK\x03\x04", b"\xef\xbb\xbf{}", bytes(600)]
)
def test_other_files_are_told(data: bytes) -> None:
    assert refusal(data) == "it is not a snapshot, which is a JSON object, or a MessagePack map, perhaps with gzip"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"x",
        lambda data: data.replace(b"guest", b"gu\xffst"),
        lambda data: data.replace(b'"version": 1', b'"version": 1, "x": ' + b"[" * 100_000),
        lambda data: data.replace(b"[0, ", b"[0 "),
    ],
)
def test_damaged_json_is_told(spoil: Callable[[bytes], bytes]) -> None:
    assert "breaks off or is damaged" in refusal(spoil(store.encode(guest(), ORIGIN, ".json")))


def test_damaged_gzip_is_told() -> None:
    data = bytearray(store.encode(guest(), ORIGIN, ".json.gz"))
    data[-6] ^= 1
    assert refusal(bytes(data)).startswith("it is a gzip file that breaks off or is damaged (CRC check failed")
    data[len(data) // 2] ^= 255
    assert "breaks off or is damaged" in refusal(bytes(data))


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".msgpack", ".msgpack.gz"])
def test_a_huge_one_is_told(suffix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = store.encode(guest(), ORIGIN, suffix)
    size = len(gzip.decompress(data) if suffix.endswith("gz") else data)
    monkeypatch.setattr(store, "MAX_BYTES", size)
    assert store.decode(data, "guest")[1] == ORIGIN
    monkeypatch.setattr(store, "MAX_BYTES", size - 1)
    path = tmp_path / "guest"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"guest: it goes on after .*, which no snapshot of its size does$"):
        store.load(path)


def test_what_is_packed_is_not_unpacked_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    class Watched(gzip.GzipFile):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            read.append(len(data))
            return data

    monkeypatch.setattr(store, "MAX_BYTES", 1000)
    monkeypatch.setattr(gzip, "GzipFile", Watched)
    assert "it goes on after" in refusal(gzip.compress(bytes(1 << 20)))
    assert read == [1001]


# -- versions and types -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [msgspec.json.encode, msgspec.msgpack.encode])
def test_versions(pack: Callable[[object], bytes], plain: dict[str, Any]) -> None:
    newer = {"version": 2, "shape": "quite another", "blocks": 7}
    assert refusal(pack(newer)) == "$.version: 2, made by a newer altmap; this altmap reads version 1"
    assert refusal(pack(plain | {"version": 0})) == (
        "$.version: 0 was never a version of snapshots; this altmap reads version 1"
    )
    assert refusal(pack(plain | {"version": "1"})) == "$.version: Expected `int`, got `str`"
    del newer["version"]
    assert refusal(pack(newer)) == "$: Object missing required field `version`"


def change(*where: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    """Set a place in the decoded snapshot."""

    def apply(part: Any) -> None:
        for step in where[:-1]:
            part = part[step]
        part[where[-1]] = to

    return apply


def both(*changes: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def apply(part: dict[str, Any]) -> None:
        for each in changes:
            each(part)

    return apply


ZONE, BLOCK, RUN = ("zones", 0), ("blocks", 0), ("sections", 0, "sections", 0)
HOT = ("sections", 1, "sections", 0)

SPOILED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "unknown field": (
        change(*BLOCK, "zon", to=1),
        "$.blocks[0]: Object contains unknown field `zon`; snapshots of version 1 have no such field there",
    ),
    "missing field": (
        lambda data: data["blocks"][0].pop("state"),
        "$.blocks[0]: Object missing required field `state`",
    ),
    "wrong type": (change(*BLOCK, "first", to="32"), "$.blocks[0].first: Expected `int`, got `str`"),
    "bool for int": (change(*BLOCK, "count", to=True), "$.blocks[0].count: Expected `int`, got `bool`"),
    "negative": (change(*ZONE, "free", to=-1), "$.zones[0].free: Expected `int` >= 0"),
    "zero count": (change(*BLOCK, "count", to=0), "$.blocks[0].count: Expected `int` >= 1"),
    "big": (change(*ZONE, "free", to=(1 << 52) + 1), "$.zones[0].free: Expected `int` <= 4503599627370496"),
    "no node": (change(*BLOCK, "nodes", to=[]), "$.blocks[0].nodes: Expected `array` of length >= 1"),
    "state": (
        change(*BLOCK, "state", to="on"),
        '$.blocks[0].state: Invalid enum value \'on\'; it must be one of "going-offline", "offline", "online"',
    ),
    "zone name": (
        change(*BLOCK, "zone", to=[0, "Low"]),
        "$.blocks[0].zone[1]: Invalid enum value 'Low'; it must be one of "
        '"DMA", "DMA32", "Device", "HighMem", "Movable", "Normal"',
    ),
    "migratetype": (
        change(*RUN, "types", to={"Fixed": []}),
        "$.sections[0].sections[0].types: Invalid enum value 'Fixed'; it must be one of "
        '"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate"',
    ),
    "address": (
        change("resources", 0, "end", to="4G"),
        "$.resources[0].end: Expected `str` matching regex '^0x[0-9a-f]{1,17}$'",
    ),
    "geometry": (change("geometry", "page_size", to=5000), "$.geometry: page_size must be a power of two, not 5000"),
    "no such kernel": (
        change("geometry", "page_size", to=8192),
        "$.geometry: x86_64 has no kernels with pages of 8192 bytes and huge vmemmap mappings of 2097152 bytes",
    ),
    "giant section": (
        both(change("geometry", "section_size", to=1 << 40), change("geometry", "block_size", to=1 << 40)),
        "$.geometry.section_size: a section of 268435456 pages; it can have up to 1048576",
    ),
    "model": (
        change("model", to="5.4"),
        f"$.model: '5.4' is not a kernel model; it is one of {', '.join(MODELS)}",
    ),
    "setting": (
        change("settings", "auto_online_blocks", to="é"),
        "$.settings.auto_online_blocks: 'é' is none of offline, online, online_kernel, online_movable",
    ),
    "ratio": (
        change("settings", "auto_movable_ratio", to="²"),
        "$.settings.auto_movable_ratio: '²' is not a percentage from 0 to 4294967295",
    ),
    "unknown setting": (
        change("settings", "swappiness", to="60"),
        "$.settings.swappiness: there is no such parameter; it is one of auto_online_blocks, memmap_on_memory, "
        "online_policy, auto_movable_numa_aware, auto_movable_ratio",
    ),
    "policy zone": (
        change("counters", "policy_zone", to=9),
        "$.counters.policy_zone: 9 is no kernel zone; it can be 0 to 2",
    ),
    "waiting device": (
        change("counters", "virtio_mem_unit_4294967296", to=3),
        "$.counters.virtio_mem_unit_4294967296: 3; with virtio_mem_waiting_4294967296 it must be a power of two",
    ),
    "fact of the boot": (change("boot", "probe", to="yes"), "$.boot.probe: 'yes' is none of N, Y"),
    "unknown fact of the boot": (
        change("boot", "quiet", to=""),
        "$.boot.quiet: there is no such fact of the boot; it is one of probe, movable_node, hugepages, "
        "hugetlb_free_vmemmap, movablecore, kernelcore",
    ),
    "node twice": (change("nodes", 1, "id", to=0), "$.nodes[1]: 0 is there a second time; each may be there once"),
    "zone twice": (
        lambda data: data["zones"].append(data["zones"][0]),
        "$.zones[1]: 0 Normal is there a second time; each may be there once",
    ),
    "zone of no node": (
        change(*ZONE, "node", to=5),
        "$.zones[0].node: node 5 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "watermarks of no node": (
        change("marks", 0, "zone", to=[3, "DMA"]),
        "$.marks[0].zone[0]: node 3 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "managed": (
        change(*ZONE, "managed", to=SIZE + 1),
        "$.zones[0].managed: 32769 managed pages; it can be up to present, 32768",
    ),
    "present": (
        change(*ZONE, "spanned", to=SIZE - 1),
        "$.zones[0].present: 32768 present pages; it can be up to spanned, 32767",
    ),
    "resource": (
        change("resources", 0, "end", to="0x100000000"),
        "$.resources[0].end: 0x100000000 must be above the start, 0x100000000",
    ),
    "resource twice": (
        lambda data: data["resources"].append(data["resources"][0]),
        "$.resources[1]: 0x100000000 is there a second time; each may be there once",
    ),
    "group of no node": (
        change("groups", 0, "node", to=9),
        "$.groups[0].node: node 9 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "request inside a block": (
        change("requests", 0, "start", to=33 * SIZE + 1),
        "$.requests[0].start: page 1081345 is inside a block; it must be a multiple of 32768 pages",
    ),
    "request of no node": (
        change("requests", 0, "node", to=9),
        "$.requests[0].node: node 9 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "huge pages over each other": (
        change("hugepages", 0, "stride", to=511),
        "$.hugepages[0].stride: 511 pages from one to the next; it must be at least pages, 512",
    ),
    "huge page twice": (
        lambda data: data["hugepages"].append(data["hugepages"][0]),
        "$.hugepages[1].pfn: page 1079296 after page 1081343; runs must ascend and not overlap",
    ),
    "huge page of no node": (
        change("hugepages", 0, "node", to=2),
        "$.hugepages[0].node: node 2 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "too many huge pages": (
        lambda data: data["hugepages"].append(data["hugepages"][0] | {"pfn": 1 << 24, "count": 1 << 19}),
        "$.hugepages[1].count: 524292 huge pages up to here; there can be up to 524288",
    ),
    "block twice": (
        change("blocks", 1, "first", to=32),
        "$.blocks[1].first: block 32 after block 32; runs must ascend and not overlap",
    ),
    "block of no node": (
        change(*BLOCK, "nodes", to=[0, 7]),
        "$.blocks[0].nodes[1]: node 7 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "block in a zone of no node": (
        change(*BLOCK, "zone", to=[7, "Normal"]),
        "$.blocks[0].zone[0]: node 7 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "head": (
        change(*BLOCK, "head", to=SIZE + 1),
        "$.blocks[0].head: 32769 head pages; it can be up to the 32768 pages of a block",
    ),
    "group": (
        change("blocks", 1, "group", to=1),
        "$.blocks[1].group: group 1 is unknown; it must be one of $.groups, or null",
    ),
    "too many blocks": (
        change("blocks", 1, "count", to=1 << 19),
        "$.blocks[1].count: 524289 blocks up to here; there can be up to 524288",
    ),
    "too many sections": (
        change("sections", 1, "count", to=1 << 19),
        "$.sections[1].count: 524289 sections up to here; there can be up to 524288",
    ),
    "more than too many": (
        change("sections", 1, "count", to=1 << 40),
        "$.sections[1].count: Expected `int` <= 524288",
    ),
    "section twice": (
        change("sections", 1, "first", to=32),
        "$.sections[1].first: block 32 after block 32; runs must ascend and not overlap",
    ),
    "section behind its block": (
        change(*RUN, "at", to=1),
        "$.sections[0].sections[0]: section 1 of a block; a block has 1, counted from 0",
    ),
    "section twice in a block": (
        lambda data: data["sections"][0]["sections"].append(data["sections"][0]["sections"][0]),
        "$.sections[0].sections[1].at: section 0 after section 0; runs must ascend and not overlap",
    ),
    "section of no node": (
        change(*RUN, "node", to=4),
        "$.sections[0].sections[0].node: node 4 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "section in no zone": (
        change(*RUN, "zones", 0, "zone", to=[1, "Normal"]),
        "$.sections[0].sections[0].zones[0].zone: zone 1 Normal is unknown; it must be one of $.zones",
    ),
    "section twice in a zone": (
        lambda data: data["sections"][0]["sections"][0]["zones"].append({"zone": [0, "Normal"], "pages": [[9, 1]]}),
        "$.sections[0].sections[0].zones: page 9 is in 0 Normal and in another; each can be in one",
    ),
    "pages beyond the section": (
        change(*RUN, "pages", to={"free": [[0, 5], [32767, 2]]}),
        "$.sections[0].sections[0].pages.free[1]: 2 from page 32767 on; a section has 32768, counted from 0",
    ),
    "pages far beyond": (
        change(*RUN, "pages", to={"free": [[1 << 52, 1 << 52]]}),
        "$.sections[0].sections[0].pages.free[0]: 4503599627370496 from page 4503599627370496 on; "
        "a section has 32768, counted from 0",
    ),
    "pages of two kinds": (
        change(*RUN, "pages", to={"free": [[0, 10]], "slab": [[7, 1]]}),
        "$.sections[0].sections[0].pages: page 7 is in slab and in another; each can be in one",
    ),
    "pages that do not ascend": (
        change(*RUN, "pages", to={"free": [[0, 10], [9, 1]]}),
        "$.sections[0].sections[0].pages.free[1]: page 9 after page 9; runs must ascend and not overlap",
    ),
    "pageblocks beyond the section": (
        change(*RUN, "types", to={"CMA": [[64, 1]]}),
        "$.sections[0].sections[0].types.CMA[0]: 1 from pageblock 64 on; a section has 64, counted from 0",
    ),
    "pageblocks of two types": (
        change(*RUN, "types", to={"CMA": [[4, 2]], "Isolate": [[5, 1]]}),
        "$.sections[0].sections[0].types: pageblock 5 is in Isolate and in another; each can be in one",
    ),
    "memmap below 0": (
        both(change("sections", 1, "stride", to=-(1 << 21)), change("sections", 1, "count", to=2)),
        "$.sections[1].sections[0].memmap: with its stride it goes below pfn 0; all of it must lie above",
    ),
    "memmap far beyond": (
        change("sections", 1, "stride", to=1 << 52),
        "$.sections[1].sections[0].memmap: with its stride it goes beyond pfn 0x10000000000000; "
        "all of it must lie below",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_no_machine_can_have_is_told_in_one_sentence(name: str, plain: dict[str, Any]) -> None:
    spoil, sentence = SPOILED[name]
    data = msgspec.json.decode(msgspec.json.encode(plain))
    spoil(data)
    assert refusal(msgspec.json.encode(data)) == sentence
    assert refusal(msgspec.msgpack.encode(data)) == sentence


def places(part: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in the decoded snapshot, as what holds it and its key or index there."""
    for key, value in list(part.items() if isinstance(part, dict) else enumerate(part)):
        yield part, key
        if isinstance(value, dict | list):
            yield from places(value)


@pytest.mark.parametrize(
    "odd", [None, True, "0x", "Normal", -1, 0, 1, 3, 4096, (1 << 22) + 1, 1 << 40, 1 << 52, 1 << 63, [], {}]
)
def test_whatever_is_changed_is_read_or_refused(odd: object, plain: dict[str, Any]) -> None:
    data = msgspec.json.decode(msgspec.json.encode(plain))
    data["sections"][0]["sections"][0]["pages"] = {"free": [[0, 9], [11, 1]], "slab": [[9, 2]]}
    sentences: list[str] = []
    for holder, key in places(data):
        value, holder[key] = holder[key], odd
        try:
            state, _ = store.decode(msgspec.json.encode(data), "guest.json")
        except BadInput as error:
            sentences.append(str(error))
        else:
            assert snapshot_of(state, ORIGIN)
        holder[key] = value
    assert len(sentences) > 60
    assert all(sentence.startswith("guest.json: $") for sentence in sentences)


def test_numbers_of_any_length_are_told(plain: dict[str, Any]) -> None:
    text = msgspec.json.encode(plain).replace(b'"first":32', b'"first":' + b"9" * 40)
    assert refusal(text).startswith("$.blocks[0].first: ")


def test_the_journal_of_a_loaded_machine_is_empty() -> None:
    state, _ = store.decode(store.encode(guest(), ORIGIN, ".msgpack"), "guest")
    assert state.journal.take() == ()
