"""Moving pages out of a range that is to go offline (do_migrate_range, mm/memory_hotplug.c)."""

from __future__ import annotations

from collections.abc import Iterator

from ..memory.state import State
from ..memory.zone import MOVABLE as MOVABLE_ZONE
from ..memory.zone import NORMAL
from ..numbers.bits import lowest, lowest_n
from ..protocol.events import Event, PagesMigrated
from ..protocol.vocabulary import FREE, MOVABLE, ZoneKey
from . import page_alloc
from .zonelist import node_order, zonelist


def target_zones(state: State, source: ZoneKey) -> tuple[list[ZoneKey], str]:
    """Where pages of a zone may go: other nodes with memory, nearest first, or, if there is none, the same node; and
    the highest zone allowed. Pages of a kernel zone never go to ZONE_MOVABLE."""
    node, name = source
    nodes = [other for other in node_order(state, node) if other != node] or [node]
    highest = MOVABLE_ZONE if name == MOVABLE_ZONE else NORMAL
    return zonelist(state, nodes, highest), highest


def migrate_range(state: State, pfn: int, pages: int, source: ZoneKey, inside: bool = False) -> Iterator[Event]:
    """Move every movable page of an isolated range as far as there is room; what stays is for the caller to see.

    Pages leave the node if another has memory, as in offlining; `inside`: they stay on it if they can, as for a
    contiguous allocation.
    """
    size = state.geometry.pages_per_section
    zones: list[ZoneKey] = []
    highest = NORMAL
    for found in state.sections_of(pfn, pages):
        movable = found.of(MOVABLE)
        if not movable:
            continue
        if not zones:
            zones, highest = target_zones(state, source)
            if inside:
                zones = zonelist(state, node_order(state, source[0]), highest)
        count, target = page_alloc.occupy(state, zones, movable.bit_count(), MOVABLE, highest)
        if target is None:
            return
        moved = lowest_n(movable, count)
        state.set_kind(state.sections[found.nr], moved, FREE)
        yield PagesMigrated(moved.bit_count(), found.nr * size + lowest(moved), *state.zone_of(target))
