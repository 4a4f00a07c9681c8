"""The file state of a DAX device, since 7.3: all of its memory goes, or comes, at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Machine, open_machine, save_machine
from altmap.engine.protocol.reasons.files import NotWhileIn

from .guests import FIRST, dimm, guest, occupy, online

STATE = "/sys/bus/dax/devices/dax0.0/state"


def device(model: str = "7.3", kind: str = "online_movable", caller: str = "dax") -> Machine:
    """512 MiB that kmem gave to the system, online."""
    machine = guest(model=model)
    dimm(machine, "512M", caller=caller)
    online(machine, 32, 33, 34, 35, kind=kind)
    return machine


@pytest.mark.parametrize("caller", ["dax", "cxl"])
def test_the_file_came_with_7_3(caller: str) -> None:
    assert device("7.2", caller=caller).write(STATE, "unplugged").result == "ENOENT"
    machine = device(caller=caller)
    assert machine.read(STATE) == "online_movable\n"
    assert machine.write("/sys/bus/dax/devices/dax1.0/state", "unplugged").result == "ENOENT"


def test_unplugged_takes_all_of_it_out_and_a_word_brings_it_back() -> None:
    machine = device()
    assert machine.write(STATE, "unplugged\n").ok
    assert not {32, 33, 34, 35} & set(machine.blocks)
    assert machine.read(STATE) == "unplugged\n"
    assert machine.write(STATE, "unplugged").ok, "it is so already"
    assert machine.write(STATE, "online_kernel").ok
    assert {machine.valid_zones(number) for number in (32, 33, 34, 35)} == {"Normal"}
    assert machine.read(STATE) == "online_kernel\n"
    assert machine.check() == []


def test_from_one_plugged_state_to_another_is_ebusy_and_offline_is_no_word() -> None:
    machine = device()
    outcome = machine.write(STATE, "online_kernel")
    assert (outcome.result, outcome.reason) == ("EBUSY", NotWhileIn("online_kernel", "online_movable"))
    assert machine.write(STATE, "offline").result == "EINVAL"
    assert machine.write(STATE, "online_movable").ok


def test_one_block_that_stays_brings_all_back() -> None:
    """Each into the kind of zone that it was in, not into the default one."""
    machine = device()
    machine.write("/sys/devices/system/memory/memory33/state", "offline")
    online(machine, 33, kind="online_kernel")
    occupy(machine, FIRST + 3 * 32768 + 9000, 1, "pinned")
    outcome = machine.write(STATE, "unplugged")
    assert outcome.result == "EINTR"
    zones = [machine.valid_zones(number) for number in (32, 33, 34, 35)]
    assert zones == ["Movable", "Normal", "Movable", "Movable"]
    assert machine.check() == []


def test_it_is_saved(tmp_path: Path) -> None:
    machine = device()
    machine.write(STATE, "unplugged")
    save_machine(machine, tmp_path / "dax.json")
    again = open_machine(str(tmp_path / "dax.json"))
    assert again.read(STATE) == "unplugged\n"
    assert again.write(STATE, "online").ok
