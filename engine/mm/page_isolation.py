"""Page isolation: all pageblocks of a range stop giving out pages, or none (mm/page_isolation.c)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import msgspec

from ..memory.section import Section, Types, kinds_of, put, set_types, type_pages
from ..memory.state import State
from ..memory.zone import MOVABLE
from ..numbers.bits import lowest, lowest_n, span, within
from ..numbers.rounding import down
from ..protocol.reasons import HotplugError
from ..protocol.reasons.taking import Unmovable, UnseenKernelPages
from ..protocol.vocabulary import (
    ASSUMED,
    FREE,
    HUGE,
    ISOLATE,
    MOVABLE_TYPE,
    RESERVED,
    SLAB,
    UNMOVABLE_KINDS,
    VMEMMAP,
    Chunk,
    Kind,
    ZoneKey,
)
from . import sparse_vmemmap

_EVER_BLOCKING: Final[frozenset[Kind]] = frozenset((*UNMOVABLE_KINDS, HUGE))
_NO_TYPES: Final[Mapping[int, Types]] = MappingProxyType({})


def start_isolate(state: State, sections: list[Section], pfn: int, pages: int, offline: bool = False) -> int:
    """Isolate every pageblock of a range of whole pageblocks, which lies in `sections`; returns how many free pages left
    NR_FREE_PAGES. `offline`: it is to go offline (MEMORY_OFFLINE), so that pages with a hardware error do not matter.

    Raises `HotplugError` EBUSY naming the first unmovable page, found in the kernel's order: the pageblocks ascending, but since
    5.19 the last right after the first. Nothing is isolated then, but pageblocks that were before are Movable now, in kernels
    that do not keep their types.
    """
    kinds = kinds_of(sections)
    if ASSUMED in kinds:
        _settle_assumed(state, sections, pfn, pages)
        sections = state.sections_of(pfn, pages)
    blocker = None if kinds.isdisjoint(_EVER_BLOCKING) else first_unmovable(state, sections, pfn, pages, offline)
    if blocker is not None:
        page, kind = blocker
        if not state.model.isolation_keeps_type:
            _undo_before(state, page, pfn, pages)
        raise HotplugError("EBUSY", Unmovable(page, kind, blocks_of_memmap(state, page, kind)), page)
    return _set(state, sections, pfn, pages, True)


def types_kept(state: State, sections: list[Section]) -> dict[int, Types]:
    """What the pageblocks of sections, by their numbers, will be again when isolation is undone: since 6.17 what they are now,
    before that nothing is kept."""
    if not state.model.isolation_keeps_type:
        return {}
    return {section.nr: section.types for section in sections if section.types}


def undo_isolate(state: State, pfn: int, pages: int, kept: Mapping[int, Types] = _NO_TYPES) -> int:
    """Every isolated pageblock becomes Movable, or what it was by `kept`; returns how many free pages count again."""
    back = _set(state, state.sections_of(pfn, pages), pfn, pages, False)
    size, order = state.geometry.pages_per_section, state.geometry.pageblock_order
    for nr, types in kept.items():
        section = state.sections[nr]
        inside = _part(order, size, pfn - nr * size, pages)[-1]
        for name, blocks in types.items():
            section = msgspec.structs.replace(section, types=set_types(section.types, blocks & inside, name))
        state.sections.put(nr, section)
    return back


@lru_cache(maxsize=1024)
def _part(order: int, size: int, first: int, pages: int) -> tuple[int, int, int]:
    """The first of the pages of a section, of so many, that lie among `pages` from its page `first` on, which may lie before it,
    the first behind them, and which pageblocks they are."""
    low, high = max(first, 0), min(first + pages, size)
    return low, high, span(low >> order, (high - 1 >> order) + 1 - (low >> order))


def _undo_before(state: State, page: int, pfn: int, pages: int) -> None:
    """Isolate and let go again what comes before the pageblock of a page that stopped it, so that its type is lost."""
    block = state.geometry.pageblock_pages
    stopped, last = down(page, block), pfn + pages - block
    done: list[Chunk] = [(pfn, stopped - pfn)] if stopped != pfn else []
    if done and state.model.isolates_ends_first:
        done = [(pfn, block)] if stopped == last else [(pfn, stopped - pfn), (last, block)]
    for start, count in done:
        _set(state, state.sections_of(start, count), start, count, True)
        undo_isolate(state, start, count)


def first_unmovable(
    state: State, sections: list[Section], pfn: int, pages: int, offline: bool = False, seen: bool = False
) -> tuple[int, Kind] | None:
    """The first page that has_unmovable_pages stops at, and its kind; None if the range can be isolated. Where it is to go
    `offline`, pages with a hardware error do not stop it, but for reserved ones. `seen`: among those whose kind is no
    guess."""
    size, block = state.geometry.pages_per_section, state.geometry.pageblock_pages
    found: list[tuple[int, Kind]] = []
    for section in sections:
        if section.pages.keys().isdisjoint(_EVER_BLOCKING):
            continue
        base = section.nr * size
        for kind, unmovable in _unmovable(state, section, within(base, size, pfn, pages), offline, seen):
            last = unmovable & within(base, size, pfn + pages - block, block)
            found += [(base + lowest(some), kind) for some in (unmovable, last) if some]
    if not found:
        return None
    if state.model.isolates_ends_first:
        return min(found, key=lambda page: _ends_first(page[0], pfn, pages, block))
    return min(found)


def _unmovable(state: State, section: Section, inside: int, offline: bool, seen: bool) -> Iterator[tuple[Kind, int]]:
    """By zone and kind, the pages of a section among those `inside` that has_unmovable_pages stops at."""
    for key, owned in section.zones:
        kinds = [kind for kind in _blocking(state, key[1]) if kind in section.pages]
        if not kinds:
            continue
        mask = owned & inside
        if seen:
            mask &= ~section.unseen
        if state.model.movable_shortcut:
            mask &= _not_movable(section, state.geometry.pageblock_order)
        sound = mask & ~section.hwpoison if offline else mask
        for kind in kinds:
            unmovable = section.of(kind) & (mask if kind == RESERVED else sound)
            if kind == SLAB and state.model.frozen_slab:
                unmovable &= ~section.frozen
            yield kind, unmovable


def blocks_of_memmap(state: State, pfn: int, kind: Kind) -> tuple[int, ...]:
    """The blocks whose memmap lies on a page of a kind, ascending; none where it holds no memmap of others."""
    if kind != VMEMMAP:
        return ()
    return tuple(sorted({nr // state.geometry.sections_per_block for nr in sparse_vmemmap.owners_of(state, pfn)}))


def _blocking(state: State, zone: str) -> tuple[Kind, ...]:
    """Heads of a pool are stepped over, and a block's own head lies outside the range. Huge pages that cannot be migrated stop
    it, free ones too."""
    if zone == MOVABLE:
        return (RESERVED,)
    return UNMOVABLE_KINDS if state.preset.moves_huge_pages else (*UNMOVABLE_KINDS, HUGE)


def _not_movable(section: Section, pageblock_order: int) -> int:
    """The pages of all pageblocks of a section that are not Movable."""
    blocks = 0
    for of_type in section.types.values():
        blocks |= of_type
    return type_pages(blocks, pageblock_order)


def _ends_first(page: int, pfn: int, pages: int, block: int) -> tuple[int, int]:
    if page < pfn + block:
        return 0, page
    return (1, page) if page >= pfn + pages - block else (2, page)


def _set(state: State, sections: list[Section], pfn: int, pages: int, isolate: bool) -> int:
    moved, geometry = 0, state.geometry
    size, order = geometry.pages_per_section, geometry.pageblock_order
    for section in sections:
        low, high, blocks = _part(order, size, pfn - section.nr * size, pages)
        if not isolate:
            blocks &= section.types.get(ISOLATE, 0)
        types = set_types(section.types, blocks, ISOLATE if isolate else MOVABLE_TYPE)
        state.sections.put(section.nr, msgspec.structs.replace(section, types=types))
        kinds, alone = section.pages, len(section.zones) == 1
        for key, owned in section.zones:
            free = kinds.between(FREE, low, high) if alone else kinds.among(FREE, owned & span(low, high - low))
            if free:
                moved += free
                zone = state.zones[key]
                left = zone.free - free if isolate else zone.free + free
                state.zones.put(key, msgspec.structs.replace(zone, free=left))
    return moved


def _settle_assumed(state: State, sections: list[Section], pfn: int, pages: int) -> None:
    """Kernel pages of which only the number is known are taken to lie elsewhere in the zone, while there is room:
    what no one has seen does not forbid anything. They change places with free ones, so the zone's counts stay."""
    size = state.geometry.pages_per_section
    guesses: dict[ZoneKey, list[tuple[Section, int]]] = {}
    for section in sections:
        for key, owned in section.zones if ASSUMED in section.pages else ():
            if guess := section.of(ASSUMED) & owned & within(section.nr * size, size, pfn, pages) & ~section.hwpoison:
                guesses.setdefault(key, []).append((section, guess))
    moves: list[tuple[Section, int, Kind]] = []
    for key, here in guesses.items():
        places = _free_elsewhere(state, key, sum(guess.bit_count() for _, guess in here), pfn, pages)
        room = sum(free.bit_count() for _, free in places)
        for section, guess in here:
            room -= guess.bit_count()
            if room < 0:
                raise HotplugError("EBUSY", UnseenKernelPages(-room, key[1]), section.nr * size + lowest(guess))
        moves += [(section, guess, FREE) for section, guess in here] + [
            (section, free, ASSUMED) for section, free in places
        ]
    for moved, mask, kind in moves:
        now = state.sections[moved.nr]
        state.sections.put(moved.nr, msgspec.structs.replace(now, pages=put(now.pages, mask, kind)))


def _free_elsewhere(state: State, key: ZoneKey, count: int, pfn: int, pages: int) -> list[tuple[Section, int]]:
    """The lowest `count` free pages of a zone, or as many as there are, that no one has seen and that lie outside a range."""
    size = state.geometry.pages_per_section
    found: list[tuple[Section, int]] = []
    for section, owned in state.zone_sections(key):
        if not section.estimated or not section.of(FREE):
            continue
        free = lowest_n(section.of(FREE) & owned & ~within(section.nr * size, size, pfn, pages), count)
        if free:
            found.append((section, free))
            count -= free.bit_count()
            if not count:
                break
    return found
