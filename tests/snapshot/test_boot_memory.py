"""Memory of the boot in a capture: which blocks it is, and which of it is reserved for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Offline, capture, open_machine, save_machine, sentence

from tests.traces.recording import Recording, write_tree

from .trees import BLOCK, ram, tree


@pytest.mark.parametrize("iomem", [True, False])
def test_who_may_not_read_iomem_is_not_told_that_a_dimm_is_memory_of_the_boot(tmp_path: Path, iomem: bool) -> None:
    """vmstat says how much memory the boot had; what is more was added later, and arm64 lets it go."""
    recording = Recording("6.12-arm64/dimm1g_nomom")
    seen = next(one for one in recording.observations() if one["blocks"].get("memory16", {}).get("state") == "online")
    write_tree(tmp_path, recording.kernel, seen)
    for path in (tmp_path / "proc").glob("kpage*"):
        path.unlink()
    if not iomem:
        (tmp_path / "proc/iomem").unlink()
    machine = capture(tmp_path)
    assert machine.check() == []
    assert (machine.blocks[9].early, machine.blocks[16].early) == (True, False)
    assert machine.why_not(Offline(block=9)).answer == "no"
    assert machine.why_not(Offline(block=16)).answer == "not known"


def test_memory_of_a_crash_kernel_stays_reserved_whatever_the_counters_say(tmp_path: Path) -> None:
    """The zone counts more free pages than it has beside it: such numbers do not go together, and iomem is the surer."""
    blocks = {0: "none", **dict.fromkeys(range(1, 8), "DMA32"), **dict.fromkeys(range(32, 36), "Movable")}
    zones = {"DMA32": (7 * BLOCK, 6 * BLOCK, BLOCK), "Movable": (4 * BLOCK, 4 * BLOCK - 472, 4 * BLOCK - 500)}
    iomem = ram((0, 7), (32, 35), inside=[(33 * BLOCK, 3 * BLOCK, "Crash kernel")])
    machine = capture(tree(tmp_path, blocks, zones=zones, iomem=iomem, cmdline="movablecore=512M"))
    assert machine.check() == []
    for block in (33, 34, 35):
        verdict = machine.why_not(Offline(block=block))
        assert (verdict.result, verdict.answer) == ("EBUSY", "no")


def test_what_iomem_names_is_called_so_and_stays_when_it_is_saved(tmp_path: Path) -> None:
    inside = [
        (BLOCK, BLOCK // 2, "Kernel code"),
        (3 * BLOCK // 2, BLOCK // 4, "Kernel bss"),
        (3 * BLOCK, 9, "reserved"),
    ]
    blocks = {0: "none", **dict.fromkeys(range(1, 8), "DMA32")}
    machine = capture(tree(tmp_path, blocks, iomem=ram((0, 7), inside=inside)))
    save_machine(machine, tmp_path / "it.json")
    for one in (machine, open_machine(tmp_path / "it.json")):
        (blocker,) = one.why_not(Offline(block=1)).blockers
        assert sentence(blocker.detail) == "Kernel code at 0x8000000-0xbffffff, Kernel bss at 0xc000000-0xdffffff"
        assert one.why_not(Offline(block=3)).blockers[0].detail is None


@pytest.mark.parametrize(("version", "answer"), [("6.12.9", "not known"), ("5.0.21", "yes")])
def test_a_block_may_hold_what_is_kept_for_cma_though_all_its_pages_are_seen(
    tmp_path: Path, version: str, answer: str
) -> None:
    """No file tells where CMA lies; pageblocks of it do not go offline (since 5.1), and no memory that came later has any."""
    blocks = {0: "none", **dict.fromkeys(range(1, 8), "DMA32"), 32: "Movable"}
    zones = {"DMA32": (7 * BLOCK, 7 * BLOCK - 200, 7 * BLOCK - 200), "Movable": (BLOCK, BLOCK, BLOCK)}
    reserved, free = 1 << 32, 1 << 10
    pages = [(BLOCK, 200, reserved, 0), (BLOCK + 200, 7 * BLOCK - 200, free, 0), (32 * BLOCK, BLOCK, free, 0)]
    root = tree(
        tmp_path,
        blocks,
        zones=zones,
        iomem=ram((0, 7), (32, 32)),
        pages=pages,
        cmdline="cma=16M",
        version=f"Linux version {version}",
    )
    zoneinfo = (root / "proc/zoneinfo").read_text()
    (root / "proc/zoneinfo").write_text(zoneinfo.replace("cma 0", "cma 4096", 1))
    machine = capture(root)
    hangs = machine.outlook(5).doubt
    assert (hangs is not None and "CMA" in sentence(hangs)) is (answer == "not known")
    verdict = machine.why_not(Offline(block=5))
    assert verdict.answer == answer
    assert [sentence(one)[:64] for one in verdict.unknown] == (
        ["4,096 pages of zone DMA32 of node 0 (16M) are kept for CMA, no f"] if answer == "not known" else []
    )
    assert machine.why_not(Offline(block=32)).answer == "yes"
