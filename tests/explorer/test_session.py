"""Sessions: commands in slices, signals, batches that are taken back as one."""

from __future__ import annotations

import asyncio

import pytest
from altmap import engine
from altmap.explorer.tui import session as module
from altmap.explorer.tui.session import Session

from .machines import DIMM, guest, with_dimm


def onlining(kind: str = "online_movable") -> list[engine.Command]:
    return [engine.Online(block=nr, type=kind) for nr in DIMM]  # type: ignore[arg-type]


def test_a_batch_is_taken_back_as_one() -> None:
    session = Session(with_dimm())
    batch = asyncio.run(session.run("online all", onlining()))
    assert [outcome.result for outcome in batch.outcomes] == ["ok"] * 8
    back = session.undo()
    assert back is not None
    assert (back.label, len(back.outcomes)) == ("online all", 8)
    assert {session.machine.blocks[nr].state for nr in DIMM} == {"offline"}
    assert session.redo() is not None
    assert {session.machine.blocks[nr].state for nr in DIMM} == {"online"}


def test_a_session_begins_with_the_history_of_the_machine() -> None:
    session = Session(with_dimm(movable=1))
    first, second, third = session.undo(), session.undo(), session.undo()
    assert first is not None
    assert second is not None
    assert (first.label, second.label, third) == ("online 32 online_movable", "add 1G at 0x100000000 node 0", None)
    assert sorted(session.machine.blocks) == list(range(8))


def test_a_new_verb_ends_what_can_be_redone() -> None:
    session = Session(with_dimm())
    session.undo()
    assert session.can_redo
    asyncio.run(session.run("offline", [engine.Offline(block=0)]))
    assert not session.can_redo


def test_undo_and_redo_keep_to_verbs_across_branches() -> None:
    """From the middle of a verb one goes back to its beginning, and forth again the way that was taken last."""
    session = Session(with_dimm())
    machine = session.machine
    asyncio.run(session.run("online all", onlining()))
    machine.go_to(4)
    assert sum(machine.blocks[nr].state == "online" for nr in DIMM) == 3
    asyncio.run(session.run("offline", [engine.Offline(block=32)]))
    labels = [batch.label for batch in (session.undo(), session.undo()) if batch is not None]
    assert labels == ["offline", "online all"]
    assert {machine.blocks[nr].state for nr in DIMM} == {"offline"}
    forth = session.redo()
    assert forth is not None
    assert (forth.label, len(forth.outcomes)) == ("online all", 3)
    last = session.redo()
    assert last is not None
    assert last.label == "offline"
    assert session.redo() is None


def test_the_screen_gets_its_turn_and_can_stop_an_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal in the middle of the second of three offlines: EINTR, and the third is not begun."""
    monkeypatch.setattr(module, "SLICE", 0.0)
    monkeypatch.setattr(module, "TOLD", 0.0)
    session = Session(with_dimm(movable=3))
    turns: list[tuple[int, int]] = []

    def progress(command: int, events: int) -> None:
        assert session.running == "offline"
        turns.append((command, events))
        if turns[-1] == (1, 3):
            session.stop()

    batch = asyncio.run(session.run("offline", [engine.Offline(block=nr) for nr in DIMM[:3]], progress))
    assert batch.stopped
    assert [outcome.result for outcome in batch.outcomes] == ["ok", "EINTR"]
    assert [session.machine.blocks[nr].state for nr in DIMM[:3]] == ["offline", "online", "online"]
    assert turns[-1] == (1, 3)
    assert session.running is None


def test_what_cannot_be_signalled_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE", 0.0)
    monkeypatch.setattr(module, "TOLD", 0.0)
    session = Session(guest())

    def progress(command: int, events: int) -> None:
        session.stop()

    batch = asyncio.run(session.run("add", [engine.Add(start="4G", size="1G")], progress))
    assert (batch.stopped, batch.outcomes) == (True, ())
    assert sorted(session.machine.blocks) == list(range(8))
    assert not session.can_undo


def test_bad_input_leaves_the_session_usable() -> None:
    session = Session(guest())
    with pytest.raises(engine.BadInput):
        asyncio.run(session.run("add", [engine.Add(start="4G", size="many")]))
    assert session.running is None
    assert not session.can_undo


def test_a_batch_of_which_all_is_refused_at_once_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no event has no moment inside it: the screen answers keys between one command and the next."""
    monkeypatch.setattr(module, "SLICE", 0.0)
    monkeypatch.setattr(module, "TOLD", 0.0)
    session = Session(guest())
    seen: list[int] = []

    def progress(command: int, events: int) -> None:
        seen.append(command)
        if command == 3:
            session.stop()

    commands: list[engine.Command] = [engine.Offline(block=number) for number in range(1000, 2000)]
    batch = asyncio.run(session.run("offline what is not there", commands, progress))
    assert batch.stopped
    assert seen == [0, 1, 2, 3]
    assert [outcome.result for outcome in batch.outcomes] == ["ENOENT"] * 3
