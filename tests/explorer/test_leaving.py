"""The terminal is given back, and unsaved work with it, whoever ends the explorer."""

from __future__ import annotations

import os
import signal
import tempfile
import termios
from pathlib import Path

import pytest
from altmap.engine import Machine, open_machine, save_machine
from altmap.explorer.tui import leaving

from .machines import with_dimm
from .terminal import ESCAPE, PATIENCE, Terminal

RESTORED = (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?2004l", b"\x1b[?1004l", b"\x1b[<u")
"""Leaves the alternate screen; no more reports of the mouse, of pastes, of focus, of all keys."""


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    save_machine(with_dimm(), tmp_path / "guest.json")
    return tmp_path / "guest.json"


def opened(guest: Path, nohup: bool = False) -> Terminal:
    terminal = Terminal("open", guest, cwd=guest.parent, nohup=nohup)
    terminal.until("q Quit")
    return terminal


def allocate(terminal: Terminal, size: str = "4M") -> None:
    terminal.press_until(":", "a line of a script")
    terminal.press_until(f"allocate {size}\r", "✓ ok")


def given_back(terminal: Terminal) -> bool:
    """Everything that was switched on is off again, and lines are edited and echoed as before."""
    for sequence in RESTORED:
        switched_on = sequence.replace(b"l", b"h") if sequence.endswith(b"l") else sequence
        assert terminal.written.rindex(sequence) >= terminal.written.rindex(switched_on), sequence
    return termios.tcgetattr(terminal.slave) == terminal.settings


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_and_the_terminal_is_as_it_was(guest: Path, number: signal.Signals) -> None:
    with opened(guest) as terminal:
        os.kill(terminal.process.pid, number)
        assert terminal.end() == 128 + number
        assert given_back(terminal)
        assert "Traceback" not in terminal.shown()
    assert os.listdir(guest.parent) == ["guest.json"]


def test_unsaved_states_are_kept_when_a_signal_ends_it(guest: Path) -> None:
    (guest.parent / "guest-unsaved.json.gz").write_bytes(b"an older one")
    with opened(guest) as terminal:
        allocate(terminal)
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
        assert given_back(terminal)
        assert terminal.shown().endswith("altmap: 1 unsaved state kept in guest-unsaved-2.json.gz\r\n")
    kept = open_machine(guest.parent / "guest-unsaved-2.json.gz")
    assert len(kept.timeline.steps) == len(open_machine(guest).timeline.steps) + 1
    assert (guest.parent / "guest-unsaved.json.gz").read_bytes() == b"an older one"


def test_of_two_sessions_that_end_at_the_same_moment_both_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = with_dimm(), with_dimm(movable=2)
    ended: list[str | None] = []

    def save(machine: Machine, name: str) -> None:
        if machine is one:  # a name was found, and nothing is written yet
            ended.append(leaving._keep(other, 2))
        save_machine(machine, name)

    monkeypatch.setattr(leaving, "save_machine", save)
    ended.append(leaving._keep(one, 1))
    assert sorted(os.listdir()) == ["guest-unsaved-2.json.gz", "guest-unsaved.json.gz"]
    kept = [len(open_machine(tmp_path / str(name)).timeline.steps) for name in ended]
    assert kept == [len(other.timeline.steps), len(one.timeline.steps)]


def test_unsaved_states_are_kept_among_temporary_files_where_the_folder_takes_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = with_dimm()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.chdir("/proc")
    kept = leaving._keep(machine, 1)
    assert kept is not None
    assert Path(kept).parent == tmp_path
    assert open_machine(kept).can_undo
    assert f"1 unsaved state kept in {kept}" in capsys.readouterr().err
    monkeypatch.setattr(tempfile, "gettempdir", lambda: "/proc")
    assert leaving._keep(machine, 2) is None
    assert capsys.readouterr().err.startswith("altmap: 2 unsaved states lost: ")


def test_unsaved_states_are_kept_when_the_terminal_goes_away(guest: Path) -> None:
    with opened(guest) as terminal:
        allocate(terminal)
        os.close(terminal.slave)
        os.close(terminal.master)
        assert terminal.process.wait(PATIENCE) in (128 + signal.SIGHUP, 1)
    assert open_machine(guest.parent / "guest-unsaved.json.gz").can_undo


def test_under_nohup_it_ends_with_its_terminal_too(guest: Path) -> None:
    """No signal comes then, and what is read from the terminal is an end without end."""
    with opened(guest, nohup=True) as terminal:
        allocate(terminal)
        os.close(terminal.slave)
        os.close(terminal.master)
        assert terminal.process.wait(PATIENCE) in (128 + signal.SIGHUP, 1)
    assert open_machine(guest.parent / "guest-unsaved.json.gz").can_undo


def test_an_operation_that_is_under_way_ends_first(guest: Path) -> None:
    """Whether it was stopped, which is no state, or came to its end."""
    with opened(guest) as terminal:
        terminal.press_until(":", "a line of a script")
        terminal.press_until("add 16T at 4T\r", "esc stops it")
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
        assert given_back(terminal)
    for kept in guest.parent.iterdir():
        assert open_machine(kept).check() == []


def test_no_key_leaves_it_without_asking_for_unsaved_states(guest: Path) -> None:
    with opened(guest) as terminal:
        allocate(terminal)
        terminal.press_until("\x11", "1 state was not saved.")
        terminal.press("\x11")
        assert terminal.end() == 0
    assert os.listdir(guest.parent) == ["guest.json"]
    with opened(guest) as terminal:
        terminal.press("\x11")
        assert terminal.end() == 0


def test_bytes_that_are_no_text_are_no_keys(guest: Path) -> None:
    with opened(guest) as terminal:
        terminal.press_until(b":caf\xe9 \xff\xfe", "caf\ufffd")
        terminal.press(f"{ESCAPE}{ESCAPE}\x11")
        assert terminal.end() == 0


def test_a_fault_of_the_explorer_is_an_exit_code(guest: Path, tmp_path: Path) -> None:
    (tmp_path / "faulty.py").write_text(
        "from altmap.explorer.tui.app import ExplorerApp\n"
        "from altmap.__main__ import main\n"
        "def crash(app): raise ZeroDivisionError('on purpose')\n"
        "ExplorerApp.key_f9 = crash\n"
        "raise SystemExit(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with Terminal(guest, module="faulty", cwd=guest.parent, environment=environment) as terminal:
        terminal.until("guest")
        terminal.press_until("\x1b[20~", "on purpose")
        assert terminal.end() == 1
