"""Where the block map puts its tiles."""

from __future__ import annotations

import pytest
from altmap.explorer.tui.widgets.map_layout import Arrangement, Row, row_width, shapes

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


def test_a_new_node_has_a_line_of_its_own() -> None:
    """In the middle of a row, at its begin, and behind a hole."""
    blocks = [*range(12), *range(16, 20), *range(40, 44)]
    place = Arrangement(blocks, 30, 20, {5: 1, 16: 0, 40: 1})
    assert place.rows == (
        Row(0), Row(5, 0, 1), Row(5), Row(8), Row(16, 0, 0), Row(16), Row(20, 20, 1), Row(40)
    )  # fmt: skip
    assert [place.blocks_of(at) for at in (0, 1, 2, 3)] == [range(5), range(0), range(5, 8), range(8, 16)]
    assert [place.row_of(block) for block in (4, 5, 7, 8, 16, 40)] == [0, 2, 2, 3, 5, 7]
    assert [place.block_in(at, 2) for at in (0, 2, 7)] == [2, 5, 42]
    for block in blocks:
        assert place.block_at(place.column_of(block), place.lines_of(block).start) == block
    assert place.block_at(place.column_of(5), place.lines_of(0).start) is None


def test_tiles_with_text_use_the_room_that_is_left() -> None:
    narrow, wide = (Arrangement(SMALL, width, 20) for width in (88, 112))
    assert (narrow.shape.shows, wide.shape.shows) == ("words", "words")
    assert narrow.shape.tile < wide.shape.tile
    assert row_width(wide.shape, wide.per_row) <= 112


def test_no_blocks_at_all() -> None:
    assert Arrangement([], 60, 9).rows == ()
