"""Keys that have nothing to do say why; the footer shows what has."""

from __future__ import annotations

from typing import Any

from altmap import engine
from altmap.explorer.tui.screen_verbs import Help
from altmap.explorer.tui.screens.command_line import CommandLine
from altmap.explorer.tui.screens.help import HelpScreen
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.verbs import VERBS
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.keys import Keys
from altmap.explorer.tui.widgets.overview import OverviewLine
from textual.widgets import Input

from .machines import drive, press, result, stand_on, title_of, with_dimm

WITHOUT_EFFECT = [
    ("o", 32, "Online: memory32 is online already"),
    ("k", 0, "Kernel: memory0 is online already"),
    ("m", 33, "Movable: memory33 is online already"),
    ("f", 39, "Offline: memory39 is offline already"),
    ("e", 3, "Eject: memory3 is boot memory, of no device"),
    ("r", 0, "Remove: memory0 is boot memory, of no device"),
    ("r", 39, "Remove: memory32-33 is not offline"),
    ("d", 0, "Device: memory0 is of no device"),
    ("U", 0, "Redo: nothing was taken back"),
    ("escape", 0, "esc: nothing is running, no block is marked, nothing is searched for"),
]


def test_a_key_without_effect_says_why() -> None:
    machine = with_dimm(movable=2)

    async def try_them(pilot: Any, screen: MainScreen) -> None:
        steps = len(machine.timeline.steps)
        for key, block, said in WITHOUT_EFFECT:
            await stand_on(pilot, block)
            screen.query_one(ResultBar).say("✓ ok", "what came of the last verb", "ok")
            await press(pilot, key)
            assert result(screen) == said
            assert len(machine.timeline.steps) == steps
            await press(pilot, "home", "end")
            assert "what came of the last verb" in result(screen)

    drive(machine, try_them)


def test_a_key_that_means_nothing_says_so() -> None:
    async def try_it(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "J")
        assert result(screen) == "J: no such key, ? for help"
        await press(pilot, "f9")
        assert result(screen) == "f9: no such key, ? for help"
        await press(pilot, "down", "tab", "2", "down", "pagedown")
        assert "no such key" not in result(screen)

    drive(with_dimm(), try_it)


def test_a_long_result_ends_with_a_mark() -> None:
    async def try_it(pilot: Any, screen: MainScreen) -> None:
        bar = screen.query_one(ResultBar)
        for width in (60, 100):
            await pilot.resize_terminal(width, 20)
            bar.say("✗ EBUSY", "of pages " * 60, "refused")
            await pilot.pause()
            assert bar.size.height == 2
            assert bar.render_line(0).text.startswith(" ✗ EBUSY  of pages")
            assert bar.render_line(1).text.rstrip().endswith("…")
            bar.say("✓ ok", "short", "ok")
            assert bar.render_line(0).text.rstrip() == " ✓ ok  short"
            assert not bar.render_line(1).text.strip()

    drive(with_dimm(), try_it, (80, 20))


def test_the_kernel_model_is_shown_before_the_architecture() -> None:
    machine = engine.boot_machine([(0, 0, "1G")])

    async def look(pilot: Any, screen: MainScreen) -> None:
        line = screen.query_one(OverviewLine)
        for name in ("tiny", "small-guest", "firecracker-24g-copy"):
            engine.rename(machine, name, "")
            line.show_status()
            assert name in title_of(line)
            assert "Linux 6.12" in title_of(line)

    drive(machine, look, (60, 20))


def test_nothing_was_done_yet() -> None:
    machine = engine.boot_machine([(0, 0, "1G")])

    async def try_it(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "u")
        assert result(screen) == "Undo: nothing was done that could be taken back"
        await press(pilot, "t")
        assert result(screen) == "States: there is no other state than this one"

    drive(machine, try_it)


def test_among_marked_blocks() -> None:
    machine = with_dimm(movable=2)

    async def try_it(pilot: Any, screen: MainScreen) -> None:
        screen.mark(frozenset({0, 1, 32}))
        await press(pilot, "o")
        assert result(screen) == "Online: none of the 3 marked blocks is offline"
        await press(pilot, "e")
        assert result(screen) == "Eject: memory0-1 is boot memory, of no device"
        await stand_on(pilot, 33)
        screen.mark(frozenset(range(32, 40)))
        await press(pilot, "d")
        assert result(screen) == "Device: all of memory32-39 is marked already"

    drive(machine, try_it)


def test_what_an_add_left_behind_is_no_block() -> None:
    machine = engine.open_machine("tiny-guest")
    assert machine.apply(engine.Add(start="4G", size="16G", placement="boot")).result == "ENOMEM"

    async def try_it(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        for key in "ofer":
            await press(pilot, key)
            assert result(screen).endswith(": there is no memory32")
        await press(pilot, "w")
        assert result(screen) == "Why: nothing was refused, and there is no memory32"

    drive(machine, try_it)


def test_a_verb_waits_for_the_one_that_runs() -> None:
    machine = with_dimm()

    async def try_it(pilot: Any, screen: MainScreen) -> None:
        screen.session.running = "add"
        waiting = {verb.name for verb in VERBS if verb.idle(screen)}
        assert not waiting & {"stop", "help", "quit", "pane_log"}
        assert waiting >= {"add", "online", "undo", "save", "goto", "mark", "mark_device"}
        await press(pilot, "z", "colon", *"4")
        assert isinstance(pilot.app.screen, MainScreen), "they wait"
        screen.session.running = None
        screen.post_message(screen.Rested())
        await press(pilot)
        assert isinstance(pilot.app.screen, CommandLine)
        assert pilot.app.screen.query_one(Input).value == "4"

    drive(machine, try_it)


def test_what_was_typed_behind_a_verb_that_is_stopped_is_not_done() -> None:
    async def stop(pilot: Any, screen: MainScreen) -> None:
        screen.session.running = "add"
        await press(pilot, "colon", "a", "escape")
        screen.session.running = None
        screen.post_message(screen.Rested())
        await press(pilot)
        assert isinstance(pilot.app.screen, MainScreen)

    drive(with_dimm(), stop)


def test_help_and_quit_are_always_in_the_footer() -> None:
    """And no key is cut, also after an add, when most verbs are possible, and when the terminal changes."""
    machine = with_dimm()

    async def look(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        for width in (60, 40, 60, 80, 120, 100, 99):
            await pilot.resize_terminal(width, 24)
            while screen.query_one(Keys).size.width != width:
                await pilot.pause()
            placed = screen.query_one(Keys).placed
            names = [key.binding.description for _, key in placed]
            assert names[:1] == ["Add"]
            assert {*names} >= {"Help", "Quit"}
            ends = [column + key.width for column, key in placed]
            assert all(end <= column for end, (column, _) in zip(ends, placed[1:], strict=False))
            assert ends[-1] <= width

    drive(machine, look, (120, 40))


def test_a_click_in_the_footer_presses_the_key() -> None:
    machine = with_dimm()

    async def click(pilot: Any, screen: MainScreen) -> None:
        keys = screen.query_one(Keys)
        column = next(column for column, key in keys.placed if key.binding.description == "Help")
        await pilot.hover(Keys, offset=(column + 1, 0))
        assert keys.tooltip == Help.sentence
        await pilot.click(Keys, offset=(column + 1, 0))
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpScreen)
        await press(pilot, "escape")
        await pilot.hover(Keys, offset=(keys.size.width - 12, 0))
        assert keys.tooltip != Help.sentence

    drive(machine, click, (140, 30))
