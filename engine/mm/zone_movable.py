"""Where ZONE_MOVABLE begins on each node after a boot with kernelcore= or movablecore= (mm/mm_init.c,
find_zone_movable_pfns_for_nodes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..numbers.errors import BadInput, located
from ..numbers.rounding import up
from ..numbers.units import parse_bytes

Ranges = Mapping[int, Sequence[tuple[int, int]]]
"""Memory by node: first pfn of each range, and the first behind it, ascending."""


def kernel_pages(kernelcore: str | None, movablecore: str | None, total: int, page_size: int, unit: int) -> int:
    """How many of `total` pages any allocation may use, by what the options ask for, a size or a percentage; 0: all of them.
    `unit` is the biggest free area in pages, to which movablecore is rounded up. Raises `BadInput` for what is neither."""
    wanted = _pages("kernelcore", kernelcore, total, page_size)
    if movable := min(total, up(_pages("movablecore", movablecore, total, page_size), unit)):
        wanted = max(wanted, total - movable)
    return wanted if wanted < total else 0


def movable_starts(memory: Ranges, kernel: int, usable: int, unit: int) -> dict[int, int]:
    """First pfn of ZONE_MOVABLE by node, for those that get one: `kernel` pages are spread evenly over the nodes, and below the
    pfn `usable`, where the highest kernel zone begins, no page is movable."""
    starts = dict.fromkeys(memory, 0)
    left, nodes = kernel, len(memory)
    while kernel and nodes and left > 0:
        share = left // nodes
        for node, ranges in memory.items():
            share = left // nodes if left < share else share
            starts[node], got = _share_of(ranges, starts[node], share, usable)
            left = max(0, left - got)
        nodes -= 1
        if left <= nodes:
            break
    ends = {node: ranges[-1][1] for node, ranges in memory.items() if ranges}
    rounded = {node: up(start, unit) for node, start in starts.items() if start}
    return {node: start for node, start in rounded.items() if start < ends.get(node, 0)}


def _share_of(ranges: Sequence[tuple[int, int]], begin: int, share: int, usable: int) -> tuple[int, int]:
    """Up to which pfn the memory of a node from `begin` on is the kernel's if it is to have `share` pages of it, and how many it
    gets: all below `usable` in any case, which another round does not count again."""
    got = 0
    for first, end in ranges:
        start = max(first, begin)
        if start >= end:
            continue
        below = max(0, min(end, usable) - start)
        above = min(end - start - below, max(0, share - got - below))
        begin, got = start + below + above, got + below + above
        if end > usable and got >= share:
            break
    return begin, got


def _pages(name: str, text: str | None, total: int, page_size: int) -> int:
    if text is None or text == "mirror":  # which memory firmware mirrors, only that says
        return 0
    if text.endswith("%"):
        if not text[:-1].isdecimal() or len(text) > 4 or int(text[:-1]) > 100:
            raise BadInput(f"{name}={text[:40]} is no size and no percentage; write {name}=4G or {name}=25%")
        return total * int(text[:-1]) // 100
    with located(name):
        return parse_bytes(text) // page_size
