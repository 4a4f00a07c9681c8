"""Bring a machine up to a new capture of the real one: what can be observed is replaced, what only the model knows stays."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..memory.block import Block
from ..memory.state import State
from ..memory.zone import MOVABLE
from ..numbers.errors import BadInput
from ..numbers.units import format_bytes
from ..protocol.reasons.notes import BlockAppeared, BlockDiffers, BlockVanished, Note, OfTheCapture, ZoneDiffers
from ..protocol.vocabulary import DEVICE_CALLERS, PAGETABLE, SLAB
from ..reading.observation import Observation
from ..sysfs.report import block_report
from .architecture import architecture_said
from .identify import Identity, identify
from .rebuild import build_state

_OBSERVED = (
    "sections",
    "blocks",
    "zones",
    "nodes",
    "resources",
    "reserved",
    "hugepages",
    "optimized",
    "surplus",
    "watermarks",
    "reckoned",
    "evidence",
)


def sync(state: State, seen: Observation) -> list[Note]:
    """Replace page contents, counters, block states and parameters by what a capture shows.

    Kept: where the memmap lies that no capture shows, memory groups, sections that failed adds left behind. A block that
    is gone takes its sections, its group and its add request with it. Returns what differed from the model, and what could not
    be read. Raises `BadInput` for the capture of a machine of other sizes.
    """
    if not seen.blocks:
        raise BadInput(f"{seen.source} tells of no memory blocks, and so not how they are now")
    if wrong := next(_of_another(state, seen), None):
        raise BadInput(f"{seen.source} is a capture of another machine: {wrong}")
    known = identify(seen, state.model.name)
    identity = Identity(state.preset, state.geometry, state.model, state.boot, known.settings, ())
    fresh, notes = build_state(seen, identity, state)
    said = drift(state, fresh)
    for name in _OBSERVED:
        getattr(state, name).adopt(getattr(fresh, name))
    state.parameters.adopt(fresh.parameters)
    read = fresh.globals.value
    state.globals.change(
        locked=read.locked,
        auto_online_assumed=read.auto_online_assumed,
        mode_assumed=read.mode_assumed,
        nodes_assumed=read.nodes_assumed,
        holes_untold=read.holes_untold,
        min_free_kbytes=read.min_free_kbytes,
        reclaimable=read.reclaimable,
        watermark_scale_factor=read.watermark_scale_factor,
    )
    _drop_orphans(state)
    return [*said, *map(OfTheCapture, notes)]


def _of_another(state: State, seen: Observation) -> Iterator[str]:
    """What a capture says of the machine that never changes while it runs, and is not so here."""
    geometry = state.geometry
    arch = architecture_said(seen.version or "")
    if arch is not None and arch != geometry.arch:
        yield f"it is {arch}, this one is {geometry.arch}"
    if seen.block_size not in (None, geometry.block_size):
        theirs, ours = format_bytes(seen.block_size or 0), format_bytes(geometry.block_size)
        yield f"its memory blocks are of {theirs}, those of this one of {ours}"
    if seen.pageblock_order not in (None, geometry.pageblock_order):
        yield f"its pageblocks are of order {seen.pageblock_order}, those of this one of {geometry.pageblock_order}"


def _drop_orphans(state: State) -> None:
    """Groups and add requests live as long as one of their blocks; page tables and objects that the capture does not show
    where a request had taken them are somewhere else."""
    used = {block.group for block in state.blocks.values()}
    for number in [number for number in state.groups if number not in used]:
        state.groups.drop(number)
    for number in state.groups:
        _recount(state, number)
    for request in list(state.requests.values()):
        if not state.range_blocks(request.start, request.pages) and request.caller not in DEVICE_CALLERS:
            state.requests.drop(request.start)
            continue
        tables = tuple(chunk for chunk in request.tables if state.holds(*chunk, (PAGETABLE, SLAB)))
        if tables != request.tables:
            state.requests.put(request.start, msgspec.structs.replace(request, tables=tables))


def _recount(state: State, number: int) -> None:
    group = state.groups[number]
    blocks = [block for block in state.blocks.values() if block.group == number]
    present = {block: _present(state, block) for block in blocks if block.zone is not None}
    movable = sum(pages for block, pages in present.items() if block.zone is not None and block.zone[1] == MOVABLE)
    online = sum(present.values())
    counted = msgspec.structs.replace(
        group, blocks=len(blocks), present_movable=movable, present_kernel=online - movable
    )
    if counted != group:
        state.groups.put(number, counted)


def _present(state: State, block: Block) -> int:
    """Present pages of a block that is not offline; the head of one that is going offline is not among them any more."""
    going = block.state == "going-offline" and state.model.heads_present
    return state.geometry.pages_per_block - (block.head if going else 0)


def drift(state: State, fresh: State) -> list[Note]:
    """What a capture says otherwise than the model did."""
    notes: list[Note] = []
    for number in sorted(set(state.blocks) | set(fresh.blocks)):
        mine, real = state.blocks.get(number), fresh.blocks.get(number)
        if mine is None or real is None:
            notes.append(BlockVanished(number) if real is None else BlockAppeared(number))
            continue
        before, after = block_report(state, number), block_report(fresh, number)
        if before.state != after.state or (before.state == "online" and before != after):
            was = (before.state, before.valid_zones)
            notes.append(BlockDiffers(number, after.state, after.valid_zones, *was))
    for key in sorted(set(state.zones) | set(fresh.zones)):
        mine_zone, real_zone = state.zones.get(key), fresh.zones.get(key)
        for name in ("start", "spanned", "present", "managed"):
            a, b = getattr(mine_zone, name, 0), getattr(real_zone, name, 0)
            if a != b and (real_zone is not None or getattr(mine_zone, "present", 0)):
                notes.append(ZoneDiffers(*key, name, b, a))
        free = [zone.free + zone.pcp if zone else 0 for zone in (mine_zone, real_zone)]
        if free[0] != free[1]:
            notes.append(ZoneDiffers(*key, "free", free[1], free[0]))
    return notes
