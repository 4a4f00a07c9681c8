"""What an operation did is seen where one looks: on the map, in the legend, in the plan, in the result."""

from __future__ import annotations

from typing import Any

import pytest
from altmap import engine
from altmap.explorer.picture.memory import MemoryPicture
from altmap.explorer.picture.use import Use
from altmap.explorer.tui import plan
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.inspector import Inspector
from altmap.explorer.tui.widgets.map_legend import MapLegend
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from altmap.explorer.tui.widgets.node_strip import NodeStrip
from altmap.explorer.tui.widgets.overview import OverviewLine

from .machines import drive, guest, press, result, stand_on, title_of, with_dimm


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


def test_a_kernel_that_is_modelled_as_another_is_named_with_both() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        assert "Linux 6.18 as 6.12" in title_of(screen.query_one(OverviewLine))

    drive(engine.open_machine("firecracker-24g", model="6.12"), look, (120, 40))


def test_what_leads_on_from_a_refusal_is_offered_until_the_next_verb_wherever_the_cursor_goes() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon", *"offline 42", "enter", "g", *"50", "enter", "right", "v", "v")
        assert "x show the page" in result(screen)
        assert "b what would go instead" in result(screen)
        await press(pilot, "x")
        assert screen.query_one(MemoryMap).pfn == 0x150DA0
        await press(pilot, "colon", *"offline 48", "enter")
        assert "x show" not in result(screen)

    drive(engine.open_machine("firecracker-24g"), look, (120, 40))


def test_the_page_in_the_way_of_a_block_is_shown_before_anything_is_refused() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "x")
        assert "no page is known to be in the way" in result(screen), "memory0 has two zones"
        await press(pilot, "f")
        assert "several zones" in result(screen)
        assert "x show the page" not in result(screen)
        await press(pilot, "u")
        await press(pilot, "g", *"42", "enter", "x")
        assert screen.query_one(MemoryMap).pfn == 0x150DA0
        assert not screen.machine.history

    drive(engine.open_machine("firecracker-24g"), look, (120, 40))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
def test_the_legend_names_all_that_is_there_before_it_says_how_much_a_cell_is(size: tuple[int, int]) -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        legend = screen.query_one(MapLegend).words
        assert all(word in legend for word in ("free", "movable", "kernel", "reserved"))
        assert ("cell" in legend) or len(legend.rstrip()) + len(" cell 16M") > size[0]

    drive(engine.open_machine("firecracker-24g"), look, size)


def test_nodes_are_told_below_a_map_that_leaves_room_for_them() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        strip = screen.query_one(NodeStrip)
        assert strip.display
        told = ["".join(span.text for span in strip.row(y)).split() for y in range(strip.size.height)]
        rows = {tuple(words[:2]): words for words in told[2:]}
        assert rows.keys() == {("0", "DMA"), ("0", "DMA32"), ("0", "Normal"), ("1", "Normal")}
        managed = machine.zones[1, "Normal"].managed * machine.geometry.page_size
        assert rows["1", "Normal"][2] == engine.about_bytes(managed)
        assert rows["1", "Normal"][-6:] == ["8G", "boot", "memory", "20", "10", "20"]
        await press(pilot, "plus")
        assert not strip.display

    machine = engine.open_machine("terabyte-server")
    drive(machine, look, (120, 40))


def test_a_map_beside_the_table_of_nodes_is_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []
    made = MemoryPicture.__init__

    def counted(self: MemoryPicture, *words: Any) -> None:
        sizes.append(words[3])
        made(self, *words)

    async def look(pilot: Any, screen: MainScreen) -> None:
        assert sizes == [(screen.query_one(MemoryMap).size.width, screen.query_one(MemoryMap).size.height)]

    monkeypatch.setattr(MemoryPicture, "__init__", counted)
    drive(engine.open_machine("terabyte-server"), look, (120, 40))


def test_a_machine_of_one_node_has_no_table_of_nodes() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        assert not screen.query(NodeStrip)

    drive(guest(), look, (120, 40))


def test_parameters_have_room_on_the_smallest_screen() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "4")
        assert screen.query_one("#parameters").size.height >= 5

    drive(guest(), look, (60, 20))


@pytest.mark.parametrize("letters", [False, True])
def test_a_line_joins_a_block_with_the_one_that_holds_its_struct_pages(letters: bool) -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        pilot.app.no_color = letters
        map_ = screen.query_one(MemoryMap)
        map_.set_view("memmap")

        def joined() -> list[str]:
            lines = ("".join(span.text for span in map_.row(y)) for y in range(map_.size.height))
            return [line for line in lines if "struct pages of" in line]

        await stand_on(pilot, 35)
        (line,) = joined()
        assert "struct pages of memory35" in line
        assert ("╭" in line) is not letters
        for block in (32, 36, 0):
            await stand_on(pilot, block)
            assert not joined(), "it hosts them itself, or is in another row, or nothing is known"

    drive(with_dimm(movable=7, placement="range"), look, (120, 40))


def test_a_map_with_folded_blocks_is_as_full_after_an_add_as_before() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon", *"add 4G at 40G", "enter")
        map_ = screen.query_one(MemoryMap)
        assert map_.picture.lines >= map_.size.height - 1

    drive(engine.open_machine("firecracker-24g"), look, (80, 24))


def test_the_inspector_takes_the_colours_of_another_theme_at_once() -> None:
    async def change(pilot: Any, screen: MainScreen) -> None:
        inspector = screen.query_one("#inspector", Inspector)
        before = [inspector.row(y) for y in range(inspector.size.height)]
        pilot.app.theme = "textual-light"
        await pilot.pause()
        after = [inspector.row(y) for y in range(inspector.size.height)]
        assert ["".join(span.text for span in line) for line in before] == [
            "".join(span.text for span in line) for line in after
        ]
        assert before != after

    drive(guest(), change)


def test_the_inspector_says_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    async def walk(pilot: Any, screen: MainScreen) -> None:
        inspector = screen.query_one("#inspector", Inspector)
        told: list[int] = []
        reload = inspector.reload

        def counted() -> None:
            told.append(screen.cursor)
            reload()

        monkeypatch.setattr(inspector, "reload", counted)
        await press(pilot, "space", "space")
        assert told == []
        await press(pilot, "right")
        assert told == [screen.cursor]

    drive(guest(), walk)
