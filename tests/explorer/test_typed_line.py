"""What is typed after a colon: commands, questions, and places, by the same names as everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from altmap import engine
from altmap.explorer.tui.screens.command_line import CommandLine, typed
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.search_line import SearchLine
from altmap.explorer.tui.screens.why import WhyScreen
from altmap.explorer.tui.widgets.memory_map import MemoryMap

from .machines import drive, press, result, with_dimm


@pytest.mark.parametrize("place", ["0x20c31", "pfn 134193", "0x20c31000", "memory4", "4"])
@pytest.mark.parametrize("asks", ["", "why "])
def test_a_verb_takes_a_block_by_its_number_an_address_or_a_page(place: str, asks: str) -> None:
    found = typed(with_dimm(), f"{asks}offline {place}")
    assert found is not None
    assert (found.commands, found.asks) == ((engine.Offline(block=4),), bool(asks))


def test_a_place_alone_is_gone_to_and_asked_about_where_that_is_said() -> None:
    machine = with_dimm()
    for line, pfn, page in (("4", 4 << 15, False), ("0x20c31", 0x20C31, True), ("pfn 0x20c31", 0x20C31, True)):
        found = typed(machine, line)
        assert found is not None
        assert found.goal is not None
        assert (found.goal.pfn, found.goal.page, found.commands) == (pfn, page, ())
    asked = typed(machine, "why 0x20c31")
    assert asked is not None
    assert (asked.commands, asked.asks, asked.goal) == ((engine.Offline(block=4),), True, None)
    assert typed(machine, "# a remark") is None
    with pytest.raises(engine.BadInput, match="may be an address, a page frame number"):
        typed(machine, "offline 0x1000")


def test_what_is_called_as_a_place_and_is_not_there_is_no_command_either() -> None:
    machine = engine.open_machine("numa-guest")
    with pytest.raises(engine.BadInput, match="node 2 has no memory block"):
        typed(machine, "node 2")
    with pytest.raises(engine.BadInput, match="there is no page 0xfffffff"):
        typed(machine, "pfn 0xfffffff")
    with pytest.raises(engine.BadInput, match="'noded' is not a command"):
        typed(machine, "noded 2")


def test_a_question_changes_nothing_and_a_place_moves_the_cursor() -> None:
    async def ask(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon", *"why offline 3-4", "enter")
        assert isinstance(pilot.app.screen, WhyScreen)
        await press(pilot, "escape", "colon", *"0x20c31", "enter")
        map_ = screen.query_one(MemoryMap)
        assert (map_.scope.level, map_.pfn) == ("page", 0x20C31)
        assert result(screen) == "page 0x20c31, in memory4."
        await press(pilot, "colon", *"why offline 0x1000", "enter")
        assert isinstance(pilot.app.screen, CommandLine)
        assert len(screen.machine.history) == 1

    drive(with_dimm(), ask)


def test_a_line_typed_before_the_answer_to_the_one_before_is_a_line_and_its_enter_does_nothing_else() -> None:
    machine = with_dimm(movable=4)
    states = len(machine.timeline)

    async def burst(pilot: Any, screen: MainScreen) -> None:
        await pilot.press("colon", *"offline 128M", "enter", "colon", *"why offline 3", "enter")
        await press(pilot)
        assert isinstance(pilot.app.screen, WhyScreen)
        assert screen.session.typed == ["offline 128M", "why offline 3"]
        assert len(machine.timeline) == states

    drive(machine, burst)


def test_what_is_asked_and_what_is_done_is_said_before_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = with_dimm(movable=4)
    said: list[str] = []

    async def ask(pilot: Any, screen: MainScreen) -> None:
        give_back, run = screen.give_back, screen.session.run

        def heard(asks: Callable[..., Any]) -> Callable[..., Any]:
            def asked(*more: Any) -> Any:
                said.append(result(screen))
                return asks(*more)

            return asked

        monkeypatch.setattr(screen, "give_back", heard(give_back))
        monkeypatch.setattr(screen.session, "run", heard(run))
        before = result(screen)
        await press(pilot, "colon", *"offline 128M", "enter")
        assert result(screen) == before
        await press(pilot, "enter")
        assert said == ["…  offline 128M", "…  offline 35"]

    drive(machine, ask)


def test_a_boot_is_no_line_and_it_is_said_where_it_is_done() -> None:
    with pytest.raises(engine.BadInput, match="4 shows the parameters"):
        typed(with_dimm(), "boot model=6.1")


@pytest.mark.parametrize("then", [("x",), ("escape", "home", "x")])
def test_why_leads_to_the_page_that_it_names(then: tuple[str, ...]) -> None:
    machine = engine.open_machine("firecracker-24g")
    page = machine.why_not(engine.Offline(block=42)).pfn

    async def ask(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon", *"why offline 42", "enter", *then)
        map_ = screen.query_one(MemoryMap)
        assert (map_.scope.level, map_.pfn, map_.lit) == ("page", page, frozenset({page}))
        await press(pilot, "minus", "colon", *"why offline 68", "enter")  # where no page is named no key leads to one
        assert isinstance(pilot.app.screen, WhyScreen)

    drive(machine, ask)


def test_what_gives_back_so_much_memory_is_told_by_runs_of_blocks() -> None:
    async def give(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon", *"offline 512M", "enter", "enter")
        assert result(screen).startswith("✓ ok  offline 36-39: all 4 done, 512M")
        await press(pilot, "u")
        assert result(screen).startswith("undone  offline 36-39")

    drive(with_dimm(movable=8), give)


def test_while_a_search_is_typed_the_map_shows_what_it_finds() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "slash", *"offline")
        assert isinstance(pilot.app.screen, SearchLine)
        assert screen.hits == frozenset(range(32, 40))
        assert pilot.app.screen.styles.background.a == 0

    drive(with_dimm(), look)
