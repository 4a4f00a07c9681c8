"""The command line: what is typed and pasted is run, asked about or corrected."""

from __future__ import annotations

from typing import Any

import pytest
from altmap import engine
from altmap.explorer.tui.screens.command_line import CommandLine
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.why import WhyScreen
from altmap.explorer.tui.widgets.kernel_log import KernelLog
from altmap.explorer.tui.widgets.prose import Prose
from textual import events
from textual.widgets import Input, Static

from .dialogs import fill_in, press_on, said
from .machines import drive, guest, press, result, text_of, with_dimm


def test_a_size_on_the_command_line_asks_which_blocks_give_it_back_and_enter_takes_them() -> None:
    machine = guest()

    async def story(pilot: Any, screen: MainScreen) -> None:
        await press_on(pilot, "colon", "256 MiB node 0")
        why = pilot.app.screen
        assert isinstance(why, WhyScreen)
        assert "offline 256M node 0: yes, 2 blocks of 128M can go together" in text_of(why.query_one(Prose))
        await press(pilot, "enter")
        assert len(machine.history) == 2
        assert sum(block.state == "offline" for block in machine.blocks.values()) == 2

    drive(machine, story)


def test_a_size_that_cannot_be_asked_is_explained_on_the_line() -> None:
    async def story(pilot: Any, screen: MainScreen) -> None:
        for line, wrong in (("2G now", "is not understood behind a size"), ("2G node 7", "there is no node 7")):
            await press_on(pilot, "colon", line)
            assert wrong in said(pilot, "#complaint")
            await press(pilot, "escape")

    drive(guest(), story)


def test_an_empty_line_covers_the_keys_alone() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon")
        place = pilot.app.screen.query_one("#complaint", Static)
        assert not place.display
        await fill_in(pilot, "pin")
        assert place.display

    drive(guest(), look, (60, 20))


def test_lines_are_run_and_come_back() -> None:
    machine = with_dimm(movable=2)

    async def type_them(pilot: Any, screen: MainScreen) -> None:
        await press_on(pilot, "colon", "allocate 64M zone Movable")
        assert machine.history[-1].command == engine.Allocate(size=64 << 20, zone="Movable")
        await press_on(pilot, "colon", "hugepages 3 of 2M")
        assert "the pool of 2M pages of all nodes has 3, 3 of them free" in result(screen)
        await press(pilot, "3")
        assert "has 3, 3 of them free" in text_of(screen.query_one(KernelLog)).replace("\n    ", " ")
        await press(pilot, "colon", "x", "up", "up", "up")
        line = pilot.app.screen.query_one(Input)
        assert line.value == "allocate 64M zone Movable"
        await press(pilot, "down")
        assert line.value == "hugepages 3 of 2M"
        await press(pilot, "down")
        assert line.value == "x"
        await press(pilot, "escape", "u", "u")
        assert machine.timeline.present.number == 3

    drive(machine, type_them)


def test_no_line_of_what_is_pasted_is_lost() -> None:
    machine = with_dimm()

    async def paste(pilot: Any, screen: MainScreen) -> None:
        script = "# a plan\nonline 32 movable\r\n\tonline 33 \x1bmovable # too\n\noffline 32\n"
        screen.post_message(events.Paste(script))
        await press(pilot)
        line = pilot.app.screen.query_one(Input)
        assert line.value == r"online 32 movable; online 33 \x1bmovable; offline 32"
        await press(pilot, "ctrl+u")
        line.post_message(events.Paste(script.replace("\x1b", "")))
        await press(pilot, "enter")
        assert [machine.blocks[nr].state for nr in (32, 33)] == ["offline", "online"]
        assert len(machine.history) == 1 + 3

    drive(machine, paste)


def test_what_makes_no_sense_stays_to_be_corrected() -> None:
    """Also where only the machine can tell."""
    machine = guest()

    async def type_it(pilot: Any, screen: MainScreen) -> None:
        await press_on(pilot, "colon", "offlin 3")
        assert "'offlin' is not a command; did you mean 'offline'?" in said(pilot, "#complaint")
        await fill_in(pilot, "hugepages 1 of 3M")
        assert [type(open_one) for open_one in pilot.app.screen_stack] == [MainScreen, CommandLine]
        assert "there are no huge pages of 3M here" in said(pilot, "#complaint")
        assert result(screen) == "", "it is said once"
        assert pilot.app.screen.query_one(Input).value == "hugepages 1 of 3M"
        await fill_in(pilot, "  # nothing")
        assert pilot.app.screen is screen
        assert machine.history == ()

    drive(machine, type_it)


def test_a_line_is_what_a_script_would_make_of_it() -> None:
    assert engine.parse_line("online 32-33 movable") == [
        engine.Online(block=nr, type="online_movable") for nr in (32, 33)
    ]
    assert engine.parse_line("add 1G at 8G node 1 placement range") == [
        engine.Add(start=8 << 30, size=1 << 30, node=1, placement="range"),
    ]
    with pytest.raises(engine.BadInput, match=r"^'SIZE at START' is missing"):
        engine.parse_line("add")
