"""Captures that say little, or nonsense: what is made of them, and what is said about that."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Machine, capture
from altmap.engine.reading.tree import WHOLE_FILE_LIMIT

MEMORY = "sys/devices/system/memory"


def captured(root: Path, states: dict[int, str | None], zones: dict[int, str]) -> Machine:
    """A tree of memory blocks and nothing else; None for a block without a file `state`."""
    (root / MEMORY).mkdir(parents=True, exist_ok=True)
    (root / MEMORY / "block_size_bytes").write_text("8000000\n")
    for number, state in states.items():
        folder = root / MEMORY / f"memory{number}"
        folder.mkdir()
        (folder / "valid_zones").write_text(f"{zones.get(number, 'DMA32')}\n")
        if state is not None:
            (folder / "state").write_text(f"{state}\n")
    return capture(root, arch="x86_64")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("foo", "the state of memory1 is 'foo', which is none of online, offline, going-offline; taken for online"),
        (None, "the state of memory1 is not there; taken for online"),
    ],
)
def test_a_state_that_no_kernel_prints_is_doubted(tmp_path: Path, state: str | None, said: str) -> None:
    machine = captured(tmp_path, {0: "online", 1: state, 2: "online"}, {0: "none"})
    assert machine.blocks[1].state == "online"
    assert said in machine.origin.notes


@pytest.mark.parametrize(
    "name",
    [
        "proc/version", "proc/cmdline", "proc/zoneinfo", "proc/iomem", "proc/vmstat", f"{MEMORY}/auto_online_blocks",
        "sys/devices/system/node/node0/cpulist", "sys/devices/system/node/online",
    ],
)  # fmt: skip
def test_a_file_that_goes_on_for_ever_is_left_out_and_said(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    with (tmp_path / name).open("wb") as file:
        file.truncate(WHOLE_FILE_LIMIT + 1)
    machine = captured(tmp_path, {0: "online", 1: "online"}, {0: "none"})
    assert machine.check() == []
    (said,) = [note for note in machine.origin.notes if f"{name} goes on" in note]
    assert said.endswith(f"{name} goes on after 64M; what a kernel writes there is far shorter")


@pytest.mark.parametrize("name", ["proc/version", "proc/cmdline", f"{MEMORY}/auto_online_blocks"])
def test_a_value_that_is_a_book_is_left_out_and_said(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("offline " * 10_000)
    machine = captured(tmp_path, {0: "online", 1: "online"}, {0: "none"})
    assert f"{name} has 80000 characters; no kernel writes more than 65536 there" in machine.origin.notes


def test_several_states_are_doubted_once(tmp_path: Path) -> None:
    machine = captured(tmp_path, {0: "online", 1: "?", 2: "?", 3: "?"}, {0: "none"})
    assert sum("is '?'" in note for note in machine.origin.notes) == 1
    assert any("the state of memory1-3 is" in note for note in machine.origin.notes)


def test_without_zoneinfo_zones_end_where_the_architecture_says(tmp_path: Path) -> None:
    """valid_zones says "none" of a block with two zones: on x86_64 memory0 is cut at 16 MiB."""
    machine = captured(tmp_path, dict.fromkeys((0, 1, 2, 32), "online"), {0: "none", 32: "Normal"})
    assert {key: (zone.start, zone.spanned) for key, zone in machine.zones.items()} == {
        (0, "DMA"): (0, 4096),
        (0, "DMA32"): (4096, 3 * 32768 - 4096),
        (0, "Normal"): (32 * 32768, 32768),
    }
    assert machine.valid_zones(0) == "none"
    assert machine.check() == []
