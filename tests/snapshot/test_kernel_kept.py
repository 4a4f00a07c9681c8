"""A capture that does not tell its kernel: between which releases it is stays known when the machine is saved."""

from __future__ import annotations

from pathlib import Path

from altmap.engine import capture, open_machine, save_machine
from altmap.engine.memory.state import state_of

from .trees import BLOCK, tree


def test_the_releases_that_it_may_be_are_saved(tmp_path: Path) -> None:
    shown = tree(
        tmp_path / "tree",
        {0: "DMA32", 32: "Normal"},
        zones={"DMA32": (BLOCK, BLOCK, 0), "Normal": (BLOCK, BLOCK, BLOCK)},
        version="",
        vmstat="nr_free_pages 0\nnr_memmap_pages 512\n",
    )
    machine = capture(shown)
    save_machine(machine, tmp_path / "saved.json")
    for known in (state_of(machine).globals.value, state_of(open_machine(str(tmp_path / "saved.json"))).globals.value):
        assert (known.kernel_since, known.kernel_until) == ((6, 11), (7, 3))
