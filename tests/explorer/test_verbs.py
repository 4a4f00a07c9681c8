"""What the keys do, what is offered when, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from altmap import engine
from altmap.engine import sentence
from altmap.explorer.picture.memory import MemoryPicture
from altmap.explorer.tui.screens.error import ErrorScreen
from altmap.explorer.tui.screens.leave import LeaveDialog
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.verbs import VERBS
from altmap.explorer.tui.widgets.inspector import Inspector
from altmap.explorer.tui.widgets.kernel_log import KernelLog
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from altmap.explorer.tui.widgets.zone_table import ZoneTable
from textual import events
from textual.widget import Widget
from textual.widgets import Input, Static

from .machines import DIMM, drive, guest, press, result, stand_on, text_of, with_dimm


def offered(screen: MainScreen) -> set[str]:
    """The verbs that footer and palette offer now."""
    return {verb.name for verb in VERBS if verb.possible(screen)}


def test_a_dimm_from_add_to_eject() -> None:
    """The story of the README: add, online movable, offline, eject; and all of it taken back and done again."""
    machine = guest()

    async def story(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a", *"1G", "enter")
        assert sorted(machine.blocks)[8:] == list(DIMM)
        assert "each block's own first 512 pages" in result(screen)
        assert screen.cursor == 32
        await press(pilot, "d", "m")
        assert {machine.blocks[nr].zone for nr in DIMM} == {(0, "Movable")}
        assert "online_movable 32-39: all 8 done" in result(screen)
        await press(pilot, "escape", "f")
        assert machine.blocks[32].state == "offline"
        assert "memory32 is offline" in result(screen)
        await press(pilot, "e")
        assert sorted(machine.blocks) == list(range(8))
        await press(pilot, "u", "u", "u")
        assert [machine.blocks[nr].state for nr in DIMM] == ["offline"] * 8
        assert "undone" in result(screen)
        await press(pilot, "U")
        assert [machine.blocks[nr].state for nr in DIMM] == ["online"] * 8

    drive(machine, story)


def test_only_what_is_possible_is_offered() -> None:
    machine = with_dimm(movable=1)

    async def look(pilot: Any, screen: MainScreen) -> None:
        assert offered(screen) >= {"offline", "undo"}
        assert not offered(screen) & {"online", "online_kernel", "online_movable", "eject", "remove", "redo", "stop"}
        await stand_on(pilot, 39)
        assert offered(screen) >= {"online", "online_kernel", "online_movable", "eject", "mark_device"}
        assert not offered(screen) & {"offline", "remove"}
        await stand_on(pilot, 32)
        await press(pilot, "f")
        assert "remove" in offered(screen)
        shown = {binding.action for _, binding, enabled, _ in screen.active_bindings.values() if enabled}
        assert {f"verb('{name}')" for name in offered(screen)} <= shown

    drive(machine, look)


def test_a_key_that_is_not_offered_does_nothing() -> None:
    machine = guest()

    async def try_it(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "m", "e", "r", "u", "U")
        assert machine.history == ()

    drive(machine, try_it)


def test_a_refusal_is_said_in_the_bar_and_in_the_log() -> None:
    machine = engine.open_machine("firecracker-24g")

    async def refuse(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 32)
        await press(pilot, "f")
        outcome = machine.history[-1]
        assert outcome.result == "EBUSY"
        assert sentence(outcome.reason) in result(screen)
        await press(pilot, "3")
        assert "EBUSY" in text_of(screen.query_one(KernelLog))
        await press(pilot, "1")
        assert screen.fault == outcome.pfn
        await press(pilot, "u", "3")
        assert machine.history == ()
        assert "EBUSY" not in text_of(screen.query_one(KernelLog))

    drive(machine, refuse)


def test_a_refusal_among_many_names_the_first() -> None:
    machine = guest()

    async def refuse(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "shift+right", "shift+right", "f")
        assert screen.marks == frozenset({0, 1, 2})
        assert [outcome.result for outcome in machine.history] == ["EINVAL", "ok", "ok"]
        assert "✗ EINVAL" in result(screen)
        assert "2 of 3 done; offline 0: memory0 holds" in result(screen)

    drive(machine, refuse)


def test_a_few_blocks_are_not_folded() -> None:
    async def zoom(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "g", *"4200", "enter", "plus")
        while screen.query_one(MemoryMap).scope.level != "blocks":
            await press(pilot, "plus")
        picture = screen.query_one(MemoryMap).picture
        assert isinstance(picture, MemoryPicture)
        assert {row.what for row in picture.plan.rows} == {"tiles"}

    drive(engine.open_machine("terabyte-server"), zoom, (120, 40))


def test_what_was_marked_or_announced_is_not_said_any_longer_than_it_is_so() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "b")
        assert "✓ marked" in result(screen)
        await press(pilot, "escape")
        assert result(screen).startswith("no block is marked")
        await press(pilot, "W", "W")
        assert result(screen) == "verbs are done at once"
        await press(pilot, "right")
        assert "at once" not in result(screen)

    drive(with_dimm(movable=4), look)


def test_leaving_a_dialog_changes_nothing() -> None:
    machine = guest()

    async def leave(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a", "escape", "question_mark", "escape")
        assert pilot.app.screen is screen
        assert machine.history == ()

    drive(machine, leave)


async def type_at_once(pilot: Any, text: str) -> None:
    """Keys that come in one burst, and what comes of them."""
    for letter in text:
        key = {" ": "space", ":": "colon", "\r": "enter", "\x1b": "escape"}.get(letter, letter)
        pilot.app.post_message(events.Key(key, letter if letter.isprintable() else None))
    for _ in range(3 * len(text)):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()


@pytest.mark.parametrize("before", ["", "Wf"])
def test_what_is_typed_in_one_burst_lands_in_the_line(before: str) -> None:
    """Letters that follow ":" at once are no verbs, also where a film is left for that, and none of them is lost."""
    machine = engine.open_machine("firecracker-24g")

    async def burst(pilot: Any, screen: MainScreen) -> None:
        await type_at_once(pilot, f"{before}:allocate 64M movable")
        assert pilot.app.screen.query_one(Input).value == "allocate 64M movable"
        assert machine.history == ()

    drive(machine, burst)


@pytest.mark.parametrize(
    "typed", [":allocate 64M movable\ru", ":allocate 64M movable\ruUu", "s\x1bg33\r:allocate 1G movable\ru"]
)
def test_what_is_typed_behind_a_dialog_reaches_the_screen_below(typed: str) -> None:
    """A key that closes a dialog takes time, and those after it are not the dialog's."""
    machine = with_dimm()
    states = len(machine.timeline)

    async def burst(pilot: Any, screen: MainScreen) -> None:
        await type_at_once(pilot, typed)
        assert pilot.app.screen is screen
        assert len(machine.timeline) == states + 1
        assert "undone" in result(screen)

    drive(machine, burst)


def test_panes_by_number_in_a_small_terminal() -> None:
    machine = guest()

    async def walk(pilot: Any, screen: MainScreen) -> None:
        assert screen.query_one(MemoryMap).has_focus
        for key, pane in (("2", ZoneTable), ("3", KernelLog), ("1", Inspector)):
            await press(pilot, key)
            assert screen.query_one(pane).has_focus
            below = (ZoneTable, KernelLog, Inspector)
            assert [kind for kind in below if any(one.region.height for one in screen.query(kind))] == [pane]

    drive(machine, walk, (60, 20))


def test_a_fault_of_the_engine_is_shown_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = with_dimm()

    def broken(command: engine.Command) -> Iterator[None]:
        raise RuntimeError("a fault")
        yield

    async def fail(pilot: Any, screen: MainScreen) -> None:
        blocks = dict(machine.blocks)
        monkeypatch.setattr(machine, "steps", broken)
        await stand_on(pilot, 32)
        await press(pilot, "m")
        assert isinstance(pilot.app.screen, ErrorScreen)
        assert "RuntimeError: a fault" in " ".join(str(w.render()) for w in pilot.app.screen.query(Static))
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, MainScreen)
        assert dict(machine.blocks) == blocks
        monkeypatch.undo()
        await press(pilot, "m")
        assert machine.blocks[32].state == "online"

    drive(machine, fail)


def test_that_a_batch_was_stopped_is_seen_before_the_machine_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = with_dimm(movable=3)
    seen: list[tuple[str, set[Widget]]] = []

    async def stop(pilot: Any, screen: MainScreen) -> None:
        show = screen._show_machine

        def shown() -> None:
            seen.append((result(screen), {*screen._dirty_widgets}))
            show()

        monkeypatch.setattr(screen, "_show_machine", shown)
        screen.perform("offline 32-34", [*engine.parse_line("offline 32-34")], signal=(1, 0))
        await press(pilot)
        assert (len(seen), len(machine.history)) == (1, 5)
        assert "stopped" in seen[0][0]
        assert seen[0][1] == set(), "nothing waits to be drawn"
        assert screen.session.running is None

    drive(machine, stop)


def test_the_palette_offers_the_verbs() -> None:
    machine = with_dimm(movable=1)

    async def choose(pilot: Any, screen: MainScreen) -> None:
        titles = {command.title for command in pilot.app.get_system_commands(screen)}
        assert titles >= {"Add memory", "Offline", "Undo", "Help", "Quit", "Theme"}
        assert not titles & {"Online movable", "Redo"}
        await press(pilot, "ctrl+p", *"undo", "enter")
        await pilot.pause()
        assert machine.blocks[32].state == "offline"

    drive(machine, choose)


def test_any_size_of_terminal_holds() -> None:
    machine = with_dimm(movable=2)

    async def resize(pilot: Any, screen: MainScreen) -> None:
        for size in ((10, 4), (76, 22), (300, 90)):
            await pilot.resize_terminal(*size)
            await press(pilot, "end", "shift+left", "3", "0", "m")
            assert machine.blocks[39].zone == machine.blocks[38].zone == (0, "Movable")
            await press(pilot, "u", "escape")

    drive(machine, resize)


def test_quit() -> None:
    async def leave(pilot: Any, screen: MainScreen) -> None:
        await pilot.press("q")
        assert pilot.app.return_code == 0

    drive(guest(), leave)


def test_unsaved_states_are_asked_about(tmp_path: Path) -> None:
    machine = with_dimm()

    async def leave(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "end", "m", "q")
        assert isinstance(pilot.app.screen, LeaveDialog)
        assert "1 state was not saved." in " ".join(str(w.render()) for w in pilot.app.screen.query(Static))
        await press(pilot, "escape")
        assert pilot.app.screen_stack == [screen]
        await press(pilot, "q", "s")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "it.json")
        await press(pilot, "enter")
        assert screen.session.unsaved == 0
        await press(pilot, "f", "q")
        assert isinstance(pilot.app.screen, LeaveDialog)
        await pilot.press("q")
        assert pilot.app.return_code == 0

    drive(machine, leave)


@pytest.mark.parametrize("key", ["y", "enter"])
def test_unsaved_states_can_be_left(key: str) -> None:
    async def leave(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "f", "q")
        assert isinstance(pilot.app.screen, LeaveDialog)
        await pilot.press(key)
        assert pilot.app.return_code == 0

    drive(with_dimm(), leave)


def test_a_machine_that_lost_the_selected_block() -> None:
    """After an eject the cursor is on the nearest block that is left, and marks of blocks that are gone are gone."""
    machine = with_dimm()

    async def eject(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 36)
        await press(pilot, "d", "e")
        assert sorted(machine.blocks) == list(range(8))
        assert (screen.cursor, screen.marks) == (7, frozenset())

    drive(machine, eject)


def test_every_key_is_used_once_at_a_time() -> None:
    keys = [key for verb in VERBS for key in verb.key.split(",")]
    assert {key for key in keys if keys.count(key) > 1} == {"enter", "escape", "l"}
