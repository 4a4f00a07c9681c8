"""A big request without all of its blocks: most of them are alike, so a few are put there, tried, and counted as many times
as there are of them.

What the request does to memory that is there already is done in full: page tables, memmap, kernel objects, in the order of
`hotplug.add`. Of its own blocks there are those that differ: the first of each stretch, and all whose struct pages lie in the
first. Every figure is then what `rehearsed` finds; where that is not certain beforehand, there is no answer here.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

import msgspec

from ...commands import Add, Online, extent
from ...hotplug.overhead import take_objects, take_page_tables
from ...hotplug.placement import Choice, choose
from ...hotplug.without import refuse_without_hotplug
from ...memory.block import Block, Request
from ...memory.section import Memmap, Pages, Section
from ...memory.state import State
from ...memory.zone import KERNEL_ZONES, MOVABLE
from ...mm import iomem, sparse_vmemmap, windows
from ...mm.hugetlb import pool
from ...mm.page_alloc import pages_of
from ...numbers.bits import span
from ...numbers.frozen import Frozen
from ...numbers.rounding import down, up
from ...numbers.runs import merged
from ...protocol.events import ExistingMemoryTaken
from ...protocol.reasons import HotplugError
from ...protocol.vocabulary import DEVICE_CALLERS, MEMMAP, Chunk, Placement
from ...run.certainty import certainty
from ...run.rehearsal import attempt
from .comparison import AlikeBlocks, Alternative, MemmapShare, MemoryTotals, StuckBlocks
from .looked_at import once
from .measure import Known, memory, small_pages
from .rehearsed import less, taken_out, zone_chosen

FEW: Final = 96
"""So many blocks are all put there."""


class Thin(NamedTuple):
    """A state with the few blocks of a request, and what is known of all: the stretches, the memmap by shares and its runs
    outside the request, page tables and objects."""

    stretches: tuple[AlikeBlocks, ...]
    shares: tuple[MemmapShare, ...]
    outside: tuple[Chunk, ...]
    tables: int
    objects: int


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


def thinned(state: State, add: Add, known: Known) -> Thin | None:
    """Add a request, thin; None where that would be refused, or what comes of it is not as plain as that."""
    geometry = state.geometry
    start, size = extent(add)
    first, pages = start // geometry.page_size, size // geometry.page_size
    plain = (
        not (start % geometry.block_size or size % geometry.block_size)
        and size // geometry.block_size > FEW
        and start + size <= geometry.max_address
        and add.node in state.nodes
        and add.caller not in (*DEVICE_CALLERS, "virtio-mem", "dlpar")
        and not state.globals.value.crashed
        and not state.globals.value.locked
        and not windows.window_pages(state)
        and not geometry.memmap_bytes_per_section % (geometry.vmemmap_unit_pages * geometry.page_size)
        and not state.sections_of(first, pages)
    )
    if not plain:
        return None
    try:
        refuse_without_hotplug(state)
        choice = choose(state, size, add.caller, add.placement, add.fallback)
    except HotplugError:
        return None
    what = add, choice.placement, choice.head
    return once(known.steps, state, what, lambda: _put_there(state, add, choice))


def _put_there(state: State, add: Add, choice: Choice) -> Thin | None:
    geometry = state.geometry
    start, size = extent(add)
    first, pages = start // geometry.page_size, size // geometry.page_size
    try:
        iomem.reserve(state, start, size, "System RAM")
        taken = take_page_tables(state, first, pages)
        tables = pages_of(taken)
        made = _memmap(state, add, choice.placement, choice.head)
        if made is None:
            return None
        objects = take_objects(state, size // geometry.block_size)
    except HotplugError:
        return None
    taken += objects
    request = Request(first, pages, add.node, add.caller, choice.placement, tuple(taken))
    state.requests.put(first, request)
    return made._replace(tables=made.tables + tables, objects=pages_of(objects))


def _memmap(state: State, add: Add, placement: Placement, head: int) -> Thin | None:
    """Put the few blocks there, with their memmap. Raises `HotplugError` where memory is too little."""
    geometry = state.geometry
    unit, size = geometry.pages_per_block, geometry.pages_per_section
    start, size_in_bytes = extent(add)
    first, count = start // geometry.block_size, size_in_bytes // geometry.block_size
    last, each = first + count - 1, geometry.memmap_pages_per_section
    sections = range(first * geometry.sections_per_block, (last + 1) * geometry.sections_per_block)
    if placement == "boot":
        return _in_boot_memory(state, add, sections, AlikeBlocks(first, last, 0))
    if placement == "sections" and any(
        not host.early and host.node == add.node for host in state.sections_of(0, first * unit)
    ):
        return None  # earlier ones may host some of it
    whole = len(sections) * each
    if placement == "block":
        for nr in sections[: geometry.sections_per_block]:
            at = first * unit + (nr - sections[0]) * each
            _put(state, add, Section(nr, add.node, memmap=Memmap("self", at, ((at, each),))), head)
        return Thin((AlikeBlocks(first, last, head),), (MemmapShare("self", add.node, head * count),), (), 0, 0)
    hosts, rest = divmod(whole, unit)
    if hosts + bool(rest) >= count:
        return None
    stretches = [AlikeBlocks(first, first + hosts - 1, unit)] if hosts else []
    stretches += [AlikeBlocks(first + hosts, first + hosts, rest)] if rest else []
    stretches.append(AlikeBlocks(stretches[-1].last + 1, last, 0))
    guests = unit // (each * geometry.sections_per_block)
    wanted = {stretch.first for stretch in stretches} | {*range(first, first + guests + 1)}
    wanted |= {first + (stretch.first - first) * guests for stretch in stretches if stretch.memmap}
    for nr in sections:
        if nr // geometry.sections_per_block in wanted:
            at = first * unit + (nr - sections[0]) * each
            held = min(max(first * unit + whole - nr * size, 0), size)
            pages = Pages({MEMMAP: span(0, held)} if held else {})
            memmap = Memmap("self", at, ((at, each),))
            _put(state, add, Section(nr, add.node, pages=pages, memmap=memmap), 0)
    return Thin(tuple(stretches), (MemmapShare("self", add.node, whole),), (), 0, 0)


def _in_boot_memory(state: State, add: Add, sections: range, stretch: AlikeBlocks) -> Thin:
    """The memmap of all sections is taken; of the first block they are there. Raises `HotplugError`."""
    geometry, boot = state.geometry, sparse_vmemmap.BootMemory(state, add.node)
    unit = geometry.vmemmap_unit_pages
    rest = len(sections) * geometry.memmap_pages_per_section // unit
    boot.expect(rest)
    chunks: list[Chunk] = []
    tables = 0
    try:
        for nr in sections[: geometry.sections_per_block]:
            memmap = sparse_vmemmap.populate(state, nr, boot)[0]
            _put(state, add, Section(nr, add.node, memmap=memmap), 0)
            chunks += memmap.chunks
            tables += pages_of(memmap.tables)
            rest -= geometry.memmap_pages_per_section // unit
        while rest:
            if rows := boot.rows(state, unit, rest):
                chunks += rows
                rest -= len(rows)
            else:
                base, tops, _ = boot.take(state, sections[-1], unit)
                chunks += base
                tables, rest = tables + pages_of(tops), rest - 1
    finally:
        boot.close(state)
    by_node: Counter[int] = Counter()
    for pfn, count in chunks:
        by_node[state.sections[pfn // geometry.pages_per_section].node] += count
    shares = tuple(MemmapShare("kernel", node, count) for node, count in sorted(by_node.items()))
    return Thin((stretch,), shares, merged(sorted(chunks)), tables, 0)


def _put(state: State, add: Add, section: Section, head: int) -> None:
    geometry = state.geometry
    state.sections.put(section.nr, section)
    number = section.nr // geometry.sections_per_block
    if number not in state.blocks:
        state.blocks.put(number, Block(number, "offline", (add.node,), head=head))


# -- online -------------------------------------------------------------------------------------------------------------


def _online(state: State, row: Alternative, first: int, pages: int, known: Known) -> Alternative | None:
    """Online the few blocks, count them as many times as there are, and take each of their kind out again."""
    geometry = state.geometry
    begun = row.added
    total, free = begun.total, begun.free
    orders = {size: (size // geometry.page_size - 1).bit_length() for size in pool.sizes(state)}
    small = [order for order in orders.values() if order <= geometry.max_order]
    counted = dict.fromkeys(small, 0)
    here = sorted(block.id for block in state.range_blocks(first, pages))
    zones: set[str] = set()
    figures: dict[int, tuple[int, int, dict[int, int]]] = {}
    for number in here:
        sums = [(zone.managed, zone.free) for zone in state.zones.values()]
        tried = attempt(state, Online(block=number, type=row.online_type))
        if not tried.ok:
            return None
        zones.add(zone_chosen(tried))
        now = [(zone.managed, zone.free) for zone in state.zones.values()]
        managed, freed = (sum(one[at] for one in now) - sum(one[at] for one in sums) for at in (0, 1))
        figures[number] = managed, freed, {order: _small(state, number, order, known) for order in small}
    if len(zones) != 1:
        return None
    for stretch in row.stretches:
        count = stretch.last + 1 - stretch.first
        managed, freed, huge = figures[stretch.first]
        total, free = total + count * managed, free + count * freed
        for order in small:
            counted[order] += count * huge[order]
    (zone,) = zones
    huge_pages = dict(begun.huge)
    for size, order in orders.items():
        if order in counted:
            huge_pages[size] += counted[order]
        elif zone in KERNEL_ZONES:
            more = _gigantic(state, row, first, pages, size // geometry.page_size)
            if more is None:
                return None
            huge_pages[size] += more
    removable, stuck = _removals(state, row)
    return msgspec.structs.replace(
        row,
        zones=Frozen({zone: row.blocks}),
        online=MemoryTotals(total, free, Frozen(huge_pages)),
        largest_run=_longest(row, geometry.pages_per_block),
        removable=removable,
        stuck=stuck,
        assured=zone == MOVABLE,
    )


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
    held = sum(stretch.memmap * (stretch.last + 1 - stretch.first) for stretch in row.stretches)
    return max(0, down(end, size) - up(first + held, size)) // size


def _longest(row: Alternative, unit: int) -> int:
    """The longest run of free pages: a block without memmap goes on in the next."""
    longest = current = 0
    for stretch in row.stretches:
        count = stretch.last + 1 - stretch.first
        free = unit - stretch.memmap
        current = current + free * count if not stretch.memmap else free
        longest = max(longest, current)
    return longest


def _removals(state: State, row: Alternative) -> tuple[tuple[tuple[int, int], ...], tuple[StuckBlocks, ...]]:
    free: list[tuple[int, int]] = []
    stuck: list[StuckBlocks] = []
    for stretch in row.stretches:
        tried = taken_out(state, stretch.first)
        if tried.ok:
            low = free.pop()[0] if free and free[-1][1] == stretch.first - 1 else stretch.first
            free.append((low, stretch.last))
        elif stuck and (stuck[-1].last, stuck[-1].result) == (stretch.first - 1, tried.result):
            stuck[-1] = msgspec.structs.replace(stuck[-1], last=stretch.last)
        else:
            stuck.append(StuckBlocks(stretch.first, stretch.last, tried.result, tried.reason))
    return tuple(free), tuple(stuck)
