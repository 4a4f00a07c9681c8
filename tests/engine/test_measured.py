"""The few numbers that a plan is followed by, and being in one state after the other."""

from __future__ import annotations

import pytest
from altmap.engine import Add, BadInput, Machine, Measured, Online, measured

from .guests import guest


def planned() -> Machine:
    """A DIMM whose memmap lies in boot memory, one block of it movable; and another way, with its memmap in itself."""
    machine = guest("1G")
    assert machine.apply(Add(start="4G", size="256M", placement="boot")).ok
    assert machine.apply(Online(block=32, type="online_movable")).ok
    machine.go_to(0)
    assert machine.apply(Add(start="4G", size="256M", placement="block")).ok
    return machine


def test_the_numbers_of_each_state() -> None:
    machine = planned()
    found = {step.number: measured(machine) for step in machine.visit([0, 1, 2, 3])}
    total = found[0].total
    assert found[0] == Measured(total, found[0].free)
    assert found[1] == Measured(total, found[1].free, memmap=1024)
    assert found[2] == Measured(total + 32768, found[2].free, memmap=1024, movable=32768)
    assert found[0].free - found[1].free > 1024
    assert found[3].memmap == 1024
    assert found[0].free - found[3].free < 1024


def test_a_visit_leaves_the_machine_where_it_was() -> None:
    machine = planned()
    machine.go_to(0)
    following = machine.timeline.next
    visited = machine.visit([2, 3])
    assert next(visited).number == 2
    assert machine.blocks[32].state == "online"
    assert [step.number for step in visited] == [3]
    assert machine.timeline.present.number == 0
    assert machine.timeline.next == following
    with pytest.raises(BadInput, match="there is no state 9"):
        list(machine.visit([9]))
    assert machine.timeline.present.number == 0
    assert machine.check() == []
