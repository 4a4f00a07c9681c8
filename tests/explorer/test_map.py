"""What is done on the map: the way to the memmap and back, what changed, what would go instead, the mouse."""

from __future__ import annotations

from typing import Any

from altmap import engine
from altmap.explorer.picture.memmap import Memmap
from altmap.explorer.picture.memory import MemoryPicture
from altmap.explorer.tui import states
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.why import WhyScreen
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.head_strip import HeadStrip
from altmap.explorer.tui.widgets.inspector import Inspector
from altmap.explorer.tui.widgets.kernel_log import KernelLog
from altmap.explorer.tui.widgets.levels import Levels
from altmap.explorer.tui.widgets.map_legend import MapLegend
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from altmap.explorer.tui.widgets.painted import Scroller
from altmap.explorer.tui.widgets.prose import Prose
from textual import events

from .machines import drawn, drive, guest, press, result, stand_on, text_of, title_of, with_dimm


def said(pane: Scroller) -> str:
    """All that a pane says."""
    return pane.words


def test_the_legend_names_all_that_just_fits() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "end")
        assert "guessed" in screen.query_one(MapLegend).words

    drive(engine.open_machine("mixed-guest"), look, (80, 24))


def test_a_free_area_that_is_larger_than_a_pageblock_is_one_of_its_order() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "g", *"pfn 0x110400", "enter")
        lines = screen.query_one(Inspector).words.split("\n")
        at = next(number for number, line in enumerate(lines) if "its free areas by order" in line)
        assert lines[at].split()[-1] == "10"
        assert lines[at + 2].split() == ["·"] * 10 + ["1"]

    drive(with_dimm(movable=4), look, (120, 40))


def test_without_colour_capitals_are_explained_and_a_memmap_that_is_not_seen_is_not_called_a_rest() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        legend = screen.query_one(MapLegend)
        assert "M capital: half or more" in legend.words
        await press(pilot, "v", "v")
        assert "no struct pages are seen here" in legend.words

    drive(engine.open_machine("firecracker-24g"), look, (80, 24), letters=True)


def test_the_memmap_link_in_both_directions() -> None:
    machine = with_dimm("rfc-v2", movable=7)

    async def follow(pilot: Any, screen: MainScreen) -> None:
        map_, inspector = screen.query_one(MemoryMap), screen.query_one("#inspector", Inspector)
        await stand_on(pilot, 35)
        assert map_.overlay.hosts == {32}
        assert map_.linked == {32: ((1 << 512) - 1) << 0x600}
        assert "pfn 0x100600-0x1007ff" in said(inspector)
        map_.set_view("memmap")
        await press(pilot)
        head = screen.query_one(HeadStrip)
        assert head.display
        assert [number in head.render_line(2).text for number in ("32", "35", "39")] == [True] * 3
        assert "in 32 +6M" in "".join(map_.render_line(y).text for y in range(map_.size.height))
        await press(pilot, "h")
        assert (screen.cursor, map_.overlay.hosts) == (32, frozenset())
        await press(pilot, "h")
        assert screen.cursor == 35
        map_.zoom_to_page(0x100600)
        await press(pilot)
        assert map_.linked == {35: (1 << 64) - 1}
        assert "describes   pfn 0x118000-0x11803f" in said(inspector)
        await press(pilot, "h")
        assert map_.pfn == 0x118000
        assert map_.linked == {32: 1 << 0x600}
        await press(pilot, "h")
        assert map_.pfn == 0x100600

    drive(machine, follow, (120, 40))


def test_memmap_on_another_node_is_marked() -> None:
    machine = engine.boot_machine([(0, 0, "2G"), (1, "2G", "512M")], nodes=3)
    assert machine.apply(engine.Add(start="4G", size="256M", node=2, placement="boot")).ok

    async def look(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        assert "off node" in said(screen.query_one("#inspector", Inspector))
        host = next(iter(screen.query_one(MemoryMap).overlay.hosts))
        caption = "".join(span.text for span in Memmap.caption(screen.query_one(MemoryMap).scene, 32, 24))
        assert f"in {host}, node {machine.blocks[host].node}!" in caption

    drive(machine, look, (120, 40))


def test_what_an_operation_changed_is_marked_until_the_next_key() -> None:
    machine = engine.open_machine("firecracker-24g")

    async def change(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        before = drawn(map_)
        await press(pilot, "colon", *"allocate", "space", *"64M", "space", *"unmovable", "enter")
        assert sum(pages.bit_count() for pages in map_.happening.changed.values()) == 16384
        assert "16,384 kernel pages new in 18 blocks of Normal, most in memory32" in result(screen)
        marked = drawn(map_)
        assert marked != before
        await press(pilot, "v", "V")
        assert map_.happening.changed == {}
        assert drawn(map_) not in (before, marked)
        moved = machine.outlook(37).moves
        await stand_on(pilot, 37)
        await press(pilot, "f")
        assert map_.happening.changed[37] == (1 << 32768) - 1
        assert f"{moved:,} movable pages moved to" in result(screen)
        await press(pilot, "u")
        assert f"{moved:,} movable pages moved to memory37" in result(screen)

    drive(machine, change, (120, 40))


def test_a_batch_carries_its_reasons() -> None:
    machine = engine.open_machine("firecracker-24g")

    async def refuse(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        await press(pilot, "colon", *"offline", "space", *"60-70", "enter")
        words = dict.fromkeys((60, 61, 62, 63, 67), "slab") | dict.fromkeys((68, 69, 70), "reserved")
        assert map_.notes == words
        assert sum(map_.render_line(y).text.count("✗ slab") for y in range(map_.size.height)) == 5
        assert "3 of 11 done; 5 × EBUSY slab (memory60-63, memory67); 3 × EBUSY reserved" in result(screen)
        await press(pilot, "w")
        why = pilot.app.screen
        assert isinstance(why, WhyScreen)
        told = text_of(why.query_one(Prose))
        assert told.startswith("offline 60-70: 8 of 11 refused, 3 done")
        assert "5 blocks, memory60-63, memory67: EBUSY" in told
        assert "3 blocks, memory68-70: EBUSY" in told
        await press(pilot, "escape", "3")
        assert [row.command for row in states.rows(machine, screen.session.verb_of)] == [
            "the beginning",
            "offline 60-70",
        ]
        assert said(screen.query_one("#log", KernelLog)).count("❯") == 1
        await press(pilot, "u")
        assert map_.notes == {}

    drive(machine, refuse, (120, 40))


def test_what_would_go_instead() -> None:
    machine = engine.open_machine("firecracker-24g")

    async def ask(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 42)
        await press(pilot, "f")
        assert "b what would go instead" in result(screen)
        await press(pilot, "b")
        answers = screen.verdicts.answers()
        assert screen.marks == frozenset(answers["yes"]) >= {64, 65, 66}
        assert 42 in answers["no"]
        assert "closest to going: memory41, 76 pages in the way" in result(screen)
        screen.query_one(MemoryMap).set_view("can it go")
        await press(pilot)
        inspector = said(screen.query_one("#inspector", Inspector))
        assert "192 of 192 asked" in inspector
        assert "two zones" in inspector
        assert machine.outlook(0).answer == "never"

    drive(machine, ask, (120, 40))


def test_what_may_go_instead_is_not_called_none() -> None:
    async def ask(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "b")
        assert screen.cursor == 0, "of two zones"
        assert "no other block of its node is sure to go; memory1-7 may" in result(screen)
        assert not screen.marks
        await stand_on(pilot, 3)
        await press(pilot, "b")
        assert "no other block of DMA32 of node 0 is sure to go; memory1-2, memory4-7 may" in result(screen)

    drive(engine.open_machine("numa-guest"), ask, (120, 40))


def test_the_levels_below_the_cursor() -> None:
    machine = engine.open_machine("firecracker-24g")

    async def look(pilot: Any, screen: MainScreen) -> None:
        assert not screen.query(Levels)
        await pilot.resize_terminal(200, 60)
        await stand_on(pilot, 42)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        levels = screen.query_one(Levels)
        assert levels.pfn == 0x150C31, "what is in the way of the block is worth a look"
        text = [levels.render_line(y).text for y in range(levels.size.height)]
        assert "memory42" in text[0]
        assert any("pageblock 6" in line for line in text)
        assert any("free areas of memory42" in line for line in text)
        assert "slab" in said(screen.query_one("#page", Inspector))
        assert "Normal" in said(screen.query_one("#zones-under", Scroller))
        await pilot.click(Levels, offset=(20, 4))
        assert screen.query_one(MemoryMap).scope.level == "page"
        await pilot.resize_terminal(120, 40)
        assert not screen.query_one(Levels).region
        await press(pilot, "minus", "minus")
        assert screen.depth == 0

    drive(machine, look, (120, 40))


def test_the_mouse_does_what_keys_do() -> None:
    machine = with_dimm(movable=4)

    async def point(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        await stand_on(pilot, 0)
        await press(pilot, "f")
        bar = screen.query_one(ResultBar)
        at = bar.render_line(1).text.index("w what")
        await pilot.click(ResultBar, offset=(at, 2))
        await press(pilot)
        assert isinstance(pilot.app.screen, WhyScreen)
        await press(pilot, "escape")
        line = next(y for y in range(map_.size.height) if map_.picture.at(20, y) == 32 * 32768)
        await pilot.click(MemoryMap, offset=(20, line + 1))
        assert screen.cursor == 32
        await pilot._post_mouse_events([events.MouseScrollUp], widget=MemoryMap, offset=(20, line + 1))
        await press(pilot)
        assert (map_.scope.level, screen.depth) == ("block", 1)
        await pilot._post_mouse_events([events.MouseScrollDown], widget=MemoryMap, offset=(20, line + 1))
        await press(pilot)
        assert screen.depth == 0
        await pilot.click(MemoryMap, offset=(title_of(map_).index("zones"), 0))
        assert map_.view.name == "zones"

    drive(machine, point, (120, 40))


def test_two_marks_of_one_block_are_both_seen() -> None:
    machine = with_dimm("rfc-v2", movable=7)

    async def look(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        await stand_on(pilot, 35)
        map_.mark({32})
        await press(pilot)
        palette = map_.scene.palette
        y = map_.picture.lines_of(32 * 32768)[1]
        first = map_.picture.gutter
        line = map_.picture.line(y, map_.overlay)
        column, colours = 0, {}
        for span in line:
            colours.update(dict.fromkeys(range(column, column + len(span.text)), (span.fore, span.back)))
            column += len(span.text)
        right = first + map_.picture.plan.shape.wide  # type: ignore[union-attr]
        assert palette.key in colours[first - 1]
        assert palette.kinds["memmap"] in colours[right]

    drive(machine, look, (120, 40))


def test_a_foreign_theme_is_whole() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        for theme in ("nord", "solarized-light"):
            pilot.app.theme = theme
            await press(pilot)
            palette = screen.query_one(MemoryMap).scene.palette
            assert palette.kinds["absent"] == palette.ground
            ground = screen.query_one(MemoryMap).background_colors[1].rgb
            assert palette.ground == ground[0] << 16 | ground[1] << 8 | ground[2]

    drive(guest(), look)


def test_memmap_in_the_block_itself_is_gone_to_and_back_and_said() -> None:
    async def jump(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        await press(pilot, "g", *"33", "enter", "h")
        assert (map_.scope.level, map_.pfn) == ("page", 0x108000)
        assert "pfn 0x108000-0x1081ff, in the same block; h leads back" in result(screen)
        await press(pilot, "h")
        assert (map_.scope.level, map_.cursor) == ("machine", 33)
        assert "back at 0x108000" in result(screen)
        await press(pilot, "g", *"pfn 0x108000", "enter", "h")
        assert "it describes pfn 0x108000-0x10803f, in the same block: this page itself among them" in result(screen)
        await press(pilot, "g", *"pfn 0x108100", "enter", "h")
        assert (map_.pfn, "it describes pfn 0x10c000" in result(screen)) == (0x10C000, True)

    drive(engine.open_machine("mixed-guest"), jump, (120, 40))


def test_a_map_that_would_leave_much_of_its_width_empty_has_smaller_cells() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "z")
        picture = screen.query_one(MemoryMap).picture
        assert isinstance(picture, MemoryPicture)
        shape = picture.plan.shape
        assert shape.per_row * (shape.wide + shape.gap) * 4 >= (picture.wide - picture.gutter) * 3
        assert picture.lines <= picture.high

    for size in ("21G", "24G", "40G"):
        drive(engine.boot_machine([(0, 0, size)], name="big"), look, (120, 40))


def test_without_colour_never_is_not_drawn_as_no_and_each_number_is_that_of_its_block() -> None:
    machine = engine.open_machine("firecracker-24g")

    async def look(pilot: Any, screen: MainScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        await press(pilot, "v", "v", "v")
        lines = ["".join(span.text for span in map_.row(y)) for y in range(map_.size.height)]
        fifth = next(line for line in lines if "5G" in line).split("5G")[1]
        assert lines[0].split("[")[1].split()[:4] == ["0", "-", "]1", "✓"]
        assert fifth.split() == [word for nr in range(40, 48) for word in (f"{nr}", "?" if nr == 40 else "✗")]

    drive(machine, look, (80, 24), letters=True)


def test_an_unfolded_map_says_how_it_is_folded_again_and_has_bars_below_all_tiles_or_none() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        map_, legend = screen.query_one(MemoryMap), screen.query_one(MapLegend)
        map_.set_view("can it go")
        assert "z folds" not in legend.words
        await press(pilot, "z")
        assert "z folds" in legend.words
        assert isinstance(map_.picture, MemoryPicture)
        assert {*map_.picture.plan.highs} == {1, 2}
        assert not any("▄" in span.text for y in range(map_.size.height) for span in map_.row(y))

    drive(engine.open_machine("firecracker-24g"), look, (120, 40))


def test_a_single_block_that_was_drawn_before_it_was_asked_shows_its_answer_and_its_legend_what_is_there() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        map_, legend = screen.query_one(MemoryMap), screen.query_one(MapLegend)
        await stand_on(pilot, 1)
        map_.set_view("can it go")
        await press(pilot, "plus")
        unknown = map_.scene.palette.verdicts["not known"]
        assert all(any(span.back == unknown for span in map_.row(y)) for y in range(map_.size.height))
        assert "not known" in legend.words
        assert "never" not in legend.words
        assert "Movable pageblocks" in legend.words

    drive(engine.open_machine("numa-guest"), look, (120, 40))
