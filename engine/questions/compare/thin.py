"""A big request without all of its blocks: most of them are alike, so a few are put there, tried, and counted as many times
as there are of them.

What the request does to memory that is there already is done in full. Of its own blocks there are those that differ: the first
of each stretch, and all whose struct pages lie in the first (`thinned`). Every figure is then what `rehearsed` finds; where that
is not certain beforehand, there is no answer here.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ...commands import Add, Online, extent
from ...memory.state import State
from ...memory.zone import KERNEL_ZONES, MOVABLE
from ...mm import iomem
from ...mm.hugetlb import pool
from ...numbers.frozen import Frozen
from ...numbers.rounding import down, up
from ...protocol.events import ExistingMemoryTaken
from ...protocol.vocabulary import OnlineType
from ...run.certainty import certainty
from ...run.rehearsal import attempt
from .comparison import Alternative, MemoryTotals
from .measure import Known, memory, small_pages
from .rehearsed import less, removals, taken_out, zone_chosen
from .thinned import thinned


def thin(state: State, row: Alternative, add: Add, known: Known) -> Alternative | None:
    """Fill in a row; None where it has to be rehearsed. The state is used up by it."""
    start, size = extent(add)
    first, pages = start // state.geometry.page_size, size // state.geometry.page_size
    if row.online_type == "online" and state.settings.online_policy != "contig-zones":
        return None
    if iomem.in_untold_hole(state, start) or any(zone.intersects(first, pages) for zone in state.zones.values()):
        return None  # blocks may go to one zone or another
    before = state.free_by_node()
    made = thinned(state, add, known)
    if made is None:
        return None
    taken = less(before, state.free_by_node())
    row = msgspec.structs.replace(
        row,
        certainty=certainty(state, "ok", [ExistingMemoryTaken(node, count) for node, count in taken.items()]),
        blocks=pages // state.geometry.pages_per_block,
        memmap=made.shares,
        off_node=sum(share.pages for share in made.shares if share.node != add.node),
        stretches=made.stretches,
        outside=made.outside,
        waste=sum(share.pages for share in made.shares) - state.geometry.memmap_pages(pages),
        tables=made.tables,
        objects=made.objects,
        taken=taken,
        added=memory(state, add.node, known),
    )
    return _online(state, row, first, pages, known)


# -- online -------------------------------------------------------------------------------------------------------------


def _online(state: State, row: Alternative, first: int, pages: int, known: Known) -> Alternative | None:
    """Online the few blocks, count them as many times as there are, and take each of their kind out again."""
    here = sorted(block.id for block in state.range_blocks(first, pages))
    gains: dict[int, _Gain] = {}
    for number in here:
        if (gain := _onlined(state, number, row.online_type)) is None:
            return None
        gains[number] = gain
    zones = {gain.zone for gain in gains.values()}
    if len(zones) != 1:
        return None
    (zone,) = zones
    huge = _huge_pages(state, row, zone, first, pages, known)
    if huge is None:
        return None
    total = row.added.total + sum(len(one) * gains[one.first].managed for one in row.stretches)
    free = row.added.free + sum(len(one) * gains[one.first].free for one in row.stretches)
    tried = ((stretch.first, stretch.last, taken_out(state, stretch.first)) for stretch in row.stretches)
    removable, stuck = removals(tried)
    return msgspec.structs.replace(
        row,
        zones=Frozen({zone: row.blocks}),
        online=MemoryTotals(total, free, huge),
        largest_run=_longest(row, state.geometry.pages_per_block),
        removable=removable,
        stuck=stuck,
        assured=zone == MOVABLE,
    )


class _Gain(NamedTuple):
    """What onlining one block brings: the zone that it goes to, and pages that are managed and free more."""

    zone: str
    managed: int
    free: int


def _onlined(state: State, number: int, online_type: OnlineType) -> _Gain | None:
    """Online a block; None where that is refused."""
    managed, free = _managed_and_free(state)
    tried = attempt(state, Online(block=number, type=online_type))
    if not tried.ok:
        return None
    now_managed, now_free = _managed_and_free(state)
    return _Gain(zone_chosen(tried), now_managed - managed, now_free - free)


def _managed_and_free(state: State) -> tuple[int, int]:
    zones = state.zones.values()
    return sum(zone.managed for zone in zones), sum(zone.free for zone in zones)


def _huge_pages(
    state: State, row: Alternative, zone: str, first: int, pages: int, known: Known
) -> Frozen[int, int] | None:
    """Huge pages by size, with those of the blocks, which are all in one zone; None where one may reach over their ends."""
    geometry, found = state.geometry, dict(row.added.huge)
    for size in pool.sizes(state):
        order = (size // geometry.page_size - 1).bit_length()
        if order <= geometry.max_order:
            found[size] += sum(len(one) * _small(state, one.first, order, known) for one in row.stretches)
        elif zone in KERNEL_ZONES:
            more = _gigantic(state, row, first, pages, size // geometry.page_size)
            if more is None:
                return None
            found[size] += more
    return Frozen(found)


def _small(state: State, number: int, order: int, known: Known) -> int:
    """Huge pages of an order in a block."""
    geometry = state.geometry
    return sum(
        small_pages(section, owned, order, geometry.pages_per_section, known)
        for section in state.block_sections(number)
        for _, owned in section.zones
    )


def _gigantic(state: State, row: Alternative, first: int, pages: int, size: int) -> int | None:
    """Gigantic pages in what was added, all of it in a kernel zone; None where one may reach over its ends."""
    unit, end = state.geometry.pages_per_block, first + pages
    around = ((down(first, size), first), (end, up(end, size)))
    if any(low < high and state.sections_of(low, high - low) for low, high in around):
        return None
    if len(row.stretches) == 1 and row.stretches[0].memmap:
        head = row.stretches[0].memmap
        return sum(
            max(0, down((nr + 1) * unit, size) - up(nr * unit + head, size)) // size
            for nr in range(row.stretches[0].first, row.stretches[0].last + 1)
        )
    held = sum(len(stretch) * stretch.memmap for stretch in row.stretches)
    return max(0, down(end, size) - up(first + held, size)) // size


def _longest(row: Alternative, unit: int) -> int:
    """The longest run of free pages: a block without memmap goes on in the next."""
    longest = current = 0
    for stretch in row.stretches:
        free = unit - stretch.memmap
        current = current + free * len(stretch) if not stretch.memmap else free
        longest = max(longest, current)
    return longest
