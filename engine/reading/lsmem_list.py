"""What lsmem printed, as the files of /sys that it read: the text (whole or merged, with any columns, raw, in pairs, without
headings), the JSON, and the list of the lsmem that s390-tools once had.

It holds block size, ranges, states, nodes and zones, and nothing of pages: a tree of /sys alone holds as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from unicodedata import east_asian_width

from ..numbers.errors import BadInput
from ..numbers.limits import MAX_NODE
from ..numbers.units import MAX_ADDRESS, parse_bytes

_MEMORY: Final = "sys/devices/system/memory"
_NODE: Final = "sys/devices/system/node"
_RANGE: Final = re.compile(r"0x([0-9a-fA-F]{1,16})-0x([0-9a-fA-F]{1,16})")
_BLOCKS: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_FIRMWARE: Final = "sys/firmware/memory"
_COLUMNS: Final = "RANGE|SIZE|STATE|REMOVABLE|BLOCK|NODE|ZONES|CONFIGURED|MEMMAP-ON-MEMORY"
_HEADER: Final = re.compile(
    rf"(?m)^[ \t>|]*+(?={_COLUMNS})(?=.*\bRANGE\b|.*\bBLOCK +\w|.*\w +BLOCK\b)(?:(?:{_COLUMNS})[ \t\r|]*)+$"
)
"""Only of a line that begins with a column the rest is looked at: every saved machine is asked whether it is a list."""
_OLD_HEADER: Final = re.compile(r"(?m)^\s*Address Range\s+Size \(MB\)\s+State\b.*$")
_PAIRS: Final = re.compile(rf'(?m)^\s*+(?={_COLUMNS})(?=.*\b(?:RANGE="0x|BLOCK="\d))(?:(?:{_COLUMNS})="[^"]*" ?)+\s*$')
_PAIR: Final = re.compile(r'([A-Z-]+)="([^"]*)"')
_BARE: Final = re.compile(rf"(?m)^\s*{_RANGE.pattern} +\d[\d.,]*[BKMGTPE]? +(?:online|offline|on->off)\b.*$")
_JSON: Final = re.compile(r'[^{]*(?=\{\s*"memory"\s*:\s*\[)')
"""What stands before lsmem's JSON: nothing, or a line of the shell."""
_SIZE: Final = re.compile(r"(?m)^\s*Memory block size\s*:\s+(\S+)( MB)?")
_TOTALS: Final = re.compile(r"(?m)^\s*Total (online|offline) memory\s*:\s+(\d+(?:[.,]\d)?)([BKMGTPE]?)\s*$")
_PARAMETER: Final = re.compile(r"(?m)^\s*Memmap on memory parameter\s*:\s+(yes|no|force)\s*$")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_SUMMARY: Final = re.compile(r"(?m)^\s*[^\s\d\"{][^\d\"]*\s(\d+[BKMGT]?)\s*$")
"""A line of the summary in any language; the first is about the size of blocks."""
_SEVERAL: Final = "holds lists of lsmem that differ, as of two machines or moments; give one of them"
_USUAL: Final = "RANGE SIZE STATE REMOVABLE BLOCK"
_NO: Final = ("no", "false", "0", "-")
_STATES: Final = {"online": "online", "offline": "offline", "on->off": "going-offline", "?": None}
_TRANSLATED: Final = {
    "fuera de línea": "offline", "en línea": "online", "hors ligne": "offline", "en ligne": "online",
    "не задіяно": "offline", "задіяно": "online", "オフライン": "offline", "オンライン": "online",
    "离线": "offline", "在线": "online", "nieaktywna": "offline", "aktywna": "online", "urkopplad": "offline",
    "inkopplad": "online", "odpojeno": "offline", "připojeno": "online", "on-line": "online", "an->aus": "on->off",
}  # fmt: skip
"""States in the languages that lsmem speaks, those first that have another in them."""
_MODES: Final = {"yes": b"Y\n", "no": b"N\n", "force": b"force\n"}
_MOST: Final = 1 << 20
"""Memory blocks of a list."""


_Cells = Mapping[str, Any]
"""What a line says, by the names of columns; None, or left out: nothing."""


class _Row(NamedTuple):
    """A line: its first address and bytes, and what it says of each block; None: not told."""

    start: int
    size: int
    state: str | None
    node: int | None
    zones: tuple[str, ...] | None
    configured: bool | None
    carries: bool | None


def is_lsmem(text: str) -> bool:
    """Is it what lsmem prints?"""
    if _JSON.match(text):
        return True
    text = _in_english(text)
    found = any(form.search(text) for form in (_HEADER, _OLD_HEADER, _PAIRS, _BARE))
    return found or (_SIZE.search(text) is not None and "online memory" in text)


def _in_english(text: str) -> str:
    """With its states in lsmem's own words, as wide on a screen as they were, and without colours."""
    text = _COLOURS.sub("", text).replace("\xa0", " ")
    for word, state in _TRANSLATED.items():
        if word in text or (word := word.replace(" ", r"\x20")) in text:
            text = text.replace(word, state.rjust(sum(map(_width, word))))
    return text if text.isascii() else "".join(one.ljust(_width(one)) for one in text)


def _width(character: str) -> int:
    return 2 if east_asian_width(character) in "WF" else 1


def files_of(text: str, source: str) -> dict[str, bytes]:
    """The files of /sys that the list was made from, as far as it tells of them. Raises `BadInput`, also where several lists
    do not agree, and where lines of one are missing."""
    text = _in_english(text)
    before = _JSON.match(text)
    lists = [*_from_text(text)] if before is None else [[*_from_json(text[before.end() :], source)]]
    if not any(lists):
        raise BadInput(f"{source}: lsmem lists no memory there; its list of ranges tells which blocks there are")
    size = _block_size(text, [cells for listed in lists for cells in listed], source)
    files = {f"{_MEMORY}/block_size_bytes": b"%x\n" % size}
    if _OLD_HEADER.search(text):  # the lsmem of s390-tools
        files["sys/bus/ccw/drivers_autoprobe"] = b"1\n"
    if (parameter := _PARAMETER.search(text)) is not None:
        files["sys/module/memory_hotplug/parameters/memmap_on_memory"] = _MODES[parameter[1]]
    rows = [_rows(listed, size, source) for listed in lists]
    found = [_blocks(listed, size) for listed in rows]
    if any(_differ(found[0], other) for other in found[1:]):
        raise BadInput(f"{source} {_SEVERAL}")
    if wrong := next(_missing(text, rows[0]), ""):
        raise BadInput(f"{source}: lines of lsmem's list are missing; {wrong}")
    return files | {path: data for blocks in found for files in blocks.values() for path, data in files.items()}


def breaks_off(text: str) -> bool:
    """Is it a table without the summary that lsmem prints below it, so that lines may be missing?"""
    text = _in_english(text)
    table = next(_HEADER.finditer(text), None)
    return table is not None and "  " in table[0].strip() and not (_SIZE.search(text) or _SUMMARY.search(text))


def _rows(listed: Iterable[_Cells], size: int, source: str) -> list[_Row]:
    rows = [_row(cells, size, source) for cells in listed]
    if sum(row.size for row in rows) // size > _MOST:
        raise BadInput(f"{source}: memory blocks of {size:#x} bytes do not go with its ranges")
    for row in rows:
        if row.start % size or row.size % size:
            raise BadInput(f"{source}: the range at {row.start:#x} is not made of memory blocks of {size:#x} bytes")
    return rows


def _missing(text: str, rows: Iterable[_Row]) -> Iterator[str]:
    """What the summary counts, as far as it is in English, and the lines do not tell of."""
    have = {"online": 0, "offline": 0}
    for row in rows:
        if row.state is None:
            return
        have["online" if row.state == "online" else "offline"] += row.size
    for match in _TOTALS.finditer(text):
        unit, number = 1 << 10 * "BKMGTPE".index(match[3] or "B"), float(match[2].replace(",", "."))
        if abs(have[match[1]] / unit - number) > 0.06:
            yield f"its summary counts {match[2]}{match[3]} {match[1]}, and its lines {have[match[1]] / unit:g}{match[3]}"


def _blocks(rows: Iterable[_Row], size: int) -> dict[int, dict[str, bytes]]:
    """The files of each block."""
    spans = ((row, range(row.start // size, (row.start + row.size) // size)) for row in rows)
    return {block: _block(block, row) for row, blocks in spans for block in blocks}


def _differ(one: Mapping[int, Mapping[str, bytes]], other: Mapping[int, Mapping[str, bytes]]) -> bool:
    """Do two lists tell of different blocks, or otherwise of one?"""
    return one.keys() != other.keys() or any(
        data != other[block].get(path, data) for block, files in one.items() for path, data in files.items()
    )


def _block(block: int, row: _Row) -> dict[str, bytes]:
    """Storage that is not configured (s390, since 6.19) is no memory block yet."""
    folder = f"{_MEMORY}/memory{block}"
    config = {} if row.configured is None else {f"{_FIRMWARE}/memory{block}/config": b"%d\n" % row.configured}
    if row.configured is False:
        return config
    found = {**config, f"{folder}/phys_index": b"%08x\n" % block}
    if row.carries is not None:
        found[f"{_FIRMWARE}/memory{block}/memmap_on_memory"] = b"%d\n" % row.carries
    if row.state is not None:
        found[f"{folder}/state"] = f"{row.state}\n".encode()
    if row.zones:
        found[f"{folder}/valid_zones"] = f"{' '.join(row.zones)}\n".encode()
    if row.node is not None:
        found[f"{folder}/node{row.node}/cpulist"] = b"\n"
        found[f"{_NODE}/node{row.node}/memory{block}/phys_index"] = b"\n"
    return found


def _block_size(text: str, listed: Iterable[_Cells], source: str) -> int:
    """As the summary says it, else as the numbers of blocks do together with ranges, or with sizes where these are exact."""
    sizes = {parse_bytes(f"{match[1]}M" if match[2] else match[1]) for match in _SIZE.finditer(text)}
    if len(sizes) > 1:
        raise BadInput(f"{source} {_SEVERAL}")
    if not sizes:
        sizes = set(_sizes(listed, source))
        if len(sizes) != 1 and (match := _SUMMARY.search(text)) is not None:
            sizes = {parse_bytes(match[1])}
    if len(sizes) != 1:
        raise BadInput(
            f"{source}: the list says nothing of the size of memory blocks; lsmem without --noheadings prints it, and its "
            f"columns RANGE and BLOCK tell it too"
        )
    (size,) = sizes
    if size <= 0 or size & (size - 1):
        raise BadInput(f"{source}: memory blocks of {size:#x} bytes do not go with its ranges")
    return size


def _sizes(listed: Iterable[_Cells], source: str) -> Iterator[int]:
    """Bytes of a block by each line that tells them; a rounded size is no power of two times its blocks, and tells nothing."""
    for cells in listed:
        if (blocks := _numbers(cells, source)) is None:
            continue
        count = blocks[1] - blocks[0] + 1
        if (span := _span(cells, source)) is not None:
            yield (span[1] - span[0]) // count
        elif re.fullmatch(r"\d{1,6}[BKMGTP]?|\d{7,19}", size := str(cells.get("SIZE") or "")):
            each, rest = divmod(parse_bytes(size), count)
            if not rest and each and not each & (each - 1):
                yield each


def _from_json(text: str, source: str) -> Iterator[_Cells]:
    import json

    try:
        document, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{source} begins like lsmem's JSON, and is broken: {error}") from None
    for entry in document.get("memory", []) if isinstance(document, dict) else []:
        if not isinstance(entry, dict):
            raise BadInput(f"{source}: lsmem's JSON has an entry that is no object")
        yield {str(name).upper(): value for name, value in entry.items()}


def _from_text(text: str) -> Iterator[list[_Cells]]:
    """The lists in a text. Pairs name their columns; else cells stand below their headings, to the left or to the right, and
    empty ones are blanks; or they are apart by one blank, tab or bar each."""
    if _PAIRS.search(text):
        yield [{name: value.strip() or None for name, value in _PAIR.findall(line)} for line in _PAIRS.findall(text)]
        return
    heading, listed = "", list[_Cells]()
    for line in text.splitlines():
        if _HEADER.match(line) or _OLD_HEADER.match(line):
            if listed:
                yield listed
            heading, listed = line.replace("Address Range", "RANGE        ").replace("Size (MB)", "SIZE     "), []
        elif heading and line.strip() and not {*line.strip()} <= {*"=-|:"}:
            cells = _cells(heading.upper(), line)
            if _RANGE.fullmatch(cells.get("RANGE") or "") or _BLOCKS.fullmatch(cells.get("BLOCK") or ""):
                listed.append(cells)
            else:
                heading = ""
    yield listed or [_beside(_USUAL, match[0]) for match in _BARE.finditer(text)]


def _cells(heading: str, line: str) -> dict[str, Any]:
    apart = next((one for one in "|\t" if one in heading), "")
    if apart and line.count(apart) >= heading.count(apart):
        names, cells = ([cell.strip() for cell in one.split(apart)] for one in (heading, line))
        return {name: cell or None for name, cell in zip(names, cells, strict=False) if name}
    return _beside(heading, line) if apart or "  " not in heading.strip() else _below(heading, line)


def _beside(heading: str, line: str) -> dict[str, Any]:
    """Cells that are apart by one blank; an empty one leaves two."""
    apart = " " if "  " not in line.strip() or len(line.strip().split(" ")) == len(heading.split()) else None
    cells = line.strip().split(None if "\t" in line else apart)
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


def _span(cells: _Cells, source: str) -> tuple[int, int] | None:
    """The first address of a line and the first behind it; None without the column."""
    text = cells.get("RANGE")
    if text is None:
        return None
    match = _RANGE.fullmatch(str(text))
    if match is None:
        raise BadInput(f"{source}: {str(text)[:60]!r} is no range of addresses as lsmem prints it")
    start, end = int(match[1], 16), int(match[2], 16) + 1
    if not start < end <= MAX_ADDRESS:
        raise BadInput(f"{source}: the range {match[0]} is none that a machine has")
    return start, end


def _numbers(cells: _Cells, source: str) -> tuple[int, int] | None:
    """The numbers of a line's first and last block; None without the column."""
    blocks = _BLOCKS.fullmatch(str(cells.get("BLOCK") or ""))
    if blocks is None:
        return None
    first, last = int(blocks[1]), int(blocks[2] or blocks[1])
    if last < first:
        raise BadInput(f"{source}: {blocks[0]} is no run of memory blocks")
    return first, last


def _row(cells: _Cells, block_size: int, source: str) -> _Row:
    span = _span(cells, source)
    if span is None:
        if (blocks := _numbers(cells, source)) is None:
            raise BadInput(
                f"{source}: lsmem's list has neither the column RANGE nor BLOCK, which tell where memory lies"
            )
        span = blocks[0] * block_size, (blocks[1] + 1) * block_size
        if span[1] > MAX_ADDRESS:
            raise BadInput(f"{source}: memory{blocks[1]} is beyond any address")
    node = cells.get("NODE")
    if node is not None and not (str(node).isdecimal() and len(str(node)) < 6 and int(node) <= MAX_NODE):
        raise BadInput(f"{source}: {str(node)[:20]!r} is no node")
    zones = cells.get("ZONES")
    named = tuple("none" if zone == "None" else zone for zone in str(zones).split("/")) if zones else None
    state = cells.get("STATE")
    if state is not None and state not in _STATES:
        raise BadInput(
            f"{source}: {str(state)[:40]!r} is no state that lsmem prints; LC_ALL=C lsmem prints those that are known"
        )
    configured, carries = (
        None if (cell := cells.get(name)) in (None, "") else str(cell).lower() not in _NO
        for name in ("CONFIGURED", "MEMMAP-ON-MEMORY")
    )  # fmt: skip
    return _Row(
        span[0],
        span[1] - span[0],
        None if state is None else _STATES[state],
        None if node is None else int(node),
        named,
        configured,
        carries,
    )
