"""A snapshot holds the whole timeline: the first state, the commands, branches, names, and the state that it was saved in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from altmap.engine import (
    Add,
    BadInput,
    Command,
    Compact,
    HotplugError,
    Machine,
    Offline,
    Online,
    Poison,
    Sync,
    open_machine,
    save_machine,
)
from altmap.engine.commands import ROWS
from altmap.engine.memory.state import State, state_of
from altmap.engine.protocol.events import Event
from altmap.engine.protocol.reasons.files import NoSuchFile
from altmap.engine.protocol.reasons.notes import Note
from altmap.engine.run import dispatch
from altmap.engine.snapshot.fold import snapshot_of
from altmap.engine.sysfs.report import block_reports, section_reports, zone_reports

SAVED = Path(__file__).parents[2] / "fixtures" / "snapshots"


def report(machine: Machine) -> object:
    state = state_of(machine)
    return block_reports(state), zone_reports(state), section_reports(state)


def tables(machine: Machine) -> object:
    """The whole state, as it is saved."""
    return snapshot_of(state_of(machine), machine.origin)


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


def reopened(machine: Machine, folder: Path, *, replay: bool = False) -> Machine:
    path = folder / "again.msgpack"
    save_machine(machine, path)
    return open_machine(path, replay=replay)


def assert_alike(machine: Machine, other: Machine) -> None:
    """Both have the same states, at the same places of their timelines."""
    here = machine.timeline.present.number
    assert other.timeline.present.number == here
    assert len(other.timeline.steps) == len(machine.timeline.steps)
    for mine, theirs in zip(machine._tree.walk(), other._tree.walk(), strict=True):
        assert tables(other) == tables(machine), mine.number
        assert theirs.number == mine.number
        assert theirs.name == mine.name
        assert (theirs.latest and theirs.latest.number) == (mine.latest and mine.latest.number)
        assert (theirs.outcome and theirs.outcome.result) == (mine.outcome and mine.outcome.result)
    assert machine.timeline.present.number == here


@pytest.mark.parametrize("suffix", [".json", ".msgpack.gz"])
def test_every_state_is_there_again(branched: Machine, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"saved{suffix}"
    save_machine(branched, path)
    loaded = open_machine(path)
    assert loaded.warnings == ()
    assert loaded.timeline.present.number == 4
    assert loaded.valid_zones(32) == "Normal"
    assert loaded.timeline.find("movable") == 2
    for number in (0, 3, 2, 4, 1):
        branched.go_to(number)
        loaded.go_to(number)
        assert report(loaded) == report(branched)
    loaded.go_to(2)
    assert loaded.valid_zones(32) == "Movable"


def test_saving_leaves_the_present_and_what_redo_does_alone(branched: Machine, tmp_path: Path) -> None:
    branched.go_to(3)
    branched.go_to(1)
    before = report(branched)
    assert_alike(branched, reopened(branched, tmp_path))
    assert branched.timeline.present.number == 1
    assert report(branched) == before
    redone = branched.redo()
    assert redone is not None
    assert redone.command == Online(block=32, type="online_movable")


def test_saving_twice_gives_the_same_file(branched: Machine, tmp_path: Path) -> None:
    save_machine(branched, tmp_path / "one.json")
    save_machine(open_machine(tmp_path / "one.json"), tmp_path / "two.json")
    assert (tmp_path / "two.json").read_bytes() == (tmp_path / "one.json").read_bytes()


# -- what a signal stopped ----------------------------------------------------------------------------------------------


def test_an_offline_that_was_stopped_is_stopped_again(tmp_path: Path) -> None:
    machine = open_machine("small-guest")
    machine.apply(Add(start="4G", size="256M"))
    machine.apply(Online(block=32, type="online_movable"))
    machine.apply(Online(block=33, type="online_movable"))
    machine.apply(Poison(address=(4 << 30) + 0x5000))
    told = len(machine.apply(Offline(block=32)).events)
    machine.undo()
    results = set()
    for after in range(1, told + 1):
        running = machine.steps(Offline(block=32))
        for _ in range(after):
            next(running)
        running.close()
        results.add(machine.history[-1].result)
        machine.undo()
    assert results == {"EINTR", "ok"}
    loaded = reopened(machine, tmp_path)
    assert loaded.warnings == ()
    assert_alike(machine, loaded)
    assert_alike(machine, reopened(loaded, tmp_path))


def test_what_no_signal_ends_is_not_taken_for_stopped(branched: Machine, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    save_machine(branched, path)
    changed = msgspec.json.decode(path.read_bytes())
    changed["steps"][0]["stopped"] = 1
    path.write_bytes(msgspec.json.encode(changed))
    loaded = open_machine(path)
    assert [warning for warning in loaded.warnings if "cannot have been stopped after 1 event" in warning]
    assert loaded.valid_zones(32) == "Normal"


# -- where another altmap makes something else of the same commands ---------------------------------------------------


def meddle(monkeypatch: pytest.MonkeyPatch, kind: type[Command], operation: Callable[..., Iterator[Event]]) -> None:
    """From now on a command does something else."""
    monkeypatch.setattr(dispatch, "ROWS", {**ROWS, kind: msgspec.structs.replace(ROWS[kind], run=operation)})


def refuse(state: State, command: Any, notes: list[Note]) -> Iterator[Event]:
    raise HotplugError("EPERM", NoSuchFile("of another version"))


def test_the_saved_state_counts_and_the_first_other_result_is_named(
    branched: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = tables(branched)
    save_machine(branched, tmp_path / "saved.json")
    meddle(monkeypatch, Online, refuse)
    loaded = open_machine(tmp_path / "saved.json")
    assert tables(loaded) == present
    assert loaded.warnings == (
        "step 2 (online 32 online_movable) gave ok when it was saved and gives EPERM now: the machine is as it was saved, "
        "and --replay takes what its steps lead to now",
    )
    assert loaded.history[-1].result == "ok"
    loaded.undo()
    assert loaded.blocks[32].state == "offline"
    loaded.redo()
    assert tables(loaded) == present
    new = open_machine(tmp_path / "saved.json", replay=True)
    assert new.warnings == ()
    assert new.blocks[32].state == "offline"
    assert new.history[-1].result == "EPERM"
    assert tables(reopened(loaded, tmp_path)) == present


def test_a_step_that_leads_elsewhere_is_named_though_its_result_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = open_machine("small-guest")
    for command in (Add(start="4G", size="256M"), Online(block=32), Online(block=33), Compact(node=0)):
        machine.apply(command)
    save_machine(machine, tmp_path / "saved.json")
    online = ROWS[Online].run

    def movable(state: State, command: Online, notes: list[Note]) -> Iterator[Event]:
        return online(state, Online(block=command.block, type="online_movable"), notes)

    meddle(monkeypatch, Online, movable)
    loaded = open_machine(tmp_path / "saved.json")
    (warning,) = loaded.warnings
    assert warning.startswith("step 2 (online 32 online) led to another state when it was saved than it does now: ")
    assert tables(loaded) == tables(machine)
    assert open_machine(tmp_path / "saved.json", replay=True).valid_zones(33) == "Movable"


def test_a_step_without_sense_today_is_named(
    branched: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def senseless(state: State, command: Any, notes: list[Note]) -> Iterator[Event]:
        raise BadInput("there is no such thing")

    save_machine(branched, tmp_path / "saved.json")
    meddle(monkeypatch, Online, senseless)
    loaded = open_machine(tmp_path / "saved.json")
    assert loaded.warnings[0].startswith(
        "step 2 (online 32 online_movable) was done when it was saved and is not now "
        "(step 2: there is no such thing): the machine is as it was saved"
    )
    assert tables(loaded) == tables(branched)
    assert len(loaded.timeline.steps) == 5


def test_a_present_that_its_steps_do_not_lead_to_is_kept_and_told(branched: Machine, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    save_machine(branched, path)
    changed = msgspec.json.decode(path.read_bytes())
    changed["steps"][3]["state"]["settings"] = {**changed["settings"], "auto_movable_ratio": "17"}
    path.write_bytes(msgspec.json.encode(changed))
    loaded = open_machine(path)
    assert loaded.warnings[0].startswith("the state after step 4 is another one than its steps lead to now: ")
    assert loaded.settings.auto_movable_ratio == 17
    loaded.undo()
    assert loaded.settings.auto_movable_ratio != 17


def test_a_file_without_its_end_is_replayed_and_a_difference_told(branched: Machine, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    save_machine(branched, path)
    changed = msgspec.json.decode(path.read_bytes())
    changed["steps"] = [{**{name: step[name] for name in ("parent", "command", "result")}} for step in changed["steps"]]
    changed["steps"][2]["result"] = "EBUSY"
    path.write_bytes(msgspec.json.encode(changed))
    loaded = open_machine(path)
    assert loaded.warnings == (
        "step 3 (offline 32) gave EBUSY when it was saved and gives ok now: the file does not hold the state after its steps, "
        "so this is what they lead to now",
    )
    assert tables(loaded) == tables(branched)


def test_a_step_of_a_later_state_is_refused(branched: Machine, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    save_machine(branched, path)
    path.write_text(path.read_text().replace('"parent": 0', '"parent": 9', 1))
    with pytest.raises(BadInput, match=r"\$\.steps\[0\]\.parent: state 9 comes later"):
        open_machine(path)


def test_what_is_wrong_in_a_later_state_is_told_with_its_place(branched: Machine, tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    save_machine(branched, path)
    changed = msgspec.json.decode(path.read_bytes())
    changed["steps"][3]["state"]["blocks"][0]["nodes"] = [77]
    path.write_bytes(msgspec.json.encode(changed))
    with pytest.raises(
        BadInput, match=r"saved\.json: \$\.steps\[3\]\.state: \$\.blocks\[0\]\.nodes\[0\]: node 77 is unknown"
    ):
        open_machine(path)


# -- what a capture brought ---------------------------------------------------------------------------------------------


@pytest.fixture
def synced(tmp_path: Path) -> Machine:
    """A guest that was read again in the middle of its timeline, from a tree that is gone since."""
    root = tmp_path / "tree" / "sys" / "devices" / "system" / "memory"
    for block in range(10):
        (root / f"memory{block}").mkdir(parents=True)
        (root / f"memory{block}" / "state").write_text("online\n")
    (root / "block_size_bytes").write_text("8000000\n")
    machine = open_machine("small-guest")
    machine.apply(Add(start="4G", size="128M"))
    machine.apply(Sync(root=str(tmp_path / "tree")))
    assert machine.history[-1].notes
    machine.apply(Add(start="8G", size="128M"))
    machine.apply(Online(block=64))
    shutil.rmtree(tmp_path / "tree")
    return machine


@pytest.mark.parametrize("replay", [False, True])
def test_a_capture_is_not_read_again(synced: Machine, tmp_path: Path, replay: bool) -> None:
    loaded = reopened(synced, tmp_path, replay=replay)
    assert loaded.warnings == ()
    assert_alike(synced, loaded)
    synced.undo()
    synced.undo()
    assert_alike(synced, reopened(synced, tmp_path))
    assert set(loaded.history[1].notes) <= set(synced.history[1].notes)


def test_a_sync_without_what_it_brought_is_refused_and_reads_nothing(
    synced: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "saved.json"
    save_machine(synced, path)
    changed = msgspec.json.decode(path.read_bytes())
    changed["steps"][1]["command"]["root"] = "/"
    del changed["steps"][1]["state"]
    path.write_bytes(msgspec.json.encode(changed))
    read: list[object] = []
    monkeypatch.setattr("altmap.engine.reading.observe.observe", read.append)
    with pytest.raises(BadInput, match=r"\$\.steps\[1\]: a sync without the state that it led to"):
        open_machine(path)
    assert read == []


# -- what earlier versions wrote ----------------------------------------------------------------------------------------

EXPECTED: dict[str, Any] = msgspec.json.decode((SAVED / "expected.json").read_bytes())

STOPPED: dict[str, str] = {"interrupted": "step 1 (offline 4)", "busy": "step 6 (offline 32)"}
"""Where a file says EINTR and no more. In "busy" a page was pinned, which held the offline up until a signal came; since 5.13
what is pinned for long leaves ZONE_MOVABLE first, so that the signal is all that stopped it."""


@pytest.mark.parametrize("name", ["branches.json.gz", "busy.msgpack.gz", "interrupted.json.gz", "rfc.msgpack"])
def test_snapshots_of_the_first_writer_load(name: str, tmp_path: Path) -> None:
    """It wrote commands and results alone; `expected.json` says what its machines were."""
    machine = open_machine(SAVED / name)
    expected = EXPECTED[name.partition(".")[0]]
    assert [step.name for step in machine.timeline.steps] == expected["names"]
    assert [step.outcome.result for step in machine.timeline.steps if step.outcome] == expected["results"]
    assert machine.timeline.present.number == expected["at"]
    reports = {"blocks": block_reports(state_of(machine)), "zones": zone_reports(state_of(machine))}
    seen = msgspec.json.decode(msgspec.json.encode(reports))
    assert seen == {name: expected[name] for name in seen}
    assert machine.check() == []
    assert_alike(machine, reopened(machine, tmp_path))
    stopped = STOPPED.get(name.partition(".")[0])
    told = f"{stopped} was stopped by a signal, and the file does not say after which event"
    assert [warning.startswith(told) for warning in machine.warnings] == [True] * (stopped is not None)
