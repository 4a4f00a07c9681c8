"""lsmem: golden texts by the rules of util-linux's current main; raw, pairs and JSON are also what 2.38 printed."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from engine import Add, Machine, Offline, Online, boot_machine, capture
from engine.lsmem import lsmem, separate
from engine.lsmem.columns import human_size

CAPTURE = Path(__file__).parents[2] / "fixtures" / "captures" / "firecracker-24g.tar.xz"
MEMORY = "sys/devices/system/memory"
LIST = "RANGE,SIZE,STATE,REMOVABLE,BLOCK,NODE,ZONES"


class B(NamedTuple):
    """What the folder of one block holds; None: no such file."""

    state: str | None = "online\n"
    removable: str | None = "1\n"
    zones: str | None = "Normal\n"
    nodes: Sequence[str] = ("node0",)


OFF = B("offline\n", zones="Normal Movable\n")


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def tree(root: Path, blocks: Mapping[int, B], size: str = "8000000\n") -> Path:
    write(root, {f"{MEMORY}/block_size_bytes": size})
    for number, block in blocks.items():
        folder = root / MEMORY / f"memory{number}"
        folder.mkdir()
        for node in block.nodes:
            (folder / node).mkdir()
        for name, text in (("state", block.state), ("removable", block.removable), ("valid_zones", block.zones)):
            if text is not None:
                (folder / name).write_text(text)
    return root


def run(root: Path, *options: str) -> str:
    code, text = lsmem([*options, "--sysroot", str(root)], None, {})
    assert code == 0, text
    return text


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Boot memory, a hole, a DIMM that is partly online and partly not, on another node."""
    dimm = {32: B(zones="Movable\n", nodes=("node1",)), 33: OFF._replace(nodes=("node1",)), 34: OFF}
    return tree(tmp_path, {0: B(zones="none\n"), **dict.fromkeys(range(1, 24), B(zones="DMA32\n")), **dimm})


# -- formats ------------------------------------------------------------------------------------------------------------


def test_table_and_summary(mixed: Path) -> None:
    assert run(mixed) == (
        "RANGE                                  SIZE   STATE REMOVABLE BLOCK\n"
        "0x0000000000000000-0x00000000bfffffff    3G  online       yes  0-23\n"
        "0x0000000100000000-0x0000000107ffffff  128M  online       yes    32\n"
        "0x0000000108000000-0x0000000117ffffff  256M offline           33-34\n"
        "\n"
        "Memory block size:                128M\n"
        "Total online memory:              3.1G\n"
        "Total offline memory:             256M\n"
    ).replace("  SIZE ", " SIZE ").replace("   3G ", "  3G ").replace("  128M  online", " 128M  online").replace(
        "  256M offline ", " 256M offline "
    )


def test_every_column(mixed: Path) -> None:
    assert run(mixed, "--output-all", "--summary=never") == (
        "RANGE                                 SIZE   STATE REMOVABLE BLOCK NODE          ZONES\n"
        "0x0000000000000000-0x0000000007ffffff 128M  online       yes     0    0           None\n"
        "0x0000000008000000-0x00000000bfffffff 2.9G  online       yes  1-23    0          DMA32\n"
        "0x0000000100000000-0x0000000107ffffff 128M  online       yes    32    1        Movable\n"
        "0x0000000108000000-0x000000010fffffff 128M offline              33    1 Normal/Movable\n"
        "0x0000000110000000-0x0000000117ffffff 128M offline              34    0 Normal/Movable\n"
    )
