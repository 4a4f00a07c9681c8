"""How far allocations may drain each zone: its watermarks and lowmem reserves (init_per_zone_wmark_min, mm/page_alloc.c)."""

from __future__ import annotations

from functools import lru_cache
from math import isqrt
from typing import Final

from ..memory.state import State
from ..memory.zone import DMA, DMA32, KERNEL_ZONES, MOVABLE, NORMAL, ZONE_ORDER
from ..numbers.units import MIB
from ..protocol.vocabulary import ZoneKey

_RESERVE_RATIO: Final = {DMA: 256, DMA32: 256, NORMAL: 32, MOVABLE: 0}
_HUGE_PAGES_FROM: Final = 512 * MIB
"""Transparent huge pages, and the free memory kept for them, are off on machines that booted with less."""

_Marks = dict[ZoneKey, tuple[int, int]]
"""min and low of zones, pages; high lies as far above low as that above min."""


class Watermarks:
    """min and low of every zone and the lowmem reserves: as captured, or, since the last online or offline, as the kernel sets
    them for the managed pages of this moment."""

    def __init__(self, state: State) -> None:
        self._zones, self._seen = state.zones, state.watermarks
        self._pages = {key: (seen.min, seen.low) for key, seen in state.watermarks.items()}
        if any(zone.managed and key not in self._pages for key, zone in state.zones.items()):
            self._pages = {**_computed(state), **self._pages}

    def min_or_low(self, key: ZoneKey, low: bool) -> int:
        """The low or else the min watermark of a zone, pages."""
        least, at_low = self._pages.get(key, (0, 0))
        return at_low if low else least

    def high(self, key: ZoneKey) -> int:
        """The high watermark of a zone, pages: as far above low as that is above min."""
        return _high(self._pages, key)

    def above_high(self, state: State) -> int:
        """Managed pages of all zones, less what lies under their high watermarks (nr_free_zone_pages)."""
        return _above(self._pages, [(key, zone.managed) for key, zone in state.zones.items()])

    def reserve(self, key: ZoneKey, highest: str) -> int:
        """Pages that the zone keeps from allocations which could have used zones up to `highest` (lowmem_reserve)."""
        if (seen := self._seen.get(key)) is not None and highest in seen.reserve:
            return seen.reserve[highest]
        node, name = key
        ratio = _RESERVE_RATIO[name]
        if not ratio or key not in self._zones or not self._zones[key].managed:
            return 0
        above = ZONE_ORDER[ZONE_ORDER.index(name) + 1 : ZONE_ORDER.index(highest) + 1]
        return sum(self._zones[node, upper].managed for upper in above if (node, upper) in self._zones) // ratio

    def room(self, state: State, key: ZoneKey, order: int, highest: str, low: bool, boost: int = 0) -> int:
        """How many allocations of ``2**order`` pages the watermark lets through (zone_watermark_ok)."""
        spare = state.zones[key].free - self.min_or_low(key, low) - boost - self.reserve(key, highest)
        return max(0, spare >> order)


def set_watermarks(state: State) -> None:
    """The kernel reckons them anew, as every online and offline makes it do: what a capture showed holds no longer. How much lay
    under the high ones of kernel zones is kept, for that does not count when they are reckoned (nr_free_buffer_pages)."""
    table = state.watermarks
    if table:
        state.globals.change(lowmem_high=sum(2 * m.low - m.min for key, m in table.items() if key[1] in KERNEL_ZONES))
    for key in list(table):
        table.drop(key)


def _computed(state: State) -> _Marks:
    """The watermarks that follow from the zones, and from what lay under the high ones of before: that is known of a capture, and
    else taken to be what would without it."""
    geometry = state.geometry
    zones = tuple([(key, zone.managed, zone.early) for key, zone in state.zones.items() if zone.managed])
    lowmem = [(key, managed) for key, managed, _ in zones if key[1] in KERNEL_ZONES]
    above = sum(managed for _, managed in lowmem)
    transparent = geometry.pageblock_pages if _transparent(state) else 0
    rules = state.model.movable_minimum_apart, geometry.page_size // 1024, transparent
    if high := state.globals.value.lowmem_high:
        return _min_and_low(zones, max(0, above - high), *rules)
    return _min_and_low(zones, _above(_min_and_low(zones, above, *rules), lowmem), *rules)


def _transparent(state: State) -> bool:
    """Are there transparent huge pages (hugepage_flags_enabled)? On POWER with hash page tables the hardware must offer pages of
    16 MiB, of which the vmemmap is made then."""
    kind = state.preset.transparent
    return state.boot.transparent_hugepage != "never" and (
        kind == "always" or (kind == "huge vmemmap" and state.geometry.huge_vmemmap)
    )


@lru_cache(maxsize=64)
def _min_and_low(
    zones: tuple[tuple[ZoneKey, int, int], ...], above: int, apart: bool, page_kib: int, pageblock_pages: int
) -> _Marks:
    """By the managed pages and present_early_pages of zones. `above`: managed pages above the high watermarks of before
    (nr_free_buffer_pages); `apart`: ZONE_MOVABLE has a minimum of its own. `pageblock_pages` is 0 where there are no
    transparent huge pages; where there are, the first answer is the ground for a second (set_recommended_min_free_kbytes)."""
    least = min(max(isqrt(above * page_kib * 16), 128), 262144) // page_kib
    marks = _shared_out(zones, least, apart)
    boot_bytes = sum(min(managed, early) for _, managed, early in zones) * page_kib * 1024
    if not pageblock_pages or boot_bytes < _HUGE_PAGES_FROM:
        return marks
    lowmem = [(key, managed) for key, managed, _ in zones if key[1] in KERNEL_ZONES]
    wanted = min(pageblock_pages * len(lowmem) * 11, _above(marks, lowmem) // 20)
    return _shared_out(zones, wanted, apart) if wanted > least else marks


def _shared_out(zones: tuple[tuple[ZoneKey, int, int], ...], pages_min: int, apart: bool) -> _Marks:
    """Each zone's part of min_free_kbytes, in pages (__setup_per_zone_wmarks)."""
    whole = sum(managed for key, managed, _ in zones if key[1] in KERNEL_ZONES or not apart)
    marks: _Marks = {}
    for key, managed, _ in zones:
        share = pages_min * managed // max(whole, 1)
        least = min(max(managed // 1024, 32), 128) if apart and key[1] == MOVABLE else share
        marks[key] = (least, least + max(share // 4, managed // 1000))
    return marks


def _high(marks: _Marks, key: ZoneKey) -> int:
    least, low = marks.get(key, (0, 0))
    return 2 * low - least


def _above(marks: _Marks, zones: list[tuple[ZoneKey, int]]) -> int:
    return sum(max(0, managed - _high(marks, key)) for key, managed in zones)
