"""Writing nr_hugepages: the pool of a node, or of the machine, grows or shrinks (set_max_huge_pages).

Writing a number never fails because there is too little memory: the kernel makes as many as it can, and reading the file
back tells how many that were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from ...memory.state import State
from ...protocol.events import Event, HugePagesChanged
from . import hugetlb_vmemmap, pool
from .free_lists import free_list
from .fresh import Listed, fresh
from .gigantic import contiguous

Steps = Iterator[Event]
_Cursor = Literal["next_nid_to_alloc", "next_nid_to_free"]


def set_pool(state: State, node: int | None, size: int, wanted: int) -> Steps:
    """Bring the pool of a node, or of the whole machine, to `wanted` pages, as far as that goes (set_max_huge_pages).
    Nodes take turns, from the one on that was next after the last write."""
    nodes = [node] if node is not None else state.memory_nodes()
    pages = size // state.geometry.page_size
    extra = pool.surplus(state, node if state.model.node_pool_persistent else None, size)
    missing = wanted - (pool.pool(state, node, size)[0] - extra)
    if missing > 0:
        over = {here: pool.surplus(state, here, size) for here in nodes}
        for here, count in _in_turn(state, pages, "next_nid_to_alloc", nodes, over, missing).items():
            _add_surplus(state, here, pages, -count)
            missing -= count
        yield from _grow(state, nodes, pages, missing)
    elif missing < 0:
        free = {here: pool.pool(state, here, size)[1] for here in nodes}
        for here, count in _in_turn(state, pages, "next_nid_to_free", nodes, free, -missing).items():
            yield from pool.release_all(state, free_list(state, here, pages)[:count])
            missing += count
        used = {here: pool.pool(state, here, size)[0] - pool.surplus(state, here, size) for here in nodes}
        for here, count in _in_turn(state, pages, "next_nid_to_free", nodes, used, -missing).items():
            _add_surplus(state, here, pages, count)
    now, free_now = pool.pool(state, node, size)
    yield HugePagesChanged(-1 if node is None else node, size, now, free_now, wanted)


def _add_surplus(state: State, node: int, pages: int, count: int) -> None:
    if count:
        state.surplus.put((node, pages), state.surplus.get((node, pages), 0) + count)


def _grow(state: State, nodes: Sequence[int], pages: int, missing: int) -> Steps:
    """Fresh pages from nodes in turn. How many a node has is known when it has no more: then the others get its turns."""
    order = (pages - 1).bit_length()
    room = dict.fromkeys(nodes, missing)
    found: dict[int, list[int]] = {here: [] for here in nodes}
    listed: Listed = {}
    waiting = list(nodes)
    while waiting:
        shares = _turns(_from_cursor(state, pages, "next_nid_to_alloc", nodes), room, missing)[0]
        waiting = [here for here in nodes if len(found[here]) < shares[here]]
        for here in waiting:
            more = shares[here] - len(found[here])
            if order > state.geometry.max_order:
                got = yield from contiguous(state, here, pages, more)
            else:
                got = yield from fresh(state, here, order, more, listed)
            found[here] += got
            if len(got) < more:
                room[here] = len(found[here])
    if missing > 0:
        _in_turn(state, pages, "next_nid_to_alloc", nodes, room, missing)
    for here in nodes:
        for pfn in reversed(found[here]) if state.model.pool_in_order else found[here]:
            pool.enlist(state, pfn, pages, here)
        for pfn in found[here]:
            hugetlb_vmemmap.optimize(state, pfn, pages)


def _in_turn(
    state: State, pages: int, cursor: _Cursor, nodes: Sequence[int], room: Mapping[int, int], count: int
) -> dict[int, int]:
    """How many of `count` fall to each node, one after the other; the cursor moves behind the last."""
    if count <= 0:
        return dict.fromkeys(nodes, 0)
    order = _from_cursor(state, pages, cursor, nodes)
    shares, last = _turns(order, room, count)
    following = order[(order.index(last) + 1) % len(order)] if last is not None else order[0]
    state.hstates.put(pages, msgspec.structs.replace(state.hstate(pages), **{cursor: following}))
    return shares


def _from_cursor(state: State, pages: int, cursor: _Cursor, nodes: Sequence[int]) -> list[int]:
    first = getattr(state.hstate(pages), cursor)
    return sorted(nodes, key=lambda node: (node < first, node))


def _turns(order: Sequence[int], room: Mapping[int, int], count: int) -> tuple[dict[int, int], int | None]:
    """Shares of nodes that take one at a time, in this order, as long as each has room; and who took the last."""
    shares = dict.fromkeys(order, 0)
    last: int | None = None
    while count > 0 and (able := [node for node in order if shares[node] < room[node]]):
        rounds = min(count // len(able), *(room[node] - shares[node] for node in able))
        takers = able if rounds else able[:count]
        for node in takers:
            shares[node] += rounds or 1
        count -= len(takers) * (rounds or 1)
        last = takers[-1]
    return shares, last
