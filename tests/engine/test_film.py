"""A command as a film: each moment is the machine after so many events, whichever way one came to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from altmap.engine import (
    Add,
    Allocate,
    BadInput,
    Command,
    Compact,
    Film,
    Machine,
    Offline,
    Online,
    Ram,
    boot_machine,
    open_machine,
    parse_line,
)
from altmap.engine.commands.outcome import Outcome
from altmap.engine.protocol.events import (
    HugePageFreed,
    HugePagesChanged,
    HugePageTaken,
    IsolationUndone,
    MemmapSkipped,
    PagesMigrated,
    PagesTaken,
    RangeIsolated,
)


def rfc_guest() -> Machine:
    """A guest under the RFC's kernel, with a block online that holds its own memmap."""
    machine = boot_machine([Ram(0, 0, "1G")], model="rfc-v2")
    machine.apply(Add(start="4G", size="128M", node=0), check=True)
    machine.apply(Online(block=32, type="online_movable"), check=True)
    return machine


PLAYED: list[tuple[str, Command]] = [
    ("small-guest", Offline(block=1)),  # pages move to other blocks
    ("firecracker-24g", Offline(block=50)),  # refused as soon as it is isolated
    ("small-guest", Add(start="8G", size="256M", node=0)),
    ("mixed-guest", Compact()),
    ("", Offline(block=32)),
]


def seen(machine: Machine) -> tuple[dict[Any, Any], ...]:
    tables: tuple[Mapping[Any, Any], ...] = (
        machine.sections,
        machine.blocks,
        machine.zones,
        machine.nodes,
        machine.requests,
        machine.resources,
    )
    return tuple({**table} for table in tables)


def after(machine: Machine, command: Command, events: int) -> tuple[dict[Any, Any], ...]:
    copy = machine.copy()
    steps = copy.steps(command)
    for _ in range(events):
        next(steps)
    there = seen(copy)
    steps.close()
    return there


@pytest.mark.parametrize(("name", "command"), PLAYED)
def test_each_moment_is_the_machine_after_so_many_events_however_one_came_to_it(name: str, command: Command) -> None:
    machine = open_machine(name) if name else rfc_guest()
    before = seen(machine)
    film = Film(machine, [command])
    (outcome,) = film.to_end()
    last = film.at
    assert film.moments == last == len(outcome.events) + 1
    assert film.last == outcome
    copy = machine.copy()
    assert copy.apply(command) == outcome
    assert film.ended
    assert seen(copy) == seen(film.machine)
    for at in sorted({0, 1, last // 2, last - 1} & set(range(last))):
        assert film.go_to(at) == at
        assert film.so_far == outcome.events[:at]
        assert not film.ended
        assert seen(film.machine) == after(machine, command, at)
    assert film.go_to(last + 10) == last
    assert seen(copy) == seen(film.machine)
    assert not film.forward()
    assert seen(machine) == before


def test_pages_that_leave_arrive_elsewhere_pageblock_by_pageblock() -> None:
    machine = open_machine("small-guest")
    film = Film(machine, [Offline(block=1)])
    moved = 0
    while film.forward():
        if isinstance(film.last, PagesMigrated):
            moves = film.moves()
            assert sum(move.pages for move in moves) == film.last.pages
            assert {machine.geometry.block_of(move.source) for move in moves} == {1}
            assert 1 not in {machine.geometry.block_of(move.target) for move in moves}
            touched = {pfn for start, pages in film.changed() for pfn in range(start, start + pages, 512)}
            assert touched == {pfn for move in moves for pfn in (move.source, move.target)}
            moved += film.last.pages
    assert moved == 1673


def test_what_is_isolated_changes_and_moves_nothing() -> None:
    film = Film(open_machine("small-guest"), [Offline(block=1)])
    while not isinstance(film.last, RangeIsolated):
        assert film.forward()
    assert (32768, 32768) in [
        (max(start, 32768), min(start + pages, 65536) - 32768) for start, pages in film.changed() if start <= 32768
    ]
    assert film.moves() == []


def test_the_functions_that_step_over_memmap_are_moments_of_their_own() -> None:
    film = Film(rfc_guest(), [Offline(block=32)])
    film.to_end()
    skipped = [event for event in film.so_far if isinstance(event, MemmapSkipped)]
    assert [event.where for event in skipped] == [
        "test_pages_isolated",
        "__test_page_isolated_in_pageblock",
        "__offline_isolated_pages",
    ]


def test_a_film_has_no_moment_before_its_first_and_none_of_a_command_without_sense() -> None:
    film = Film(open_machine("small-guest"), [Offline(block=1)])
    assert film.last is None
    assert not film.changed()
    assert not film.moves()
    assert not film.back()
    with pytest.raises(BadInput, match="begins at 0"):
        film.go_to(-1)
    with pytest.raises(BadInput, match="never comes from ZONE_MOVABLE"):
        Film(open_machine("small-guest"), [Allocate(kind="unmovable", size="1M", node=0, zone="Movable")]).forward()


def test_several_commands_are_played_one_after_the_other_past_refusals() -> None:
    machine = open_machine("firecracker-24g")
    film = Film(machine, [Offline(block=50), Online(block=48), Offline(block=51)])
    outcomes = film.to_end()
    assert [outcome.result for outcome in outcomes][:1] == ["EBUSY"]
    assert film.so_far == tuple(told for outcome in outcomes for told in (*outcome.events, outcome))
    while film.back():
        pass
    assert seen(film.machine) == seen(machine)


def test_how_many_commands_have_passed_and_how_many_events_of_the_next() -> None:
    film = Film(with_two(), [Offline(block=33), Offline(block=32)])
    outcomes = film.to_end()
    first = len(outcomes[0].events) + 1
    for at, passed in ((0, (0, 0)), (2, (0, 2)), (first, (1, 0)), (first + 3, (1, 3))):
        film.go_to(at)
        assert film.passed == passed


def with_two() -> Machine:
    machine = boot_machine([Ram(0, 0, "1G")], model="6.12", memmap_on_memory="Y")
    machine.apply(Add(start="4G", size="256M", node=0), check=True)
    for block in (32, 33):
        machine.apply(Online(block=block, type="online_movable"), check=True)
    machine.apply(Allocate(kind="movable", size="40M", zone="Movable"), check=True)
    return machine


@pytest.mark.parametrize("events", range(1, 14))
def test_a_signal_ends_a_command_as_the_kernel_ends_it_then(events: int) -> None:
    machine = with_two()
    film = Film(machine, [Offline(block=33), Offline(block=32), Offline(block=1)])
    first = len(film.to_end()[0].events) + 1
    told = film.so_far
    film.go_to(first + events)
    late = any(isinstance(one, PagesTaken) for one in told[first : film.at])
    assert film.takes_signals is not late
    film.signal()
    assert film.at == first + events
    assert film.so_far == told[: film.at]
    last = film.to_end()[-1]
    other = machine.copy()
    other.apply(Offline(block=33))
    steps = other.steps(Offline(block=32))
    for _ in range(events):
        next(steps)
    steps.close()
    assert last == other.history[-1]
    assert seen(film.machine) == seen(other)
    undone = [type(one) for one in film.so_far[first + events : -1]]
    assert (IsolationUndone in undone) is (not late and RangeIsolated in map(type, told[first : first + events]))
    assert last.result == ("ok" if late else "EINTR")
    again = Film(machine, [Offline(block=33), Offline(block=32)], {1: events})
    again.to_end()
    assert seen(again.machine) == seen(other)
    film.go_to(0)
    assert seen(film.machine) == seen(machine)


def test_what_looks_for_no_signals_goes_on_and_what_would_follow_is_not_done() -> None:
    film = Film(with_two(), [Add(start="8G", size="256M", node=0), Offline(block=32)])
    film.to_end()
    film.go_to(3)
    assert not film.takes_signals
    film.signal()
    (outcome,) = film.to_end()
    assert outcome.ok
    assert 64 in film.machine.blocks
    assert film.machine.blocks[32].state == "online"


def test_gigantic_pages_are_told_one_by_one_and_what_moves_for_them_by_pageblock() -> None:
    machine = boot_machine([Ram(0, 0, "6G")])
    assert machine.apply(Allocate(size="2G", kind="movable", pattern="random")).ok
    film = Film(machine, [*parse_line("hugepages 1 of 1G"), *parse_line("hugepages 0 of 1G")])
    film.to_end()
    told = [type(one) for one in film.so_far]
    assert told[0] is RangeIsolated
    assert [*dict.fromkeys(told)][1:3] == [PagesMigrated, HugePageTaken]
    assert told[-3:] == [HugePageFreed, HugePagesChanged, Outcome]
    taken = next(one for one in film.so_far if isinstance(one, HugePageTaken))
    film.go_to(told.index(HugePageTaken) + 1)
    assert film.machine.summary(taken.pfn, taken.pages).of("huge") == taken.pages
    film.back()
    assert not film.machine.summary(taken.pfn, taken.pages).of("huge")
    film.go_to(told.index(PagesMigrated) + 1)
    size = machine.geometry.pageblock_pages
    assert film.moves()
    assert all(move.source % size == move.target % size == 0 for move in film.moves())
