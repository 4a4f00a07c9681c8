"""How far allocations may drain each zone: its watermarks and lowmem reserves (init_per_zone_wmark_min, mm/page_alloc.c)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import isqrt
from typing import Final

from ..memory.state import State
from ..memory.zone import DMA, DMA32, KERNEL_ZONES, MOVABLE, NORMAL, ZONE_ORDER, Reckoned, ZoneWatermarks
from ..numbers.frozen import Frozen
from ..numbers.rounding import ceil
from ..numbers.units import MIB
from ..protocol.vocabulary import ZoneKey

_RESERVE_RATIO: Final = {DMA: 256, DMA32: 256, NORMAL: 32, MOVABLE: 0}
_SCALE: Final = 10
"""watermark_scale_factor of a boot; of so many parts of a zone it is:"""
_WHOLE: Final = 10_000
_MOST_SCALE: Final = 3000
_ABOVE: Final = {name: ZONE_ORDER[at + 1 :] for at, name in enumerate(ZONE_ORDER)}
_NONE: Final[Frozen[ZoneKey, int]] = Frozen()
_NOT_YET: Final = Reckoned()
_HUGE_PAGES_FROM: Final = 512 * MIB
"""Transparent huge pages, and the free memory kept for them, are off on machines that booted with less."""


class Watermarks:
    """min and low of every zone and the lowmem reserves: as captured, or as the last online or offline set them
    (`set_watermarks`); those of a zone that has neither are as a boot with this memory sets them."""

    def __init__(self, state: State) -> None:
        self._seen = state.watermarks
        self._set = state.reckoned.value
        self._managed, self._boot = self._set.managed, _NOT_YET
        if state.zones.keys() <= self._managed.keys():
            return
        managed = _managed(state)
        known: Mapping[ZoneKey, object] = self._managed or self._seen
        fresh = not managed.keys() <= known.keys()
        if fresh:
            self._boot = _reckoned(state)
        if fresh or not self._managed:
            self._managed = managed

    def min_and_low(self, key: ZoneKey) -> tuple[int, int]:
        """The min and the low watermark of a zone, pages."""
        known = self._set
        if key not in known.managed:
            if not known.managed and (seen := self._seen.get(key)) is not None:
                return seen.min, seen.low
            known = self._boot
        own = known.apart and key[1] == MOVABLE
        return _marks(known.managed.get(key, 0), known.pages_min, known.shared, own, known.scale)

    def min_or_low(self, key: ZoneKey, low: bool) -> int:
        """The low or else the min watermark of a zone, pages."""
        return self.min_and_low(key)[low]

    def high(self, key: ZoneKey) -> int:
        """The high watermark of a zone, pages: as far above low as that is above min."""
        least, low = self.min_and_low(key)
        return 2 * low - least

    def highs(self, low: _Low) -> Frozen[ZoneKey, int]:
        """The high watermarks of kernel zones, pages; those that are missing are 0."""
        if self._managed is self._set.managed:
            return self._set.high
        return Frozen({key: self.high(key) for key, _ in low})

    def above_high(self, state: State) -> int:
        """Managed pages of all zones, less what lies under their high watermarks (nr_free_zone_pages)."""
        return sum(max(0, zone.managed - self.high(key)) for key, zone in state.zones.items())

    def reserve(self, key: ZoneKey, highest: str) -> int:
        """Pages that the zone keeps from allocations which could have used zones up to `highest` (lowmem_reserve)."""
        if key in self._set.managed:
            return _reserve(self._set.managed, key, highest)
        if not self._set.managed and (seen := self._seen.get(key)) is not None and highest in seen.reserve:
            return seen.reserve[highest]
        return _reserve(self._managed, key, highest)

    def room(self, state: State, key: ZoneKey, order: int, highest: str, low: bool, boost: int = 0) -> int:
        """How many allocations of ``2**order`` pages the watermark lets through (zone_watermark_ok)."""
        spare = state.zones[key].free - self.min_or_low(key, low) - boost - self.reserve(key, highest)
        return max(0, spare >> order)


def set_watermarks(state: State, before: Watermarks) -> None:
    """The kernel reckons them anew from the managed pages of this moment, as every online and offline makes it do. What it
    reckons with is kept, the rest is worked out when it is asked for. `before`: what they were until then."""
    state.reckoned.put(None, _reckoned(state, before))


def minimum_asked(state: State) -> int:
    """min_free_kbytes of a captured state, if someone set it: the zones' min are its parts, and are far more than the kernel
    reckons (and less than there is). 0 where they are not."""
    reckoned = _reckoned(state)
    shared = [key for key in reckoned.managed if key[1] in KERNEL_ZONES or not reckoned.apart]
    if not all(key in state.watermarks for key in shared):
        return 0
    pages = sum(state.watermarks[key].min for key in shared)
    set_by_hand = reckoned.pages_min * 3 // 2 < pages < reckoned.shared
    return pages * (state.geometry.page_size // 1024) if set_by_hand else 0


def scale_asked(state: State) -> int:
    """watermark_scale_factor of a captured state, if someone set it: low lies so many ten thousandths of each kernel zone above
    min. 0 where nobody did, or the zones do not agree."""
    seen = [
        (zone.managed, known.min // 4, known.low - known.min)
        for key, zone in state.zones.items()
        if (known := state.watermarks.get(key)) is not None and zone.managed and key[1] in KERNEL_ZONES
    ]
    above = [ceil(apart * _WHOLE, managed) for managed, share, apart in seen if apart > share]
    scale = min(above, default=_SCALE)
    agree = all(apart == max(share, managed * scale // _WHOLE) for managed, share, apart in seen)
    return scale if agree and _SCALE < scale <= _MOST_SCALE else 0


def watermarks_of(state: State) -> Mapping[ZoneKey, ZoneWatermarks]:
    """min, low and lowmem reserves of each zone as captured or set last; none where a boot set them."""
    reckoned = state.reckoned.value
    if not reckoned.managed:
        return state.watermarks
    marks = Watermarks(state)
    return {
        key: ZoneWatermarks(
            *marks.min_and_low(key),
            Frozen({above: _reserve(reckoned.managed, key, above) for above in _ABOVE[key[1]]}),
        )
        for key in reckoned.managed
    }


def _managed(state: State) -> Frozen[ZoneKey, int]:
    """Managed pages of the zones that have some."""
    return Frozen({key: zone.managed for key, zone in state.zones.items() if zone.managed})


def _reckoned(state: State, before: Watermarks | None = None) -> Reckoned:
    """By managed pages, and the watermarks of `before`: what lies under the high ones does not count (nr_free_buffer_pages)."""
    managed: dict[ZoneKey, int] = {}
    booted = 0
    for key, zone in state.zones.items():
        if pages := zone.managed:
            managed[key] = pages
            if early := zone.early:
                booted += early if early < pages else pages
    low = tuple([each for each in managed.items() if each[0][1] in KERNEL_ZONES])
    page_size, now = state.geometry.page_size, state.globals.value
    apart = len(low) < len(managed) and state.model.movable_minimum_apart  # ZONE_MOVABLE has pages
    shared = sum([pages for _, pages in low] if apart else managed.values())
    huge = booted * page_size >= _HUGE_PAGES_FROM and _transparent(state)
    transparent = state.geometry.pageblock_pages if huge else 0
    scale = now.watermark_scale_factor or _SCALE
    under = before.highs(low) if before is not None else _NONE
    pages_min, high = _minimum(low, under, shared, page_size, transparent, scale, now.min_free_kbytes)
    return Reckoned(Frozen(managed), pages_min, shared, apart, scale, high)


_Low = tuple[tuple[ZoneKey, int], ...]
"""Kernel zones and their managed pages."""


def _transparent(state: State) -> bool:
    """Are there transparent huge pages (hugepage_flags_enabled)? On POWER with hash page tables the hardware must offer pages of
    16 MiB, of which the vmemmap is made then."""
    kind = state.preset.transparent
    return state.boot.transparent_hugepage != "never" and (
        kind == "always" or (kind == "huge vmemmap" and state.geometry.huge_vmemmap)
    )


@lru_cache(maxsize=64)
def _minimum(
    low: _Low, under: Frozen[ZoneKey, int], shared: int, page_size: int, pageblock_pages: int, scale: int, asked: int
) -> tuple[int, Frozen[ZoneKey, int]]:
    """min_free_kbytes in pages, by the managed pages of kernel zones and those that lay under their high watermarks before; and
    the high watermarks that it makes. `pageblock_pages` is 0 where there are no transparent huge pages; where there are, the
    first answer is the ground for a second (set_recommended_min_free_kbytes). `asked`: what someone set, if it is more."""
    page_kib = page_size // 1024
    above = sum([max(0, pages - under.get(key, 0)) for key, pages in low])
    least = min(max(isqrt(above * page_kib * 16), 128), 262144) // page_kib
    if pageblock_pages:
        marks = _high(low, least, shared, scale)
        left = sum([max(0, pages - marks[key]) for key, pages in low])
        least = max(least, min(pageblock_pages * len(low) * 11, left // 20))
    least = max(least, asked * 1024 // page_size)
    return least, _high(low, least, shared, scale)


def _high(low: _Low, pages_min: int, shared: int, scale: int) -> Frozen[ZoneKey, int]:
    """The high watermarks of kernel zones: as far above low as that is above min."""
    marks = [(key, _marks(pages, pages_min, shared, False, scale)) for key, pages in low]
    return Frozen({key: 2 * low - least for key, (least, low) in marks})


@lru_cache(maxsize=256)
def _marks(managed: int, pages_min: int, shared: int, own: bool, scale: int) -> tuple[int, int]:
    """min and low of a zone: its part of min_free_kbytes, and low as far above it as high above low (__setup_per_zone_wmarks).
    `own`: its min is one of its own."""
    share = pages_min * managed // max(shared, 1)
    least = min(max(managed // 1024, 32), 128) if own else share
    return (least, least + max(share // 4, managed * scale // _WHOLE)) if managed else (0, 0)


def _reserve(managed: Mapping[ZoneKey, int], key: ZoneKey, highest: str) -> int:
    """What a zone keeps from allocations that could have used zones up to `highest` (setup_per_zone_lowmem_reserve)."""
    node, name = key
    if not _RESERVE_RATIO[name] or not managed.get(key):
        return 0
    above = ZONE_ORDER[ZONE_ORDER.index(name) + 1 : ZONE_ORDER.index(highest) + 1]
    return sum([managed.get((node, upper), 0) for upper in above]) // _RESERVE_RATIO[name]
