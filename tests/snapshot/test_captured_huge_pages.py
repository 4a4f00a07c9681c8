"""Huge pages of a captured machine that gives their memmap back (hugetlb_free_vmemmap)."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import HugePages, Sync, capture
from altmap.engine.memory.state import state_of

from .trees import BLOCK, tree

HEAD, TAIL, BUDDY = 1 << 17 | 1 << 15, 1 << 17 | 1 << 16, 1 << 10
FIRST = 33 * BLOCK


def pictured(folder: Path, option: str, huge: int) -> Path:
    """Two blocks, the second of which begins with so many huge pages and is free behind them."""
    heads = [
        run for at in range(huge) for run in ((FIRST + 512 * at, 1, HEAD, 0), (FIRST + 512 * at + 1, 511, TAIL, 0))
    ]
    free = 2 * BLOCK - 512 * huge
    return tree(
        folder,
        {32: "Normal", 33: "Normal"},
        zones={"Normal": (2 * BLOCK, 2 * BLOCK, free)},
        cmdline=f"hugetlb_free_vmemmap={option}",
        pages=[(32 * BLOCK, BLOCK, BUDDY, 0), *heads, (FIRST + 512 * huge, BLOCK - 512 * huge, BUDDY, 0)],
    )


@pytest.mark.parametrize(("option", "costs"), [("on", 7), ("off", 0)])
def test_captured_huge_pages_need_their_memmap_again_when_they_go(tmp_path: Path, option: str, costs: int) -> None:
    """As the pool of 450 in the recording hvo_nomom of 7.3: 450 times 7 pages."""
    machine = capture(pictured(tmp_path / "before", option, 4))
    free = machine.zones[0, "Normal"].free
    assert machine.apply(HugePages(count=1, size="2M", node=0)).ok
    assert machine.zones[0, "Normal"].free - free == 3 * (512 - costs)
    assert machine.check() == []


def test_a_later_capture_tells_which_have_given_theirs_back(tmp_path: Path) -> None:
    machine = capture(pictured(tmp_path / "before", "on", 4))
    machine.apply(Sync(root=str(pictured(tmp_path / "after", "on", 2))))
    given = dict(state_of(machine).optimized)
    assert given == {FIRST: True, FIRST + 512: True, FIRST + 1024: False, FIRST + 1536: False}
