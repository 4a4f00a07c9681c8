"""Pages join a zone and leave it: spans, links and pageblock types (move_pfn_range_to_zone and its opposite)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ..memory.section import Pages, Section, Types, put
from ..memory.state import State
from ..memory.zone import Zone
from ..numbers.bits import PageSet, lowest, span
from ..numbers.rounding import ceil
from ..protocol.vocabulary import FREE, ISOLATE, MEMMAP, PAGE_OFFLINE, UNMOVABLE, Kind, Migratetype, ZoneKey

_KEPT: Final[tuple[Kind, ...]] = (MEMMAP, PAGE_OFFLINE)
"""What pages of an offline section can be known to be."""
_NOTHING: Final = Pages()


@lru_cache(maxsize=256)
def _fresh(size: int, head: int) -> Pages:
    kinds: dict[Kind, int] = {MEMMAP: span(0, head), FREE: span(head, size - head)}
    return Pages({kind: mask for kind, mask in kinds.items() if mask})


@lru_cache(maxsize=256)
def _one_zone(key: ZoneKey, size: int) -> tuple[tuple[ZoneKey, int], ...]:
    return ((key, span(0, size)),)


@lru_cache(maxsize=256)
def _types(blocks: int, head_blocks: int, isolated: bool) -> Types:
    types: dict[Migratetype, int] = {}
    if head_blocks:
        types[UNMOVABLE] = span(0, head_blocks)
    if isolated and head_blocks < blocks:
        types[ISOLATE] = span(head_blocks, blocks - head_blocks)
    return Types(types)


def join_zone(state: State, section: Section, key: ZoneKey, head: int) -> Section:
    """An offline section gets a zone: its first `head` pages are its block's memmap, the rest is isolated, to be freed.

    Pages that a pool reserved at add time stay reserved, and those that a driver withholds stay withheld.
    """
    geometry = state.geometry
    size = geometry.pages_per_section
    pages = _fresh(size, head)
    for kind in _KEPT if section.pages else ():
        if kept := section.pages.get(kind, 0):
            pages = put(pages, kept, kind)
    head_blocks = ceil(head, geometry.pageblock_pages) if state.model.heads_unmovable else 0
    joined = Section(
        section.nr,
        section.node,
        section.early,
        False,
        _one_zone(key, size),
        pages,
        _types(geometry.pageblocks_per_section, head_blocks, True),
        section.memmap,
    )
    state.sections.put(section.nr, joined)
    return joined


def grow(state: State, key: ZoneKey, start: int, pages: int) -> None:
    """The span of the zone covers the range too; a zone that was empty begins there."""
    state.zones.put(key, (state.zones.get(key) or Zone(*key)).grown(start, pages))


def shrink(state: State, key: ZoneKey, start: int, pages: int) -> None:
    """The range left the zone: where it touched an end of the span, the span ends at the next online page of the zone
    (shrink_zone_span). A removal in the middle changes nothing."""
    zone = state.zones[key]
    end, behind = start + pages, zone.start + zone.spanned
    if zone.start == start:
        first = edge(state, key, end, behind, ascending=True)
        state.zones.put(key, zone.with_span(*((first, behind - first) if first is not None else (0, 0))))
    elif behind == end:
        last = edge(state, key, zone.start, start, ascending=False)
        state.zones.put(key, zone.with_span(*((zone.start, last - zone.start) if last is not None else (0, 0))))


def edge(state: State, key: ZoneKey, low: int, high: int, ascending: bool) -> int | None:
    """The lowest, or one behind the highest, pfn of a zone that is online in [low, high), or that still names the zone."""
    size = state.geometry.pages_per_section
    linked = state.model.spans_until_removal
    for section in state.sections_between(low // size, ceil(high, size), ascending):
        if section.online:
            zones = section.zones
        elif linked:
            block = state.blocks.get(section.nr // state.geometry.sections_per_block)
            zones = ((block.linked, span(0, size)),) if block is not None and block.linked is not None else ()
        else:
            continue
        for owner, mask in zones:
            if owner == key:
                base = section.nr * size
                inside = mask
                if base < low:
                    inside &= ~span(0, low - base)
                if base + size > high:
                    inside &= span(0, high - base)
                if inside:
                    return base + (lowest(inside) if ascending else inside.bit_length())
    return None


def leave_zone(state: State, section: Section, head: int) -> None:
    """The struct pages of an offline section say nothing any more, but for pages that a pool reserved at add time or that
    a driver withholds; nothing is kept of its first `head` pages, which are its block's memmap."""
    known: dict[Kind, int] = {}
    for kind in _KEPT:
        if kind in section.pages and (kept := section.pages[kind] >> head << head):
            known[kind] = PageSet(kept)
    pages = Pages(known) if known else _NOTHING
    left = Section(section.nr, section.node, section.early, False, (), pages, memmap=section.memmap)
    state.sections.put(section.nr, left)
