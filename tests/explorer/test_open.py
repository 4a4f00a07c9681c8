"""Another machine is opened from the explorer, and the first one; the one before waits below."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from altmap import engine
from altmap.engine import machine_names, open_machine, save_machine
from altmap.explorer.picture.lines import both_ends
from altmap.explorer.picture.machine_row import machine_row
from altmap.explorer.picture.palette import DARK
from altmap.explorer.tui import reading
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.choices import OTHER
from altmap.explorer.tui.screens.file import FileDialog
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.new import FIELDS, NewDialog
from altmap.explorer.tui.screens.open import OpenScreen
from altmap.explorer.tui.screens.tour import TourScreen
from altmap.explorer.tui.session import LEFT
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.keys import Keys
from altmap.explorer.tui.widgets.machine_card import MachineCard
from altmap.explorer.tui.widgets.machine_list import MachineList
from textual.widgets import Input, OptionList, Static

from .machines import at_rest, drive, guest, press, with_dimm
from .quiet import undrawn

NAMES = machine_names()


def listed(pilot: Any) -> MachineList:
    screen = pilot.app.screen
    assert isinstance(screen, OpenScreen)
    return screen.query_one(MachineList)


def said(pilot: Any) -> str:
    return str(pilot.app.screen.query_one(ResultBar).text)


def begin(action: Callable[[Any], Awaitable[None]], size: tuple[int, int] = (120, 40)) -> ExplorerApp:
    """Open the explorer without a machine and do something with it."""
    app = ExplorerApp(None)
    app.animation_level = "none"

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await action(pilot)

    asyncio.run(run())
    return app


async def click(pilot: Any, widget: Any, x: int, y: int, times: int = 1) -> None:
    with undrawn():
        await pilot.click(widget, offset=(x, y), times=times)
    await at_rest(pilot.app)
    await pilot.pause()


# -- machines that come along --------------------------------------------------------------------------------------------


def test_names_that_begin_alike_are_told_apart_where_they_have_no_room() -> None:
    assert [both_ends(f"numa-guest-unsaved{end}", 16) for end in ("", "-2")] == ["numa-gue…unsaved", "numa-gue…saved-2"]
    assert both_ends("firecracker-24g", 16) == "firecracker-24g"
    assert all(len(both_ends("abcdefgh", room)) == room for room in range(1, 9))
    row = next(machine_row("numa-guest-unsaved-2", None, [(), ()], DARK))
    assert row[0].text == "numa-gue…saved-2 "


def test_a_machine_that_comes_along_is_opened_and_undo_leads_back() -> None:
    machine = with_dimm()

    async def choose(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "O")
        words = listed(pilot).words
        assert all(name in words for name in NAMES)
        await press(pilot, "down", "down", "enter")
        other = pilot.app.screen
        assert isinstance(other, MainScreen)
        assert other.machine.origin.name == NAMES[2]
        held = other.machine
        await press(pilot, "f", "u", "u")
        assert pilot.app.screen is screen
        await press(pilot, "U")
        assert pilot.app.session.machine is held, "what was gone back from is not lost"
        assert len(held.timeline) == 2
        await press(pilot, "u", "O", "escape")
        assert pilot.app.screen is screen

    drive(machine, choose, (120, 40))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
def test_each_machine_has_its_picture_and_facts_before_it_is_opened(size: tuple[int, int]) -> None:
    async def look(pilot: Any) -> None:
        await at_rest(pilot.app)
        await pilot.pause()
        for name in NAMES:
            row, card = listed(pilot), pilot.app.screen.query_one(MachineCard)
            assert row.chosen is not None
            assert row.chosen.name == name
            assert row.machine is not None
            assert engine.about_bytes(len(row.machine.blocks) * row.machine.geometry.block_size) in row.words
            assert "MemTotal" in card.words
            shown = row.scroll_offset.y <= row._first[row._at] < row.scroll_offset.y + row.size.height
            assert shown
            await press(pilot, "down")

    begin(look, size)


def test_machines_are_read_one_after_the_other_beside_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr("altmap.explorer.tui.screens.open.read_unasked", read.append)

    async def look(pilot: Any, screen: MainScreen) -> None:
        await pilot.press("O")
        await pilot.pause()
        assert pilot.app.screen.query_one(MachineList).shown[0].name in pilot.app.screen.query_one(MachineList).words
        await pilot.app.workers.wait_for_complete()
        assert read == NAMES

    drive(guest(), look)


def test_a_big_file_and_a_folder_are_read_when_they_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_machine(guest(), tmp_path / "small.json")
    assert reading.read_unasked(str(tmp_path)) is None
    assert reading.read_unasked(str(tmp_path / "small.json")) is not None
    monkeypatch.setattr(reading, "MOST", 10)
    assert reading.read_unasked(str(tmp_path / "small.json")) is None


def test_the_filter_leaves_what_its_words_stand_in() -> None:
    async def narrow(pilot: Any) -> None:
        await press(pilot, "slash", *"node two")
        assert {choice.name for choice in listed(pilot).shown} >= {"numa-guest", "terabyte-server"}
        assert "small-guest" not in listed(pilot).words
        await press(pilot, *" tera", "enter")
        assert pilot.app.screen.machine.origin.name == "terabyte-server"

    begin(narrow)


def test_the_first_and_the_last_row_are_a_key_away() -> None:
    async def go(pilot: Any) -> None:
        await press(pilot, "end")
        assert listed(pilot).chosen == listed(pilot).shown[-1]
        await press(pilot, "home")
        assert listed(pilot).chosen == listed(pilot).shown[0]

    begin(go)


def test_escape_ends_the_filter_first_and_then_the_screen() -> None:
    async def leave(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "O", "slash", *"no such thing")
        assert listed(pilot).chosen is None
        assert "esc shows all" in listed(pilot).words
        await press(pilot, "enter", "escape")
        assert len(listed(pilot).shown) == len(NAMES) + len(OTHER)
        await press(pilot, "escape")
        assert pilot.app.screen is screen

    drive(guest(), leave)


def test_a_machine_is_opened_with_another_model() -> None:
    async def choose(pilot: Any) -> None:
        await press(pilot, "slash", *"small-guest", "down", "escape")
        listed(pilot)._choose(NAMES.index("small-guest"))
        await press(pilot, "m", "up", "enter")
        machine = pilot.app.screen.machine
        assert machine.origin.name == "small-guest"
        assert machine.model.name != open_machine("small-guest").model.name

    begin(choose)


# -- other machines ------------------------------------------------------------------------------------------------------


def test_a_file_is_opened_and_what_is_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_machine(with_dimm(), tmp_path / "mine.json")
    (tmp_path / "[red]none[").write_text("no machine")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path)

    async def name(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "O", "f")
        dialog = pilot.app.screen
        assert isinstance(dialog, FileDialog)
        assert [entry.name for entry in dialog._entries] == ["..", "below", "[red]none[", "mine.json"]
        assert str(dialog.query_one("#folder", Static).render()) == str(tmp_path)
        await press(pilot, "down", "down")
        assert "No machine" in dialog.query_one(MachineCard).words
        await press(pilot, "enter")
        assert "none" in said(pilot)
        assert "✗ not opened" in said(pilot)
        await press(pilot, "f")
        assert pilot.app.screen.query_one(Input).value == str(tmp_path / "[red]none[")
        await press(pilot, "up")
        assert "MemTotal" in pilot.app.screen.query_one(MachineCard).words
        await press(pilot, "enter")
        assert 39 in pilot.app.session.machine.blocks

    drive(guest(), name, (80, 24))


def test_folders_are_walked_and_a_path_is_typed_whatever_its_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "tree" / "proc").mkdir(parents=True)
    (tmp_path / "tree" / "sys").mkdir()
    save_machine(with_dimm(), tmp_path / "below" / "jq.json")
    monkeypatch.chdir(tmp_path)

    async def walk(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "O", "f", "down", "enter")
        dialog = pilot.app.screen
        assert isinstance(dialog, FileDialog)
        assert dialog._folder == tmp_path / "below"
        await press(pilot, "ctrl+up")
        assert (dialog._folder, dialog._entries[dialog.query_one(OptionList).highlighted or 0].name) == (
            tmp_path,
            "below",
        )
        await press(pilot, *"nothing", "enter")
        assert "there is no such file" in said(pilot)
        await press(pilot, "f", "down", "down", "enter")
        assert "✗ not opened" in said(pilot), "what looks like a captured folder is opened, not gone into"
        await press(pilot, "f", *"below/jq.json", "enter")
        assert 39 in pilot.app.session.machine.blocks

    drive(guest(), walk, (120, 40))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_a_machine_from_words_is_seen_before_it_is_made_as_big_as_there_is_room(size: tuple[int, int]) -> None:
    async def make(pilot: Any) -> None:
        await press(pilot, "n", *"6G")
        card = pilot.app.screen.query_one(MachineCard)
        assert "DMA32" in card.words
        assert "guessed" in card.words
        assert card.max_scroll_y == 0

    begin(make, size)


def test_a_machine_is_made_from_words_and_what_is_wrong_is_said_while_they_are_typed() -> None:
    async def make(pilot: Any) -> None:
        await press(pilot, "n", *"1G,1")
        dialog = pilot.app.screen
        assert isinstance(dialog, NewDialog)
        assert "whole sections" in str(dialog.query_one("#complaint", Static).render())
        await press(pilot, "enter")
        assert pilot.app.screen is dialog
        await press(pilot, *"G", "tab", *"6.8")
        assert str(dialog.query_one("#complaint", Static).render()) == ""
        assert "2 nodes" in dialog.query_one(MachineCard).words
        await press(pilot, "tab", "tab", "tab", *"movable_node", "enter")
        machine = pilot.app.session.machine
        assert (machine.model.name, len(machine.nodes), machine.boot.movable_node) == ("6.8", 2, True)

    begin(make)


def test_what_makes_no_machine_is_said_whichever_field_it_stands_in() -> None:
    async def spoil(pilot: Any) -> None:
        await press(pilot, "n")
        for name in (field.name for field in FIELDS):
            field = pilot.app.screen.query_one(f"#{name}", Input)
            before, field.value = field.value, "'-9"
            await press(pilot, "enter")
            assert isinstance(pilot.app.screen, NewDialog)
            assert str(pilot.app.screen.query_one("#complaint", Static).render()), name
            field.value = before

    begin(spoil, (80, 24))


def test_qemu_words_make_a_machine_too() -> None:
    async def make(pilot: Any) -> None:
        await press(pilot, "n")
        pilot.app.screen.query_one("#nodes", Input).value = "-m 2G -numa node,mem=1G -numa node,mem=1G"
        await press(pilot, "enter")
        assert len(pilot.app.screen.machine.nodes) == 2

    begin(make)


def test_this_machine_is_captured_and_what_is_wrong_with_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[engine.Machine] = []

    def captured() -> engine.Machine:
        if not answers:
            raise engine.BadInput("there are no memory blocks here")
        return answers[0]

    monkeypatch.setattr("altmap.explorer.tui.screens.open.capture", captured)

    async def capture(pilot: Any) -> None:
        await press(pilot, "t")
        assert "there are no memory blocks here" in said(pilot)
        answers.append(guest())
        await press(pilot, "t")
        assert pilot.app.screen.machine is answers[0]

    begin(capture)


# -- the first screen ----------------------------------------------------------------------------------------------------


def test_without_a_machine_one_is_chosen_and_left_as_usual() -> None:
    async def choose(pilot: Any) -> None:
        assert isinstance(pilot.app.screen, OpenScreen)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, MainScreen)
        assert pilot.app.session is pilot.app.screen.session
        await press(pilot, "u", "q")

    assert begin(choose).return_value is LEFT


@pytest.mark.parametrize("key", ["q", "escape", "ctrl+q"])
def test_the_first_screen_is_left_at_once(key: str) -> None:
    async def leave(pilot: Any) -> None:
        await press(pilot, key)

    assert begin(leave).return_value is LEFT


def test_the_tour_is_taken_from_the_first_screen() -> None:
    async def take(pilot: Any) -> None:
        await press(pilot, "T")
        assert isinstance(pilot.app.screen, TourScreen)
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, OpenScreen)

    begin(take)


# -- the mouse -----------------------------------------------------------------------------------------------------------


def test_by_mouse() -> None:
    async def by_mouse(pilot: Any) -> None:
        await click(pilot, MachineList, 8, 4)
        chosen = listed(pilot).machine
        assert chosen is not None
        assert chosen.origin.name == NAMES[1]
        await click(pilot, "#open-title", pilot.app.size.width - 6, 0)
        assert pilot.app.screen.has_class("-filtering")
        await press(pilot, "escape")
        await click(pilot, MachineList, 8, 4)
        assert pilot.app.screen.machine.origin.name == NAMES[1]

    begin(by_mouse)


def test_a_way_to_other_machines_and_each_key_of_the_footer_can_be_clicked() -> None:
    async def by_mouse(pilot: Any) -> None:
        row = listed(pilot)
        at = next(number for number, choice in enumerate(row.shown) if choice.action == "new")
        await click(pilot, MachineList, 8, row._first[at])
        assert isinstance(pilot.app.screen, NewDialog)
        await press(pilot, "escape")
        keys = pilot.app.screen.query_one(Keys)
        column = next(column for column, key in keys.placed if key.binding.action == "file")
        await click(pilot, Keys, column + 1, 0)
        assert isinstance(pilot.app.screen, FileDialog)

    begin(by_mouse)
