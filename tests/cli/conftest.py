"""Fixtures of the command line's tests: altmap in this process or in one of its own, small machines, golden files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from altmap.engine import Add, Machine, Online, boot_machine, rename, save_machine
from altmap.explorer.headless.cli import main

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"


class Said(NamedTuple):
    """What altmap answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]
Process = Callable[..., subprocess.CompletedProcess[str]]
Golden = Callable[[str, str], None]
"""What the fixtures `altmap`, `process` and `golden` are."""


@pytest.fixture
def altmap(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run altmap in this process, without a terminal."""

    def run(*argv: str | Path) -> Said:
        capfd.readouterr()
        code = main([str(arg) for arg in argv])
        return Said(code, *capfd.readouterr())

    return run


@pytest.fixture
def process() -> Process:
    """Run ``python -m altmap`` as a process of its own; `environment` is added to this one's."""

    def run(
        *argv: str | Path, environment: dict[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        given: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **options,
        }
        env = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        return subprocess.run(
            [sys.executable, "-m", "altmap", *map(str, argv)], env=env, text=True, timeout=600, **given
        )

    return run


@pytest.fixture
def golden() -> Golden:
    """Compare with a file in ``golden``; run pytest with ALTMAP_WRITE_GOLDEN=1 to write the files anew."""

    def compare(name: str, text: str) -> None:
        if os.environ.get("ALTMAP_WRITE_GOLDEN"):
            (GOLDEN / name).write_text(text)
        assert text == (GOLDEN / name).read_text()

    return compare


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    """1 GiB on node 0, blocks 0 to 7 online; nothing added."""
    return saved(boot_machine([(0, 0, "1G")], nodes=1), tmp_path / "guest.json", "a guest of 1 GiB")


@pytest.fixture
def lopsided(tmp_path: Path) -> Path:
    """Two nodes, of which the second has only movable memory, so that its memmap is on the first."""
    machine = boot_machine([(0, 0, "1G")], nodes=2, model="6.1", memmap_on_memory="N", auto_online="online")
    assert machine.write("/sys/devices/system/memory/auto_online_blocks", "online_movable").ok
    assert machine.apply(Add(start="4G", size="256M", node=1)).ok
    assert machine.write("/sys/devices/system/memory/auto_online_blocks", "online").ok
    return saved(machine, tmp_path / "lopsided.json", "a node with nothing but movable memory")


@pytest.fixture
def pooled(tmp_path: Path) -> Path:
    """The RFC's kernel: one pool at the head of a request of four blocks, of which the first two are online."""
    machine = boot_machine([(0, 0, "1G")], model="rfc-v2")
    assert machine.apply(Add(start="4G", size="512M")).ok
    for block in (32, 33):
        assert machine.apply(Online(block=block, type="online_movable")).ok
    return saved(machine, tmp_path / "pooled.json", "a pool at the head of an add request")


def saved(machine: Machine, path: Path, description: str) -> Path:
    """Save a machine under the name of its file."""
    rename(machine, path.stem, description)
    save_machine(machine, path)
    return path
