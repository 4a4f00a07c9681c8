"""What may be asked of a machine: one tagged union, the same in scripts, history, saved timelines and the explorer.

To add a command, write a file here that holds its class and its row (`Row` says what belongs to one: script form, what runs
it, what exports it, its help and an example), and import the class into the union below. Scripts, histories, exports, help,
the README's table (a test compares), manual page and completion follow from the row. What `why` says of it beyond its
result, if anything, is registered in `questions.why.ask`.

The files of commands do not postpone their annotations: every start that opens a machine would read them from text.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args

import msgspec

from ..numbers.errors import BadInput
from ..numbers.units import parse_bytes
from .add import Add as Add
from .block_state import Offline as Offline
from .block_state import Online as Online
from .compact import Compact as Compact
from .fields import Base, explained
from .hugepages import HugePages as HugePages
from .poison import Poison as Poison
from .remove_lmbs import RemoveLmbs as RemoveLmbs
from .row import Row
from .sync import Sync as Sync
from .take_out import Eject as Eject
from .take_out import Remove as Remove
from .virtio_mem import VirtioMem as VirtioMem
from .workload import Allocate as Allocate
from .workload import Free as Free
from .workload import Pin as Pin
from .workload import Unpin as Unpin
from .write import Write as Write

Command = (
    Add
    | Remove
    | Eject
    | Online
    | Offline
    | Write
    | Sync
    | VirtioMem
    | RemoveLmbs
    | Compact
    | HugePages
    | Poison
    | Allocate
    | Free
    | Pin
    | Unpin
)
"""A command of any class: what `Machine.apply` takes."""
COMMANDS: Final[tuple[type[Command], ...]] = get_args(Command)


def _row_of(command: type[Base]) -> Row:
    """The row of a command stands in the file of its class."""
    there = vars(sys.modules[command.__module__]).values()
    return next(row for row in there if isinstance(row, Row) and row.command is command)


ROWS: Final[Mapping[type[Base], Row]] = MappingProxyType({command: _row_of(command) for command in COMMANDS})
"""One row a command, in the order in which they are explained."""


def checked(command: Command) -> Command:
    """The command itself. Raises `BadInput` for what is no command, and for one with a field of the wrong type."""
    if not isinstance(command, COMMANDS):
        raise BadInput(
            f"{command!r} is not a command; write one such as Offline(block=32), or read lines with parse_script"
        )
    name = type(command).__name__
    try:
        given = msgspec.to_builtins(command)
        return msgspec.convert(given, type(command))
    except msgspec.ValidationError as error:
        raise BadInput(f"{name}: {explained(str(error), given, type(command))}") from None
    except TypeError as error:
        raise BadInput(f"{name}: {error}") from None


def extent(command: Add | Remove | Eject) -> tuple[int, int]:
    """Start and size of a range, both in bytes. Raises `BadInput` for text that is no address or size."""
    return parse_bytes(command.start), parse_bytes(command.size)


def describe(command: Command, last: int | None = None) -> str:
    """A command as the line of a script that says it. A command on a block is written for all blocks from its own to `last`,
    if that is given."""
    return ROWS[type(command)].form.write(command, last)
