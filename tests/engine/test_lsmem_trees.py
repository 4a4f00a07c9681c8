"""What lsmem reads in a tree: which blocks make a range, odd and missing files, memory that firmware configures."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest
from altmap.engine.faces.lsmem import lsmem

from .lsmem_trees import MEMORY, OFF, B, run, tree, write

# -- which blocks make a range ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "ranges"),
    [
        (["-oBLOCK"], "0-5"),
        (["-oBLOCK", "-Snone"], "0-5"),
        (["-oBLOCK", "-SNoNe"], "0-5"),
        (["-oBLOCK", "-SRANGE,SIZE"], "0-5"),
        (["-oBLOCK", "-a"], "0 1 2 3 4 5"),
        (["-oBLOCK", "-Sstate"], "0-3 4-5"),
        (["-oBLOCK", "-S+STATE"], "0-3 4-5"),
        (["-oBLOCK", "-SREMOVABLE"], "0 1 2-5"),
        (["-oBLOCK", "-SNODE"], "0-2 3-5"),
        (["-oBLOCK", "-SZONES"], "0-1 2-3 4-5"),
        (["-oBLOCK", "-SNODE,STATE"], "0-2 3 4-5"),
        (["-oBLOCK", "-SCONFIGURED,MEMMAP-ON-MEMORY"], "0-5"),
        (["-o+ZONES", "-SNODE"], None),
    ],
)
def test_split(tmp_path: Path, options: list[str], ranges: str | None) -> None:
    second = B(zones="Movable\n", nodes=("node1",))
    blocks = [B(), B(removable="0\n"), B(zones="Movable\n"), second, OFF._replace(nodes=("node1",))]
    tree(tmp_path, dict(enumerate([*blocks, blocks[-1]])))
    if ranges is not None:
        assert run(tmp_path, "-rn", *options).split() == ranges.split()
    else:
        rows = [line.split(" ") for line in run(tmp_path, "-rn", *options).splitlines()]
        assert [row[2:] for row in rows] == [["online", "yes", "0-2", "Normal"], ["online", "yes", "3-5", "Movable"]]


def test_a_hole_always_splits(tmp_path: Path) -> None:
    tree(tmp_path, {9: B(), 10: B(), 12: B(), 100: B()})
    assert run(tmp_path, "-rnoBLOCK", "-Snone").split() == ["9-10", "12", "100"]


def test_unknown_zones_never_merge(tmp_path: Path) -> None:
    tree(tmp_path, dict.fromkeys(range(3), B(zones="Odd\n")))
    assert run(tmp_path, "-rnoBLOCK,ZONES") == "0 Unknown\n1 Unknown\n2 Unknown\n"
    assert run(tmp_path, "-rnoBLOCK,ZONES", "-SSTATE") == "0-2 Unknown\n"


# -- what a tree says ---------------------------------------------------------------------------------------------------


def test_odd_attributes(tmp_path: Path) -> None:
    blocks = {
        0: B("going-offline\n", "0\n", "  dma32  HIGHMEM DEVICE\n", ("nodex", "node7", "power")),
        1: B("online \n", "1", "Normal" + " Movable" * 9, ()),
        2: B(None, None, None),
        3: B("online\n\0", " 1x\n", "none\0"),
        4: B("online", "", ""),
    }
    assert run(tree(tmp_path, blocks), "-rnoBLOCK,STATE,REMOVABLE,NODE,ZONES") == (
        "0 on->off  7 DMA32/Highmem/Device\n"
        "1 ?  -1 Normal/Movable/Movable/Movable/Movable/Movable/Movable/Movable\n"
        "2 ?  0 \n"
        "3 ?  0 None\n"
        "4 online no 0 \n"
    )
    assert run(tmp_path, "--summary").splitlines()[1:] == [
        "Total online memory:              128M",
        "Total offline memory:             512M",
    ]


@pytest.mark.parametrize(("text", "last"), [("0x8000000\n", "7ffffff"), ("10", "f"), (" 1000\n", "fff")])
def test_block_size(tmp_path: Path, text: str, last: str) -> None:
    assert run(tree(tmp_path, {0: B()}, text), "-rnoRANGE") == f"{0:#018x}-0x{last:>016}\n"


def test_the_node_is_the_first_that_the_folder_lists(tmp_path: Path) -> None:
    root = tree(tmp_path / "tree", {0: B(nodes=("node3", "node1", "node2")), 1: B()})
    entries = os.listdir(root / MEMORY / "memory0")
    first = next(name for name in entries if name.startswith("node"))
    assert run(root, "-rnoNODE", "-SSTATE") == f"{first[4:]}\n"
    archive = tmp_path / "tree.tar"
    with tarfile.open(archive, "w") as file:
        file.add(root, ".")
    assert run(archive, "-rnoNODE", "-SSTATE") == "1\n"


def test_nodes_are_known_if_any_block_has_one(tmp_path: Path) -> None:
    tree(tmp_path, {0: B(nodes=()), 1: B(nodes=("node2",))})
    assert run(tmp_path, "-rnoBLOCK,NODE") == "0 -1\n1 2\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Y\n", "Memmap on memory parameter:        yes\n"),
        ("N\n", "Memmap on memory parameter:         no\n"),
        ("force\n", "Memmap on memory parameter:      force\n"),
        ("perhaps\n", ""),
    ],
)
def test_parameter(tmp_path: Path, text: str, line: str) -> None:
    tree(tmp_path, {0: B()})
    write(tmp_path, {"sys/module/memory_hotplug/parameters/memmap_on_memory": text})
    assert run(tmp_path, "--summary=only").partition("Total offline memory:               0B\n")[2] == line
    wide = run(tmp_path, "-b", "--summary").splitlines()[3:]
    assert wide == ([f"Memmap on memory parameter:      {line.split()[-1]:>15}"] if line else [])


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    """s390: two blocks are configured, one of them online; the rest is known to firmware alone."""
    tree(tmp_path, {0: B(nodes=("node1",)), 1: OFF._replace(nodes=("node1",), state=None)}, "10000000\n")
    for number, (config, memmap) in enumerate([(1, 0), (1, 1), (0, 1), (0, 1), (0, 0)]):
        folder = f"sys/firmware/memory/memory{number}"
        write(tmp_path, {f"{folder}/config": f"{config}\n", f"{folder}/memmap_on_memory": f"{memmap}\n"})
    return tmp_path


def test_memory_that_firmware_configures(firmware: Path) -> None:
    assert run(firmware, "--output-all") == (
        "RANGE                                 SIZE   STATE REMOVABLE BLOCK NODE          ZONES CONFIGURED MEMMAP-ON-MEMORY\n"
        "0x0000000000000000-0x000000000fffffff 256M  online       yes     0    1         Normal        yes               no\n"
        "0x0000000010000000-0x000000001fffffff 256M offline               1    1 Normal/Movable        yes              yes\n"
        "0x0000000020000000-0x000000003fffffff 512M offline             2-3    0                        no              yes\n"
        "0x0000000040000000-0x000000004fffffff 256M offline               4    0                        no               no\n"
        "\n"
        "Memory block size:                256M\n"
        "Total online memory:              256M\n"
        "Total offline memory:               1G\n"
    )
    assert run(firmware, "-rnoBLOCK", "-SCONFIGURED").split() == ["0-1", "2-4"]
    assert '"configured": "no",\n         "memmap-on-memory": "yes"' in run(firmware, "-J", "--output-all")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "cannot open /sys/devices/system/memory: No such file or directory"),
        ({f"{MEMORY}/probe": ""}, "This system does not support memory blocks"),
        ({f"{MEMORY}/block_size_bytes": "\n"}, "failed to read memory block size"),
        (
            {f"{MEMORY}/block_size_bytes": "8000000\n"},
            "Failed to read /sys/devices/system/memory: it has no memory blocks",
        ),
    ],
)
def test_trees_without_memory_blocks(tmp_path: Path, files: dict[str, str], message: str) -> None:
    write(tmp_path, files)
    assert lsmem(["-s", str(tmp_path)], None, {}) == (1, f"lsmem: {message}\n")


def test_no_tree(tmp_path: Path) -> None:
    code, text = lsmem(["-s", str(tmp_path / "none")], None, {})
    assert code == 1
    assert text.startswith("lsmem: ")
    assert "does not exist" in text
