"""Whether memory of arm64 was there at boot, which decides whether it may go: known by a file, or said to be a guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Offline, Online, capture, why_not

from .test_certainty import captured, told
from .trees import BLOCK, MEMORY, ram, tree


@pytest.mark.parametrize(
    ("iomem", "vmstat", "cmdline", "answers"),
    [
        (None, None, None, {1: "no", 2: "not known", 10: "not known", 20: "not known"}),
        (ram((1, 9), (10, 10), (20, 20)), None, None, {1: "no", 2: "no", 10: "not known", 20: "not known"}),
        (
            ram((1, 9), (10, 10), (20, 20), inside=[(20 * BLOCK + 9, 700, "reserved")]),
            None,
            None,
            {1: "no", 2: "no", 10: "not known", 20: "no"},
        ),
        (ram((1, 9), (10, 10), (20, 20)), "nr_memmap_boot_pages 5120\n", None, {1: "no", 10: "no", 20: "not known"}),
    ],
)
def test_whether_arm64_blocks_were_there_at_boot_is_known_or_said_to_be_a_guess(
    tmp_path: Path, iomem: str | None, vmstat: str | None, cmdline: str | None, answers: dict[int, str]
) -> None:
    """Blocks that no file dates may be a DIMM that is Normal: only memory of the boot is refused for sure."""
    blocks = {**{number: "DMA" if number < 4 else "Normal" for number in range(1, 11)}, 20: "Normal"}
    machine = captured(
        tmp_path, blocks, version="Linux version 6.1.0-28-arm64 (builder) aarch64", iomem=iomem, vmstat=vmstat,
        cmdline=cmdline,
    )  # fmt: skip
    assert {number: told(machine, number) for number in answers} == answers
    verdict = why_not(machine, Offline(block=20))
    assert ("not_dated" in [reason.code for reason in verdict.unknown]) is (answers[20] == "not known" and not vmstat)


def test_hot_added_movable_memory_of_arm64_goes_where_the_command_line_put_none_there(tmp_path: Path) -> None:
    blocks = {**dict.fromkeys(range(1, 10), "DMA"), 20: "Movable"}
    zones = {"DMA": (9 * BLOCK, 9 * BLOCK - 4000, 200000), "Movable": (BLOCK, BLOCK, BLOCK - 100)}
    for cmdline, answer in (("quiet", "yes"), ("movablecore=128M", "not known")):
        machine = captured(
            tmp_path / answer, blocks, version="Linux version 6.1.0-28-arm64 (builder) aarch64", zones=zones,
            iomem=ram((1, 9), (20, 20)), cmdline=cmdline, movable=50,
        )  # fmt: skip
        assert told(machine, 20) == answer


GUEST = {**dict.fromkeys(range(1, 9), "DMA32"), **dict.fromkeys(range(32, 40), "Normal"), 40: "Movable"}
"""Two kernel zones of eight blocks, of which the second may be a DIMM's, one block of zone Movable, and an offline one."""


@pytest.mark.parametrize(
    ("ratio", "valid", "vmstat", "answer", "words"),
    [
        ("100", "Movable Normal", None, "yes", False),  # two blocks of eight: the low zone alone pays for them
        ("20", "Movable Normal", None, "not known", False),  # 20 % of eight blocks are less than two, of sixteen more
        ("20", "Movable Normal", "nr_memmap_boot_pages 8192\n", "yes", False),
        ("20", "Normal Movable", "nr_memmap_boot_pages 8192\n", "not known", True),
        ("0", "Normal Movable", None, "yes", False),
    ],
)
def test_what_auto_movable_weighs_is_known_or_said_to_be_a_guess(
    tmp_path: Path, ratio: str, valid: str, vmstat: str | None, answer: str, words: bool
) -> None:
    zones = {name: (count * BLOCK, count * BLOCK - 300, BLOCK) for name, count in (("DMA32", 8), ("Normal", 8))}
    folder = tree(
        tmp_path, GUEST, zones={**zones, "Movable": (BLOCK, BLOCK, BLOCK)}, vmstat=vmstat or "nr_free_pages 0\n"
    )
    (folder / MEMORY / "memory41").mkdir()
    (folder / MEMORY / "memory41/state").write_text("offline\n")
    (folder / MEMORY / "memory41/valid_zones").write_text(f"{valid}\n")
    parameters = folder / "sys/module/memory_hotplug/parameters"
    parameters.mkdir(parents=True)
    for name, value in (("online_policy", "auto-movable"), ("auto_movable_ratio", ratio), ("memmap_on_memory", "N")):
        (parameters / name).write_text(f"{value}\n")
    machine = capture(folder)
    assert any("names another zone first" in note for note in machine.origin.notes) is words
    assert machine.apply(Online(block=41)).certainty == answer
    machine.undo()
    assert machine.apply(Online(block=41, type="online_movable")).certainty == "yes"
