"""Watching: what a verb does is played before it is done, and the signal stops it where a person is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from altmap.engine import Machine, Online
from altmap.engine.protocol.events import (
    IsolationUndone,
    PagesMigrated,
    PagesTaken,
    RangeIsolated,
)
from altmap.explorer.picture.memory import MemoryPicture
from altmap.explorer.picture.scope import Scope
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.watch import WatchScreen
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.close_up import CloseUp
from altmap.explorer.tui.widgets.keys import Keys
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from altmap.explorer.tui.widgets.title import Strip
from altmap.explorer.watching.player import SPEEDS
from textual.widgets import Input

from .machines import DIMM, busy, drive, guest, pinned, press, result, stand_on, title_of, with_dimm


def state(shown: WatchScreen | Machine) -> str:
    machine = shown if isinstance(shown, Machine) else shown.machine
    return machine.blocks[32].state


async def watched_from_its_beginning(pilot: Any) -> WatchScreen:
    """An offline of memory32, paused before its first moment."""
    await stand_on(pilot, 32)
    await press(pilot, "W", "f", "space", "home")
    watching = pilot.app.screen
    assert isinstance(watching, WatchScreen)
    return watching


def test_a_film_begun_where_the_map_tells_what_can_go_shows_what_is() -> None:
    async def watch(pilot: Any, screen: MainScreen) -> None:
        screen.query_one(MemoryMap).set_view("can it go")
        watching = await watched_from_its_beginning(pilot)
        seen = [watching.query_one(MemoryMap).view.name]
        for _ in range(3):
            await press(pilot, "v")
            seen.append(watching.query_one(MemoryMap).view.name)
        assert seen == ["use", "zones", "memmap", "types"]
        await press(pilot, "q")
        assert screen.query_one(MemoryMap).view.name == "can it go"

    drive(busy(), watch)


def test_how_many_pages_came_to_a_block_stands_on_its_tile_until_it_is_left() -> None:
    async def watch(pilot: Any, screen: MainScreen) -> None:
        watching = await watched_from_its_beginning(pilot)
        map_ = watching.query_one(MemoryMap)

        def shown() -> dict[int, int]:
            said = " ".join(
                "".join(span.text for span in map_.picture.line(y, map_.overlay)) for y in range(map_.picture.lines)
            )
            return {int(block): int(pages.replace(",", "")) for block, pages in re.findall(r"(\d+) +\+([\d,]+)", said)}

        told = watching._player.moments
        before = next(number for number, one in enumerate(told) if isinstance(one, PagesMigrated))
        watching.action_to(before)
        assert shown() == {}
        watching.action_to(before + 1)
        await press(pilot)
        came = shown()
        assert came == {block: pages for block, pages in watching._player.arrived().items() if pages}
        assert sum(came.values()) == sum(one.pages for one in told if isinstance(one, PagesMigrated))
        watching.action_to(0)
        assert shown() == {}

    drive(busy(), watch, (120, 40))


def test_the_block_that_goes_offline_is_seen_closer_where_there_is_room() -> None:
    seen = {(120, 40): "512K", (80, 24): "256K", (60, 20): "1M"}

    async def watch(pilot: Any, screen: MainScreen) -> None:
        watching = await watched_from_its_beginning(pilot)
        (close,) = watching.query(CloseUp)
        size = pilot.app.size.width, pilot.app.size.height
        for at in (0, 3, 5, 6):
            watching.action_to(at)
            await press(pilot, *(["v"] if at == 5 else []))
            shown = [close.row(y) for y in range(close.size.height)]
            title = "".join(span.text for span in shown[0])
            assert title.startswith("▌memory32")
            assert f" cell {seen[size]}" in title
            scope, map_ = Scope("block", 32 << 15, 1 << 15), watching.query_one(MemoryMap)
            fresh = MemoryPicture(map_.scene, map_.view, scope, (close.size.width, len(shown) - 1), 2, folds=False)
            assert shown[1:] == [fresh.line(y, map_.overlay._replace(cursor=-1)) for y in range(fresh.lines)]

    for size in seen:
        drive(busy(), watch, size)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
def test_all_speeds_are_there_however_many_moments_are(size: tuple[int, int]) -> None:
    """Beside the numbers of the moments, which grow."""

    async def watch(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "W", "colon", *"add 16G at 8G", "enter", "space", "end")
        row = "".join(span.text for span in pilot.app.screen.query_one("#transport", Strip).row(0))
        assert [f"{speed}×" for speed in SPEEDS] == row.split()[-len(SPEEDS) :]

    drive(busy(), watch, size)


def test_what_a_person_can_do_is_told_in_full_in_the_smallest_size() -> None:
    def told(watching: WatchScreen) -> bool:
        return watching.hint() in "".join(span.text for span in watching.query_one(ResultBar).row(1))

    async def signal(pilot: Any, screen: MainScreen) -> None:
        watching = await watched_from_its_beginning(pilot)
        for keys in ((), ("right", "right", "right"), ("s",), ("end",)):
            await press(pilot, *keys)
            assert told(watching), watching.hint()

    async def endless(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "W", "colon", *"eject 1G at 4G", "enter", "space", "end")
        watching = pilot.app.screen
        assert isinstance(watching, WatchScreen)
        assert watching._player.never_ends
        assert told(watching), watching.hint()

    drive(busy(), signal, (60, 20))
    drive(pinned(), endless, (60, 20))


def test_a_map_of_the_block_itself_needs_no_other_that_is_closer() -> None:
    async def watch(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "plus", "W", "f", "space", "home")
        (close,) = pilot.app.screen.query(CloseUp)
        assert close.size.height == 0

    drive(busy(), watch, (80, 24))


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
        watching = await watched_from_its_beginning(pilot)
        while not any(isinstance(told, RangeIsolated) for told in watching._player.film.so_far):
            await press(pilot, "right")
        await press(pilot, "s")
        assert pilot.app.screen is watching, "what the kernel undoes is shown first"
        assert len(machine.history) == before
        await press(pilot, "end")
        assert state(watching) == "online"
        assert "the signal was sent" in watching.query_one(ResultBar).text
        await press(pilot, "enter")
        assert machine.history[-1].result == "EINTR"
        assert any(isinstance(event, RangeIsolated) for event in machine.history[-1].events)
        assert state(machine) == "online"
        assert "EINTR" in result(screen)
        assert machine.check() == []
        stopped = len(machine.history[-1].events)
        await press(pilot, "R", "space", "home")
        again = pilot.app.screen
        assert isinstance(again, WatchScreen)
        assert any(isinstance(told, IsolationUndone) for told in again._player.moments[stopped:]), (
            "what is undone is shown"
        )
        for _ in range(stopped):
            await press(pilot, "right")
        assert state(again) == "going-offline"
        await press(pilot, "end")
        assert state(again) == "online"

    before = len(machine.history)
    drive(machine, story)


@pytest.mark.parametrize("stopped", [False, True])
def test_escape_leaves_a_film_whatever_a_signal_would_do_and_nothing_is_done(stopped: bool) -> None:
    machine = busy()
    before = len(machine.timeline)

    async def story(pilot: Any, screen: MainScreen) -> None:
        watching = await watched_from_its_beginning(pilot)
        await press(pilot, "right", "right", *["s"] * stopped)
        assert watching.check_action("signal", ()) is not stopped
        footer = watching.query_one(Keys).render_line(0).text
        assert "esc Leave" in footer
        assert ("s Signal" in footer) is not stopped
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert "not done" in result(screen)
        assert len(machine.timeline) == before

    drive(machine, story, (60, 20))


def test_in_a_film_no_word_leads_to_the_view_that_is_asked_of_no_moment() -> None:
    async def story(pilot: Any, screen: MainScreen) -> None:
        assert "can it go" in title_of(screen.query_one(MemoryMap))
        watching = await watched_from_its_beginning(pilot)
        said = title_of(watching.query_one(MemoryMap))
        assert "memmap" in said
        assert "can it go" not in said

    drive(busy(), story, (120, 40))


def test_what_no_signal_ends_is_left_with_escape_and_nothing_is_done() -> None:
    machine = guest()

    async def story(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "W", "colon", *"add 256M at 4G", "enter", "space", "home", "right", "right")
        watching = pilot.app.screen
        assert isinstance(watching, WatchScreen)
        assert "enter does all of it, esc does nothing" in watching.query_one(ResultBar).text
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert len(machine.timeline) == 1

    drive(machine, story)


@pytest.mark.parametrize("size", [(60, 20), (120, 40)])
def test_what_goes_on_until_a_signal_says_so_and_the_signal_shows_the_undo(size: tuple[int, int]) -> None:
    machine = pinned()

    async def story(pilot: Any, screen: MainScreen) -> None:
        watching = await watched_from_its_beginning(pilot)
        while not watching._player.waits:
            await press(pilot, "right")
        assert "goes on until a signal" in strip(watching)
        assert "s sends it" in watching.query_one(ResultBar).text
        await press(pilot, "s")
        assert "goes on" not in strip(watching)
        await press(pilot, "end")
        assert state(watching) == "online"
        await press(pilot, "enter")
        assert machine.history[-1].result == "EINTR"
        await press(pilot, "W", "colon", *"eject 1G at 4G", "enter", "space", "end")
        ejecting = pilot.app.screen
        assert isinstance(ejecting, WatchScreen)
        assert "never ends" in strip(ejecting)
        await press(pilot, "q")
        assert machine.blocks[32].state == "online"

    drive(machine, story, size)


def strip(screen: WatchScreen) -> str:
    return "".join(word.text for word in screen.query_one("#transport", Strip)._left)


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


def test_a_signal_that_would_come_too_late_is_not_offered() -> None:
    machine = busy()

    async def story(pilot: Any, screen: MainScreen) -> None:
        watching = await watched_from_its_beginning(pilot)
        while not any(isinstance(told, PagesTaken) for told in watching._player.film.so_far):
            assert not watching._player.ended
            await press(pilot, "right")
        assert "s stops it" not in watching.query_one(ResultBar).text
        assert watching.check_action("signal", ()) is False
        await press(pilot, "escape")
        assert state(machine) == "online"
        assert "watched, and not done" in result(screen)

    drive(machine, story)


def test_the_footer_tells_how_to_step_and_only_what_can_be_done() -> None:
    machine = busy()

    async def story(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "W", "f", "space", "home", "right", "right")
        said = pilot.app.screen.query_one(Keys).render_line(0).text
        assert not [word for word in ("Back", "On", "Play", "Signal", "Do it", "Leave") if word not in said], said
        await press(pilot, "enter", "R", "space", "home", "right")
        said = pilot.app.screen.query_one(Keys).render_line(0).text
        assert "Signal" not in said
        assert "Do it" not in said
        assert "Leave" in said

    drive(machine, story, (120, 40))


@pytest.mark.parametrize("again", [False, True])
def test_a_line_that_is_typed_while_a_film_plays_is_typed_and_does_nothing_else(again: bool) -> None:
    machine = busy()

    async def type_on(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await (press(pilot, "f", "R") if again else press(pilot, "W", "f"))
        await pilot.press("colon", *"pin", "space", *"4M")
        await press(pilot)
        assert pilot.app.screen.query_one(Input).value == "pin 4M"
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert state(machine) == ("offline" if again else "online")

    drive(machine, type_on)
