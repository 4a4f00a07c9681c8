"""Text in lines: no path is broken within a name."""

from __future__ import annotations

import textwrap

import pytest
from altmap.explorer.tui.widgets.painted import length, wrapped
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
