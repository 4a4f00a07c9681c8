"""Files that deal with single pages: free areas, huge page pools, compaction, poisoning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import msgspec

from ..memory.state import State
from ..mm import free_area, memory_failure
from ..mm.compaction import triggers
from ..mm.hugetlb import pool
from ..mm.hugetlb.nr_hugepages import set_pool
from ..protocol.events import Event
from ..protocol.reasons import HotplugError
from ..protocol.reasons.files import NeverOnDemand, NotAmong, OnlyRead, OnlyWritten
from .kstrto import kstrto, proc_number
from .paths import MEMORY, NODE, NUMBER

Steps = Iterator[Event]
_POOL = rf"hugepages-{NUMBER}kB/(nr_hugepages|free_hugepages|surplus_hugepages)"
_GLOBAL_POOL = (
    rf"hugepages-{NUMBER}kB/(nr_hugepages(?:_mempolicy)?|nr_overcommit_hugepages|(?:free|surplus|resv)_hugepages)"
)
_GLOBAL: Final = rf"/sys/kernel/mm/hugepages/{_GLOBAL_POOL}"
_NODE: Final = rf"{NODE}/node{NUMBER}/hugepages/{_POOL}"
_NODE_COMPACT: Final = rf"{NODE}/node{NUMBER}/compact"
_DEFAULT_POOL: Final = "/proc/sys/vm/nr_hugepages"
_COMPACT: Final = "/proc/sys/vm/compact_memory"
_FREE_PAGES: Final[dict[str, Callable[[State], str]]] = {
    "/proc/buddyinfo": free_area.buddyinfo,
    "/proc/pagetypeinfo": free_area.pagetypeinfo,
    "/sys/kernel/debug/extfrag/extfrag_index": free_area.extfrag_index,
    "/sys/kernel/debug/extfrag/unusable_index": free_area.extfrag_unusable,
}
_MOST: Final = (1 << 63) - 1


def read(state: State, path: str) -> str | None:
    """The text of a file about free pages or a huge page pool; None for a path that is none of these files."""
    if (text := _FREE_PAGES.get(path)) is not None:
        return text(state)
    found = _pool(state, path)
    if found is not None:
        node, size, name = found
        total, free = pool.pool(state, node, size)
        surplus = pool.surplus(state, node, size)
        if path == _DEFAULT_POOL:
            total -= surplus
        overcommit = state.hstate(size // state.geometry.page_size).nr_overcommit_huge_pages
        values = {"free_hugepages": free, "surplus_hugepages": surplus, "resv_hugepages": 0}
        return f"{overcommit if name == 'nr_overcommit_hugepages' else values.get(name, total)}\n"
    if path == _COMPACT or path in _POISONS or _compact_node(state, path) is not None:
        raise HotplugError("EACCES", OnlyWritten(path))
    return None


def writer(state: State, path: str) -> Callable[[str], Steps] | None:
    """What a text that is written to one of these files does; None for a path that is none of them."""
    found = _pool(state, path)
    if found is not None:
        return partial(_write_pool, state, path, found)
    if path == _COMPACT:
        return partial(_write_compact, state)
    if (node := _compact_node(state, path)) is not None:
        return lambda data: triggers.compact_node(state, node)
    if (action := _POISONS.get(path)) is not None:
        return partial(_write_page, state, action)
    return None


def _pool(state: State, path: str) -> tuple[int | None, int, str] | None:
    sizes = pool.sizes(state)
    if path == _DEFAULT_POOL and sizes:
        return None, pool.default_size(state), "nr_hugepages"
    if match := re.fullmatch(_GLOBAL, path):
        size = int(match[1]) * 1024
        return (None, size, match[2]) if size in sizes else None
    if match := re.fullmatch(_NODE, path):
        node, size = int(match[1]), int(match[2]) * 1024
        return (node, size, match[3]) if size in sizes and _online(state, node) else None
    return None


def _compact_node(state: State, path: str) -> int | None:
    match = re.fullmatch(_NODE_COMPACT, path)
    return int(match[1]) if match and _online(state, int(match[1])) else None


def _online(state: State, node: int) -> bool:
    """Does the node have a folder?"""
    return node in state.nodes and state.nodes[node].online


def _write_pool(state: State, path: str, found: tuple[int | None, int, str], data: str) -> Steps:
    node, size, name = found
    if name == "nr_overcommit_hugepages":
        if size > state.geometry.page_size << state.geometry.max_order:
            raise HotplugError("EINVAL", NeverOnDemand(path))
        pages, most = size // state.geometry.page_size, min(kstrto(data, 10, 64), _MOST)
        state.hstates.put(pages, msgspec.structs.replace(state.hstate(pages), nr_overcommit_huge_pages=most))
        return
    if not name.startswith("nr_"):
        raise HotplugError("EACCES", OnlyRead(path))
    wanted = proc_number(data) if path == _DEFAULT_POOL else kstrto(data, 10, 64)
    if wanted >= 0:  # proc_doulongvec_minmax passes over others
        yield from set_pool(state, node, size, wanted)


def _write_compact(state: State, data: str) -> Steps:
    allowed = state.model.compact_values
    if allowed is not None and proc_number(data) not in allowed:
        raise HotplugError("EINVAL", NotAmong(data, tuple(map(str, allowed))))
    yield from triggers.compact_memory(state)


def _write_page(state: State, action: Callable[[State, int], Steps], data: str) -> Steps:
    try:
        address = kstrto(data, 0, 64)
    except HotplugError as error:  # ERANGE is not told apart there
        raise HotplugError("EINVAL", error.reason) from None
    yield from action(state, address // state.geometry.page_size)


_POISONS: Final[dict[str, Callable[[State, int], Steps]]] = {
    f"{MEMORY}/hard_offline_page": memory_failure.hard_offline,
    f"{MEMORY}/soft_offline_page": memory_failure.soft_offline,
}
