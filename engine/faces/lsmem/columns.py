"""What lsmem prints: its columns, and its four formats with every blank where libsmartcols puts it.

Widths are those of util-linux's current main for output that is no terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from ...numbers.errors import BadInput

_U64: Final = (1 << 64) - 1  # lsmem counts bytes in 64 bits and lets them wrap


class MemoryRange(msgspec.Struct, frozen=True):
    """One memory block as lsmem reads it, or `count` consecutive ones with the attributes of the first.

    `state` is the printed word: online, offline, on->off, or "?" for one that no kernel writes. `node` is None where no
    block is linked to a node, -1 where only this one is not. `configured` and `memmap_on_memory` have a meaning only on
    machines that show /sys/firmware/memory (s390 since 6.19).
    """

    index: int
    count: int = 1
    state: str = "?"
    removable: bool = False
    node: int | None = None
    zones: tuple[str, ...] = ()
    configured: bool = False
    memmap_on_memory: bool = False


class Unit(NamedTuple):
    """How sizes are printed: bytes of a memory block, and whether as a plain number of bytes."""

    block_size: int
    bytes: bool

    def size(self, size: int) -> str:
        """A size in bytes as text."""
        return str(size & _U64) if self.bytes else human_size(size & _U64)


class Column(NamedTuple):
    """One column: what it shows, when two ranges differ in it (None: never), and how JSON and tables show it."""

    name: str
    meaning: str
    text: Callable[[MemoryRange, Unit], str]
    differ: Callable[[MemoryRange, MemoryRange], bool] | None = None
    json: Literal["string", "number", "boolean", "size"] = "string"
    left: bool = False
    hint: int = 0


def human_size(size: int) -> str:
    """Bytes with a binary unit and at most one decimal, half rounded up from three; it never carries to the next unit,
    so one byte below 1 GiB is 1024M."""
    exponent = max(0, (size.bit_length() - 1) // 10)
    unit = 1 << 10 * exponent
    whole, rest = divmod(size, unit)
    tenths = (rest * 1000 // unit + 50) // 100
    whole, tenths = whole + tenths // 10, tenths % 10
    return f"{whole}.{tenths}{'BKMGTPE'[exponent]}" if tenths else f"{whole}{'BKMGTPE'[exponent]}"


def _range(blocks: MemoryRange, unit: Unit) -> str:
    first, behind = blocks.index * unit.block_size, (blocks.index + blocks.count) * unit.block_size
    return f"{first & _U64:#018x}-{behind - 1 & _U64:#018x}"


def _block(blocks: MemoryRange, unit: Unit) -> str:
    return str(blocks.index) if blocks.count == 1 else f"{blocks.index}-{blocks.index + blocks.count - 1}"


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def _zones_differ(before: MemoryRange, block: MemoryRange) -> bool:
    """A zone that lsmem does not know is never the same as another."""
    return before.zones != block.zones or "Unknown" in before.zones


COLUMNS: Final = (
    Column("RANGE", "first and last address", _range, left=True),
    Column("SIZE", "size", lambda b, unit: unit.size(b.count * unit.block_size), json="size", hint=5),
    Column("STATE", "online, offline or on->off", lambda b, _: b.state, lambda a, b: a.state != b.state),
    Column(
        "REMOVABLE",
        "what the kernel says of online memory (new kernels: always yes)",
        lambda b, _: _yes_no(b.removable) if b.state == "online" else "",
        lambda a, b: a.removable != b.removable,
        json="boolean",
    ),
    Column("BLOCK", "numbers of the memory blocks", _block),
    Column(
        "NODE",
        "NUMA node",
        lambda b, _: "" if b.node is None else str(b.node),
        lambda a, b: a.node != b.node,
        json="number",
    ),
    Column("ZONES", "zone, or zones that it may go to", lambda b, _: "/".join(b.zones), _zones_differ),
    Column(
        "CONFIGURED",
        "configured by firmware (s390)",
        lambda b, _: _yes_no(b.configured),
        lambda a, b: a.configured != b.configured,
    ),
    Column(
        "MEMMAP-ON-MEMORY",
        "holds its own memmap once configured (s390)",
        lambda b, _: _yes_no(b.memmap_on_memory),
        lambda a, b: a.memmap_on_memory != b.memmap_on_memory,
    ),
)
"""Every column, in the order of ``--output-all``."""

DEFAULT: Final = COLUMNS[:5]
MEMCONFIG: Final = COLUMNS[7:]
"""Columns that are left out on machines without /sys/firmware/memory."""

_BY_NAME: Final = {column.name: column for column in COLUMNS}


def named(listed: str, usual: Sequence[Column] = ()) -> list[Column]:
    """The columns of a list such as ``RANGE,size``, behind the `usual` ones if it begins with "+".

    Raises `BadInput` with lsmem's words: what it does not know is shown with all that follows it.
    """
    names = listed.removeprefix("+").split(",")
    found = [*usual] if listed.startswith("+") else []
    for at, name in enumerate(names):
        column = _BY_NAME.get(name.upper())
        if column is None:
            raise BadInput(f"unknown column: {','.join(names[at:])}")
        found.append(column)
    return found


def merged(blocks: Sequence[MemoryRange], split: Sequence[Column]) -> list[MemoryRange]:
    """Consecutive blocks as ranges that differ in none of the columns in `split`."""
    differ = [column.differ for column in split if column.differ is not None]
    ranges: list[tuple[MemoryRange, int]] = []
    for block in blocks:
        first, count = ranges[-1] if ranges else (block, 0)
        if count and first.index + count == block.index and not any(test(first, block) for test in differ):
            ranges[-1] = first, count + 1
        else:
            ranges.append((block, 1))
    return [msgspec.structs.replace(first, count=count) for first, count in ranges]


# -- formats ------------------------------------------------------------------------------------------------------------


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], headings: bool) -> str:
    """Padded columns; the last one is not padded on the right, nor at all where its cell is empty."""
    lines = [[column.name for column in columns], *rows] if headings else [list(row) for row in rows]
    widths = [
        _width(column, len(column.name) if headings else 1, max(len(row[at]) for row in rows))
        for at, column in enumerate(columns)
    ]
    last = len(columns) - 1
    text = ""
    for line in lines:
        cells = [
            cell.ljust(width) if column.left else cell.rjust(width)
            for column, width, cell in zip(columns, widths, line, strict=True)
        ]
        if columns[last].left or not line[last]:
            cells[last] = line[last]
        text += " ".join(cells) + "\n"
    return text


def _width(column: Column, heading: int, data: int) -> int:
    """Characters of a column: the heading's, or more where data needs it, and then at least the hint."""
    return heading if data <= heading else max(data, column.hint)


def raw(columns: Sequence[Column], rows: Sequence[Sequence[str]], headings: bool) -> str:
    """One blank between cells."""
    lines = [[column.name for column in columns], *rows] if headings else rows
    return "".join(" ".join(line) + "\n" for line in lines)


def pairs(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """``NAME="value"``, empty ones too."""
    return "".join(
        " ".join(f'{column.name}="{cell}"' for column, cell in zip(columns, row, strict=True)) + "\n" for row in rows
    )


def json(columns: Sequence[Column], rows: Sequence[Sequence[str]], numeric_sizes: bool) -> str:
    """An object with the list "memory", indented as libsmartcols does."""
    objects = []
    for row in rows:
        members = [
            f'         "{column.name.lower()}": {_json_value(column, cell, numeric_sizes)}'
            for column, cell in zip(columns, row, strict=True)
        ]
        objects.append("{\n" + ",\n".join(members) + "\n      }")
    return '{\n   "memory": [\n      ' + ",".join(objects) + "\n   ]\n}\n"


def _json_value(column: Column, cell: str, numeric_sizes: bool) -> str:
    if column.json == "boolean":
        return "true" if cell == "yes" else "false"
    if not cell:
        return "null"
    if column.json == "number" or (column.json == "size" and numeric_sizes):
        return cell
    return f'"{cell}"'
