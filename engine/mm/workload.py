"""What programs do to memory, in place of programs: take pages, give them back, pin them, in a named pattern.

Deterministic: a random pattern comes from the seed alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from ..memory.section import isolated_pages
from ..memory.state import State
from ..memory.zone import MOVABLE as MOVABLE_ZONE
from ..memory.zone import NORMAL
from ..numbers.bits import every, lowest, lowest_n, span
from ..numbers.errors import BadInput
from ..numbers.rounding import ceil
from ..protocol.events import Event, PagesFreed, PagesMigrated, PagesTakenByWorkload
from ..protocol.reasons import HotplugError
from ..protocol.reasons.pages import (
    NoMemoryInZone,
    NoneThere,
    PinsFindNoRoom,
    TooFewHugePages,
    TooFewThere,
    WorkloadTooBig,
)
from ..protocol.vocabulary import FREE, HUGE, KERNEL, MOVABLE, PAGETABLE, PINNED, SLAB, Kind, Pattern, What, ZoneKey
from . import page_alloc
from .hugetlb import pool as hugetlb
from .hugetlb.free_lists import free_list
from .watermarks import Watermarks
from .zonelist import kernel_zonelist, node_order, zonelist

Steps = Iterator[Event]

_KINDS: Final[dict[What, Kind]] = {
    "movable": MOVABLE,
    "unmovable": KERNEL,
    "reclaimable": SLAB,
    "pagetable": PAGETABLE,
    "huge": HUGE,
}


class Where(NamedTuple):
    """Which pages are meant: on a node, in one zone of it or in all, in a pattern; `seed` makes a random one."""

    node: int
    zone: str | None
    pattern: Pattern
    seed: int


def allocate(state: State, what: What, pages: int, where: Where) -> Steps:
    """Take pages as a program or the kernel does. Raises `HotplugError` ENOMEM, with nothing taken, where there are too
    few: the kernel would have run the OOM killer; `BadInput` for pages that can never be in the zone."""
    if what == "huge":
        yield from _use_huge(state, pages, where, True)
        return
    kind = _KINDS[what]
    if where.zone == MOVABLE_ZONE and kind != MOVABLE:
        raise BadInput(f"{what} memory never comes from ZONE_MOVABLE; name a kernel zone, or none")
    highest = MOVABLE_ZONE if kind == MOVABLE else NORMAL
    zones = _zones(state, where, highest)
    missing = pages
    before = len(state.journal.changes)
    if where.pattern == "sequential":
        missing -= page_alloc.occupy(state, zones, pages, kind, highest)[0]
    else:
        for key in zones:
            if missing <= 0:
                break
            room = Watermarks(state).room(state, key, 0, highest, low=False)
            missing -= _turn(state, key, FREE, kind, min(missing, room), where)
    if missing > 0:
        state.journal.rewind(before)
        size = pages * state.geometry.page_size
        raise HotplugError("ENOMEM", WorkloadTooBig(what, size, missing, tuple(zones)))
    yield PagesTakenByWorkload(what, pages, where.node)


def free(state: State, what: What, pages: int | None, where: Where) -> Steps:
    """Give pages of a kind back, all of them where `pages` is None. Raises `HotplugError` ENOMEM where there are none."""
    if what == "huge":
        yield from _use_huge(state, pages, where, False)
        return
    freed = 0
    for key in _zones(state, where, MOVABLE_ZONE):
        left = None if pages is None else pages - freed
        if left is None or left > 0:
            freed += _turn(state, key, _KINDS[what], FREE, left, where)
    if pages and not freed:
        raise HotplugError("ENOMEM", NoneThere(what, pages))
    yield PagesFreed(what, freed, where.node)


def pin(state: State, pages: int | None, where: Where, short: bool = False) -> Steps:
    """Someone takes extra references on movable pages, so that they cannot be migrated. Who wants to keep them for long, not
    `short`, has those of ZONE_MOVABLE moved to kernel zones first (check_and_migrate_movable_pages, mm/gup.c, since 5.13). Raises
    `HotplugError` ENOMEM, with nothing done, where there are too few, or no room for them there."""
    before = len(state.journal.changes)
    moves = state.model.pins_leave_movable and not short
    done = 0
    for key in _zones(state, where, MOVABLE_ZONE):
        left = None if pages is None else pages - done
        if left is not None and left <= 0:
            break
        leave = moves and key[1] == MOVABLE_ZONE
        there = {section.nr: section.of(MOVABLE) for section, _ in state.zone_sections(key)} if leave else {}
        pinned = _turn(state, key, MOVABLE, FREE if leave else PINNED, left, where)
        if leave and pinned:
            found = page_alloc.allocate(state, kernel_zonelist(state, key[0]), 0, pinned, PINNED, NORMAL)
            if (room := page_alloc.pages_of(found)) < pinned:
                state.journal.rewind(before)
                raise HotplugError("ENOMEM", PinsFindNoRoom(key[0], room, pinned))
            yield PagesMigrated(pinned, _lowest_left(state, there), *state.zone_of(found[0][0]))
        done += pinned
    _all_there(state, before, MOVABLE, done, pages)
    yield PagesTakenByWorkload("pinned", done, where.node)


def _lowest_left(state: State, there: dict[int, int]) -> int:
    """The first pfn of the movable pages that sections had (`there`, by section) and no longer have."""
    left = ((nr, pages & ~state.sections[nr].of(MOVABLE)) for nr, pages in sorted(there.items()))
    return next(nr * state.geometry.pages_per_section + lowest(pages) for nr, pages in left if pages)


def unpin(state: State, pages: int | None, where: Where) -> Steps:
    """The extra references on so many pages are dropped (None: on all). Raises `HotplugError` ENOMEM, with nothing done, where
    there are too few."""
    before = len(state.journal.changes)
    done = 0
    for key in _zones(state, where, MOVABLE_ZONE):
        left = None if pages is None else pages - done
        if left is None or left > 0:
            done += _turn(state, key, PINNED, MOVABLE, left, where)
    _all_there(state, before, PINNED, done, pages)
    yield PagesTakenByWorkload("movable", done, where.node)


def _all_there(state: State, before: int, kind: Kind, done: int, pages: int | None) -> None:
    """Raise `HotplugError` ENOMEM, with everything as it was `before`, where fewer pages were found than asked for."""
    if pages is not None and done < pages:
        state.journal.rewind(before)
        raise HotplugError("ENOMEM", TooFewThere(kind, done, pages))


def _zones(state: State, where: Where, highest: str) -> list[ZoneKey]:
    if where.zone is not None:
        key = (where.node, where.zone)
        if key not in state.zones or not state.zones[key].present:
            raise HotplugError("ENOMEM", NoMemoryInZone(where.node, where.zone))
        return [key]
    nodes = [where.node, *(node for node in node_order(state, where.node) if node != where.node)]
    zones = zonelist(state, nodes, highest)
    return zones if where.pattern == "sequential" else [key for key in zones if key[0] == where.node]


def _turn(state: State, key: ZoneKey, source: Kind, target: Kind, count: int | None, where: Where) -> int:
    """Make pages of a zone another kind, in the pattern; None: all of them. Returns how many."""
    pageblock = state.geometry.pageblock_order
    have = sum((section.of(source) & owned).bit_count() for section, owned in state.zone_sections(key))
    wanted = have if count is None else min(count, have)
    chance, done = Random(where.seed), 0
    kept = state.objects() if source in (PAGETABLE, SLAB) else {}
    for section, owned in list(state.zone_sections(key)):
        pool = section.of(source) & owned & ~isolated_pages(section, pageblock) & ~kept.get(section.nr, 0)
        if not pool or done >= wanted:
            continue
        if where.pattern == "checkerboard" and count is not None:
            pool &= every(2, state.geometry.pages_per_section)
        elif where.pattern == "random" and count is not None:
            pool &= _random_set(chance, state.geometry.pages_per_section, wanted / max(have, 1))
        taken = lowest_n(pool, wanted - done)
        if taken:
            state.set_kind(section, taken, target)
            done += taken.bit_count()
    if where.pattern == "random" and done < wanted:
        rest = Where(where.node, where.zone, "sequential", where.seed)
        done += _turn(state, key, source, target, wanted - done, rest)
    return done


def _random_set(chance: Random, width: int, share: float) -> int:
    """About `share` of the pages below `width`, each by itself: its binary digits say how random words are combined."""
    digits = min(255, max(0, round(share * 256)))
    found = 0
    for bit in range(8):
        word = chance.getrandbits(width)
        found = (found | word) if digits >> bit & 1 else (found & word)
    return found if share < 1 else span(0, width)


def _use_huge(state: State, pages: int | None, where: Where, used: bool) -> Steps:
    """A program maps free huge pages of the pool, or unmaps them; pages of the default size."""
    size = (hugetlb.default_size(state) or state.geometry.page_size) // state.geometry.page_size
    if used:
        ours = free_list(state, where.node, size)
    else:
        ours = sorted(
            pfn
            for pfn, page in state.hugepages.items()
            if (page.pages, page.node, page.used) == (size, where.node, True)
        )
    count = len(ours) if pages is None else ceil(pages, size)
    if count > len(ours):
        raise HotplugError("ENOMEM", TooFewHugePages(where.node, len(ours), count))
    for pfn in ours[:count]:
        (hugetlb.use if used else hugetlb.unuse)(state, pfn)
    yield (
        PagesTakenByWorkload("huge", count * size, where.node) if used else PagesFreed("huge", count * size, where.node)
    )
