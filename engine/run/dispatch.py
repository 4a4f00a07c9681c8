"""Running a command: its row says how."""

from __future__ import annotations

from collections.abc import Iterator

from ..commands import ROWS, Command, Sync, checked
from ..commands.row import Steps
from ..commands.write import meant
from ..kernels.models import models_from
from ..memory.state import State, clone
from ..protocol.events import KernelDoubted, RangeDoubted
from ..protocol.reasons import HotplugError
from ..protocol.reasons.notes import Note
from ..protocol.reasons.taking import Crashed, LockHeld
from ..protocol.reasons.unknown import KernelNotTold, UnderWay
from ..protocol.vocabulary import HANGS


def run(state: State, command: Command, notes: list[Note]) -> Steps:
    """The events of a command; what is to be said besides goes into `notes`. Raises `HotplugError` for the kernel's refusal,
    `BadInput` for a command without sense."""
    steps = _steps(state, command, notes)
    return _doubting(state, command, steps) if kernel_doubted(state, command) else steps


def kernel_doubted(state: State, command: Command) -> bool:
    """May another kernel that the machine may run do otherwise? Then its last event is of that."""
    return any(state.globals.value.kernel_since) and ROWS[type(meant(command))].hotplug


def _steps(state: State, command: Command, notes: list[Note]) -> Steps:
    now = state.globals.value
    if now.crashed and not isinstance(command, Sync):
        raise HotplugError("OOPS", Crashed())
    row = ROWS[type(checked(command))]
    if now.locked and ROWS[type(meant(command))].hotplug:
        return _waits(state)
    return row.run(state, command, notes)


def _waits(state: State) -> Steps:
    """Who waits for the hotplug lock. Where no one saw the pages of the block that is going offline, that may come to an end."""
    from ..mm.unseen import unseen_pages  # with all that moves pages: only where somebody waits

    busy = next(block.id for block in state.blocks.values() if block.state == "going-offline")
    start, pages = state.block_range(busy)
    if unseen_pages(state, state.block_sections(busy), start, pages):
        yield RangeDoubted(start, pages, UnderWay(busy))
    raise HotplugError(HANGS, LockHeld(busy), start)


def _doubting(state: State, command: Command, steps: Steps) -> Steps:
    """The steps of a command where no file tells the kernel; at last, whether another that it may be would do otherwise."""
    before = clone(state)
    try:
        yield from steps
    except HotplugError as error:
        yield from _others(before, command, error.errno)
        raise
    yield from _others(before, command, "ok")


def _others(before: State, command: Command, result: str) -> Iterator[KernelDoubted]:
    """The first kernel between those that it may be which does what was refused, or refuses what was done."""
    since, until = before.globals.value.kernel_since, before.globals.value.kernel_until
    for model in models_from(since, until):
        other = clone(before)
        other.globals.change(kernel_since=(0, 0))
        other.use_model(model)
        found = "ok"
        try:
            for _ in _steps(other, command, []):
                pass
        except HotplugError as error:
            found = error.errno
        if (found == "ok") is not (result == "ok"):
            yield KernelDoubted(KernelNotTold(model.name, found))
            return


def takes_signals(command: Command) -> bool:
    """Can a signal end it?"""
    return ROWS[type(meant(command))].signals
