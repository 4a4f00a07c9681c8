"""Why a command would be refused, and what would clear that; or what it would do. The machine is as it was afterwards.

Everything is found by trying: the command itself runs in a rehearsal, and so does each remedy before it is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from . import hugetlb, migrate, vmemmap
from .blocks import Block
from .commands import Add, Command, Eject, Offline, Online, Remove, Write, extent
from .events import (
    BlockRemoved,
    Event,
    ExistingMemoryTaken,
    HugePageDissolved,
    HugePagesChanged,
    NodeOfflined,
    PagesMigrated,
    PagesOnlined,
    ZoneChosen,
)
from .memmap import HUGE, MOVABLE, RESERVED, UNMOVABLE_KINDS, VMEMMAP, Section, ZoneKey
from .obstacles import (
    FREEABLE,
    Obstacles,
    blockers_of,
    clear_away,
    empty,
    freed_words,
    give_back,
    hosted_guests,
    memmap_owners,
    of_blocks,
    take_out,
)
from .state import State
from .sysfs import MEMORY, boolean
from .trial import Attempt, Way, attempt, rehearsal
from .units import format_bytes
from .verdict import Blocker, Remedy, Verdict, counted, describe, named
from .why_add import add_blockers, add_effects, add_ways, kernel_zone_warning, leak_warning
from .zones import KERNEL_ZONES
from .zones import MOVABLE as MOVABLE_ZONE

if TYPE_CHECKING:
    from .machine import Machine

__all__ = ["Blocker", "Remedy", "Verdict", "describe", "why_not"]

_BLOCK_FILE = re.compile(rf"(?:{MEMORY}|/sys/devices/system/node/node\d+)/+memory(\d+)/+(state|online)")
_MOST_BLOCKS: Final = 64
"""Blocks that a remedy onlines at most."""


class _Told(NamedTuple):
    """What there is to say of a command: of one that works effects and warnings, of one that does not blockers; and ways
    around."""

    effects: Sequence[str] = ()
    warnings: Sequence[str] = ()
    blockers: Sequence[Blocker] = ()
    ways: Iterable[Way] = ()


def why_not(machine: Machine | State, command: Command) -> Verdict:
    """Would a command succeed, and if not, why not and what would clear it? Nothing changes by asking.

    Raises `BadInput` for a command that makes no sense.
    """
    state = machine if isinstance(machine, State) else machine.state
    meant = _meant(state, command)
    with rehearsal(state):
        tried = attempt(state, command)
        told = _SUCCESS.get(type(meant), _nothing)(state, meant, tried) if tried.ok else _Told()
    if not tried.ok:
        told = _REFUSAL.get(type(meant), _rule)(state, meant, tried)
    taken = {event.node: event.pages for event in tried.events if isinstance(event, ExistingMemoryTaken)}
    return Verdict(
        command,
        tried.result,
        tried.reason,
        tried.pfn,
        tuple(told.blockers),
        tuple(_remedies(state, told.ways)),
        (*tried.notes, *told.effects),
        tuple(told.warnings),
        taken,
    )


def _meant(state: State, command: Command) -> Command:
    """The operation behind a write to a file."""
    if not isinstance(command, Write):
        return command
    word = command.data.strip()
    if match := _BLOCK_FILE.fullmatch(command.path):
        number = int(match[1])
        if match[2] == "online" and (wanted := boolean(word)) is not None:
            return Online(block=number) if wanted else Offline(block=number)
        if word == "offline":
            return Offline(block=number)
        if word in ("online", "online_kernel", "online_movable"):
            return msgspec.convert({"op": "online", "block": number, "type": word}, Online)
    return command


def _remedies(state: State, ways: Iterable[Way]) -> Iterator[Remedy]:
    done: set[str] = set()
    for way in ways:
        if way.group not in done and way.works(state):
            yield Remedy(way.words, way.commands, way.given)
            if way.group:
                done.add(way.group)


def _nothing(state: State, command: Command, tried: Attempt) -> _Told:
    return _Told()


def _rule(state: State, command: Command, tried: Attempt) -> _Told:
    return _Told(blockers=[Blocker("rule", 1, "rule", tried.pfn, tried.reason)])


# -- online -------------------------------------------------------------------------------------------------------------


def _onlined(state: State, command: Online, tried: Attempt) -> _Told:
    block = state.blocks[command.block]
    effects: list[str] = []
    warnings: list[str] = []
    ways: list[Way] = []
    for event in tried.events:
        if isinstance(event, ZoneChosen):
            effects.append(f"memory{event.block} goes to zone {event.zone} of node {event.node}: {event.reason}")
        if isinstance(event, PagesOnlined):
            usable = format_bytes(event.pages * state.geometry.page_size)
            effects.append(f"{counted(event.pages, 'page')} ({usable}) become usable")
    with rehearsal(state):
        back = attempt(state, Offline(block=block.id))
    if not back.ok:
        warnings.append(f"it could not be got back: {back.result}, {back.reason}")
    elif block.zone is not None and block.zone[1] == MOVABLE_ZONE:
        effects.append("it can be got back: ZONE_MOVABLE holds nothing that could not move")
        warnings += _top_heavy(state)
    elif block.zone is not None:
        effects.append("it could be got back as long as the kernel has put nothing into it")
        warnings.append(kernel_zone_warning(block.zone[1]))
        if command.type != "online_movable":
            movable = Online(block=block.id, type="online_movable")
            ways.append(Way("online it as movable, to get it back for sure", (movable,)))
    return _Told(effects, warnings, ways=ways)


def _top_heavy(state: State) -> list[str]:
    """Far more movable memory than the kernel zones can look after."""
    kernel = sum(zone.managed for zone in state.zones.values() if zone.name in KERNEL_ZONES)
    movable = sum(zone.managed for zone in state.zones.values() if zone.name == MOVABLE_ZONE)
    ratio = int(state.settings.get("auto_movable_ratio", "301"))
    if movable * 100 <= kernel * ratio:
        return []
    page = state.geometry.page_size
    return [
        f"{format_bytes(movable * page)} of movable memory stand against {format_bytes(kernel * page)} in kernel zones, over "
        f"{ratio} %: page tables and other kernel data may run short while movable memory is free"
    ]


def _not_onlined(state: State, command: Online, tried: Attempt) -> _Told:
    block = state.blocks.get(command.block)
    ways = []
    if block is not None and block.state == "online":
        commands = (Offline(block=block.id), msgspec.structs.replace(command, expect=None))
        ways.append(Way("offline it first, to online it anew", commands))
    return _rule(state, command, tried)._replace(ways=ways)


# -- offline, remove, eject ---------------------------------------------------------------------------------------------


def _offlined(state: State, command: Offline, tried: Attempt) -> _Told:
    effects, warnings = _moves(tried.events)
    start, pages = state.block_range(command.block)
    guests = vmemmap.guests(state, start, pages)
    if guests:
        warnings.append(f"the memmap in it stays in use: {of_blocks(state, guests)}")
    node = state.blocks[command.block].node
    if not state.node_present(node):
        warnings.append(f"node {node} has no memory left then")
    return _Told(effects, warnings)


def _removed(state: State, command: Remove | Eject, tried: Attempt) -> _Told:
    effects, warnings = _moves(tried.events)
    gone = sorted(event.block for event in tried.events if isinstance(event, BlockRemoved))
    if gone:
        effects.append(f"{named(gone)} {'goes' if len(gone) == 1 else 'go'} away")
    effects += [f"node {event.node} goes offline" for event in tried.events if isinstance(event, NodeOfflined)]
    return _Told(effects, warnings)


def _moves(events: Iterable[Event]) -> tuple[list[str], list[str]]:
    """Which pages leave for where, and huge pages that are given up for that."""
    moved: dict[tuple[int, str], int] = {}
    dissolved = 0
    for event in events:
        if isinstance(event, PagesMigrated):
            key = event.to_node, event.to_zone
            moved[key] = moved.get(key, 0) + event.pages
        dissolved += isinstance(event, HugePageDissolved)
    effects = [f"{counted(pages, 'page')} move to zone {zone} of node {node}" for (node, zone), pages in moved.items()]
    lost = f"{counted(dissolved, 'free huge page')} of the pool {'is' if dissolved == 1 else 'are'} given up"
    return effects, [lost] if dissolved else []


def _not_offlined(state: State, command: Offline, tried: Attempt) -> _Told:
    block = state.blocks.get(command.block)
    if block is None or block.state != "online":
        return _rule(state, command, tried)
    return _in_the_way(state, [block], [], [("", (Offline(block=block.id),))])


def _not_ejected(state: State, command: Eject, tried: Attempt) -> _Told:
    page = state.geometry.page_size
    start, size = extent(command)
    blocks = state.range_blocks(start // page, size // page)
    online = [block for block in blocks if block.state != "offline"]
    whole = Eject(start=start, size=size)
    offlines = tuple(Offline(block=block.id) for block in online)
    finals = [("", (whole,)), *((words, (*offlines, *rest)) for words, rest in _piecewise(state, blocks))]
    guests = hosted_guests(state, start // page, size // page)
    return _in_the_way(state, online, guests, finals, tried)


def _not_removed(state: State, command: Remove, tried: Attempt) -> _Told:
    page, block_size = state.geometry.page_size, state.geometry.block_size
    start, size = extent(command)
    if not size or start % block_size or size % block_size:
        low, high = start // block_size * block_size, -(-(start + size) // block_size) * block_size
        off = max(start % block_size, size % block_size)
        blocker = Blocker("misaligned", off, "bytes", start // page, f"blocks have {format_bytes(block_size)}")
        whole = Remove(start=low, size=max(block_size, high - low))
        return _Told(blockers=[blocker], ways=[Way("remove whole blocks", (whole,))])
    blocks = state.range_blocks(start // page, size // page)
    online = [block for block in blocks if block.state != "offline"]
    offlines = tuple(Offline(block=block.id) for block in online)
    first = f"offline {named([block.id for block in online])} first" if online else ""
    finals: list[tuple[str, tuple[Command, ...]]] = [(first, (*offlines, Remove(start=start, size=size)))]
    for words, rest in _piecewise(state, blocks):
        finals.append((f"{first}; {words}" if first else words, (*offlines, *rest)))
    guests = vmemmap.guests(state, start // page, size // page)
    told = _in_the_way(state, online, guests, finals, None if online or guests else tried)
    if online:
        at, _ = state.block_range(online[0].id)
        still = Blocker("online", len(online), "blocks", at, named([block.id for block in online]))
        return told._replace(blockers=[still, *told.blockers])
    return told


def _piecewise(state: State, blocks: Sequence[Block]) -> Iterator[tuple[str, tuple[Command, ...]]]:
    """The same removal in pieces: runs of blocks with and without a memmap of their own, then block by block."""
    if len(blocks) < 2:
        return
    size = state.geometry.block_size
    runs: list[list[Block]] = []
    for block in blocks:
        if runs and runs[-1][-1].id == block.id - 1 and bool(runs[-1][-1].head) == bool(block.head):
            runs[-1].append(block)
        else:
            runs.append([block])
    if len(runs) > 1:
        yield (
            "remove blocks with a memmap of their own and others separately",
            tuple(Remove(start=run[0].id * size, size=len(run) * size) for run in reversed(runs)),
        )
    yield (
        "remove it block by block",
        tuple(Remove(start=block.id * size, size=size) for block in reversed(blocks)),
    )


def _in_the_way(
    state: State,
    blocks: Sequence[Block],
    guests: Sequence[Section],
    finals: Sequence[tuple[str, tuple[Command, ...]]],
    tried: Attempt | None = None,
) -> _Told:
    """All that keeps some online blocks from going offline, and the ways to make `finals`, of which one is enough, work.

    `tried` is the refusal, where no page may have caused it.
    """
    if len(blocks) == 1 and not guests:
        guests = hosted_guests(state, *state.block_range(blocks[0].id))
    numbers = [block.id for block in blocks]
    with rehearsal(state):
        obstacles = clear_away(state, numbers)
    owners = memmap_owners(state, numbers) if VMEMMAP in obstacles.pages else []
    if guests:
        obstacles.refusals.clear()
    blockers = blockers_of(state, obstacles, owners)
    if guests:
        first = guests[0].nr * state.geometry.pages_per_section
        blockers.insert(0, Blocker("guest", len(guests), "sections", first, of_blocks(state, guests)))
    if not blockers and tried is not None:
        blockers.append(Blocker("rule", 1, "rule", tried.pfn, tried.reason))
    if RESERVED in obstacles.pages or obstacles.refusals:
        return _Told(blockers=blockers)
    before = take_out(state, [*owners, *guests])
    return _Told(blockers=blockers, ways=_ways(state, blocks, obstacles, before, finals))


def _ways(
    state: State,
    blocks: Sequence[Block],
    obstacles: Obstacles,
    before: Sequence[Command],
    finals: Sequence[tuple[str, tuple[Command, ...]]],
) -> Iterator[Way]:
    given = freed_words(state, obstacles.pages)
    kinds = tuple(kind for kind in obstacles.pages if kind in FREEABLE)
    yield from _emptied_pools(state, blocks, obstacles, finals)
    for room in _rooms(state, blocks, obstacles):
        prepare = partial(_prepare, blocks=blocks, kinds=kinds, more=room.prepare)
        for words, commands in finals:
            parts = ["take out first what has its memmap here" if before else "", room.words, words]
            text = "; ".join(part for part in parts if part) or "free these pages"
            assumed = " and ".join(part for part in (given, room.given) if part)
            yield Way(text, (*before, *room.commands, *commands), assumed, prepare, f"offline {room.group}")
    kernel = [block for block in blocks if block.zone is not None and block.zone[1] in KERNEL_ZONES and not block.early]
    if kernel and any(kind in UNMOVABLE_KINDS for kind in obstacles.pages):
        anew = tuple(Online(block=block.id, type="online_movable") for block in kernel)
        text = f"online {named([block.id for block in kernel])} with online_movable instead: ZONE_MOVABLE takes no kernel pages"
        prepare_anew = partial(_offline_all, blocks=kernel)
        for _, commands in finals[:1]:
            yield Way(text, (*anew, *commands), "it is offline, as when it is plugged or booted anew", prepare_anew)


def _rooms(state: State, blocks: Sequence[Block], obstacles: Obstacles) -> Iterator[Way]:
    """Ways to make room for the movable pages that found none; one that does nothing where all found some."""
    found = obstacles.pages.get(MOVABLE)
    if found is None:
        yield Way("", ())
        return
    section = state.sections[found.first // state.geometry.pages_per_section]
    source = section.zones[0][0]
    yield from _online_elsewhere(state, blocks, source, found.count)
    targets, _ = migrate.target_zones(state, source)
    for node in dict.fromkeys(node for node, _ in targets):
        keys = [key for key in targets if key[0] == node]
        size = format_bytes(found.count * state.geometry.page_size)
        names = ", ".join(name for _, name in keys)
        yield Way(
            f"free {counted(found.count, 'page')} ({size}) on node {node} (zones {names}), for what must move",
            (),
            "their users give them back",
            partial(give_back, keys=keys, count=found.count),
            "by freeing",
        )


def _online_elsewhere(state: State, blocks: Sequence[Block], source: ZoneKey, count: int) -> Iterator[Way]:
    """Blocks that wait offline, other nodes' first: pages leave their node where they can."""
    here = {block.id for block in blocks}
    waiting: dict[int, list[int]] = {}
    for number in sorted(state.blocks):
        block = state.blocks[number]
        if block.state == "offline" and number not in here:
            waiting.setdefault(block.node, []).append(number)
    kind = "online_movable" if source[1] == MOVABLE_ZONE else "online_kernel"
    for node in sorted(waiting, key=lambda n: (n == source[0], n)):
        usable = state.geometry.pages_per_block - state.blocks[waiting[node][0]].head
        needed = -(-count // usable)
        for blocks_needed in (needed, needed + 1):
            if blocks_needed <= min(len(waiting[node]), _MOST_BLOCKS):
                chosen = waiting[node][:blocks_needed]
                commands = tuple(
                    msgspec.convert({"op": "online", "block": number, "type": kind}, Online) for number in chosen
                )
                yield Way(f"online {named(chosen)} of node {node} first, to make room", commands, group="by onlining")


def _emptied_pools(
    state: State, blocks: Sequence[Block], obstacles: Obstacles, finals: Sequence[tuple[str, tuple[Command, ...]]]
) -> Iterator[Way]:
    """Where free huge pages are in the way: a smaller pool."""
    if HUGE not in obstacles.pages:
        return
    sizes: set[tuple[int, int]] = set()
    for block in blocks:
        sizes |= {(page.node, page.pages) for _, page in hugetlb.in_range(state, *state.block_range(block.id))}
    commands = []
    for node, pages in sorted(sizes):
        size = pages * state.geometry.page_size
        total, free = hugetlb.pool(state, node, size)
        path = f"/sys/devices/system/node/node{node}/hugepages/hugepages-{size // 1024}kB/nr_hugepages"
        commands.append(Write(path=path, data=str(total - free)))
    for _, final in finals[:1]:
        yield Way("give the free huge pages back first", (*commands, *final))


def _prepare(
    state: State, blocks: Sequence[Block], kinds: Sequence[Any], more: Callable[[State], bool] | None
) -> bool:
    for block in blocks:
        empty(state, block.id, kinds)
    return more is None or more(state)


def _offline_all(state: State, blocks: Sequence[Block]) -> bool:
    return not clear_away(state, [block.id for block in blocks]).refusals


# -- add, and pools of huge pages ---------------------------------------------------------------------------------------


def _added(state: State, command: Add, tried: Attempt) -> _Told:
    return _Told(*add_effects(state, command, tried))


def _not_added(state: State, command: Add, tried: Attempt) -> _Told:
    blockers = add_blockers(state, command, tried)
    return _Told((), leak_warning(state, tried), blockers, add_ways(state, command, tried))


def _written(state: State, command: Write, tried: Attempt) -> _Told:
    """A pool of huge pages takes any number and makes as many as it can: what keeps it from more."""
    changed = [event for event in tried.events if isinstance(event, HugePagesChanged)]
    effects: list[str] = []
    blockers: list[Blocker] = []
    for event in changed:
        nodes = [event.node] if event.node >= 0 else state.memory_nodes()
        where = f"node {event.node}" if event.node >= 0 else "the machine"
        effects.append(f"the pool of {where} has {counted(event.total, 'page')} of {format_bytes(event.size)} then")
        if event.total < int(command.data):
            for node in nodes:
                found = hugetlb.gigantic(state, node, event.size)
                blockers += [
                    Blocker(kind, count, "ranges", found.first[kind], f"of {found.candidates} on node {node}")
                    for kind, count in found.blockers.items()
                ]
            effects.append(f"that is fewer than the {command.data.strip()} asked for")
    return _Told(effects, blockers=blockers)


_SUCCESS: Final[Mapping[type, Callable[[State, Any, Attempt], _Told]]] = MappingProxyType(
    {Add: _added, Online: _onlined, Offline: _offlined, Remove: _removed, Eject: _removed, Write: _written}
)
_REFUSAL: Final[Mapping[type, Callable[[State, Any, Attempt], _Told]]] = MappingProxyType(
    {Add: _not_added, Online: _not_onlined, Offline: _not_offlined, Remove: _not_removed, Eject: _not_ejected}
)
