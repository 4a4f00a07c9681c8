"""Pages with hardware errors: hard_offline_page and soft_offline_page (memory_failure, soft_offline_page)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from . import buddy, hugetlb
from .bits import span
from .errors import HotplugError
from .events import Event, Logged, PagePoisoned, PagesMigrated
from .isolation import describe
from .memmap import ASSUMED, FREE, HUGE, MEMMAP, MOVABLE, PCP, PINNED, POISONED, Kind, Section
from .migrate import target_zones
from .state import State

Steps = Iterator[Event]
_TAKEN_AT_ONCE: Final[tuple[Kind, ...]] = (FREE, PCP)


def hard_offline(state: State, pfn: int) -> Steps:
    """A page has an error now: whatever holds it loses it. Raises `HotplugError` ENXIO where there is no online page,
    EHWPOISON for a page that is poisoned already, EBUSY for a page of the kernel, which stays in use.

    The block remembers even a poisoning that was refused (6.12 will not online it again).
    """
    section, kind = _page(state, pfn)
    _remember(state, pfn)
    if kind == HUGE:
        kind = _dissolve(state, pfn)
        section, _ = _page(state, pfn)
    if kind not in (*_TAKEN_AT_ONCE, MOVABLE, PINNED):
        yield Logged(f"Memory failure: {pfn:#x}: unhandlable page.")
        raise HotplugError("EBUSY", f"page {pfn:#x} is {_words(state, pfn, kind)} and cannot be taken out of use", pfn)
    state.set_kind(section, span(pfn % state.geometry.pages_per_section, 1), POISONED)
    yield PagePoisoned(pfn, kind)
    yield Logged(f"Memory failure: {pfn:#x}: recovery action for {_words(state, pfn, kind)}: Recovered")


def soft_offline(state: State, pfn: int) -> Steps:
    """A page is suspected: what it holds moves elsewhere, then it is taken out of use. Raises `HotplugError` ENXIO where
    there is no online page, EIO for a page that cannot be moved, EBUSY where there is no room."""
    section, kind = _page(state, pfn, again=True)
    if kind == POISONED:
        return
    if kind == HUGE:
        kind = _dissolve(state, pfn)
        section, _ = _page(state, pfn)
    if kind == MOVABLE:
        key = section.zones[0][0]
        zones, highest = target_zones(state, key)
        here = span(pfn % state.geometry.pages_per_section, 1)
        chunks = buddy.allocate(state, [*zones, key], 0, 1, MOVABLE, highest)
        if not chunks:
            raise HotplugError("EBUSY", f"page {pfn:#x} cannot be moved: no room in the zones it may go to", pfn)
        yield PagesMigrated(1, pfn, *key)
        section = state.set_kind(state.sections[section.nr], here, FREE)
    elif kind not in _TAKEN_AT_ONCE:
        raise HotplugError("EIO", f"page {pfn:#x} is {_words(state, pfn, kind)} and cannot be moved", pfn)
    state.set_kind(section, span(pfn % state.geometry.pages_per_section, 1), POISONED)
    _remember(state, pfn)
    yield PagePoisoned(pfn, kind)


def _page(state: State, pfn: int, again: bool = False) -> tuple[Section, Kind]:
    size = state.geometry.pages_per_section
    section = state.sections.get(pfn // size)
    if section is None or not section.online:
        raise HotplugError("ENXIO", f"there is no online page at pfn {pfn:#x}", pfn)
    kind = next((kind for kind, mask in section.pages.items() if mask >> (pfn % size) & 1), None)
    if kind is None or kind == "absent":
        raise HotplugError("ENXIO", f"there is no page at pfn {pfn:#x}", pfn)
    if kind == POISONED and not again:
        raise HotplugError("EHWPOISON", f"page {pfn:#x} is poisoned already", pfn)
    return section, kind


def _dissolve(state: State, pfn: int) -> Kind:
    """A huge page around the error goes back to single pages, if it is free; in use, its users lose it whole."""
    head, page = hugetlb.in_range(state, pfn, 1)[0]
    hugetlb.release(state, head)
    return MOVABLE if page.used else FREE


def _remember(state: State, pfn: int) -> None:
    block = state.blocks.get(pfn // state.geometry.pages_per_block)
    if block is not None and not block.poisoned:
        state.blocks.put(block.id, msgspec.structs.replace(block, poisoned=True))


def _words(state: State, pfn: int, kind: Kind) -> str:
    words = {FREE: "free buddy page", PCP: "free page", MOVABLE: "clean LRU page", PINNED: "pinned page",
             MEMMAP: "a memmap page", ASSUMED: "a kernel page"}  # fmt: skip
    return words.get(kind) or describe(state, pfn, kind)
