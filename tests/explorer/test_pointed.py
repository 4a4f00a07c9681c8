"""What is pointed out on the map keeps its colour or letter beneath the sign, and the legend says what the sign means."""

from __future__ import annotations

from typing import Any

import pytest
from altmap import engine
from altmap.explorer.picture.lines import Line, Span
from altmap.explorer.picture.memory import MemoryPicture
from altmap.explorer.picture.overlay import Happening, Overlay, places
from altmap.explorer.picture.palette import DARK
from altmap.explorer.picture.pointed import pointed
from altmap.explorer.picture.scope import Scope, whole
from altmap.explorer.picture.use import Use
from altmap.explorer.picture.view import Scene
from altmap.explorer.tui.glossary import words_in
from altmap.explorer.tui.outlooks import Outlooks
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.map_legend import MapLegend

from .machines import drive, guest, press, with_dimm


def drawn(machine: engine.Machine, over: Overlay, halves: int) -> tuple[MemoryPicture, list[list[Span]]]:
    """A map as characters, each with its look."""
    picture = MemoryPicture(Scene(machine, DARK, Outlooks(machine)), Use, whole(machine), (80, 32), halves, folds=True)
    lines = (picture.line(y, over) for y in range(picture.lines))
    return picture, [[span._replace(text=sign) for span in line for sign in span.text] for line in lines]


@pytest.mark.parametrize("halves", [1, 2])
@pytest.mark.parametrize("what", ["changed", "linked"])
def test_a_cell_keeps_its_look_beneath_its_sign(halves: int, what: str) -> None:
    machine = guest()
    assert machine.apply(engine.Allocate(size="1M", kind="movable")).ok
    pages = places([(machine.geometry.pages_per_block * 3, 512)], machine.geometry.pages_per_section)
    nowhere = Overlay(cursor=-1)
    over = nowhere._replace(happening=Happening(pages)) if what == "changed" else nowhere._replace(linked=pages)
    _, before = drawn(machine, nowhere, halves)
    picture, after = drawn(machine, over, halves)
    differing = [
        (one, other)
        for line, signed in zip(before, after, strict=True)
        for one, other in zip(line, signed, strict=True)
        if one != other
    ]
    assert differing
    assert len(differing) * picture.cell <= 1024
    for one, other in differing:
        if halves == 1:
            assert (other.text, other.back) == (one.text, DARK.cursor)
        else:
            assert other.text in ("'.:" if what == "changed" else "+")
            assert other.back == one.back


def test_halves_of_a_character_have_signs_of_their_own() -> None:
    machine = engine.open_machine("firecracker-24g")
    picture, _ = drawn(machine, Overlay(cursor=-1), 2)
    row = next(row for row in picture.plan.rows if row.start // machine.geometry.pages_per_block == 40)
    shape = picture.plan.shape
    found: list[str] = []
    for cells in ((0,), (shape.wide,), (0, shape.wide)):
        ranges = [(row.start + cell * shape.cell, 1) for cell in cells]
        over = Overlay(-1, happening=Happening(places(ranges, machine.geometry.pages_per_section)))
        line = drawn(machine, over, 2)[1][picture.plan.tops[picture.plan.rows.index(row)]]
        found.append(line[picture.gutter].text)
    assert found == ["'", ".", ":"]


def test_the_legend_says_what_is_pointed_out_and_nothing_else() -> None:
    machine = with_dimm(movable=1)
    scene, scope, size = Scene(machine, DARK, Outlooks(machine)), whole(machine), machine.geometry.pages_per_section
    unit = machine.geometry.pages_per_block
    some, all_of_it = places([(0, 1)], size), places([(32 * unit, unit)], size)

    def words(over: Overlay, edged: bool = True) -> list[tuple[str, str]]:
        found = pointed(scene, scope, over, 1, edged)
        return [(word, "".join(span.text for span in sample)) for _, word, sample in found]

    assert words(Overlay()) == []
    assert words(Overlay(happening=Happening(some))) == [("just changed", "m")]
    assert words(Overlay(happening=Happening(all_of_it))) == [("just changed", "<>")]
    assert words(Overlay(happening=Happening(all_of_it)), edged=False) == [("just changed", "m")]
    assert words(Overlay(linked={**some, **all_of_it})) == [("its struct pages", "{}m")]
    assert words(Overlay(marks=frozenset({32}))) == []
    assert words(Overlay(marks=frozenset({32})), edged=False) == [("marked", "m")]
    inside = Scope("block", 32 * unit, unit)
    assert not pointed(scene, inside, Overlay(happening=Happening(all_of_it)), 1, False), "all that is in sight is"
    beyond = Overlay(happening=Happening(places([(scope.pages, 1)], size)))
    assert words(beyond) == []


def test_what_changed_is_in_the_legend_until_the_next_key() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        legend = screen.query_one(MapLegend)
        assert "changed" not in legend.words
        await press(pilot, "colon", *"allocate 8M movable", "enter")
        assert "'.: just changed" in legend.words
        assert "just changed" in words_in(legend.words)
        await press(pilot, "right")
        assert "changed" not in legend.words

    drive(guest(), look)


@pytest.mark.parametrize("halves", [1, 2])
def test_in_a_block_that_changed_as_a_whole_nothing_is_signed(halves: int) -> None:
    machine = with_dimm(movable=1)
    scene, unit = Scene(machine, DARK, Outlooks(machine)), machine.geometry.pages_per_block
    scope, looks = Scope("block", 32 * unit, unit), list[list[Line]]()
    changed: list[dict[int, int]] = [{}, {32: (1 << unit) - 1}, {32: 1}]
    for pages in changed:
        picture = MemoryPicture(scene, Use, scope, (80, 32), halves, folds=True)
        over = Overlay(-1, happening=Happening(pages))
        looks.append([picture.line(y, over) for y in range(picture.lines)])
    assert looks[1] == looks[0] != looks[2]
