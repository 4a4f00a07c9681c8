"""Captures that have files of /proc alone: their zones, or System RAM, tell where memory is, and so which blocks there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import BadInput, Machine, Sync, capture, open_machine, save_machine, why_not
from altmap.engine.commands import Add, Command, Eject, Offline, Online, Remove

from tests.captures import FIRECRACKER, unpacked

GIB = 1 << 30


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(FIRECRACKER, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def truth(whole: Path) -> Machine:
    """The machine of the whole tree, which no test changes."""
    return open_machine(whole)


def opened(root: Path, files: dict[str, str]) -> Machine:
    (root / "proc").mkdir()
    for name, text in files.items():
        (root / "proc" / name).write_text(text)
    machine = open_machine(root)
    assert machine.check() == []
    return machine


def of(whole: Path, *names: str) -> dict[str, str]:
    return {name: (whole / "proc" / name).read_text() for name in names}


@pytest.mark.parametrize(
    "names",
    [
        ("zoneinfo",),
        ("iomem", "version"),
        ("zoneinfo", "meminfo", "buddyinfo"),
        ("version", "zoneinfo", "iomem", "meminfo", "buddyinfo", "pagetypeinfo", "vmstat"),
        ("version", "zoneinfo", "iomem", "kpageflags.runs.json"),
    ],
)
def test_the_blocks_are_those_that_hold_its_memory(
    whole: Path, truth: Machine, tmp_path: Path, names: tuple[str, ...]
) -> None:
    machine = opened(tmp_path, of(whole, *names))
    assert machine.blocks.keys() == truth.blocks.keys()
    assert {nr: block.zone for nr, block in machine.blocks.items()} == {nr: b.zone for nr, b in truth.blocks.items()}
    if "zoneinfo" in names:
        assert {key: (z.start, z.spanned, z.managed) for key, z in machine.zones.items()} == {
            key: (z.start, z.spanned, z.managed) for key, z in truth.zones.items()
        }


def test_what_is_not_told_is_estimated_and_no_answer_is_sure(whole: Path, tmp_path: Path) -> None:
    machine = opened(tmp_path, of(whole, "version", "zoneinfo"))
    assert machine.origin.measured == ("zoneinfo", "kernel version")
    assert {"memory blocks", "block size", "valid_zones"} < {*machine.origin.estimated}
    assert any(
        "it tells of no memory blocks; 192 are made of the zones in zoneinfo" in note for note in machine.origin.notes
    )
    assert why_not(machine, Offline(block=60)).answer == "not known"


def test_blocks_that_no_file_lists_may_be_there_all_the_same(whole: Path, tmp_path: Path) -> None:
    """A zone says nothing of blocks that are offline; System RAM in iomem has those as well."""
    asked: tuple[Command, ...] = (
        Add(start="64G", size="1G"), Online(block=500), Offline(block=500), Remove(start="64G", size="1G"),
        Eject(start="64G", size="1G"),
    )  # fmt: skip
    for names, told in (
        (("zoneinfo",), [*["not known"] * 3, "yes", "not known"]),
        (("zoneinfo", "iomem"), ["yes", "no", "no", "yes", "yes"]),
    ):
        (tmp_path / names[-1]).mkdir()
        machine = opened(tmp_path / names[-1], of(whole, "version", "buddyinfo", *names))
        assert [why_not(machine, one).answer for one in asked] == told
        save_machine(machine, tmp_path / "m.json")
        assert why_not(open_machine(tmp_path / "m.json"), asked[0]).answer == told[0]


def test_with_pages_answers_are_as_sure_as_those(whole: Path, truth: Machine, tmp_path: Path) -> None:
    machine = opened(tmp_path, of(whole, "version", "zoneinfo", "iomem", "kpageflags.runs.json"))
    assert why_not(machine, Offline(block=60)).answer == why_not(truth, Offline(block=60)).answer == "no"


ARM = "40000000-7fffffff : System RAM\n  40210000-41ffffff : Kernel code\n  7c000000-7fffffff : reserved\n"


def test_another_architecture_has_its_blocks_and_rules(tmp_path: Path) -> None:
    machine = opened(tmp_path, {"version": "Linux version 6.1.0-28-arm64 (x) aarch64\n", "iomem": ARM})
    assert [*machine.blocks] == [*range(8, 16)]
    verdict = why_not(machine, Offline(block=9))
    assert (verdict.result, verdict.answer) == ("EPERM", "no")


@pytest.mark.parametrize(
    ("end", "cpuinfo", "size"),
    [
        (63, "", "128M"),
        (64, "flags : fpu hypervisor\n", "2G"),
        (65, "flags : fpu hypervisor\n", "1G"),
        (65, "flags : fpu\n", "2G"),
        (65, "", "1G"),
    ],
)
def test_the_end_of_memory_says_how_big_blocks_are_on_x86(tmp_path: Path, end: int, cpuinfo: str, size: str) -> None:
    iomem = f"00100000-bfffffff : System RAM\n100000000-{end * GIB - 1:x} : System RAM\n"
    files = {"version": "Linux version 6.8.0 (x) x86_64\n", "iomem": iomem}
    machine = opened(tmp_path, {**files, "cpuinfo": cpuinfo} if cpuinfo else files)
    note = next(note for note in machine.origin.notes if "no file says how big memory blocks are" in note)
    assert note.startswith(f"no file says how big memory blocks are; {size} is taken")
    assert note.endswith("on a guest with so much memory") == (end > 64 and not cpuinfo)


def test_nodes_are_those_of_the_zones(tmp_path: Path) -> None:
    def zone(node: int, name: str, first: int, pages: int) -> str:
        return (
            f"Node {node}, zone {name}\n  pages free 10\n        min 1\n        low 2\n        high 3\n        spanned {pages}\n"
            f"        present {pages}\n        managed {pages - 100}\n        protection: (0, 0)\n  start_pfn: {first}\n"
        )

    text = (
        zone(0, "DMA32", 4096, 0x80000 - 4096)
        + zone(1, "Normal", 0x100000, 0x40000)
        + zone(1, "Movable", 0x140000, 0x40000)
    )
    machine = opened(tmp_path, {"zoneinfo": text, "version": "Linux version 6.1.0 x86_64\n"})
    assert [block.node for block in machine.blocks.values()] == [0] * 16 + [1] * 16
    assert [nr for nr, block in machine.blocks.items() if block.zone == (1, "Movable")] == [*range(40, 48)]


@pytest.mark.parametrize("inside", ["", "proc", "zoneinfo"])
def test_a_folder_that_is_proc_and_a_lone_file_are_taken_as_such(whole: Path, tmp_path: Path, inside: str) -> None:
    opened(tmp_path, of(whole, "version", "zoneinfo"))
    source = {"": tmp_path, "proc": tmp_path / "proc", "zoneinfo": tmp_path / "proc/zoneinfo"}[inside]
    assert len(open_machine(source).blocks) == 192


@pytest.mark.parametrize("names", [("meminfo", "version"), ("buddyinfo",), ("vmstat", "pagetypeinfo")])
def test_sums_alone_are_answered_by_name(whole: Path, tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(
        BadInput, match=r"what it has \(.*\) does not say where memory lies, as proc/zoneinfo does .* altmap collect"
    ):
        opened(tmp_path, of(whole, *names))


def test_a_machine_cannot_be_brought_up_to_a_capture_without_blocks(whole: Path, tmp_path: Path) -> None:
    opened(tmp_path, of(whole, "version", "zoneinfo"))
    with pytest.raises(BadInput, match="tells of no memory blocks"):
        capture(whole).apply(Sync(root=str(tmp_path)))


@pytest.mark.parametrize("links", [True, False])
def test_what_no_zone_reaches_is_offline_where_no_file_tells_states(whole: Path, tmp_path: Path, links: bool) -> None:
    """A DIMM of 1 GiB behind all zones, which iomem shows and nobody has brought online; the nodes may tell of its blocks."""
    files = of(whole, "version", "zoneinfo", "iomem")
    end = "63fffffff : System RAM\n"
    files["iomem"] = files["iomem"].replace(end, f"{end}800000000-83fffffff : System RAM\n")
    for number in (*range(24), *range(32, 200), *range(256, 264)) if links else ():
        (tmp_path / f"sys/devices/system/node/node0/memory{number}").mkdir(parents=True)
    machine = opened(tmp_path, files)
    assert {machine.blocks[number].state for number in range(256, 264)} == {"offline"}
    verdict = why_not(machine, Online(block=256))
    assert (verdict.result, verdict.answer) == ("ok", "yes")


def test_which_block_is_offline_inside_a_zone_is_not_known_where_no_file_tells(whole: Path, tmp_path: Path) -> None:
    """The zone has a block less than its System RAM: one of them is offline, and may be asked for as well as another."""
    files = of(whole, "version", "zoneinfo", "iomem")
    at = files["zoneinfo"].index("zone   Normal")
    files["zoneinfo"] = files["zoneinfo"][:at] + files["zoneinfo"][at:].replace(
        "present  5505024", f"present  {5505024 - 32768}", 1
    )
    machine = opened(tmp_path, files)
    for command in (Online(block=60), Offline(block=60), Eject(start=60 << 27, size=1 << 27)):
        assert why_not(machine, command).answer == "not known"
