"""A walk: the explorer on one machine for so many steps; at its end the machine is sound, and opens as it was saved."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from unittest import mock

from altmap.engine import Machine, bundled_machines, machine_bytes, open_machine, read_machine
from altmap.engine.memory.state import state_of
from altmap.engine.snapshot.fold import alike
from altmap.explorer.picture.lines import Line
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.screens import add
from altmap.explorer.tui.screens.error import ErrorScreen
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.drawn import Drawn
from textual.app import InvalidThemeError
from textual.pilot import OutOfBounds

from ..explorer.quiet import INSTEAD
from ..stress.dice import Dice
from .steps import SIZES, Step, Walker, do

A_WALK: Final = 50
"""Steps of one walk, at most; then another machine has its turn."""
_LAST: Final = 12
"""Steps that a fault tells."""


class Fault(AssertionError):
    """What went wrong, and the steps that lead there."""

    def __init__(self, machine: str, seed: str, steps: list[Step], what: str) -> None:
        trail = "\n".join(
            f"  {number}: {step!r}" for number, step in enumerate(steps[-_LAST:], len(steps[:-_LAST]) + 1)
        )
        super().__init__(f"{machine}, seed {seed!r}, after {len(steps)} steps: {what}\n{trail}")


def walks(actions: int, seed: str) -> Iterator[tuple[str, int]]:
    """Walk through all bundled machines in turn until so many steps are done; yields the machine and the steps of each walk.
    Raises `Fault`."""
    names, done, turn = [one.name for one in bundled_machines()], 0, 0
    while done < actions:
        name, steps = names[turn % len(names)], min(A_WALK, actions - done)
        walk(open_machine(name), f"{seed} {turn}", steps)
        done, turn = done + steps, turn + 1
        yield name, steps


def walk(machine: Machine, seed: str, actions: int) -> None:
    """One walk. Raises `Fault`."""
    name, done = machine.origin.name, list[Step]()
    with _apart():
        try:
            machines = asyncio.run(_walked(machine, seed, actions, done))
        except Exception as error:
            raise Fault(name, seed, done, f"{type(error).__name__}: {error}") from error
    for one in machines:
        if complaints := one.check():
            raise Fault(name, seed, done, f"the machine is unsound: {complaints[0]}")
        again = read_machine(machine_bytes(one, "it.msgpack"), "it.msgpack")
        if again.warnings or not alike(state_of(again), state_of(one)):
            raise Fault(name, seed, done, f"it opens as another than was saved: {again.warnings}")
        if len(again.timeline) != len(one.timeline):
            raise Fault(name, seed, done, "it opens with another history than was saved")


async def _walked(machine: Machine, seed: str, actions: int, done: list[Step]) -> list[Machine]:
    """The machines that the explorer held in the end."""
    walker, machines = Walker(seed), [machine]
    while len(done) < actions:
        app = ExplorerApp(machines[-1])
        app.animation_level = "none"
        async with app.run_test(size=walker.random.choice(SIZES[:4])) as pilot:
            await pilot.pause()
            while len(done) < actions and not app._exit:
                here = [screen.machine for screen in app.screen_stack if isinstance(screen, MainScreen)]
                machines = here or machines
                step = walker.next(Dice(f"{seed} {len(done)}", machines[-1]), app.size)
                done.append(step)
                try:
                    await do(pilot, step)
                    await app.workers.wait_for_complete()
                except (OutOfBounds, InvalidThemeError):
                    continue
                if app._exception is not None:
                    raise app._exception
                fault = next((screen for screen in app.screen_stack if isinstance(screen, ErrorScreen)), None)
                if fault is not None:
                    raise fault._error
    return machines


@contextmanager
def _apart() -> Iterator[None]:
    """In a folder and a home of its own, where nothing waits for a clock, and a part of the screen that fails is no picture;
    the running machine is always the same one."""

    def fault(self: Drawn, error: Exception) -> Line:
        raise error

    async def at_once() -> None:
        pass

    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for place, stands_there in INSTEAD.items():
            stack.enter_context(mock.patch(place, stands_there))
        stack.enter_context(mock.patch.object(Drawn, "fault", fault))
        stack.enter_context(mock.patch.object(add, "settled", at_once))
        for place in ("altmap.explorer.tui.live.capture", "altmap.explorer.tui.screens.open.capture"):
            stack.enter_context(mock.patch(place, side_effect=lambda *_, **__: open_machine("mixed-guest")))
        stack.enter_context(mock.patch("altmap.explorer.tui.screens.file.entries", return_value=[]))
        stack.enter_context(mock.patch("altmap.explorer.tui.screens.live.LiveScreen._wait"))
        homes: dict[str, Any] = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), folder)
        stack.enter_context(mock.patch.dict(os.environ, homes))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
