"""The README says what is true: its two command lines, its shell blocks and its Python example, each run as written."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from altmap.engine import Offline, bundled_machines, open_machine, save_machine
from altmap.explorer.headless.cli import main

from .engine.test_layers import LAYERS
from .explorer.test_layers import LAYERS as EXPLORER_LAYERS
from .make_tables import with_tables

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

STEPS = "add 256M at 4G\nonline 32-33 movable\noffline 33\noffline 0\n"
"""A script that a reader would have as steps.txt."""

SAVED = ("mine.json", "before.json", "after.json", "changed.json")
"""Files that the examples name and a reader would have: small saved machines here."""

BEYOND = {
    "capture": "reads the machine that the tests run on, whatever that is, or a tar that a reader has",
    "live": "reads the machine that the tests run on, whatever that is",
}
"""Verbs whose lines are not run as written, and why."""


def blocks(language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(TEXT) if kind == language]


def marked(name: str) -> str:
    """The block after a marker."""
    _, found, rest = TEXT.partition(f"<!-- {name} -->\n")
    assert found, f"there is no marker {name}"
    assert rest.startswith("```sh\n")
    return rest.removeprefix("```sh\n").partition("\n```")[0]


def altmap_lines() -> list[str]:
    """Every line of a shell block that begins with altmap, here-documents with it."""
    lines: list[str] = []
    for block in blocks("sh"):
        if "venv" in block:
            continue
        end = ""
        for line in block.splitlines():
            if end:
                lines[-1] += "\n" + line
                end = "" if line == end else end
                continue
            assert line.startswith("altmap "), f"an example that does nothing: {line}"
            lines.append(line)
            if found := re.search(r"<<'(\w+)'", line):
                end = found[1]
        assert not end, "a here-document without an end"
    return lines


def words(line: str) -> list[str]:
    """The arguments of a line, without its comment and its here-document."""
    return shlex.split(re.split(r"<<| \| ", line.splitlines()[0])[0], comments=True)[1:]


def needs_shell(line: str) -> bool:
    """Is there more in a line than words, quotes and a comment?"""
    lexer = shlex.shlex(line, posix=False, punctuation_chars="|&;<>()$`*?[]{}~!")
    lexer.whitespace_split = True
    return any(not word.startswith(("'", '"')) and set(word) & set("|&;<>()$`*?[]{}~!") for word in lexer)


RUN = [line for line in altmap_lines() if words(line)[0] not in BEYOND]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the examples name."""
    machine = open_machine("tiny-guest")
    for name in SAVED:
        save_machine(machine, tmp_path / name)
        machine.apply(Offline(block=1))
    (tmp_path / "steps.txt").write_text(STEPS)
    return tmp_path


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line as a person would, with altmap on the path, and without a terminal."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    altmap = bin_folder / "altmap"
    altmap.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m altmap "$@"\n')
    altmap.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


# -- the first screen ---------------------------------------------------------------------------------------------------


def test_what_the_first_screen_shows_is_what_is_answered(folder: Path) -> None:
    """Dots stand for lines that are left out."""
    (text,) = blocks("console")
    shown = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
    assert len(shown) >= 4
    for line, answer in zip(shown[::2], shown[1::2], strict=True):
        said = shell(line, folder).stdout
        at = 0
        for part in answer.split("...\n"):
            assert part in said[at:], said
            at = said.index(part, at) + len(part)


# -- the two command lines ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "last"), [("open", ".venv/bin/altmap "), ("test", ".venv/bin/python -m pytest")])
def test_a_marked_command_is_one_line_that_sets_everything_up(name: str, last: str) -> None:
    line = marked(name)
    assert line
    assert "\n" not in line
    assert not line.endswith("\\")
    parts = line.split(" && ")
    assert parts[0] == "python3 -m venv .venv"
    assert parts[1].startswith(".venv/bin/pip install ")
    assert parts[-1].startswith(last)
    assert TEXT.count(f"<!-- {name} -->") == 1
    assert subprocess.run(["bash", "-n", "-c", line], check=False).returncode == 0


def test_the_first_opens_a_bundled_machine_and_the_second_installs_the_extra() -> None:
    assert marked("open").split()[-1] in {machine.name for machine in bundled_machines()}
    assert "'.[test]'" in marked("test")


def test_no_other_line_sets_anything_up() -> None:
    assert TEXT.count("pip install") == 2


# -- examples -----------------------------------------------------------------------------------------------------------


def test_the_examples_are_found() -> None:
    assert len(RUN) >= 8
    assert {words(line)[0] for line in RUN} >= {"show", "check", "run", "why", "compare", "diff", "lsmem", "export"}
    assert sum("\n" in line for line in RUN) == 1, "one here-document"


@pytest.mark.parametrize("line", RUN, ids=lambda line: " ".join(words(line)))
def test_an_example_works_as_written(
    line: str, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that needs a shell in a shell; of the others one takes apart the words as a shell does."""
    if "| jq " in line and shutil.which("jq") is None:
        pytest.skip("jq is not here")
    if needs_shell(line):
        done = shell(line, folder)
        code, out, err = done.returncode, done.stdout, done.stderr
    else:
        monkeypatch.chdir(folder)
        capfd.readouterr()
        code = main(words(line))
        out, err = capfd.readouterr()
    assert (code, err) == (0, "")
    written = re.search(r" -o (\S+)", line)
    assert (folder / written[1]).read_text() if written else out.strip()


def test_lines_with_and_without_a_shell_are_among_them() -> None:
    assert {needs_shell(line) for line in RUN} == {True, False}
    for line in ("altmap run m - <<'END'\nadd\nEND", "altmap show a | wc", "altmap show $X"):
        assert needs_shell(line)
    assert not needs_shell("altmap run small-guest -c 'add 1G at 4G'  # a comment")


def test_lines_that_capture_are_those_of_the_command(folder: Path) -> None:
    """Their options exist; what they would read is the reader's."""
    lines = [line for line in altmap_lines() if words(line)[0] == "capture"]
    assert lines
    for line in lines:
        done = shell(f"{line.split('#')[0].strip()} --help", folder)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_script_of_the_example_does_what_the_table_says(folder: Path) -> None:
    (line,) = (line for line in RUN if "\n" in line)
    out = shell(line.replace(" - <<", " --json - <<"), folder).stdout
    assert [re.findall(r'"result":"(\w+)"', row) for row in out.splitlines()] == [["ok"]] * 4


def test_tables_of_rows_are_those_of_the_code() -> None:
    assert with_tables(TEXT) == TEXT, "write them anew: python -m tests.make"


def test_the_example_that_reads_json_tells_each_step(folder: Path) -> None:
    code = blocks("python")[0]
    done = shell(f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.partition(" -> ")[2][:7] for line in done.stdout.splitlines()] == ["ok"] * 4 + ["EINVAL:"]


def test_the_python_example_runs_as_written(folder: Path) -> None:
    code = blocks("python")[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("ok {0: ")
    assert lines[1] == re.search(r"managed\)  # (\d+):", code)[1]  # type: ignore[index]
    assert len(lines) > 5, "the events of an offline"


# -- what it names ------------------------------------------------------------------------------------------------------


def test_it_links_to_kernel_developers_alone_and_names_no_place_of_one_machine() -> None:
    hosts = re.findall(r"https://([\w.]+)/", TEXT)
    assert {*hosts} == {"docs.kernel.org", "git.kernel.org", "lore.kernel.org"}
    rest = re.sub(r"\(https://[^)\s]+\)", "", TEXT)
    assert not re.search(r"https?://|\b[\w-]+\.(com|org|net|io|dev)\b", rest)
    assert not re.search(r"(?<![\w.])/(tmp|work|root|home)\b", TEXT)


def test_files_and_machines_that_it_names_are_there() -> None:
    paths = [path for path in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in path]
    assert len(paths) >= 4
    for path in paths:
        assert (ROOT / path).is_file(), path
    known = {machine.name for machine in bundled_machines()}
    named = set(re.findall(r"\b[\w]+-guest\b|\bfirecracker-24g\b|\bterabyte-server\b", TEXT))
    assert named <= known
    for folder in re.findall(r"^(\w+)/ ", TEXT, re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder
    folders = [layer for layer in LAYERS if (ROOT / "engine" / layer).is_dir()]
    parts = [layer for layer in EXPLORER_LAYERS if layer and (ROOT / "explorer" / layer).is_dir()]
    assert re.findall(r"^  (\w+)/ ", TEXT, re.MULTILINE) == [*folders, *parts]
