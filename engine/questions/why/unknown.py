"""Why an answer is not known: what no one saw, how much of it there is, and what would have to be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from ...memory.section import doubtful
from ...memory.state import State
from ...memory.zone import MOVABLE
from ...mm.unseen import Tally, tally
from ...numbers.rounding import ceil
from ...protocol.events import Event, PagesAssumed

Cause = Literal["unseen", "unflagged", "uncounted"]
"""*unseen*: no one saw the pages. *unflagged*: they were seen, and show no flag: a CPU's list of free pages has them, or the
kernel. *uncounted*: no one counted the free pages of the zone."""

_PAGES: Final = ("/proc/kpageflags", "/proc/kpagecount")
_COUNTS: Final = ("/proc/zoneinfo", "/proc/buddyinfo")
_READ: Final[dict[Cause, tuple[str, ...]]] = {"unseen": _PAGES, "unflagged": (), "uncounted": _COUNTS}


class Unknown(msgspec.Struct, frozen=True):
    """Pages of one zone on which an answer hangs.

    `pages` of those that were asked about are of unknown kind. `kernel` such pages of the zone cannot be moved by its
    counters, `reserved` of them since the boot, which never gave them to the buddy; they lie in some of `blocks` memory
    blocks, in `least` of these at least. `chance`: how likely, in percent, some lie where was asked, if their pageblocks were
    strewn at random; None where nothing tells. `highest`: it is the highest memory of a zone that the boot made, and there
    the boot takes its memory first (memblock goes from the top down). `read`: files that root can read, and that would tell.
    """

    cause: Cause
    node: int
    zone: str
    pages: int = 0
    kernel: int = 0
    reserved: int = 0
    blocks: int = 0
    least: int = 0
    chance: int | None = None
    highest: bool = False
    read: tuple[str, ...] = ()


def unknowns(state: State, events: Iterable[Event]) -> tuple[Unknown, ...]:
    """On what the answer to a command hangs, from the events of its rehearsal and the state before it."""
    asked: dict[tuple[int, str], list[PagesAssumed]] = {}
    for event in events:
        if isinstance(event, PagesAssumed):
            asked.setdefault((event.node, event.zone), []).append(event)
    if asked:
        return tuple(_of_pages(state, key, found) for key, found in asked.items())
    return tuple(
        Unknown("uncounted", *key, read=_COUNTS)
        for key, evidence in sorted(state.evidence.items())
        if not (evidence.counted and evidence.areas)
    )


def _of_pages(state: State, key: tuple[int, str], asked: list[PagesAssumed]) -> Unknown:
    ranges = {event.pfn: event for event in asked}
    pages = sum(event.unseen for event in ranges.values())
    cause: Cause = "unseen" if any(_never_seen(state, event) for event in ranges.values()) else "unflagged"
    zone, per_block = tally(state, key), state.geometry.pages_per_block
    return Unknown(
        cause,
        *key,
        pages,
        zone.kernel,
        min(zone.kernel, zone.unmanaged),
        zone.blocks,
        min(zone.blocks, ceil(zone.fixed(early=True), per_block)),
        _chance(zone, pages, state.geometry.pageblock_pages) if cause == "unseen" else None,
        any(_highest(state, key, zone, event) for event in ranges.values()),
        _READ[cause],
    )


def _never_seen(state: State, asked: PagesAssumed) -> bool:
    """Was no page of some section seen? Where some were, the others were seen too, and show nothing."""
    return any(section.unseen == doubtful(section) for section in state.sections_of(asked.pfn, asked.pages))


def _chance(zone: Tally, pages: int, pageblock: int) -> int:
    """In how many of 100 cases some of the zone's pageblocks with pages that cannot be moved are among those asked for, were
    they strewn at random. They are as few as can be, or as many as the kernel marked for its own pages."""
    reserved = min(zone.kernel, zone.unmanaged)
    bad = ceil(reserved, pageblock) + max(ceil(zone.kernel - reserved, pageblock), zone.typed)
    free_of_it, drawn = 1.0, min(ceil(pages, pageblock), zone.pageblocks)
    for at in range(drawn):
        free_of_it *= max(0, zone.pageblocks - bad - at) / (zone.pageblocks - at)
    return min(99, int(100 * (1 - free_of_it)))


def _highest(state: State, key: tuple[int, str], zone: Tally, asked: PagesAssumed) -> bool:
    """Is it where the boot would have taken memory of ZONE_MOVABLE, if it took some?"""
    if key[1] != MOVABLE or not zone.unmanaged:
        return False
    early = [section.nr for section, _ in state.zone_sections(key) if section.early]
    size = state.geometry.pages_per_section
    return bool(early) and asked.pfn <= early[-1] * size < asked.pfn + asked.pages
