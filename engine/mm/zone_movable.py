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
            here = share
            for start, end in ranges:
                start = max(start, starts[node])
                if start >= end:
                    continue
                if start < usable:
                    below = min(end, usable) - start
                    here, left = max(0, here - below), max(0, left - below)
                    if end <= usable:
                        starts[node] = end  # so that another round does not count it again
                        continue
                    start = usable
                taken = min(end - start, here)
                starts[node] = start + taken
                here, left = here - taken, max(0, left - taken)
                if not here:
                    break
        nodes -= 1
        if left <= nodes:
            break
    ends = {node: ranges[-1][1] for node, ranges in memory.items() if ranges}
    rounded = {node: up(start, unit) for node, start in starts.items() if start}
    return {node: start for node, start in rounded.items() if start < ends.get(node, 0)}


def _pages(name: str, text: str | None, total: int, page_size: int) -> int:
    if text is None or text == "mirror":  # which memory firmware mirrors, only that says
        return 0
    if text.endswith("%"):
        if not text[:-1].isdecimal() or len(text) > 4 or int(text[:-1]) > 100:
            raise BadInput(f"{name}={text[:40]} is no size and no percentage; write {name}=4G or {name}=25%")
        return total * int(text[:-1]) // 100
    with located(name):
        return parse_bytes(text) // page_size
