"""Numbers in a row: blocks, sections and pages as few runs instead of many numbers."""

from __future__ import annotations

from collections.abc import Iterable


def consecutive(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Each run of consecutive numbers as (first, last), ascending."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] >= number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def merged(chunks: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Chunks (first, count) in their order, those that follow each other without a gap as one."""
    found: list[tuple[int, int]] = []
    for first, count in chunks:
        if found and sum(found[-1]) == first:
            found[-1] = (found[-1][0], found[-1][1] + count)
        else:
            found.append((first, count))
    return tuple(found)


def covered(chunks: Iterable[tuple[int, int]]) -> int:
    """How many numbers some runs (first, count) cover together; what several of them cover counts once."""
    total = end = 0
    for first, count in sorted(chunks):
        total += max(0, first + count - max(first, end))
        end = max(end, first + count)
    return total
