"""How the command line behaves: a machine through a pipe, colours and widths as asked for, help that shows an example."""

from __future__ import annotations

import io
import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from altmap.engine import KNOWN_MODELS, PLACEMENTS, bundled_machines, machine_names, open_machine
from altmap.engine.commands import ROWS
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.explorer.headless.parser import parser
from altmap.explorer.headless.verbs import GROUPS, VERBS, Verb

from .conftest import Process, Run

ROOT = Path(__file__).parents[2]
Piped = Callable[[bytes], None]


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Piped:
    """Give bytes to standard input."""

    def give(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


# -- a machine from standard input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["show", "-"], ["-"], ["open", "-"], ["lsmem", "-"], ["read", "-", "/proc/buddyinfo"], ["check", "-"],
        ["run", "-", "{empty}"], ["why", "-", "offline", "1"], ["compare", "-", "--add", "128M"], ["diff", "-", "{guest}"],
        ["diff", "{guest}", "-"], ["export", "-"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_snapshot_on_standard_input_is_what_the_file_is(
    altmap: Run, piped: Piped, guest: Path, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "empty").write_text("")
    argv = [word.format(guest=guest, empty=tmp_path / "empty") for word in words]
    piped(guest.read_bytes())
    given = altmap(*argv)
    code, out, err = altmap(*(str(guest) if word == "-" else word for word in argv))
    assert given == (code, out.replace(f"{guest}: all is sound", "-: all is sound"), err)


def test_every_verb_that_takes_a_machine_takes_standard_input(altmap: Run, piped: Piped) -> None:
    piped(b"no machine")
    for verb in ("show", "check", "export"):
        said = altmap(verb, "-")
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("altmap: standard input: it is not a snapshot")
        piped(b"no machine")


def test_a_history_comes_through_the_pipe(altmap: Run, piped: Piped, guest: Path, tmp_path: Path) -> None:
    assert altmap("run", guest, script(tmp_path, "add 128M at 4G"), "--save", tmp_path / "after.json").code == 0
    piped((tmp_path / "after.json").read_bytes())
    assert "device_add pc-dimm" in altmap("export", "-").out


def script(folder: Path, text: str) -> Path:
    path = folder / "script"
    path.write_text(text)
    return path


def test_a_capture_goes_into_a_pipe_and_not_onto_a_terminal(process: Process, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    said = process("capture", "--root", tmp_path, stdout=follower)
    os.close(follower)
    os.close(leader)
    assert said.returncode == 2
    assert said.stderr.startswith("altmap: a snapshot is not for reading on a terminal; write it to a file with -o")


# -- colours and widths -------------------------------------------------------------------------------------------------


def on_terminal(*argv: str, **environment: str) -> str:
    """What altmap writes to a terminal of 80 columns."""
    leader, follower = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "altmap", *argv],
        env={**env, "TERM": "xterm-256color", "COLUMNS": "80", "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        stdout=follower,
    ):
        os.close(follower)
        parts = []
        try:
            while part := os.read(leader, 1 << 16):
                parts.append(part)
        except OSError:  # the other end is closed
            pass
    os.close(leader)
    return b"".join(parts).decode()


@pytest.mark.parametrize(
    ("options", "environment", "colored"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_a_terminal_gets_colours_unless_it_is_asked_not_to(
    options: list[str], environment: dict[str, str], colored: bool
) -> None:
    assert ("\x1b[" in on_terminal("show", "tiny-guest", *options, **environment)) is colored


def test_a_pipe_gets_colours_where_they_are_asked_for_alone(altmap: Run, guest: Path) -> None:
    plain = altmap("show", guest).out
    assert "\x1b[" not in plain
    assert altmap("show", guest, "--color", "auto").out == plain
    assert "\x1b[1m" in altmap("show", guest, "--color", "always").out


@pytest.mark.parametrize("words", [["show", "{guest}"], ["{guest}"], ["why", "{guest}", "offline", "0"]])
def test_lines_are_as_wide_as_asked_for(altmap: Run, guest: Path, words: list[str]) -> None:
    wide = [len(line) for line in altmap(*(word.format(guest=guest) for word in words)).out.splitlines()]
    narrow = altmap(*(word.format(guest=guest) for word in words), "--width", "60").out
    assert max(wide) > 60
    assert [line for line in narrow.splitlines() if len(line) > 60 and " " in line.strip()] == []


@pytest.mark.parametrize(
    "words",
    [
        ["why", "mixed-guest", "offline", "32"],
        ["compare", "tiny-guest", "--add", "1G"],
        ["run", "tiny-guest", "{script}"],
        ["machines"],
    ],
    ids=" ".join,
)
def test_a_terminal_is_not_left_to_break_words(tmp_path: Path, words: list[str]) -> None:
    path = script(tmp_path, "add 128M at 4G\nonline 32 online_movable\noffline 0\n")
    shown = on_terminal(*(word.format(script=path) for word in words), COLUMNS="60", NO_COLOR="1").splitlines()
    assert shown
    assert [line for line in shown if len(line) > 60] == []


def test_a_pipe_gets_each_line_whole(altmap: Run, tmp_path: Path) -> None:
    said = altmap("run", "tiny-guest", script(tmp_path, "offline 0\n"))
    assert len(said.out.splitlines()) == 2
    assert max(map(len, said.out.splitlines())) > 100


# -- help ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_each_help_shows_examples(altmap: Run, verb: Verb) -> None:
    assert verb.examples
    shown = "".join(f"  {line}\n" for line in verb.examples)
    said = altmap(verb.name, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"{'Example' if len(verb.examples) == 1 else 'Examples'}:\n{shown}" in said.out


@pytest.mark.parametrize("line", [line for verb in VERBS.values() for line in verb.examples])
def test_examples_are_understood(line: str) -> None:
    for command in line.split(" | "):
        name, *words = shlex.split(command.split(" > ")[0])
        if name == "altmap" and words[:1] != ["lsmem"]:
            parser().parse_args(words if VERBS.keys() & {*words[:1]} else ["open", *words])
        assert name in ("altmap", "echo")


def test_the_overview_has_the_verbs_in_groups(altmap: Run) -> None:
    lines = altmap("--help").out.splitlines()
    at = [lines.index(f"{title}:") for title, _ in GROUPS]
    assert at == sorted(at)
    for (_, verbs), start in zip(GROUPS, at, strict=True):
        names = [line.split()[0] for line in lines[start + 1 :] if line.startswith("  ") and line[2] != " "]
        assert names[: len(verbs)] == [verb.name for verb in verbs]


def test_help_lists_what_may_be_chosen(altmap: Run) -> None:
    show, run, capture, compare = (
        " ".join(altmap(verb, "--help").out.split()) for verb in ("show", "run", "capture", "compare")
    )
    assert ", ".join(machine_names()) in show
    assert KNOWN_MODELS in run
    assert ", ".join(ARCHITECTURES) in capture
    assert ", ".join(PLACEMENTS) in compare


def test_help_of_a_command_is_its_own(altmap: Run) -> None:
    assert altmap("help").out == altmap("--help").out
    for name in ("run", "lsmem"):
        assert altmap("help", name).out == altmap(name, "--help").out
    said = altmap("help", "offline")
    assert said.out.startswith("offline BLOCKS\n    offline blocks, one command each")
    assert "altmap help script" in said.out
    said = altmap("help", "scritp")
    assert (said.code, said.err) == (2, "altmap: there is no help on 'scritp'; did you mean 'script'?\n")


def test_help_on_scripts_has_every_command(altmap: Run) -> None:
    script, run = (altmap(*words).out for words in (("help", "script"), ("run", "--help")))
    for row in ROWS.values():
        assert f"    as in: {row.example}\n" in script
        assert " ".join(row.form.usage) in " ".join(script.split())
        assert f"\n  {row.example}" in run
        assert row.about in " ".join(script.split())


def test_help_on_scripts_says_what_each_optional_word_means(altmap: Run) -> None:
    meanings = altmap("help", "script").out.partition("What the words mean:")[2]
    optional = [part for row in ROWS.values() for part in row.form.usage if part.startswith("[")]
    words = {word for part in optional for word in part.strip("[]").replace("|", " ").split() if not word.isupper()}
    assert len(words) > 35
    assert not {word for word in words if not re.search(rf"(?<![\w-]){word}(?![\w-])", meanings)}


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("words", [["--help"], ["help", "script"], ["run", "--help"], ["show", "--help"]])
def test_help_fits_into_the_terminal(
    altmap: Run, monkeypatch: pytest.MonkeyPatch, columns: int, words: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    wide = [line for line in altmap(*words).out.splitlines() if len(line) > columns]
    assert all(len(line.split()) <= 3 or "altmap" in line or ">" in line for line in wide), wide


# -- the list of machines -----------------------------------------------------------------------------------------------


def test_the_list_of_machines_is_that_of_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [(one.name, one.description) for one in bundled_machines()] == [
        (name, open_machine(name).origin.description) for name in machine_names()
    ]
    monkeypatch.setattr("altmap.engine.snapshot.store.unfold", None)
    assert bundled_machines()
