"""Pictures of the panels and their dialogs, each with a look at the machine behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from altmap import engine
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.screens.parameter import ParameterDialog
from altmap.explorer.tui.widgets.heading import Heading
from altmap.explorer.tui.widgets.parameters import Parameters
from textual.widgets import OptionList

from .machines import press, stand_on, with_dimm

Snap = Callable[..., bool]

SIZES = {"60x20": (60, 20), "80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_parameters(snap: Snap, size: tuple[int, int]) -> None:
    """What a boot decides, what can be written, and what is worth knowing, where there is room for it."""
    machine = engine.open_machine("firecracker-24g")

    def check(pilot: Any) -> None:
        chosen = pilot.app.screen.query_one(Parameters).chosen
        assert (chosen.name, chosen.value) == ("memmap_on_memory", machine.settings.memmap_on_memory)

    assert snap(ExplorerApp(machine), press=("4", "down"), terminal_size=size, run_before=check)


@pytest.mark.parametrize("size", [(60, 20), (120, 40)], ids=["60x20", "120x40"])
def test_a_kernel_model_is_chosen(snap: Snap, size: tuple[int, int]) -> None:
    """The list of all kernels, the present one in sight and marked."""
    machine = with_dimm(movable=4)

    def check(pilot: Any) -> None:
        assert isinstance(pilot.app.screen, ParameterDialog)
        choices = pilot.app.screen.query_one(OptionList)
        assert choices.highlighted == [*engine.MODELS].index(machine.model.name)

    assert snap(ExplorerApp(machine), press=("4", "enter"), terminal_size=size, run_before=check)


def test_a_file_is_written(snap: Snap) -> None:
    """Four values, each with its meaning."""
    machine = with_dimm()
    keys = ("4", *("down",) * 5, "enter")
    assert snap(ExplorerApp(machine), press=keys, terminal_size=(60, 20))
    assert len(machine.history) == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_booted_machine(snap: Snap, size: tuple[int, int]) -> None:
    """What was carried over and what was not is said; undo would lead back."""
    machine = with_dimm(movable=4)

    async def boot(pilot: Any) -> None:
        await press(pilot, "4", "down", "enter", "up", "enter")
        other = pilot.app.screen.machine
        assert (other.settings.memmap_on_memory, machine.settings.memmap_on_memory) == ("N", "Y")

    assert snap(ExplorerApp(machine), terminal_size=size, run_before=boot)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)], ids=["60x20", "80x24", "120x40"])
def test_hardly_any_memory_is_free(snap: Snap, size: tuple[int, int]) -> None:
    """An alarm in the header and beside the plan."""
    machine = engine.open_machine("tiny-guest")

    async def fill(pilot: Any) -> None:
        assert machine.apply(engine.Allocate(size="160M", kind="unmovable")).ok
        pilot.app.screen.show_state("filled", "160M")
        assert sum(zone.free for zone in machine.zones.values()) < 2048

    assert snap(ExplorerApp(machine), terminal_size=size, run_before=fill)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_page(snap: Snap, size: tuple[int, int]) -> None:
    """The page that was in the way: kind, flags, whose struct page it has, who could move it."""
    machine = engine.open_machine("firecracker-24g")

    async def go(pilot: Any) -> None:
        await stand_on(pilot, 42)
        await press(pilot, "f", "x")
        assert machine.page_flags(machine.history[-1].pfn or 0) == ("slab",)

    assert snap(ExplorerApp(machine), terminal_size=size, run_before=go)


@pytest.mark.parametrize("theme", ["dracula", "textual-light", "solarized-light", "ansi-dark"])
def test_dialogs_in_foreign_themes(snap: Snap, theme: str) -> None:
    """No slab of another colour, and every word to be read."""
    machine = with_dimm(movable=4)
    app = ExplorerApp(machine)

    async def look(pilot: Any) -> None:
        app.theme = theme
        await press(pilot, "4", "enter")
        assert app.screen.query_one(Heading).display

    assert snap(app, terminal_size=(80, 24), run_before=look)


def test_take_home(snap: Snap) -> None:
    """What can be copied or written, and the name of its file."""
    machine = with_dimm(movable=4)
    assert snap(ExplorerApp(machine), press=("y",), terminal_size=(60, 20))
    assert len(machine.history) == 5


@pytest.mark.parametrize("size", [(60, 20), (120, 40)], ids=["60x20", "120x40"])
def test_open(snap: Snap, size: tuple[int, int]) -> None:
    """Each machine with its memory; the facts of the chosen one."""
    machine = with_dimm()
    assert snap(ExplorerApp(machine), press=("O", "down", "down"), terminal_size=size)
    assert len(machine.history) == 1
