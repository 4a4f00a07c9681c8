"""One alternative tried to its end: the add, the onlining of each of its blocks, and the removal of each alone."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

import msgspec

from ...commands import Add, Offline, Online, Remove, extent
from ...commands.outcome import Outcome
from ...hotplug.overhead import object_pages, page_table_pages
from ...memory.section import Section
from ...memory.state import State
from ...memory.zone import MOVABLE
from ...numbers.frozen import Frozen
from ...numbers.runs import merged
from ...protocol.events import ZoneChosen
from ...protocol.vocabulary import FREE, MEMMAP, Chunk, MemmapOn
from ...run.rehearsal import attempt, rehearsal
from ..shortage import shortage
from .comparison import AlikeBlocks, Alternative, MemmapShare, StuckBlocks
from .looked_at import once
from .measure import Known, largest_run, memory


def rehearsed(state: State, row: Alternative, add: Add, known: Known) -> Alternative:
    """Fill in a row: add, online everything, look, and see what could be removed again; the state is used up by it."""
    geometry = state.geometry
    start, size = extent(add)
    first, pages = start // geometry.page_size, size // geometry.page_size
    budget = shortage(state, add)
    tables = page_table_pages(state, first, pages)
    before = state.free_by_node()
    tried = once(known.steps, state, add, lambda: attempt(state, add))
    row = msgspec.structs.replace(row, certainty=tried.certainty)
    if not tried.ok:
        missing = budget.missing if tried.result == "ENOMEM" else 0
        return msgspec.structs.replace(row, result=tried.result, reason=tried.reason, missing=missing)
    shares, outside, fallback = memmap_of(state, state.sections_of(first, pages), add.node, first, pages)
    blocks = [block.id for block in state.range_blocks(first, pages)]
    row = msgspec.structs.replace(
        row,
        blocks=len(blocks),
        memmap=shares,
        off_node=sum(share.pages for share in shares if share.node != add.node),
        outside=outside,
        waste=sum(share.pages for share in shares) - geometry.memmap_pages(pages),
        tables=tables + fallback,
        objects=object_pages(len(blocks), state.geometry.page_size),
        taken=less(before, state.free_by_node()),
        added=memory(state, add.node, known),
    )
    zones, refusal = _online_all(state, blocks, row)
    row = msgspec.structs.replace(
        row,
        stretches=tuple(_stretches(state, blocks)),
        zones=Frozen(zones),
        online=memory(state, add.node, known),
        largest_run=largest_run(state, first, pages),
    )
    if refusal is not None:
        return msgspec.structs.replace(row, certainty=refusal.certainty, result=refusal.result, reason=refusal.reason)
    removable, stuck = removals(_each_taken_out(state, blocks))
    return msgspec.structs.replace(row, removable=removable, stuck=stuck, assured=set(zones) == {MOVABLE})


def less(before: dict[int, int], after: dict[int, int]) -> Frozen[int, int]:
    """By node, how many free pages there are less than before (negative: more)."""
    return Frozen({node: free - after.get(node, 0) for node, free in before.items() if free != after.get(node, 0)})


def memmap_of(
    state: State, sections: Iterable[Section], node: int, start: int, pages: int
) -> tuple[tuple[MemmapShare, ...], tuple[Chunk, ...], int]:
    """Where the memmap of the sections of a range lies: its shares, the runs of pages outside the range, and the page tables
    of what was mapped by base pages. A block's own head counts in full, also what it pads."""
    size = state.geometry.pages_per_section
    heads = sum(block.head for block in state.range_blocks(start, pages))
    places: dict[tuple[MemmapOn, int], int] = {("self", node): heads} if heads else {}
    chunks: dict[Chunk, MemmapOn] = {}
    tables: set[Chunk] = set()
    for section in sections:
        if section.memmap is not None:
            tables.update(section.memmap.tables)
            chunks.update(dict.fromkeys(section.memmap.chunks, section.memmap.on))
    for (pfn, count), on in chunks.items():
        host = state.sections.get(pfn // size)
        place = on, host.node if host is not None else node
        if not (heads and on == "self"):
            places[place] = places.get(place, 0) + count
    shares = tuple(MemmapShare(on, host_node, count) for (on, host_node), count in sorted(places.items()))
    outside = sorted((pfn, count) for pfn, count in chunks if not start <= pfn < start + pages)
    return shares, merged(outside), sum(count for _, count in tables)


def _stretches(state: State, blocks: Sequence[int]) -> Iterator[AlikeBlocks]:
    found: AlikeBlocks | None = None
    for number in blocks:
        pages = sum(section.count(MEMMAP) for section in state.block_sections(number))
        if found is not None and (found.last + 1, found.memmap) == (number, pages):
            found = msgspec.structs.replace(found, last=number)
            continue
        if found is not None:
            yield found
        found = AlikeBlocks(number, number, pages)
    if found is not None:
        yield found


def _online_all(state: State, blocks: Sequence[int], row: Alternative) -> tuple[dict[str, int], Outcome | None]:
    """How many blocks went to which zone, and the refusal that stopped it."""
    zones: dict[str, int] = {}
    for number in blocks:
        tried = attempt(state, Online(block=number, type=row.online_type))
        if not tried.ok:
            return zones, tried
        zone = zone_chosen(tried)
        zones[zone] = zones.get(zone, 0) + 1
    return zones, None


def zone_chosen(tried: Outcome) -> str:
    """The zone that a block went to."""
    return next(event.zone for event in tried.events if isinstance(event, ZoneChosen))


def removals(tried: Iterable[tuple[int, int, Outcome]]) -> tuple[tuple[tuple[int, int], ...], tuple[StuckBlocks, ...]]:
    """Of blocks that were taken out alone (first to last, alike, and how that ended) the runs that can be, and those that cannot
    for one errno."""
    free: list[tuple[int, int]] = []
    stuck: list[StuckBlocks] = []
    for first, last, ended in tried:
        if ended.ok:
            low = free.pop()[0] if free and free[-1][1] == first - 1 else first
            free.append((low, last))
        elif stuck and (stuck[-1].last, stuck[-1].result) == (first - 1, ended.result):
            stuck[-1] = msgspec.structs.replace(stuck[-1], last=last)
        else:
            stuck.append(StuckBlocks(first, last, ended.result, ended.reason))
    return tuple(free), tuple(stuck)


def _each_taken_out(state: State, blocks: Iterable[int]) -> Iterator[tuple[int, int, Outcome]]:
    """Each block tried alone: offline, then remove. Of those that are empty and alike one is tried, and stands for all."""
    empty: dict[Hashable, Outcome] = {}
    for number in blocks:
        alike = _if_empty(state, number)
        ended = empty.get(alike) or taken_out(state, number)
        if ended.ok and alike is not None:
            empty[alike] = ended
        yield number, number, ended


def taken_out(state: State, number: int) -> Outcome:
    """How taking a block out ends, alone; the state is as it was."""
    size = state.geometry.block_size
    with rehearsal(state):
        tried = attempt(state, Offline(block=number))
        return attempt(state, Remove(start=number * size, size=size)) if tried.ok else tried


def _if_empty(state: State, number: int) -> Hashable | None:
    """What makes one block like another for being taken out, if nothing is in it but its own memmap; else None."""
    block, sections = state.blocks[number], state.block_sections(number)
    if any(section.pages.keys() - {FREE, MEMMAP} for section in sections):
        return None
    heads = sum(section.count(MEMMAP) for section in sections)
    return (block.zone, heads, *(id(section.pages) for section in sections)) if heads == block.head else None
