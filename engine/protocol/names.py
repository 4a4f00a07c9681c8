"""How memory blocks and sections are called, one or many, and counts of things."""

from __future__ import annotations

from collections.abc import Iterable

from ..numbers.runs import consecutive


def counted(count: int, one: str, many: str = "") -> str:
    """A number and its noun: "1 page", "3 pages"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def block_names(blocks: Iterable[int], limit: int | None = None) -> str:
    """The names of memory blocks, runs in short: ``memory32-39, memory48``. With `limit`, after so many runs only how many
    more blocks there are."""
    return _in_runs("memory", blocks, limit)


def block_numbers(blocks: Iterable[int], limit: int | None = None) -> str:
    """As `block_names`, with their numbers alone: ``32-39, 48``."""
    return _in_runs("", blocks, limit)


def section_names(sections: Iterable[int]) -> str:
    """Sections by number, runs in short: ``section 32-39``."""
    return _in_runs("section ", sections, None)


def _in_runs(what: str, numbers: Iterable[int], limit: int | None) -> str:
    found = consecutive(numbers)
    parts = [f"{what}{first}" if first == last else f"{what}{first}-{last}" for first, last in found[:limit]]
    rest = sum(last + 1 - first for first, last in found[len(parts) :])
    return ", ".join(parts) + (f" and {counted(rest, 'more block')}" if rest else "")
