"""Running a command: its row says how."""

from __future__ import annotations

from ..commands import ROWS, Command, Sync, checked
from ..commands.row import Steps
from ..commands.write import meant
from ..memory.state import State
from ..protocol.reasons import HotplugError
from ..protocol.reasons.notes import Note
from ..protocol.reasons.taking import Crashed, LockHeld
from ..protocol.vocabulary import HANGS


def run(state: State, command: Command, notes: list[Note]) -> Steps:
    """The events of a command; what is to be said besides goes into `notes`. Raises `HotplugError` for the kernel's refusal,
    `BadInput` for a command without sense."""
    if state.globals.value.crashed and not isinstance(command, Sync):
        raise HotplugError("OOPS", Crashed())
    row = ROWS[type(checked(command))]
    if state.globals.value.locked and ROWS[type(meant(command))].hotplug:
        busy = next(block.id for block in state.blocks.values() if block.state == "going-offline")
        raise HotplugError(HANGS, LockHeld(busy), state.block_range(busy)[0])
    return row.run(state, command, notes)


def takes_signals(command: Command) -> bool:
    """Can a signal end it?"""
    return ROWS[type(meant(command))].signals
