"""What if, on its screen: what varies, what is picked and done; by keys and by mouse."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from altmap import engine
from altmap.explorer.comparison_table import comparison_text
from altmap.explorer.tui.screens import comparison
from altmap.explorer.tui.screens.add import AddDialog
from altmap.explorer.tui.screens.boot import BootDialog
from altmap.explorer.tui.screens.comparison import ComparisonScreen, Pictures, Table
from altmap.explorer.tui.screens.error import ErrorScreen
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.take_home import TakeHomeDialog
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.prose import Prose
from altmap.explorer.tui.widgets.title import Strip
from textual.screen import Screen

from .machines import at_rest, drive, guest, press, text_of


def _seen(pilot: Any, kind: type[Screen[Any]]) -> bool:
    return isinstance(pilot.app.screen, kind)


def words(pilot: Any) -> str:
    """All that the pictures say."""
    pictures = pilot.app.screen.query_one(Pictures)
    return "\n".join("".join(span.text for span in pictures.row(y)) for y in range(pictures.size.height))


async def settled(pilot: Any) -> None:
    """Wait for what was set going."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def bar(pilot: Any) -> str:
    """What the result bar of the screen says."""
    return str(pilot.app.screen.query_one(ResultBar).text)


def test_the_chosen_alternative_is_done_on_this_machine() -> None:
    machine = guest()

    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a", *"512M", "f2")
        assert isinstance(pilot.app.screen, ComparisonScreen)
        assert "enter does it on this machine" in bar(pilot)
        assert len(machine.history) == 0
        await press(pilot, "enter")
        assert screen.is_current
        assert sorted(machine.blocks)[8:] == [32, 33, 34, 35]
        assert {machine.blocks[nr].zone for nr in (32, 35)} == {(0, "Movable")}
        assert machine.blocks[32].head == 512
        await press(pilot, "u")
        assert 32 not in machine.blocks, "it is one verb"

    drive(machine, compare, (120, 40))


def test_one_that_takes_another_boot_opens_a_machine_that_has_it() -> None:
    machine = guest()

    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"512M", "enter", "left", "left")
        assert "in another kernel" in bar(pilot)
        await press(pilot, "enter")
        assert _seen(pilot, BootDialog)
        assert "memmap_on_memory=N" in text_of(pilot.app.screen.query_one(Prose))
        await press(pilot, "enter")
        await settled(pilot)
        assert _seen(pilot, MainScreen)
        other = pilot.app.screen.machine
        assert other is not machine
        assert (other.settings.memmap_on_memory, other.blocks[32].head) == ("N", 0)
        assert other.blocks[35].state == "online"
        assert len(machine.history) == 0
        await press(pilot, "u", "u")
        assert pilot.app.screen is screen

    drive(machine, compare, (120, 40))


def test_what_a_boot_leaves_behind_is_said_before_it_and_can_be_left() -> None:
    machine = engine.open_machine("mixed-guest")

    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"1G", "enter", "left", "left", "enter")
        words = " ".join(text_of(pilot.app.screen.query_one(Prose)).split())
        assert "would not be online any more" in words
        await pilot.click("#cancel")
        await settled(pilot)
        assert pilot.app.screen is screen
        assert screen.machine is machine
        assert len(machine.history) == 0

    drive(machine, compare, (120, 40))


def test_what_varies_is_chosen_by_key_and_by_click() -> None:
    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"1G", "enter", "tab")
        assert "4.18 to 6.7" in words(pilot)
        await press(pilot, "tab")
        assert "512M" in words(pilot)
        await press(pilot, "shift+tab", "shift+tab")
        assert "head of each block" in words(pilot)
        title = pilot.app.screen.query_one("#compare-title", Strip)
        at = "".join(span.text for span in title.row(0)).index("online types")
        await pilot.click(title, offset=(at + 1, 0))
        await settled(pilot)
        assert "in ZONE_MOVABLE" in words(pilot)
        await press(pilot, "k")
        assert "rfc-v2" in words(pilot)

    drive(guest(), compare, (120, 40))


def test_a_column_is_chosen_by_click_and_done_by_two() -> None:
    machine = guest()

    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"512M", "enter")
        pictures = pilot.app.screen.query_one(Pictures)
        await pilot.click(pictures, offset=(95, 10))
        assert pictures.chosen == 3
        assert "sections" in bar(pilot)
        await pilot.click(pictures, offset=(65, 10))
        assert pictures.chosen == 2
        await pilot.click(pictures, offset=(65, 10), times=2)
        await settled(pilot)
        assert 32 in machine.blocks

    drive(machine, compare, (120, 40))


def test_columns_scroll_where_there_is_no_room_for_all() -> None:
    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"1G", "enter")
        assert "head of each block" in words(pilot)
        assert "in kernel memory" not in words(pilot)
        await press(pilot, "left", "left", "left")
        assert "in kernel memory" in words(pilot)
        await press(pilot, "right", "right", "right", "right")
        assert "low sections" in words(pilot)

    drive(guest(), compare, (60, 20))


@pytest.mark.parametrize("what", ["placements", "block sizes"])
def test_where_many_stand_side_by_side_what_each_needs_is_not_cut(what: str) -> None:
    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"1G", "enter")
        pilot.app.screen.action_vary(what)
        await at_rest(pilot.app)
        await press(pilot)
        pictures = pilot.app.screen.query_one(Pictures)
        lines = ["".join(span.text for span in pictures.row(y)) for y in (1, 2)]
        assert "…" not in "".join(lines)
        first, second = ("option b,", "unreleased") if what == "placements" else ("by the memory at", "boot, no option")
        assert first in lines[0]
        assert second in lines[1]

    drive(guest(), compare, (80, 24))


def test_only_those_that_a_released_kernel_has() -> None:
    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"1G", "enter", "p")
        assert "RFC" not in words(pilot)
        assert "head of each block" in words(pilot)
        assert pilot.app.screen.chosen == 2, "the same one is chosen"
        await press(pilot, "p")
        assert "in no released kernel" in words(pilot)

    drive(guest(), compare, (120, 40))


def test_all_numbers_and_what_can_be_taken_home() -> None:
    machine = guest()

    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"512M", "enter", "t")
        assert isinstance(pilot.app.screen, Table)
        prose = pilot.app.screen.query_one(Prose)
        table = engine.compare(machine, engine.Add(start=4 << 30, size=512 << 20))
        assert text_of(prose).split() == comparison_text(table, prose.scrollable_content_region.width).split()
        await press(pilot, "escape", "y")
        assert isinstance(pilot.app.screen, TakeHomeDialog)
        await press(pilot, "enter")
        assert pilot.app.clipboard == comparison_text(table)

    drive(machine, compare, (120, 40))


def test_one_that_would_be_refused_is_not_done() -> None:
    machine = engine.open_machine("tiny-guest")

    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"16G", "enter", "enter")
        assert "ENOMEM" in bar(pilot)
        assert isinstance(pilot.app.screen, ComparisonScreen)
        await press(pilot, "s")
        assert isinstance(pilot.app.screen, AddDialog)
        assert len(machine.history) == 0

    drive(machine, compare, (120, 40))


def test_a_comparison_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what it is at; what comes of it after escape is dropped."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(machine: engine.Machine, request: engine.Add, what: str, watched: Any) -> engine.Varied:
        begun.set()
        go_on.wait()
        return engine.vary(machine, request, what, watched=watched)

    async def stop(pilot: Any, screen: MainScreen) -> None:
        monkeypatch.setattr(comparison, "vary", slow)
        await press(pilot, "c")
        await pilot.press("enter")
        await asyncio.to_thread(begun.wait)
        await pilot.pause()
        assert "Comparing placements" in words(pilot)
        await pilot.press("escape")
        go_on.set()
        await settled(pilot)
        assert isinstance(pilot.app.screen, AddDialog)

    drive(guest(), stop)


def test_a_fault_of_the_engine_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*request: object, watched: object) -> engine.Varied:
        raise RuntimeError("a fault")

    async def ask(pilot: Any, screen: MainScreen) -> None:
        monkeypatch.setattr(comparison, "vary", broken)
        await press(pilot, "c", "enter")
        assert isinstance(pilot.app.screen, ErrorScreen)

    drive(guest(), ask)
