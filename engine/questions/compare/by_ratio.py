"""How much of a request would go movable by itself, were online_policy auto-movable."""

from __future__ import annotations

import msgspec

from ...commands import Add, Online, extent
from ...hotplug.zone_policy import zone_for
from ...memory.block import Block, Group
from ...memory.state import State
from ...memory.zone import MOVABLE
from ...protocol.events import ZoneChosen, of_type
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
    found = AutoMovable("ok", None, ratio, aware, largest_pages=_largest_movable(state, add))
    if refused is not None:
        return msgspec.structs.replace(found, result=refused.result, reason=refused.reason)
    if _goes_as_a_whole(state, add, known):
        with rehearsal(state):
            zone, reason = _as_device(state, add, extent(add)[1] // state.geometry.page_size)
        count = extent(add)[1] // state.geometry.block_size
        movable = count if zone == MOVABLE else 0
        return _counted(state, found, reason, movable, count - movable)
    tried = attempt(state, add)
    if not tried.ok:
        return msgspec.structs.replace(found, result=tried.result, reason=tried.reason)
    return _counted(state, found, *_block_by_block(state, add))


def _goes_as_a_whole(state: State, add: Add, known: Known) -> bool:
    """Is it a memory device, all of whose blocks go where its first one does, and does it fit?"""
    if not state.model.groups or add.caller not in ("acpi", "dax", "cxl") or shortage(state, add).missing:
        return False
    with rehearsal(state):
        return thinned(state, add, known) is not None


def _block_by_block(state: State, add: Add) -> tuple[ZoneRule | None, int, int]:
    """The rule, of the first block that goes to a kernel zone if one does, and how many blocks go to ZONE_MOVABLE and to kernel
    zones, each onlined after those before it."""
    start, size = extent(add)
    page, chosen = state.geometry.page_size, list[ZoneChosen]()
    for block in state.range_blocks(start // page, size // page):
        chosen += of_type(attempt(state, Online(block=block.id)).events, ZoneChosen)
    kernel = [event for event in chosen if event.zone != MOVABLE]
    rule = next((event.reason for event in (*kernel, *chosen)), None)
    return rule, len(chosen) - len(kernel), len(kernel)


def _counted(state: State, found: AutoMovable, rule: ZoneRule | None, movable: int, kernel: int) -> AutoMovable:
    """With so many blocks in ZONE_MOVABLE and in kernel zones."""
    unit = state.geometry.pages_per_block
    return msgspec.structs.replace(
        found,
        reason=rule,
        movable_blocks=movable,
        kernel_blocks=kernel,
        movable_pages=movable * unit,
        kernel_pages=kernel * unit,
    )


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
