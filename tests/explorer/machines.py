"""Machines for the explorer's tests, and a way to drive the app in a plain test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from altmap import engine
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.jumping import Worded
from altmap.explorer.tui.live import Reader
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from altmap.explorer.tui.widgets.painted import Painted
from altmap.explorer.tui.widgets.title import Titled
from textual.app import App
from textual.widget import Widget
from textual.worker import WorkerCancelled

from .quiet import undrawn

DIMM = range(32, 40)
"""The blocks of the 1 GiB that `with_dimm` adds."""


def guest(model: str = "6.12", memmap_on_memory: str = "Y") -> engine.Machine:
    """1 GiB of boot memory in eight blocks."""
    return _booted(model, memmap_on_memory).copy()


@cache
def _booted(model: str, memmap_on_memory: str) -> engine.Machine:
    return engine.boot_machine([(0, 0, "1G")], model=model, memmap_on_memory=memmap_on_memory, name="guest")


def with_dimm(model: str = "6.12", movable: int = 0, **add: Any) -> engine.Machine:
    """The guest with 1 GiB more at 4 GiB, some of its blocks online in ZONE_MOVABLE."""
    machine = guest(model)
    assert machine.apply(engine.Add(start="4G", size="1G", **add)).ok
    for block in DIMM[:movable]:
        assert machine.apply(engine.Online(block=block, type="online_movable")).ok
    return machine


def numa() -> engine.Machine:
    """Two nodes, and on the second of them memory whose memmap lies in low sections of the node."""
    machine = engine.boot_machine([(0, 0, "2G"), (1, "2G", "512M")], nodes=3, name="numa")
    assert machine.apply(engine.Add(start="4G", size="256M", node=1, placement="boot")).ok
    assert machine.apply(engine.Add(start="5G", size="1G", node=1, placement="sections")).ok
    for block in range(41, 46):
        assert machine.apply(engine.Online(block=block, type="online_movable")).ok
    return machine


def busy() -> engine.Machine:
    """Two movable blocks that hold their own memmap, and 60,000 movable pages in the first of them and boot memory."""
    machine = with_dimm(movable=2)
    assert machine.apply(engine.Allocate(size="200M", kind="movable")).ok
    return machine


def pinned() -> engine.Machine:
    """The guest with a DIMM of which half is online and partly used; memory32 has pages that someone holds."""
    machine = with_dimm(movable=4)
    assert machine.apply(engine.Allocate(size="60M", zone="Movable")).ok
    assert machine.apply(engine.Pin(size="2M", zone="Movable", short=True)).ok
    return machine


class Staged(Reader):
    """Reads one machine after the other, the last one again and again."""

    def __init__(self, stages: Sequence[engine.Machine], plan: engine.Machine | None = None) -> None:
        super().__init__("/nowhere", plan, every=0)
        self._stages = [*stages]

    def look(self, pages: bool) -> engine.Machine:
        found = self._stages.pop(0) if len(self._stages) > 1 else self._stages[0]
        return found.copy()


def drive(
    machine: engine.Machine,
    action: Callable[[Any, MainScreen], Awaitable[None]],
    size: tuple[int, int] = (100, 30),
    letters: bool | None = None,
) -> None:
    """Open the explorer without a terminal and do something with it. `letters`: as `ExplorerApp` takes it."""

    async def run() -> None:
        app = ExplorerApp(machine, letters)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            screen = app.screen
            assert isinstance(screen, MainScreen)
            await action(pilot, screen)

    asyncio.run(run())


async def stand_on(pilot: Any, block: int) -> MainScreen:
    """Put the cursor on a block; returns the screen."""
    screen = pilot.app.screen
    assert isinstance(screen, MainScreen)
    screen.query_one(MemoryMap).select(block)
    await pilot.pause()
    return screen


async def at_rest(app: App[Any]) -> None:
    """Wait for all workers: work that a key gave up is over as well."""
    while any(not worker.is_finished for worker in app.workers):
        with suppress(WorkerCancelled):
            await app.workers.wait_for_complete()


async def press(pilot: Any, *keys: str) -> None:
    """Press keys and wait for what they set going; what comes of all of them is drawn."""
    with undrawn():
        for key in keys:
            await pilot.press(key)
            await at_rest(pilot.app)
    await pilot.pause()


def result(screen: MainScreen) -> str:
    """What the result bar says."""
    return screen.query_one(ResultBar).text


def text_of(widget: Painted) -> str:
    """All that a painted widget has to say, in one string."""
    return widget.words


def title_of(widget: Titled) -> str:
    """The words above a widget's content."""
    return "".join(span.text for span in widget.title_row())


def drawn(map_: MemoryMap) -> list[str]:
    """Every line of the map with its colours."""
    return [repr(list(map_.render_line(y))) for y in range(map_.size.height)]


def place_of(screen: MainScreen, action: str) -> tuple[int, int]:
    """Where the word with an action stands on the screen."""
    for widget in screen.query(Widget):
        if isinstance(widget, Worded) and widget.region:
            for x, y, behind in widget.clickable():
                if behind == action:
                    return widget.content_region.x + x, widget.content_region.y + y
    raise AssertionError(f"no word is for {action}")
