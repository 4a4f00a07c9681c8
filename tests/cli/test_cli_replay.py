"""A saved plan that its commands do not lead to any more: opened as it was saved, with a warning, or anew with --replay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from altmap.engine import Add, Machine, Online, open_machine, save_machine
from altmap.explorer.headless.cli import main

from .conftest import Said

WARNING = (
    "altmap: warning: step 2 (online 32 online_movable) gave EBUSY when it was saved and gives ok now: the machine is as it was "
    "saved, and --replay takes what its steps lead to now\n"
)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """An online that an earlier version refused, as its file says."""
    machine = open_machine("tiny-guest")
    machine.apply(Add(start="4G", size="256M"))
    path = tmp_path / "plan.json"
    save_machine(machine, path)
    offline = msgspec.json.decode(path.read_bytes())["steps"][0]["state"]
    machine.apply(Online(block=32, type="online_movable"))
    save_machine(machine, path)
    saved = msgspec.json.decode(path.read_bytes())
    saved["steps"][1] |= {"result": "EBUSY", "state": offline, "digest": ""}
    path.write_bytes(msgspec.json.encode(saved))
    return path


@pytest.mark.parametrize(
    ("words", "before", "now"),
    [
        (["read", "PLAN", "/sys/devices/system/memory/memory32/state"], "offline\n", "online\n"),
        (
            ["lsmem", "PLAN", "-n", "-o", "RANGE,STATE", "--summary=never"],
            "0x000000010fffffff offline",
            "0x0000000107ffffff  online",
        ),
        (["why", "PLAN", "online", "32"], "would succeed", "memory32 is online already"),
        (["diff", "tiny-guest", "PLAN"], "memory32", "Movable"),
        (["check", "PLAN"], "all is sound", "all is sound"),
        (["show", "PLAN"], "offline", "Movable"),
        (["open", "PLAN"], "offline", "Movable"),
        (["compare", "PLAN", "--add", "256M"], "boot", "boot"),
        (["export", "PLAN"], "", "online_movable"),
        (["run", "PLAN", "SCRIPT"], "offline 32", "offline 32"),
    ],
)
def test_wherever_a_machine_is_opened(
    altmap: Callable[..., Said], plan: Path, tmp_path: Path, words: list[str], before: str, now: str
) -> None:
    script = tmp_path / "script"
    script.write_text("offline 32")
    argv = [str(plan) if word == "PLAN" else str(script) if word == "SCRIPT" else word for word in words]
    said = altmap(*argv)
    assert said.err == WARNING
    assert before in said.out
    said = altmap(*argv, "--replay")
    assert said.err == ""
    assert now in said.out


def test_the_first_word_may_be_the_machine(altmap: Callable[..., Said], plan: Path) -> None:
    assert altmap(plan).err == WARNING
    assert altmap("open", plan, "--replay").err == ""


def test_the_explorer_is_opened_with_the_warning(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Machine] = []

    def run_app(machine: Machine, **_: object) -> int:
        shown.append(machine)
        return 0

    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}.isatty", lambda: True)
    monkeypatch.setattr("altmap.explorer.tui.app.run_app", run_app)
    assert main(["open", str(plan)]) == 0
    assert main(["open", str(plan), "--replay"]) == 0
    assert [len(machine.warnings) for machine in shown] == [1, 0]
