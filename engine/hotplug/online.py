"""Onlining a block: memory_block_online (drivers/base/memory.c) and online_pages (mm/memory_hotplug.c), in the kernel's
order of steps.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..memory.block import Block
from ..memory.section import Section, memmap_from, set_types
from ..memory.state import State
from ..memory.zone import KERNEL_ZONES
from ..mm.watermarks import Watermarks, set_watermarks
from ..mm.zonelist import node_order
from ..protocol.events import (
    BlockStateChanged,
    Event,
    HeadInitialized,
    IsolationUndone,
    Logged,
    MemmapSkipped,
    NotifierCalled,
    PagesOnlined,
    PresentAdjusted,
    RangeDoubted,
    RangeMoved,
    RangeRemoved,
    ZoneChosen,
)
from ..protocol.reasons import HotplugError
from ..protocol.reasons.unknown import PoisonSomewhere, ZoneNotTold
from ..protocol.reasons.zones import BlockPoisoned
from ..protocol.vocabulary import FREE, ISOLATE, MEMMAP, MOVABLE_TYPE, OnlineType, ZoneKey
from .notify import named_node, tell_node
from .zone_policy import adjust_present, hangs_on_boot, zone_for
from .zone_span import grow, join_zone, shrink

Steps = Iterator[Event]


def online_block(state: State, number: int, kind: OnlineType) -> Steps:
    """Online one offline block as `online`, `online_kernel` or `online_movable`: memory_block_online. Raises `HotplugError`; the
    block is offline then, and every number is what it was."""
    block = state.blocks[number]
    if block.online_type is not None:
        block = msgspec.structs.replace(block, online_type=None)
        state.blocks.put(number, block)
    start, pages = state.block_range(number)
    yield from _doubts(state, block, kind)
    zone, reason = zone_for(state, block, kind, start, pages)
    key, head = zone.key, block.head
    yield ZoneChosen(number, block.node, zone.name, reason)
    if state.model.prepare_finish:
        call = state.chain.call("MEM_PREPARE_ONLINE", start + head, pages - head, -1, block.early)
        yield call
        if call.vetoed_by:
            raise state.chain.refusal(call)
    if head:
        grow(state, key, start, head)
        yield HeadInitialized(start, head)
    yield from _online_pages(state, block, key)
    if head and state.model.heads_present:
        adjust_present(state, block, key, head)
        yield PresentAdjusted(*key, head)
    state.blocks.put(number, msgspec.structs.replace(block, state="online", zone=key, hwpoison=False, linked=None))
    yield BlockStateChanged(number, "online")


def _doubts(state: State, block: Block, kind: OnlineType) -> Steps:
    """What is not known of the block and decides whether, or in which zone, it goes online. Raises `HotplugError` for a page of
    it that is known to be poisoned."""
    start, pages = state.block_range(block.id)
    if state.model.poison_refuses_online:
        if block.hwpoison:
            raise HotplugError("EHWPOISON", BlockPoisoned(block.id), start)
        if state.globals.value.poison_unseen:
            yield RangeDoubted(start, pages, PoisonSomewhere())
    if hangs_on_boot(state, block, kind, pages):
        yield RangeDoubted(start, pages, ZoneNotTold(state.globals.value.zones_differ))


def _online_pages(state: State, block: Block, key: ZoneKey) -> Steps:
    """online_pages: what of a block is not its own head joins a zone and its buddy, unless a notifier forbids it."""
    first, length = state.block_range(block.id)
    start, pages = first + block.head, length - block.head
    sections = state.block_sections(block.id)
    joined = _move_pfn_range(state, sections, key, start, pages)
    yield RangeMoved(start, pages, *key)
    change = -1 if state.has_more(block.node, 0) else block.node
    named = named_node(state, change)
    yield from tell_node(state, "NODE_ADDING_FIRST_MEMORY", start, pages, change)
    call = state.chain.call("MEM_GOING_ONLINE", start, pages, named, block.early)
    yield call
    if call.vetoed_by:
        yield from _cancel(state, block, key, sections, change)
        raise state.chain.refusal(call)
    populated, watermarks = state.zones[key].present, Watermarks(state)
    for at, count in memmap_from(joined, start, state.geometry.pages_per_section):
        yield MemmapSkipped("online_pages_range", at, count)
    freed = sum([section.count(FREE) for section in joined])
    onlined = length - (block.head if state.model.heads_present else sum([one.count(MEMMAP) for one in joined]))
    counted = adjust_present(state, block, key, onlined, managed=freed)
    yield PagesOnlined(start, freed)
    if onlined and not populated:
        yield from rebuild_zonelists(state, watermarks)
    state.zones.put(key, msgspec.structs.replace(counted, free=counted.free + freed))
    for section in joined:
        types = set_types(section.types, section.types.get(ISOLATE, 0), MOVABLE_TYPE)
        state.sections.put(section.nr, msgspec.structs.replace(section, online=True, types=types))
    yield IsolationUndone(start, pages, freed)
    set_watermarks(state, watermarks)
    yield from tell_node(state, "NODE_ADDED_FIRST_MEMORY", start, pages, change)
    if onlined:  # a block that holds nothing but memmap is no news
        yield state.chain.call("MEM_ONLINE", start, pages, named, block.early)


def _move_pfn_range(state: State, sections: list[Section], key: ZoneKey, start: int, pages: int) -> list[Section]:
    """move_pfn_range_to_zone: a zone grows over pages, and the sections that hold them join it, as they are then."""
    grow(state, key, start, pages)
    size = state.geometry.pages_per_section
    return [join_zone(state, section, key, min(max(start - section.nr * size, 0), size)) for section in sections]


def _cancel(state: State, block: Block, key: ZoneKey, sections: list[Section], change: int) -> Steps:
    """Someone refused: all are told, the sections are as before, and the block leaves the zone. `change`: the node that would
    have got its first memory, else -1."""
    start, pages = state.block_range(block.id)
    head = block.head
    yield NotifierCalled("MEM_CANCEL_ONLINE", start + head, pages - head, named_node(state, change))
    yield from tell_node(state, "NODE_CANCEL_ADDING_FIRST_MEMORY", start + head, pages - head, change)
    for section in sections:
        state.sections.put(section.nr, section)
    if state.model.spans_until_removal:
        state.blocks.put(block.id, msgspec.structs.replace(block, linked=key))
    else:
        shrink(state, key, start, pages)
        yield RangeRemoved(start, pages, *key)
    if state.model.prepare_finish:
        yield state.chain.call("MEM_FINISH_OFFLINE", start + head, pages - head, -1, block.early)


def rebuild_zonelists(state: State, watermarks: Watermarks, fresh: int | None = None) -> Steps:
    """build_all_zonelists, as a zone became populated or empty, or for a `fresh` node alone, which is not online yet: what
    the kernel log shows. The watermarks still are those of before, `watermarks`."""
    online = [node for node in sorted(state.nodes) if state.nodes[node].online]
    built = online if fresh is None else [fresh]
    for node in built if state.model.fallback_order_logged else ():
        order = node_order(state, node)
        if state.model.memoryless_first and node not in order:
            order = [node, *order]
        yield Logged(f"Fallback order for Node {node}: {' '.join(map(str, order))} ")
    total = watermarks.above_high(state)
    yield Logged(f"Built {len(online)} zonelists, mobility grouping on.  Total pages: {total}")
    highest = max(
        (KERNEL_ZONES.index(zone.name) for zone in state.zones.values() if zone.managed and zone.name in KERNEL_ZONES),
        default=0,
    )
    if highest > state.globals.value.policy_zone:
        state.globals.change(policy_zone=highest)
    yield Logged(f"Policy zone: {KERNEL_ZONES[state.globals.value.policy_zone]}")
