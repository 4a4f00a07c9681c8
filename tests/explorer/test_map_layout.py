"""Where the block map puts its tiles."""

from __future__ import annotations

import pytest

from explorer.widgets.map_layout import Arrangement, Row, row_width, shapes

SMALL = [*range(8), *range(32, 40)]


def test_holes_of_whole_rows_collapse() -> None:
    place = Arrangement(SMALL, 30, 10)
    assert place.rows == (Row(0), Row(8, 24), Row(32))
    assert place.row_of(3) == 0
    assert place.row_of(20) == 1
    assert place.row_of(39) == 2


def test_a_hole_inside_a_row_is_no_row() -> None:
    assert Arrangement([0, 3, 9], 30, 10).rows == (Row(0), Row(8))


@pytest.mark.parametrize(
    ("width", "height", "shows", "lines"),
    [(100, 9, "words", 2), (60, 9, "number", 2), (60, 4, "number", 1), (34, 4, "letter", 1), (12, 2, "letter", 1)],
)
def test_the_most_telling_shape_that_fits_is_taken(width: int, height: int, shows: str, lines: int) -> None:
    shape = Arrangement(SMALL, width, height).shape
    assert (shape.shows, shape.lines) == (shows, lines)


def test_what_does_not_fit_gets_the_fewest_rows() -> None:
    place = Arrangement(range(8192), 60, 20)
    assert (place.shape.tile, place.per_row) == (1, 48)
    assert len(place.rows) == 171


@pytest.mark.parametrize("width", [8, 20, 40, 80, 120])
@pytest.mark.parametrize("height", [1, 6, 30])
def test_every_tile_is_found_where_it_is_drawn(width: int, height: int) -> None:
    """`block_at` is the inverse of `column_of` and `lines_of`, and no tile leaves the window."""
    place = Arrangement(SMALL, width, height)
    for block in SMALL:
        column, lines = place.column_of(block), place.lines_of(block)
        assert {
            place.block_at(x, y) for x in range(column, column + place.shape.tile) for y in lines
        } == {block}  # fmt: skip
        assert column + place.shape.tile <= max(width, row_width(shapes(2)[-1], 8))


def test_gaps_holes_and_the_outside_are_no_block() -> None:
    place = Arrangement(SMALL, 60, 9)
    assert place.block_at(place.shape.tile, 0) is None
    assert place.block_at(0, 2) is None
    assert place.block_at(0, 3) is None
    assert place.block_at(-1, 0) is None
    assert place.block_at(0, 99) is None


def test_no_blocks_at_all() -> None:
    assert Arrangement([], 60, 9).rows == ()
