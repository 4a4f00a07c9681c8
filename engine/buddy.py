"""Taking pages out of the buddy allocator and giving them back.

Linux merges buddies eagerly, so what the free lists hold follows from the set of free pages; only the set is stored.
Which page a real kernel takes is chance; here it is the lowest that fits.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .bits import aligned_runs, from_runs, lowest_n, runs, spread
from .memmap import FREE, PCP, UNMOVABLE, Chunk, Kind, Section, ZoneKey, set_types
from .state import State, isolated_pages
from .zonelist import Watermarks


def allocate(
    state: State,
    zones: Sequence[ZoneKey],
    order: int,
    count: int,
    kind: Kind,
    highest: str,
    boost: int = 0,
) -> list[Chunk]:
    """Take up to `count` times ``2**order`` pages for `kind` from the first zones of a zonelist that have them.

    First every zone down to its low watermark, then, where that is not enough, down to its min watermark. Isolated
    pages and those on per-CPU lists are not used. `boost` pages are kept besides, as the kernel does after an allocation
    had to steal from pageblocks of another type (boost_watermark). Returns what was taken, runs of pages; the caller
    compares with what it asked for.
    """
    taken: list[Chunk] = []
    marks = Watermarks(state)
    for low in (True, False):
        for key in zones:
            if count <= 0:
                return taken
            room = marks.room(state, key, order, highest, low, boost)
            got = _from_zone(state, key, order, min(count, room), kind)
            taken += got
            count -= sum(pages for _, pages in got) >> order
    return taken


def drain(state: State, key: ZoneKey) -> None:
    """Per-CPU lists of a zone go back to its free lists (zone_pcp_disable, drain_all_pages)."""
    zone = state.zones.get(key)
    if zone is None or not zone.pcp:
        return
    for section, owned in list(state.zone_sections(key)):
        pages = section.of(PCP) & owned
        if pages:
            state.set_kind(section, pages, FREE)


def free_pages(state: State, chunks: Sequence[Chunk], kinds: tuple[Kind, ...]) -> int:
    """Give pages back to the buddy: those of the chunks that are still one of `kinds`. Returns how many."""
    size, freed = state.geometry.pages_per_section, 0
    by_section: dict[int, list[tuple[int, int]]] = {}
    for pfn, count in chunks:
        while count > 0:
            nr, first = divmod(pfn, size)
            length = min(count, size - first)
            by_section.setdefault(nr, []).append((first, length))
            pfn, count = pfn + length, count - length
    for nr, pieces in by_section.items():
        section = state.sections.get(nr)
        if section is None or not section.online:
            continue
        mask = from_runs(pieces)
        back = 0
        for kind in kinds:
            back |= section.of(kind) & mask
        if back:
            freed += back.bit_count()
            state.set_kind(section, back, FREE)
    return freed


def _from_zone(state: State, key: ZoneKey, order: int, count: int, kind: Kind) -> list[Chunk]:
    taken: list[Chunk] = []
    size, block = state.geometry.pages_per_section, state.geometry.pageblock_pages
    if count <= 0:
        return taken
    for section, owned in state.zone_sections(key):
        base = section.nr * size
        if not section.of(FREE):
            continue
        free = section.of(FREE) & owned & ~isolated_pages(section, block)
        heads = lowest_n(aligned_runs(free, order, size), count)
        if not heads:
            continue
        section = state.set_kind(section, spread(heads, order), kind)
        if order >= state.geometry.pageblock_order:
            _steal(state, section, heads, order)
        step = 1 << order
        for start, length in runs(heads):
            if order:
                taken += [(base + at, step) for at in range(start, start + length)]
            else:
                taken.append((base + start, length))
        count -= heads.bit_count()
        if count <= 0:
            break
    return taken


def _steal(state: State, section: Section, heads: int, order: int) -> None:
    """An unmovable allocation of whole pageblocks makes them Unmovable (steal_suitable_fallback)."""
    block_order = state.geometry.pageblock_order
    blocks = 0
    for start, length in runs(spread(heads, order)):
        blocks |= ((1 << (length >> block_order)) - 1) << (start >> block_order)
    types = set_types(section.types, blocks, UNMOVABLE)
    state.sections.put(section.nr, msgspec.structs.replace(section, types=types))
