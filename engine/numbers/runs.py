"""Numbers in a row: blocks, sections and pages as few runs instead of many numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def consecutive(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Each run of consecutive numbers as (first, last), ascending."""
    ordered = sorted(numbers)
    if not ordered:
        return []
    found: list[tuple[int, int]] = []
    first = last = ordered[0]
    for number in ordered:
        if number > last + 1:
            found.append((first, last))
            first = number
        last = number
    return [*found, (first, last)]


def merged(chunks: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Chunks (first, count) in their order, those that follow each other without a gap as one."""
    found: list[tuple[int, int]] = []
    for first, count in chunks:
        if found and sum(found[-1]) == first:
            found[-1] = (found[-1][0], found[-1][1] + count)
        else:
            found.append((first, count))
    return tuple(found)


def split(chunks: Iterable[tuple[int, int]], count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The first `count` numbers of chunks (first, count), all if there are no more, and the rest."""
    before: list[tuple[int, int]] = []
    behind: list[tuple[int, int]] = []
    for first, length in chunks:
        here = min(length, count)
        count -= here
        if here:
            before.append((first, here))
        if here < length:
            behind.append((first + here, length - here))
    return before, behind


def cut(first: int, count: int, unit: int) -> Iterator[tuple[int, int, int]]:
    """A run of `count` numbers from `first` on, cut at the multiples of `unit`, ascending: which unit each part lies in, the
    part's first number counted from there, and how many it has."""
    number, at = divmod(first, unit)
    while count > 0:
        here = min(count, unit - at)
        yield number, at, here
        number, at, count = number + 1, 0, count - here


def covered(chunks: Iterable[tuple[int, int]]) -> int:
    """How many numbers some runs (first, count) cover together; what several of them cover counts once."""
    total = end = 0
    for first, count in sorted(chunks):
        total += max(0, first + count - max(first, end))
        end = max(end, first + count)
    return total
