"""The words that sentences share: counts, runs of blocks, nodes, zones, and what a page is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ...numbers.runs import consecutive
from ...protocol.vocabulary import Kind, Runs, ZoneKey

Names = Callable[[Sequence[int]], str]
"""How memory blocks are called."""


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


def some_names(blocks: Sequence[int]) -> str:
    """As `block_names`, in what fits into a sentence."""
    return block_names(blocks, 4)


def run_names(runs: Runs, names: Names = some_names) -> str:
    """The blocks of some runs."""
    return names([number for first, last in runs for number in range(first, last + 1)])


def block_count(runs: Runs) -> int:
    """How many blocks there are in some runs."""
    return sum(last + 1 - first for first, last in runs)


def node_names(nodes: Sequence[int]) -> str:
    """Nodes: ``node 0``, ``nodes 0, 1``."""
    return f"node{'s' if len(nodes) > 1 else ''} {', '.join(map(str, nodes))}" if nodes else "no node"


def zone_name(zone: ZoneKey) -> str:
    """A zone: ``zone Normal of node 0``."""
    return f"zone {zone[1]} of node {zone[0]}"


_PAGES: Final[dict[Kind, str]] = {
    "free": "a free page",
    "pcp": "a free page",
    "memmap": "a memmap page",
    "movable": "a movable page",
    "pinned": "a pinned page",
    "kernel": "a kernel page",
    "slab": "a slab page",
    "pagetable": "a page table",
    "vmemmap": "memmap",
    "reserved": "reserved since boot",
    "huge": "a page of a hugetlb page",
    "poisoned": "poisoned",
    "offline": "withheld by its driver",
    "absent": "a hole",
    "assumed": "a kernel page",
}


def page_words(kind: Kind, of: Sequence[int], names: Names) -> str:
    """What a page is; whose memmap it holds, if it is memmap."""
    return f"{_PAGES[kind]} of {names(of)}" if of else _PAGES[kind]
