"""altmap run --watch: what the last line of a script does, as frames on a terminal or below each other."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest
from altmap.explorer.headless import watch
from altmap.explorer.headless.cli import main

from .conftest import Run

SCRIPT = "add 1G at 4G\nonline 32-38 movable\nallocate 300M movable random\noffline 32\n"
STRIP = re.compile(r"^ (offline 32) +(\S.*)$", re.MULTILINE)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "steps.txt"
    file.write_text(SCRIPT)
    return file


def moments(said: str) -> list[str]:
    """The moment of each frame."""
    return re.findall(r"what the kernel does +moment ([\d,]+ of [\d,]+)", said)


def test_without_a_terminal_a_few_moments_that_tell_most_are_printed_before_the_account(
    altmap: Run, script: Path
) -> None:
    said = altmap("run", "small-guest", script, "--watch")
    assert (said.code, said.err) == (0, "")
    assert moments(said.out) == ["3 of 13", "4 of 13", "6 of 13", "13 of 13"]
    assert "5,463 / 10,958" in said.out, "half of the pages have moved"
    frames = said.out.index("what the kernel does")
    assert said.out.index("add 1G at") < frames < said.out.index("  10  offline 32 … ok")
    assert max(map(len, said.out[said.out.index(" offline 32 ") : said.out.index("  10  ")].splitlines())) <= 100
    assert "\x1b" not in said.out
    assert "Miii" in said.out, "what is isolated and what is not yet gone is told in letters"


def test_watching_changes_nothing_of_what_a_script_does(altmap: Run, script: Path, tmp_path: Path) -> None:
    saved = [tmp_path / "plain.json", tmp_path / "watched.json"]
    altmap("run", "small-guest", script, "--save", saved[0])
    altmap("run", "small-guest", script, "--watch", "--save", saved[1])
    assert saved[0].read_bytes() == saved[1].read_bytes()


@pytest.mark.parametrize("width", [40, 72, 120])
def test_frames_are_as_wide_as_is_asked_and_coloured_only_if_so(altmap: Run, script: Path, width: int) -> None:
    said = altmap("run", "small-guest", script, "--watch", "--width", str(width))
    assert "\x1b" not in said.out
    strips = [line for line in said.out.splitlines() if line.startswith(" offline 32 ")]
    assert len(strips) == 4
    assert all(len(line) <= width for line in strips)
    coloured = altmap("run", "small-guest", script, "--watch", "--width", str(width), "--color", "always").out
    assert "\x1b[" in coloured
    assert "▀" in coloured
    assert "░" in coloured, "isolated pageblocks are hatched"


@pytest.mark.parametrize("model", ["7.3"])
def test_an_offline_that_only_a_signal_ends_says_so(altmap: Run, tmp_path: Path, model: str) -> None:
    script = tmp_path / "steps.txt"
    script.write_text(
        "add 256M at 4G\nonline 32 movable\nallocate 20M movable zone Movable\npin 4M zone Movable short\n"
    )
    with script.open("a") as file:
        file.write("offline 32 expect EINTR\n")
    said = altmap("run", "small-guest", script, "--watch", "--model", model)
    assert said.code == 0
    assert "↻ goes on until a signal" in said.out
    with script.open("a") as file:
        file.write("eject 256M at 4G expect HANGS\n")
    said = altmap("run", "small-guest", script, "--watch", "--model", model)
    assert said.code == 0
    assert "↻ never ends" in said.out


def test_it_is_for_people(altmap: Run, script: Path) -> None:
    said = altmap("run", "small-guest", script, "--watch", "--json")
    assert (said.code, said.out) == (2, "")
    assert "--watch is for people" in said.err


class Screen(io.StringIO):
    """What a terminal is given."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_that_knows_lines_alone_gets_a_few_frames(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "dumb")
    assert main(["run", "small-guest", str(script), "--watch"]) == 0
    assert len(moments(screen.getvalue())) == 4


def test_on_a_terminal_a_frame_is_drawn_over_the_one_before(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen, slept = Screen(), list[float]()
    monkeypatch.setattr(watch, "sleep", slept.append)
    monkeypatch.setattr(watch, "_SECONDS", 8.0)
    monkeypatch.setattr(sys, "stdout", screen)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main(["run", "small-guest", str(script), "--watch"]) == 0
    said = screen.getvalue()
    assert max(slept) <= 1 / 30 + 1e-9
    assert 100 < len(slept) < 30 * 15, "it is played, and comes to its end"
    assert said.count("\x1b[1A") > 100 * 20, "the lines before are gone back over"
    assert "moment 13 of 13" in said
    assert said.endswith("\n")
