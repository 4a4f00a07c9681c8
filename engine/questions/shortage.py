"""Whether kernel memory is enough for an add: what it takes, and what there is."""

from __future__ import annotations

import msgspec

from ..commands import Add, extent
from ..hotplug.overhead import object_pages, page_table_pages
from ..hotplug.placement import choose
from ..memory.state import Holder, State, state_of
from ..memory.zone import NORMAL
from ..mm.watermarks import Watermarks
from ..mm.zonelist import kernel_zonelist
from ..numbers.rounding import ceil
from ..protocol.reasons import HotplugError
from ..protocol.vocabulary import ZoneKey


class Shortage(msgspec.Struct, frozen=True):
    """What an add request takes from memory that is there already, and what that has; all in pages.

    `memmap`     for the memmap; 0 where that lies in the added memory itself
    `tables`     for page tables and kernel objects, which never lie there
    `available`  what the kernel zones have above their min watermarks
    `nodes`      the nodes of those zones, in the order in which the kernel tries them
    """

    memmap: int
    tables: int
    available: int
    nodes: tuple[int, ...]

    @property
    def needed(self) -> int:
        """All pages that the request takes."""
        return self.memmap + self.tables

    @property
    def missing(self) -> int:
        """How many pages are too few; 0 if there are enough, though perhaps not enough in a row."""
        return max(0, self.needed - self.available)


def shortage(machine: Holder | State, add: Add) -> Shortage:
    """The `Shortage` of an add request on the machine as it is now. Raises `BadInput` for a size that is none."""
    state = state_of(machine)
    geometry = state.geometry
    start, size = extent(add)
    first, pages = start // geometry.page_size, size // geometry.page_size
    zones = kernel_zonelist(state, add.node)
    watermarks = Watermarks(state)
    available = sum(watermarks.room(state, key, 0, NORMAL, False) for key in zones)
    memmap = 0
    if _placement(state, add, size) == "boot":
        unit = geometry.vmemmap_unit_pages
        memmap = ceil(geometry.memmap_bytes(pages), unit * geometry.page_size) * unit
    tables = page_table_pages(state, first, pages) + object_pages(pages // geometry.pages_per_block, geometry.page_size)
    return Shortage(memmap, tables, available, tuple(dict.fromkeys(node for node, _ in zones)))


def deficit(state: State, key: ZoneKey, highest: str) -> int:
    """Pages that must become free in a zone before an allocation that may use zones up to `highest` can take the first page
    of it."""
    watermarks = Watermarks(state)
    return max(0, watermarks.min_or_low(key, False) + watermarks.reserve(key, highest) - state.zones[key].free)


def _placement(state: State, add: Add, size: int) -> str:
    if add.caller == "hmm" or (add.caller == "pmem" and add.placement == "boot"):
        return "boot"
    if add.caller == "pmem":
        return "range"
    try:
        return choose(state, size, add.caller, add.placement, add.fallback).placement
    except HotplugError:
        return add.placement or "boot"
