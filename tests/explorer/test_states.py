"""The tree of states as rows."""

from __future__ import annotations

from altmap import engine
from altmap.explorer.tui.session import Session
from altmap.explorer.tui.states import rows

from .machines import guest, with_dimm


def online(machine: engine.Machine, block: int) -> None:
    assert machine.apply(engine.Online(block=block)).ok


def test_one_way_is_not_indented() -> None:
    assert [(row.number, row.depth, row.command, row.result) for row in rows(with_dimm(movable=1))] == [
        (0, 0, "the beginning", ""),
        (1, 0, "add 1G at 0x100000000 node 0", "ok"),
        (2, 0, "online 32 online_movable", "ok"),
    ]


def test_branches_stand_where_they_begin() -> None:
    """Three ways from state 1, of which the middle one was taken last, and a branch of a branch."""
    machine = with_dimm()
    for way in (32, 33, 34):
        machine.go_to(1)
        online(machine, way)
        online(machine, way + 3)
    machine.go_to(2)
    online(machine, 39)
    machine.go_to(5)
    assert [(row.number, row.depth, row.place) for row in rows(machine)] == [
        (0, 0, "path"), (1, 0, "path"),
        (2, 1, "aside"), (3, 2, "aside"), (8, 1, "aside"),
        (6, 1, "aside"), (7, 1, "aside"),
        (4, 0, "path"), (5, 0, "here"),
    ]  # fmt: skip


def test_a_way_of_thousands_of_states() -> None:
    machine = guest()
    for _ in range(3000):
        machine.apply(engine.Offline(block=0))
    assert [row.number for row in rows(machine)] == list(range(3001))


def test_another_way_says_from_where_it_goes_on() -> None:
    machine = with_dimm()
    for way in (32, 33):
        machine.go_to(1)
        online(machine, way)
        online(machine, 39)
    found = rows(machine)
    assert [(row.number, row.parent, row.begins) for row in found] == [
        (0, None, False), (1, 0, False), (2, 1, True), (3, 2, False), (4, 1, False), (5, 4, False)
    ]  # fmt: skip


def test_states_that_are_one_say_which_they_are() -> None:
    machine = with_dimm(movable=4)
    found = rows(machine, Session(machine).shown_verb)
    assert [row.numbers for row in found] == ["0", "1", "2-5"]
