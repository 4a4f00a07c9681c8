"""How a block, a page or several blocks are chosen: by going to them, by keys and by the mouse."""

from __future__ import annotations

from typing import Any

import pytest
from altmap import engine
from altmap.explorer.tui.places import goals
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from textual.widgets import Static

from .machines import drive, press, result, with_dimm


def test_where_a_cell_is_several_blocks_one_goes_to_the_one_that_is_meant_and_marks_whole_cells() -> None:
    async def go(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        blocks = map_.picture.cell // screen.machine.geometry.pages_per_block
        assert blocks > 1
        await press(pilot, "g", *"4201", "enter")
        assert screen.cursor == 4201
        assert result(screen).startswith("memory4201, from 0x8348000000.")
        await press(pilot, "v")
        assert screen.cursor == 4201
        await press(pilot, "shift+right", "shift+right")
        first = 4201 // blocks * blocks
        assert screen.marks == {*range(first, first + 3 * blocks)}

    drive(engine.open_machine("terabyte-server"), go, (120, 40))


def test_go_to_by_number_name_and_address() -> None:
    machine = with_dimm()
    for text, block in (
        ("35", 35),
        ("memory3", 3),
        ("0x120000000", 36),
        (" 4G ", 32),
        ("pfn 0x120000", 36),
        ("node 0", 0),
    ):
        assert goals(machine, text)[0].pfn // machine.geometry.pages_per_block == block
    with pytest.raises(engine.BadInput, match="no section covers it"):
        goals(machine, "pfn 0x999999")

    async def go(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "g", *"5G", "enter")
        assert screen.cursor == 39
        assert "There is no memory40; memory39 is nearest." in result(screen)
        await press(pilot, "g", *"33", "enter")
        assert result(screen) == "memory33, from 0x108000000."
        await press(pilot, "g", "x", "enter")
        assert "'x' is no place: say a block" in str(pilot.app.screen.query_one("#complaint", Static).render())

    drive(machine, go)


def test_the_page_that_a_refusal_named_is_gone_to() -> None:
    """A bare hexadecimal number is the page first; the address that it may be too stands below."""
    machine = engine.open_machine("firecracker-24g")
    page, address = goals(machine, "0x150c31")
    assert (page.pfn, page.page, address.pfn) == (0x150C31, True, 0x150)

    async def go(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "g", *"0x150c31", "enter")
        map_ = screen.query_one(MemoryMap)
        assert (map_.pfn, map_.scope.level, screen.cursor) == (0x150C31, "page", 42)
        await press(pilot, "g", *"0x150c31", "down", "enter")
        assert (screen.cursor, len(map_.scopes)) == (0, 1)

    drive(machine, go)


def test_the_mouse_selects_and_marks() -> None:
    machine = with_dimm()

    async def click(pilot: Any, screen: MainScreen) -> None:
        picture, pages = screen.query_one(MemoryMap).picture, machine.geometry.pages_per_block
        places = {
            picture.at(x, y): (x, y + 1)
            for y in range(picture.lines)
            for x in range(picture.gutter + 1, picture.wide - 1)
        }
        await pilot.click(MemoryMap, offset=places[33 * pages])
        assert screen.cursor == 33
        await pilot.click(MemoryMap, offset=places[35 * pages], shift=True)
        assert (screen.cursor, screen.marks) == (35, frozenset({33, 34, 35}))

    drive(machine, click)
