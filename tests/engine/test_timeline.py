"""Time travel: undo, redo, branches, names, and that any state that was ever there is reached exactly, at the cost of what
changed."""

from __future__ import annotations

from random import Random

import pytest
from altmap.engine import (
    Add,
    Allocate,
    BadInput,
    Command,
    Compact,
    Eject,
    Free,
    HugePages,
    Machine,
    Offline,
    Online,
    Pin,
    Poison,
    Remove,
    Unpin,
    VirtioMem,
    Write,
)

from .guests import dimm, do, guest, online, picture, two_nodes

PARAMETER = "/sys/module/memory_hotplug/parameters/auto_movable_ratio"


def four(machine: Machine) -> Machine:
    """States 1 to 4: add, online, allocate, offline."""
    dimm(machine, "256M")
    online(machine, 32, kind="online_movable")
    do(machine, Allocate(size="20M", zone="Movable"), Offline(block=32))
    return machine


# -- back and forth -----------------------------------------------------------------------------------------------------


def test_nothing_to_take_back_and_nothing_to_do_again() -> None:
    machine = guest("1G")
    assert (machine.undo(), machine.redo()) == (None, None)
    assert (machine.can_undo, machine.can_redo) == (False, False)
    assert machine.timeline.present.number == 0
    assert machine.timeline.present.outcome is None


def test_undo_and_redo_say_what_they_took_back() -> None:
    machine = four(guest("1G"))
    assert (machine.can_undo, machine.can_redo) == (True, False)
    undone = machine.undo()
    assert undone is not None
    assert undone.command == Offline(block=32)
    assert machine.timeline.present.number == 3
    assert state_of_block(machine, 32) == "online"
    redone = machine.redo()
    assert redone is undone
    assert state_of_block(machine, 32) == "offline"


def test_a_refusal_is_a_state_too() -> None:
    machine = guest("1G")
    before = picture(machine)
    machine.apply(Online(block=99))
    assert machine.timeline.present.number == 1
    assert picture(machine) == before
    undone = machine.undo()
    assert undone is not None
    assert undone.result == "ENOENT"


def test_what_makes_no_sense_is_no_state() -> None:
    machine = guest("1G")
    with pytest.raises(BadInput):
        machine.apply(HugePages(count=1, size="3M"))
    assert len(machine.timeline.steps) == 1


def test_a_new_command_after_undo_begins_a_branch_and_the_old_one_stays() -> None:
    machine = four(guest("1G"))
    machine.go_to(1)
    online(machine, 33, kind="online_kernel")
    assert machine.timeline.present.number == 5
    assert [step.number for step in machine.timeline.path()] == [0, 1, 5]
    assert [outcome.command for outcome in machine.history] == [
        Add(start="4G", size="256M"), Online(block=33, type="online_kernel")
    ]  # fmt: skip
    machine.go_to(3)
    assert machine.zones[0, "Movable"].present == 32768
    assert machine.blocks[33].state == "offline"
    assert [step.number for step in machine.timeline.path()] == [0, 1, 2, 3]


def test_redo_follows_the_branch_that_was_left_last() -> None:
    machine = four(guest("1G"))
    machine.go_to(1)
    online(machine, 33)  # state 5
    machine.undo()
    machine.redo()
    assert machine.timeline.present.number == 5
    machine.go_to(3)
    machine.go_to(1)
    machine.redo()
    assert machine.timeline.present.number == 2, "the way to 3 was the last one taken from 1"
    machine.redo()
    assert machine.timeline.present.number == 3


def test_going_to_a_state_and_on_from_there() -> None:
    machine = four(guest("1G"))
    for number in (0, 4, 2, 2, 3, 1):
        machine.go_to(number)
        assert machine.timeline.present.number == number
        assert len(machine.history) == number
        assert machine.check() == []


def state_of_block(machine: Machine, block: int) -> str:
    return machine.blocks[block].state


@pytest.mark.parametrize("number", [-1, 5, 1000])
def test_a_state_that_never_was(number: int) -> None:
    machine = four(guest("1G"))
    no_such = rf"there is no state {number}; states are numbered 0 to 4"
    with pytest.raises(BadInput, match=no_such):
        machine.go_to(number)
    with pytest.raises(BadInput, match=no_such):
        machine.timeline.name(number, "x")
    assert machine.timeline.present.number == 4


def test_a_signal_in_the_middle_is_one_state() -> None:
    machine = guest("1G")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    before = picture(machine)
    steps = machine.steps(Offline(block=32))
    next(steps)
    next(steps)
    steps.close()
    assert machine.history[-1].result == "EINTR"
    assert picture(machine) == before
    machine.undo()
    machine.redo()
    assert picture(machine) == before


# -- names --------------------------------------------------------------------------------------------------------------


def test_names() -> None:
    machine = four(guest("1G"))
    timeline = machine.timeline
    timeline.name(2, "movable")
    timeline.name(0, "boot")
    assert (timeline.find("movable"), timeline.find("boot"), timeline.find("3")) == (2, 0, 3)
    timeline.name(2, "other")
    with pytest.raises(BadInput, match=r"no state 'movable'; give a number from 0 to 4 or a name \(boot, other\)"):
        timeline.find("movable")
    timeline.name(2, "")
    timeline.name(0, "")
    with pytest.raises(BadInput, match="none has a name"):
        timeline.find("other")


def test_names_stay_when_the_machine_goes_elsewhere() -> None:
    machine = four(guest("1G"))
    machine.timeline.name(4, "end")
    machine.go_to(0)
    dimm(machine, at="8G")
    machine.go_to(machine.timeline.find("end"))
    assert machine.blocks[32].state == "offline"
    assert machine.timeline.present.name == "end"


# -- sharing ------------------------------------------------------------------------------------------------------------


def cost(machine: Machine) -> int:
    """Values that the present step holds."""
    return len(machine._tree.present.changes) // 2


def test_a_step_costs_what_changed_however_large_the_machine_is() -> None:
    costs = []
    for size in ("1G", "16G", "256G"):
        machine = guest("1G")
        dimm(machine, size)
        added = cost(machine)
        online(machine, 32, kind="online_movable")
        costs.append(cost(machine))
        do(machine, Write(path=PARAMETER, data="7"))
        assert cost(machine) == 1
        assert machine.apply(Offline(block=33)).result == "EINVAL"
        assert cost(machine) == 0
        assert added >= len(machine.sections) - 8
    assert costs[0] == costs[1] == costs[2] < 40


def test_untouched_values_are_the_same_in_every_state() -> None:
    machine = guest("1G")
    dimm(machine, "1G")
    sections, blocks = dict(machine.sections), dict(machine.blocks)
    online(machine, 32)
    changed = {nr for nr, section in machine.sections.items() if section is not sections[nr]}
    assert changed == {32}
    assert {number for number, block in machine.blocks.items() if block is not blocks[number]} == {32}
    machine.undo()
    assert all(section is sections[nr] for nr, section in machine.sections.items())


def test_taking_back_and_doing_again_keeps_the_cost() -> None:
    machine = four(guest("1G"))
    before = [len(step.changes) for step in machine._tree.steps]
    for number in (0, 4, 1, 3, 0, 4):
        machine.go_to(number)
    assert [len(step.changes) for step in machine._tree.steps] == before


# -- a random tree ------------------------------------------------------------------------------------------------------

POOL: tuple[Command, ...] = (
    Add(start="4G", size="256M"),
    Add(start="8G", size="128M", node=1),
    Add(start="8G", size="512M", placement="boot"),
    Add(start="4G", size="100M"),
    Online(block=32, type="online_movable"),
    Online(block=33, type="online_kernel"),
    Online(block=64, type="online_movable"),
    Online(block=65),
    Offline(block=32),
    Offline(block=33),
    Offline(block=12),
    Offline(block=64),
    Remove(start="8G", size="128M"),
    Eject(start="4G", size="256M"),
    Eject(start="8G", size="512M"),
    Allocate(size="60M"),
    Allocate(size="30M", kind="unmovable", pattern="random", seed=3),
    Allocate(size="20M", kind="reclaimable", pattern="checkerboard"),
    Allocate(size="100G"),
    Free(size="40M", pattern="random", seed=2),
    Pin(size="64K"),
    Unpin(),
    HugePages(count=20),
    HugePages(count=3),
    Compact(),
    Poison(address="4200M"),
    Poison(address="300M", soft=True),
    VirtioMem(start="16G", size="200M"),
    VirtioMem(start="16G", size="50M"),
    Write(path=PARAMETER, data="9"),
    Write(path="/sys/devices/system/memory/auto_online_blocks", data="online_movable"),
)


def fresh(model: str) -> Machine:
    return two_nodes("2G", "1G", model=model)


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_every_state_of_a_random_tree_is_what_a_fresh_replay_gives(model: str) -> None:
    chance, machine = Random(f"tree {model}"), fresh(model)
    results: list[str] = []
    for _ in range(50):
        if chance.random() < 0.3:
            machine.go_to(chance.randrange(len(machine.timeline.steps)))
        results.append(machine.apply(chance.choice(POOL)).result)
    assert results.count("ok") > 18
    assert len(set(results)) > 4, "refusals of several kinds too"
    steps = machine._tree.steps
    assert sum(len([s for s in steps if s.parent is parent]) > 1 for parent in steps) > 3, "it branches"

    replayed = {0: fresh(model)}
    wanted = {0: picture(replayed[0])}
    for step in steps[1:]:
        again = fresh(model)
        for outcome in (one.outcome for one in step.path()[1:]):
            assert outcome is not None
            assert again.apply(outcome.command) == outcome
        wanted[step.number] = picture(again)

    order = list(range(len(steps)))
    chance.shuffle(order)
    for number in order:
        machine.go_to(number)
        assert picture(machine) == wanted[number], f"state {number}"
    different = {
        frozenset((nr, kind, mask) for nr, section in one["sections"].items() for kind, mask in section.pages.items())
        for one in wanted.values()
    }
    assert len(different) > 15
