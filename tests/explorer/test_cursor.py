"""The cursor goes to memory: over holes and headings, and past a folded run in one step."""

from __future__ import annotations

from altmap.engine import Add, Machine, boot_machine
from altmap.explorer.picture.memory import MemoryPicture
from altmap.explorer.picture.palette import DARK
from altmap.explorer.picture.scope import whole
from altmap.explorer.picture.use import Use
from altmap.explorer.picture.view import Scene
from altmap.explorer.tui.outlooks import Outlooks


def picture(machine: Machine) -> MemoryPicture:
    """A map of all of a machine, runs folded."""
    return MemoryPicture(Scene(machine, DARK, Outlooks(machine)), Use, whole(machine), (80, 24), 2, folds=True)


def to(map_: MemoryPicture, block: int, across: int = 0, down: int = 0) -> int:
    """The block that one step leads to from another."""
    unit = map_.machine.geometry.pages_per_block
    return map_.moved(block * unit, across, down) // unit


def test_a_step_leads_over_a_hole_and_ends_at_the_last_memory() -> None:
    machine = boot_machine([(0, 0, "1G")])
    assert machine.apply(Add(start="4G", size="256M")).ok
    map_ = picture(machine)
    assert [to(map_, 7, across=1), to(map_, 32, across=-1)] == [32, 7]
    assert [to(map_, 33, across=1), to(map_, 0, across=-1)] == [33, 0]
    assert to(map_, map_.plan.shape.per_row, down=-1) == 0
    assert {to(map_, 7, down=1), to(map_, 7, down=-1)} <= {*machine.blocks}


def test_a_folded_run_is_one_step() -> None:
    machine = boot_machine([(0, 0, "4G")], reserved=[(1 << 30, 3 << 30)])
    map_ = picture(machine)
    run = next(row for row in map_.plan.rows if row.what == "alike")
    unit = machine.geometry.pages_per_block
    first, behind = run.start // unit, (run.start + run.pages) // unit
    middle = (first + behind) // 2
    assert [to(map_, middle, across=-1), to(map_, middle, across=1)] == [first - 1, behind]
    assert to(map_, behind, across=-1) == behind - 1
