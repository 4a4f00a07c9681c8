"""What is taken home: to the clipboard, or into a file that is never replaced unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from altmap.engine import describe, open_machine, parse_script
from altmap.engine.faces.shell_export import shell_script
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.take_home import TakeHomeDialog
from altmap.explorer.tui.widgets.bars import ResultBar
from textual.widgets import Static

from .machines import drive, guest, press, result, with_dimm


def test_lines_scripts_and_pictures_are_copied() -> None:
    machine = with_dimm(movable=2)

    async def take(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "y", "enter")
        assert pilot.app.clipboard == shell_script(machine)
        assert "shell lines copied" in result(screen)
        await press(pilot, "y", "down", "enter")
        commands = parse_script(pilot.app.clipboard, "clipboard")
        assert [describe(command) for command in commands] == [describe(outcome.command) for outcome in machine.history]
        await press(pilot, "y", "down", "down", "enter")
        assert pilot.app.clipboard.startswith("<svg")
        assert "Take home" not in pilot.app.clipboard

    drive(machine, take)


def test_of_lines_that_stop_before_the_end_it_is_said_before_and_after_they_are_taken() -> None:
    machine = with_dimm()
    for line in ("remove 128M at 4G", "online 33 movable"):
        assert machine.apply(*parse_script(line, "plan")).ok

    async def take(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "y")
        said = pilot.app.screen.query_one("#said", Static)
        assert said.has_class("-warning")
        assert "they stop before remove 128M at 0x100000000: only a part of dimm1" in str(said.render())
        await press(pilot, "down")
        assert not said.has_class("-warning")
        await press(pilot, "up", "enter")
        assert result(screen).startswith("! taken in part  shell lines copied")
        assert "they stop before remove" in screen.query_one(ResultBar).render_line(1).text

    drive(machine, take)


def test_files_are_written_and_replaced_only_when_asked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = guest()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guest.svg").write_text("mine")

    async def take(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "y", "f2")
        dialog = pilot.app.screen
        assert isinstance(dialog, TakeHomeDialog)
        assert "there already" in str(dialog.query_one("#said", Static).render())
        assert (tmp_path / "guest.svg").read_text() == "mine"
        await press(pilot, "f2")
        assert (tmp_path / "guest.svg").read_text().startswith("<svg")
        assert "picture written to guest.svg" in result(screen)
        await press(pilot, "y", "down", "enter")
        assert open_machine(tmp_path / "guest.json").blocks.keys() == machine.blocks.keys()
        await press(pilot, "y", "down", "tab", *("end", "x"), "enter")
        assert isinstance(pilot.app.screen, TakeHomeDialog)
        assert pilot.app.screen.query_one("#said", Static).has_class("-error")
        await press(pilot, "escape")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["guest.json", "guest.svg"]

    drive(machine, take)


def test_a_dialog_that_is_answered_twice_closes_once() -> None:
    """A double click: the second finds the dialog closing, and no other screen goes with it."""

    async def take(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "y")
        dialog = pilot.app.screen
        assert isinstance(dialog, TakeHomeDialog)
        dialog.action_copy()
        dialog.action_copy()
        await pilot.pause()
        assert pilot.app.screen is screen
        assert "copied" in result(screen)

    drive(guest(), take)
