"""In which order an allocation tries nodes and zones, and how far it may drain each (zonelists and watermarks)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import isqrt
from typing import Final

from ..memory.state import State
from ..memory.zone import DMA, DMA32, KERNEL_ZONES, MOVABLE, NORMAL, ZONE_ORDER, Node
from ..numbers.units import MIB
from ..protocol.vocabulary import ZoneKey

_RESERVE_RATIO: Final = {DMA: 256, DMA32: 256, NORMAL: 32, MOVABLE: 0}
_MAX_NODES: Final = 1024
_HUGE_PAGES_FROM: Final = 512 * MIB
"""Transparent huge pages, and the free memory kept for them, are off on machines that booted with less."""


def node_order(state: State, local: int) -> list[int]:
    """Nodes with memory, nearest first, as node `local` falls back over them (find_next_best_node).

    At equal distance a node with a higher number and one without CPUs come first, then the one that fewer other nodes
    fell back to first.
    """
    memory = state.memory_nodes()
    if len(memory) <= 1:
        return memory
    return [*_order(tuple(state.nodes.values()), tuple(memory), local)]


@lru_cache(maxsize=256)
def _order(nodes: tuple[Node, ...], memory: tuple[int, ...], local: int) -> tuple[int, ...]:
    known = {node.id: node for node in nodes}
    load = dict.fromkeys(memory, 0)
    order: list[int] = []
    for number in sorted({*known, local}):
        order, last = [], number
        me = known.get(number)
        rest = set(memory)
        while rest:
            best = (
                number
                if number in rest
                else min((_cost(known, number, other, load[other]), other) for other in rest)[1]
            )
            rest.discard(best)
            if me is not None and me.distance_to(best) != me.distance_to(last):
                load[best] += 1
            order.append(best)
            last = best
        if number == local:
            break
    return tuple(order)


def _cost(nodes: Mapping[int, Node], node: int, other: int, load: int) -> int:
    me, peer = nodes.get(node), nodes.get(other)
    far = me.distance_to(other) if me else 20
    far += (other < node) + (1 if peer and peer.cpus else 0)
    return far * _MAX_NODES + load


def zonelist(state: State, nodes: list[int], highest: str) -> list[ZoneKey]:
    """The populated zones that an allocation tries, node by node, in each from zone `highest` down."""
    top = ZONE_ORDER.index(highest)
    zones = state.zones
    return [
        (node, name)
        for node in nodes
        for name in ZONE_ORDER[top::-1]
        if (zone := zones.get((node, name))) is not None and zone.managed
    ]


def kernel_zonelist(state: State, node: int) -> list[ZoneKey]:
    """The zonelist of a GFP_KERNEL allocation that prefers `node`: never ZONE_MOVABLE."""
    return zonelist(state, node_order(state, node), NORMAL)


def working_node(state: State) -> int:
    """The node whose CPU runs the kernel's own hotplug work, and which its page tables and objects are taken near to: the
    lowest with CPUs."""
    with_cpus = [number for number, node in sorted(state.nodes.items()) if node.cpus and node.online]
    return with_cpus[0] if with_cpus else min(state.nodes, default=0)


@lru_cache(maxsize=64)
def _min_and_low(
    zones: tuple[tuple[ZoneKey, int, int], ...], apart: bool, page_size: int, pageblock_pages: int
) -> dict[ZoneKey, tuple[int, int]]:
    """min and low of zones by their managed pages and present_early_pages (init_per_zone_wmark_min); `apart`: ZONE_MOVABLE has
    a minimum of its own. `pageblock_pages` is 0 where there are no transparent huge pages."""
    kernel = sum(managed for key, managed, _ in zones if key[1] in KERNEL_ZONES)
    whole = kernel if apart else sum(managed for _, managed, _ in zones)
    page_kib = page_size // 1024
    floor = min(max(isqrt(kernel * page_kib * 16), 128), 262144) // page_kib
    populated = sum(1 for key, _, _ in zones if key[1] in KERNEL_ZONES)
    boot_bytes = sum(min(managed, early) for _, managed, early in zones) * page_size
    huge = pageblock_pages * populated * 11 if boot_bytes >= _HUGE_PAGES_FROM else 0
    pages_min = max(floor, min(huge, kernel // 20))
    found: dict[ZoneKey, tuple[int, int]] = {}
    for key, managed, _ in zones:
        share = pages_min * managed // max(whole, 1)
        least = min(max(managed // 1024, 32), 128) if apart and key[1] == MOVABLE else share
        found[key] = (least, least + max(share // 4, managed // 1000))
    return found


class Watermarks:
    """min and low of every zone and the lowmem reserves: as captured, or, since the last online or offline, from the
    managed pages of this moment (init_per_zone_wmark_min, mm/page_alloc.c)."""

    def __init__(self, state: State) -> None:
        zones = tuple((zone.key, zone.managed, zone.early) for zone in state.zones.values() if zone.managed)
        geometry = state.geometry
        self._pages = _min_and_low(
            zones,
            state.model.movable_minimum_apart,
            geometry.page_size,
            geometry.pageblock_pages if state.preset.transparent else 0,
        )
        if state.watermarks:
            self._pages = {**self._pages, **{key: (seen.min, seen.low) for key, seen in state.watermarks.items()}}
        self._seen = state.watermarks
        self._managed = {key: managed for key, managed, _ in zones}

    def min_or_low(self, key: ZoneKey, low: bool) -> int:
        """The low or else the min watermark of a zone, pages."""
        least, at_low = self._pages.get(key, (0, 0))
        return at_low if low else least

    def high(self, key: ZoneKey) -> int:
        """The high watermark of a zone, pages: as far above low as that is above min."""
        least, low = self._pages.get(key, (0, 0))
        return 2 * low - least

    def above_high(self, state: State) -> int:
        """Managed pages of all zones, less what lies under their high watermarks (nr_free_zone_pages)."""
        total = 0
        for key, zone in state.zones.items():
            total += max(0, zone.managed - self.high(key))
        return total

    def reserve(self, key: ZoneKey, highest: str) -> int:
        """Pages that the zone keeps from allocations which could have used zones up to `highest` (lowmem_reserve)."""
        node, name = key
        if (seen := self._seen.get(key)) is not None and highest in seen.reserve:
            return seen.reserve[highest]
        ratio = _RESERVE_RATIO[name]
        if not ratio or not self._managed.get(key):
            return 0
        above = ZONE_ORDER[ZONE_ORDER.index(name) + 1 : ZONE_ORDER.index(highest) + 1]
        return sum(self._managed.get((node, upper), 0) for upper in above) // ratio

    def room(self, state: State, key: ZoneKey, order: int, highest: str, low: bool, boost: int = 0) -> int:
        """How many allocations of ``2**order`` pages the watermark lets through (zone_watermark_ok)."""
        spare = state.zones[key].free - self.min_or_low(key, low) - boost - self.reserve(key, highest)
        return max(0, spare >> order)
