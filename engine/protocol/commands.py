"""What may be asked of a machine: one tagged union, the same in scripts, history, saved timelines and the explorer."""

from __future__ import annotations

import shlex
from typing import Final

import msgspec

from ..numbers.errors import BadInput
from ..numbers.units import format_bytes, parse_bytes
from .vocabulary import Caller, OnlineType, Pattern, Placement, What


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


class Compact(_Command, tag="compact", frozen=True):
    """Compact the memory of a node, or of all; with `zone` and `order` one zone until it has a free area of that order."""

    node: int | None = None
    zone: str | None = None
    order: int = -1


class HugePages(_Command, tag="hugepages", frozen=True):
    """Bring the pool of huge pages of a size to `count`, on a node or on all (nr_hugepages)."""

    count: int
    size: int | str = "2M"
    node: int | None = None


class Poison(_Command, tag="poison", frozen=True):
    """A page has a hardware error (hard_offline_page), or is suspected of one (`soft`)."""

    address: int | str
    soft: bool = False


class VirtioMem(_Command, tag="virtio_mem", frozen=True):
    """Ask the virtio-mem device whose region begins at `start` for `size` plugged bytes, in device blocks of `unit`."""

    start: int | str
    size: int | str
    unit: int | str = "2M"
    node: int = 0


class _Workload(_Command, frozen=True, kw_only=True):
    """On a node, in one zone or as its zonelist says, in a pattern; `seed` makes a random one."""

    node: int = 0
    zone: str | None = None
    pattern: Pattern = "sequential"
    seed: int = 0


class Allocate(_Workload, tag="allocate", frozen=True, kw_only=True):
    """Programs or the kernel take `size` bytes."""

    size: int | str
    kind: What = "movable"


class Free(_Workload, tag="free", frozen=True, kw_only=True):
    """Memory of a kind goes back, all of it without `size`."""

    kind: What = "movable"
    size: int | str | None = None


class Pin(_Workload, tag="pin", frozen=True, kw_only=True):
    """Someone takes extra references on movable pages: they cannot be migrated."""

    size: int | str | None = None


class Unpin(_Workload, tag="unpin", frozen=True, kw_only=True):
    """The extra references are dropped."""

    size: int | str | None = None


Command = (
    Add
    | Remove
    | Eject
    | Online
    | Offline
    | Write
    | Sync
    | Compact
    | HugePages
    | Poison
    | VirtioMem
    | Allocate
    | Free
    | Pin
    | Unpin
)

COMMANDS: Final = (
    Add, Remove, Eject, Online, Offline, Write, Sync, Compact, HugePages, Poison, VirtioMem, Allocate, Free, Pin, Unpin
)  # fmt: skip


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
        data = command.data[:-1] if command.data.endswith("\n") else command.data
        return f"echo {shlex.quote(data)} > {shlex.quote(command.path)}"
    if isinstance(command, Sync):
        return f"sync {shlex.quote(command.root)}"
    if isinstance(command, VirtioMem):
        size, start, unit = (parse_bytes(part) for part in (command.size, command.start, command.unit))
        return f"virtio-mem {format_bytes(size)} at {start:#x} unit {format_bytes(unit)} node {command.node}"
    return _describe_pages(command)


def _describe_pages(command: Compact | HugePages | Poison | Allocate | Free | Pin | Unpin) -> str:
    if isinstance(command, Compact):
        words = ["compact"]
    elif isinstance(command, HugePages):
        words = [f"hugepages {command.count} of {format_bytes(parse_bytes(command.size))}"]
    elif isinstance(command, Poison):
        return f"poison {parse_bytes(command.address):#x}{' soft' if command.soft else ''}"
    else:
        verb = type(command).__name__.lower()
        size = "all" if command.size is None else format_bytes(parse_bytes(command.size))
        words = [verb, size]
        if isinstance(command, Allocate | Free):
            words.append(command.kind)
    if command.node is not None:
        words.append(f"node {command.node}")
    if isinstance(command, HugePages):
        return " ".join(words)
    if command.zone is not None:
        words.append(f"zone {command.zone}")
    if isinstance(command, Compact):
        return " ".join([*words, *([f"order {command.order}"] if command.order >= 0 else [])])
    if command.pattern != "sequential":
        words.append(command.pattern)
    if command.seed:
        words.append(f"seed {command.seed}")
    return " ".join(words)
