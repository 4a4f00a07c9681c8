"""Questions that begin with a place: an address, a page frame number, what lsmem prints as a range, or a block's name alone."""

from __future__ import annotations

import re
from typing import Final

from ..memory.state import Holder, state_of
from ..numbers.errors import BadInput

_NUMBER: Final = r"0x[0-9a-f]{1,16}|\d{1,18}"
_ASKED: Final = rf"(?:(offline|online)\s+)?(?:(pfn|page|address)[\s:=]+)?({_NUMBER})(?:-({_NUMBER}))?(\s+\w+)?"
_WORD: Final = r"(?:(?:offline|online)\s+)?(pfn|page|address)\b"
_NAMED: Final = r"(?:memory\d+|/sys/(?:devices/system|bus)/\S*memory\d+\S*)(?:-\S+)?"
_NEEDED: Final = ("memory", "0x", "pfn", "page", "address")
"""A line without any of these names no place: most lines are done with before a pattern is made."""


def by_blocks(machine: Holder, line: str) -> str:
    """The line with the numbers of memory blocks where it names a place in them, as ``offline 0x100000000-0x107ffffff``,
    ``offline pfn 1048576`` or ``page 0x100000``; a place alone asks whether its block can go offline. Another line stays as it
    is. Raises `BadInput` where a number may be an address as well as a page frame number, and where none follows such a word."""
    line = line.strip()
    letters = line.lower()
    if not any(word in letters for word in _NEEDED):
        return line
    if re.fullmatch(_NAMED, line, re.ASCII):
        return f"offline {line}"
    match = re.fullmatch(_ASKED, line, re.ASCII | re.I)
    if match is None and (word := re.match(_WORD, line, re.ASCII | re.I)) is not None:
        raise BadInput(f"{line[:60]!r} names no place; write it like {word[1].lower()} 0x150c31")
    if match is None or not (match[2] or match[3].lower().startswith("0x")):
        return line
    verb, what, first, last, rest = match.groups()
    geometry = state_of(machine).geometry
    numbers = [int(one, 16 if one.lower().startswith("0x") else 10) for one in (first, last or first)]
    unit = geometry.page_size
    if what is None and last is None:
        unit = _meant(machine, numbers[0])
    elif what is None or what.lower() == "address":
        unit = 1
    low, high = (number * unit // geometry.block_size for number in numbers)
    return f"{verb or 'offline'} {low}-{high}{rest or ''}" if low < high else f"{verb or 'offline'} {low}{rest or ''}"


def _meant(machine: Holder, number: int) -> int:
    """Bytes that a number without a word counts: 1 for an address, those of a page for a page frame number. Raises `BadInput`
    unless just one of them, and of the number of a block, is one of this machine."""
    state = state_of(machine)
    page, block = state.geometry.page_size, state.geometry.block_size
    units = {"address": 1, "pfn": page, "memory": block}
    fits = {
        word: unit
        for word, unit in units.items()
        if number * unit % page == 0 and number * unit // block in state.blocks
    }
    if len(fits) == 1:
        return next(iter(fits.values()))
    ways = {
        f"address {number:#x}": units["address"],
        f"pfn {number:#x}": page,
        f"memory{number}": block,
    }
    named = ", ".join(
        f"{way}, which is in memory{number * unit // block}" if unit < block else way
        for way, unit in ways.items()
        if unit in (fits or units).values()
    )
    raise BadInput(f"{number:#x} may be an address, a page frame number or a block's number; write one of: {named}")
