"""The few numbers that a plan is followed by."""

from __future__ import annotations

import msgspec

from ..memory.state import Holder, State, state_of
from ..memory.zone import MOVABLE
from .summary import summary


class Measured(msgspec.Struct, frozen=True):
    """`total` and `free` as MemTotal and MemFree in /proc/meminfo; `memmap`, the pages that hold struct pages of hot-added
    memory, in kernel memory or in the added memory itself, online or not; `movable`, the managed pages of ZONE_MOVABLE. All are
    pages, of the whole machine."""

    total: int = 0
    free: int = 0
    memmap: int = 0
    movable: int = 0


def measured(machine: Holder | State) -> Measured:
    """The numbers of a machine in its present state."""
    state = state_of(machine)
    zones = state.zones.values()
    last = max(state.sections, default=0) + 1
    pages = summary(state, 0, last * state.geometry.pages_per_section, orders=False)
    heads = sum(block.head for block in state.blocks.values() if block.state == "offline")
    return Measured(
        sum(zone.managed for zone in zones),
        sum(zone.free for zone in zones),
        pages.of("memmap") + pages.of("vmemmap") + heads,
        sum(zone.managed for zone in zones if zone.name == MOVABLE),
    )
