"""Offlining a block: memory_block_offline (drivers/base/memory.c) and offline_pages (mm/memory_hotplug.c), in the kernel's
order of steps.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final

import msgspec

from ..memory.block import Block
from ..memory.section import Section, kinds_of, memmap_from, union
from ..memory.state import State
from ..mm import iomem, migrate, page_alloc, page_isolation, sparse_vmemmap, unseen
from ..mm.hugetlb import pool
from ..numbers.bits import from_page, lowest
from ..numbers.units import format_range
from ..protocol.events import (
    BlockStateChanged,
    Event,
    IsolationUndone,
    Logged,
    MemmapSkipped,
    MigrationFailed,
    NotifierCalled,
    PagesAssumed,
    PresentAdjusted,
    RangeDoubted,
    RangeIsolated,
)
from ..protocol.reasons import HotplugError, HugePageStays, LookedOnce, NeverEnds, Reason, TimeOver, TriesOver
from ..protocol.reasons.taking import (
    Backoff,
    FrozenSlab,
    HoldsMemmap,
    InHugePage,
    Interrupted,
    KernelPageInMovable,
    MemoryHoles,
    NoRoomElsewhere,
    NotRemovable,
    Pinned,
    SeveralZones,
    Stuck,
    Unmovable,
    UnseenKernelPages,
)
from ..protocol.reasons.unknown import CmaSomewhere, NotDated
from ..protocol.vocabulary import (
    ABSENT,
    FREE,
    HANGS,
    HUGE,
    MEMMAP,
    MOVABLE,
    PAGE_OFFLINE,
    PINNED,
    POISONED,
    SLAB,
    Chunk,
    Kind,
    ZoneKey,
)
from .notify import named_node, tell_node
from .offline_isolated import offline_isolated
from .without import refuse_without_hotremove
from .zone_policy import adjust_present

Steps = Iterator[Event]

_GONE: Final[frozenset[Kind]] = frozenset((FREE, POISONED, PAGE_OFFLINE, MEMMAP))
"""Pages that keep no range from going offline."""


def offline_block(state: State, number: int, signals: bool = True) -> Steps:
    """Offline one online block. Raises `HotplugError`; the block is online then. Pages that were migrated stay where
    they went. Closing the generator in the middle is the signal: the kernel's EINTR path runs. To see it run, throw
    `HotplugError` with `Interrupted` instead.

    `signals`: can one reach who does it? A thread of the kernel (ACPI's) has none, and what only a signal would end never
    ends: the error is `HANGS`, the block stays as it is then, and the hotplug lock is held.
    """
    refuse_without_hotremove(state, "EINVAL")
    block = state.blocks[number]
    start, pages = state.block_range(number)
    if block.zone is None:
        raise HotplugError("EINVAL", SeveralZones(number), start)
    key, head = block.zone, block.head
    heads = memmap_from(state.block_sections(number), start + head, state.geometry.pages_per_section)
    if guests := sparse_vmemmap.hosted_guests(state, start, pages) if heads and _has_hosts(state) else []:
        raise HotplugError("EBUSY", HoldsMemmap(number, blocks_of(state, guests)), start)
    counted = head if state.model.heads_present else 0
    state.blocks.put(number, msgspec.structs.replace(block, state="going-offline"))
    if counted:
        adjust_present(state, block, key, -counted)
    try:
        yield BlockStateChanged(number, "going-offline")
        if counted:
            yield PresentAdjusted(*key, -counted)
        yield from _empty(state, block, key, start + head, pages - head, heads, signals)
    except BaseException as error:
        if isinstance(error, HotplugError) and error.errno == HANGS:
            state.globals.change(locked=True)
            raise
        if counted:
            adjust_present(state, block, key, counted)
        state.blocks.put(number, block)
        if isinstance(error, HotplugError):
            if counted:
                yield PresentAdjusted(*key, counted)
            yield BlockStateChanged(number, "online")
        raise
    rest = offline_isolated(state, block, key, start, pages, heads)
    yield from _unstoppable(rest) if signals else rest


def _unstoppable(steps: Steps) -> Steps:
    """Steps that no signal ends: where the watcher leaves in the middle, the rest is done all the same."""
    for event in steps:
        try:
            yield event
        except GeneratorExit:
            for _ in steps:
                pass
            raise
        except HotplugError:  # the signal comes too late
            continue


def _has_hosts(state: State) -> bool:
    return any(request.placement == "sections" for request in state.requests.values())


def blocks_of(state: State, sections: list[Section]) -> tuple[int, ...]:
    """The blocks that sections lie in, ascending."""
    return tuple(sorted({section.nr // state.geometry.sections_per_block for section in sections}))


def _empty(
    state: State, block: Block, key: ZoneKey, start: int, pages: int, heads: list[Chunk], signals: bool
) -> Steps:
    """offline_pages up to the moment when the range is isolated and free; its loops step over `heads`."""
    _check_range(state, block, start, pages)
    page_alloc.drain(state, key)
    sections = state.sections_of(start, pages)
    kept = page_isolation.types_kept(state, sections)
    free, doubts = yield from _isolate(state, block, sections, start, pages)
    empty, calls = kinds_of([state.sections[section.nr] for section in sections]) <= _GONE, False
    try:
        yield RangeIsolated(start, pages, free)
        calls = True
        yield from _announce(state, block, key, start, pages)
        if not empty:
            yield from _move_away(state, key, start, pages, doubts, signals)
        yield from doubts
        for where in ("test_pages_isolated", "__test_page_isolated_in_pageblock"):
            for pfn, count in heads:
                yield MemmapSkipped(where, pfn, count)
    except BaseException as error:
        if isinstance(error, HotplugError) and error.errno == "EINTR" and not signals:
            raise HotplugError(HANGS, NeverEnds(block.id, error.reason), error.pfn) from None
        if isinstance(error, HotplugError) and isinstance(error.reason, Interrupted):
            yield _failure(state, start, pages, "signal backoff")
            if calls:
                yield from _cancel(state, start, pages, _status_change_nid(state, key, pages))
        back = page_isolation.undo_isolate(state, start, pages, kept)
        if isinstance(error, HotplugError):
            yield IsolationUndone(start, pages, back)
        raise


def _isolate(
    state: State, block: Block, sections: list[Section], start: int, pages: int
) -> Generator[Event, None, tuple[int, list[PagesAssumed]]]:
    """The range's pageblocks are isolated (start_isolate_page_range): how many free pages are in them, and on what of unseen
    pages it hangs that they were not refused."""
    doubts: list[PagesAssumed] = []
    try:
        if block.stuck:
            _refuse_stuck(state, block, sections, start, pages)
        doubts = unseen.doubts(state, sections, start, pages, offline=True)
        pool.refuse_gigantic(state, start, pages)
        return page_isolation.start_isolate(state, sections, start, pages, offline=True), doubts
    except HotplugError as error:
        yield from _hanging(state, error.pfn, doubts)
        if state.model.offline_reasons:
            if isinstance(error.reason, Unmovable | UnseenKernelPages | NotRemovable):
                yield Logged("page dumped because: unmovable page")
            yield _failure(state, start, pages, "failure to isolate range")
        raise


def _check_range(state: State, block: Block, start: int, pages: int) -> None:
    """No holes: all of it System RAM (walk_system_ram_range)."""
    covered = iomem.ram_pages(state, start, pages)
    if covered != pages and not any(resource.ram for resource in state.resources.values()):
        covered = pages - sum(section.count(ABSENT) for section in state.block_sections(block.id))
    if covered != pages:
        raise HotplugError("EINVAL", MemoryHoles(block.id, covered, pages), start)


def _refuse_stuck(state: State, block: Block, sections: list[Section], start: int, pages: int) -> None:
    """The kernel itself said that something in a block cannot be moved (is_mem_section_removable, before 5.6), by the same
    rules as those of isolation; where its pages were seen, they say it better."""
    if unseen.unseen_pages(state, sections, start, pages):
        raise HotplugError("EBUSY", NotRemovable(block.id))


def _hanging(state: State, fault: int | None, doubts: list[PagesAssumed]) -> list[PagesAssumed]:
    """The doubts that a refusal hangs on, which names a page at fault: none, if that was seen and cannot be moved."""
    if fault is None or unseen.is_unseen(state, fault):
        return doubts
    nr, at = divmod(fault, state.geometry.pages_per_section)
    return doubts if state.sections[nr].of(MOVABLE) >> at & 1 else []


def _announce(state: State, block: Block, key: ZoneKey, start: int, pages: int) -> Steps:
    """MEM_GOING_OFFLINE, which may be vetoed."""
    change = _status_change_nid(state, key, pages)
    yield from tell_node(state, "NODE_REMOVING_LAST_MEMORY", start, pages, change)
    call = state.chain.call("MEM_GOING_OFFLINE", start, pages, named_node(state, change), block.early)
    if block.undated:
        yield RangeDoubted(start, pages, NotDated())
    yield call
    if call.vetoed_by:
        yield _failure(state, start, pages, "notifier failure")
        yield from _cancel(state, start, pages, change)
        raise state.chain.refusal(call)
    if block.early and state.model.offline_keeps_cma and (cma := state.zones[key].cma):
        yield RangeDoubted(start, pages, CmaSomewhere(*key, cma, cma * state.geometry.page_size))


def _cancel(state: State, start: int, pages: int, change: int) -> Steps:
    """All who were told that memory goes are told that it stays."""
    yield NotifierCalled("MEM_CANCEL_OFFLINE", start, pages, named_node(state, change))
    yield from tell_node(state, "NODE_CANCEL_REMOVING_LAST_MEMORY", start, pages, change)


def _status_change_nid(state: State, key: ZoneKey, pages: int) -> int:
    """The node that has no memory left without so many pages of one of its zones; -1 where it has."""
    if state.zones[key].present > pages or state.has_more(key[0], pages):
        return -1
    return key[0]


def _move_away(state: State, key: ZoneKey, start: int, pages: int, doubts: list[PagesAssumed], signals: bool) -> Steps:
    """What is in use in the range moves, until every page of it is free and isolated; whether that comes may hang on the
    `doubts`. Raises `HotplugError` for what stays."""
    yield from migrate.migrate_range(state, start, pages, key)
    try:
        yield from pool.leave_range(state, start, pages)
    except HotplugError as error:
        yield from _hanging(state, error.pfn, doubts)
        if error.errno == "EINTR" and not _endless(state):
            yield _failure(state, start, pages, "")
            yield from _cancel(state, start, pages, _status_change_nid(state, key, pages))
            raise _gives_up(state, error.reason, error.pfn) from None
        raise
    stuck = _stuck(state, start, pages)
    if stuck is not None:
        yield from _hanging(state, stuck.pfn, doubts)
        yield MigrationFailed(stuck.pfn, stuck)
        if _endless(state) and not signals:
            raise HotplugError("EINTR", Backoff(stuck), stuck.pfn)
        yield _failure(state, start, pages, "signal backoff")
        yield from _cancel(state, start, pages, _status_change_nid(state, key, pages))
        if _endless(state):
            raise HotplugError("EINTR", Backoff(stuck), stuck.pfn)
        raise _gives_up(state, stuck, stuck.pfn)


def _stuck(state: State, start: int, pages: int) -> Stuck | None:
    """Why the first page that keeps the range from becoming free stays; None when all of it is free."""
    size = state.geometry.pages_per_section
    for section in state.sections_of(start, pages):
        if section.pages.keys() <= _GONE:
            continue
        owned = 0
        for _, mask in section.zones:
            owned |= mask
        base = section.nr * size
        rest = from_page(owned, start - base) & ~union(section.pages, tuple(_GONE)) & ~section.hwpoison
        if not rest:
            continue
        at = lowest(rest)
        if section.of(PINNED) >> at & 1:
            return Pinned(base + at)
        if section.of(HUGE) >> at & 1:
            return InHugePage(base + at)
        if section.of(MOVABLE) >> at & 1:
            return NoRoomElsewhere(base + at)
        if section.frozen & section.of(SLAB) & 1 << at:
            return FrozenSlab(base + at)
        return KernelPageInMovable(base + at)
    return None


def _endless(state: State) -> bool:
    return state.model.offline_deadline is None


def _gives_up(state: State, cause: Reason, pfn: int | None) -> HotplugError:
    """How a kernel that does not try for ever ends (__offline_pages, 4.13): what migrate_pages returns as an error is tried a
    few times, and returned; pages that it counts as left are tried until the time is over; pages that no one would migrate
    are not tried at all."""
    model = state.model
    if isinstance(cause, _NEVER_TRIED):
        return HotplugError("EBUSY", LookedOnce(cause), pfn)
    if isinstance(cause, _NO_MEMORY):
        return HotplugError("ENOMEM", TriesOver(cause, model.offline_retries or 1), pfn)
    return HotplugError("EAGAIN", TimeOver(cause, model.offline_deadline or 0), pfn)


_NEVER_TRIED: Final = (KernelPageInMovable, FrozenSlab)
_NO_MEMORY: Final = (NoRoomElsewhere, InHugePage, HugePageStays)


def _failure(state: State, start: int, pages: int, why: str) -> Logged:
    """The line of the kernel log, with the reason if that kernel says one."""
    size = state.geometry.page_size
    reason = f" due to {why}" if state.model.offline_reasons else ""
    return Logged(f"memory offlining {format_range(start * size, pages * size)} failed{reason}")
