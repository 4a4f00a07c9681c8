"""Exit codes and the one sentence: bad arguments, bad files, full disks, closed pipes, Ctrl-C."""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest
from altmap import engine
from altmap.engine import Machine
from altmap.engine.commands import ROWS
from altmap.explorer import __version__
from altmap.explorer.headless.shared_arguments import DEFAULT_MACHINE

from .conftest import Process, Run


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["show", ""], "altmap: an empty name: there is no such file or folder"),
        (["nosuch"], "nosuch: there is no such file or folder, and no bundled machine of that name"),
        (["shwo", "{guest}"], r"'shwo' is not a command; did you mean 'show'\? altmap --help tells"),
        (["shwo"], r"'shwo' is not a command; did you mean 'show'\? altmap --help tells"),
        (["offline", "5"], "'offline' begins a line of a script; .*: altmap why MACHINE offline 5"),
        (["frobnicate", "{guest}"], "'frobnicate' is not a command; altmap --help tells"),
        (["smal-guest"], r"bundled machine of that name \(.*\); did you mean 'small-guest'\?"),
        (["--"], "-- is no option of altmap; altmap --help tells"),
        (["diff", "-", "-"], "standard input can be read only once"),
        (["run", "-", "-"], "standard input can be read only once"),
        (["show", "{guest}", "--width", "9"], "argument --width: '9' is no number of columns; give 20 to 9999"),
        (["show", "{guest}", "--color", "red"], "argument --color: invalid choice: 'red'"),
        (["show", "nosuch"], "nosuch: there is no such file or folder"),
        (["show", "{tmp}/loop"], "/loop: it is a symbolic link that leads nowhere or in a circle"),
        (["--frobnicate"], "--frobnicate is no option of altmap; altmap --help tells"),
        (
            ["show", "{guest}", "--jsn"],
            r"--jsn is no option of altmap show; did you mean '--json'\? altmap show --help tells",
        ),
        (["show", "{guest}", "--js", "more"], "--js is no option of altmap show; did you mean '--json'"),
        (
            ["why", "{guest}", "offline", "1G", "--node", "0"],
            "--node is no option of altmap why; in a line .*: node NODE;",
        ),
        (["run"], "the following arguments are required: MACHINE, SCRIPT; altmap run --help tells"),
        (["run", "{guest}"], "the following arguments are required: SCRIPT"),
        (["run", "{guest}", "{tmp}/none"], "/none: No such file or directory"),
        (["run", "{guest}", "{tmp}"], ": Is a directory"),
        (["run", "{guest}", "/dev/zero"], "/dev/zero holds more than 64 MiB, which no script, log or list"),
        (["run", "{guest}", "{tmp}/binary"], "/binary is not text in UTF-8: there is a wrong byte at 3"),
        (["run", "{guest}", "{tmp}/verb"], r"/verb: line 2: 'frobnicate' is not a command"),
        (["run", "{guest}", "{tmp}/verb.json"], r'/verb.json: command 1: "frobnicate" is not a command'),
        (["run", "{guest}", "{tmp}/sync"], "/sync: line 1: .*/none does not exist; give a folder or a tar"),
        (["run", "{guest}", "{tmp}/empty", "--model", "9.9"], "'9.9' is not a kernel model; it is rfc-v2"),
        (["run", "{guest}", "{tmp}/empty", "--save", "{tmp}/x.txt"], "x.txt: the name of a snapshot must end in .json"),
        (["run", "{guest}", "{tmp}/empty", "--save", "{tmp}/none/x.json"], "none/x.json: its folder does not exist"),
        (["capture", "--root", "{tmp}/none"], "/none does not exist; give a folder or a tar"),
        (["why", "small-guest"], "the question is empty; ask about a line of a script"),
        (
            ["new", "--nodes", "-5G"],
            "--nodes needs a value, and one that begins with a hyphen is written --nodes=VALUE",
        ),
        (["capture", "--root", "{tmp}"], " is no captured tree"),
        (["capture", "--root", "{tmp}", "-o", "{tmp}/x.yaml"], "x.yaml: the name of a snapshot must end in .json"),
        (["capture", "--root", "{tmp}", "-o", "{tmp}/none/x.json"], "none/x.json: its folder does not exist"),
        (["capture", "--root", "{tmp}", "--model", "9"], " is no captured tree"),
        (["show", "/dev/null"], "/dev/null: it is not a snapshot"),
        (["check", "{tmp}/half.json"], "half.json: it breaks off or is damaged"),
        (["show", "{tmp}/step.json"], "/step.json: step 1: '12Q' is not a size or an address"),
        (["show", "{tmp}/magic.gz"], "magic.gz: it is a gzip file that breaks off or is damaged"),
        (["show", "{tmp}/header.gz"], "header.gz: it is a gzip file that breaks off or is damaged"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(
    altmap: Run, guest: Path, tmp_path: Path, argv: list[str], sentence: str
) -> None:
    contents = {
        "binary": b"add\xff",
        "verb": b"\nfrobnicate 3\n",
        "verb.json": b'[{"op": "frobnicate"}]',
        "sync": f"sync {tmp_path}/none".encode(),
        "empty": b"",
        "half.json": guest.read_bytes()[:500],
        "step.json": guest.read_bytes().rstrip(b"}\n")
        + b', "steps": [{"parent": 0, "command": {"op": "pin", "size": "12Q"}, "result": "ok"}], "at": 1}',
        "magic.gz": b"\x1f\x8b",
        "header.gz": b"\x1f\x8b\x08garbage",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "loop").symlink_to("loop")
    said = altmap(*(arg.format(guest=guest, tmp=tmp_path) for arg in argv))
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert said.err.startswith("altmap: ")
    assert re.search(sentence, said.err)
    assert said.out in ("", "0 commands, each as expected\n")


def test_a_name_with_control_characters_is_harmless_in_a_message(altmap: Run) -> None:
    said = altmap("show", "no\x1b[31mne\nother")
    assert said.code == 2
    assert said.err.startswith("altmap: no\\x1b[31mne other: there is no such file")


def test_output_that_fails_is_one_sentence_too(process: Process, guest: Path) -> None:
    with open("/dev/full", "w") as full:
        said = process("show", guest, "--json", stdout=full)
    assert said.returncode == 2
    assert said.stderr == "altmap: input or output failed: No space left on device\n"


@pytest.mark.parametrize("verb", [["show"], ["show", "--json"], ["check"], ["machines"]])
def test_a_reader_that_goes_away_is_no_reason_to_complain(process: Process, guest: Path, verb: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    argv = verb if verb == ["machines"] else [verb[0], guest, *verb[1:]]
    said = process(*argv, stdout=writer)
    os.close(writer)
    assert (said.returncode, said.stderr) == (141, "")


def test_a_closed_standard_output_is_told(
    altmap: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    said = altmap("show")
    assert (said.code, said.err) == (2, "altmap: standard output is closed\n")


def test_ctrl_c_is_130_and_silent(altmap: Run, guest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **options: object) -> Machine:
        raise KeyboardInterrupt

    monkeypatch.setattr("altmap.engine.open_machine", interrupted)
    said = altmap("show", guest)
    assert said == (130, "", "")


def test_check_tells_what_is_broken(altmap: Run, guest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert altmap("check", guest) == (0, f"{guest}: all is sound, 8 blocks, 8 sections\n", "")
    monkeypatch.setattr(Machine, "check", lambda self: ["one thing", "another"])
    assert altmap("check", guest) == (1, "one thing\nanother\n", "")


def test_the_explorer_opens_on_a_terminal_alone(altmap: Run, guest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str | None] = []

    def run_app(machine: Machine | None, path: str = "") -> int:
        opened.append(machine.origin.name if machine is not None else None)
        return 7

    app = ModuleType("altmap.explorer.tui.app")
    app.run_app = run_app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "altmap.explorer.tui.app", app)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    for terminals, code, told in (((False, True), 0, False), ((True, False), 0, True), ((True, True), 7, False)):
        for stream, is_one in zip((sys.stdin, sys.stderr), terminals, strict=True):
            monkeypatch.setattr(stream, "isatty", lambda one=is_one: one, raising=False)
        said = altmap(guest)
        assert said.code == code
        assert (" ".join(said.out.split()).endswith("it draws on standard error, which is no terminal here.")) is told
    assert altmap().code == 7
    assert altmap("--model", "6.1").code == 2
    assert altmap("open", "--model", "6.1").code == 7
    assert opened == ["guest", None, DEFAULT_MACHINE]


def test_version_is_that_of_the_package(process: Process) -> None:
    assert process("--version").stdout == f"altmap {version('altmap')}\n"
    assert __version__ == version("altmap")


def test_help_names_every_command_and_each_has_its_own(process: Process, altmap: Run) -> None:
    said = process("--help")
    assert said.returncode == 0
    commands = re.findall(r"^  ([a-z]\w*)  +\w", said.stdout, re.MULTILINE)
    assert {"open", "show", "capture", "run", "check", "machines"} <= set(commands)
    for command in commands:
        own = altmap(command, "--help")
        assert (own.code, own.err) == (0, "")
        assert ("util-linux 2.42 does" if command == "lsmem" else f"usage: altmap {command} ") in own.out
    bundled = {machine.name for machine in engine.bundled_machines()}
    assert not bundled & set(commands), "a bundled machine of that name could not be opened by it"


@pytest.mark.parametrize("asked", ["show", "new --nodes", "grow tiny-guest --step", "schema"])
def test_a_word_of_any_length_is_repeated_in_short(altmap: Run, asked: str) -> None:
    told = altmap(*asked.split(), "9" * 5000)
    assert told.code == 2
    assert 100 < len(told.err) < 800
    assert "9…9" in told.err


@pytest.mark.parametrize(
    ("word", "written"), [("node", "node NODE"), ("at", "at"), ("soft", "soft"), ("offline", "offline"), ("json", "")]
)
def test_a_form_tells_the_part_that_a_word_begins(word: str, written: str) -> None:
    assert next(filter(None, (row.form.part(word) for row in ROWS.values())), "") == written
