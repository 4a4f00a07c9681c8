"""The words that sentences share: runs of blocks, nodes, zones, and what a page is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ...protocol.names import block_names as block_names
from ...protocol.names import block_numbers as block_numbers
from ...protocol.names import counted as counted
from ...protocol.names import section_names as section_names
from ...protocol.vocabulary import Kind, Runs, ZoneKey

Names = Callable[[Sequence[int]], str]
"""How memory blocks are called."""


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
