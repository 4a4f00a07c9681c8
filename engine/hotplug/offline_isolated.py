"""What an offline does once every page of the block is free and isolated, from __offline_isolated_pages to MEM_OFFLINE and
remove_pfn_range_from_zone (mm/memory_hotplug.c, offline_pages).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..memory.block import Block
from ..memory.section import Section, kinds_of
from ..memory.state import State
from ..mm.watermarks import Watermarks, set_watermarks
from ..protocol.events import BlockStateChanged, Event, Logged, MemmapSkipped, PagesTaken, RangeRemoved
from ..protocol.vocabulary import PAGE_OFFLINE, POISONED, Chunk, ZoneKey
from .notify import named_node, tell_node
from .online import rebuild_zonelists
from .zone_policy import adjust_present
from .zone_span import leave_zone, shrink

Steps = Iterator[Event]


def offline_isolated(state: State, block: Block, key: ZoneKey, first: int, length: int, heads: list[Chunk]) -> Steps:
    """The pages of a block (`first`, `length`) leave the buddy, the counts and the zone; then its own head does. `heads` are
    other head pages in it."""
    start, pages = first + block.head, length - block.head
    sections = state.block_sections(block.id)
    kinds = kinds_of(sections)
    withheld = sum(section.count(PAGE_OFFLINE) for section in sections) if PAGE_OFFLINE in kinds else 0
    reserved = 0
    for pfn, count in heads:
        yield MemmapSkipped("__offline_isolated_pages", pfn, count)
        reserved += count
    gone = pages if state.model.heads_present else pages - reserved
    watermarks = Watermarks(state)
    left = adjust_present(state, block, key, -gone, managed=-(pages - reserved - withheld))
    set_watermarks(state, watermarks)
    yield PagesTaken(start, gone)
    yield Logged(f"Offlined Pages {gone}")
    if not left.present:
        if state.model.late_node_state:  # the node still counts as one with memory
            state.zones.put(key, left.plus(present=1))
        yield from rebuild_zonelists(state, Watermarks(state))
        state.zones.put(key, msgspec.structs.replace(left, pcp=0))
    change = -1 if left.present or state.has_more(key[0], 0) else key[0]
    yield from tell_node(state, "NODE_REMOVED_LAST_MEMORY", start, pages, change)
    yield state.chain.call("MEM_OFFLINE", start, pages, named_node(state, change), block.early)
    yield from _leave(state, block, sections, key, first, length)
    linked = key if state.model.spans_until_removal else None
    hwpoison = block.hwpoison or POISONED in kinds
    state.blocks.put(
        block.id,
        msgspec.structs.replace(block, state="offline", zone=None, hwpoison=hwpoison, stuck=False, linked=linked),
    )
    if state.model.prepare_finish:
        yield state.chain.call("MEM_FINISH_OFFLINE", start, pages, -1, block.early)
    yield BlockStateChanged(block.id, "offline")


def _leave(state: State, block: Block, sections: list[Section], key: ZoneKey, first: int, length: int) -> Steps:
    """The sections of a block leave the zone, and its span if it shrinks now: those behind the head first, then those with it."""
    start, pages = first + block.head, length - block.head
    size = state.geometry.pages_per_section
    shrinks = not state.model.spans_until_removal
    with_head = [section for section in sections if section.nr * size < start]
    for section in sections[len(with_head) :]:
        leave_zone(state, section, 0)
    if shrinks:
        for section in with_head:  # which is still there, and is removed after the rest of the block
            state.sections.put(section.nr, msgspec.structs.replace(section, online=False))
        shrink(state, key, start, pages)
        yield RangeRemoved(start, pages, *key)
    if not block.head:
        return
    for section in with_head:
        leave_zone(state, section, min(start - section.nr * size, size))
    if shrinks:
        shrink(state, key, first, block.head)
        yield RangeRemoved(first, block.head, *key)
