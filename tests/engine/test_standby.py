"""Standby memory of s390, configured block by block since 6.19."""

from __future__ import annotations

import pytest
from altmap.engine import Machine, boot_machine, open_machine, save_machine
from altmap.engine.protocol.reasons.files import ConfiguredAlready, NoMemmapOnMemory
from altmap.engine.protocol.reasons.taking import NotOffline

from .guests import free_pages, guest, online


def partition(model: str = "6.19", mode: str = "Y") -> Machine:
    return boot_machine([(0, 0, "4G")], arch="s390x", model=model, memmap_on_memory=mode)


def at(name: str, number: int = 64) -> str:
    return f"/sys/firmware/memory/memory{number}/{name}"


def test_the_files_came_with_6_19_and_only_s390_has_them() -> None:
    assert partition().read(at("config")) == "0\n"
    assert partition().read(at("config", 0)) == "1\n"
    assert partition("6.18").write(at("config"), "1").result == "ENOENT"
    assert guest(model="6.19").write(at("config"), "1").result == "ENOENT"


def test_config_makes_a_block_and_takes_it_back() -> None:
    machine = partition()
    before = free_pages(machine)
    assert machine.write(at("config"), "1").ok
    assert machine.blocks[64].head == 512, "by default it carries its memmap where it can"
    online(machine, 64, kind="online_movable")
    outcome = machine.write(at("config"), "0")
    assert (outcome.result, outcome.reason) == ("EBUSY", NotOffline(64))
    assert machine.write("/sys/devices/system/memory/memory64/state", "offline").ok
    assert machine.write(at("config"), "0").ok
    assert 64 not in machine.blocks
    assert machine.write(at("config"), "0").ok, "it is so already"
    assert machine.write(at("config"), "7").result == "EINVAL"
    assert free_pages(machine) == before
    assert machine.check() == []


def test_where_its_memmap_lies_is_said_before() -> None:
    machine = partition()
    assert machine.read(at("memmap_on_memory")) == "1\n"
    assert machine.write(at("memmap_on_memory"), "0").ok
    assert machine.write(at("config"), "1").ok
    assert machine.blocks[64].head == 0
    outcome = machine.write(at("memmap_on_memory"), "1")
    assert (outcome.result, outcome.reason) == ("EBUSY", ConfiguredAlready(64))


def test_where_no_block_can_carry_it_one_cannot_be_told_to() -> None:
    machine = partition(mode="N")
    assert machine.read(at("memmap_on_memory")) == "0\n"
    outcome = machine.write(at("memmap_on_memory"), "1")
    assert (outcome.result, outcome.reason) == ("EOPNOTSUPP", NoMemmapOnMemory())
    assert machine.write(at("memmap_on_memory"), "0").ok


def test_what_was_said_is_saved(tmp_path) -> None:  # type: ignore[no-untyped-def]
    machine = partition()
    machine.write(at("memmap_on_memory"), "0")
    save_machine(machine, tmp_path / "standby.json")
    assert open_machine(str(tmp_path / "standby.json")).read(at("memmap_on_memory")) == "0\n"


@pytest.mark.parametrize(("model", "flags"), [("6.15", ("nopage",)), ("6.16", ())])
def test_pages_of_offline_blocks_in_kpageflags(model: str, flags: tuple[str, ...]) -> None:
    machine = guest("1G", model=model)
    machine.write("/sys/devices/system/memory/auto_online_blocks", "offline")
    assert machine.page_flags(0x100000) == flags
