"""What a capture leaves open besides pages: the kernel, hardware errors, sections without blocks, heads of memmap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from altmap.engine import Add, Eject, Machine, Offline, Online, Poison, capture, open_machine, save_machine, why_not

from .trees import BLOCK, MEMORY, ram, tree

NORMAL = dict.fromkeys(range(32, 40), "Normal")
BOOT = (8 * BLOCK, 8 * BLOCK - 900, 200_000)


def captured(root: Path, blocks: dict[int, str] | None = None, **files: Any) -> Machine:
    """A sound machine, which answers an add the same once it was saved."""
    given = {"zones": {"Normal": BOOT}, "iomem": ram((32, 39)), "cmdline": "quiet", **files}
    meminfo, offline = given.pop("meminfo", None), given.pop("offline", ())
    folder = tree(root / "tree", blocks or NORMAL, **given)
    if meminfo is not None:
        (folder / "proc/meminfo").write_text(meminfo)
    for number in offline:
        (folder / MEMORY / f"memory{number}/state").write_text("offline\n")
    machine = capture(folder)
    assert machine.check() == []
    save_machine(machine, root / "m.json")
    added = Add(start="64G", size="128M")
    assert why_not(open_machine(root / "m.json"), added) == why_not(machine, added)
    return machine


def codes(machine: Machine, command: Any) -> tuple[str, str, list[str]]:
    """Result, answer, and on what it hangs."""
    verdict = why_not(machine, command)
    return verdict.result, verdict.answer, [one.code for one in verdict.unknown]


@pytest.mark.parametrize(
    ("kilobytes", "version", "answer"),
    [
        (4, "6.12.9", ("ok", "not known", ["poison_somewhere"])),
        (0, "6.12.9", ("ok", "yes", [])),
        (4, "6.1.9", ("ok", "yes", [])),  # goes online again, poison or not
    ],
)
def test_an_offline_block_may_hold_the_page_with_a_hardware_error(
    tmp_path: Path, kilobytes: int, version: str, answer: tuple[str, str, list[str]]
) -> None:
    machine = captured(
        tmp_path,
        {**NORMAL, 64: "Movable"},
        iomem=ram((32, 39), (64, 64)),
        version=f"Linux version {version} (builder) x86_64",
        meminfo=f"MemTotal: 1000000 kB\nHardwareCorrupted: {kilobytes} kB\n",
        offline=(64,),
    )
    assert codes(machine, Online(block=64, type="online_movable")) == answer


def test_an_error_that_was_seen_is_in_no_offline_block(tmp_path: Path) -> None:
    poisoned = (33 * BLOCK + 5, 1, 1 << 19, 0)
    machine = captured(
        tmp_path,
        {**NORMAL, 64: "Movable"},
        iomem=ram((32, 39), (64, 64)),
        meminfo="HardwareCorrupted: 4 kB\n",
        pages=[poisoned],
        offline=(64,),
    )
    assert codes(machine, Online(block=64, type="online_movable"))[1] == "yes"


@pytest.mark.parametrize(
    ("pages", "pmem", "answer"), [(512 * 3, "", "not known"), (512, "", "yes"), (512 * 3, "Persistent Memory", "yes")]
)
def test_memmap_beyond_that_of_the_blocks_belongs_to_what_a_failed_add_left(
    tmp_path: Path, pages: int, pmem: str, answer: str
) -> None:
    """Unless a device has memory of its own, whose struct pages count as well (nr_memmap_pages, since 6.11)."""
    iomem = ram((32, 39), (64, 64)) + (f"\n4000000000-403fffffff : {pmem}" if pmem else "")
    machine = captured(
        tmp_path,
        {**NORMAL, 64: "Movable"},
        zones={"Normal": BOOT, "Movable": (BLOCK, BLOCK, BLOCK - 10)},
        iomem=iomem,
        vmstat=f"nr_memmap_pages {pages}\nnr_memmap_boot_pages 4096\n",
    )
    verdict = why_not(machine, Add(start="128G", size="128M"))
    assert verdict.answer == answer
    assert ([one.code for one in verdict.unknown] == ["left_behind"]) is (answer == "not known")


def test_where_no_file_tells_the_kernel_an_answer_that_hangs_on_it_is_not_known(tmp_path: Path) -> None:
    """Until 6.1 a poisoned block goes online again, later ones refuse; what all do alike is known."""
    for name, version, answer in (
        ("untold", "Linux (builder) x86_64", ("EHWPOISON", "not known", ["kernel_not_told"])),
        ("told", "Linux version 6.12.9 (builder) x86_64", ("EHWPOISON", "no", [])),
    ):
        machine = captured(
            tmp_path / name,
            {**NORMAL, 64: "Movable"},
            zones={"Normal": BOOT, "Movable": (BLOCK, BLOCK, BLOCK - 10)},
            iomem=ram((32, 39), (64, 64)),
            version=version,
            movable=10,
        )
        assert codes(machine, Online(block=99))[1] == "no"
        assert codes(machine, Add(start="64G", size="128M"))[1] == "yes"
        assert machine.apply(Poison(address="8200M")).ok
        assert machine.apply(Offline(block=64)).ok
        assert codes(machine, Online(block=64)) == answer


def test_heads_of_a_device_are_all_there_or_none(tmp_path: Path) -> None:
    """Where the zone has room for the memmap of one block alone, the request has its memmap elsewhere."""
    machine = captured(
        tmp_path,
        {**NORMAL, **dict.fromkeys((64, 65, 66, 67), "Movable")},
        zones={"Normal": BOOT, "Movable": (4 * BLOCK, 4 * BLOCK - 512, 3 * BLOCK)},
        iomem=ram((32, 39), (64, 67)),
        cmdline="memory_hotplug.memmap_on_memory=1",
        movable=30_000,
    )
    assert len({machine.blocks[number].head for number in (64, 65, 66, 67)}) == 1
    assert why_not(machine, Eject(start="8G", size="512M")).result != "EINVAL"


def test_a_movable_block_s_own_memmap_is_no_page_in_the_way(tmp_path: Path) -> None:
    """Without iomem: no boot option made a ZONE_MOVABLE, so it was added; what it lacks in managed pages is its memmap."""
    zones = {"Normal": BOOT, "Movable": (BLOCK, BLOCK - 512, BLOCK - 600)}
    for name, cmdline, answer in (
        ("on", "memory_hotplug.memmap_on_memory=1", "yes"),
        ("untold", None, "not known"),
    ):
        machine = captured(
            tmp_path / name, {**NORMAL, 64: "Movable"}, zones=zones, iomem=None, cmdline=cmdline, movable=80
        )
        assert codes(machine, Offline(block=64))[1] == answer


@pytest.mark.parametrize(("address", "answer"), [("3840M", "not known"), ("64G", "yes"), ("128M", "no")])
def test_what_devices_have_below_4_gib_only_iomem_tells(tmp_path: Path, address: str, answer: str) -> None:
    blocks = {0: "none", **dict.fromkeys(range(1, 24), "DMA32"), **dict.fromkeys(range(32, 40), "Normal")}
    zones = {"DMA32": (23 * BLOCK, 23 * BLOCK - 900, 9 * BLOCK), "Normal": (8 * BLOCK, 8 * BLOCK, 4 * BLOCK)}
    machine = capture(tree(tmp_path, blocks, zones=zones, cmdline="quiet"))
    verdict = why_not(machine, Add(start=address, size="128M", placement="block", fallback=False))
    assert verdict.answer == answer
    assert [one.code for one in verdict.unknown] == (["hole_not_told"] if answer == "not known" else [])


@pytest.mark.parametrize(("size", "answer"), [("4G", "not known"), ("256G", "no")])
def test_memory_that_runs_short_may_be_had_from_pages_of_files(tmp_path: Path, size: str, answer: str) -> None:
    """The kernel takes back pages of files before an add is ENOMEM; where all of them are too few, it is that."""
    machine = captured(tmp_path, zones={"Normal": (8 * BLOCK, 8 * BLOCK - 900, 900)}, movable=100_000)
    found = codes(machine, Add(start="64G", size=size))
    assert found == ("ENOMEM", answer, ["reclaimable"] if answer == "not known" else [])
    outcome = machine.apply(Add(start="64G", size=size))
    assert (outcome.result, outcome.certainty) == ("ENOMEM", answer)
