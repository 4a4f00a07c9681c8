"""Huge pages that are bigger than any free area: whole aligned ranges of one kernel zone, emptied and taken
(alloc_contig_pages, mm/page_alloc.c)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from typing import Final

import msgspec

from ...memory.section import union
from ...memory.state import State
from ...numbers.bits import lowest, within
from ...numbers.frozen import Frozen
from ...numbers.rounding import up
from ...protocol.events import Event, HugePageTaken
from ...protocol.vocabulary import ABSENT, HUGE, MEMMAP, MOVABLE, PINNED, POISONED, RESERVED, Kind, ZoneKey
from .. import unseen
from ..contig_range import take_range
from ..page_isolation import first_unmovable
from ..zonelist import zonelist
from . import pool

_BAD: Final[tuple[Kind, ...]] = (HUGE, RESERVED, MEMMAP, ABSENT, POISONED, PINNED)
"""Pages that no range may have; the first of them may be moved, or not."""


class Gigantic(msgspec.Struct, frozen=True):
    """How many huge pages of one size a node could give now: `count` of `candidates` aligned ranges inside its zones'
    spans, and how many of the others each kind of page stands in the way of, with the first such pfn."""

    count: int
    candidates: int
    blockers: Frozen[str, int]
    first: Frozen[str, int]


def contiguous(state: State, node: int, pages: int, count: int) -> Generator[Event, None, list[int]]:
    """Up to `count` aligned ranges of a node, ascending, each isolated, emptied and taken as a whole; their first pfns. Those
    with smaller huge pages come last, where they may be taken at all."""
    found: list[int] = []
    for moving in _passes(state):
        for key, start in candidates(state, node, pages):
            if len(found) == count:
                return found
            way = _in_the_way(state, key, start, pages, moving)
            if way is None and (yield from take_range(state, start, pages, HUGE)):
                found.append(start)
                yield HugePageTaken(start, pages)
            elif way is not None and unseen.is_unseen(state, way[0]):
                yield from unseen.doubts(state, state.sections_of(start, pages), start, pages)
    return found


def _passes(state: State) -> tuple[bool, ...]:
    """Are smaller huge pages moved out of the way? In each look at a node's ranges (alloc_contig_frozen_pages)."""
    return (False, True) if state.model.contig_moves_huge_pages and state.preset.moves_huge_pages else (False,)


def gigantic(state: State, node: int, size: int) -> Gigantic:
    """What alloc_contig_pages could find on a node now, without taking anything."""
    pages = size // state.geometry.page_size
    count, tried = 0, 0
    blockers: Counter[str] = Counter()
    first: dict[str, int] = {}
    for key, start in candidates(state, node, pages):
        tried += 1
        found = _in_the_way(state, key, start, pages, _passes(state)[-1])
        if found is None:
            count += 1
        else:
            blockers[found[1]] += 1
            first.setdefault(found[1], found[0])
    return Gigantic(count, tried, Frozen(blockers), Frozen(first))


def candidates(state: State, node: int, pages: int) -> Iterator[tuple[ZoneKey, int]]:
    """The aligned ranges of so many pages inside the spans of a node's zones: the zone, and the first pfn."""
    for key in zonelist(state, [node], pool.highest_zone(state, pages * state.geometry.page_size)):
        zone = state.zones[key]
        for start in range(up(zone.start, pages), zone.end - pages + 1, pages):
            yield key, start


def could_be_one(state: State, key: ZoneKey, start: int, pages: int) -> bool:
    """Could a range of a zone become one page now? It follows from its sections."""
    return _in_the_way(state, key, start, pages, _passes(state)[-1]) is None


def _in_the_way(state: State, key: ZoneKey, start: int, pages: int, moving: bool) -> tuple[int, str] | None:
    """The first page that keeps a range from becoming one page, and what it is (pfn_range_valid_contig, isolation). `moving`:
    huge pages do not, if they are smaller."""
    in_pool = pool.in_range(state, start, pages) if moving else []
    if (bigger := next((pfn for pfn, huge in in_pool if huge.pages >= pages), None)) is not None:
        return max(bigger, start), HUGE
    size = state.geometry.pages_per_section
    sections = state.sections_of(start, pages)
    bad = _BAD[moving:] if state.model.contig_moves_pages else (*_BAD, MOVABLE)
    at = start // size
    for section in sections:
        base = section.nr * size
        if section.nr != at or not section.online:
            return max(base, start), "offline"
        at += 1
        owned = dict(section.zones).get(key, 0)
        inside = within(base, size, start, pages)
        if inside & ~owned:
            return base + lowest(inside & ~owned), "another zone"
        if not section.pages.keys().isdisjoint(bad) and (found := union(section.pages, bad) & inside):
            pfn = lowest(found)
            kind = next(kind for kind in bad if section.of(kind) >> pfn & 1)
            return base + pfn, kind
    if at * size < start + pages:
        return at * size, "offline"
    blocker = first_unmovable(state, sections, start, pages)
    if blocker is None:
        assumed = [s for s in sections if s.of("assumed")]
        return (assumed[0].nr * size + lowest(assumed[0].of("assumed")), "assumed") if assumed else None
    return blocker
