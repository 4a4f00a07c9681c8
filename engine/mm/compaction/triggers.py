"""Compaction: when a zone is worth compacting, and what starts it (mm/compaction.c: compaction_suitable, compact_zone)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from ...memory.state import State
from ...memory.zone import MOVABLE, ZONE_ORDER
from ...numbers.errors import BadInput
from ...protocol.events import CompactionEnded, Event
from ...protocol.vocabulary import ZoneKey
from ..free_area import fragmentation_index, order_counts
from ..page_alloc import drain
from ..watermarks import Watermarks
from .scanners import WHOLE_ZONE, run

Steps = Iterator[Event]
Verdict = Literal["continue", "success", "skipped", "not_suitable_zone"]
"""What compaction_suitable says: go on; a page of the order is free already; too little free; lack of memory, not
fragmentation, is the trouble."""

COSTLY_ORDER: Final = 3
"""PAGE_ALLOC_COSTLY_ORDER: beyond it, an allocation may fail."""
FRAGMENTATION_THRESHOLD: Final = 500
"""vm.extfrag_threshold."""


def suitability(state: State, key: ZoneKey, order: int) -> Verdict:
    """Whether a run for an order makes sense in a zone (compaction_suitable); always, for the whole zone."""
    if order == WHOLE_ZONE:
        return "continue"
    watermarks, free = Watermarks(state), state.zones[key].free
    areas = order_counts(state, key)
    reserve = watermarks.reserve(key, MOVABLE)
    if free - (1 << order) + 1 > watermarks.min_or_low(key, False) + reserve and any(areas[order:]):
        return "success"
    if free <= watermarks.min_or_low(key, order > COSTLY_ORDER) + reserve + (2 << order):
        return "skipped"
    if order > COSTLY_ORDER and 0 <= fragmentation_index(areas, order) <= FRAGMENTATION_THRESHOLD:
        return "not_suitable_zone"
    return "continue"


def suitable(state: State, key: ZoneKey, order: int) -> bool:
    """Whether it makes sense to compact a zone for an order."""
    return suitability(state, key, order) == "continue"


def ready(state: State, key: ZoneKey, order: int) -> bool:
    """Whether reclaim leaves a zone to compaction and calls that progress (compaction_ready): a page of the order is free
    already, or so much is free that compaction can work with it."""
    verdict = suitability(state, key, order)
    if verdict in ("success", "skipped"):
        return verdict == "success"
    watermarks = Watermarks(state)
    return state.zones[key].free > watermarks.high(key) + (2 << order) + watermarks.reserve(key, MOVABLE)


def compact_zone(state: State, key: ZoneKey, order: int = WHOLE_ZONE) -> Steps:
    """Compact a zone: all of it, or on from where the scanners stopped until one free area of `order` is there.

    A run for an order passes over pageblocks that the runs before it found to be useless, and does nothing where it is
    not suitable. The last event says how it ended; nothing happens in a zone without pages. Raises `BadInput` for an order
    that no free area can have.
    """
    biggest = state.geometry.max_order
    if not WHOLE_ZONE <= order <= biggest:
        raise BadInput(f"an order is from 0 to {biggest}, or {WHOLE_ZONE} for the whole zone, not {order}")
    zone = state.zones.get(key)
    if zone is None or not zone.present:
        return
    verdict = suitability(state, key, order)
    if verdict != "continue":
        yield CompactionEnded(*key, order, verdict, 0, 0)
        return
    if order > 0:
        drain(state, key)
    yield from run(state, key, order)


def compact_node(state: State, node: int) -> Steps:
    """Compact every zone of a node, the lowest first (a write to its file `compact`)."""
    for name in ZONE_ORDER:
        yield from compact_zone(state, (node, name))


def compact_memory(state: State) -> Steps:
    """Compact every zone of every node (a write to /proc/sys/vm/compact_memory)."""
    for node in state.memory_nodes():
        yield from compact_node(state, node)
