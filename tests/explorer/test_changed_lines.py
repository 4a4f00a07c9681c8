"""Only the lines of a map that look otherwise are drawn again, so these must be among those that it says have changed."""

from __future__ import annotations

import random

import pytest
from altmap.engine import Add, Machine, Offline, Online, open_machine
from altmap.engine.commands import Allocate, Command, Free, Poison
from altmap.explorer.picture.can_go import CanGo
from altmap.explorer.picture.memory import MemoryPicture
from altmap.explorer.picture.overlay import Overlay
from altmap.explorer.picture.overview import Overview
from altmap.explorer.picture.palette import DARK
from altmap.explorer.picture.scope import Scope, whole
from altmap.explorer.picture.use import Use
from altmap.explorer.picture.view import Scene, View
from altmap.explorer.picture.views import VIEWS
from altmap.explorer.tui.outlooks import Outlooks

VERDICTLESS = [view for view in VIEWS if view is not CanGo]


def throw(chance: random.Random, machine: Machine) -> Command:
    block = chance.choice(sorted(machine.blocks))
    size, node = chance.randrange(1, 1 << 15) << 12, chance.choice(sorted(machine.nodes))
    return chance.choice(
        (
            Offline(block=block),
            Online(block=block, type=chance.choice(("online", "online_kernel", "online_movable"))),
            Allocate(size=size, node=node, kind=chance.choice(("movable", "unmovable"))),
            Free(size=size, node=node),
        )
    )


@pytest.mark.parametrize("name", ["numa-guest", "mixed-guest"])
@pytest.mark.parametrize("view", VERDICTLESS, ids=lambda view: view.name)
@pytest.mark.parametrize("halves", [1, 2])
def test_a_line_that_looks_otherwise_has_changed(name: str, view: type[View], halves: int) -> None:
    machine = open_machine(name)
    scene = Scene(machine, DARK, Outlooks(machine))
    picture = MemoryPicture(scene, view, whole(machine), (80, 30), halves, folds=True)
    chance, over = random.Random(f"{name} {view.name}"), Overlay(cursor=-1)
    before = [picture.line(y, over) for y in range(30)]
    for _ in range(15):
        if chance.random() < 0.3:
            machine.undo()
        else:
            machine.apply(throw(chance, machine))
        changed = set(picture.changed_lines(over))
        now = [picture.line(y, over) for y in range(30)]
        stale = [y for y in range(30) if before[y] != now[y] and y not in changed]
        assert not stale, (machine.history[-1:], [(before[y], now[y]) for y in stale])
        fresh = MemoryPicture(scene, view, whole(machine), (80, 30), halves, folds=True)
        assert now == [fresh.line(y, over) for y in range(30)] or fresh.plan.rows != picture.plan.rows
        before = now


@pytest.mark.parametrize("halves", [1, 2])
def test_of_a_block_of_which_few_pages_change_no_other_cell_looks_otherwise(halves: int) -> None:
    machine = open_machine("firecracker-24g")
    unit = machine.geometry.pages_per_block
    scene, scope, over = Scene(machine, DARK, Outlooks(machine)), Scope("block", 64 * unit, unit), Overlay(cursor=-1)
    picture = MemoryPicture(scene, Use, scope, (38, 33), halves, folds=False)
    before = [picture.line(y, over) for y in range(picture.lines)]
    for page in (3584, 20000, 32767):
        machine.apply(Poison(address=64 * unit + page << 12), check=True)
        picture.changed_lines(over)
        now = [picture.line(y, over) for y in range(picture.lines)]
        fresh = MemoryPicture(scene, Use, scope, (38, 33), halves, folds=False)
        assert now == [fresh.line(y, over) for y in range(fresh.lines)] != before
        before = now


@pytest.mark.parametrize("name", ["numa-guest", "mixed-guest"])
def test_an_overview_that_took_in_what_changed_looks_like_one_drawn_anew(name: str) -> None:
    machine = open_machine(name)
    scene, scope = Scene(machine, DARK, Outlooks(machine)), whole(machine)
    overview, chance = Overview(scene, 80, 2), random.Random(name)
    overview.line(0, scope)
    looked = set()
    for _ in range(12):
        machine.apply(throw(chance, machine))
        assert overview.fits(machine)
        overview.update()
        looked.add(line := overview.line(0, scope))
        assert line == Overview(scene, 80, 2).line(0, scope)
    assert len(looked) > 1
    machine.apply(Add(start="1T", size="1G"), check=True)
    assert not overview.fits(machine)
    assert not overview.fits(open_machine(name))


def test_an_overview_keeps_its_place_for_blocks_that_are_expected() -> None:
    machine = open_machine("numa-guest")
    first = (1 << 40) // machine.geometry.block_size
    scene = Scene(machine, DARK, Outlooks(machine), dict.fromkeys(range(first, first + 8), 0))
    overview = Overview(scene, 80, 2)
    before = overview.line(0, whole(machine))
    machine.apply(Add(start="1T", size="1G"), check=True)
    assert overview.fits(machine)
    overview.update()
    assert before != overview.line(0, whole(machine)) == Overview(scene, 80, 2).line(0, whole(machine))
