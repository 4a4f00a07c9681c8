"""What if, without a screen: alternatives as pictures, and what is picked of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from altmap import engine
from altmap.engine.questions.compare import Alternative
from altmap.explorer.picture.compared import ComparedPicture, Look, in_sight
from altmap.explorer.picture.lines import width
from altmap.explorer.picture.needed import needs, released
from altmap.explorer.picture.palette import DARK
from altmap.explorer.tui.picked import picked

SIZES = [(60, 15), (80, 19), (120, 35), (200, 55)]


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


def test_where_there_is_little_room_what_decides_stays() -> None:
    lines = drawn(varied(), (60, 15))
    names = [line.split("  ")[0] for line in lines]
    assert "goes alone" in " ".join(names)
    assert "takes at once" in " ".join(names)
    assert "2M at once" not in " ".join(names)


def test_on_a_low_picture_the_memory_that_is_there_keeps_a_line() -> None:
    found = varied(name="small-guest", size="16G")
    for high in (9, 12, 15):
        assert len(drawn(found, (60, high))) == high


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
