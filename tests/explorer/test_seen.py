"""What an operation did is seen where one looks: on the map, in the legend, in the plan, in the result."""

from __future__ import annotations

from typing import Any

from altmap import engine
from altmap.explorer.picture.use import Use
from altmap.explorer.tui import plan
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.memory_map import MemoryMap

from .machines import drive, guest, press, result, stand_on, with_dimm


def picture(screen: MainScreen) -> list[str]:
    """The map, line by line, as it is drawn."""
    map_ = screen.query_one(MemoryMap)
    return [repr(map_.row(y)) for y in range(map_.size.height)]


def test_memory_that_is_taken_changes_the_map_and_is_marked() -> None:
    machine = guest()

    async def take(pilot: Any, screen: MainScreen) -> None:
        before = picture(screen)
        await press(pilot, "colon", *"allocate 64M unmovable", "enter")
        assert machine.history[-1].ok
        assert screen.query_one(MemoryMap).happening.changed
        await press(pilot, "right", "left")
        assert not screen.query_one(MemoryMap).happening.changed
        assert picture(screen) != before

    drive(machine, take)


def test_the_legend_names_what_is_there_and_nothing_else() -> None:
    machine = guest()

    async def look(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)

        def words() -> set[str]:
            found = machine.summary(map_.scope.start, map_.scope.pages)
            return {entry.word for entry in Use.entries(map_.scene, found)}

        assert not words() & {"memmap", "huge", "pinned", "offline", "poisoned"}
        await press(pilot, "colon", *"add 128M at 4G", "enter")
        assert "offline" in words()
        assert "huge" not in words()

    drive(machine, look)


def test_one_verb_over_many_blocks_is_one_chip_of_the_plan() -> None:
    machine = with_dimm()

    async def many(pilot: Any, screen: MainScreen) -> None:
        before = len(plan.chips(screen.session))
        await stand_on(pilot, 32)
        await press(pilot, "d", "m")
        assert len(machine.history) == 1 + 8
        assert len(plan.chips(screen.session)) == before + 1

    drive(machine, many)


def test_pages_that_moved_are_told_with_where_they_went() -> None:
    machine = with_dimm(movable=2)
    assert machine.apply(engine.Allocate(size="8M", kind="movable", zone="Movable")).ok

    async def move(pilot: Any, screen: MainScreen) -> None:
        holder = next(nr for nr in (32, 33) if machine.sections[nr].count("movable"))
        other = 65 - holder
        await stand_on(pilot, holder)
        await press(pilot, "f")
        assert machine.blocks[holder].state == "offline"
        assert machine.sections[other].count("movable")
        assert f"memory{other}" in result(screen)

    drive(machine, move)
