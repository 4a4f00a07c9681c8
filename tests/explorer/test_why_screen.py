"""Why: what is in the way is explained, and what would clear it is done from there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from altmap import engine
from altmap.explorer.tui.screens.error import ErrorScreen
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.why import WhyScreen, contents
from altmap.explorer.tui.widgets.heading import Heading
from altmap.explorer.tui.widgets.prose import Prose
from textual.widgets import OptionList

from .machines import DIMM, drive, guest, pinned, press, result, stand_on, text_of


def test_a_refusal_is_explained_and_cleared() -> None:
    """`w` on the refused offline, enter on its remedy: the pages are let go, and the block is offline."""
    machine = pinned()

    async def story(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "f")
        assert machine.history[-1].result != "ok"
        assert "w what would help" in result(screen)
        await press(pilot, "w")
        assert [type(open_one) for open_one in pilot.app.screen_stack] == [MainScreen, WhyScreen]
        words = text_of(pilot.app.screen.query_one(Prose))
        assert words.startswith("offline 32: no, EINTR")
        assert "someone holds" in words
        await press(pilot, "enter")
        assert pilot.app.screen is screen
        assert machine.blocks[32].state == "offline"
        assert machine.check() == []
        await press(pilot, "u")
        assert machine.history[-1].result != "ok"

    drive(machine, story)


def test_why_of_another_block_forgets_the_refusal() -> None:
    machine = pinned()

    async def ask(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 0)
        await press(pilot, "f")
        assert "w what would help" in result(screen)
        await stand_on(pilot, 36)
        assert "EINVAL" in result(screen)
        assert "w what would help" not in result(screen)
        await press(pilot, "w")
        assert text_of(pilot.app.screen.query_one(Prose)).startswith("online 36 online: yes")
        before = len(machine.history)
        await press(pilot, "escape", "w", "down", "enter")
        assert machine.history[before:][0].command == engine.Online(block=36, type="online_movable")
        assert machine.blocks[36].zone == (0, "Movable")

    drive(machine, ask)


def test_a_refusal_is_explained_by_the_state_that_it_met() -> None:
    """The add lacked memory; asked again it would find what it left behind."""
    machine = engine.open_machine("tiny-guest")

    async def ask(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a", *"16G")
        await pilot.click("#add")
        await press(pilot, "w")
        refused = machine.history[-1]
        assert refused.result == "ENOMEM"
        words = text_of(pilot.app.screen.query_one(Prose))
        assert words.startswith("add 16G at 0x100000000 node 0: no, ENOMEM")
        assert "free pages too few" in words
        assert "Now, after that:" in words
        assert "no, EEXIST" in words
        assert machine.history[-1] is refused
        await press(pilot, "enter")
        assert 32 in machine.blocks
        assert machine.check() == []

    drive(machine, ask)


def test_all_marked_blocks_are_asked_about() -> None:
    machine = pinned()

    async def ask(pilot: Any, screen: MainScreen) -> None:
        screen.mark(frozenset(DIMM))
        await press(pilot, "w")
        words = " ".join(text_of(pilot.app.screen.query_one(Prose)).split())
        assert words.startswith("3 of 4 would succeed offline 32: no, EINTR signal backoff")
        assert "In the way:" in words
        await press(pilot, "end", "enter")
        assert [machine.blocks[nr].state for nr in DIMM[:4]] == ["online", "offline", "offline", "offline"]

    drive(machine, ask)


def test_a_long_explanation_is_read_with_the_keys() -> None:
    """The arrows go through the text and then through the choices, the page keys through the text alone."""
    machine = pinned()

    async def read(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "d", "w")
        text, choices = pilot.app.screen.query_one(Prose), pilot.app.screen.query_one(OptionList)
        assert text.max_scroll_y > 0
        assert "more lines" in text.render_line(text.size.height - 1).text
        await press(pilot, "pagedown", "pagedown")
        assert text.scroll_offset.y == text.max_scroll_y
        assert "more lines" not in text.render_line(text.size.height - 1).text
        await press(pilot, "pageup", "pageup")
        assert (text.scroll_offset.y, choices.highlighted) == (0, 0)
        await press(pilot, *["down"] * text.max_scroll_y)
        assert (text.scroll_offset.y, choices.highlighted) == (text.max_scroll_y, 0)
        await press(pilot, "down")
        assert choices.highlighted == 1
        await press(pilot, "up", "up")
        assert (text.scroll_offset.y, choices.highlighted) == (text.max_scroll_y - 1, 0)

    drive(machine, read, (60, 20))


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
def test_all_of_a_choice_is_in_sight_however_long_its_script_is(size: tuple[int, int]) -> None:
    async def ask(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "colon", *"why offline 2G", "enter")
        choices = pilot.app.screen.query_one(OptionList)
        assert choices.max_scroll_y == 0
        shown = [choices.render_line(row).text.strip() for row in range(choices.size.height)]
        assert shown[1:] == ["offline 10", "offline 11", "offline 12", "... 13 more"]

    drive(engine.open_machine("firecracker-24g"), ask, size)


def test_what_is_in_the_way_is_seen_at_once_on_a_small_screen() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "f", "w")
        text = pilot.app.screen.query_one(Prose)
        seen = "\n".join(text.render_line(row).text for row in range(text.size.height))
        assert "512 pages" in seen.partition("In the way:")[2]

    drive(pinned(), look, (60, 20))


def test_what_no_command_can_do_is_said_and_cannot_be_chosen() -> None:
    machine = engine.open_machine("firecracker-24g")

    async def choose(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "w")
        why = pilot.app.screen
        assert isinstance(why, WhyScreen)
        assert "no command makes it so:\n  once these pages are gone" in text_of(why.query_one(Prose))
        assert not why.query(OptionList)
        assert "enter" not in why.query_one(Heading).render_line(0).text
        await press(pilot, "end", "enter")
        assert machine.history == ()

    drive(machine, choose)


@pytest.mark.parametrize(
    "command",
    [
        engine.Offline(block=32),
        engine.Online(block=36),
        engine.Offline(block=0),
        engine.Remove(start="4G", size="1G"),
        engine.Add(start="8G", size="64G", placement="boot"),
    ],
    ids=engine.describe,
)
def test_the_words_of_the_engine_are_all_there(command: engine.Command) -> None:
    """The screen shows each line of the verdict once, the numbers of the remedies aside."""
    verdict = pinned().why_not(command)
    lines, heading, choices = contents(verdict)
    shown = [
        *engine.plain(lines).splitlines(),
        heading,
        *(line for choice in choices for line in (choice.words, *choice.script)),
    ]
    wanted = [
        re.sub(r"^  \d+\. ", "", line).strip() for line in engine.plain(engine.describe_verdict(verdict)).splitlines()
    ]
    assert set(wanted) - {line.strip() for line in shown} <= {"", "Instead:"}
    assert len(choices) == len(verdict.remedies) + verdict.ok
    for choice, remedy in zip(choices[verdict.ok :], verdict.remedies, strict=True):
        assert choice.commands == (() if remedy.given else remedy.commands)


def test_a_fault_of_the_engine_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = guest()

    def broken(*request: object) -> engine.Verdict:
        raise RuntimeError("a fault")

    async def ask(pilot: Any, screen: MainScreen) -> None:
        monkeypatch.setattr(machine, "why_not", broken)
        await press(pilot, "w")
        assert isinstance(pilot.app.screen, ErrorScreen)

    drive(machine, ask)
