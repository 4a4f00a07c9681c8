"""Text in lines: no path is broken within a name."""

from __future__ import annotations

import textwrap

import pytest
from altmap.engine import Line
from altmap.explorer.tui.widgets.painted import length, wrapped
from altmap.explorer.tui.widgets.prose import Prose
from altmap.explorer.wrapping import wrap

PATH = "/sys/module/memory_hotplug/parameters/online_policy"


@pytest.mark.parametrize("width", range(16, 60))
def test_a_path_goes_on_behind_a_slash(width: int) -> None:
    lines = wrap(f"see {PATH} and go-on", width)
    assert all(len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == f"see{PATH}andgo-on"
    parts = [line for line in lines if "/" in line]
    assert all(part.endswith("/") for part in parts[:-1])


@pytest.mark.parametrize("text", ["", "a few words of text", "one-hyphen and-another", "/a /path/is short"])
def test_where_every_word_has_room_nothing_is_otherwise(text: str) -> None:
    assert wrap(text, 12) == textwrap.wrap(text, 12)


def test_a_word_without_a_slash_is_cut_where_the_line_ends() -> None:
    assert wrap("a " + "y" * 25 + " b", 12) == ["a", "y" * 12, "y" * 12, "y b"]


def test_a_panel_does_so() -> None:
    lines = wrapped(PATH, "muted", 38, " ", " ")
    assert [line[1][0] for line in lines] == ["/sys/module/memory_hotplug/", "parameters/online_policy"]
    assert all(length(line) <= 38 for line in lines)


def test_what_a_row_of_a_table_has_no_room_for_stays_in_its_column() -> None:
    rows = [
        Line(("2,489 pages", "0x150c31", "0x150c31000", "slab pages of the kernel"), "text", 2),
        Line(("31 pages", "0x150faa", "0x150faa000", "page tables"), "text", 2),
    ]
    prose = Prose(lambda width: rows)
    lines = ["".join(text for text, _ in line) for line in prose.lines(56)]
    assert lines == [
        "  2,489 pages  0x150c31  0x150c31000  slab pages of the",
        "                                      kernel",
        "  31 pages     0x150faa  0x150faa000  page tables",
    ]
    narrow = ["".join(text for text, _ in line) for line in prose.lines(43)]
    assert narrow[1].startswith("    "), "below the row, and further in than the row"
    assert all(len(line) <= 43 for line in narrow)
