"""Parameters that no file of a capture tells: what is taken for them is said, and is no fact of an answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Add, Machine, Write, capture, open_machine, save_machine, why_not
from altmap.engine.protocol.reasons.effects import ParametersAssumed

from .trees import BLOCK, MEMORY, ram, tree

NORMAL = dict.fromkeys(range(32, 40), "Normal")
FREE = 200_000
ADDED = Add(start="16G", size="128M")


def machine_of(root: Path, told: str | None = None, cmdline: str | None = None, free: int = FREE) -> Machine:
    """A captured machine of Linux 6.12; `told` is its file auto_online_blocks."""
    zones = {"Normal": (8 * BLOCK, 8 * BLOCK - 900, free)}
    folder = tree(root / "tree", NORMAL, zones=zones, iomem=ram((32, 39)), cmdline=cmdline, movable=50_000)
    if told is not None:
        (folder / MEMORY / "auto_online_blocks").write_text(f"{told}\n")
    return capture(folder)


def assumed(machine: Machine) -> tuple[tuple[str, str], ...]:
    """The parameters that the answer to an add calls a guess."""
    found = [one.values for one in why_not(machine, ADDED).warnings if isinstance(one, ParametersAssumed)]
    return found[0] if found else ()


@pytest.mark.parametrize(
    ("told", "cmdline", "names"),
    [
        (None, None, ["auto_online_blocks", "memmap_on_memory"]),
        (None, "quiet", ["auto_online_blocks"]),
        (None, "memhp_default_state=online", []),
        ("offline", "quiet", []),
        ("offline", None, ["memmap_on_memory"]),
    ],
)
def test_what_no_file_tells_is_a_guess_and_said(
    tmp_path: Path, told: str | None, cmdline: str | None, names: list[str]
) -> None:
    machine = machine_of(tmp_path, told, cmdline)
    assert [name for name, _ in assumed(machine)] == names
    assert [note.split()[4] for note in machine.origin.notes if note.startswith("no file says what")] == names
    save_machine(machine, tmp_path / "m.json")
    assert assumed(open_machine(tmp_path / "m.json")) == assumed(machine)


def test_what_was_written_is_told(tmp_path: Path) -> None:
    machine = machine_of(tmp_path, cmdline="quiet")
    assert machine.apply(Write(path=f"/{MEMORY}/auto_online_blocks", data="online")).ok
    assert assumed(machine) == ()
    machine.undo()
    assert assumed(machine) == (("auto_online_blocks", "online"),)


@pytest.mark.parametrize(("cmdline", "certainty"), [(None, "not known"), ("quiet", "no")])
def test_memory_that_is_short_for_a_memmap_is_a_no_only_where_its_place_is_told(
    tmp_path: Path, cmdline: str | None, certainty: str
) -> None:
    machine = machine_of(tmp_path, "offline", cmdline, free=300)
    (tmp_path / "tree/proc/buddyinfo").write_text("Node 0, zone Normal 300 0 0 0 0 0 0 0 0 0 0\n")
    machine = capture(tmp_path / "tree")
    verdict = why_not(machine, Add(start="16G", size="16G"))  # more than pages of files could make up for
    assert (verdict.result, verdict.answer) == ("ENOMEM", certainty)
    assert [one.code for one in verdict.unknown] == (["not_told"] if cmdline is None else [])


@pytest.mark.parametrize(
    ("cmdline", "mode"),
    [
        ("ro memory_hotplug.memmap_on_memory=1", "Y"),
        ("ro memory-hotplug.memmap-on-memory", "Y"),
        ('ro "memory_hotplug.memmap_on_memory=1"', "Y"),
        ('dyndbg="file memory_hotplug.c memory_hotplug.memmap_on_memory=1 +p"', "N"),
        ("ro memmap_on_memory=1", "N"),
        ("ro -- memory_hotplug.memmap_on_memory=1", "N"),
        ("ro memory_hotplug.memmap_on_memory=1 memory_hotplug.memmap_on_memory=0", "N"),
    ],
)
def test_a_command_line_says_what_it_says_to_the_kernel(tmp_path: Path, cmdline: str, mode: str) -> None:
    machine = machine_of(tmp_path, cmdline=cmdline)
    assert machine.settings.memmap_on_memory == mode
    assert any("does nothing" in note for note in machine.origin.notes) is (" memmap_on_memory" in cmdline)
