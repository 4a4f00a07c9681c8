"""A captured block that is going offline: its pageblocks are isolated, so its free pages count as neither free nor in use, and
its memmap head is present no longer (offline_pages). Whoever does that holds the hotplug lock.
"""

from __future__ import annotations

import msgspec

from ..memory.block import Block
from ..memory.section import Section, set_types
from ..memory.state import State
from ..memory.zone import MOVABLE
from ..numbers.bits import span
from ..numbers.rounding import ceil
from ..protocol.vocabulary import FREE, ISOLATE, MOVABLE_TYPE


def put_back(state: State) -> None:
    """The counters as they were before, so that all blocks can be laid out alike."""
    for block in _going(state):
        _count(state, block, 1)


def take_apart(state: State, prior: State | None) -> None:
    """What was put back is isolated again, and nothing else is; the lock is held. `prior`: the state of the model before."""
    going = _going(state)
    isolated = {nr for block in going for nr in _numbers(state, block)}
    if prior is not None and prior.globals.value.locked:
        isolated |= {nr for nr, section in state.sections.items() if ISOLATE in section.types}
    for nr in isolated:
        section, block = state.sections[nr], state.blocks.get(nr // state.geometry.sections_per_block)
        pageblocks = span(0, state.geometry.pageblocks_per_section)
        if block is not None and block.state == "going-offline":
            types = set_types(section.types, pageblocks & ~span(0, _heads(state, block, section)), ISOLATE)
        else:
            types = set_types(section.types, section.types.get(ISOLATE, 0), MOVABLE_TYPE)
        state.sections.load({nr: msgspec.structs.replace(section, types=types)})
    for block in going:
        _count(state, block, -1)
        _uncount_head(state, block)
    state.globals.change(locked=bool(going))


def _going(state: State) -> list[Block]:
    return [block for block in state.blocks.values() if block.state == "going-offline" and block.zone in state.zones]


def _numbers(state: State, block: Block) -> list[int]:
    return [section.nr for section in state.block_sections(block.id)]


def _count(state: State, block: Block, sign: int) -> None:
    """Its free pages and its head join the counters of its zone, or leave them."""
    if block.zone is None:
        return
    free = sum(section.count(FREE) for section in state.block_sections(block.id))
    head = block.head if state.model.heads_present else 0
    state.zones.load({block.zone: state.zones[block.zone].plus(present=sign * head, free=sign * free)})


def _uncount_head(state: State, block: Block) -> None:
    """Its memory group counts the head as present no longer, either."""
    if block.group not in state.groups or block.group is None or block.zone is None or not state.model.heads_present:
        return
    group = state.groups[block.group]
    field = "present_movable" if block.zone[1] == MOVABLE else "present_kernel"
    less = getattr(group, field) - block.head
    state.groups.load({block.group: msgspec.structs.replace(group, **{field: less})})


def _heads(state: State, block: Block, section: Section) -> int:
    """Pageblocks at the start of a section that belong to the head of its block."""
    start, _ = state.block_range(block.id)
    behind = block.head - (section.nr * state.geometry.pages_per_section - start)
    return ceil(max(0, behind), state.geometry.pageblock_pages)
