"""What all commands are: values with a name, whose fields hold certain things; and what is wrong with one that does not.

Annotations are not postponed here: every start that opens a machine would read them from text, once for each command.
"""

import errno
import re
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from ..numbers.errors import BadInput, located
from ..numbers.units import parse_bytes
from ..protocol.vocabulary import HANGS

_RESULTS: Final = frozenset({"ok", "OOPS", HANGS, "EHWPOISON", "EOPNOTSUPP", *errno.errorcode.values()})
_SIZES: Final = ("start", "size", "unit", "address")
"""Fields that hold bytes, as a number or as text."""

_MEANINGS: Final[Mapping[Any, str]] = {
    int: "a whole number",
    str: "text",
    bool: "true or false",
    int | str: 'a number of bytes or text such as "128M", "0x100000000"',
}


class Base(msgspec.Struct, frozen=True, tag_field="op", forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What all commands have in common. `expect`: the errno by name that a script expects, such as "EBUSY"; an outcome with
    just that result counts as expected."""

    expect: str | None = None


def tag(command: type[Base]) -> str:
    """What a command is called in JSON."""
    return str(command.__struct_config__.tag)


def check(command: Base) -> None:
    """What the types cannot say. Raises `BadInput`."""
    if command.expect is not None and command.expect not in _RESULTS:
        raise BadInput(f'expect must be "ok" or an errno such as EBUSY, not {shown(command.expect)}')
    for field in _SIZES:
        if (given := getattr(command, field, None)) is not None:
            with located(field):
                parse_bytes(given)


def explained(error: str, given: Mapping[str, Any], command: type[Base]) -> str:
    """What msgspec finds wrong with the fields of a command, and what it may say there."""
    message, _, place = error.partition(" - at ")
    field = re.match(r"`\$(?:\[\d+\])?\.(\w+)", place)
    if field is None:
        return f"{small(message)}; {tag(command)} has {', '.join(command.__struct_fields__)}"
    return f"{field[1]} is {shown(given[field[1]])}; it must be {_meaning(get_type_hints(command)[field[1]])}"


def choices(command: type[Base], field: str) -> tuple[str, ...]:
    """The words of which a field holds one; none where any text or number will do."""
    hint = get_type_hints(command)[field]
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Literal:
            return get_args(part)
    return ()


def small(sentence: str) -> str:
    """As the end of a longer sentence."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def shown(value: object) -> str:
    """A value as JSON has it."""
    return msgspec.json.encode(value).decode()


def _meaning(hint: Any) -> str:
    """A field's type in words."""
    if hint in _MEANINGS:
        return _MEANINGS[hint]
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    return " or ".join(_meaning(part) for part in get_args(hint) if part is not type(None))
