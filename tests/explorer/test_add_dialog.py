"""The dialog that adds memory says what is wrong and what would come of it, and passes on every choice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from altmap import engine
from altmap.explorer.tui.screens import add
from altmap.explorer.tui.screens.add import AddDialog
from altmap.explorer.tui.screens.comparison import ComparisonScreen
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.heading import Heading
from altmap.explorer.tui.widgets.prose import Prose
from textual.widgets import Button, Input

from .machines import drive, guest, press, result, text_of


def test_the_add_dialog_explains_what_is_wrong() -> None:
    machine = guest()

    async def fill(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a", *"lots")
        dialog = pilot.app.screen
        assert isinstance(dialog, AddDialog)
        assert "'lots' is not a size" in text_of(dialog.query_one(Prose))
        await press(pilot, "enter")
        assert pilot.app.screen is dialog
        for size, errno in (("0", "E2BIG"), ("100M", "EINVAL")):
            dialog.query_one("#size", Input).value = size
            await pilot.pause()
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
            assert errno in text_of(dialog.query_one(Prose))
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ComparisonScreen)
        await press(pilot, "escape")
        await pilot.click("#add")
        assert machine.history[-1].result == "EINVAL"
        assert "EINVAL" in result(screen)

    drive(machine, fill)


def test_the_add_dialog_passes_on_every_choice() -> None:
    machine = guest()

    async def fill(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a", *"256M", "tab", *"8G", "tab", "tab")
        await press(pilot, "down", "down", "enter", "tab", "down", "down", "down", "enter", "tab", "enter")
        command = machine.history[-1].command
        assert command == engine.Add(start=8 << 30, size=256 << 20, caller="balloon", placement="range")

    drive(machine, fill)


PREVIEWS = {
    "small-guest": [
        ("1G", ["It fits: memory32-39; memmap 16M = 4,096 pages", "lie in the added memory of node 0"]),
        ("1G", ["(auto_online_blocks=offline)", "into zone Normal, online_movable into zone Movable"]),
        ("1G tab tab tab enter end up enter tab enter end enter", ["cannot place its memmap by 'sections'"]),
    ],
    "numa-guest": [
        ("1G tab tab enter end enter", ["node 0 holds the memmap of memory of node 2", "goes off node"]),
        ("256G", ["It does not fit: 2.76G of kernel memory are missing", "nodes 0, 1 have 328,781 to spare"]),
        ("1G tab 0", ["Refused with EEXIST: "]),
    ],
}
"""What is typed in the add dialog of a machine, and what its preview says then."""


@pytest.mark.parametrize("name", PREVIEWS)
def test_the_add_dialog_says_what_would_come_of_it(name: str) -> None:
    """Before enter: does the memmap fit, on which node would it lie, where may the blocks go."""
    machine = engine.open_machine(name)

    async def fill(pilot: Any, screen: MainScreen) -> None:
        for keys, said in PREVIEWS[name]:
            first, *others = keys.split()
            await press(pilot, "a", *first, *others)
            shown = " ".join(text_of(pilot.app.screen.query_one(Prose)).split())
            assert [text for text in said if text not in shown] == []
            await press(pilot, "escape")
        assert machine.history == ()
        assert machine.check() == []

    drive(machine, fill)


def test_only_the_last_request_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = guest()
    tried: list[engine.Command] = []

    def counting(state: Any, command: engine.Command) -> engine.Verdict:
        tried.append(command)
        return engine.why_not(state, command)

    async def fill(pilot: Any, screen: MainScreen) -> None:
        rested = asyncio.Event()
        monkeypatch.setattr(add, "why_not", counting)
        monkeypatch.setattr(add, "settled", rested.wait)
        await pilot.press("a", *"512M")
        assert tried == []
        rested.set()
        await pilot.app.workers.wait_for_complete()
        assert tried == [engine.Add(start=4 << 30, size=512 << 20)]

    drive(machine, fill)


def test_it_is_said_what_enter_does_where_the_keys_are() -> None:
    async def walk(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a")
        heading = pilot.app.screen.query_one(Heading)
        for keys, does in (
            ((), "adds"),
            (("tab", "tab"), "shows the list"),
            (("enter",), "chooses"),
            (("escape",), "shows"),
        ):
            await press(pilot, *keys)
            assert f"enter {does}" in "".join(span.text for span in heading.row(0))

    drive(guest(), walk)


def test_an_add_that_does_not_fit_is_not_what_enter_does() -> None:
    """The keys compare instead; the button adds for all that, and the kernel says no."""
    machine = engine.open_machine("numa-guest")

    async def ask(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a", *"256G")
        dialog = pilot.app.screen
        assert [str(button.label) for button in dialog.query(Button)] == ["Compare", "Add anyway", "Cancel"]
        assert dialog.query_one("#compare", Button).variant == "primary"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ComparisonScreen)
        await press(pilot, "escape", *("backspace",) * 4, *"1G")
        assert [str(button.label) for button in dialog.query(Button)] == ["Add", "Compare", "Cancel"]
        await press(pilot, *("backspace",) * 2, *"256G")
        await pilot.click("#add")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        assert machine.history[-1].result == "ENOMEM"

    drive(machine, ask)
