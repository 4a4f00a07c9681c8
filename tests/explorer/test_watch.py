"""Watching: what a verb does is played before it is done, and the signal stops it where a person is."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import Allocate, Film, Machine, Offline, Online, Outcome
from altmap.engine.protocol.events import MemmapSkipped, PagesMigrated, RangeIsolated
from altmap.explorer.tui.player import FRAMES, SPEEDS, Player
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.watch import WatchScreen
from altmap.explorer.tui.widgets.bars import ResultBar

from .machines import DIMM, drive, guest, press, result, stand_on, with_dimm


def busy() -> Machine:
    """Two movable blocks that hold their own memmap, and 60,000 movable pages in the first of them and boot memory."""
    machine = with_dimm(movable=2)
    assert machine.apply(Allocate(size="200M", kind="movable")).ok
    return machine


def player() -> Player:
    return Player(Film(busy(), [Offline(block=32)]))


def state(shown: WatchScreen | Machine) -> str:
    machine = shown if isinstance(shown, Machine) else shown.machine
    return machine.blocks[32].state


# -- the player ---------------------------------------------------------------------------------------------------------


def test_it_plays_to_the_end_by_frames_alone_and_faster_at_a_higher_speed() -> None:
    frames = {}
    for speed in (SPEEDS[0], SPEEDS[-1]):
        playing = player()
        playing.speed = speed
        frames[speed] = 0
        while playing.tick():
            frames[speed] += 1
        assert playing.ended
        assert not playing.playing
        assert isinstance(playing.present, Outcome)
    assert frames[SPEEDS[0]] > FRAMES
    assert 8 * frames[SPEEDS[-1]] < frames[SPEEDS[0]]


def test_pages_that_move_do_so_bit_by_bit() -> None:
    playing = player()
    at = next(number for number, told in enumerate(playing.told) if isinstance(told, PagesMigrated))
    migrated = playing.told[at]
    assert isinstance(migrated, PagesMigrated)
    playing.go_to(at)
    playing.playing = True
    seen = []
    while playing.at == at:
        seen.append(sum(playing.arrived().values()))
        assert sum(move.pages for move in playing.moving()) == seen[-1]
        playing.tick()
    assert seen == sorted(seen)
    assert len(set(seen)) > 10
    assert sum(playing.arrived().values()) == migrated.pages
    assert set(playing.arrived()) <= set(playing.machine.blocks) - {32}


def test_the_meters_are_full_at_the_end_and_empty_at_the_beginning() -> None:
    playing = player()
    assert {meter.word for meter in playing.meters()} >= {"isolated", "moved", "taken out"}
    assert all(meter.done == 0 for meter in playing.meters())
    playing.go_to(len(playing.told))
    assert all(meter.done == meter.total for meter in playing.meters())


def test_the_rfc_steps_over_its_memmap_in_sight() -> None:
    machine = with_dimm("rfc-v2", movable=8)
    playing = Player(Film(machine, [Offline(block=32)]))
    assert any(isinstance(told, MemmapSkipped) for told in playing.told)
    assert next(meter for meter in playing.meters() if meter.word == "memmap over").total >= 3


def test_how_many_commands_have_passed_and_how_many_events_of_the_next() -> None:
    playing = Player(Film(with_dimm(movable=2), [Offline(block=33), Offline(block=32)]))
    first = next(number for number, told in enumerate(playing.told, 1) if isinstance(told, Outcome))
    for at, passed in ((0, (0, 0)), (2, (0, 2)), (first, (1, 0)), (first + 3, (1, 3))):
        playing.go_to(at)
        assert playing.passed() == passed


# -- the screen ---------------------------------------------------------------------------------------------------------


def test_a_watched_verb_is_done_when_a_person_says_so_and_not_before() -> None:
    machine = busy()

    async def story(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "W", "f", "space", "end")
        watching = pilot.app.screen
        assert isinstance(watching, WatchScreen)
        assert state(machine) == "online"
        assert state(watching) == "offline"
        await press(pilot, "home")
        assert state(watching) == "online"
        await press(pilot, "right")
        assert state(watching) == "going-offline"
        await press(pilot, "q")
        assert pilot.app.screen is screen
        assert state(machine) == "online"
        await press(pilot, "W", "f", "enter")
        assert state(machine) == "offline"
        assert "memory32 is offline" in result(screen)
        await press(pilot, "u", "f")
        assert pilot.app.screen is screen, "only the next verb is watched"

    drive(machine, story)


def test_the_signal_stops_the_kernel_where_a_person_is() -> None:
    machine = busy()

    async def story(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "W", "f", "space", "home")
        watching = pilot.app.screen
        assert isinstance(watching, WatchScreen)
        while not any(isinstance(told, RangeIsolated) for told in watching._player.film.so_far):
            await press(pilot, "right")
        await press(pilot, "escape")
        assert machine.history[-1].result == "EINTR"
        assert any(isinstance(event, RangeIsolated) for event in machine.history[-1].events)
        assert state(machine) == "online"
        assert "EINTR" in result(screen)
        assert machine.check() == []

    drive(machine, story)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
def test_what_was_done_is_watched_again_and_nothing_comes_of_it(size: tuple[int, int]) -> None:
    machine = busy()
    machine.apply(Online(block=34), check=True)

    async def story(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "f")
        states = len(machine.timeline)
        await press(pilot, "R", "space", "end")
        watching = pilot.app.screen
        assert isinstance(watching, WatchScreen)
        assert state(watching) == "offline"
        await press(pilot, "home", "plus", "v", "V", "minus", "left", "right")
        assert state(watching) == "going-offline"
        assert "memory32 is going-offline" in watching.query_one(ResultBar).text
        await press(pilot, "enter")
        assert pilot.app.screen is screen
        assert len(machine.timeline) == states
        assert state(machine) == "offline"

    drive(machine, story, size)


def test_there_is_nothing_to_watch_again_before_anything_was_done() -> None:
    async def story(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "R")
        assert "nothing was done that could be watched" in result(screen)

    drive(guest(), story)


def test_what_makes_no_sense_is_said_where_it_would_be_done() -> None:
    async def story(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "W", "colon", *"allocate 1M unmovable zone Movable", "enter")
        assert not isinstance(pilot.app.screen, WatchScreen)
        assert len(screen.machine.timeline) == before

    machine = with_dimm(movable=len(DIMM))
    before = len(machine.timeline)
    drive(machine, story)
