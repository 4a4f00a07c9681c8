"""What may be asked of a machine: one tagged union, the same in scripts, history, saved timelines and the explorer."""

from __future__ import annotations

from typing import Final

import msgspec

from .blocks import OnlineType
from .models import Caller, Placement
from .units import format_bytes, parse_bytes


class _Command(
    msgspec.Struct, frozen=True, tag_field="op", forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """`expect` names the result that a script expects, such as "EBUSY"; then it does not count as a refusal."""

    expect: str | None = None


class Add(_Command, tag="add", frozen=True):
    """Add `size` bytes of memory at `start` to a node, as `caller` does it.

    `placement` and `fallback` override where the memmap goes and whether kernel memory may serve instead; `reserve` and
    `align` (pages) belong to the altmap that a pmem driver brings. Sizes and addresses are bytes or text like "128M".
    """

    start: int | str
    size: int | str
    node: int = 0
    caller: Caller = "acpi"
    placement: Placement | None = None
    fallback: bool | None = None
    reserve: int = 0
    align: int = 0


class Remove(_Command, tag="remove", frozen=True):
    """Remove a range whose blocks are offline (try_remove_memory)."""

    start: int | str
    size: int | str


class Eject(_Command, tag="eject", frozen=True):
    """Take a memory device out, as the ACPI driver does: offline all its blocks, then remove them."""

    start: int | str
    size: int | str


class Online(_Command, tag="online", frozen=True):
    """Online one block."""

    block: int
    type: OnlineType = "online"


class Offline(_Command, tag="offline", frozen=True):
    """Offline one block."""

    block: int


class Write(_Command, tag="write", frozen=True):
    """Write to a file of sysfs, as ``echo DATA > PATH`` does."""

    path: str
    data: str


class Sync(_Command, tag="sync", frozen=True):
    """Replace what can be observed by a new capture (folder or tar), keep what only the model knows."""

    root: str


Command = Add | Remove | Eject | Online | Offline | Write | Sync

COMMANDS: Final = (Add, Remove, Eject, Online, Offline, Write, Sync)


def extent(command: Add | Remove | Eject) -> tuple[int, int]:
    """Start and size in bytes; raises `BadInput` for text that is neither."""
    return parse_bytes(command.start), parse_bytes(command.size)


def describe(command: Command) -> str:
    """One line, as a person would type it."""
    if isinstance(command, Add):
        start, size = extent(command)
        words = [f"add {format_bytes(size)} at {start:#x} node {command.node}"]
        if command.caller != "acpi":
            words.append(f"caller {command.caller}")
        if command.placement:
            words.append(f"placement {command.placement}")
        if command.fallback is not None:
            words.append("fallback" if command.fallback else "no-fallback")
        words += [
            f"{name} {value}" for name, value in (("reserve", command.reserve), ("align", command.align)) if value
        ]
        return " ".join(words)
    if isinstance(command, Remove | Eject):
        start, size = extent(command)
        return f"{'remove' if isinstance(command, Remove) else 'eject'} {format_bytes(size)} at {start:#x}"
    if isinstance(command, Online):
        return f"online {command.block} {command.type}"
    if isinstance(command, Offline):
        return f"offline {command.block}"
    if isinstance(command, Write):
        return f"echo {command.data.rstrip()} > {command.path}"
    return f"sync {command.root}"
