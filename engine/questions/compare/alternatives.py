"""What if: one add request, done in several ways on copies of a machine, side by side.

An alternative may have another kernel model, another block size and another place for the memmap. The existing memory
stays what it is: another model only decides about the request, and another block size applies to the added range alone.
For that the copy gets the new block size with no memory blocks at all, its sections, zones, pages and resources as they
are; the blocks of the request are then the only ones, numbered in the new size. Where the range does not fit the size, the
kernel's EINVAL is the result.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import product

import msgspec

from ...commands import Add, Offline, Online, Remove, extent
from ...hotplug.overhead import object_pages, page_table_pages
from ...hotplug.zone_policy import zone_for
from ...kernels.models import find_model
from ...memory.block import Block, Group
from ...memory.section import put
from ...memory.state import Holder, State, state_of
from ...memory.zone import MOVABLE
from ...mm.hugetlb import pool
from ...mm.hugetlb.gigantic import gigantic
from ...mm.zonelist import zonelist
from ...numbers.bits import aligned_runs, runs, span
from ...numbers.frozen import Frozen
from ...numbers.units import parse_bytes
from ...protocol.events import ZoneChosen
from ...protocol.reasons.zones import NoAutoMovable, ZoneRule
from ...protocol.vocabulary import FREE, MEMMAP, PLACEMENTS, Chunk, OnlineType, Placement
from ...run.rehearsal import Attempt, attempt, clone, rehearsal
from ..availability import availability, by_itself
from ..shortage import shortage
from .comparison import Comparison, Memory, Plan, Row, Share, Stuck

_Way = tuple[str, int, Placement | None]
"""A kernel model, the size of a block in bytes, and a placement."""


def compare(
    machine: Holder | State,
    request: Add,
    placements: Sequence[Placement | None] = PLACEMENTS,
    block_sizes: Sequence[int | str] = (),
    models: Sequence[str] = (),
    online: OnlineType = "online_movable",
    watched: Callable[[Sequence[_Way]], Iterable[_Way]] = iter,
) -> Comparison:
    """Try an add request under every combination of kernel models, block sizes (bytes or text) and placements; where none
    are given, under the machine's own model and block size, and under all placements. Each is tried on a copy. `watched`
    gets the combinations and hands them on one by one, so that progress can be shown. Raises `BadInput` for a name or a size
    that cannot be."""
    state = state_of(machine)
    extent(request)
    sizes = [parse_bytes(size) for size in block_sizes] or [state.geometry.block_size]
    rows = tuple(
        _row(_alternative(state, model, size), msgspec.structs.replace(request, placement=placement), online)
        for model, size, placement in watched([*product(models or [state.model.name], sizes, placements)])
    )
    page = state.geometry.page_size
    return Comparison(request, online, page, _memory(state, request.node), rows, _plan(clone(state), request))


# -- one alternative ----------------------------------------------------------------------------------------------------


def _alternative(state: State, model: str, block_size: int) -> State:
    """A copy of the machine under a kernel model, whose next blocks have a size."""
    kernel = find_model(model)
    copy = clone(state)
    copy.use_model(kernel)
    copy.parameters.change(auto_online_blocks="offline")
    if block_size != state.geometry.block_size:
        copy.use_geometry(msgspec.structs.replace(state.geometry, block_size=block_size))
        for block in state.blocks.values():
            if block.head and block.state == "offline":
                _keep_head(copy, state, block)
        for number in state.blocks:
            copy.blocks.drop(number)
    return copy


def _keep_head(copy: State, state: State, block: Block) -> None:
    """Without its block, an offline head is known as what an RFC pool's is: pages reserved at add time."""
    start, _ = state.block_range(block.id)
    size = state.geometry.pages_per_section
    for section in state.sections_of(start, block.head):
        head = span(0, min(start + block.head - section.nr * size, size))
        copy.sections.put(section.nr, msgspec.structs.replace(section, pages=put(section.pages, head, MEMMAP)))


def _row(state: State, add: Add, online: OnlineType) -> Row:
    """Add, online everything, look, and see what could be removed again; the state is used up by it."""
    geometry = state.geometry
    start, size = extent(add)
    first, pages = start // geometry.page_size, size // geometry.page_size
    needs = availability(state, size, add.caller, add.placement)
    chosen = add.placement is not None and by_itself(state, size, add.caller) == add.placement
    row = Row(state.model.name, geometry.block_size, add.placement, needs, chosen)
    budget = shortage(state, add)
    tables = page_table_pages(state, first, pages)
    before = state.free_by_node()
    tried = attempt(state, add)
    if not tried.ok:
        missing = budget.missing if tried.result == "ENOMEM" else 0
        return msgspec.structs.replace(row, result=tried.result, reason=tried.reason, missing=missing)
    after = state.free_by_node()
    taken = {node: free - after.get(node, 0) for node, free in before.items() if free != after.get(node, 0)}
    shares, fallback = _memmap(state, add.node, first, pages)
    blocks = [block.id for block in state.range_blocks(first, pages)]
    row = msgspec.structs.replace(
        row,
        blocks=len(blocks),
        memmap=shares,
        off_node=sum(share.pages for share in shares if share.node != add.node),
        waste=sum(share.pages for share in shares) - geometry.memmap_pages(pages),
        tables=tables + fallback,
        objects=object_pages(len(blocks), state.geometry.page_size),
        taken=Frozen(taken),
        added=_memory(state, add.node),
    )
    zones, refusal = _online_all(state, blocks, online)
    row = msgspec.structs.replace(
        row, zones=Frozen(zones), online=_memory(state, add.node), largest_run=_largest_run(state, first, pages)
    )
    if refusal is not None:
        return msgspec.structs.replace(row, result=refusal.result, reason=refusal.reason)
    removable, stuck = _removals(state, blocks)
    return msgspec.structs.replace(row, removable=removable, stuck=stuck, assured=set(zones) == {MOVABLE})


def _memmap(state: State, node: int, start: int, pages: int) -> tuple[tuple[Share, ...], int]:
    """Where the memmap of a range lies, and the page tables of what was mapped by base pages. A block's own head counts in
    full, also what it pads."""
    size = state.geometry.pages_per_section
    heads = sum(block.head for block in state.range_blocks(start, pages))
    places: dict[tuple[str, int], int] = {("self", node): heads} if heads else {}
    chunks: dict[Chunk, str] = {}
    tables: set[Chunk] = set()
    for section in state.sections_of(start, pages):
        if section.memmap is not None:
            tables.update(section.memmap.tables)
            chunks.update(dict.fromkeys(section.memmap.chunks, section.memmap.on))
    for (pfn, count), on in chunks.items():
        host = state.sections.get(pfn // size)
        place = (on, host.node if host is not None else node)
        if not (heads and on == "self"):
            places[place] = places.get(place, 0) + count
    shares = tuple(Share(on, host_node, count) for (on, host_node), count in sorted(places.items()))
    return shares, sum(count for _, count in tables)


def _online_all(state: State, blocks: Sequence[int], online: OnlineType) -> tuple[dict[str, int], Attempt | None]:
    """How many blocks went to which zone, and the refusal that stopped it."""
    zones: dict[str, int] = {}
    for number in blocks:
        tried = attempt(state, Online(block=number, type=online))
        if not tried.ok:
            return zones, tried
        zone = next(event.zone for event in tried.events if isinstance(event, ZoneChosen))
        zones[zone] = zones.get(zone, 0) + 1
    return zones, None


def _removals(state: State, blocks: Sequence[int]) -> tuple[tuple[tuple[int, int], ...], tuple[Stuck, ...]]:
    """Each block tried alone: offline, then remove."""
    size = state.geometry.block_size
    free: list[tuple[int, int]] = []
    stuck: list[Stuck] = []
    empty: set[Hashable] = set()  # what blocks are alike that can be taken out
    for number in blocks:
        alike = _if_empty(state, number)
        if alike in empty:
            tried = Attempt("ok", None, None, ())
        else:
            with rehearsal(state):
                tried = attempt(state, Offline(block=number))
                if tried.ok:
                    tried = attempt(state, Remove(start=number * size, size=size))
        if tried.ok:
            if alike is not None:
                empty.add(alike)
            low = free.pop()[0] if free and free[-1][1] == number - 1 else number
            free.append((low, number))
        elif stuck and (stuck[-1].last, stuck[-1].result) == (number - 1, tried.result):
            stuck[-1] = msgspec.structs.replace(stuck[-1], last=number)
        else:
            stuck.append(Stuck(number, number, tried.result, tried.reason))
    return tuple(free), tuple(stuck)


def _if_empty(state: State, number: int) -> Hashable | None:
    """What makes one block like another for being taken out, if nothing is in it but its own memmap; else None."""
    block, sections = state.blocks[number], state.block_sections(number)
    if any(section.pages.keys() - {FREE, MEMMAP} for section in sections):
        return None
    heads = sum(section.count(MEMMAP) for section in sections)
    return (block.zone, heads, *(id(section.pages) for section in sections)) if heads == block.head else None


# -- what is measured ---------------------------------------------------------------------------------------------------


def _memory(state: State, node: int) -> Memory:
    total = sum(zone.managed for zone in state.zones.values())
    free = sum(zone.free for zone in state.zones.values())
    return Memory(total, free, Frozen({size: _huge_pages(state, node, size) for size in pool.sizes(state)}))


def _huge_pages(state: State, node: int, size: int) -> int:
    """Huge pages that a node could give: from its free lists, or, where they are bigger than any area there, from whole
    ranges that can be emptied."""
    order = (size // state.geometry.page_size - 1).bit_length()
    if order > state.geometry.max_order:
        return gigantic(state, node, size).count
    known: dict[tuple[int, int], int] = {}
    count = 0
    for key in zonelist(state, [node], MOVABLE):
        for section, owned in state.zone_sections(key):
            free = section.of(FREE) & owned
            token = (id(section.pages), owned)
            if token not in known:
                known[token] = aligned_runs(free, order, state.geometry.pages_per_section).bit_count()
            count += known[token]
    return count


def _largest_run(state: State, start: int, pages: int) -> int:
    """The longest run of free pages in a range, over sections of one zone."""
    size = state.geometry.pages_per_section
    longest = current = 0
    end, zones = -1, None
    for section in state.sections_of(start, pages):
        if section.nr * size != end or [key for key, _ in section.zones] != zones:
            current = 0
        for first, length in runs(section.of(FREE)):
            current = current + length if first == 0 else length
            longest = max(longest, current)
        if not section.of(FREE) >> (size - 1) & 1:
            current = 0
        end, zones = (section.nr + 1) * size, [key for key, _ in section.zones]
    return longest


def _plan(state: State, add: Add) -> Plan:
    """What auto-movable would do with the request; the state is used up by it."""
    ratio, aware = state.settings.auto_movable_ratio, state.settings.auto_movable_numa_aware
    if "auto-movable" not in state.model.policies:
        return Plan("EINVAL", NoAutoMovable(state.model.name), ratio, aware)
    state.parameters.change(online_policy="auto-movable", auto_online_blocks="offline")
    start, size = extent(add)
    largest = _largest_movable(state, add)
    tried = attempt(state, add)
    if not tried.ok:
        return Plan(tried.result, tried.reason, ratio, aware, largest_pages=largest)
    page, unit = state.geometry.page_size, state.geometry.pages_per_block
    movable, kernel = 0, 0
    reason: ZoneRule | None = None
    for block in state.range_blocks(start // page, size // page):
        tried = attempt(state, Online(block=block.id))
        for event in tried.events:
            if isinstance(event, ZoneChosen):
                if reason is None or (event.zone != MOVABLE and not kernel):
                    reason = event.reason
                movable, kernel = movable + (event.zone == MOVABLE), kernel + (event.zone != MOVABLE)
    return Plan("ok", reason, ratio, aware, movable, kernel, movable * unit, kernel * unit, largest)


def _largest_movable(state: State, add: Add) -> int:
    """Pages of the largest memory device (a static group) that auto-movable would take: half the interval, again and
    again."""
    geometry = state.geometry
    unit = geometry.pages_per_block
    number = max(state.groups, default=-1) + 1
    block = Block(extent(add)[0] // geometry.block_size, "offline", (add.node,), group=number)
    start, _ = state.block_range(block.id)
    fits, too_many = 0, geometry.max_address // geometry.block_size + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        with rehearsal(state):
            state.groups.put(number, Group(number, add.node, max_pages=middle * unit))
            zone, _ = zone_for(state, block, "online", start, unit)
        fits, too_many = (middle, too_many) if zone.name == MOVABLE else (fits, middle)
    return fits * unit
