"""From a capture to pages: those that /proc/kpageflags shows exactly, the others so that the counters are met."""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from operator import attrgetter
from typing import Final

import msgspec

from ..memory.section import Memmap, Pages, Section, Types, in_zones, put
from ..memory.state import State
from ..memory.zone import ZONE_ORDER
from ..mm import windows
from ..numbers.bits import PageSet, span
from ..numbers.rounding import ceil, up
from ..protocol.vocabulary import (
    ABSENT,
    FREE,
    KERNEL,
    MEMMAP,
    PAGE_OFFLINE,
    UNMOVABLE,
    Kind,
    ZoneKey,
)
from ..reading.kpageflags import head_pages
from .draft import Alike, Draft
from .housed import house_memmap

_KIND: Final = attrgetter("nodes", "zone", "early", "head")
_SOMEWHERE: Final = Memmap("kernel")
_KEPT: Final[tuple[Kind, ...]] = (MEMMAP, PAGE_OFFLINE)
"""What pages stay when their block goes offline or online."""


def find_heads(draft: Draft) -> None:
    """Blocks of which a file says that they carry their own memmap have heads, and online blocks whose first pages are seen to be
    heads have these."""
    blocks, pages = draft.state.blocks, draft.state.geometry.memmap_pages_per_block
    for reading in draft.seen.blocks:
        if reading.carries and reading.id in blocks:
            known = blocks[reading.id]
            blocks.load({reading.id: msgspec.structs.replace(known, head=known.head or pages, early=False)})
    for number in draft.state.blocks if draft.starts else ():
        _find_head(draft, number)


def build_sections(draft: Draft) -> None:
    """Every present section with its pages, as far as they are seen or known; counters are not looked at yet."""
    state, per_block = draft.state, draft.state.geometry.sections_per_block
    unseen = draft.prior is None and not draft.starts
    made: dict[int, Section] = {}
    blocks = map(state.blocks.__getitem__, state.blocks.ascending())
    for (nodes, zone, early, head), run in groupby(blocks, _KIND):
        plain, kind = unseen and zone is not None and not head, (nodes, zone, early)
        alike = draft.alike.get(kind) if plain else None
        firsts = [block.id * per_block for block in run]
        for nr in firsts if per_block == 1 else [nr for first in firsts for nr in range(first, first + per_block)]:
            whole = not early or _is_solid(draft, nr)
            if alike is not None and whole:
                made[nr] = Section(nr, *alike)
                continue
            state.sections.load(made)
            made.clear()
            _build(draft, nr // per_block, nr)
            if plain and whole:
                alike = draft.alike[kind] = _but_for_number(state.sections[nr])
    state.sections.load(made)
    if draft.prior is not None:
        _keep_leaks(draft, draft.prior)
    house_memmap(draft)


def _find_head(draft: Draft, number: int) -> None:
    state = draft.state
    block = state.blocks[number]
    if block.state == "offline" or block.head:
        return
    start, pages = state.block_range(number)
    needed = state.geometry.memmap_pages_per_block
    most = up(needed, state.geometry.pageblock_pages)
    found = head_pages(draft.runs_in(start, most), start, min(most, pages - 1))
    if found >= needed and state.model.heads_present:
        state.blocks.load({number: msgspec.structs.replace(block, head=found, early=False)})


def _is_solid(draft: Draft, nr: int) -> bool:
    """Is all of a boot section System RAM?"""
    if nr not in draft.solid:
        size = draft.state.geometry.pages_per_section
        at = bisect_left(draft.ram, (nr * size + 1, 0)) - 1
        low, high = draft.ram[at] if at >= 0 else (0, 0)
        draft.solid = range(ceil(low, size), high // size)
    return nr in draft.solid


def _but_for_number(one: Section) -> Alike:
    """What whole sections have in common of which nothing but their blocks was read, and these are alike."""
    return (one.node, one.early, True, one.zones, one.pages, one.types, one.memmap, True)


def _build(draft: Draft, number: int, nr: int) -> None:
    state, block = draft.state, draft.state.blocks[number]
    size = state.geometry.pages_per_section
    known = draft.prior.sections.get(nr) if draft.prior is not None else None
    memmap = _memmap(state, number, nr, known)
    head = min(max(block.head - (nr * size - state.block_range(number)[0]), 0), size)
    kept = {kind: PageSet(rest) for kind in _KEPT if known is not None and (rest := known.of(kind) & ~span(0, head))}
    if block.state == "offline":
        pages_ = Pages(kept) if known is None or known.online else known.pages
        state.sections.load({nr: Section(nr, block.node, block.early, False, (), pages_, memmap=memmap)})
        return
    absent = _holes(draft, nr, size) if block.early else 0
    if absent == draft.full:
        return
    zones = _zones(draft, number, nr, absent)
    absent |= draft.full & ~in_zones(zones)
    if absent == draft.full:
        return
    if known is not None and known.online and known.zones == zones:
        pages_, types, estimated = known.pages, known.types, known.estimated
    else:
        pages_, types, estimated = _blank(draft, head, absent), _head_types(state, head), True
        pages_ = put(pages_, kept.get(MEMMAP, 0) & ~absent, MEMMAP)
    section = Section(nr, _node(zones, block.node), block.early, True, zones, pages_, types, memmap, estimated)
    state.sections.load({nr: _overlay(draft, section, head, absent) if draft.starts else section})


def _memmap(state: State, number: int, nr: int, known: Section | None) -> Memmap:
    block = state.blocks[number]
    if known is not None and known.memmap is not None:
        return known.memmap
    if block.head and not _in_boot_window(state, nr):
        start, _ = state.block_range(number)
        per_section = state.geometry.memmap_bytes_per_section
        at = (nr * state.geometry.pages_per_section - start) // state.geometry.pages_per_section * per_section
        pfn = start + at // state.geometry.page_size
        return Memmap("self", pfn, ((pfn, state.geometry.memmap_pages_per_section),))
    return _SOMEWHERE


def _in_boot_window(state: State, nr: int) -> bool:
    """Does a window of vmemmap that boot memory made serve section `nr` as well?"""
    if not windows.window_pages(state):
        return False
    per_block, window = state.geometry.sections_per_block, windows.window_of(state, nr)
    blocks = (state.blocks.get(number) for number in range(window.start // per_block, ceil(window.stop, per_block)))
    return any(block is not None and block.early and not block.head for block in blocks)


def _blank(draft: Draft, head: int, absent: int) -> Pages:
    """Everything free but head and holes; equal sections share one value."""
    known = draft.blanks.get((head, absent))
    if known is not None:
        return known
    full = span(0, draft.state.geometry.pages_per_section)
    kinds: dict[Kind, int] = {ABSENT: absent, MEMMAP: span(0, head), FREE: full & ~absent & ~span(0, head)}
    pages = draft.blanks[head, absent] = Pages({kind: PageSet(mask) for kind, mask in kinds.items() if mask})
    return pages


def _head_types(state: State, head: int) -> Types:
    blocks = ceil(head, state.geometry.pageblock_pages)
    return Types({UNMOVABLE: span(0, blocks)}) if head and state.model.heads_unmovable else Types()


def _holes(draft: Draft, nr: int, size: int) -> int:
    """Pages of a boot section that are no System RAM."""
    base, there = nr * size, 0
    at = bisect_left(draft.ram, (base + 1, 0)) - 1
    for low, high in draft.ram[max(at, 0) :]:
        if low <= base and base + size <= high:
            return 0
        if low >= base + size:
            break
        if high > base:
            there |= span(max(low, base) - base, min(high, base + size) - max(low, base))
    return span(0, size) & ~there


def _zones(draft: Draft, number: int, nr: int, absent: int) -> tuple[tuple[ZoneKey, int], ...]:
    state = draft.state
    block, size = state.blocks[number], state.geometry.pages_per_section
    if block.zone is not None and block.zone in state.zones:
        return ((block.zone, draft.full),)
    left: int = draft.full
    zones: list[tuple[ZoneKey, int]] = []
    for name in ZONE_ORDER:
        for node in block.nodes:
            zone = state.zones.get((node, name))
            if zone is None:
                continue
            low, high = max(zone.start - nr * size, 0), min(zone.end - nr * size, size)
            mine = span(low, high - low) & left if low < high else 0
            if mine & ~absent:
                zones.append((zone.key, PageSet(mine)))
                left &= ~mine
    return tuple(zones)


def _node(zones: tuple[tuple[ZoneKey, int], ...], fallback: int) -> int:
    return zones[0][0][0] if zones else fallback


def _overlay(draft: Draft, section: Section, head: int, absent: int) -> Section:
    """Put what /proc/kpageflags says over a section; where it says all, nothing of the section is a guess any more."""
    size = draft.state.geometry.pages_per_section
    base = section.nr * size
    covered, bare, frozen, compound = 0, 0, 0, 0
    masks: dict[Kind, int] = {}
    for look, mask in draft.letters.sets(draft.runs_in(base, size), base, size):
        covered |= mask
        if not look.there:
            continue
        if look.kind is None:
            bare |= mask
        else:
            masks[look.kind] = masks.get(look.kind, 0) | mask
        if look.frozen:
            frozen |= mask
        if look.compound:
            compound |= mask
    if not covered:
        return section
    fixed = absent | span(0, head) | section.of(MEMMAP)
    pages = section.pages
    if everything := covered & ~fixed:
        pages = put(pages, everything, KERNEL)
        for kind, mask in masks.items():
            pages = put(pages, mask & ~fixed, kind)
    draft.covered[section.nr] = covered | absent
    if bare & ~fixed:
        draft.bare[section.nr] = draft.plain[section.nr] = bare & ~fixed
    if compound & ~fixed:
        draft.compound[section.nr] = compound & ~fixed
    complete = covered | absent == span(0, size)
    if complete:
        draft.exact.add(section.nr)
    return msgspec.structs.replace(section, pages=pages, estimated=not complete, frozen=PageSet(frozen & ~fixed))


def _keep_leaks(draft: Draft, prior: State) -> None:
    """Sections that a failed add left behind have no block, so no capture shows them."""
    state, per_block = draft.state, draft.state.geometry.sections_per_block
    for nr, section in prior.sections.items():
        if nr // per_block not in prior.blocks and nr not in state.sections:
            state.sections.load({nr: section})
