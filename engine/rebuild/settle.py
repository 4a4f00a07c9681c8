"""Make the pages of a zone agree with its counters: pages that nobody saw are shared out so that every counter is met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from ..memory.section import Pages, put
from ..memory.state import State
from ..memory.zone import MOVABLE as MOVABLE_ZONE
from ..memory.zone import Zone
from ..numbers.bits import lowest_n
from ..protocol.vocabulary import (
    ABSENT,
    ASSUMED,
    FREE,
    KERNEL,
    MEMMAP,
    MOVABLE,
    PAGE_OFFLINE,
    PAGETABLE,
    PCP,
    RESERVED,
    SLAB,
    VMEMMAP,
    Kind,
    ZoneKey,
)

_LRU: Final = (
    "nr_zone_inactive_anon",
    "nr_zone_active_anon",
    "nr_zone_inactive_file",
    "nr_zone_active_file",
    "nr_zone_unevictable",
)
_SHARED_OUT: Final[tuple[Kind, ...]] = (FREE, PCP, MOVABLE, ASSUMED, PAGE_OFFLINE)
_GIVEN_UP: Final[tuple[Kind, ...]] = (SLAB, PAGETABLE, KERNEL, VMEMMAP, RESERVED)
"""Pages that only the model placed, in the order in which they give way to a counter that leaves no room for them."""


class Part:
    """Some sections of one zone: their pages in it, without those that are left out, counted by kind and changed in place."""

    def __init__(self, state: State, key: ZoneKey, numbers: Iterable[int], left_out: Mapping[int, int]) -> None:
        self.state = state
        self.owned: dict[int, int] = {}
        self.counts: dict[Kind, int] = {}
        self.early = False
        alike: dict[tuple[int, int], tuple[Pages, int, list[int]]] = {}  # equal sections share one value of each
        kinds, mine, same = Pages(), 0, list[int]()
        all_owned, early = self.owned, False
        for section in map(state.sections.__getitem__, numbers):
            zones, nr = section.zones, section.nr
            owned = zones[0][1] if len(zones) == 1 else dict(zones)[key]
            if nr in left_out:
                owned &= ~left_out[nr]
            if owned:
                all_owned[nr] = owned
                early = early or section.early
                if section.pages is not kinds or owned is not mine:  # than those of the one before
                    kinds, mine = section.pages, owned
                    same = alike.setdefault((id(kinds), id(mine)), (kinds, mine, []))[2]
                same.append(nr)
        self.early = early
        for kinds, mine, same in alike.values():
            for kind, pages in kinds.items():
                self.counts[kind] = self.counts.get(kind, 0) + (pages & mine).bit_count() * len(same)

    @property
    def total(self) -> int:
        """Pages that are there."""
        return sum(count for kind, count in self.counts.items() if kind != ABSENT)

    @property
    def fixed(self) -> int:
        """Pages of kinds that are not shared out."""
        return sum(count for kind, count in self.counts.items() if kind not in (*_SHARED_OUT, ABSENT))

    def have(self, kind: Kind) -> int:
        """Pages of a kind."""
        return self.counts.get(kind, 0)

    def turn(self, source: Kind, target: Kind, count: int) -> int:
        """Make up to `count` pages of one kind another: used pages gather at the low end, free ones at the high end."""
        left = min(count, self.have(source))
        if left <= 0:
            return 0
        done = 0
        numbers = reversed(self.owned) if target in (FREE, PCP) else iter(self.owned)
        for nr in numbers:
            section = self.state.sections[nr]
            pool = section.of(source) & self.owned[nr]
            if not pool:
                continue
            taken = lowest_n(pool, left - done)
            pages: Pages = put(section.pages, taken, target)
            self.state.sections.load({nr: msgspec.structs.replace(section, pages=pages)})
            done += taken.bit_count()
            if done == left:
                break
        self.counts[source] -= done
        self.counts[target] = self.have(target) + done
        return done


def settle_zone(
    state: State, key: ZoneKey, numbers: list[int], seen_pages: Mapping[int, int], counters: dict[str, int], prior: bool
) -> str | None:
    """Bring the pages of the zone's sections to its free and per-CPU counts; what does not fit is returned in words.

    `numbers` are the zone's online sections, ascending, `seen_pages` the sets of those of their pages that were
    seen, or are known by iomem. The zone's counts are set to what its pages say in the end.
    """
    zone = state.zones[key]
    unseen = {nr: ~seen_pages[nr] for nr in numbers if nr in seen_pages}
    seen = Part(state, key, unseen, unseen)
    rest = Part(state, key, numbers, seen_pages)
    want_free, want_pcp = zone.free - seen.have(FREE), zone.pcp - seen.have(PCP)
    if rest.total:
        lru = _lru(counters, seen, rest, prior)
        _share_out(rest, zone, max(0, want_free), max(0, want_pcp), lru, seen.have(RESERVED))
        want_free -= rest.have(FREE)
        want_pcp = max(0, want_pcp - rest.have(PCP))
    if want_free < 0 and not rest.total:
        # kpageflags is read after zoneinfo, and in between lists were emptied: what it calls free is free
        drained = min(-want_free, max(0, want_pcp))
        zone = zone.plus(free=drained, pcp=-drained)
        want_free, want_pcp = want_free + drained, want_pcp - drained
    if want_free < 0:
        want_free += seen.turn(FREE, PCP, min(-want_free, max(0, want_pcp)))
        want_free += seen.turn(FREE, MOVABLE, -want_free)
    for kind in (PCP, MOVABLE):
        if want_free > 0:
            want_free -= seen.turn(kind, FREE, want_free)
    free = seen.have(FREE) + rest.have(FREE)
    pcp = max(zone.pcp, seen.have(PCP) + rest.have(PCP))
    state.zones.load({key: msgspec.structs.replace(zone, free=free, pcp=pcp)})
    return "; ".join(_misfits(zone, seen.total + rest.total, free, bool(want_free))) or None


def _misfits(zone: Zone, present: int, free: int, misses: bool) -> Iterator[str]:
    """A sentence on each count of a zone that its pages do not have: of them so many are present and free."""
    named = f"zone {zone.name} of node {zone.node}"
    if misses:
        yield f"{named}: {zone.free} free pages do not fit its {zone.present} present pages; {free} are taken"
    if present and present != zone.present:
        yield f"{named}: {zone.present} pages are present, its online blocks have {present}"


def _lru(counters: dict[str, int], seen: Part, rest: Part, prior: bool) -> int:
    """How many of the unseen pages are movable."""
    if not any(name in counters for name in _LRU):
        return rest.have(MOVABLE) if prior else 0
    return max(0, lru_pages(counters) - seen.have(MOVABLE))


def lru_pages(counters: dict[str, int]) -> int:
    """Movable pages of a zone by its counters."""
    return sum(counters.get(name, 0) for name in _LRU)


def _share_out(rest: Part, zone: Zone, free: int, pcp: int, lru: int, reserved: int) -> None:
    """Share the pages of a zone that no one saw out to the kinds that its counts leave for them: so many free ones, on CPUs'
    lists and, by the LRU lists, movable ones; `reserved` pages that were seen are not managed either."""
    total = rest.total
    free = min(free, total - rest.have(MEMMAP))
    pcp = min(pcp, total - rest.have(MEMMAP) - free)
    used = total - free - pcp
    for kind in _GIVEN_UP:
        if (fixed := rest.fixed) > used:
            rest.turn(kind, FREE, fixed - used)
    used = max(0, used - rest.fixed)
    unmanaged = min(max(0, zone.present - zone.managed - rest.have(MEMMAP) - rest.have(RESERVED) - reserved), used)
    movable = used - unmanaged if zone.name == MOVABLE_ZONE else min(lru, used - unmanaged)
    withheld = 0 if rest.early else unmanaged
    targets: dict[Kind, int] = {
        FREE: free, PCP: pcp, MOVABLE: movable, PAGE_OFFLINE: withheld, ASSUMED: used - movable - withheld
    }  # fmt: skip
    surplus = {kind: rest.have(kind) - want for kind, want in targets.items()}
    for source in (FREE, ASSUMED, MOVABLE, PAGE_OFFLINE, PCP):
        for target in (PCP, MOVABLE, ASSUMED, PAGE_OFFLINE, FREE):
            if surplus[source] > 0 and surplus[target] < 0:
                moved = rest.turn(source, target, min(surplus[source], -surplus[target]))
                surplus[source] -= moved
                surplus[target] += moved
