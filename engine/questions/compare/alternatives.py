"""What if: one add request, done in several ways on copies of a machine, side by side.

An alternative may have another kernel model, another block size, another place for the memmap, and go online otherwise. The
existing memory stays what it is: another model only decides about the request, and another block size applies to the added
range alone. For that the copy gets the new block size with no memory blocks at all, its sections, zones, pages and resources
as they are; the blocks of the request are then the only ones, numbered in the new size. Where the range does not fit the
size, the kernel's EINVAL is the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

import msgspec

from ...commands import Add, extent
from ...kernels.model import KernelModel
from ...kernels.models import find_model
from ...memory.block import Block
from ...memory.section import put
from ...memory.state import Holder, State, clone, state_of
from ...memory.zone import KERNEL_ZONES
from ...mm.free_index import free_index
from ...numbers.bits import span
from ...numbers.units import parse_bytes
from ...protocol.reasons.released import OnlyProposed, OtherBlocks, OtherKernel, Released
from ...protocol.vocabulary import MEMMAP, PLACEMENTS, OnlineType, Placement
from ...run.rehearsal import rehearsal
from ..availability import availability, by_itself
from ..shortage import shortage
from .by_ratio import by_ratio
from .comparison import Alternative, Comparison
from .measure import Known, memory, nothing_known
from .rehearsed import rehearsed
from .thin import thin


class Combination(NamedTuple):
    """What an alternative tries: the name of a kernel model, `block_size` in bytes, a placement of the memmap (None: whatever
    that kernel does), and the type with which blocks go `online`."""

    model: str
    block_size: int
    placement: Placement | None
    online: OnlineType


def compare(
    machine: Holder | State,
    request: Add,
    placements: Sequence[Placement | None] = PLACEMENTS,
    block_sizes: Sequence[int | str] = (),
    models: Sequence[str] = (),
    online: OnlineType | Sequence[OnlineType] = "online_movable",
    watched: Callable[[Sequence[Combination]], Iterable[Combination]] = iter,
) -> Comparison:
    """Try an add request under every combination of what is given, each on a copy of the machine.

    `placements`   places of the memmap (see `PLACEMENTS`), None for what the kernel does by itself
    `block_sizes`  of a memory block, bytes or text; without any the machine's own
    `models`       names of kernels; without any the machine's own
    `online`       the type, or types, with which the added blocks go online
    `watched`      gets the combinations and hands them on one by one, so that progress can be shown

    Raises `BadInput` for a name or a size that cannot be.
    """
    state = state_of(machine)
    ways = ways_of(state, placements, block_sizes, models, online)
    return compared(state, request, ways, watched, nothing_known())


def ways_of(
    state: State,
    placements: Sequence[Placement | None],
    block_sizes: Sequence[int | str] = (),
    models: Sequence[str] = (),
    online: OnlineType | Sequence[OnlineType] = "online_movable",
) -> list[Combination]:
    """Every combination, as `compare` is asked for them. Raises `BadInput`."""
    sizes = [parse_bytes(size) for size in block_sizes] or [state.geometry.block_size]
    types: Sequence[OnlineType] = [online] if isinstance(online, str) else online
    return [Combination(*way) for way in product(models or [state.model.name], sizes, placements, types)]


def compared(
    state: State,
    request: Add,
    ways: list[Combination],
    watched: Callable[[Sequence[Combination]], Iterable[Combination]],
    known: Known,
) -> Comparison:
    """The comparison of these ways, with what is `known` beforehand. Raises `BadInput`."""
    size = extent(request)[1]
    copies = {
        (model, size): alternative(state, find_model(model), size)
        for model, size in dict.fromkeys((way.model, way.block_size) for way in ways)
    }
    before = memory(state, request.node, known)
    rows = []
    for way in watched(ways):
        copy = copies[way.model, way.block_size]
        needs = availability(copy, size, request.caller, way.placement)
        row = tried(copy, way, request, known)
        rows.append(msgspec.structs.replace(row, needs=needs, boots=tuple(_boots(state, way))))
    own = copies.get((state.model.name, state.geometry.block_size))
    refused = [row for row in rows if _is_own(state, row, request) and not row.blocks]
    plan = by_ratio(clone(state) if own is None else own, request, refused[0] if refused else None, known)
    return Comparison(request, state.geometry.page_size, before, tuple(rows), plan)


def tried(copy: State, way: Combination, request: Add, known: Known) -> Alternative:
    """What comes of one way, on a copy of the machine that `alternative` made for it; not what it needs of a real one."""
    add = msgspec.structs.replace(request, placement=way.placement)
    chosen = way.placement is not None and by_itself(copy, extent(add)[1], add.caller) == way.placement
    row = Alternative(way.model, way.block_size, way.placement, way.online, chosen=chosen)
    found = None
    if not shortage(copy, add).missing:
        with rehearsal(copy):
            found = thin(copy, row, add, known)
    return found or rehearsed(clone(copy), row, add, known)


def _is_own(state: State, row: Alternative, request: Add) -> bool:
    """Does an alternative put the memmap where the machine would by itself?"""
    size = extent(request)[1]
    usual = request.placement or by_itself(state, size, request.caller)
    return (row.model, row.block_size) == (state.model.name, state.geometry.block_size) and row.placement in (
        None,
        usual,
    )


def alternative(state: State, kernel: KernelModel, block_size: int) -> State:
    """A copy of the machine under a kernel model, whose next blocks have a size."""
    for key in state.zones:
        if key[1] in KERNEL_ZONES:
            free_index(state, key)  # the copy takes it along
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


def _boots(state: State, way: Combination) -> Iterator[Released]:
    """What of an alternative only another boot can have."""
    if way.model != state.model.name:
        kernel = find_model(way.model)
        yield OnlyProposed("RFC v2") if kernel.pool == "range" else OtherKernel(kernel.name)
    if way.block_size != state.geometry.block_size:
        yield OtherBlocks(way.block_size, state.preset.blocks_by)
