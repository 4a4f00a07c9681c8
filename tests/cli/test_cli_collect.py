"""`altmap collect`: a script that any POSIX shell runs, whose archive is as good a capture as one of altmap's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from altmap.engine import open_machine
from altmap.engine.reading import mapped_tree

from tests.captures import FIRECRACKER, unpacked

from .conftest import Run

SHELLS = [words for words in (("sh",), ("dash",), ("bash",), ("busybox", "sh")) if shutil.which(words[0])]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(FIRECRACKER, tmp_path_factory.mktemp("tree"))


def gathered(script: str, tree: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "ALTMAP_ROOT": str(tree)}
    return subprocess.run(
        [*words, "-s"], input=script.encode(), capture_output=True, env=environment, check=False, timeout=300
    )


@pytest.mark.parametrize("words", SHELLS, ids=" ".join)
def test_what_it_gathers_is_the_machine(altmap: Run, tree: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    script = altmap("collect").out
    done = gathered(script, tree, *words)
    assert done.returncode == 0
    (tmp_path / "it.tgz").write_bytes(done.stdout)
    shutil.copytree(tree, tmp_path / "plain", symlinks=True)
    (tmp_path / "plain/proc/kpageflags.runs.json").unlink()
    machine, plain = open_machine(tmp_path / "it.tgz"), open_machine(tmp_path / "plain")
    assert machine.check() == []
    assert machine.origin.measured == plain.origin.measured
    assert (machine.blocks, machine.zones, machine.nodes, machine.settings) == (
        plain.blocks,
        plain.zones,
        plain.nodes,
        plain.settings,
    )
    assert b"without root, no page is seen" in done.stderr
    with tarfile.open(tmp_path / "it.tgz") as archive:
        members = len(archive.getnames())
    assert members * (65536 / len(machine.blocks)) < mapped_tree._MEMBERS[0], "the biggest machine could not be opened"


def test_shellcheck_finds_nothing(altmap: Run) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not here")
    found = subprocess.run(
        ["shellcheck", "-"], input=altmap("collect").out, text=True, capture_output=True, check=False
    )
    assert found.stdout == ""


def test_a_kernel_without_hotplug_is_told(altmap: Run, tmp_path: Path) -> None:
    done = gathered(altmap("collect").out, tmp_path, "sh")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"this kernel has no memory hotplug" in done.stderr
