"""The text and binary files of ``/proc`` that tell about memory, from what the kernel printed to values.

Each function takes the content and the name that messages use for it, and raises `BadInput` naming file and line where
the content is not what any kernel from 4.18 to 7.3 prints. Lines that newer kernels added are accepted. What
prints them: fs/proc, mm/vmstat.c and kernel/resource.c.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import compress
from operator import ne

import msgspec

from ..numbers.errors import BadInput
from ..numbers.frozen import Frozen
from ..numbers.limits import MAX_NODE, MAX_PFN
from .kpageflags import is_counted
from .observation import PageRun, Resource, ZoneReading

MAX_RESOURCES = 1 << 16
"""Lines of /proc/iomem."""

_ZONE_HEADER = re.compile(r"Node\s+(\d+),\s+zone\s+(\w+)(.*)")
_ZONE_FIGURES = ("min", "low", "high", "spanned", "present", "managed", "cma")
_RESOURCE = re.compile(r"( *)([0-9a-f]{1,16})-([0-9a-f]{1,16}) : (.*)")
_MEMINFO = re.compile(r"(?:Node\s+\d+\s+)?(\S+):\s+(\d+)(?: kB)?")
_STRETCH = 2048  # bytes of kpageflags compared at once: 1 MiB of 4 KiB pages
_UNKNOWN_FLAGS = 48  # no kernel uses this bit of a kpageflags word, nor a higher one


def parse_zoneinfo(text: str, where: str = "proc/zoneinfo") -> tuple[ZoneReading, ...]:
    """Each zone of ``/proc/zoneinfo``, in its order; the node's own counters ("per-node stats") are left out."""
    zones: list[ZoneReading] = []
    header: tuple[int, str, int] | None = None
    body: list[tuple[int, list[str]]] = []
    for at, line in enumerate(text.splitlines(), 1):
        if match := _ZONE_HEADER.fullmatch(line.strip()):
            if header is not None:
                zones.append(_zone(*header, body, where))
            header, body = (number(match[1], where, at, MAX_NODE + 1), match[2], at), []
        elif header is not None:
            body.append((at, line.split()))
        elif line.strip():
            raise BadInput(f'{where} line {at}: expected "Node 0, zone Normal" before anything else, not {line[:60]!r}')
    if header is not None:
        zones.append(_zone(*header, body, where))
    return tuple(zones)


def _zone(node: int, zone: str, header_at: int, body: Iterable[tuple[int, list[str]]], where: str) -> ZoneReading:
    figures: dict[str, int] = {"cma": 0}  # not printed before 5.12
    counters: dict[str, int] = {}
    protection: tuple[int, ...] = ()
    start_pfn = None
    pcp = 0
    in_zone = in_pagesets = False
    for at, words in body:
        match words:
            case ["pages", "free", value]:
                in_zone, figures["free"] = True, number(value, where, at)
            case ["pagesets"]:
                in_pagesets = True
            case ["count:", value]:
                pcp += number(value, where, at)
            case ["start_pfn:", value]:
                start_pfn = number(value, where, at)
            case ["protection:", *values]:
                protection = tuple(number(value.strip("(,)"), where, at) for value in values)
            case [name, value] if in_zone and not in_pagesets and not name.endswith(":"):
                if name in _ZONE_FIGURES:
                    figures[name] = number(value, where, at)
                else:
                    counters[name] = number(value, where, at, 1 << 64)
    for name in ("free", *_ZONE_FIGURES):
        if name not in figures:
            raise BadInput(
                f"{where} line {header_at}: zone {zone} of node {node} has no line {name!r}, which every "
                f"kernel since 3.8 prints"
            )
    return ZoneReading(
        node=node, zone=zone, pcp=pcp, start_pfn=start_pfn, protection=protection, counters=Frozen(counters), **figures
    )


def parse_buddyinfo(text: str, where: str = "proc/buddyinfo") -> dict[str, tuple[int, ...]]:
    """Free blocks of each order, ascending, by zone ("0/DMA32"); blocks on isolated pageblocks are among them."""
    return {zone: tuple(number(value, where, at) for value in values) for at, zone, values in _zone_rows(text, where)}


def parse_pagetypeinfo(text: str, where: str = "proc/pagetypeinfo") -> tuple[int | None, dict[str, dict[str, int]]]:
    """The pageblock order, and for each zone ("0/DMA32") how many pageblocks are of each migratetype."""
    order: int | None = None
    types: list[str] | None = None
    pageblocks: dict[str, dict[str, int]] = {}
    for at, line in enumerate(text.splitlines(), 1):
        if line.startswith("Page block order:"):
            order = number(line.partition(":")[2].strip(), where, at, 64)
        elif line.startswith("Number of blocks type"):
            types = line.split()[4:]
        elif not line.startswith("Node"):
            types = None  # another table begins, as "Number of mixed blocks" does with page owner tracking
        elif types is not None:
            ((_, zone, values),) = _zone_rows(line, where, at)
            if len(values) != len(types):
                raise BadInput(f"{where} line {at}: {len(values)} numbers for {len(types)} migratetypes")
            pageblocks[zone] = {kind: number(value, where, at) for kind, value in zip(types, values, strict=True)}
    return order, pageblocks


def _zone_rows(text: str, where: str, first: int = 1) -> Iterator[tuple[int, str, list[str]]]:
    for at, line in enumerate(text.splitlines(), first):
        if match := _ZONE_HEADER.fullmatch(line.strip()):
            yield at, f"{number(match[1], where, at, MAX_NODE + 1)}/{match[2]}", match[3].split()
        elif line.strip():
            raise BadInput(f'{where} line {at}: expected "Node 0, zone Normal" and numbers, not {line[:60]!r}')


def parse_iomem(text: str, where: str = "proc/iomem") -> tuple[Resource, ...]:
    """The resources in their order, inner ones after the one that holds them; () if every address reads as zero.

    The kernel prints zeros to readers without CAP_SYS_ADMIN.
    """
    resources = []
    if text.count("\n") > MAX_RESOURCES:
        raise BadInput(f"{where} has more than {MAX_RESOURCES} lines; that of a big machine has a few thousand")
    for at, line in enumerate(text.splitlines(), 1):
        match = _RESOURCE.fullmatch(line.rstrip())
        if match is None or int(match[2], 16) > int(match[3], 16):
            raise BadInput(
                f'{where} line {at}: expected a line like "100000000-13fffffff : System RAM", not {line[:60]!r}'
            )
        resources.append(Resource(int(match[2], 16), int(match[3], 16) + 1, match[4], len(match[1]) // 2))
    return tuple(resources) if any(resource.end > 1 for resource in resources) else ()


def parse_meminfo(text: str, where: str = "proc/meminfo") -> dict[str, int]:
    """``/proc/meminfo`` or a node's meminfo: kB by name, pages in the HugePages_ lines."""
    values = {}
    for at, line in enumerate(text.splitlines(), 1):
        match = _MEMINFO.fullmatch(line.strip())
        if match is None:
            raise BadInput(f'{where} line {at}: expected a line like "MemTotal: 919868 kB", not {line[:60]!r}')
        values[match[1]] = number(match[2], where, at, 1 << 64)
    return values


def parse_vmstat(text: str, where: str = "proc/vmstat") -> dict[str, int]:
    """Each counter of ``/proc/vmstat``."""
    values = {}
    for at, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if len(words) != 2:
            raise BadInput(f'{where} line {at}: expected a line like "nr_free_pages 825622", not {line[:60]!r}')
        values[words[0]] = number(words[1], where, at, 1 << 64)
    return values


def parse_id_list(text: str, where: str) -> tuple[int, ...]:
    """The ids of a list of nodes as the kernel prints bitmaps, ``0-1,3``; empty text is the empty list."""
    ids: list[int] = []
    for piece in text.strip().split(","):
        first, dash, last = piece.strip().partition("-")
        if first or dash:
            start = number(first, where, 1, MAX_NODE + 1)
            end = number(last, where, 1, MAX_NODE + 1) if dash else start
            if start > end or (ids and start <= ids[-1]):
                raise BadInput(f"{where}: expected ascending ids such as 0-1,3, not {piece[:60]!r} there")
            ids += range(start, end + 1)
    return tuple(ids)


def page_runs(flags: Iterable[bytes], counts: Iterable[bytes], where: str = "proc/kpageflags") -> tuple[PageRun, ...]:
    """Runs of equal pages from the binary files kpageflags and kpagecount, given piece by piece.

    Each holds one little-endian 64-bit word for each pfn from 0 on; pages beyond the end of kpagecount get mapcount 0. Only
    where a page has flags of which the count tells more is kpagecount read at all.
    """
    ends, words = word_runs(flags, where)
    kinds = {*words}
    if max(kinds, default=0) >> _UNKNOWN_FLAGS:
        raise BadInput(
            f"{where} has flags that no kernel knows (bits {_UNKNOWN_FLAGS} and up); the words must be in "
            f"little-endian byte order"
        )
    counted = {word for word in kinds if is_counted(word)}
    if counted:
        count_ends, mapcounts = word_runs(counts, where.replace("flags", "count"))
        count_ends.append(MAX_PFN)
        mapcounts.append(0)

    runs: list[PageRun] = []
    start = 0
    for stop, word in zip(ends, words, strict=True):
        if word in counted:
            at = bisect_right(count_ends, start)
            while (cut := count_ends[at]) < stop:  # the count changes inside
                runs.append(PageRun(start, cut - start, word, mapcounts[at]))
                start, at = cut, at + 1
            runs.append(PageRun(start, stop - start, word, mapcounts[at]))
        else:
            runs.append(PageRun(start, stop - start, word, 0))
        start = stop
    return tuple(runs)


def word_runs(pieces: Iterable[bytes], where: str) -> tuple[list[int], list[int]]:
    """Runs of equal little-endian 64-bit words in a file given piece by piece: where each ends, in words, and its word.

    Uniform stretches are seen at a glance, the others by where neighbours differ.
    """
    ends: list[int] = []
    words: list[int] = []
    done = 0
    rest = b""
    for piece in pieces:
        data = rest + piece
        whole = len(data) & ~7
        rest = data[whole:]
        for at in range(0, whole, _STRETCH):
            stretch = data[at : min(at + _STRETCH, whole)]
            size = len(stretch) // 8
            uniform = stretch == stretch[:8] * size
            here = struct.unpack(f"<{1 if uniform else size}Q", stretch[:8] if uniform else stretch)
            if not words:
                words.append(here[0])
            elif here[0] != words[-1]:
                ends.append(done)
                words.append(here[0])
            if not uniform:
                cuts = list(compress(range(1, size), map(ne, here, here[1:])))
                ends += [done + i for i in cuts]
                words += [here[i] for i in cuts]
            done += size
    if rest:
        raise BadInput(f"{where} ends in the middle of a page's 8 bytes; it is cut off")
    return [*ends, done] if words else [], words


class _SeenRun(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    pfn: int
    count: int
    flags: int | None
    mapcount: int | None


def parse_page_runs(data: bytes, where: str = "proc/kpageflags.runs.json") -> tuple[PageRun, ...]:
    """The runs of kpageflags.runs.json, a list of ``[start_pfn, count, flags, mapcount]`` in any order.

    Runs whose flags are null were not covered and are left out; where two tell of the same page, the one that starts
    lower counts.
    """
    try:
        saved = msgspec.json.decode(data, type=list[_SeenRun])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadInput(f"{where} must be a list of [start_pfn, count, flags, mapcount]: {error}") from error
    runs: list[PageRun] = []
    end = 0
    for run in sorted((run for run in saved if run.flags is not None), key=lambda run: run.pfn):
        flags, mapcount = run.flags or 0, run.mapcount or 0
        if run.pfn < 0 or run.count <= 0 or run.pfn + run.count > MAX_PFN or flags >> 64 or mapcount >> 64:
            raise BadInput(
                f"{where} has the run {[run.pfn, run.count, flags, mapcount]}, which no machine can have: "
                f"pfns go from 0 to {MAX_PFN:#x}, counts from 1, flags and mapcount are 64-bit numbers"
            )
        start, end = max(run.pfn, end), max(run.pfn + run.count, end)
        if start < end:
            runs.append(PageRun(start, end - start, flags, mapcount))
    return tuple(runs)


def number(text: str, where: str, line: int, limit: int = MAX_PFN) -> int:
    """A decimal number from 0 to below `limit`, as the kernel prints it; `BadInput` naming file and line otherwise."""
    if text.isdecimal() and text.isascii() and len(text) <= 20 and (value := int(text)) < limit:
        return value
    raise BadInput(f"{where} line {line}: expected a number from 0 to {limit - 1}, not {text[:60]!r}")
