"""Captured machines whose zones reach over memory that went offline, as they do before Linux 5.5."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Machine, Online, Remove, capture, open_machine, save_machine

from .trees import BLOCK, MEMORY, ram, tree

BOOT = dict.fromkeys(range(32, 40), "Normal")


def machine_of(root: Path, version: str, offline: tuple[int, ...]) -> Machine:
    """Blocks 64 to 66 of a device, once online in ZONE_MOVABLE; some of them are offline by now."""
    there = 3 - len(offline)
    zones = {"Normal": (8 * BLOCK, 8 * BLOCK - 900, 200_000), "Movable": (there * BLOCK,) * 3}
    blocks = {**BOOT, **dict.fromkeys((64, 65, 66), "Movable")}
    folder = tree(
        root, blocks, version=f"Linux version {version} (builder) x86_64", zones=zones, iomem=ram((32, 39), (64, 66)),
        cmdline="quiet",
    )  # fmt: skip
    for number in offline:
        (folder / MEMORY / f"memory{number}/state").write_text("offline\n")
        (folder / MEMORY / f"memory{number}/valid_zones").write_text("Movable Normal\n")
    machine = capture(folder)
    assert machine.check() == []
    save_machine(machine, root / "saved.json")
    assert open_machine(root / "saved.json").blocks == machine.blocks
    return machine


@pytest.mark.parametrize(
    ("version", "offline", "spanned"),
    [
        ("4.18.0-80.el8.x86_64", (66,), 3),
        ("4.18.0-80.el8.x86_64", (64, 66), 3),
        ("4.18.0-80.el8.x86_64", (64, 65, 66), 3),
        ("5.4.0-100-generic", (64,), 3),
        ("5.10.0", (66,), 2),
        ("4.18.0-553.el8_10.x86_64", (66,), 2),
    ],
)
def test_a_zone_still_reaches_over_its_offline_blocks(
    tmp_path: Path, version: str, offline: tuple[int, ...], spanned: int
) -> None:
    machine = machine_of(tmp_path, version, offline)
    assert machine.zones[0, "Movable"].spanned == spanned * BLOCK
    assert {number for number, block in machine.blocks.items() if block.linked} == (
        {*offline} if spanned == 3 else set()
    )


def test_it_ends_where_memory_does_that_was_removed(tmp_path: Path) -> None:
    machine = machine_of(tmp_path, "4.18.0-80.el8.x86_64", (65, 66))
    assert machine.apply(Remove(start="8320M", size="256M")).ok
    assert machine.zones[0, "Movable"].spanned == BLOCK
    assert machine.check() == []


def test_a_zone_of_which_all_went_offline_takes_it_again(tmp_path: Path) -> None:
    machine = machine_of(tmp_path, "4.18.0-80.el8.x86_64", (64, 65, 66))
    assert machine.valid_zones(65) == "Movable Normal"
    assert machine.apply(Online(block=65, type="online")).ok
    assert machine.blocks[65].zone == (0, "Movable")
    assert machine.check() == []
