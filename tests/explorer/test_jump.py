"""Jumping: a letter on all that can be given the keys or clicked, and that its key does what a click does."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.explorer.tui.jumping import LETTERS, Target, targets
from altmap.explorer.tui.screens.jump import JumpScreen, Letter
from altmap.explorer.tui.screens.leave import LeaveDialog
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.open import OpenScreen
from altmap.explorer.tui.widgets.inspector import Inspector
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from textual.widgets import Button

from .machines import drive, guest, place_of, press, with_dimm


def letter_of(pilot: Any, x: int, y: int) -> str:
    """The letter that stands at a place."""
    screen = pilot.app.screen
    assert isinstance(screen, JumpScreen)
    return next(letter for letter, target in screen._by_letter.items() if (target.x, target.y) == (x, y))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
def test_each_place_has_a_letter_of_its_own_that_is_seen(size: tuple[int, int]) -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        places = targets(screen)
        assert 5 < len(places) <= len(LETTERS)
        assert len({(place.x, place.y) for place in places}) == len(places)
        await press(pilot, "j")
        shown = {(letter.region.x, letter.region.y): str(letter.render()) for letter in pilot.app.screen.query(Letter)}
        assert shown == {(place.x, place.y): letter for place, letter in zip(places, LETTERS, strict=False)}
        assert all(0 <= x < size[0] and 0 <= y < size[1] for x, y in shown)

    drive(with_dimm(), look, size)


def test_a_letter_does_what_a_click_does() -> None:
    async def jump(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "j", letter_at(screen, "view('memmap')"))
        assert screen.query_one(MemoryMap).view.name == "memmap"
        await press(pilot, "j", letter_at(screen, "verb('pane_zones')"))
        assert screen.query_one("#right").has_class("-show-zones")
        await press(pilot, "1", "0", "j")
        inspector = screen.query_one("#inspector", Inspector)
        await press(pilot, letter_of(pilot, inspector.content_region.x, inspector.content_region.y))
        assert inspector.has_focus

    def letter_at(screen: MainScreen, action: str) -> str:
        place = place_of(screen, action)
        return next(
            letter for letter, target in zip(LETTERS, targets(screen), strict=False) if (target.x, target.y) == place
        )

    drive(with_dimm(), jump, (120, 40))


@pytest.mark.parametrize("key", ["escape", "exclamation_mark", "down"])
def test_any_other_key_leaves_and_is_nothing_else(key: str) -> None:
    async def leave(pilot: Any, screen: MainScreen) -> None:
        cursor = screen.cursor
        await press(pilot, "j", key)
        assert (pilot.app.screen, screen.cursor) == (screen, cursor)

    drive(with_dimm(), leave)


def test_what_is_typed_in_one_burst_is_the_letter() -> None:
    async def burst(pilot: Any, screen: MainScreen) -> None:
        places: list[Target] = targets(screen)
        at = next(
            number for number, place in enumerate(places) if (place.x, place.y) == place_of(screen, "view('nodes')")
        )
        await pilot.press("j", LETTERS[at])
        await press(pilot)
        assert screen.query_one(MemoryMap).view.name == "nodes"

    drive(with_dimm(), burst, (120, 40))


def test_letters_can_be_clicked_and_dialogs_have_them_too() -> None:
    async def click(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "end", "f", "q")
        leave = pilot.app.screen
        assert isinstance(leave, LeaveDialog)
        button = leave.query_one("#stay", Button).region
        await press(pilot, "j")
        await pilot.click(
            next(letter for letter in pilot.app.screen.query(Letter) if letter.region.offset == button.offset)
        )
        await press(pilot)
        assert pilot.app.screen is screen

    drive(with_dimm(movable=8), click)


def test_a_click_beside_a_box_closes_it_and_the_list_of_machines_has_no_beside() -> None:
    async def click(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "g")
        assert pilot.app.screen is not screen
        await pilot.click(offset=(1, 1))
        await press(pilot)
        assert pilot.app.screen is screen
        await press(pilot, "O")
        await pilot.click("#card-title", offset=(0, 0))
        await press(pilot)
        assert isinstance(pilot.app.screen, OpenScreen)

    drive(guest(), click, (120, 40))
