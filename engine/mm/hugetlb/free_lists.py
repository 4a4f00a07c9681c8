"""The lists of free huge pages, one a node and size, in the order in which their pages are taken.

The last that was freed comes first; of those that came together the last, or, where they are first collected, the first.
"""

from __future__ import annotations

from heapq import heappop, heappush

from ...memory.derived import Derived
from ...memory.state import HugePage, State


def free_list(state: State, node: int, pages: int) -> list[int]:
    """The free pages of a node, the next to be taken first."""
    ours = [(pfn, h) for pfn, h in state.hugepages.items() if h.pages == pages and h.node == node and not h.used]
    return [pfn for pfn, _ in sorted(ours, key=lambda one: _turn(state, *one))]


def first_free(state: State, node: int, pages: int) -> int | None:
    """The first of the list of a node; None if it is empty. It is found without a look at all pages."""
    return _lists.of(state).first(state, node, pages)


def _turn(state: State, pfn: int, page: HugePage) -> tuple[int, int]:
    """The smaller, the sooner it is taken."""
    return -page.rank, pfn if state.model.pool_in_order else -pfn


class _Lists:
    """Heaps of the pages that are or were free, which watch the pool; what is no longer so is thrown away where it is met."""

    def __init__(self, state: State) -> None:
        self._heaps: dict[tuple[int, int], list[tuple[tuple[int, int], int]]] = {}
        self._changed = state.hugepages.watch()
        self._changed.update(state.hugepages)

    def first(self, state: State, node: int, pages: int) -> int | None:
        for pfn in self._changed:
            if (page := state.hugepages.get(pfn)) is not None and not page.used:
                heappush(self._heaps.setdefault((page.node, page.pages), []), (_turn(state, pfn, page), pfn))
        self._changed.clear()
        heap = self._heaps.get((node, pages))
        while heap:
            turn, pfn = heap[0]
            page = state.hugepages.get(pfn)
            now = None if page is None or page.used else (page.node, page.pages, _turn(state, pfn, page))
            if now == (node, pages, turn):
                return pfn
            heappop(heap)
        return None


_lists = Derived(_Lists)
