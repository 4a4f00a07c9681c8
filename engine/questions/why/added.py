"""What an add that works does and costs: where its memmap goes and what for, which blocks appear, and what to mind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

import msgspec

from ...commands import Add, Online, extent
from ...commands.outcome import Outcome
from ...hotplug.zone_policy import valid_zones
from ...memory.state import State
from ...memory.zone import KERNEL_ZONES, NORMAL
from ...mm.unseen import unseen_pages
from ...mm.watermarks import Watermarks
from ...mm.zonelist import kernel_zonelist
from ...numbers.runs import consecutive, covered
from ...numbers.units import parse_bytes
from ...protocol.events import (
    BlockCreated,
    BlockStateChanged,
    MemmapPlaced,
    NodeOnlined,
    OnlineFailed,
    PlacementChosen,
    ZoneChosen,
    of_type,
)
from ...protocol.reasons import Reason, SomeStayOffline
from ...protocol.reasons.effects import (
    AskedByFile,
    BasePages,
    BlocksAppear,
    FirstHoldAll,
    GoOnlineAtOnce,
    HoldsMemmapOfNode,
    KernelPagesMayCome,
    KernelZonesTight,
    MayGoTo,
    MemmapGoes,
    MemmapHeldBy,
    MemmapLies,
    NodeComes,
    NoSuchDriver,
    TakenFrom,
    WaitOffline,
)
from ...protocol.reasons.placement import MemmapNotPageblocks
from ...protocol.reasons.released import AtBoot
from ...protocol.reasons.remedies import (
    OnlineInstead,
    PlaceOtherwise,
)
from ...protocol.reasons.zones import ZoneRule
from ...protocol.vocabulary import DEVICE_CALLERS, Chunk, MemmapOn, Placement
from ..availability import availability
from ..worth_knowing import least_harm, top_heavy
from .explanation import MOST_BLOCKS, Way
from .unknown import parameters_assumed


def add_effects(state: State, add: Add, tried: Outcome) -> tuple[list[Reason], list[Reason]]:
    """What an add that worked has done, and what to mind; asked while its result is still there."""
    page = state.geometry.page_size
    chosen = of_type(tried.events, PlacementChosen)
    effects: list[Reason] = [*dict.fromkeys(MemmapGoes(event.placement, event.reason) for event in chosen)]
    effects += [NodeComes(event.node) for event in of_type(tried.events, NodeOnlined)]
    lies, warnings = _memmap(state, add, tried)
    effects += lies
    effects += [TakenFrom(node, pages, pages * page) for node, pages in tried.taken.items()]
    warnings += _of_placement(state, add, {event.placement for event in chosen})
    warnings += parameters_assumed(state, add)
    warnings += _tight(state, add)
    _blocks(state, tried, effects, warnings)
    if (heavy := top_heavy(state)) is not None:
        warnings.append(heavy)
    if waiting := _waiting(state, tried):
        warnings.append(WaitOffline(tuple(consecutive(waiting)), len(waiting) * state.geometry.block_size))
    return effects, warnings


def _memmap(state: State, add: Add, tried: Outcome) -> tuple[list[Reason], list[Reason]]:
    """Where the memmap lies, by kind of place and node, and whom that binds."""
    geometry, placed = state.geometry, of_type(tried.events, MemmapPlaced)
    chunks: dict[tuple[MemmapOn, int], list[Chunk]] = {}
    unplaced: dict[tuple[MemmapOn, int], int] = {}
    for event in placed:
        place = event.on, event.node
        chunks.setdefault(place, []).extend(event.chunks)
        unplaced[place] = unplaced.get(place, 0) + (0 if event.chunks else geometry.pages_per_section)
    lies: list[Reason] = []
    warnings: list[Reason] = []
    for (on, node), there in sorted(chunks.items()):
        pages = covered(there) + geometry.memmap_pages(unplaced[on, node])
        lies.append(MemmapLies(on, node, pages, pages * geometry.page_size))
        if node != add.node:
            warnings.append(HoldsMemmapOfNode(node, add.node))
    if fallbacks := sum(event.fallback for event in placed):
        warnings.append(BasePages(fallbacks, geometry.vmemmap_unit_pages * geometry.page_size))
    elsewhere = (state.sections.get(event.section) for event in placed if event.on != "self")
    held = [chunk for one in elsewhere if one is not None and one.memmap is not None for chunk in one.memmap.chunks]
    if held:
        guessed = any(unseen_pages(state, state.sections_of(*chunk), *chunk) for chunk in held)
        warnings.append(MemmapHeldBy(tuple(consecutive({geometry.block_of(pfn) for pfn, _ in held})), guessed))
    return lies, warnings


def _of_placement(state: State, add: Add, placements: Set[Placement]) -> Iterator[Reason]:
    """What to mind of where the memmap went, and of who added."""
    if "block" in placements and add.placement is None and add.caller in state.model.asks_by_file:
        yield AskedByFile(add.caller)
    if "range" in placements and add.caller not in DEVICE_CALLERS and extent(add)[1] > state.geometry.block_size:
        yield FirstHoldAll()
    if add.caller in ("acpi", "balloon", "dlpar", "sclp") and not state.preset.has_driver(add.caller):
        yield NoSuchDriver(add.caller, state.geometry.arch)


def instead_of_adding(state: State, tried: Outcome) -> Iterator[Way]:
    """Blocks that were there before an add which worked, and are offline: they cost no memmap any more."""
    waiting = _waiting(state, tried)
    if 0 < len(waiting) <= MOST_BLOCKS:
        onlined = tuple(Online(block=number, type=least_harm(state, len(waiting))) for number in waiting)
        yield Way((OnlineInstead(tuple(consecutive(waiting))),), onlined)


def with_own_memmap(state: State, add: Add, tried: Outcome) -> Iterator[Way]:
    """The memmap went to kernel memory though it was asked for otherwise, and another value of the parameter would have its
    way: `force`, where the memmap of a block fills no pageblock."""
    reasons = (event.reason for event in of_type(tried.events, PlacementChosen))
    if add.placement is not None or not any(isinstance(reason, MemmapNotPageblocks) for reason in reasons):
        return
    needed = availability(state, parse_bytes(add.size), add.caller, "block")
    if isinstance(needed, AtBoot):
        own = msgspec.structs.replace(add, expect=None, placement="block")
        yield Way((PlaceOtherwise("block", needed),), (own,))


def _waiting(state: State, tried: Outcome) -> list[int]:
    new = {event.block for event in tried.events if isinstance(event, BlockCreated)}
    return sorted(nr for nr, block in state.blocks.items() if block.state == "offline" and nr not in new)


def _blocks(state: State, tried: Outcome, effects: list[Reason], warnings: list[Reason]) -> None:
    """Which blocks appear, and where those that go online by themselves go."""
    blocks = [event.block for event in tried.events if isinstance(event, BlockCreated)]
    zones: dict[str, list[int]] = {}
    rules: dict[str, ZoneRule] = {}
    for event in tried.events:
        if isinstance(event, ZoneChosen):
            zones.setdefault(event.zone, []).append(event.block)
            if state.settings.online_policy == "auto-movable":
                rules.setdefault(event.zone, event.reason)
    online = sum(event.state == "online" for event in tried.events if isinstance(event, BlockStateChanged))
    if blocks:
        effects.append(BlocksAppear(tuple(consecutive(blocks)), None if zones else state.settings.auto_online_blocks))
    if not zones:
        effects += _to_come(state, blocks)
    for zone, numbers in zones.items():
        effects.append(GoOnlineAtOnce(tuple(consecutive(numbers)), zone, rules.get(zone)))
        if zone in KERNEL_ZONES:
            warnings.append(KernelPagesMayCome(zone))
    if zones and online < len(blocks):
        failed = next((event for event in tried.events if isinstance(event, OnlineFailed)), None)
        first = (failed.block, failed.errno, failed.reason) if failed else (None, "", None)
        warnings.append(SomeStayOffline(online, len(blocks), *first))


def _to_come(state: State, blocks: Sequence[int]) -> Iterator[MayGoTo]:
    """Where blocks that wait offline may go, and from where they come back."""
    choices: dict[str, list[int]] = {}
    for number in blocks:
        choices.setdefault(valid_zones(state, state.blocks[number]), []).append(number)
    for zones, numbers in choices.items():
        yield MayGoTo(tuple(consecutive(numbers)), tuple(zones.split()))


def _tight(state: State, add: Add) -> list[KernelZonesTight]:
    """Is the kernel memory that served the request used up?"""
    zones, watermarks = kernel_zonelist(state, add.node), Watermarks(state)
    room = sum(watermarks.room(state, key, 0, NORMAL, True) for key in zones)
    return [KernelZonesTight(room)] if room < state.geometry.pageblock_pages else []
