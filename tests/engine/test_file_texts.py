"""What the files of sysfs and procfs read as."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import HotplugError, Offline, Online, boot_machine

from .guests import dimm, guest, offline, online, two_nodes

MEMORY = "/sys/devices/system/memory"
NODE = "/sys/devices/system/node"


def test_the_files_of_a_block() -> None:
    machine = guest("1G")
    dimm(machine, at="16G")
    texts = {name: machine.read(f"{MEMORY}/memory128/{name}") for name in (
        "phys_index", "state", "online", "removable", "phys_device", "valid_zones"
    )}  # fmt: skip
    assert texts == {
        "phys_index": "00000080\n",
        "state": "offline\n",
        "online": "0\n",
        "removable": "1\n",
        "phys_device": "0\n",
        "valid_zones": "Normal Movable\n",
    }


@pytest.mark.parametrize(("size", "text"), [("128M", "8000000"), ("2G", "80000000")])
def test_block_size_bytes_is_hexadecimal_without_prefix(size: str, text: str) -> None:
    machine = guest("66G", block_size=size)
    assert machine.read(f"{MEMORY}/block_size_bytes") == f"{text}\n"


def test_going_offline_is_seen_while_it_lasts_and_counts_as_online() -> None:
    machine = guest("1G")
    dimm(machine)
    online(machine, 32)
    steps = machine.steps(Offline(block=32))
    next(steps)
    assert machine.read(f"{MEMORY}/memory32/state") == "going-offline\n"
    assert machine.read(f"{MEMORY}/memory32/online") == "1\n"
    assert machine.read(f"{MEMORY}/memory32/valid_zones") == "Normal Movable\n", "computed as for a block not online"


def test_onlining_shows_no_state_of_its_own() -> None:
    """There is no visible going-online."""
    machine = guest("1G")
    dimm(machine)
    seen = [machine.read(f"{MEMORY}/memory32/state") for _ in machine.steps(Online(block=32))]
    assert set(seen[:-1]) == {"offline\n"}
    assert seen[-1] == "online\n"


def test_node_masks_and_node_meminfo() -> None:
    machine = two_nodes("1G", nodes=4)

    def masks() -> dict[str, str]:
        names = ("possible", "online", "has_memory", "has_normal_memory", "has_cpu")
        return {name: machine.read(f"{NODE}/{name}").strip() for name in names}

    assert masks() == {"possible": "0-3", "online": "0", "has_memory": "0", "has_normal_memory": "0", "has_cpu": "0"}
    with pytest.raises(HotplugError, match="ENOENT"):
        machine.read(f"{NODE}/node1/meminfo")
    dimm(machine, node=1)
    dimm(machine, at="8G", node=3)
    assert masks()["online"] == "0-1,3"
    assert masks()["has_memory"] == "0"
    online(machine, 32, kind="online_movable")
    assert masks()["has_memory"] == "0-1"
    assert masks()["has_normal_memory"] == "0"
    lines = dict(line.split(":") for line in machine.read(f"{NODE}/node1/meminfo").splitlines())
    assert lines["Node 1 MemTotal"].split() == ["129024", "kB"], "MemTotal +129024 kB"
    offline(machine, 32)
    assert masks()["has_memory"] == "0"


@pytest.mark.parametrize(("present", "text"), [((0, 1, 2, 5), "0-2,5"), ((0,), "0"), ((0, 2, 4), "0,2,4")])
def test_masks_are_printed_as_ranges(present: tuple[int, ...], text: str) -> None:
    banks: list[Any] = [(node, f"{node}G", "1G") for node in present]
    machine = boot_machine(banks, nodes=8)
    assert machine.read(f"{NODE}/online") == f"{text}\n"
    assert machine.read(f"{NODE}/possible") == "0-7\n"
