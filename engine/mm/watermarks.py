"""How far allocations may drain each zone: its watermarks and lowmem reserves (init_per_zone_wmark_min, mm/page_alloc.c)."""

from __future__ import annotations

from functools import lru_cache
from math import isqrt
from typing import Final

from ..memory.state import State
from ..memory.zone import DMA, DMA32, KERNEL_ZONES, MOVABLE, NORMAL, ZONE_ORDER, ZoneWatermarks
from ..numbers.frozen import Frozen
from ..numbers.units import MIB
from ..protocol.vocabulary import ZoneKey

_RESERVE_RATIO: Final = {DMA: 256, DMA32: 256, NORMAL: 32, MOVABLE: 0}
_ABOVE: Final = {name: ZONE_ORDER[at + 1 :] for at, name in enumerate(ZONE_ORDER)}
_HUGE_PAGES_FROM: Final = 512 * MIB
"""Transparent huge pages, and the free memory kept for them, are off on machines that booted with less."""

_Marks = dict[ZoneKey, tuple[int, int]]
"""min and low of zones, pages; high lies as far above low as that above min."""


class Watermarks:
    """min and low of every zone and the lowmem reserves: as captured, or as the last online or offline set them
    (`set_watermarks`); those of a zone that has neither are as a boot with this memory sets them."""

    def __init__(self, state: State) -> None:
        self._seen = state.watermarks
        self._managed = {zone.key: zone.managed for zone in state.zones.values() if zone.managed}
        self._pages = {key: (seen.min, seen.low) for key, seen in state.watermarks.items()}
        if not self._managed.keys() <= self._pages.keys():
            self._pages = {**_computed(state, {}), **self._pages}

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
        return _reserves(self._managed, key).get(highest, 0)

    def room(self, state: State, key: ZoneKey, order: int, highest: str, low: bool, boost: int = 0) -> int:
        """How many allocations of ``2**order`` pages the watermark lets through (zone_watermark_ok)."""
        spare = state.zones[key].free - self.min_or_low(key, low) - boost - self.reserve(key, highest)
        return max(0, spare >> order)


def set_watermarks(state: State, before: Watermarks) -> None:
    """The kernel reckons them anew from the managed pages of this moment, as every online and offline makes it do. `before`: what
    they were until then."""
    managed = {zone.key: zone.managed for zone in state.zones.values() if zone.managed}
    pages = _computed(state, before._pages)
    for key in [key for key in state.watermarks if key not in managed]:
        state.watermarks.drop(key)
    for key, (least, low) in pages.items():
        state.watermarks.put(key, ZoneWatermarks(least, low, Frozen(_reserves(managed, key))))


def _computed(state: State, before: _Marks) -> _Marks:
    """The watermarks that follow from the zones, and from those of `before`: what lies under the high ones does not count."""
    geometry = state.geometry
    zones = tuple((zone.key, zone.managed, zone.early) for zone in state.zones.values() if zone.managed)
    lowmem = [(key, managed) for key, managed, _ in zones if key[1] in KERNEL_ZONES]
    apart, page_kib = state.model.movable_minimum_apart, geometry.page_size // 1024
    transparent = geometry.pageblock_pages if _transparent(state) else 0
    return _min_and_low(zones, _above(before, lowmem), apart, page_kib, transparent)


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


def _reserves(managed: dict[ZoneKey, int], key: ZoneKey) -> dict[str, int]:
    """What a zone keeps from allocations that could have used zones up to each one above it (setup_per_zone_lowmem_reserve)."""
    node, name = key
    ratio = _RESERVE_RATIO[name] if managed.get(key) else 0
    above, found = 0, {}
    for upper in _ABOVE[name]:
        above += managed.get((node, upper), 0)
        found[upper] = above // ratio if ratio else 0
    return found
