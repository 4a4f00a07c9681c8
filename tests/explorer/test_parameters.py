"""The parameters: what a running kernel takes is written, what a boot decides makes another machine."""

from __future__ import annotations

from typing import Any

from altmap import engine
from altmap.engine import Write
from altmap.explorer.tui import parameters
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.parameter import ParameterDialog
from altmap.explorer.tui.widgets.heading import Heading
from altmap.explorer.tui.widgets.parameters import Parameters
from altmap.explorer.tui.widgets.typed_list import TypedList
from textual.events import Key
from textual.widgets import Static

from .machines import drive, guest, press, result, stand_on, text_of, with_dimm
from .test_verbs import offered


async def choose(pilot: Any, screen: MainScreen, name: str) -> None:
    """Walk to a row."""
    await press(pilot, "4")
    panel = screen.query_one(Parameters)
    while panel.chosen is None or panel.chosen.name != name:
        before = panel.chosen
        await press(pilot, "down")
        assert panel.chosen is not before, name


def test_no_line_of_the_parameters_is_cut() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "4")
        panel = screen.query_one(Parameters)
        width = panel.scrollable_content_region.width
        chosen: set[str] = set()
        while panel.chosen is not None and panel.chosen.name not in chosen:
            chosen.add(panel.chosen.name)
            assert [line for line in text_of(panel).splitlines() if len(line.rstrip()) > width] == []
            await press(pilot, "down")
        assert len(chosen) > 6

    drive(guest(), look, (120, 40))


def test_what_can_be_written_is_a_step_of_the_plan() -> None:
    machine = guest()

    async def write(pilot: Any, screen: MainScreen) -> None:
        await choose(pilot, screen, "auto_online_blocks")
        assert "offline until somebody acts" in text_of(screen.query_one(Parameters))
        assert {"change"} <= offered(screen)
        assert "zoom_in" not in offered(screen)
        await press(pilot, "enter", "down", "enter")
        command = Write(path="/sys/devices/system/memory/auto_online_blocks", data="online")
        assert [outcome.command for outcome in machine.history] == [command]
        assert machine.settings.auto_online_blocks == "online"
        assert "online_policy" in text_of(screen.query_one(Parameters))
        await press(pilot, "u")
        assert machine.settings.texts()["auto_online_blocks"] == "offline"
        await choose(pilot, screen, "auto_movable_ratio")
        await press(pilot, "enter", *("backspace",) * 3, *"50", "enter")
        assert machine.settings.auto_movable_ratio == 50

    drive(machine, write)


def test_what_a_boot_decides_makes_another_machine_and_undo_leads_back() -> None:
    machine = with_dimm(movable=4)

    async def boot(pilot: Any, screen: MainScreen) -> None:
        await choose(pilot, screen, "memmap_on_memory")
        await press(pilot, "enter", "up", "enter")
        other = pilot.app.screen
        assert isinstance(other, MainScreen)
        assert other is not screen
        assert other.machine.settings.memmap_on_memory == "N"
        assert [other.machine.blocks[nr].head for nr in range(32, 40)] == [0] * 8
        assert result(other).startswith("✓ a new machine  derived as if booted with ")
        assert "1 memory device of the firmware" in result(other)
        assert machine.settings.memmap_on_memory == "Y"
        await press(pilot, "f", "u")
        assert pilot.app.screen is other
        await press(pilot, "u")
        assert pilot.app.screen is screen
        assert pilot.app.session is screen.session
        assert len(machine.history) == 5

    drive(machine, boot)


def test_leaving_asks_about_the_states_of_the_machine_before_too() -> None:
    machine = with_dimm()

    async def leave(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "down", "down", "m")
        assert screen.session.unsaved == 1
        await choose(pilot, screen, "kernel model")
        await press(pilot, "enter", "up", "enter")
        assert pilot.app.screen.machine.model.name != machine.model.name
        await press(pilot, "q")
        assert "1 state was not saved" in "".join(str(one.render()) for one in pilot.app.screen.query("Static"))

    drive(machine, leave)


def test_all_of_it_by_mouse() -> None:
    machine = guest()

    async def click(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "4")
        panel = screen.query_one(Parameters)
        row = next(at for at, line in enumerate(panel.words.split("\n")) if "online_policy" in line)
        await pilot.click(Parameters, offset=(3, row + panel.gutter.top))
        assert panel.chosen is not None
        assert panel.chosen.name == "online_policy"
        await pilot.click(Parameters, offset=(3, row + panel.gutter.top))
        await pilot.pause()
        assert isinstance(pilot.app.screen, ParameterDialog)
        await pilot.click("#choices", offset=(4, 1))
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        assert machine.settings.online_policy == "auto-movable"

    drive(machine, click, size=(120, 40))


def test_what_a_kernel_does_not_have_cannot_be_chosen() -> None:
    machine = guest("rfc-v2")
    rows = {row.name: row for row in parameters.rows(machine)}
    assert {name for name, row in rows.items() if row.missing} == {
        "memmap_on_memory", "online_policy", "auto_movable_ratio", "auto_movable_numa_aware"
    }  # fmt: skip

    async def try_it(pilot: Any, screen: MainScreen) -> None:
        await choose(pilot, screen, "memmap_on_memory")
        assert "This kernel has no such parameter" in text_of(screen.query_one(Parameters))
        await press(pilot, "enter")
        assert pilot.app.screen is screen

    drive(machine, try_it, size=(120, 40))


def test_every_parameter_and_every_value_is_explained() -> None:
    for model in engine.MODELS:
        for row in parameters.rows(guest(model)):
            assert row.meaning, row.name
            assert all(value.meaning for value in row.values), row.name
            assert not row.values or row.missing or row.value in {value.text for value in row.values}


def test_keys_of_one_burst_act_in_their_order() -> None:
    """A verb that follows arrows at once acts where these led."""
    machine = with_dimm(movable=1)

    async def burst(pilot: Any, screen: MainScreen) -> None:
        await choose(pilot, screen, "auto_online_blocks")
        for key in ("up", "up", "enter"):
            pilot.app.post_message(Key(key, None))
        await pilot.pause()
        await pilot.pause()
        assert isinstance(pilot.app.screen, ParameterDialog)
        assert pilot.app.screen.query_one(Heading).render_line(0).text[1:].startswith("hugetlb_free_vmemmap")
        await press(pilot, "escape", "0")
        await stand_on(pilot, 0)
        for key in ("end", "left", "m"):
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        assert machine.blocks[38].state == "online"

    drive(machine, burst, size=(120, 40))


def test_a_release_that_is_typed_is_found_in_the_list() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await choose(pilot, screen, "kernel model")
        await press(pilot, "enter")
        choices = pilot.app.screen.query_one(TypedList)

        def chosen() -> str:
            assert choices.highlighted is not None
            return str([*engine.MODELS][choices.highlighted])

        assert "What is typed leads to the value" in str(pilot.app.screen.query(Static).first().render())
        for key, found in (("6", "6.0"), (".", "6.0"), ("1", "6.1"), ("5", "6.15"), ("4", "4.18"), ("r", "rfc-v2")):
            await press(pilot, {".": "full_stop"}.get(key, key))
            assert chosen() == found
        await press(pilot, "down", "7")
        assert chosen() == "7.0"

    drive(guest(), look)
