"""What lsmem printed, as the files of /sys that it read: the text (whole or merged, with any columns, raw, in pairs, without
headings), the JSON, and the list of the lsmem that s390-tools once had.

It holds block size, ranges, states, nodes and zones, and nothing of pages: a tree of /sys alone holds as much.
"""

from __future__ import annotations

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
_FIRMWARE: Final = "sys/firmware/memory"
_HEADER: Final = re.compile(r"(?m)^[ \t>|]*RANGE(?=\s|$).*$")
_OLD_HEADER: Final = re.compile(r"(?m)^\s*Address Range\s+Size \(MB\)\s+State\b.*$")
_PAIRS: Final = re.compile(r'(?m)^\s*(?=.*\bRANGE="0x)(?:[A-Z-]+="[^"]*" ?)+\s*$')
_PAIR: Final = re.compile(r'([A-Z-]+)="([^"]*)"')
_BARE: Final = re.compile(rf"(?m)^\s*{_RANGE.pattern} +\d[\d.]*[BKMGTPE]? +(?:online|offline|on->off)\b.*$")
_SIZE: Final = re.compile(r"(?m)^\s*Memory block size\s*:\s+(\S+)( MB)?")
_USUAL: Final = "RANGE SIZE STATE REMOVABLE BLOCK"
_NO: Final = ("no", "false", "0", "-")
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
    configured: bool | None


def is_lsmem(text: str) -> bool:
    """Is it what lsmem prints?"""
    start = text.lstrip()
    if start.startswith("{"):
        return re.match(r'\{\s*"memory"\s*:\s*\[', start) is not None
    found = _RANGE.search(text) is not None and any(
        p.search(text[:4096]) for p in (_HEADER, _OLD_HEADER, _PAIRS, _BARE)
    )
    return found or (_SIZE.search(text[:4096]) is not None and "online memory" in text[:4096])


def files_of(text: str, source: str) -> dict[str, bytes]:
    """The files of /sys that the list was made from, as far as it tells of them. Raises `BadInput`."""
    start = text.lstrip()
    rows = list(_from_json(start, source) if start.startswith("{") else _from_text(text, source))
    if not rows:
        raise BadInput(f"{source}: lsmem lists no memory there; its list of ranges tells which blocks there are")
    size = _block_size(text, rows, source)
    files = {f"{_MEMORY}/block_size_bytes": b"%x\n" % size}
    if _OLD_HEADER.search(text):  # the lsmem of s390-tools
        files["sys/bus/ccw/drivers_autoprobe"] = b"1\n"
    for row in rows:
        if row.start % size or row.size % size:
            raise BadInput(f"{source}: the range at {row.start:#x} is not made of memory blocks of {size:#x} bytes")
        for block in range(row.start // size, (row.start + row.size) // size):
            files |= _block(block, row)
    return files


def _block(block: int, row: _Row) -> dict[str, bytes]:
    """Storage that is not configured (s390, since 6.19) is no memory block yet."""
    folder = f"{_MEMORY}/memory{block}"
    config = {} if row.configured is None else {f"{_FIRMWARE}/memory{block}/config": b"%d\n" % row.configured}
    if row.configured is False:
        return config
    found = {**config, f"{folder}/phys_index": b"%08x\n" % block}
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
        size = parse_bytes(f"{match[1]}M" if match[2] else match[1])
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
    import json

    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{source} begins like lsmem's JSON, and is broken: {error}") from None
    for entry in document.get("memory", []) if isinstance(document, dict) else []:
        if not isinstance(entry, dict):
            raise BadInput(f"{source}: lsmem's JSON has an entry that is no object")
        yield _row({str(name).upper(): value for name, value in entry.items()}, source)


def _from_text(text: str, source: str) -> Iterator[_Row]:
    """Pairs name their columns; else cells stand below their headings, to the left or to the right, and empty ones are blanks;
    or they are apart by one blank each."""
    if _PAIRS.search(text):
        for line in _PAIRS.findall(text):
            yield _row({name: value or None for name, value in _PAIR.findall(line)}, source)
        return
    lines = text.splitlines()
    at = next((number for number, line in enumerate(lines) if _HEADER.match(line) or _OLD_HEADER.match(line)), None)
    if at is None:
        for match in _BARE.finditer(text):
            yield _row(_beside(_USUAL, match[0]), source)
        return
    heading = lines[at].replace("Address Range", "RANGE        ").replace("Size (MB)", "SIZE     ").upper()
    raw = "  " not in heading.strip()
    for line in lines[at + 1 :]:
        if not line.strip() or not _RANGE.search(line):
            if set(line.strip()) == {"="}:
                continue
            break
        yield _row(_beside(heading, line) if raw else _below(heading, line), source)


def _beside(heading: str, line: str) -> dict[str, Any]:
    """Cells that are apart by one blank; an empty one leaves two."""
    apart = " " if "  " not in line.strip() or len(line.strip().split(" ")) == len(heading.split()) else None
    cells = line.strip().split(apart)
    if len(cells) < len(heading.split()):  # blanks of a table, and REMOVABLE is empty of what is offline
        cells = [*cells[:3], "", *cells[3:]]
    return {name: cell or None for name, cell in zip(heading.split(), cells, strict=False)}


def _below(heading: str, line: str) -> dict[str, Any]:
    columns = [(match[0], match.start(), match.end()) for match in re.finditer(r"\S+", heading)]
    cells: dict[str, Any] = {}
    for match in re.finditer(r"\S+", line):
        name = min(columns, key=lambda one: _apart(match.start(), match.end(), one[1], one[2]))[0]
        cells.setdefault(name, match[0])
    return cells


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
    configured = cells.get("CONFIGURED")
    told = None if configured in (None, "") else str(configured).lower() not in _NO
    return _Row(start, end - start, known, state, None if node is None else int(node), named, told)
