"""Another machine is opened from the explorer; the one before waits below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from altmap.engine import machine_names, save_machine
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.open import OpenDialog
from altmap.explorer.tui.widgets.machine_list import MachineList
from textual.widgets import Input, Static

from .machines import drive, guest, press, with_dimm


def test_a_machine_that_comes_along_is_opened_and_undo_leads_back() -> None:
    machine = with_dimm()

    async def choose(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "O")
        words = pilot.app.screen.query_one(MachineList).words
        assert all(name in words for name in machine_names())
        await press(pilot, "down", "down", "enter")
        other = pilot.app.screen
        assert isinstance(other, MainScreen)
        assert other.machine.origin.name == machine_names()[2]
        await press(pilot, "u")
        assert pilot.app.screen is screen
        await press(pilot, "O", "escape")
        assert pilot.app.screen is screen

    drive(machine, choose, (120, 40))


def test_a_file_is_opened_and_what_is_none_is_said(tmp_path: Path) -> None:
    save_machine(with_dimm(), tmp_path / "mine.json")

    async def name(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "O", "tab", *"none.json", "enter")
        dialog = pilot.app.screen
        assert isinstance(dialog, OpenDialog)
        assert "none.json: there is no such file" in str(dialog.query_one("#complaint", Static).render())
        dialog.query_one("#file", Input).value = str(tmp_path / "mine.json")
        await press(pilot, "enter")
        assert 39 in pilot.app.screen.machine.blocks

    drive(guest(), name, (80, 24))


def test_by_mouse() -> None:
    async def click(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "O")
        await pilot.click(MachineList, offset=(8, 3))
        assert pilot.app.screen.query_one(MachineList).chosen == machine_names()[1]
        await pilot.click("#open")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert pilot.app.screen.machine.origin.name == machine_names()[1]

    drive(guest(), click, (120, 40))
