"""What if: alternatives as pictures, what varies, what is picked; by keys and by mouse."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from altmap import engine
from altmap.engine.questions.compare import Alternative
from altmap.explorer.comparison_table import comparison_text
from altmap.explorer.picture.compared import ComparedPicture, Look, in_sight, needs, released
from altmap.explorer.picture.lines import width
from altmap.explorer.picture.palette import DARK
from altmap.explorer.tui.picked import picked
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

from .machines import drive, guest, press, text_of

SIZES = [(60, 15), (80, 19), (120, 35), (200, 55)]


def _seen(pilot: Any, kind: type[Screen[Any]]) -> bool:
    return isinstance(pilot.app.screen, kind)


def varied(what: str = "placements", name: str = "small-guest", size: str = "1G", at: str = "4G") -> engine.Varied:
    """Alternatives of an add."""
    return engine.vary(engine.open_machine(name), engine.Add(start=at, size=size), what)


def drawn(found: engine.Varied, size: tuple[int, int], halves: int = 2, name: str = "small-guest") -> list[str]:
    """The words of the picture of all of them."""
    picture = ComparedPicture(engine.open_machine(name), found, range(len(found.names)))
    lines = picture.lines(Look(size, DARK, halves))
    assert all(width(line) <= size[0] for line in lines)
    return ["".join(span.text for span in line) for line in lines]


# -- the picture --------------------------------------------------------------------------------------------------------


def test_no_word_of_the_picture_is_cut_at_the_end_of_a_column() -> None:
    found = varied(name="numa-guest", size="4G")
    said = [
        line for wide in range(76, 90) for line in drawn(found, (wide, 19), name="numa-guest") if "memory now" in line
    ]
    assert {word for line in said for word in line.split()} <= {"memory", "now", "1.50G", "64M", "memmap"}
    assert any("64M" in line for line in said)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("what", engine.VARIES)
def test_the_picture_is_as_high_as_it_is_to_be_and_no_wider(what: str, size: tuple[int, int]) -> None:
    for halves in (1, 2):
        assert len(drawn(varied(what), size, halves)) == size[1]


def test_where_columns_are_narrow_what_the_memmap_takes_is_whole_words() -> None:
    found = varied(name="numa-guest")
    for size in ((60, 15), (80, 19)):
        (line,) = (line for line in drawn(found, size, name="numa-guest") if "hole" in line)
        assert line.count("memmap") == line.count("hole") == in_sight(len(found.names), size[0])


def test_what_differs_has_a_line_and_what_does_not_has_none() -> None:
    lines = drawn(varied(), (120, 35))
    text = "\n".join(lines)
    assert text.count("takes at once") == 4
    assert "16.1M" in text
    assert "8 of 8◆" in text
    assert text.count("MemFree then") == 1
    assert "same in all MemFree then 1.83G" in lines[-1]
    assert "3G hole" in text


def test_what_tells_alternatives_apart_is_said_in_a_sentence_and_by_signs_that_the_legend_has() -> None:
    found = varied()
    picture = ComparedPicture(engine.open_machine("small-guest"), found, range(4))
    said = [picture.against(at) for at in range(4)]
    assert found.names == ("boot", "range", "block", "sections")
    assert said[1].startswith("the same numbers as sections; goes alone 7 of 8 (best 8 of 8), ")
    assert said[3].startswith("the same numbers as range; goes alone 7 of 8 (best 8 of 8), ")
    assert "takes at once 16.1M (best 64K)" in said[0]
    assert "longest run 126M (best 1G)" in said[2]
    assert "✗ does not" in drawn(found, (120, 35))[-1]
    alone = ComparedPicture(engine.open_machine("small-guest"), found, [2])
    assert alone.against(2) == ""
    assert "✗" not in "".join(span.text for span in alone.lines(Look((120, 35), DARK, 2))[-1])


def test_the_memmap_is_where_it_lies() -> None:
    """In letters: in the memory that is there, at the head of the range, of each block; a block that cannot go has its sign."""
    lines = drawn(varied(), (120, 35), halves=1)
    assert "16M memmap" in next(line for line in lines if line.startswith("memory now"))[:30]
    head = next(line for line in lines if line.lstrip().startswith("32 "))
    columns = [head[at : at + 29] for at in (0, 30, 60, 90)]
    assert ["#" in column for column in columns] == [False, True, True, True]
    assert [column.count("#") for column in columns[1:]] == [4, 1, 4]
    assert ["✗" in column for column in columns] == [False, True, False, True]


def test_a_refused_alternative_says_why() -> None:
    text = "\n".join(drawn(varied(size="16G", name="tiny-guest"), (120, 35), name="tiny-guest"))
    assert "✗ ENOMEM" in text
    assert "are missing" in text


def test_thousands_of_blocks_have_their_lines() -> None:
    lines = drawn(varied(name="terabyte-server", size="1T", at="2T"), (200, 52), name="terabyte-server")
    assert "\n".join(lines).count("16384 ") == 4
    assert "8,064/8,192" in "\n".join(lines)


def test_as_many_stand_side_by_side_as_there_is_room_for() -> None:
    assert [in_sight(4, wide) for wide in (40, 60, 80, 120, 200)] == [1, 2, 4, 4, 4]


# -- what is picked -----------------------------------------------------------------------------------------------------


def plan_of(choose: Callable[[Alternative], bool], what: str = "placements", name: str = "small-guest") -> Any:
    """What doing the first such alternative takes."""
    found = varied(what, name)
    return picked(found.comparison, next(at for at, row in enumerate(found.comparison.alternatives) if choose(row)))


def test_what_the_kernel_does_by_itself_is_done_here() -> None:
    plan = plan_of(lambda row: row.placement == "block")
    assert plan.boot == {}
    assert plan.commands[0] == engine.Add(start="4G", size="1G")
    assert [command.block for command in plan.commands[1:]] == list(range(32, 40))
    assert plan.label == "add 1G, online_movable 32-39"


def test_what_another_boot_does_is_done_after_it() -> None:
    assert plan_of(lambda row: row.placement == "boot").boot == {"memmap_on_memory": "N"}
    assert plan_of(lambda row: row.placement == "range").boot == {"model": "rfc-v2"}
    assert plan_of(lambda row: row.model == "6.7", "kernel models").boot == {"model": "6.7"}
    plan = plan_of(lambda row: row.block_size == 1 << 30, "block sizes")
    assert plan.boot == {"block_size": "1G"}
    assert [command.block for command in plan.commands[1:]] == [4]
    assert "in another kernel" in plan.said


def test_what_no_kernel_does_is_done_here_and_that_is_said() -> None:
    plan = plan_of(lambda row: row.placement == "sections")
    assert (plan.boot, plan.commands[0].placement) == ({}, "sections")
    assert "no released kernel" in plan.said


@pytest.mark.parametrize("what", engine.VARIES)
@pytest.mark.parametrize("name", ["small-guest", "firecracker-24g", "tiny-guest"])
def test_what_is_picked_comes_out_as_it_was_compared(what: str, name: str) -> None:
    """The machine that results has the MemTotal that was shown, wherever it is done."""
    found = varied(what, name, "1G", "32G")
    assert found.comparison.fits
    for at, row in enumerate(found.comparison.alternatives):
        machine = engine.open_machine(name)
        if not row.ok:
            continue
        plan = picked(found.comparison, at)
        machine = engine.reboot(machine, plan.boot) if plan.boot else machine
        assert all(machine.apply(command).ok for command in plan.commands)
        assert sum(zone.managed for zone in machine.zones.values()) == row.online.total, (row.model, row.placement)
        assert machine.check() == []


@pytest.mark.parametrize("caller", ["dax", "virtio-mem", "balloon"])
@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_what_is_picked_for_other_callers_comes_out_so_too(model: str, caller: Any) -> None:
    """Also where no kernel of that caller asks for the placement."""
    machine = engine.reboot(engine.open_machine("small-guest"), {"model": model})
    found = engine.vary(machine, engine.Add(start="4G", size="128M", caller=caller), "placements")
    assert found.comparison.fits
    for at, row in enumerate(found.comparison.alternatives):
        plan = picked(found.comparison, at)
        where = engine.reboot(machine, plan.boot) if plan.boot else machine.copy()
        if row.ok:
            assert all(where.apply(command).ok for command in plan.commands), row.placement
            assert sum(zone.managed for zone in where.zones.values()) == row.online.total, row.placement


def test_which_a_released_kernel_has() -> None:
    rows = varied().comparison.alternatives
    assert [released(row) for row in rows] == [True, False, True, False]
    assert [needs(row) for row in rows][2] == "as it is"


# -- the screen ---------------------------------------------------------------------------------------------------------


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


def test_where_there_is_little_room_what_decides_stays() -> None:
    lines = drawn(varied(), (60, 15))
    names = [line.split("  ")[0] for line in lines]
    assert "goes alone" in " ".join(names)
    assert "takes at once" in " ".join(names)
    assert "2M at once" not in " ".join(names)


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


def test_where_four_placements_stand_side_by_side_what_each_needs_is_not_cut() -> None:
    async def compare(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "c", *"1G", "enter")
        pictures = pilot.app.screen.query_one(Pictures)
        lines = ["".join(span.text for span in pictures.row(y)) for y in (1, 2)]
        assert "…" not in "".join(lines)
        assert "option b," in lines[0]
        assert "unreleased" in lines[1]

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


def test_on_a_low_picture_the_memory_that_is_there_keeps_a_line() -> None:
    found = varied(name="small-guest", size="16G")
    for high in (9, 12, 15):
        assert len(drawn(found, (60, high))) == high
