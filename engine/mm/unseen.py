"""What can be said of a range although no one saw some of its pages.

A capture without /proc/kpageflags tells how many pages of a zone are free, movable or the kernel's, and not which. So the
kinds that a state has for them (`Section.unseen`) are one arrangement of many: any of these pages may be where any other of
its zone is. What comes of a range holds for certain if it holds in all arrangements.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ..memory.derived import Derived
from ..memory.section import Section
from ..memory.state import State
from ..memory.zone import MOVABLE as MOVABLE_ZONE
from ..memory.zone import Evidence, Zone
from ..numbers.bits import within
from ..numbers.frozen import Frozen
from ..numbers.rounding import ceil
from ..protocol.events import PagesAssumed
from ..protocol.vocabulary import (
    ASSUMED,
    FREE,
    HUGE,
    MEMMAP,
    MOVABLE,
    PAGE_OFFLINE,
    PINNED,
    RECLAIMABLE,
    RESERVED,
    UNMOVABLE,
    UNMOVABLE_KINDS,
    Kind,
    ZoneKey,
)
from . import migrate
from .page_isolation import first_unmovable
from .watermarks import Watermarks

_EXACT: Final = Evidence()
_NEVER_MANAGED: Final[tuple[Kind, ...]] = (RESERVED, MEMMAP, PAGE_OFFLINE)
"""Kinds of pages that are present and not managed."""


class Tally(msgspec.Struct, frozen=True):
    """The pages of a zone that no one saw: how many there are, in so many pageblocks of so many memory blocks, and how many
    are of which kind. `unmanaged`: those that are present, and that the buddy was never given. `typed`: pageblocks among
    them that are Unmovable or Reclaimable, in which the kernel gathers its pages; heads of memmap left out."""

    pages: int
    pageblocks: int
    blocks: int
    kinds: Frozen[Kind, int]
    unmanaged: int
    typed: int
    evidence: Evidence

    @property
    def placed(self) -> int:
        """Pages that cannot be moved, as is known of each: only where it lies is a guess."""
        return sum(self.kinds.get(kind, 0) for kind in UNMOVABLE_KINDS)

    @property
    def kernel(self) -> int:
        """Pages that cannot be moved, by the counters."""
        return self.placed + self.kinds.get(ASSUMED, 0)

    def fixed(self, early: bool) -> int:
        """Pages at least that cannot be moved and may lie in a block; what was never managed is memory of the boot. Where no one
        counted the zone there is no such bound."""
        if not self.evidence.counted:
            return 0
        reserved = min(self.unmanaged, self.kinds.get(ASSUMED, 0)) if early else 0
        return max(0, self.placed + reserved - self.evidence.disguised)


class _Tallies:
    """What was counted of each zone, good for as long as the sections are those that were counted: one block after the other
    is asked of, and what a trial changed is as it was when the next is."""

    def __init__(self, state: State) -> None:
        self._changed = state.sections.watch()
        self._sections = dict(state.sections)
        self._counted: dict[ZoneKey, tuple[Zone, Evidence, Tally]] = {}

    def of(self, state: State, key: ZoneKey) -> Tally:
        """The count of a zone."""
        if any(state.sections.get(nr) != self._sections.get(nr) for nr in self._changed):
            self._sections = dict(state.sections)
            self._counted.clear()
        self._changed.clear()
        zone, evidence = state.zones[key], state.evidence.get(key, _EXACT)
        if key not in self._counted or self._counted[key][:2] != (zone, evidence):
            self._counted[key] = zone, evidence, _count(state, key)
        return self._counted[key][2]


_tallies = Derived(_Tallies)


def tally(state: State, key: ZoneKey) -> Tally:
    """Count the pages of a zone that no one saw."""
    return _tallies.of(state).of(state, key)


def _count(state: State, key: ZoneKey) -> Tally:
    """Sections that are alike share their sets of pages, and are counted once."""
    zone, geometry = state.zones[key], state.geometry
    alike: dict[tuple[int, int, int], list[tuple[Section, int]]] = {}
    blocks: set[int] = set()
    typed = 0
    for section, owned in state.zone_sections(key):
        alike.setdefault((id(section.pages), id(section.unseen), id(owned)), []).append((section, owned))
        if section.unseen:
            blocks.add(section.nr // geometry.sections_per_block)
            marked = sum(section.types.get(kind, 0).bit_count() for kind in (UNMOVABLE, RECLAIMABLE))
            typed += max(0, marked - ceil(section.count(MEMMAP), geometry.pageblock_pages)) if marked else 0
    kinds: dict[Kind, int] = {}
    known = total = pageblocks = 0
    for same in alike.values():
        section, owned = same[0]
        unseen = section.unseen & owned & ~section.hwpoison
        total += unseen.bit_count() * len(same)
        pageblocks += ceil(unseen.bit_count(), geometry.pageblock_pages) * len(same)
        for kind, pages in section.pages.items():
            if kind in _NEVER_MANAGED:
                known += (pages & owned).bit_count() * len(same)
            if here := pages & unseen:
                kinds[kind] = kinds.get(kind, 0) + here.bit_count() * len(same)
    unmanaged = max(0, zone.present - zone.managed - known)
    return Tally(total, pageblocks, len(blocks), Frozen(kinds), unmanaged, typed, state.evidence.get(key, _EXACT))


def unseen_pages(state: State, sections: list[Section], pfn: int, pages: int) -> dict[ZoneKey, int]:
    """How many pages of a range, which lies in `sections`, no one saw, by zone; none where there are none."""
    size = state.geometry.pages_per_section
    found: dict[ZoneKey, int] = {}
    for section in sections:
        if section.unseen:
            inside = within(section.nr * size, size, pfn, pages) & section.unseen & ~section.hwpoison
            for key, owned in section.zones:
                if count := (inside & owned).bit_count():
                    found[key] = found.get(key, 0) + count
    return found


def is_unseen(state: State, pfn: int) -> bool:
    """Is the kind of a page a guess?"""
    nr, at = divmod(pfn, state.geometry.pages_per_section)
    section = state.sections.get(nr)
    return section is not None and bool(section.unseen >> at & 1)


def doubts(state: State, sections: list[Section], pfn: int, pages: int, offline: bool = False) -> list[PagesAssumed]:
    """Whether a range of online pages, which lies in `sections`, can be emptied hangs on these; empty where it is known: all
    that matters was seen, a page that was seen forbids it, or so many pages cannot be moved that some must lie here.
    `offline`: it is to go offline, so that pages with a hardware error do not matter."""
    asked = unseen_pages(state, sections, pfn, pages)
    if not asked or _seen_in_the_way(state, sections, pfn, pages, offline):
        return []
    early = any(section.early for section in sections)
    found: list[PagesAssumed] = []
    for key, count in asked.items():
        if key[1] == MOVABLE_ZONE or not _could_be_free(state, key, count):
            zone = tally(state, key)
            if zone.fixed(early) > zone.pages - count:
                return []
            if not (_may_hinder(state, key, zone, pfn, early) or _may_lack_room(state, key, zone, count)):
                continue
        found.append(PagesAssumed(pfn, pages, *key, count))
    return found


def _could_be_free(state: State, key: ZoneKey, count: int) -> bool:
    """Are so many of the pages of a zone that no one saw free, that none of those in question need be in use?"""
    for section, owned in state.zone_sections(key):
        if section.unseen:
            count -= (section.of(FREE) & section.unseen & owned).bit_count()
            if count <= 0:
                return True
    return False


def _seen_in_the_way(state: State, sections: list[Section], pfn: int, pages: int, offline: bool) -> bool:
    in_zones = [section for section in sections if section.zones]
    return first_unmovable(state, in_zones, pfn, pages, offline, seen=True) is not None


def _may_hinder(state: State, key: ZoneKey, zone: Tally, pfn: int, early: bool) -> bool:
    """May pages that cannot be moved be among those of a zone that no one saw? Kernel zones always may have some, as counters
    are approximate and of another moment; ZONE_MOVABLE has those that the boot reserved."""
    if key[1] != MOVABLE_ZONE or not zone.evidence.counted or zone.placed or zone.kinds.keys() & {HUGE, PINNED}:
        return True
    if PAGE_OFFLINE in zone.kinds and not _of_virtio_mem(state, pfn):
        return True
    return early and ASSUMED in zone.kinds


def _of_virtio_mem(state: State, pfn: int) -> bool:
    """Does a page belong to a virtio-mem device, whose driver lets go of what it withholds?"""
    address = pfn * state.geometry.page_size
    return any("virtio_mem" in one.name and one.start <= address < one.end for one in state.resources.values())


def _may_lack_room(state: State, key: ZoneKey, zone: Tally, count: int) -> bool:
    """If as many of the unseen pages as can be were movable ones: could they find no room elsewhere?"""
    movable = min(count, zone.kinds.get(MOVABLE, 0) + zone.kinds.get(ASSUMED, 0))
    targets, highest = migrate.target_zones(state, key)
    watermarks = Watermarks(state)
    room = sum(watermarks.room(state, target, 0, highest, False) for target in targets)
    return movable > room - (count - movable if key in targets else 0)
