"""What may be asked of a machine: one tagged union, the same in scripts, history, saved timelines and the explorer.

To add a command, write a file here that holds its class and its row (`Row` says what belongs to one: script form, what runs
it, what exports it, its help and an example), and name both below. Scripts, histories, exports, help, the README's table (a
test compares), manual page and completion follow from the row. What `why` says of it beyond its result, if anything, is
registered in `questions.why.ask`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args

import msgspec

from ..numbers.errors import BadInput
from ..numbers.units import parse_bytes
from . import add, block_state, compact, hugepages, poison, sync, take_out, virtio_mem, workload, write
from .add import Add
from .block_state import Offline, Online
from .compact import Compact
from .fields import Base
from .hugepages import HugePages
from .poison import Poison
from .row import Row
from .sync import Sync
from .take_out import Eject, Remove
from .virtio_mem import VirtioMem
from .workload import Allocate, Free, Pin, Unpin
from .write import Write

__all__ = [
    "COMMANDS", "ROWS", "Add", "Allocate", "Command", "Compact", "Eject", "Free", "HugePages", "Offline", "Online", "Pin",
    "Poison", "Remove", "Sync", "Unpin", "VirtioMem", "Write", "checked", "describe", "extent",
]  # fmt: skip

Command = (
    Add
    | Remove
    | Eject
    | Online
    | Offline
    | Write
    | Sync
    | VirtioMem
    | Compact
    | HugePages
    | Poison
    | Allocate
    | Free
    | Pin
    | Unpin
)
COMMANDS: Final[tuple[type[Command], ...]] = get_args(Command)

ROWS: Final[Mapping[type[Base], Row]] = MappingProxyType(
    {
        row.command: row
        for row in (
            add.ROW,
            take_out.REMOVE,
            take_out.EJECT,
            block_state.ONLINE,
            block_state.OFFLINE,
            write.ROW,
            sync.ROW,
            virtio_mem.ROW,
            compact.ROW,
            hugepages.ROW,
            poison.ROW,
            workload.ALLOCATE,
            workload.FREE,
            workload.PIN,
            workload.UNPIN,
        )
    }
)  # fmt: skip
"""One row a command, in the order in which they are explained."""


def checked(command: Command) -> Command:
    """The command itself. Raises `BadInput` for what is no command, and for one with a field of the wrong type."""
    if not isinstance(command, COMMANDS):
        raise BadInput(
            f"{command!r} is not a command; write one such as Offline(block=32), or read lines with parse_script"
        )
    try:
        return msgspec.convert(msgspec.to_builtins(command), type(command))
    except (msgspec.ValidationError, TypeError) as error:
        what, _, place = str(error).partition(" - at `$.")
        field = f"{place.rstrip('`')} of " if place else ""
        raise BadInput(f"{field}{type(command).__name__}: {what}") from None


def extent(command: Add | Remove | Eject) -> tuple[int, int]:
    """Start and size in bytes; raises `BadInput` for text that is neither."""
    return parse_bytes(command.start), parse_bytes(command.size)


def describe(command: Command, last: int | None = None) -> str:
    """One line, as a person would type it. A command on a block says it of all blocks up to `last`, if that is given."""
    return ROWS[type(command)].form.write(command, last)
