"""Sets of pages as Python integers: bit ``i`` stands for page ``i`` of a section.

Every operation works on whole machine words at a time, so none of them is a loop over pages; loops run over the runs
of a set, which are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import compress, islice
from operator import sub
from typing import Final

_AS_NUMBERS: Final = bytes.maketrans(b"01", b"\0\1")
_BITS: Final = tuple(tuple(bit for bit in range(8) if octet >> bit & 1) for octet in range(256))
"""Which bits are set in a byte."""
_WORD: Final = (1 << 60) - 1
_SCATTERED: Final = 48
"""With more borders between pages inside and outside, a set is taken apart byte by byte, which is faster then."""
_PART: Final = 10
"""A set is put together in parts of ``2**_PART`` pages: a piece costs no more because others lie far from it."""


class PageSet(int):
    """A set of pages that is kept, and may be handed out: its repr names runs of pages, where Python refuses to write so large a
    number in digits. What is worked out from it is a plain integer."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<pages {in_words(self)}>" if self else "<no pages>"


def in_words(pages: int) -> str:
    """A set that is not empty by its first runs, such as ``0-511 600``; of many, how many pages there are."""
    first = [f"{start}-{start + length - 1}" if length > 1 else f"{start}" for start, length in islice(runs(pages), 4)]
    return " ".join(first) if len(first) < 4 else f"{' '.join(first[:3])} ... ({pages.bit_count()})"


@lru_cache(maxsize=4096)
def span(start: int, count: int) -> PageSet:
    """The set of `count` pages from `start` on."""
    return PageSet(((1 << count) - 1) << start)


def within(base: int, size: int, start: int, count: int) -> int:
    """Those of `count` pages from pfn `start` on that lie among the `size` pages from pfn `base` on, as a set counted from
    `base`."""
    low, high = max(start - base, 0), min(start + count - base, size)
    return span(low, high - low) if high > low else 0


def from_page(pages: int, first: int) -> int:
    """Those of the set that do not lie before page `first`, which may be below 0."""
    return pages >> first << first if first > 0 else pages


def runs(pages: int, base: int = 0) -> Iterator[tuple[int, int]]:
    """Each maximal run of the set as (start, length), ascending; `base`: what page 0 counts as."""
    borders = pages ^ (pages << 1)
    count = borders.bit_count()
    if count <= _SCATTERED:
        return _few_runs(pages, base)
    octets = borders.to_bytes(-(-borders.bit_length() // 8), "little")
    if count <= len(octets):
        found = [base + 8 * at + bit for at in compress(range(len(octets)), octets) for bit in _BITS[octets[at]]]
    else:
        digits = bin(borders)[:1:-1].encode().translate(_AS_NUMBERS)
        found = [*compress(range(base, base + len(digits)), digits)]
    starts, ends = found[::2], found[1::2]
    return zip(starts, map(sub, ends, starts), strict=True)


def _few_runs(pages: int, base: int) -> Iterator[tuple[int, int]]:
    at = base
    while pages:
        skip = (pages & -pages).bit_length() - 1
        pages >>= skip
        length = (~pages & (pages + 1)).bit_length() - 1
        yield at + skip, length
        pages >>= length
        at += skip + length


def from_runs(pieces: Iterable[tuple[int, int]]) -> PageSet:
    """The set of all pages in pieces (start, length), which may come in any order and overlap."""
    parts: dict[int, int] = {}
    inside = (1 << _PART) - 1
    for start, length in pieces:
        at = start >> _PART
        parts[at] = parts.get(at, 0) | ((1 << length) - 1) << (start & inside)
    pages = 0
    for at, part in parts.items():
        pages |= part << (at << _PART)
    return PageSet(pages)


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
    """The pages of the ``2**order`` page runs whose first pages are `starts`; no two overlap."""
    return (starts << (1 << order)) - starts
