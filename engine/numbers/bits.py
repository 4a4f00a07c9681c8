"""Sets of pages as Python integers: bit ``i`` stands for page ``i`` of a section.

Every operation works on whole machine words at a time, so none of them is a loop over pages; loops run over the runs
of a set, which are few.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

_ONES: Final = re.compile("1+")
_SPAN: Final = re.Match.span
_WORD: Final = (1 << 60) - 1
_SCATTERED: Final = 64
"""From so many borders between pages inside and outside on, a set is taken apart as text, which is faster then."""


@lru_cache(maxsize=4096)
def span(start: int, count: int) -> int:
    """The set of `count` pages from `start` on."""
    return ((1 << count) - 1) << start


def runs(pages: int, base: int = 0) -> Iterator[tuple[int, int]]:
    """Each maximal run of the set as (start, length), ascending; `base`: what page 0 counts as."""
    if (pages ^ (pages << 1)).bit_count() > _SCATTERED:
        for start, end in map(_SPAN, _ONES.finditer(bin(pages)[:1:-1])):
            yield base + start, end - start
        return
    at = base
    while pages:
        skip = (pages & -pages).bit_length() - 1
        pages >>= skip
        length = (~pages & (pages + 1)).bit_length() - 1
        yield at + skip, length
        pages >>= length
        at += skip + length


def from_runs(pieces: Iterable[tuple[int, int]]) -> int:
    """The set that `runs` takes apart."""
    pages = 0
    for start, length in pieces:
        pages |= span(start, length)
    return pages


def from_ascending_runs(pieces: Sequence[tuple[int, int]]) -> int:
    """The same of pieces that ascend and do not overlap; what it costs does not grow with the square of their number."""
    if 2 * len(pieces) <= _SCATTERED:
        return from_runs(pieces)
    digits: list[str] = []
    behind = 0
    for start, length in pieces:
        digits += "0" * (start - behind), "1" * length
        behind = start + length
    return int("".join(digits)[::-1], 2)


def lowest(pages: int) -> int:
    """The lowest page of a set that is not empty."""
    if low := pages & _WORD:  # small numbers are quick
        return (low & -low).bit_length() - 1
    return (pages & -pages).bit_length() - 1


def lowest_n(pages: int, count: int) -> int:
    """The `count` lowest pages of the set, or all of it; what it costs does not depend on how scattered they are."""
    if count <= 0:
        return 0
    if pages.bit_count() <= count:
        return pages
    at, rest, width = 0, pages, 1 << (pages.bit_length() - 1).bit_length()
    while width > 1:
        width >>= 1
        lower = rest & ((1 << width) - 1)
        inside = lower.bit_count()
        if inside >= count:
            rest = lower
        else:
            rest, at, count = rest >> width, at + width, count - inside
    return pages & ((2 << at) - 1)


@lru_cache(maxsize=512)
def every(step: int, width: int) -> int:
    """The pages 0, step, 2 * step ... below `width`."""
    pages, have = 1, step
    while have < width:
        pages |= pages << have
        have *= 2
    return pages & ((1 << width) - 1)


def aligned_runs(pages: int, order: int, width: int) -> int:
    """The first pages of every naturally aligned run of ``2**order`` pages that lies wholly in the set."""
    for k in range(order):
        pages &= pages >> (1 << k)
    return pages & every(1 << order, width)


def spread(starts: int, order: int) -> int:
    """The pages of the ``2**order`` page runs whose first pages are `starts`."""
    for k in range(order):
        starts |= starts << (1 << k)
    return starts
