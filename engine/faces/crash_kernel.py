"""Where crashkernel= reserves memory at a boot (kernel/crash_reserve.c, reserve_crashkernel_generic; before 6.7 each
architecture's own reserve_crashkernel)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ..kernels.architectures import Preset
from ..numbers.errors import BadInput
from ..numbers.rounding import down
from ..numbers.units import GIB, parse_bytes

Range = tuple[int, int]
"""First address, and the first behind."""
_LOW: Final = 4 * GIB
"""Below this the memory is looked for first, so that any device can reach it (CRASH_ADDR_LOW_MAX)."""
_FORM: Final = re.compile(r"([^@,]+)(?:@([^@,]+)|,(high|low))?")
_BY_MEMORY: Final = re.compile(r"(\w+)-(\w*):(\w+)")


def crash_ranges(words: Sequence[str], memory: Sequence[Range], preset: Preset) -> tuple[list[Range], list[str]]:
    """The ranges that the options reserve, each text behind an equals sign, and a sentence on each of which that is not known.

    Memory is taken from the highest address that fits, below 4 GiB if there is such. Raises `BadInput` for what is no option."""
    if not words:
        return [], []
    if preset.crash_kernel is None:
        return [], [f"crashkernel={words[0]}: where {preset.name} reserves that is not known; it is left out"]
    align, low_size = preset.crash_kernel
    kept = _Kept([], [])
    high, wanted = False, 0
    for word in words:
        size, at, kind = _parsed(word, sum(end - start for start, end in memory))
        if size is None:
            kept.notes.append(f"crashkernel={word}: how much that is, the distribution decides; it is left out")
        elif kind == "low":
            low_size = size
        elif at is not None:
            kept.reserve(word, at if any(start <= at and at + size <= end for start, end in memory) else None, size)
        elif size:
            high, wanted = kind == "high", size
    if wanted:
        place = _place(memory, wanted, high, align)
        kept.reserve(words[0], place, wanted)
        if place is not None and place >= _LOW and low_size:
            kept.reserve(f"{words[0]}, and below 4 GiB", _highest(memory, low_size, 0, _LOW, align), low_size)
    return sorted(kept.ranges), kept.notes


class _Kept(NamedTuple):
    """The ranges that are reserved so far, and what is to be said."""

    ranges: list[Range]
    notes: list[str]

    def reserve(self, word: str, place: int | None, size: int) -> None:
        """Reserve so many bytes for an option at a place, or say that there is none."""
        if place is None:
            self.notes.append(
                f"crashkernel={word}: no range of {size:#x} bytes is there, and the kernel goes on without"
            )
            return
        self.ranges.append((place, place + size))
        self.notes.append(
            f"crashkernel={word}: {place:#x}-{place + size - 1:#x}, the highest that fits, if nothing else lies there"
        )


def _place(memory: Sequence[Range], size: int, high: bool, align: int) -> int | None:
    """Where memory is reserved: below 4 GiB if it fits there, unless it is to be `high`; else above, or below after all."""
    low = _highest(memory, size, 0, _LOW, align)
    if low is not None and not high:
        return low
    above = _highest(memory, size, _LOW, 1 << 64, align)
    return low if above is None else above


def _parsed(word: str, memory: int) -> tuple[int | None, int | None, str]:
    """Bytes (None: not told), address and kind ("high", "low" or "") of an option; of one that depends on how much memory there
    is, the range that this falls into."""
    if word == "auto":
        return None, None, ""
    if ":" in word:
        parts, _, at = word.partition("@")
        sizes = [match for match in map(_BY_MEMORY.fullmatch, parts.split(",")) if match is not None]
        if len(sizes) == parts.count(",") + 1:
            for one in sizes:
                if parse_bytes(one[1]) <= memory and (not one[2] or memory < parse_bytes(one[2])):
                    return parse_bytes(one[3]), parse_bytes(at) if at else None, ""
            return 0, None, ""
    elif (match := _FORM.fullmatch(word)) is not None:
        return parse_bytes(match[1]), parse_bytes(match[2]) if match[2] else None, match[3] or ""
    raise BadInput(f"crashkernel={word[:60]} is none; write 256M, 512M@1G, 1G,high, or 2G-64G:256M,64G-:512M")


def _highest(memory: Sequence[Range], size: int, low: int, high: int, align: int) -> int | None:
    """The highest aligned address with so much memory behind it, in a range of addresses."""
    for start, end in sorted(memory, reverse=True):
        place = down(min(end, high) - size, align)
        if place >= max(start, low):
            return place
    return None
