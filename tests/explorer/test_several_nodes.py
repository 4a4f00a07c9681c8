"""Where nodes meet in one row of cells, and cells are several blocks: each node shows what is its own, and the panel says what
the blocks of a cell have in common."""

from __future__ import annotations

import re
from functools import cache

import msgspec
import pytest
from altmap import engine
from altmap.explorer.picture.can_go import CanGo
from altmap.explorer.picture.memory import MemoryPicture
from altmap.explorer.picture.nodes import table
from altmap.explorer.picture.overlay import MARKED, Overlay, places
from altmap.explorer.picture.palette import DARK
from altmap.explorer.picture.scope import whole
from altmap.explorer.picture.use import Use
from altmap.explorer.picture.view import Scene, View
from altmap.explorer.tui.outlooks import Outlooks
from altmap.explorer.tui.sheets import Place, Sheet

HOT = 8260
"""A block of node 2, in a row of cells that node 1 begins."""


@cache
def server() -> engine.Machine:
    """A terabyte, and 64 GiB more on a node without CPUs, most of them online in ZONE_MOVABLE."""
    machine = engine.open_machine("terabyte-server")
    assert machine.apply(engine.Add(start="1028G", size="64G", node=2)).ok
    for block in range(8224, 8272):
        assert machine.apply(engine.Online(block=block, type="online_movable")).ok
    return machine


@cache
def picture(halves: int) -> MemoryPicture:
    return MemoryPicture(Scene(server(), DARK, Outlooks(server())), Use, whole(server()), (81, 26), halves, folds=True)


def shown(over: Overlay, halves: int) -> dict[int, list[tuple[str, int | None, int | None]]]:
    """Of each line its characters behind the gutter, with their looks."""
    drawn = picture(halves)
    lines = {y: drawn.line(y, over) for y in range(drawn.lines)}
    return {
        y: [(sign, span.fore, span.back) for span in line for sign in span.text][drawn.gutter :]
        for y, line in lines.items()
    }


@pytest.mark.parametrize("halves", [1, 2])
@pytest.mark.parametrize("what", ["cursor", "marks", "linked"])
def test_what_is_laid_over_a_node_is_seen_on_no_row_of_another(what: str, halves: int) -> None:
    unit, size = server().geometry.pages_per_block, server().geometry.pages_per_section
    over = Overlay(cursor=HOT * unit) if what == "cursor" else Overlay(cursor=-1)
    if what == "marks":
        over = over._replace(marks=frozenset({HOT}))
    if what == "linked":
        over = over._replace(linked=places([(HOT * unit, unit)], size))
    before, after = shown(Overlay(cursor=-1), halves), shown(over, halves)
    differing = [y for y in before if before[y] != after[y]]
    rows = [picture(halves).plan.rows[picture(halves).plan.row_at(y) or 0] for y in differing]
    assert [row.node for row in rows] == [2]
    if what == "marks" and halves == 2:
        assert any(sign in MARKED for sign, _, _ in after[differing[0]])


def test_a_row_has_the_zone_and_the_address_of_its_own_node_and_a_click_beside_it_goes_nowhere() -> None:
    drawn, unit = picture(2), server().geometry.pages_per_block
    labels = {
        row.node: "".join(span.text for span in drawn.line(drawn.plan.tops[at], Overlay(-1)))[1 : drawn.gutter].split()
        for at, row in reversed([*enumerate(drawn.plan.rows)])
        if row.what == "tiles"
    }
    assert labels == {0: ["DMA32", "0"], 1: ["Normal", "514G"], 2: ["Movab", "1028G"]}
    first, last = (
        next(at for at in range(len(drawn.plan.rows)) if drawn.plan.row_of(nr * unit) == at) for nr in (8200, HOT)
    )
    assert drawn.plan.rows[first].start == drawn.plan.rows[last].start
    column = next(x for x in range(drawn.gutter, 81) if drawn.at(x, drawn.plan.tops[last]) == HOT * unit)
    assert drawn.at(column, drawn.plan.tops[first]) is None


@pytest.mark.parametrize(
    ("size", "said"),
    [((81, 33), [["Movable"], ["1.5G"]]), ((80, 11), [["1.5G"], ["12"]])],
)
def test_an_address_makes_way_for_the_name_of_a_zone_where_the_row_has_a_line_for_each(
    size: tuple[int, int], said: list[list[str]]
) -> None:
    machine = engine.open_machine("numa-guest")
    assert machine.apply(engine.Add(start="1536M", size="512M", node=1)).ok
    for block in range(12, 16):
        assert machine.apply(engine.Online(block=block, type="online_movable")).ok
    drawn = MemoryPicture(Scene(machine, DARK, Outlooks(machine)), Use, whole(machine), size, 2, folds=True)
    at = drawn.plan.row_of(12 * machine.geometry.pages_per_block)
    assert at is not None
    lines = ["".join(span.text for span in drawn.line(y, Overlay(-1))) for y in drawn.plan.lines_of(at)]
    assert [words for line in lines if (words := line[1 : drawn.gutter].split())] == said


def test_the_panel_says_what_the_blocks_of_a_cell_have_in_common_and_of_a_few_whether_they_can_go() -> None:
    machine, verdicts = server(), Outlooks(server())
    each = verdicts.each(range(HOT, HOT + 4), ask=True)
    place = Place(HOT * machine.geometry.pages_per_block, 1 << 17, "machine", None, None, None, each)
    said = ["".join(span.text for span in line) for line in Sheet(machine, DARK, (38, 32), True).lines(place)]
    assert said[0].split() == ["online", "Movable", "node", "2", "hot-added"]
    assert said[1] == "0x10220000000-0x1023fffffff"
    assert [line.split()[0] for line in said if line.endswith("✓ can go")] == ["8260", "8261", "8262", "8263"]
    assert any(line.startswith("memmap   in the block itself") for line in said)
    assert "device   memory8224-8735 (64G)" in said
    assert verdicts.each(range(HOT, HOT + 64), ask=True) == ()
    asked = Sheet(machine, DARK, (38, 32), True).lines(msgspec.structs.replace(place, all=verdicts.prospects()))
    assert "".join(span.text for span in asked[0]).split() == ["can", "it", "go?", "4", "of", "8,240", "asked"]


def test_distances_are_told_with_or_without_a_table() -> None:
    def said(machine: engine.Machine) -> list[list[str]]:
        scene = Scene(machine, DARK, Outlooks(machine))
        return ["".join(span.text for span in line).split() for line in table(scene, 81, 2)]

    assert said(server())[0][1:] == ["default", "distance", "0", "1", "2"]
    assert said(server())[-1][-3:] == ["20", "20", "10"]


@pytest.mark.parametrize("view", [Use, CanGo])
def test_tiles_of_blocks_stand_in_the_rows_of_their_node_alone(view: type[View]) -> None:
    machine = engine.boot_machine([(0, 0, "640M"), (1, "640M", "640M")], name="two")
    verdicts, marks = Outlooks(machine), frozenset(range(10))
    for block in machine.blocks:
        verdicts.ask(block)
    drawn = MemoryPicture(Scene(machine, DARK, verdicts), view, whole(machine), (64, 18), 1, folds=True)
    meeting = [at for at, row in enumerate(drawn.plan.rows) if row.what == "tiles" and row.start == 4 << 15]
    assert [drawn.plan.rows[at].node for at in meeting] == [0, 1]
    for at, column, nr in zip(meeting, (0, 1), (4, 5), strict=True):
        said = ["".join(span.text for span in drawn.line(y, Overlay(-1, marks))) for y in drawn.plan.lines_of(at)]
        broad = drawn.plan.shape.broad + 1
        for number in (0, 1):
            shown = [line[drawn.gutter + number * broad :][: broad - 1].strip() for line in said]
            assert any(shown) == (number == column)
            goes_to = drawn.at(drawn.gutter + number * broad, drawn.plan.tops[at])
            assert goes_to == (nr << 15 if number == column else None)
        assert [line.count("(") + line.count(")") for line in said] == [2] * len(said)
        assert re.findall(r"\d+", said[0].partition(" ")[2]).count(f"{nr}") == 1, "its number stands on its tile"
        assert not any(f" {nr} " in line[: drawn.gutter] for line in said[1:]), "and not beside it once more"
