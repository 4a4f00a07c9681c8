"""Pages with hardware errors: hard_offline_page and soft_offline_page (memory_failure, soft_offline_page).

A page that could be taken out of use is *poisoned*. One that could not, because the kernel has it, carries the flag all
the same (PG_hwpoison): `Section.hwpoison`. It does not stop its block from going offline, and is poisoned when it is freed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from ..memory.section import Section
from ..memory.state import State
from ..numbers.bits import PageSet, span
from ..protocol.events import Event, Logged, PagePoisoned, PagesAssumed, PagesMigrated
from ..protocol.reasons import HotplugError
from ..protocol.reasons.pages import (
    CannotBeMoved,
    CannotBeTaken,
    HeldByOthers,
    NoOnlinePage,
    NoPage,
    NoRoomToMove,
    PoisonedAlready,
)
from ..protocol.vocabulary import ABSENT, FREE, HUGE, KERNEL, MOVABLE, PCP, PINNED, POISONED, Kind
from . import page_alloc, unseen
from .hugetlb import pool
from .migrate import target_zones
from .page_isolation import blocks_of_memmap
from .zonelist import node_order, zonelist

Steps = Iterator[Event]
_TAKEN_AT_ONCE: Final[tuple[Kind, ...]] = (FREE, PCP)


def hard_offline(state: State, pfn: int) -> Steps:
    """A page has an error now: whatever holds it loses it. Raises `HotplugError` ENXIO where there is no online page,
    EHWPOISON for a page that has the flag already, EBUSY for a page of the kernel, which stays in use with the flag.

    The block remembers even a poisoning that was refused (kernels since 6.2 do not online it again).
    """
    section, kind = _page(state, pfn, offline="ENXIO")
    yield from _doubt(state, pfn)
    bit = _bit(state, pfn)
    if kind == POISONED or section.hwpoison & bit:
        raise HotplugError("EHWPOISON", PoisonedAlready(pfn), pfn)
    _remember(state, pfn)
    if kind == HUGE:
        huge, _ = pool.in_range(state, pfn, 1)[0]
        if state.hugepages[huge].used:
            pool.unuse(state, huge)  # its users lose it whole
        _dissolve(state, huge)
        section, kind = _page(state, pfn, offline="ENXIO")
    if kind not in (*_TAKEN_AT_ONCE, MOVABLE, PINNED):
        state.sections.put(section.nr, msgspec.structs.replace(section, hwpoison=PageSet(section.hwpoison | bit)))
        if (name := state.model.unhandlable_page) is not None:
            yield Logged(f"Memory failure: {pfn:#x}: unhandlable page.")
            yield Logged(f"Memory failure: {pfn:#x}: recovery action for {name}: Ignored")
        raise HotplugError("EBUSY", CannotBeTaken(pfn, kind, blocks_of_memmap(state, pfn, kind)), pfn)
    state.set_kind(section, bit, POISONED)
    yield PagePoisoned(pfn, kind)
    if kind in _TAKEN_AT_ONCE:  # what it prints of a page in use hangs on who uses it
        yield Logged(f"Memory failure: {pfn:#x}: recovery action for free buddy page: Recovered")


def soft_offline(state: State, pfn: int) -> Steps:
    """A page is suspected: what it holds moves elsewhere, to its own node if there is room, then it is taken out of use.

    Raises `HotplugError` ENXIO for a pfn without a section, EIO for a page that is offline or of a kind that cannot be
    moved, EBUSY for one that someone has pinned, ENOMEM where there is no room.
    """
    section, kind = _page(state, pfn, offline="EIO")
    yield from _doubt(state, pfn)
    bit = _bit(state, pfn)
    if kind == POISONED or section.hwpoison & bit:
        return
    if kind == PINNED:
        raise HotplugError("EBUSY", HeldByOthers(pfn), pfn)
    if kind == HUGE:
        yield from _give_up_huge(state, pfn)
    elif kind == MOVABLE:
        key = state.zone_of(pfn)
        _, highest = target_zones(state, key)
        if not page_alloc.allocate(state, zonelist(state, node_order(state, key[0]), highest), 0, 1, MOVABLE, highest):
            raise HotplugError("ENOMEM", NoRoomToMove(pfn), pfn)
        yield PagesMigrated(1, pfn, *key)
    elif kind not in _TAKEN_AT_ONCE:
        raise HotplugError("EIO", CannotBeMoved(pfn, kind, blocks_of_memmap(state, pfn, kind)), pfn)
    state.set_kind(state.sections[section.nr], bit, POISONED)
    _remember(state, pfn)
    yield PagePoisoned(pfn, FREE if kind == HUGE else kind)


def is_free(state: State, pfn: int) -> bool:
    """Is it a page of a free area, online and known to be no other?"""
    section = state.sections.get(pfn // state.geometry.pages_per_section)
    return section is not None and section.online and bool(section.of(FREE) & _bit(state, pfn))


def _page(state: State, pfn: int, offline: str) -> tuple[Section, Kind]:
    """The section and the kind of an online page; `offline` is the errno for one that is not online."""
    section = state.sections.get(pfn // state.geometry.pages_per_section)
    if section is None:
        raise HotplugError("ENXIO", NoPage(pfn), pfn)
    if not section.online:
        raise HotplugError(offline, NoOnlinePage(pfn), pfn)
    bit = _bit(state, pfn)
    kind = next((kind for kind, mask in section.pages.items() if mask & bit), None)
    if kind == HUGE and not pool.in_range(state, pfn, 1):
        kind = KERNEL  # a capture showed a part of a huge page only: no one knows how large it is
    return section, kind or ABSENT  # a hole in a section has struct pages, which are reserved


def _doubt(state: State, pfn: int) -> Steps:
    """What becomes of a page hangs on what it is, which may be a guess."""
    if unseen.is_unseen(state, pfn):
        yield PagesAssumed(pfn, 1, *state.zone_of(pfn), 1)


def _bit(state: State, pfn: int) -> int:
    return span(pfn % state.geometry.pages_per_section, 1)


def _give_up_huge(state: State, pfn: int) -> Steps:
    """The huge page around a page moves whole to another one, if it is in use, and goes back to the buddy."""
    huge, page = pool.in_range(state, pfn, 1)[0]
    if page.used:
        yield from pool.move(state, huge, node_order(state, page.node))
    _dissolve(state, huge)


def _dissolve(state: State, huge: int) -> None:
    """A free huge page is single pages again, unless it is so already (dissolve_free_huge_page)."""
    if huge in state.hugepages:
        pool.release(state, huge)


def _remember(state: State, pfn: int) -> None:
    block = state.blocks.get(pfn // state.geometry.pages_per_block)
    if block is not None and not block.hwpoison:
        state.blocks.put(block.id, msgspec.structs.replace(block, hwpoison=True))
