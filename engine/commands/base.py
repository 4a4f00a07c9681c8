"""What all commands are: values with a name, which scripts, histories and saved timelines share."""

from __future__ import annotations

import msgspec


class Base(msgspec.Struct, frozen=True, tag_field="op", forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`expect` names the result that a script expects, such as "EBUSY"; then it does not count as a refusal."""

    expect: str | None = None


def tag(command: type[Base]) -> str:
    """What a command is called in JSON."""
    return str(command.__struct_config__.tag)
