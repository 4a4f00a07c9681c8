"""The map is always full: tiles grow until they fill its width and height, and each character knows which cell it shows."""

from __future__ import annotations

from functools import cache

import pytest
from altmap import engine
from altmap.explorer.picture.can_go import CanGo
from altmap.explorer.picture.compared import ComparedPicture, Look
from altmap.explorer.picture.layout import Layout
from altmap.explorer.picture.memory import MemoryPicture
from altmap.explorer.picture.overlay import Overlay
from altmap.explorer.picture.pages import PagesPicture
from altmap.explorer.picture.palette import DARK
from altmap.explorer.picture.plan import BESIDE, Plan, Row, Shape, shared
from altmap.explorer.picture.scope import Scope, whole
from altmap.explorer.picture.use import Use
from altmap.explorer.picture.view import Scene
from altmap.explorer.tui.outlooks import Outlooks
from altmap.explorer.tui.sheets import Place, Sheet

SIZES = ((52, 10), (71, 10), (68, 32), (71, 32), (68, 25), (60, 15), (84, 30), (120, 40), (137, 50))
"""Columns and lines for cells, of the maps of the four sizes of the screen, of one with a table of nodes below it, and of
some on which cells of a character each would leave much empty."""


@cache
def opened(name: str) -> engine.Machine:
    return engine.open_machine(name)


@pytest.mark.parametrize("name", [one.name for one in engine.bundled_machines()])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("halves", [1, 2])
def test_every_machine_fills_its_map(name: str, size: tuple[int, int], halves: int) -> None:
    machine = opened(name)
    plan = Layout(machine, whole(machine), folds=True).plan(size, halves)
    assert size[1] * 9 <= plan.lines * 10 <= size[1] * 10
    left = size[0] - plan.shape.across
    assert 0 <= left < max(5, plan.shape.per_row) or left + 1 in BESIDE


@pytest.mark.parametrize("width", range(48, 100, 7))
@pytest.mark.parametrize("name", ["firecracker-24g", "numa-guest", "terabyte-server"])
def test_a_click_on_each_column_finds_the_cell_that_is_drawn_there(name: str, width: int) -> None:
    machine = opened(name)
    picture = MemoryPicture(Scene(machine, DARK, Outlooks(machine)), Use, whole(machine), (width, 12), 1, folds=True)
    shape, plan = picture.plan.shape, picture.plan
    assert [*plan.columns] == sorted(plan.columns)
    assert {*plan.columns} == {*range(shape.wide)}
    at = next(number for number, row in enumerate(plan.rows) if row.what == "tiles")
    y = plan.lines_of(at)[shape.caption]
    shown = "".join(span.text for span in picture.line(y, Overlay(-1)))
    for tile in range(shape.per_row):
        for column in range(shape.broad):
            x = picture.gutter + tile * (shape.broad + shape.gap) + column
            found = picture.at(x, y)
            assert found is not None
            assert found // shape.unit == plan.rows[at].start // shape.unit + tile
            cell = plan.rows[at].start + tile * shape.unit + plan.columns[column] * shape.cell
            assert shown[x] == Use.paint(picture.scene, machine.summary(cell, shape.cell)).letter


@pytest.mark.parametrize("high", range(8, 40))
def test_a_block_fills_every_height(high: int) -> None:
    machine = opened("small-guest")
    plan = Layout(machine, Scope("block", 0, machine.geometry.pages_per_block), folds=True).plan((67, high), 2)
    assert plan.lines * 3 > high * 2


@pytest.mark.parametrize("high", [8, 12, 20, 33])
def test_labels_of_a_block_never_push_its_cells_aside(high: int) -> None:
    machine = opened("firecracker-24g")
    scope = Scope("block", 42 << 15, 1 << 15)
    for wide in (38, 52, 60, 71, 81):
        picture = MemoryPicture(Scene(machine, DARK, Outlooks(machine)), Use, scope, (wide, high), 1, folds=False)
        said = ["".join(span.text for span in picture.line(y, Overlay(-1))) for y in picture.plan.tops]
        assert len({*map(len, said)}) == 1
        assert len(said[0]) <= wide


@pytest.mark.parametrize("halves", [1, 2])
def test_each_row_of_cells_is_shown_on_its_lines_and_no_other(halves: int) -> None:
    shape = Shape(32768, 8, 4, 8, 2, 1, 1, halves)
    for height in range(8, 60):
        plan = Plan([Row("tiles", at * shape.row, shape.row) for at in range(2)], shape, height)
        for at, high in enumerate(plan.highs):
            shown = [plan.cells_at(at, part) for part in range(high)]
            inorder = [cells for line in shown for cells in line]
            assert inorder == sorted(inorder), height
            assert {*inorder} == {*range(shape.high * halves)}, height
            for cells in range(shape.high * halves):
                lines = [part for part, line in enumerate(shown) if cells in line]
                assert [*plan.parts_of(at, cells)] == lines, (height, cells)


def test_lines_are_shared_out_evenly_and_a_few_that_would_be_seen_part_the_nodes() -> None:
    assert shared(5, 5, 1) == ([1, 1, 1, 1, 1], [])
    assert shared(2, 5, 1) == ([0, 0, 1, 0, 1], [])
    assert shared(3, 32, 1) == ([0] * 32, [])
    assert shared(2, 5, 1, headings=1) == ([0, 0, 0, 0, 0], [2])
    assert shared(3, 5, 1, headings=1) == ([0, 1, 0, 1, 1], [0])
    assert sorted(shared(7, 5, 4, headings=2)[0]) == [1, 1, 1, 2, 2]
    assert shared(9, 0, 4) == ([], [])


def test_what_is_left_parts_the_nodes() -> None:
    shape = Shape(32768, 64, 1, 64, 1, 0, 0, 2)
    rows = [Row("node", 0, 0, 0), *(Row("tiles", at * shape.row, shape.row) for at in range(3)), Row("node", 0, 0, 1)]
    plan = Plan(rows, shape, 6)
    assert plan.highs == [1, 1, 1, 1, 2]
    assert [*plan.lines_of(4)] == [4, 5]


@pytest.mark.parametrize("halves", [1, 2])
def test_a_heading_says_what_the_memory_of_its_node_is_and_an_empty_node_has_one(halves: int) -> None:
    machine = opened("numa-guest")
    picture = MemoryPicture(Scene(machine, DARK, Outlooks(machine)), Use, whole(machine), (81, 32), halves, folds=True)
    lines = [picture.line(y, Overlay(-1)) for y in range(picture.lines)]
    said = ["".join(span.text for span in line) for line in lines]
    headings = [at for at, text in enumerate(said) if text.startswith("▌node ")]
    assert [said[at].split()[1] for at in headings] == ["0", "1", "2"]
    assert "no memory" in said[headings[2]]
    if halves == 1:
        assert said[headings[1]].split()[-1].startswith("aaa")
        assert said[headings[1]].split()[-1].endswith("···")
    else:
        assert {DARK.kinds["assumed"], DARK.kinds["free"]} <= {span.back for span in lines[headings[1]]}


def test_a_small_map_keeps_its_cells_rather_than_name_an_empty_node() -> None:
    machine = opened("numa-guest")
    plan = Layout(machine, whole(machine), folds=True).plan((52, 8), 2)
    assert [row.node for row in plan.rows if row.what == "node"] == [0, 1]


def test_where_a_cell_is_several_blocks_the_panel_says_what_all_memory_is() -> None:
    place = Place(0, 1 << 17, "machine", None, None)
    machine = opened("terabyte-server")
    said = ["".join(span.text for span in line) for line in Sheet(machine, DARK, (38, 30), True).lines(place)]
    at = next(number for number, line in enumerate(said) if line.startswith("memory of the machine"))
    assert [line.split()[1] for line in said[at + 1 :]] == ["free", "reserved"]
    flat = Sheet(machine, DARK, (38, 10), True).lines(place)
    assert not any("memory of the machine" in span.text for line in flat for span in line)


def test_rows_whose_addresses_would_look_alike_have_the_numbers_of_their_blocks() -> None:
    machine = opened("terabyte-server")
    unit = machine.geometry.pages_per_block
    labels: list[list[str]] = []
    for first, blocks in ((0, 8192), (8200, 8)):
        scope = Scope("blocks", first * unit, blocks * unit)
        scene = Scene(machine, DARK, Outlooks(machine))
        picture = MemoryPicture(scene, Use, scope, (80, 12), 1, folds=True)
        shown = ["".join(span.text for span in picture.line(y, Overlay(-1))) for y in range(picture.lines)]
        labels.append([line[: picture.gutter].strip("▌ ") for line in shown if line[: picture.gutter].strip("▌ ")])
    assert "512G" in labels[0] or "256G" in labels[0]
    assert "8200" in labels[1]
    assert len({*labels[1]}) == len(labels[1])


def test_the_number_of_a_block_stands_once_beside_or_on_its_tile() -> None:
    machine = opened("firecracker-24g")
    verdicts = Outlooks(machine)
    scene = Scene(machine, DARK, verdicts)
    picture = MemoryPicture(scene, CanGo, whole(machine), (80, 34), 2, folds=True)
    top = picture.plan.tops[next(at for at, row in enumerate(picture.plan.rows) if row.shown.start >> 15 == 36)]
    said = "".join(span.text for y in (top, top + 1) for span in picture.line(y, Overlay(-1)))
    assert said.split().count("36") == 1
    verdicts.ask(36)
    picture.forget([36])
    lines = ["".join(span.text for span in picture.line(y, Overlay(-1))) for y in (top, top + 1)]
    assert " ".join(lines).split().count("36") == 1
    assert lines[0][picture.gutter :].startswith("36 ✗")
    guest = Scene(small := opened("small-guest"), DARK, Outlooks(small))
    picture = MemoryPicture(guest, Use, whole(small), (80, 30), 2, folds=True)
    assert picture.plan.shape.caption
    shown = ["".join(span.text for span in picture.line(y, Overlay(-1))) for y in range(picture.lines)]
    assert " ".join(shown).split().count("4") == 1


@pytest.mark.parametrize("width", [60, 68, 80, 97])
def test_of_single_pages_a_click_finds_the_one_that_is_drawn_and_what_a_row_holds_stands_beside_it(width: int) -> None:
    machine = opened("firecracker-24g")
    unit = machine.geometry.pages_per_block
    scene = Scene(machine, DARK, Outlooks(machine))
    picture = PagesPicture(scene, Use, Scope("page", 42 * unit, unit), (width, 18), 1, 0x150C31)
    line = picture.lines_of(0x150C31)[0]
    shown = "".join(span.text for span in picture.line(line, Overlay(-1)))
    start = picture.at(picture.gutter, line)
    assert start is not None
    assert shown[: picture.gutter].strip("▌ ") == f"{start:#x}"
    pages = machine.pages(start, picture.across)
    assert picture.at(picture.gutter + picture.across - 1, line) == pages[-1].pfn
    for page, sign in zip(pages, shown[picture.gutter :], strict=False):
        assert (sign == "m") == (page.kind == "movable")
    beside = shown[picture.gutter + picture.across :]
    assert len(shown) <= width
    for count, word in zip(beside.split()[::2], beside.split()[1::2], strict=True):
        assert int(count) == sum(page.kind == word for page in pages)
    assert bool(beside) == (width != 80)


def test_a_folded_run_says_no_half_words() -> None:
    machine = opened("firecracker-24g")
    said: set[str] = set()
    for width in range(24, 100, 2):
        picture = MemoryPicture(Scene(machine, DARK, Outlooks(machine)), Use, whole(machine), (width, 9), 2, True, True)
        at = next((number for number, row in enumerate(picture.plan.rows) if row.what == "alike"), None)
        if at is not None:
            line = picture.line(picture.plan.tops[at], Overlay(-1))
            said.add("".join(span.text for span in line)[picture.gutter :].strip().split()[-1])
    assert {"alike", "reserved"} <= said
    assert all(word in ("alike", "blocks", "reserved") or word.startswith("memory") for word in said)


@pytest.mark.parametrize("size", [(120, 36), (100, 30), (200, 55)])
def test_compared_alternatives_leave_less_than_a_line_a_row_empty(size: tuple[int, int]) -> None:
    varied = engine.vary(opened("small-guest"), engine.Add(start="4G", size="1G"), "placements")
    picture = ComparedPicture(opened("small-guest"), varied, range(4))
    lines = ["".join(span.text for span in line) for line in picture.lines(Look(size, DARK, 1))]
    empty = [not line.strip() for line in lines]
    assert sum(empty) < 8
