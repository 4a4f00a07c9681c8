"""What keeps blocks from going offline: every page in the way, and whose memmap lies there.

The pages are found by trying: the kernel's refusal names a page, all pages like it are freed in a rehearsal, and the
block is tried again, until it goes or a rule stands that no page can help.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from ...commands import Command, Eject, Offline, Remove
from ...commands.outcome import Outcome
from ...memory.section import Section
from ...memory.state import State
from ...mm import sparse_vmemmap
from ...mm.hugetlb import pool
from ...mm.memmap_index import memmap_owners
from ...numbers.bits import lowest, span
from ...numbers.runs import consecutive
from ...protocol.events import BlockStateChanged, NotifierCalled
from ...protocol.reasons import Reason
from ...protocol.reasons.blocking import Blocking, MemmapOf, RangesThere
from ...protocol.reasons.remedies import UsersGiveBack
from ...protocol.vocabulary import (
    ABSENT,
    FREE,
    HUGE,
    MEMMAP,
    PCP,
    RESERVED,
    UNMOVABLE_KINDS,
    VMEMMAP,
    Freeable,
    Kind,
    Runs,
)
from ...run.rehearsal import attempt
from .verdict import Blocker

_MOST_RANGES: Final = 4
"""Ranges that are named one by one."""
_NEVER_AT_FAULT: Final = (None, FREE, PCP, ABSENT, MEMMAP)


class Found(NamedTuple):
    """Pages of one kind in the way of offlining: how many, and the first (pfn)."""

    total: int
    first: int


class Obstacles(NamedTuple):
    """What stands in the way of offlining some blocks: pages by kind, and the refusals that are no page's fault, by
    block."""

    pages: dict[Kind, Found]
    refusals: dict[int, Outcome]


def clear_away(state: State, blocks: Iterable[int]) -> Obstacles:
    """Offline blocks one after the other, freeing whatever page is in the way; for a rehearsal."""
    pages: dict[Kind, Found] = {}
    refusals: dict[int, Outcome] = {}
    for number in blocks:
        tried = attempt(state, Offline(block=number))
        while (kinds := _at_fault(state, tried)) and (found := empty(state, number, kinds)):
            for kind, (count, first) in found.items():
                before = pages.get(kind)
                pages[kind] = Found(before.total + count, before.first) if before else Found(count, first)
            tried = attempt(state, Offline(block=number))
        if not tried.ok:
            refusals[number] = tried
    return Obstacles(pages, refusals)


def empty(state: State, number: int, kinds: Iterable[Kind]) -> dict[Kind, Found]:
    """Free the pages of some kinds that a block has behind its head, as if they had been given back; what that was."""
    found: dict[Kind, Found] = {}
    start, pages = state.block_range(number)
    start, pages = start + state.blocks[number].head, pages - state.blocks[number].head
    size = state.geometry.pages_per_section
    for kind in kinds:
        for section in state.sections_of(start, pages):
            base = section.nr * size
            low = max(start - base, 0)
            mask = section.of(kind) & span(low, size - low)
            if mask:
                before = found.get(kind)
                count = mask.bit_count() + (before.total if before else 0)
                found[kind] = Found(count, before.first if before else base + lowest(mask))
                state.set_kind(section, mask, FREE)
                for key, _ in section.zones:  # what the boot reserved was never managed; what is free is
                    zone = state.zones[key]
                    state.zones.put(key, zone.plus(managed=max(0, zone.free + zone.pcp - zone.managed)))
    if HUGE in found:
        for pfn, _ in pool.in_range(state, start, pages):
            pool.release(state, pfn)
    return found


def _at_fault(state: State, tried: Outcome) -> tuple[Kind, ...]:
    """The kinds of pages that a refusal is about; none where a rule refused."""
    if tried.ok or tried.result == "EINVAL" or tried.pfn is None:
        return ()
    if not any(isinstance(event, BlockStateChanged) for event in tried.events):
        return ()
    if any(isinstance(event, NotifierCalled) and event.vetoed_by for event in tried.events):
        return ()
    kind = kind_at(state, tried.pfn)
    if kind in _NEVER_AT_FAULT or kind is None:
        return ()
    return UNMOVABLE_KINDS if kind in UNMOVABLE_KINDS else (kind,)


def kind_at(state: State, pfn: int) -> Kind | None:
    """What a page is; None where there is none."""
    nr, at = divmod(pfn, state.geometry.pages_per_section)
    section = state.sections.get(nr)
    if section is None:
        return None
    return next((kind for kind, mask in section.pages.items() if mask >> at & 1), None)


def blockers_of(state: State, blocks: Sequence[int], obstacles: Obstacles, owners: Sequence[Section]) -> list[Blocker]:
    """The obstacles of some blocks as blockers; `owners` are the sections whose memmap lies in ordinary pages there."""
    found: list[Blocker] = []
    for kind, (count, first) in sorted(obstacles.pages.items(), key=lambda item: item[1].first):
        detail: Blocking | None = _reserved_as(state, blocks) if kind == RESERVED else None
        if kind == VMEMMAP and owners:
            detail = MemmapOf(*owned_by(state, owners))
        found.append(Blocker(kind, count, "pages", first, detail))
    refusals: dict[Reason | None, list[int]] = {}
    for number, tried in obstacles.refusals.items():
        refusals.setdefault(tried.reason, []).append(number)
    for reason, numbers in refusals.items():
        start, _ = state.block_range(numbers[0])
        found.append(Blocker("rule", len(numbers), "blocks", start, rule=reason))
    return found


def _reserved_as(state: State, blocks: Sequence[int]) -> RangesThere | None:
    """What the boot keeps in some blocks, as far as /proc/iomem calls it by name."""
    size = state.geometry.block_size
    found = [
        (one.name, one.start, one.end - 1)
        for _, one in sorted(state.reserved.items())
        if any(one.start < (number + 1) * size and number * size < one.end for number in blocks)
    ]
    return RangesThere(tuple(found[:_MOST_RANGES]), max(0, len(found) - _MOST_RANGES)) if found else None


def owned_by(state: State, owners: Sequence[Section]) -> tuple[Runs, int]:
    """Whose memmap some sections' is: blocks, and how many ranges without one."""
    blocks = {owner.nr // state.geometry.sections_per_block for owner in owners}
    there = blocks & state.blocks.keys()
    return tuple(consecutive(there)), len(blocks) - len(there)


def kernel_memmap_owners(state: State, blocks: Sequence[int]) -> list[Section]:
    """Sections whose memmap lies in ordinary kernel pages of some blocks, ascending."""
    owners = {one.nr: one for number in blocks for one in memmap_owners(state, *state.block_range(number))}
    return [one for _, one in sorted(owners.items()) if one.memmap is not None and one.memmap.on == "kernel"]


def object_owners(state: State, blocks: Sequence[int]) -> list[Section]:
    """The first section of every add request whose page tables or kernel objects lie in some blocks."""
    ranges = [state.block_range(number) for number in blocks]
    return [
        state.sections[request.start // state.geometry.pages_per_section]
        for request in state.requests.values()
        if any(
            first < start + pages and first + count > start
            for first, count in request.tables
            for start, pages in ranges
        )
    ]


def dependants(state: State, start: int, pages: int) -> list[Section]:
    """All sections outside a range that must go before it: those whose memmap lies in it, in what these take along, and
    so on."""
    size = state.geometry.pages_per_block
    found: dict[int, Section] = {}
    waiting = [(start, pages)]
    while waiting:
        new = {
            guest.nr: guest
            for guest in sparse_vmemmap.guests(state, *waiting.pop())
            if guest.nr not in found and not start <= guest.nr * state.geometry.pages_per_section < start + pages
        }
        found |= new
        blocks = sorted({nr // state.geometry.sections_per_block for nr in new})
        waiting += [(first * size, (last + 1 - first) * size) for first, last in consecutive(blocks)]
    return list(found.values())


def take_out(state: State, owners: Iterable[Section], keep: tuple[int, int]) -> list[Command]:
    """The commands that take out the memory of some sections, the highest first: whole add requests where these are
    known and do not meet the range `keep` (pfn, pages), else whole blocks, and what an add that failed left behind."""
    geometry = state.geometry
    page, size = geometry.page_size, geometry.pages_per_section
    requests: set[tuple[int, int]] = set()
    loose: set[int] = set()
    for owner in owners:
        pfn = owner.nr * size
        for request in state.requests.values():
            if request.start <= pfn < request.start + request.pages and not (
                keep[0] < request.start + request.pages and request.start < sum(keep)
            ):
                requests.add((request.start, request.pages))
                break
        else:
            loose.add(pfn // geometry.pages_per_block)
    commands: dict[int, Command] = {start: Eject(start=start * page, size=pages * page) for start, pages in requests}
    for first, last in consecutive(sorted(loose)):
        start = first * geometry.pages_per_block
        bytes_ = (last + 1 - first) * geometry.block_size
        known = first in state.blocks
        commands[start] = (Eject if known else Remove)(start=start * page, size=bytes_)
    return [commands[start] for start in sorted(commands, reverse=True)]


def given_back(state: State, pages: dict[Kind, Found], kinds: Sequence[Freeable]) -> UsersGiveBack | None:
    """That pages of some kinds are given back; None for none."""
    size = state.geometry.page_size
    return (
        UsersGiveBack(tuple((kind, pages[kind].total, pages[kind].total * size) for kind in kinds)) if kinds else None
    )
