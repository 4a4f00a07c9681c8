"""What keeps memory from being taken away: blocks that do not go offline, ranges that cannot be removed; and ways around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

from ...commands import Command, Eject, Free, HugePages, Offline, Online, Remove, Unpin, extent
from ...commands.outcome import Outcome
from ...memory.block import Block
from ...memory.section import Section
from ...memory.state import State
from ...memory.zone import KERNEL_ZONES
from ...memory.zone import MOVABLE as MOVABLE_ZONE
from ...mm import migrate, sparse_vmemmap
from ...mm.hugetlb import pool
from ...numbers.rounding import down, up
from ...numbers.runs import consecutive
from ...protocol.reasons.blocking import MemmapOf, OffABlock, TheseBlocks
from ...protocol.reasons.remedies import (
    FreePages,
    GiveHugePagesBack,
    LetGoOfPinned,
    OfflineAsPlugged,
    OfflineTheseFirst,
    OnceGone,
    OnlineFirst,
    OnlineMovableInstead,
    Remedying,
    RemoveApart,
    RemoveOneByOne,
    TakeOutFirst,
    WholeBlocks,
)
from ...protocol.vocabulary import (
    FREEABLE,
    HUGE,
    MOVABLE,
    PAGETABLE,
    PINNED,
    RESERVED,
    SLAB,
    UNMOVABLE_KINDS,
    VMEMMAP,
    Freeable,
    Kind,
    OnlineType,
    ZoneKey,
)
from ...run.rehearsal import rehearsal
from ..shortage import deficit
from .explanation import Explanation, Way, refused, sayable, waiting_blocks
from .obstacles import (
    Obstacles,
    blockers_of,
    clear_away,
    dependants,
    empty,
    given_back,
    kernel_memmap_owners,
    object_owners,
    owned_by,
    take_out,
)
from .verdict import Blocker


class _Goal(NamedTuple):
    """One way to ask for what is wanted, and how it differs from what was asked."""

    does: tuple[Remedying, ...]
    commands: tuple[Command, ...]


class _Taking(NamedTuple):
    """Memory that is taken out first: what that is called, its commands, and the kinds of pages that must be given back
    besides."""

    does: tuple[Remedying, ...]
    commands: Sequence[Command]
    given_back: tuple[Freeable, ...]


def not_offlined(state: State, command: Offline, tried: Outcome) -> Explanation:
    """Why a block does not go offline."""
    block = state.blocks.get(command.block)
    if block is None or block.state != "online":
        return refused(tried)
    wanted = state.block_range(block.id)
    guests = sparse_vmemmap.hosted_guests(state, *wanted)
    return _in_the_way(state, wanted, [block], guests, [_Goal((), (Offline(block=block.id),))], tried)


def not_ejected(state: State, command: Eject, tried: Outcome) -> Explanation:
    """Why a memory device cannot be taken out."""
    page = state.geometry.page_size
    start, size = extent(command)
    off = _misaligned(state, start, size)
    start, size = _whole_blocks(state, start, size)
    blocks = state.range_blocks(start // page, size // page)
    online = [block for block in blocks if block.state != "offline"]
    offlines = tuple(Offline(block=block.id) for block in online)
    goals = [_Goal((WholeBlocks("eject"),) if off else (), (Eject(start=start, size=size),))]
    goals += [_Goal(piece.does, (*offlines, *piece.commands)) for piece in _piecewise(state, blocks)]
    wanted = (start // page, size // page)
    found = _in_the_way(state, wanted, online, sparse_vmemmap.guests(state, *wanted), goals, tried)
    return found._replace(blockers=[*off, *found.blockers])


def not_removed(state: State, command: Remove, tried: Outcome) -> Explanation:
    """Why a range cannot be removed."""
    page = state.geometry.page_size
    start, size = extent(command)
    if off := _misaligned(state, start, size):
        low, whole = _whole_blocks(state, start, size)
        return Explanation(blockers=off, ways=[Way((WholeBlocks("remove"),), (Remove(start=low, size=whole),))])
    blocks = state.range_blocks(start // page, size // page)
    online = [block for block in blocks if block.state != "offline"]
    offlines = tuple(Offline(block=block.id) for block in online)
    runs = tuple(consecutive(block.id for block in online))
    before = (OfflineTheseFirst(runs),) if online else ()
    goals = [_Goal(before, (*offlines, Remove(start=start, size=size)))]
    for piece in _piecewise(state, blocks):
        goals.append(_Goal((*before, *piece.does), (*offlines, *piece.commands)))
    wanted = (start // page, size // page)
    found = _in_the_way(state, wanted, online, sparse_vmemmap.guests(state, *wanted), goals, tried)
    if not online:
        return found
    at, _ = state.block_range(online[0].id)
    still = Blocker("online", len(online), "blocks", at, TheseBlocks(runs))
    unsaid = [blocker for blocker in found.blockers if blocker.rule is None or blocker.rule != tried.reason]
    return found._replace(blockers=[still, *unsaid])


def _misaligned(state: State, start: int, size: int) -> list[Blocker]:
    """That a range (bytes) is not of whole blocks; empty where it is."""
    unit = state.geometry.block_size
    if size and not start % unit and not size % unit:
        return []
    off = max(start % unit, size % unit)
    return [Blocker("misaligned", off, "bytes", start // state.geometry.page_size, OffABlock(unit))]


def _whole_blocks(state: State, start: int, size: int) -> tuple[int, int]:
    """Start and bytes of the blocks that a range touches, one at least."""
    unit = state.geometry.block_size
    low, high = down(start, unit), up(start + size, unit)
    return low, max(unit, high - low)


def _piecewise(state: State, blocks: Sequence[Block]) -> Iterator[_Goal]:
    """The same removal in pieces: runs of blocks with and without a memmap of their own, then block by block."""
    size = state.geometry.block_size
    runs: list[list[Block]] = []
    for block in blocks:
        if runs and runs[-1][-1].id == block.id - 1 and bool(runs[-1][-1].head) == bool(block.head):
            runs[-1].append(block)
        else:
            runs.append([block])
    if len(runs) > 1:
        pieces = tuple(Remove(start=run[0].id * size, size=len(run) * size) for run in reversed(runs))
        yield _Goal((RemoveApart(),), pieces)
    if len(blocks) > 1:
        single = tuple(Remove(start=block.id * size, size=size) for block in reversed(blocks))
        yield _Goal((RemoveOneByOne(),), single)


def _in_the_way(
    state: State,
    wanted: tuple[int, int],
    online: Sequence[Block],
    guests: Sequence[Section],
    goals: Sequence[_Goal],
    tried: Outcome,
) -> Explanation:
    """All that keeps online blocks from going offline and the range `wanted` (pfn, pages) from being removed, and ways to
    one of the goals."""
    numbers = [block.id for block in online]
    with rehearsal(state):
        obstacles = clear_away(state, numbers)
    if guests:
        obstacles.refusals.clear()
    owners = kernel_memmap_owners(state, numbers) if VMEMMAP in obstacles.pages else []
    blockers = blockers_of(state, numbers, obstacles, owners)
    if guests:
        first = guests[0].nr * state.geometry.pages_per_section
        blockers.insert(0, Blocker("guest", len(guests), "sections", first, MemmapOf(*owned_by(state, guests))))
    if not blockers:
        blockers.append(Blocker("rule", 1, "rules", tried.pfn, rule=tried.reason))
    if RESERVED in obstacles.pages or obstacles.refusals:
        return Explanation(blockers=blockers)
    hanging = [*owners, *(dependants(state, *wanted) if guests else ())]
    kinds = tuple(kind for kind in FREEABLE if kind in obstacles.pages)
    takings = [_Taking((TakeOutFirst(objects=False),), take_out(state, hanging, wanted), kinds)]
    if obstacles.pages.keys() & {SLAB, PAGETABLE} and (objects := object_owners(state, numbers)):
        everything = take_out(state, [*hanging, *objects], wanted)
        takings.insert(0, _Taking((TakeOutFirst(objects=True),), everything, ()))
    return Explanation(blockers=blockers, ways=_ways(state, online, obstacles, takings, goals))


def _ways(
    state: State, online: Sequence[Block], obstacles: Obstacles, takings: Sequence[_Taking], goals: Sequence[_Goal]
) -> Iterator[Way]:
    helping = (*_unpinned(online, obstacles), *_smaller_pools(state, online, obstacles))
    let_go: list[Remedying] = [LetGoOfPinned()] if PINNED in obstacles.pages else []
    let_go += [GiveHugePagesBack()] if HUGE in obstacles.pages else []
    for taking, room, goal in product(takings, _rooms(state, obstacles), goals):
        first = taking.does if taking.commands else ()
        does = (*first, *let_go, *room.does, *goal.does) or (OnceGone(),)
        commands = (*taking.commands, *helping, *room.commands, *goal.commands)
        prepare = partial(_emptied, blocks=online, kinds=taking.given_back) if taking.given_back else None
        given = given_back(state, obstacles.pages, taking.given_back)
        yield Way(does, commands, given, prepare, f"goal {room.group}")
    anew = [block for block in online if block.zone and block.zone[1] in KERNEL_ZONES and not block.early]
    if anew and any(kind in UNMOVABLE_KINDS for kind in obstacles.pages):
        movable = tuple(Online(block=block.id, type="online_movable") for block in anew)
        yield Way(
            (OnlineMovableInstead(tuple(consecutive(block.id for block in anew))),),
            (*movable, *goals[0].commands),
            OfflineAsPlugged(),
            partial(_gone_offline, blocks=anew),
        )


def _rooms(state: State, obstacles: Obstacles) -> Iterator[Way]:
    """Ways to make room for the movable pages that found none; one that does nothing where all found some."""
    found = obstacles.pages.get(MOVABLE)
    if found is None:
        yield Way((), ())
        return
    source = state.sections[found.first // state.geometry.pages_per_section].zones[0][0]
    yield from _online_elsewhere(state, source, found.total)
    targets, highest = migrate.target_zones(state, source)
    for node, zone in targets:
        freed = found.total + deficit(state, (node, zone), highest)
        size = sayable(freed * state.geometry.page_size)
        frees = FreePages(freed, size, node, for_room=True)
        yield Way((frees,), (Free(kind="movable", size=size, node=node, zone=zone),), group="by freeing")


def _online_elsewhere(state: State, source: ZoneKey, count: int) -> Iterator[Way]:
    """Blocks that wait offline, other nodes' first: pages leave their node where they can."""
    kind: OnlineType = "online_movable" if source[1] == MOVABLE_ZONE else "online_kernel"
    for node, chosen in waiting_blocks(state, count, lambda node: (node == source[0], node)):
        commands = tuple(Online(block=number, type=kind) for number in chosen)
        onlines = OnlineFirst(tuple(consecutive(chosen)), node, for_room=True)
        yield Way((onlines,), commands, group="by onlining")


def _unpinned(online: Sequence[Block], obstacles: Obstacles) -> list[Command]:
    if PINNED not in obstacles.pages:
        return []
    zones = dict.fromkeys(block.zone for block in online if block.zone is not None)
    return [Unpin(node=node, zone=zone) for node, zone in zones]


def _smaller_pools(state: State, online: Sequence[Block], obstacles: Obstacles) -> list[Command]:
    """Pools without the huge pages that are free, or that the workload can unmap (those of the default size)."""
    if HUGE not in obstacles.pages:
        return []
    page = state.geometry.page_size
    default = pool.default_size(state) // page
    found = [h for block in online for _, h in pool.in_range(state, *state.block_range(block.id))]
    commands: list[Command] = []
    for node, pages in sorted({(h.node, h.pages) for h in found}):
        total, free = pool.pool(state, node, pages * page)
        if pages == default and any(h.used for h in found if (h.node, h.pages) == (node, pages)):
            commands.append(Free(kind="huge", node=node))
            free = total
        commands.append(HugePages(count=total - free, size=pages * page, node=node))
    return commands


def _emptied(state: State, blocks: Sequence[Block], kinds: Sequence[Kind]) -> bool:
    for block in blocks:
        empty(state, block.id, kinds)
    return True


def _gone_offline(state: State, blocks: Sequence[Block]) -> bool:
    return not clear_away(state, [block.id for block in blocks]).refusals
