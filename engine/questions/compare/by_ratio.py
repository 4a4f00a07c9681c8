"""How much of a request would go movable by itself, were online_policy auto-movable."""

from __future__ import annotations

from ...commands import Add, Online, extent
from ...hotplug.zone_policy import zone_for
from ...memory.block import Block, Group
from ...memory.state import State
from ...memory.zone import MOVABLE
from ...protocol.events import ZoneChosen
from ...protocol.reasons.zones import NoAutoMovable, ZoneRule
from ...run.rehearsal import attempt, rehearsal
from ..shortage import shortage
from .comparison import Alternative, AutoMovable
from .measure import Known
from .thinned import thinned


def by_ratio(state: State, add: Add, refused: Alternative | None, known: Known) -> AutoMovable:
    """What auto-movable would do with the request; the state is used up by it. `refused`: the add is, as it was there."""
    ratio, aware = state.settings.auto_movable_ratio, state.settings.auto_movable_numa_aware
    if "auto-movable" not in state.model.policies:
        return AutoMovable("EINVAL", NoAutoMovable(state.model.name), ratio, aware)
    state.parameters.change(online_policy="auto-movable", auto_online_blocks="offline")
    largest = _largest_movable(state, add)
    if refused is not None:
        return AutoMovable(refused.result, refused.reason, ratio, aware, largest_pages=largest)
    start, size = extent(add)
    unit = state.geometry.pages_per_block
    count = size // state.geometry.block_size
    if state.model.groups and add.caller in ("acpi", "dax", "cxl") and not shortage(state, add).missing:
        with rehearsal(state):
            fits = thinned(state, add, known) is not None
        if fits:  # a device goes as a whole, as its first block does
            with rehearsal(state):
                zone, reason = _as_device(state, add, size // state.geometry.page_size)
            movable = count if zone == MOVABLE else 0
            rest = count - movable
            return AutoMovable("ok", reason, ratio, aware, movable, rest, movable * unit, rest * unit, largest)
    tried = attempt(state, add)
    if not tried.ok:
        return AutoMovable(tried.result, tried.reason, ratio, aware, largest_pages=largest)
    page = state.geometry.page_size
    movable, kernel = 0, 0
    rule: ZoneRule | None = None
    for block in state.range_blocks(start // page, size // page):
        tried = attempt(state, Online(block=block.id))
        for event in tried.events:
            if isinstance(event, ZoneChosen):
                if rule is None or (event.zone != MOVABLE and not kernel):
                    rule = event.reason
                movable, kernel = movable + (event.zone == MOVABLE), kernel + (event.zone != MOVABLE)
    return AutoMovable("ok", rule, ratio, aware, movable, kernel, movable * unit, kernel * unit, largest)


def _largest_movable(state: State, add: Add) -> int:
    """Pages of the largest memory device (a static group) that auto-movable would take: half the interval, again and
    again."""
    geometry = state.geometry
    fits, too_many = 0, geometry.max_address // geometry.block_size + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        with rehearsal(state):
            zone, _ = _as_device(state, add, middle * geometry.pages_per_block)
        fits, too_many = (middle, too_many) if zone == MOVABLE else (fits, middle)
    return fits * geometry.pages_per_block


def _as_device(state: State, add: Add, pages: int) -> tuple[str, ZoneRule]:
    """Where the first block of a memory device of so many pages would go."""
    number = max(state.groups, default=-1) + 1
    block = Block(extent(add)[0] // state.geometry.block_size, "offline", (add.node,), group=number)
    state.groups.put(number, Group(number, add.node, max_pages=pages))
    zone, reason = zone_for(state, block, "online", *state.block_range(block.id))
    return zone.name, reason
