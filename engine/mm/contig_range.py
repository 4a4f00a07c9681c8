"""Emptying and taking one range of pages as a whole (alloc_contig_range)."""

from __future__ import annotations

from collections.abc import Generator

from ..memory.state import State
from ..numbers.bits import within
from ..protocol.events import Event, IsolationUndone, RangeIsolated
from ..protocol.reasons import HotplugError
from ..protocol.vocabulary import FREE, Kind
from . import migrate, page_alloc, page_isolation, unseen
from .hugetlb import pool


def take_range(state: State, pfn: int, pages: int, kind: Kind) -> Generator[Event, None, bool]:
    """Isolate whole online pageblocks of one zone, move out what is in use, to the same node if there is room, and make
    all pages `kind`. False where the kernel says EBUSY: something stays; what moved until then stays where it went."""
    key = state.zone_of(pfn)
    page_alloc.drain(state, key)
    sections = state.sections_of(pfn, pages)
    yield from unseen.doubts(state, sections, pfn, pages)
    kept = page_isolation.types_kept(state, sections)
    try:
        isolated = page_isolation.start_isolate(state, sections, pfn, pages)
    except HotplugError:
        return False
    yield RangeIsolated(pfn, pages, isolated)
    yield from migrate.migrate_range(state, pfn, pages, key, inside=True)
    try:
        for huge, _ in pool.in_range(state, pfn, pages):
            yield from pool.replace(state, huge)
    except HotplugError:
        yield IsolationUndone(pfn, pages, page_isolation.undo_isolate(state, pfn, pages, kept))
        return False
    size, free = state.geometry.pages_per_section, 0
    for section in state.sections_of(pfn, pages):
        free += (section.of(FREE) & within(section.nr * size, size, pfn, pages)).bit_count()
    back = page_isolation.undo_isolate(state, pfn, pages, kept)
    if free < pages:
        yield IsolationUndone(pfn, pages, back)
        return False
    state.change_pages(pfn, pages, kind)
    return True
