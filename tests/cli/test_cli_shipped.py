"""What ships for shells: it is current, it completes, and the manual page is one."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from altmap.explorer.headless.arguments import SHELLS
from altmap.explorer.headless.parser import WITHOUT_COMMAND
from altmap.explorer.headless.verbs import VERBS

from tests.make_shipped import SHIPPED, completion, page

from .conftest import Run

ROOT = Path(__file__).parents[2]

CASES = [
    ("altmap sh", ["show"]),
    ("altmap show sm", ["small-guest"]),
    ("altmap diff a mi", ["mixed-guest", "mine.json"]),
    ("altmap lsmem mi", ["mixed-guest", "mine.json"]),
    ("altmap run x y --model 7", ["7.0", "7.1", "7.2", "7.3"]),
    ("altmap run small-guest mi", ["mine.json"]),
    ("altmap run small-guest mine.json --sa", ["--save"]),
    ("altmap capture --arch arm64-4", ["arm64-4k"]),
    ("altmap show --color a", ["auto", "always"]),
    ("altmap why small-guest offl", ["offline"]),
    ("altmap why small-guest add 1G at 4G caller vi", ["virtio-mem"]),
    ("altmap why small-guest add 1G at 4G placement se", ["sections", "seed", "sequential"]),
    ("altmap compare --placement bl", ["block"]),
    ("altmap help scr", ["script"]),
    ("altmap completion z", ["zsh"]),
    ("altmap schema comp", ["comparison"]),
    ("altmap svg mi", ["mixed-guest", "mine.json"]),
]
"""A line as it is typed, and what its last word can become in a folder with a file mine.json."""

BASH = """
source "$1"
read -ra COMP_WORDS <<<"$2"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_shtab_altmap 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


def test_the_manual_page_is_that_of_the_parser() -> None:
    assert (SHIPPED / "altmap.1").read_text() == page(), "make it anew: python -m tests.make"


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_that_of_the_parser(shell: str) -> None:
    pytest.importorskip("shtab")
    assert (SHIPPED / f"altmap.{shell}").read_text() == completion(shell), "make it anew: python -m tests.make"


def test_each_file_goes_to_its_place_in_the_wheel() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {ROOT / source for source in wheel["shared-data"]} == set(SHIPPED.iterdir())


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_what_ships(altmap: Run, shell: str) -> None:
    assert altmap("completion", shell) == (0, (SHIPPED / f"altmap.{shell}").read_text(), "")


def test_another_shell_is_told_which_there_are(altmap: Run) -> None:
    said = altmap("completion", "tcsh")
    assert (said.code, said.out) == (2, "")
    assert all(shell in said.err for shell in SHELLS)


@pytest.mark.parametrize(("line", "words"), CASES, ids=[line for line, _ in CASES])
def test_bash_completes(tmp_path: Path, line: str, words: list[str]) -> None:
    (tmp_path / "mine.json").touch()
    argv = ["bash", "--norc", "-c", BASH, "bash", str(SHIPPED / "altmap.bash"), line]
    assert _lines(argv, tmp_path) == sorted(words)


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")
@pytest.mark.parametrize(("line", "words"), CASES, ids=[line for line, _ in CASES])
def test_fish_completes(tmp_path: Path, line: str, words: list[str]) -> None:
    (tmp_path / "mine.json").touch()
    told = _lines(["fish", "-c", f"source {SHIPPED / 'altmap.fish'}; complete -C '{line}'"], tmp_path)
    typed = line.split()[-1]
    assert [word for word in (one.split("\t")[0] for one in told) if word.startswith(typed)] == sorted(words)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_can_read_its_file(tmp_path: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    assert _lines([shell, "-n", str(SHIPPED / f"altmap.{shell}")], tmp_path) == []


def _lines(argv: list[str], folder: Path) -> list[str]:
    """What a program prints, a line each, sorted."""
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=600, check=True)
    assert done.stderr == ""
    return sorted(filter(None, done.stdout.split("\n")))


def test_the_manual_page_tells_of_every_command() -> None:
    page = (SHIPPED / "altmap.1").read_text()
    for verb in VERBS.values():
        assert f"\n.SS altmap {verb.name}" in page
    for title in ("NAME", "SYNOPSIS", "DESCRIPTION", "MACHINES", "SCRIPTS", "EXIT STATUS", "ENVIRONMENT"):
        assert f"\n.SH {title}\n" in page
    assert WITHOUT_COMMAND in page
    assert "%%" not in page


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff here")
def test_the_manual_page_has_no_mistakes(tmp_path: Path) -> None:
    assert _lines(["groff", "-man", "-Tutf8", "-ww", "-z", str(SHIPPED / "altmap.1")], tmp_path) == []
