"""Commands in documents: as a JSON script takes them, with every key, sizes and addresses in bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Union, get_args

import msgspec
from altmap.engine import Command, describe, parse_bytes
from altmap.engine.commands import COMMANDS


def _sized(field: msgspec.structs.FieldInfo) -> bool:
    """Is it a size or an address, which a script may write as text?"""
    return {int, str} <= set(get_args(field.type))


def _row(command: type[Command]) -> type[msgspec.Struct]:
    fields = [
        (field.name, (int | None if type(None) in get_args(field.type) else int) if _sized(field) else field.type)
        for field in msgspec.structs.fields(command)
    ]
    return msgspec.defstruct(
        command.__name__,
        fields,
        tag_field="op",
        tag=command.__struct_config__.tag,
        namespace={"__doc__": command.__doc__},
        frozen=True,
        kw_only=True,
    )


_ROWS: Final[Mapping[type[Command], Any]] = {command: _row(command) for command in COMMANDS}

if TYPE_CHECKING:
    CommandRow = msgspec.Struct
else:
    CommandRow = Union[tuple(_ROWS.values())]  # noqa: UP007  # there is no other way to write a union of what a tuple holds


class Line(msgspec.Struct, frozen=True):
    """A command, and the line of a script that says the same."""

    line: str
    command: CommandRow


def command_row(command: Command) -> CommandRow:
    """A command with every key."""
    values = {
        field.name: parse_bytes(value) if _sized(field) and value is not None else value
        for field in msgspec.structs.fields(command)
        for value in (getattr(command, field.name),)
    }
    row: CommandRow = _ROWS[type(command)](**values)
    return row


def line_row(command: Command) -> Line:
    """A command and its line."""
    return Line(describe(command), command_row(command))
