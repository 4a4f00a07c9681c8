"""What lsmem printed, as the files of /sys that it read: the text (whole or merged, with any columns) and the JSON.

It holds block size, ranges, states, nodes and zones, and nothing of pages: a tree of /sys alone holds as much.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from ..numbers.errors import BadInput
from ..numbers.limits import MAX_NODE
from ..numbers.units import MAX_ADDRESS, parse_bytes

_MEMORY: Final = "sys/devices/system/memory"
_NODE: Final = "sys/devices/system/node"
_RANGE: Final = re.compile(r"0x([0-9a-fA-F]{1,16})-0x([0-9a-fA-F]{1,16})")
_BLOCKS: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_HEADER: Final = re.compile(r"(?m)^\s*RANGE\s+SIZE\b.*$")
_SIZE: Final = re.compile(r"(?m)^Memory block size:\s+(\S+)")
_STATES: Final = {"online": "online", "offline": "offline", "on->off": "going-offline"}
_MOST: Final = 1 << 20
"""Memory blocks of a list."""


class _Row(NamedTuple):
    """A line: its first address and bytes, the numbers of its blocks (None: not told), and what it says of each."""

    start: int
    size: int
    blocks: tuple[int, int] | None
    state: str | None
    node: int | None
    zones: tuple[str, ...] | None


def is_lsmem(text: str) -> bool:
    """Is it what lsmem prints?"""
    start = text.lstrip()
    if start.startswith("{"):
        return re.match(r'\{\s*"memory"\s*:\s*\[', start) is not None
    return _HEADER.search(text[:4096]) is not None and _RANGE.search(text) is not None


def files_of(text: str, source: str) -> dict[str, bytes]:
    """The files of /sys that the list was made from, as far as it tells of them. Raises `BadInput`."""
    start = text.lstrip()
    rows = list(_from_json(start, source) if start.startswith("{") else _from_text(text, source))
    if not rows:
        raise BadInput(f"{source}: lsmem lists no memory there")
    size = _block_size(text, rows, source)
    files = {f"{_MEMORY}/block_size_bytes": b"%x\n" % size}
    for row in rows:
        if row.start % size or row.size % size:
            raise BadInput(f"{source}: the range at {row.start:#x} is not made of memory blocks of {size:#x} bytes")
        for block in range(row.start // size, (row.start + row.size) // size):
            files |= _block(block, row)
    return files


def _block(block: int, row: _Row) -> dict[str, bytes]:
    folder = f"{_MEMORY}/memory{block}"
    found = {f"{folder}/phys_index": b"%08x\n" % block}
    if row.state is not None:
        found[f"{folder}/state"] = f"{row.state}\n".encode()
    if row.zones:
        found[f"{folder}/valid_zones"] = f"{' '.join(row.zones)}\n".encode()
    if row.node is not None:
        found[f"{folder}/node{row.node}/cpulist"] = b"\n"
        found[f"{_NODE}/node{row.node}/memory{block}/phys_index"] = b"\n"
    return found


def _block_size(text: str, rows: Iterable[_Row], source: str) -> int:
    """As the summary says it, else as ranges and numbers of blocks together do."""
    if (match := _SIZE.search(text)) is not None:
        size = parse_bytes(match[1])
    else:
        told = [row for row in rows if row.blocks is not None]
        sizes = {row.size // (row.blocks[1] - row.blocks[0] + 1) for row in told if row.blocks is not None}
        if len(sizes) != 1:
            raise BadInput(
                f"{source}: the list says nothing of the size of memory blocks; lsmem without --noheadings prints it, and its "
                f"column BLOCK tells it too"
            )
        (size,) = sizes
    if size <= 0 or size & (size - 1) or sum(row.size for row in rows) // size > _MOST:
        raise BadInput(f"{source}: memory blocks of {size:#x} bytes do not go with its ranges")
    return size


def _from_json(text: str, source: str) -> Iterator[_Row]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{source} begins like lsmem's JSON, and is broken: {error}") from None
    for entry in document.get("memory", []) if isinstance(document, dict) else []:
        if not isinstance(entry, dict):
            raise BadInput(f"{source}: lsmem's JSON has an entry that is no object")
        yield _row({str(name).upper(): value for name, value in entry.items()}, source)


def _from_text(text: str, source: str) -> Iterator[_Row]:
    """Cells stand below their headings, to the left or to the right; empty ones are blanks."""
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if _HEADER.match(line))
    columns = [(match[0], match.start(), match.end()) for match in re.finditer(r"\S+", lines[at])]
    for line in lines[at + 1 :]:
        if not line.strip():
            break
        cells: dict[str, Any] = {}
        for match in re.finditer(r"\S+", line):
            name = min(columns, key=lambda one: _apart(match.start(), match.end(), one[1], one[2]))[0]
            cells.setdefault(name, match[0])
        yield _row(cells, source)


def _apart(start: int, end: int, low: int, high: int) -> int:
    """Columns between two words; less than nothing where they stand below each other."""
    return max(start - high, low - end)


def _row(cells: Mapping[str, Any], source: str) -> _Row:
    match = _RANGE.fullmatch(str(cells.get("RANGE", "")))
    if match is None:
        raise BadInput(f"{source}: {str(cells.get('RANGE'))[:60]!r} is no range of addresses as lsmem prints it")
    start, end = int(match[1], 16), int(match[2], 16) + 1
    if not start < end <= MAX_ADDRESS:
        raise BadInput(f"{source}: the range {match[0]} is none that a machine has")
    blocks = _BLOCKS.fullmatch(str(cells.get("BLOCK", "")))
    known = (int(blocks[1]), int(blocks[2] or blocks[1])) if blocks else None
    if known is not None and known[1] < known[0]:
        raise BadInput(f"{source}: {blocks[0] if blocks else ''} is no run of memory blocks")
    node = cells.get("NODE")
    if node is not None and not (str(node).isdecimal() and len(str(node)) < 6 and int(node) <= MAX_NODE):
        raise BadInput(f"{source}: {str(node)[:20]!r} is no node")
    zones = cells.get("ZONES")
    named = tuple("none" if zone == "None" else zone for zone in str(zones).split("/")) if zones else None
    state = _STATES.get(str(cells.get("STATE", "")))
    return _Row(start, end - start, known, state, None if node is None else int(node), named)
