"""altmap svg: the main screen as a picture, without a terminal."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from altmap.explorer.picture.lines import Span
from altmap.explorer.picture.svg import HIGH, WIDE, Sheet
from hypothesis import given
from hypothesis import strategies as st

from tests.make_pictures import ALL, PICTURES

from .conftest import Process, Run

pytestmark = pytest.mark.usefixtures("nobody_asks_the_clock")

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> str:
    """All words of a picture, a line a piece of text."""
    return "\n".join(piece.text or "" for piece in ElementTree.fromstring(picture).iter(f"{SVG}text"))


@pytest.mark.parametrize("name", ALL)
def test_the_pictures_of_the_readme_are_what_altmap_draws(name: str) -> None:
    """If not: ``python -m tests.make_pictures``, and look at them."""
    drawn = ALL[name].drawn()
    assert (PICTURES / name).read_text(encoding="utf-8") == drawn
    assert set(re.findall(r"https?://[^\s\"')]+", drawn)) == {"http://www.w3.org/2000/svg"}
    assert not set(re.findall(r"[▀▄█▌▐░▒▁-▇]", drawn)), "what is filled is drawn as areas, not as letters"


def test_a_picture_is_as_big_as_its_screen_and_says_what_the_screen_says(altmap: Run) -> None:
    said = altmap("svg", "small-guest", "--size", "60x20", "-o", "-")
    assert (said.code, said.err) == (0, "")
    root = ElementTree.fromstring(said.out)
    assert (root.get("width"), root.get("height")) == (str(60 * WIDE), str(20 * HIGH))
    assert root.findtext(f"{SVG}title") == "small-guest in altmap"
    assert "small-guest" in texts(said.out)


def test_the_same_words_draw_the_same_bytes_whatever_the_environment(altmap: Run, process: Process) -> None:
    words = ("svg", "small-guest", "--size", "80x24", "--view", "zones")
    here = altmap(*words).out
    other = {"NO_COLOR": "1", "COLUMNS": "77", "TERM": "dumb", "LANG": "C.UTF-8", "PYTHONHASHSEED": "7"}
    assert process(*words, environment=other).stdout == here


def test_views_places_levels_and_themes_are_those_of_the_explorer(altmap: Run) -> None:
    drawn = {
        options: altmap("svg", "mixed-guest", "--size", "80x24", *options.split()).out
        for options in (
            "--view use",
            "--view can-it-go",
            "--at memory36",
            "--at 36 --zoom block",
            "--at 36 --zoom page",
            "--theme altmap-light",
            "--theme no-colour",
            "--theme nord",
        )
    }
    assert len({*drawn.values()}) == len(drawn), "each of them shows something else"
    assert "memory36" in texts(drawn["--at memory36"])
    assert "pageblock 0" in texts(drawn["--at 36 --zoom page"])
    greys = set(re.findall(r"#(\w{6})", drawn["--theme no-colour"]))
    assert all(colour[:2] == colour[2:4] == colour[4:] for colour in greys)


def test_what_is_below_the_cursor_is_drawn_as_well_whatever_it_waits_for(
    altmap: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("altmap.explorer.tui.widgets.levels.REST", 3600)
    words = ("svg", "small-guest", "--size", "200x60")
    assert "page 0x0" in texts(altmap(*words).out)
    said = texts(altmap(*words, "--at", "memory4").out)
    assert "page 0x20000" in said
    assert "pfn 0x20000-0x201ff" in said


def test_a_script_is_run_first_and_its_end_is_the_exit_code(altmap: Run, tmp_path: Path) -> None:
    script, out = tmp_path / "steps.txt", tmp_path / "out.svg"
    script.write_text("add 128M at 4G\nonline 32 movable\n")
    assert altmap("svg", "small-guest", script, "--at", "32", "-o", out) == (0, "", "")
    shown = texts(out.read_text())
    assert "Movable" in shown
    assert "✓" in shown
    script.write_text("offline 0\n")
    assert altmap("svg", "small-guest", script, "-o", out).code == 1, (
        "the kernel refused it, and the picture shows that"
    )
    assert "EINVAL" in texts(out.read_text())
    script.write_text("offline 0 expect EINVAL\n")
    assert altmap("svg", "small-guest", script, "-o", out).code == 0


def test_a_moment_of_the_last_line_is_drawn_as_watching_shows_it(altmap: Run, tmp_path: Path) -> None:
    script = tmp_path / "steps.txt"
    script.write_text("add 1G at 4G\nonline 32-38 movable\nallocate 300M movable random\noffline 32\n")
    drawn = {}
    for moment in ("event 0", "event 4.5", "50%", "last"):
        said = altmap("svg", "small-guest", script, "--at", moment, "--at", "32")
        assert (said.code, said.err) == (0, "")
        drawn[moment] = texts(said.out)
    assert "5,463 of 10,958 pages have moved" in drawn["event 4.5"]
    assert "going-offline" in drawn["event 4.5"]
    assert "0/13" in drawn["event 0"]
    assert "6/13" in drawn["50%"]
    assert "offline 32: ok" in drawn["last"]
    assert 'fill="url(#h2591-' in altmap("svg", "small-guest", script, "--at", "event 4.5").out, "isolated is hatched"
    with script.open("a") as file:
        file.write("offline 33 expect EINVAL\n")
    assert altmap("svg", "small-guest", script, "--at", "last").code == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("event 99",), "line 1: 'event 99' is no moment; say event 0 to event "),
        (("event one",), "'event one' is no moment"),
        (("101%",), "'101%' is no moment"),
        (("-1%",), "'-1%' is no moment"),
        (("last", "40%"), "--at last and 40%: give one place and one moment"),
        (("1", "2"), "--at 1 and 2: give one place and one moment"),
    ],
)
def test_a_moment_that_there_is_not_is_told(altmap: Run, tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    script = tmp_path / "steps.txt"
    script.write_text("offline 1\n")
    said = altmap("svg", "small-guest", script, *(f"--at={word}" for word in words))
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert "no moment to show without a script" in altmap("svg", "small-guest", "--at=last").err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--view pages", "'pages' is no view; there are use, zones, memmap, can-it-go, types, orders, nodes"),
        ("--zoom molecule", "'molecule' is no level to zoom to here; there are machine, block, page"),
        ("--at nowhere", "'nowhere' is no place: say a block (40, memory40), an address (5G), pfn 0x150c31, node 1, or a zone"),
        ("--size 12x7", "'12x7' is no size of a screen; give columns and lines, 40x12 to 400x150"),
        ("--size 99999999999x40", "'99999999999x40' is no size of a screen; give columns and lines, 40x12 to 400x150"),
        ("--theme sepia", "'sepia' is no theme; there are altmap-dark, altmap-light, altmap-contrast, "),
    ],
)  # fmt: skip
def test_what_there_is_not_is_answered_with_what_there_is(
    altmap: Run, tmp_path: Path, words: str, sentence: str
) -> None:
    said = altmap("svg", "small-guest", *words.split(), "-o", tmp_path / "out.svg")
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert not [*tmp_path.iterdir()]


def test_a_line_that_makes_no_sense_is_named_and_nothing_is_written(altmap: Run, tmp_path: Path) -> None:
    script, out = tmp_path / "steps.txt", tmp_path / "out.svg"
    script.write_text("add 128M at 4G\nhugepages 4 of 3M\n")
    said = altmap("svg", "small-guest", script, "-o", out)
    assert said.code == 2
    assert f"{script}: line 2: " in said.err
    assert not out.exists()


def test_the_name_of_a_picture_is_looked_at_before_anything_is_drawn(altmap: Run, tmp_path: Path) -> None:
    assert altmap("svg", "small-guest", "-o", tmp_path / "a.png").err.endswith(
        "the name of a picture must end in .svg\n"
    )
    assert "No such file" in altmap("svg", "small-guest", "-o", tmp_path / "none" / "a.svg").err
    assert not [*tmp_path.iterdir()]


COLOURS = (0, 0xFF0000, 0x00FF00)
SPANS = [Span(text, fore, back) for text in ("▀", "▄▄", "█", " ") for fore in COLOURS for back in (None, *COLOURS)]


@given(st.lists(st.lists(st.sampled_from(SPANS), max_size=6), min_size=1, max_size=4))
def test_every_half_of_a_character_has_its_colour_and_no_two_areas_lie_over_each_other(lines: list[list[Span]]) -> None:
    wide = 16
    drawn: dict[tuple[int, int], int] = {}
    sheet = Sheet([*map(tuple, lines)], wide)
    for colour, areas in sheet.grounds().items():
        for left, top, width, height in areas:
            for x in range(left, left + width, WIDE):
                for y in range(top, top + height, WIDE):
                    assert (x, y) not in drawn
                    drawn[x, y] = colour
    for y, line in enumerate(lines):
        signs = [(sign, span) for span in line for sign in span.text]
        for x in range(wide):
            sign, span = signs[x] if x < len(signs) else (" ", Span(" "))
            for half, filled in ((0, sign in "▀█"), (1, sign in "▄█")):
                wanted = span.fore if filled else span.back
                found = drawn.get((x * WIDE, y * HIGH + half * WIDE), sheet.ground)
                assert found == (sheet.ground if wanted is None else wanted)
