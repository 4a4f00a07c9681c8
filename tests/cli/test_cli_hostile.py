"""Text from files and arguments never commands the terminal, and no stream is taken for another."""

from __future__ import annotations

import ast
import gzip
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from altmap.engine import open_machine, save_machine
from altmap.engine.protocol.json_text import harmless as harmless_json
from altmap.explorer.printable import printable

from ..hostile import HOSTILE, hostile_machine
from .conftest import Said

Altmap = Callable[..., Said]

ARGUMENT = HOSTILE.replace("\x00", "") + "\udcff"
"""The same as far as an argument can hold it, with a byte that is no UTF-8."""

EXPLORER = Path(__file__).parents[2] / "explorer"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.json"
    save_machine(hostile_machine(), path)
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A captured tree whose files hold hostile text, and one whose name is."""
    for name, text in {
        "sys/devices/system/memory/block_size_bytes": "8000000",
        "sys/devices/system/memory/memory0/state": HOSTILE,
        "sys/devices/system/memory/memory0/valid_zones": HOSTILE,
        "sys/devices/system/memory/memory1/state": "online",
        "sys/devices/system/node/node0/meminfo": HOSTILE,
        "proc/version": f"Linux version 6.12 {HOSTILE}",
        "proc/cmdline": f"movable_node={HOSTILE}",
        "proc/iomem": f"00000000-0fffffff : System RAM {HOSTILE}",
        "proc/zoneinfo": HOSTILE,
        "sys/module/memory_hotplug/parameters/memmap_on_memory": HOSTILE,
    }.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "tree"


@pytest.fixture
def plausible(tree: Path) -> Path:
    """The same where a kernel has such zones, so that it can be saved."""
    (tree / "sys/devices/system/memory/memory0/valid_zones").write_text("none")
    return tree


def harmless(said: Said) -> bool:
    return all(text.replace("\n", "").isprintable() for text in (said.out, said.err))


def test_what_is_printed_is_printable() -> None:
    assert printable("memmap — größer\n内存") == "memmap — größer\n内存"
    assert printable(HOSTILE).isprintable()
    assert printable("\x1b\x9b\u202e\ud800") == r"\x1b\x9b\u202e\ud800"


def test_json_says_the_same_without_them() -> None:
    value = {"größe\x7f\u202e": "\x1b\x9b\U000e0041\t\n", "plain": "內存"}
    written = harmless_json(msgspec.json.encode(value))
    assert written.decode().isprintable()
    assert json.loads(written) == value
    assert "內存" in written.decode()
    plain = msgspec.json.format(msgspec.json.encode({"a": ["b"]}), indent=2)
    assert harmless_json(plain) is plain


@pytest.mark.parametrize(
    "question",
    [
        ["show"],
        ["show", "--json"],
        ["check"],
        ["export"],
        ["lsmem"],
        ["lsmem", "--json", "--output-all"],
        ["compare", "--add", "1G"],
        ["read", "/proc/buddyinfo", f"/sys/{ARGUMENT}"],
        ["why", "offline", "3"],
        ["why", "--json", "echo", ARGUMENT, ">", f"/sys/{ARGUMENT}"],
        ["why", ARGUMENT],
        ["run", "--json", "SCRIPT"],
        ["run", "--events", "SCRIPT"],
        ["run", "SCRIPT"],
        ["run", ARGUMENT],
        [ARGUMENT],
    ],
    ids=lambda question: " ".join(map(ascii, question))[:40],
)
@pytest.mark.parametrize("kind", ["snapshot", "tree", "tar"])
def test_no_answer_holds_what_a_terminal_obeys(
    altmap: Altmap, hostile: Path, tree: Path, tmp_path: Path, kind: str, question: list[str]
) -> None:
    (tmp_path / "SCRIPT").write_text(f"echo '{HOSTILE}' > '/sys/{HOSTILE}'\n", encoding="utf-8")
    archive = tmp_path / "tree.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(tree, "tree")
    machine = {"snapshot": hostile, "tree": tree, "tar": archive}[kind]
    verb, *words = [str(tmp_path / word) if word == "SCRIPT" else word for word in question]
    said = altmap(verb, machine, *words)
    assert harmless(said), said
    assert said.out or said.err


def test_what_no_argument_can_hold_is_told(altmap: Altmap) -> None:
    for word in ("a\0b", "\ud800"):
        said = altmap("run", "firecracker-24g", word)
        assert (said.code, harmless(said)) == (2, True)
        assert said.err.endswith("holds what no argument of a program can\n")


def test_a_difference_and_a_capture_are_harmless(altmap: Altmap, hostile: Path, tree: Path, guest: Path) -> None:
    for words in (
        ["diff", guest, hostile],
        ["diff", "--json", hostile, guest],
        ["capture", "--root", tree],
        ["capture", "--root", tree, "-o", hostile.with_name("x.json")],
        ["capture", "--root", hostile],
        ["lsmem", "--sysroot", tree],
        ["lsmem", f"--{ARGUMENT}"],
        [f"--{ARGUMENT}"],
    ):
        said = altmap(*words)
        assert harmless(said), said
        assert said.out or said.err


def test_what_a_script_does_survives_that_its_text_is_harmless(altmap: Altmap, hostile: Path, tmp_path: Path) -> None:
    """The write that the kernel took keeps its bytes, however odd; what was refused is a comment."""
    exported = altmap("export", hostile).out
    written = next(line for line in exported.splitlines() if line.startswith("put ") and line.endswith("nr_hugepages"))
    target = tmp_path / written.rpartition(" /")[2]
    target.parent.mkdir(parents=True)
    target.touch()
    lines = exported.splitlines()
    alone = "\n".join([*lines[: next(at for at, line in enumerate(lines) if line.startswith("root_only"))], written])
    environment = {**os.environ, "ALTMAP_ROOT": str(tmp_path)}
    subprocess.run(["sh"], input=alone.encode(), env=environment, capture_output=True, check=True)
    history = open_machine(hostile).history
    assert target.read_bytes().decode().rstrip("\n") == history[1].command.data  # type: ignore[union-attr]
    assert subprocess.run(["sh", "-n"], input=exported.encode(), check=True).returncode == 0


def test_a_snapshot_on_standard_output_can_be_opened(altmap: Altmap, plausible: Path, tmp_path: Path) -> None:
    (tmp_path / "printed.json").write_text(altmap("capture", "--root", plausible).out)
    origin = open_machine(tmp_path / "printed.json").origin
    assert origin.kernel.startswith("Linux version 6.12 \x1b[31mRED")


@pytest.mark.parametrize("path", sorted((EXPLORER / "headless").glob("*.py")), ids=lambda path: path.name)
def test_only_one_module_writes(path: Path) -> None:
    """And the two printers, whose styles are escape sequences: they make each piece of text harmless themselves."""
    printers = ("console.py", "page.py")
    writers = (
        {"output.py": {"stdout", "stderr"}} | {name: {"stdout"} for name in printers} | {"cli.py": {"stdout", "stderr"}}
    )
    touched = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno}"
        if isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr"):
            touched.add(node.attr)
        if isinstance(node, ast.Attribute) and node.attr in ("write", "writelines"):
            assert path.name in ("output.py", *printers), f"line {node.lineno}"
    assert touched <= writers.get(path.name, set())


# -- streams that are closed or full ------------------------------------------------------------------------------------


def run(words: list[str | Path], redirections: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = f'"$0" -m altmap "$@" {redirections}'
    return subprocess.run(
        ["sh", "-c", line, sys.executable, *words], cwd=cwd, text=True, capture_output=True, timeout=600
    )


def test_notes_do_not_go_elsewhere_when_standard_error_is_closed(plausible: Path, tmp_path: Path) -> None:
    told = run(["capture", "--root", plausible], "", tmp_path)
    assert "note: " in told.stderr
    untold = run(["capture", "--root", plausible], "2>&-", tmp_path)
    assert (untold.returncode, untold.stdout) == (0, told.stdout)
    assert json.loads(untold.stdout)["version"] == 1
    refused = run(["show", "nosuch"], "2>&-", tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")


def test_no_file_becomes_a_stream_that_was_closed(guest: Path, tmp_path: Path) -> None:
    """The snapshot that is written would have been descriptor 2, and errors would have gone into it."""
    ran = run(["run", guest, "/dev/null", "--save", "saved.json"], "<&- 2>&-", tmp_path)
    assert ran.returncode == 0
    assert len(open_machine(tmp_path / "saved.json").blocks) == 8


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["run", "--help"], ["lsmem", "--help"], ["machines"], ["show"], ["export"], ["check"]],
    ids=" ".join,
)
@pytest.mark.parametrize("buffered", [True, False])
def test_output_that_does_not_fit_is_an_error(words: list[str], buffered: bool, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, *([] if buffered else ["-u"]), "-m", "altmap", *words],
        stdout=os.open("/dev/full", os.O_WRONLY),
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        timeout=600,
    )
    assert (ran.returncode, ran.stderr) == (2, "altmap: input or output failed: No space left on device\n")


def test_a_full_standard_error_changes_no_answer(plausible: Path, tmp_path: Path) -> None:
    ran = run(["capture", "--root", plausible], "2>/dev/full", tmp_path)
    assert (ran.returncode, json.loads(ran.stdout)["version"]) == (0, 1)
    assert run(["show", "nosuch"], "2>/dev/full", tmp_path).returncode == 2


def test_a_packed_hostile_file_is_the_same(altmap: Altmap, hostile: Path, tmp_path: Path) -> None:
    packed = tmp_path / "hostile.json.gz"
    packed.write_bytes(gzip.compress(hostile.read_bytes()))
    assert altmap("show", packed).out == altmap("show", hostile).out


def test_a_pipe_that_nobody_writes_into_and_an_endless_file_are_refused(
    altmap: Altmap, guest: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        said = altmap("show", source)
        assert (said.code, said.err) == (
            2,
            f"altmap: {source}: it is not a snapshot, which is a JSON object, or a MessagePack map, perhaps with gzip\n",
        )
    assert altmap("run", guest, tmp_path / "pipe").code == 0
