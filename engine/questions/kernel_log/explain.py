"""Lines of the kernel log about memory hotplug: what each means, by which rule of the kernel, about which page; and with a
machine, what is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Final, NamedTuple

import msgspec

from ...memory.state import Holder, State, state_of
from ...numbers.rounding import ceil
from ..narrate.words import block_names, counted
from ..outlook import outlook
from ..pages import pages_in
from ..why.words import KIND_WORDS
from .drivers import DRIVER_LINES
from .guests import GUEST_LINES
from .lines import LOG_LINES, WHY_OFFLINE, LogLine
from .pages import PAGE_LINES
from .programs import PROGRAM_LINES
from .sieve import stretches

_MOST_BLOCKS: Final = 8
"""Blocks of a range that are looked into."""
_MOST_NAMED: Final = 1 << 13
"""Blocks of a range that are looked for."""
_MOST_PLACES: Final = 1024
"""Places on the machine that are looked at, in the order of the lines that name them."""


_LONGEST: Final = 2048
"""Characters of a line: the kernel prints 1,024 at most (PRINTKRB_RECORD_MAX), and who keeps it puts a date and a name before."""


_TOO_BIG: Final = re.compile(r"-?(?:0x)?[0-9a-f]{17,}").fullmatch
"""A number that has more digits than the kernel's have."""
_NARROWEST: Final = 60
"""Characters that a line has at least before it is broken into two."""
_BEGINS: Final = re.compile(r"\s*(?:<\d+>|\[\s*\d+\.\d+\]|\w{3} +\d+ \d\d:|\d{4}-\d\d-\d\d|kern\b|\d+,\d+,\d+,)")
"""How a line begins that is a new one of the log."""
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
"""What `dmesg --color` puts between the words, and a recorded terminal."""


_NOT_LOOKED: Final = f"not looked at on the machine: lines before it name {_MOST_PLACES:,} other places"
_Place = tuple[int | None, tuple[int, int] | None, int | None]
"""What a line names: a page (pfn), a range of addresses, a memory block."""
_Known = tuple[LogLine, re.Match[str]]
"""A row, and the line that it fits."""


class Explained(msgspec.Struct, frozen=True):
    """A line of the log: what it `means`, the `rule` (where in the kernel it is decided), the page (pfn) and the range of
    addresses (first, behind the last) that it names, and what is `here` on the machine that was given, a sentence each."""

    line: str
    means: str
    rule: str
    pfn: int | None = None
    range: tuple[int, int] | None = None
    here: tuple[str, ...] = ()


def explain(text: str, machine: Holder | State | None = None) -> tuple[Explained, ...]:
    """The lines of a kernel log that are about memory hotplug, each explained, in their order; others are left out, and so are
    those that are longer than any the kernel prints. Where a line has several meanings, that of the first that fits."""
    state = None if machine is None else state_of(machine)
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    lines = [line.rstrip("\r") for line in text.splitlines() if len(line) <= _LONGEST]
    found: list[_Known] = []
    joined = False
    for numbers, letters in stretches(lines):
        rows = [row for row in _rows() if row.needs in letters]
        known = {
            at: _known(line, rows) for at, line in enumerate(lines[numbers.start : numbers.stop + 1], numbers.start)
        }
        for at in numbers if rows else ():
            one = known[at]
            if joined:  # to the line before
                joined = False
            elif one is not None:
                found.append(one)
            elif len(lines[at]) >= _NARROWEST and at + 1 < len(lines) and known[at + 1] is None:
                one = _wrapped(lines[at], lines[at + 1], rows)
                found += [one] if one is not None else []
                joined = one is not None
        joined = joined and bool(rows)
    looked: dict[_Place, tuple[str, ...]] = {}
    return tuple(_explained(*one, state, looked) for one in found)


class _Row(NamedTuple):
    """A row as it is searched for: only where the letters stand that it `needs`."""

    search: Callable[[str], re.Match[str] | None]
    needs: str
    says: LogLine


@cache
def _rows() -> tuple[_Row, ...]:
    every = (*LOG_LINES, *PAGE_LINES, *DRIVER_LINES, *GUEST_LINES, *PROGRAM_LINES)
    return tuple(_Row(re.compile(row.pattern.text).search, row.pattern.needs, row) for row in every)


def _wrapped(line: str, rest: str, rows: Sequence[_Row]) -> _Known | None:
    """A line that went on in the next one, as a terminal or a mail breaks it."""
    if _BEGINS.match(rest):
        return None
    return _known(f"{line.rstrip()} {rest.lstrip()}", rows) or _known(line + rest, rows)


def _known(line: str, rows: Sequence[_Row]) -> _Known | None:
    """The first row that a line fits, if there is one."""
    for row in rows:
        if (match := row.search(line)) is not None and not any(map(_TOO_BIG, filter(None, match.groups()))):
            return row.says, match
    return None


def _explained(
    row: LogLine, match: re.Match[str], state: State | None, looked: dict[_Place, tuple[str, ...]]
) -> Explained:
    groups = match.groupdict()
    pfn = int(groups["pfn"], 16) if groups.get("pfn") else None
    low, high = (int(groups[name], 16) if groups.get(name) else None for name in ("low", "high"))
    if low is not None and high is None and groups.get("size"):
        high = low + int(groups["size"], 16) - 1
    if groups.get("behind"):
        high = int(groups["behind"], 16) - 1
    extent = (low, high + 1) if low is not None and high is not None and low <= high else None
    rule = WHY_OFFLINE.get((groups.get("why") or "").strip(), ("", row.rule))[1]
    block = int(groups["block"]) if groups.get("block") else None
    place = pfn, extent or (None if low is None else (low, low + 1)), block
    if state is not None and place not in looked:
        looked[place] = tuple(_here(state, *place)) if len(looked) < _MOST_PLACES else (_NOT_LOOKED,)
    return Explained(match.string.strip(), row.means(match), rule, pfn, extent, looked.get(place, ()))


def _here(state: State, pfn: int | None, extent: tuple[int, int] | None, block: int | None) -> Iterable[str]:
    """What the machine has there."""
    if pfn is not None and pfn < 1 << 52:
        (page,) = pages_in(state, pfn, 1)
        number, zone = (
            state.geometry.block_of(pfn),
            "" if page.zone is None else f", zone {page.zone[1]} of node {page.zone[0]}",
        )
        kind = KIND_WORDS.get(page.kind or "", page.kind) if page.present else "no memory"
        yield f"pfn {pfn:#x} is in memory{number}{zone}: {kind or 'not online'}"
    size = state.geometry.block_size
    numbers = [block] if block is not None else []
    if extent is not None:
        every = range(extent[0] // size, ceil(extent[1], size))
        numbers = [*every[:_MOST_NAMED]]
        if len(every) > _MOST_NAMED:
            yield f"of {len(every):,} blocks of that range, the first {_MOST_NAMED:,} are looked for"
    there = [number for number in numbers if number in state.blocks]
    if len(there) < len(numbers):
        yield f"{block_names(sorted({*numbers} - {*there}), 4)}: not there on this machine"
    for number in there[:_MOST_BLOCKS]:
        known = state.blocks[number]
        if known.state != "online":
            yield f"memory{number} is {known.state}"
            continue
        found = outlook(state, number)
        zone = "several zones" if known.zone is None else f"zone {known.zone[1]} of node {known.zone[0]}"
        held = ", ".join(f"{count:,} {KIND_WORDS.get(kind, kind)}" for kind, count in found.blockers)
        yield f"memory{number} is in {zone}; could it go offline now: {found.answer}{f' ({held})' if held else ''}"
    if len(there) > _MOST_BLOCKS:
        rest = there[_MOST_BLOCKS:]
        yield f"and {counted(len(rest), 'more block')}, memory{rest[0]} to memory{rest[-1]}; altmap why tells of these too"
