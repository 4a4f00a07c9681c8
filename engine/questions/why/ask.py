"""Why a command would be refused, and what would clear that; or what it would do. The machine is as it was afterwards.

Everything is found by trying: the command itself runs in a rehearsal, and so does each remedy before it is named. What is
asked of one command alone is imported where it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ...commands import Add, Allocate, Command, Eject, HugePages, Offline, Online, Remove, RemoveLmbs, VirtioMem, Write
from ...commands.outcome import Outcome
from ...commands.write import meant as meant_by
from ...memory.block import Block
from ...memory.state import Holder, State, state_of
from ...memory.zone import KERNEL_ZONES
from ...memory.zone import MOVABLE as MOVABLE_ZONE
from ...mm import sparse_vmemmap
from ...mm.zonelist import working_node
from ...numbers.collector import without_collection
from ...numbers.frozen import Frozen
from ...numbers.rounding import ceil
from ...numbers.units import GIB, parse_bytes
from ...protocol.events import (
    HugePagesChanged,
    PagesOnlined,
    ZoneChosen,
)
from ...protocol.reasons import Reason, WouldNotComeBack
from ...protocol.reasons.blocking import InGiganticRanges
from ...protocol.reasons.effects import (
    BecomesUsable,
    ComesBack,
    ComesBackWhileEmpty,
    FirstOfZone,
    GiganticRanges,
    GoesToZone,
    KernelPagesMayCome,
    MemmapStays,
    NodeEmptied,
    PoolBecomes,
    PoolFallsShort,
)
from ...protocol.reasons.remedies import AddFirst, AddMemoryFirst, OfflineFirst, OnlineAsMovable
from ...protocol.reasons.unknown import NotSeen
from ...protocol.vocabulary import HUGE, MEMMAP, OnlineType
from ...run.rehearsal import attempt, rehearsal
from .endless import endless
from .explanation import MOST_BLOCKS, Explanation, Way, refused, remedies
from .leaving import leaves, moves
from .unknown import unknowns
from .verdict import Blocker, Verdict


def why_not(machine: Holder | State, command: Command) -> Verdict:
    """Would a command succeed? If not, why not, and what would clear the way? The command is tried and taken back, and so is
    each remedy before it is named; the machine is as before. Raises `BadInput` for a command that makes no sense."""
    state = state_of(machine)
    meant = meant_by(command)
    with without_collection(), rehearsal(state):
        tried = attempt(state, command)
        found = _SUCCESS[type(meant)](state, meant, tried) if tried.ok and type(meant) in _SUCCESS else Explanation()
    if not tried.ok:
        found = _REFUSAL[type(meant)](state, meant, tried) if type(meant) in _REFUSAL else refused(tried)
    hanging = unknowns(state, tried) if tried.certainty == "not known" else ()
    guessed = any(isinstance(unknown, NotSeen) for unknown in hanging)  # and so is which pages move, or how many
    return Verdict(
        command,
        tried.result,
        tried.reason,
        tried.pfn,
        tuple(found.blockers),
        tuple(remedies(state, found.ways)),
        (*tried.notes, *(() if guessed else found.effects)),
        (*found.warnings, *endless(command, tried)),
        Frozen(tried.taken),
        state.geometry.page_size,
        found.but,
        tried.certainty,
        hanging,
    )


# -- online -------------------------------------------------------------------------------------------------------------


def _onlined(state: State, command: Online, tried: Outcome) -> Explanation:
    block = state.blocks[command.block]
    effects: list[Reason] = []
    warnings: list[Reason] = []
    ways: list[Way] = []
    for event in tried.events:
        if isinstance(event, ZoneChosen):
            effects.append(GoesToZone(event.block, event.node, event.zone, event.reason))
        if isinstance(event, PagesOnlined):
            effects.append(BecomesUsable(event.pages, event.pages * state.geometry.page_size))
    with rehearsal(state):
        back = attempt(state, Offline(block=block.id))
    if back.reason is not None:
        warnings.append(WouldNotComeBack(back.result, back.reason))
    elif block.zone is not None and block.zone[1] == MOVABLE_ZONE:
        from ..worth_knowing import top_heavy

        effects.append(ComesBack())
        warnings += [fact for fact in (top_heavy(state),) if fact is not None]
    elif block.zone is not None:
        effects.append(ComesBackWhileEmpty())
        warnings.append(KernelPagesMayCome(block.zone[1]))
        warnings += _first_of_zone(state, block)
        if command.type != "online_movable":
            movable = Online(block=block.id, type="online_movable")
            ways.append(Way((OnlineAsMovable(),), (movable,)))
    return Explanation(effects, warnings, ways=ways)


def _first_of_zone(state: State, block: Block) -> list[FirstOfZone]:
    """Recorded kernels: on the node that the kernel works on, the first block of a new highest kernel zone gets slab pages
    within moments, and in nearly every case does not go offline again; the blocks after it do."""
    assert block.zone is not None
    zone = state.zones[block.zone]
    higher = [one for one in KERNEL_ZONES[KERNEL_ZONES.index(zone.name) + 1 :] if state.zone(zone.node, one).present]
    if zone.node != working_node(state) or higher or zone.present > state.geometry.pages_per_block:
        return []
    return [FirstOfZone(zone.name)]


def _not_onlined(state: State, command: Online, tried: Outcome) -> Explanation:
    block = state.blocks.get(command.block)
    ways = []
    if block is not None and block.state == "online":
        commands = (Offline(block=block.id), msgspec.structs.replace(command, expect=None))
        ways.append(Way((OfflineFirst(),), commands))
    if block is None:
        size = state.geometry.block_size
        missing = Add(start=command.block * size, size=size)
        ways.append(Way((AddFirst(),), (missing, msgspec.structs.replace(command, expect=None))))
    return refused(tried)._replace(ways=ways)


# -- offline, remove, eject ---------------------------------------------------------------------------------------------


def _offlined(state: State, command: Offline, tried: Outcome) -> Explanation:
    effects, warnings = moves(tried.events)
    start, pages = state.block_range(command.block)
    guests = sparse_vmemmap.guests(state, start, pages)
    if guests:
        from .obstacles import owned_by

        warnings.append(MemmapStays(*owned_by(state, guests)))
    node = state.blocks[command.block].node
    if not state.has_more(node, 0):
        warnings.append(NodeEmptied(node))
    return Explanation(effects, warnings)


def _not_offlined(state: State, command: Offline, tried: Outcome) -> Explanation:
    from .take_away import not_offlined

    return not_offlined(state, command, tried)


def _not_removed(state: State, command: Remove, tried: Outcome) -> Explanation:
    from .take_away import not_removed

    return not_removed(state, command, tried)


def _not_ejected(state: State, command: Eject, tried: Outcome) -> Explanation:
    from .take_away import not_ejected

    return not_ejected(state, command, tried)


def _removed(state: State, command: Remove | Eject | RemoveLmbs, tried: Outcome) -> Explanation:
    return Explanation(*leaves(tried.events))


# -- add, virtio-mem, and pools of huge pages ---------------------------------------------------------------------------


def _added(state: State, command: Add, tried: Outcome) -> Explanation:
    from .added import add_effects, instead_of_adding, with_own_memmap

    ways = [*instead_of_adding(state, tried), *with_own_memmap(state, command, tried)]
    return Explanation(*add_effects(state, command, tried), ways=ways)


def _not_added(state: State, command: Add, tried: Outcome) -> Explanation:
    from .not_added import add_blockers, add_ways

    blockers = add_blockers(state, command, tried)
    return Explanation(blockers=blockers, ways=add_ways(state, command, tried))


def _resized(state: State, command: VirtioMem, tried: Outcome) -> Explanation:
    from .virtio_mem import resized

    return resized(state, command, tried)


def _not_resized(state: State, command: VirtioMem, tried: Outcome) -> Explanation:
    from .virtio_mem import not_resized

    return not_resized(state, command, tried)


def _pooled(state: State, command: HugePages | Write, tried: Outcome) -> Explanation:
    """A pool of huge pages takes any number and makes as many as it can: what keeps it from more."""
    from ...mm.hugetlb.gigantic import gigantic
    from . import giant_pages

    effects: list[Reason] = []
    blockers: list[Blocker] = []
    but: PoolFallsShort | None = None
    warnings: list[Reason] = []
    ways: list[Way] = []
    for event in tried.events:
        if not isinstance(event, HugePagesChanged):
            continue
        where = event.node if event.node >= 0 else None
        effects.append(PoolBecomes(where, event.size, event.total, event.wanted))
        if event.total != event.wanted:
            but = PoolFallsShort(event.total, event.wanted)
        if event.total < event.wanted and event.size > state.geometry.page_size << state.geometry.max_order:
            for node in [event.node] if event.node >= 0 else state.memory_nodes():
                found = gigantic(state, node, event.size)
                effects.append(GiganticRanges(node, event.size, found.candidates))
                blockers += [
                    Blocker(kind, count, "ranges", found.first[kind], InGiganticRanges(node, event.size))
                    for kind, count in found.blockers.items()
                    if kind != HUGE
                ]
                if MEMMAP in found.blockers and not warnings:
                    warnings.append(giant_pages.lost(state, event.size))
            ways += giant_pages.ways_out(state, command, event.total)
    return Explanation(effects, warnings, blockers, ways, but)


def _not_allocated(state: State, command: Allocate, tried: Outcome) -> Explanation:
    """New memory behind all System RAM would serve, if it has few enough blocks to be named."""
    unit, size = state.geometry.block_size, parse_bytes(command.size)
    behind = max((resource.end for resource in state.resources.values() if resource.ram), default=0)
    first, count = max(ceil(behind, unit), 4 * GIB // unit), ceil(size, unit) + 1
    if count > MOST_BLOCKS:
        return refused(tried)
    kind: OnlineType = "online_movable" if command.kind == "movable" else "online_kernel"
    add = Add(start=first * unit, size=count * unit, node=command.node)
    blocks = tuple(Online(block=number, type=kind) for number in range(first, first + count))
    again = msgspec.structs.replace(command, expect=None)
    return refused(tried)._replace(ways=[Way((AddMemoryFirst(),), (add, *blocks, again))])


_SUCCESS: Final[Mapping[type, Callable[[State, Any, Outcome], Explanation]]] = MappingProxyType(
    {
        Add: _added,
        Online: _onlined,
        Offline: _offlined,
        Remove: _removed,
        Eject: _removed,
        RemoveLmbs: _removed,
        HugePages: _pooled,
        VirtioMem: _resized,
        Write: _pooled,
    }
)
_REFUSAL: Final[Mapping[type, Callable[[State, Any, Outcome], Explanation]]] = MappingProxyType(
    {
        Add: _not_added,
        Allocate: _not_allocated,
        Online: _not_onlined,
        Offline: _not_offlined,
        Remove: _not_removed,
        Eject: _not_ejected,
        VirtioMem: _not_resized,
    }
)
