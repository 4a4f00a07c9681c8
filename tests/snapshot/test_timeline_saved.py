"""A snapshot holds the whole timeline: the first state, the commands, branches, names; loading replays it exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Add, BadInput, Machine, Offline, Online, open_machine, save_machine
from altmap.engine.sysfs.report import block_reports, section_reports, zone_reports


def report(machine: Machine) -> object:
    state = machine.state
    return block_reports(state), zone_reports(state), section_reports(state)


@pytest.fixture
def branched() -> Machine:
    """0 -add- 1 -online_movable- 2 -offline- 3, and 1 -online_kernel- 4, which is the present."""
    machine = open_machine("small-guest")
    machine.apply(Add(start="4G", size="128M"))
    machine.apply(Online(block=32, type="online_movable"))
    machine.apply(Offline(block=32))
    machine.go_to(1)
    machine.apply(Online(block=32, type="online_kernel"))
    machine.timeline.name(2, "movable")
    return machine


@pytest.mark.parametrize("suffix", [".json", ".msgpack.gz"])
def test_every_state_is_there_again(branched: Machine, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"saved{suffix}"
    save_machine(branched, path)
    loaded = open_machine(path)
    assert loaded.timeline.present.number == 4
    assert loaded.valid_zones(32) == "Normal"
    assert loaded.timeline.find("movable") == 2
    for number in (0, 3, 2, 4, 1):
        branched.go_to(number)
        loaded.go_to(number)
        assert report(loaded) == report(branched)
    loaded.go_to(2)
    assert loaded.valid_zones(32) == "Movable"


def test_saving_leaves_the_present_alone(branched: Machine, tmp_path: Path) -> None:
    before = report(branched)
    save_machine(branched, tmp_path / "saved.json")
    assert branched.timeline.present.number == 4
    assert report(branched) == before


def test_a_result_that_cannot_be_is_said(branched: Machine, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    save_machine(branched, path)
    path.write_text(path.read_text().replace('"result": "ok"', '"result": "EBUSY"', 1))
    with pytest.raises(BadInput, match=r"step 1 \(add 128M at 0x100000000 node 0\) gave EBUSY when it was saved"):
        open_machine(path)


def test_a_step_of_a_later_state_is_refused(branched: Machine, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    save_machine(branched, path)
    path.write_text(path.read_text().replace('"parent": 0', '"parent": 9', 1))
    with pytest.raises(BadInput, match=r"\$\.steps\[0\]\.parent: state 9 comes later"):
        open_machine(path)
