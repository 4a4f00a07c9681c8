"""What a search on the map finds, how it looks, and what is said of it."""

from __future__ import annotations

from typing import Any

from altmap import engine
from altmap.explorer.picture.colour import lab
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.search_line import SearchLine
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from textual import events
from textual.widgets import Input, Static

from .machines import drawn, drive, press, result, with_dimm


def type_at_once(pilot: Any, text: str) -> None:
    """Send keys as a terminal does that is faster than the screen."""
    for letter in text:
        pilot.app.post_message(events.Key({" ": "space", "/": "slash"}.get(letter, letter), letter))


def test_what_is_offline_and_found_is_told_from_what_is_dimmed() -> None:
    """The hatch of offline blocks is about as dark as what is dimmed; a found one is lit."""

    async def find(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        line = map_.picture.lines_of(36 << 15)[-1]
        dark = next(span for span in map_.row(line) if "░" in span.text)
        type_at_once(pilot, "/offline")
        await press(pilot, "enter")
        lit = next(span for span in map_.row(line) if "░" in span.text)
        assert dark.fore is not None
        assert lit.fore is not None
        assert lit.back == dark.back
        assert lab(lit.fore).light > lab(dark.fore).light + 0.2

    drive(with_dimm(movable=4), find, (80, 24))


def test_a_search_dims_what_it_does_not_find() -> None:
    machine = engine.open_machine("firecracker-24g")
    slab = {nr for nr in machine.blocks if machine.sections[nr].count("slab")}

    async def find(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        before = drawn(map_)
        type_at_once(pilot, "/slab")
        await press(pilot)
        line = pilot.app.screen
        assert isinstance(line, SearchLine)
        assert line.query_one(Input).value == "slab"
        assert screen.hits == frozenset(slab)
        assert f"has slab pages: {len(slab)} of 192 blocks" in str(line.query_one("#complaint", Static).render())
        await press(pilot, "enter")
        assert drawn(map_) != before
        first, second, *_, last = sorted(slab)
        assert screen.cursor == first
        assert f"{len(slab)} of 192 blocks" in result(screen)
        assert "n next" in result(screen)
        await press(pilot, "n")
        assert screen.cursor == second
        await press(pilot, "N", "N")
        assert screen.cursor == last
        await press(pilot, "slash", *"sl", "enter")
        assert isinstance(pilot.app.screen, SearchLine), "what means nothing is explained, and stays"
        assert "'sl' is nothing to search for" in str(pilot.app.screen.query_one("#complaint", Static).render())
        await press(pilot, "escape")
        assert screen.hits == frozenset(slab), "leaving the line leaves the search as it was"
        await press(pilot, "escape")
        assert map_.hits is None
        assert "no search" in result(screen)
        await press(pilot, "home")
        assert drawn(map_) == before

    drive(machine, find)


def test_blocks_are_found_by_all_that_they_are() -> None:
    machine = with_dimm("rfc-v2", movable=4)

    async def find(pilot: Any, screen: MainScreen) -> None:
        for text, blocks in (
            ("offline", range(36, 40)),
            ("Movable", range(32, 36)),
            ("zone dma32 node 0", range(1, 8)),
            ("node 1", ()),
            ("hot-added online", range(32, 36)),
            ("hosts foreign memmap", (32,)),
            ("memmap", (32,)),
            ("can go, hot-added", range(32, 36)),
            ("never", (0,)),
        ):
            screen.search(text)
            await pilot.app.workers.wait_for_complete()
            assert screen.hits == frozenset(blocks), text

    drive(machine, find)


def test_a_page_is_found_where_a_cell_is_more_than_a_block() -> None:
    async def find(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        assert map_.picture.cell > screen.machine.geometry.pages_per_block
        await press(pilot, "g", *"pfn 0x3000123", "enter")
        assert (map_.scope.level, map_.pfn) == ("page", 0x3000123)
        assert [scope.level for scope in map_.scopes][-2:] == ["block", "page"]

    drive(engine.open_machine("terabyte-server"), find, (60, 20))


def test_a_search_for_answers_says_what_it_found_when_all_were_asked() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "slash", *("space" if sign == " " else sign for sign in "can go"), "enter")
        assert "26 of 192 blocks" in result(screen)
        assert "not asked" not in result(screen)
        assert screen.cursor in (screen.query_one(MemoryMap).hits or ())

    drive(engine.open_machine("firecracker-24g"), look)
