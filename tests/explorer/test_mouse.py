"""Everything by mouse: the footer, the help behind it, views, panes, the plan, the map, the wheel and dragging."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.explorer.tui.screens.help import HelpText
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.keys import Keys
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from altmap.explorer.tui.widgets.overview import OverviewLine
from textual import events

from .machines import drive, place_of, press, stand_on, text_of, with_dimm
from .quiet import undrawn

SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]


async def click(pilot: Any, widget: Any, x: int, y: int) -> None:
    with undrawn():
        await pilot.click(widget, offset=(x, y))
    await press(pilot)


async def click_word(pilot: Any, screen: MainScreen, action: str) -> None:
    """Click the word that is for an action."""
    x, y = place_of(screen, action)
    await click(pilot, None, x + 1, y)


def seen(pilot: Any, screen: MainScreen) -> tuple[object, ...]:
    """What a key of the footer may change: what is on top, the state, what the map shows, what is said."""
    map_ = screen.query_one(MemoryMap)
    present, said = screen.machine.timeline.present.number, screen.query_one(ResultBar).text
    return pilot.app.screen, present, map_.view, len(map_.scopes), said


@pytest.mark.parametrize("size", SIZES)
def test_each_key_of_the_footer_is_pressed_by_a_click(size: tuple[int, int]) -> None:
    async def by_mouse(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 33)
        clicked = set[str]()
        for action in sorted({key.binding.action for _, key in screen.query_one(Keys).placed} - {"verb('quit')"}):
            placed = screen.query_one(Keys).placed
            column = next((column for column, key in placed if key.binding.action == action), None)
            if column is not None:  # what was done before may have left it out
                before = seen(pilot, screen)
                await click(pilot, Keys, column + 1, 0)
                assert seen(pilot, screen) != before, action
                clicked.add(action)
            while pilot.app.screen is not screen:
                await press(pilot, "escape")
        assert len(clicked) >= 5, clicked

    drive(with_dimm(movable=4), by_mouse, size)


@pytest.mark.parametrize("size", SIZES)
def test_a_verb_that_the_footer_has_no_room_for_is_clicked_in_the_help(size: tuple[int, int]) -> None:
    async def by_mouse(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 33)
        column = next(column for column, key in screen.query_one(Keys).placed if key.binding.action == "verb('help')")
        await click(pilot, Keys, column + 1, 0)
        text = pilot.app.screen.query_one(HelpText)
        row = next(at for at, line in enumerate(text_of(text).split("\n")) if "Mark the whole device" in line)
        while not text.scroll_offset.y <= row < text.scroll_offset.y + text.size.height - 1:
            await pilot._post_mouse_events([events.MouseScrollDown], widget=text, offset=(5, 2))
            await press(pilot)
        await click(pilot, text, 12, row - text.scroll_offset.y)
        assert pilot.app.screen is screen
        assert screen.marks == frozenset(range(32, 40))

    drive(with_dimm(movable=4), by_mouse, size)


@pytest.mark.parametrize("size", SIZES)
def test_views_panes_states_and_places_are_clicked(size: tuple[int, int]) -> None:
    async def by_mouse(pilot: Any, screen: MainScreen) -> None:
        await click_word(pilot, screen, "view('zones')")
        assert screen.query_one(MemoryMap).view.name == "zones"
        await click_word(pilot, screen, "verb('pane_log')")
        assert screen.query_one("#right").has_class("-show-log")
        await click(pilot, OverviewLine, size[0] - 12, 1)
        assert screen.cursor in range(32, 40)
        present = screen.machine.timeline.present.number
        await click_word(pilot, screen, "go_to_state(0)")
        assert (present, screen.machine.timeline.present.number) == (5, 0)

    drive(with_dimm(movable=4), by_mouse, size)


@pytest.mark.parametrize("size", SIZES)
def test_blocks_are_marked_by_dragging_and_zoomed_by_the_wheel_and_twice(size: tuple[int, int]) -> None:
    async def by_mouse(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        pages = screen.machine.geometry.pages_per_block
        places = {
            pfn // pages: (x, y + map_.gutter.top)
            for y in range(map_.size.height)
            for x in range(map_.picture.gutter, map_.size.width)
            if (pfn := map_.picture.at(x, y)) is not None
        }
        await pilot.mouse_down(MemoryMap, offset=places[33])
        await pilot.hover(MemoryMap, offset=places[35])
        await pilot.mouse_up(MemoryMap, offset=places[35])
        await press(pilot)
        assert screen.marks == {33, 34, 35}
        await pilot._post_mouse_events([events.MouseScrollUp], widget=MemoryMap, offset=places[34])
        await press(pilot)
        assert (map_.scope.level, map_.cursor) == ("block", 34)
        await pilot._post_mouse_events([events.MouseScrollDown], widget=MemoryMap, offset=places[34])
        await press(pilot)
        assert map_.scope.level == "machine"
        await pilot.click(MemoryMap, offset=places[36], times=2)
        await press(pilot)
        assert (map_.scope.level, map_.cursor) == ("block", 36)

    drive(with_dimm(movable=4), by_mouse, size)


def test_a_text_that_a_double_click_chooses_is_drawn() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        for y in range(1, 28, 3):
            for x in (5, 57, 90):
                await pilot.click(offset=(x, y), times=2)
                await pilot.pause()
        assert screen.get_component_styles("screen--selection").background

    drive(with_dimm(), look)
