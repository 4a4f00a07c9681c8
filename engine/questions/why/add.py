"""Why an add would fail or what it would cost: the memmap's place and size, on which node, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from ...commands import Add, Command, Free, Online, Remove, extent
from ...hotplug.zone_policy import valid_zones
from ...memory.state import State
from ...memory.zone import KERNEL_ZONES, MOVABLE, NORMAL
from ...mm.zonelist import Watermarks, kernel_zonelist
from ...numbers.rounding import ceil, down, up
from ...numbers.units import about_bytes, format_bytes, parse_bytes
from ...protocol.events import (
    BlockCreated,
    BlockState,
    ExistingMemoryTaken,
    MemmapPlaced,
    NodeOnlined,
    OnlineFailed,
    PlacementChosen,
    ZoneChosen,
)
from ...protocol.vocabulary import Placement
from ...run.rehearsal import Attempt
from ..availability import UNRELEASED, availability
from ..narrate import counted, node_names, placed, sentence
from ..narrate import some_names as named
from ..shortage import Shortage, deficit, shortage
from ..worth_knowing import least_harm, top_heavy
from .explanation import Way, sayable
from .verdict import Blocker

_PLACED: Final[dict[Placement, str]] = {
    "block": "with its memmap in each block's own head",
    "boot": "with its memmap in kernel memory",
    "range": "with its memmap at the start of the added range",
    "sections": "with its memmap in low sections of the node",
}
"""Those of released kernels first."""
_MOST_BLOCKS: Final = 64
"""Block-wise commands are proposed for at most so many blocks."""


def add_blockers(state: State, add: Add, tried: Attempt) -> list[Blocker]:
    """What is in the way of an add that was refused with `tried`, in the order of the kernel's checks."""
    geometry = state.geometry
    start, size = extent(add)
    found: list[Blocker] = []
    if start + size > geometry.max_address:
        over = start + size - max(start, geometry.max_address)
        found.append(Blocker("rule", over, "bytes", None, f"beyond the last address {geometry.max_address - 1:#x}"))
    overlaps = _overlaps(state, start, size) if size else []
    if overlaps and tried.result == "EEXIST":
        names = ", ".join(f"{name} at {low:#x}-{high - 1:#x}" for low, high, name in overlaps[:4])
        more = f" and {len(overlaps) - 4} more" if len(overlaps) > 4 else ""
        found.append(Blocker("taken", len(overlaps), "ranges", overlaps[0][0] // geometry.page_size, names + more))
    off = max(start % geometry.block_size, size % geometry.block_size)
    if off or not size:
        found.append(Blocker("misaligned", off, "bytes", start // geometry.page_size, _alignment(state, start, size)))
    if add.node not in state.nodes:
        detail = f"node {add.node} is none of the possible nodes {', '.join(map(str, sorted(state.nodes)))}"
        found.append(Blocker("rule", 1, "rules", None, detail))
    leaked = _leaked(state, start, size)
    if leaked and not found:
        first = leaked[0] * geometry.pages_per_section
        found.append(Blocker("leaked", len(leaked), "sections", first))
    if tried.result == "ENOMEM":
        found.append(missing_pages(state, shortage(state, add)))
    return found or [Blocker("rule", 1, "rules", None, rule=tried.reason)]


def add_ways(state: State, add: Add, tried: Attempt) -> Iterator[Way]:
    """What may make an add that was refused work."""
    start, size = extent(add)
    block = state.geometry.block_size
    low, high = down(start, block), up(start, block)
    whole = max(block, down(size, block))
    more = max(block, up(size, block))
    if add.node not in state.nodes and state.nodes:
        node = min(state.nodes, key=lambda n: (abs(n - add.node), n))
        add = _with(add, node=node)
        yield Way(f"add it to node {node}, which firmware announced", (add,))
        if not (start % block or size % block):
            return
    if start % block or size % block or not size:
        for at in dict.fromkeys((high, low)):
            for length in dict.fromkeys((more, whole)):
                text = f"add whole blocks of {format_bytes(block)}: {format_bytes(length)} at {at:#x}"
                yield Way(text, (_with(add, start=at, size=length),), group="aligned")
        return
    if tried.result == "E2BIG" and size <= state.geometry.max_address:
        top = down(state.geometry.max_address - size, block)
        yield Way(f"add it at {top:#x}, the highest address for it", (_with(add, start=top),), group="address")
    if tried.result in ("E2BIG", "EEXIST"):
        yield from _elsewhere(state, add, start, size)
    if tried.result == "ENOMEM":
        yield from _with_more(state, add)
    if tried.result == "EINVAL":
        yield from _block_by_block(state, add)
    if tried.result in ("EINVAL", "ENOMEM"):
        yield from _placed_otherwise(state, add)
    if tried.result == "ENOMEM":
        yield from _with_less(state, add)
    if tried.result in ("EINVAL", "ENOMEM"):
        yield from _placed_otherwise(state, add, released=False)


def add_effects(state: State, add: Add, tried: Attempt) -> tuple[list[str], list[str]]:
    """What an add that worked has done, and what to mind; asked while its result is still there."""
    size, page = state.geometry.pages_per_section, state.geometry.page_size
    unit = state.geometry.vmemmap_unit_pages * page
    chosen = (event for event in tried.events if isinstance(event, PlacementChosen))
    effects = [*dict.fromkeys(f"memmap: {placed(event.placement, event.reason)}" for event in chosen)]
    warnings: list[str] = []
    places: dict[tuple[str, int], int] = {}
    fallbacks, hosts = 0, set[int]()
    for event in tried.events:
        if isinstance(event, MemmapPlaced):
            section = state.sections.get(event.section)
            memmap = section.memmap if section is not None else None
            place = (event.on, event.node)
            places[place] = places.get(place, 0) + state.geometry.memmap_pages(size)
            fallbacks += event.fallback
            if event.on != "self" and memmap is not None:
                hosts.update(pfn // state.geometry.pages_per_block for pfn, _ in memmap.chunks)
        elif isinstance(event, NodeOnlined):
            effects.append(f"node {event.node} comes up")
    for (on, node), pages in sorted(places.items()):
        where = {"self": "in the added memory", "section": "in earlier hot-added sections"}.get(on, "in kernel memory")
        effects.append(f"{counted(pages, 'page')} ({format_bytes(pages * page)}) of memmap lie {where} of node {node}")
        if node != add.node:
            warnings.append(
                f"node {node} holds the memmap of memory of node {add.node}: every look at it goes off node"
            )
    for node, pages in taken(tried).items():
        effects.append(
            f"node {node} has {counted(pages, 'page')} ({format_bytes(pages * page)}) less, before anything is online"
        )
    if fallbacks:
        warnings.append(
            f"the memmap of {counted(fallbacks, 'section')} is mapped by base pages, as no {format_bytes(unit)} are free in a row"
        )
    if hosts:
        warnings.append(
            f"the memmap lies in {named(sorted(hosts))}, which cannot go offline while this memory is there"
        )
    pooled = any(event.placement == "range" for event in tried.events if isinstance(event, PlacementChosen))
    if pooled and extent(add)[1] > state.geometry.block_size:
        warnings.append("the first blocks hold the memmap of all others and can only be removed together with them")
    warnings += _tight(state, add)
    _blocks(state, tried, effects, warnings)
    if (heavy := top_heavy(state)) is not None:
        warnings.append(sentence(heavy))
    if waiting := _waiting(state, tried):
        idle = about_bytes(len(waiting) * state.geometry.block_size)
        warnings.append(f"{named(waiting)} ({idle}) {'is' if len(waiting) == 1 else 'are'} there already, and offline")
    return effects, warnings


def taken(tried: Attempt) -> dict[int, int]:
    """Pages of existing memory that a command took, by node."""
    found: dict[int, int] = {}
    for event in tried.events:
        if isinstance(event, ExistingMemoryTaken):
            found[event.node] = found.get(event.node, 0) + event.pages
    return found


def instead_of_adding(state: State, tried: Attempt) -> Iterator[Way]:
    """Blocks that were there before an add which worked, and are offline: they cost no memmap any more."""
    waiting = _waiting(state, tried)
    if 0 < len(waiting) <= _MOST_BLOCKS:
        onlined = tuple(Online(block=number, type=least_harm(state, len(waiting))) for number in waiting)
        yield Way(f"online {named(waiting)}, whose memmap is paid for, before adding more", onlined)


def _waiting(state: State, tried: Attempt) -> list[int]:
    new = {event.block for event in tried.events if isinstance(event, BlockCreated)}
    return sorted(nr for nr, block in state.blocks.items() if block.state == "offline" and nr not in new)


def _blocks(state: State, tried: Attempt, effects: list[str], warnings: list[str]) -> None:
    """Which blocks appear, and where those that go online by themselves go."""
    blocks = [event.block for event in tried.events if isinstance(event, BlockCreated)]
    zones: dict[str, list[int]] = {}
    rules: dict[str, str] = {}
    for event in tried.events:
        if isinstance(event, ZoneChosen):
            zones.setdefault(event.zone, []).append(event.block)
            if state.settings.online_policy == "auto-movable":
                rules.setdefault(event.zone, f" ({sentence(event.reason)})")
    online = sum(event.state == "online" for event in tried.events if isinstance(event, BlockState))
    if blocks:
        how = "" if zones else f", offline (auto_online_blocks={state.settings.auto_online_blocks})"
        effects.append(f"{named(blocks)} {'appears' if len(blocks) == 1 else 'appear'}{how}")
    if not zones:
        effects += _to_come(state, blocks)
    for zone, numbers in zones.items():
        effects.append(
            f"{named(numbers)} {'goes' if len(numbers) == 1 else 'go'} online in zone {zone} at once{rules.get(zone, '')}"
        )
        if zone in KERNEL_ZONES:
            warnings.append(kernel_zone_warning(zone))
    if zones and online < len(blocks):
        failed = [event for event in tried.events if isinstance(event, OnlineFailed)]
        why = "".join(f": {named((e.block,))} does not, {e.errno}, {sentence(e.reason)}" for e in failed[:1])
        warnings.append(f"only {online} of {len(blocks)} blocks go online, and no one is told{why}")


def _to_come(state: State, blocks: Sequence[int]) -> Iterator[str]:
    """Where blocks that wait offline may go, and from where they come back."""
    choices: dict[str, list[int]] = {}
    for number in blocks:
        choices.setdefault(valid_zones(state, state.blocks[number]), []).append(number)
    for zones, numbers in choices.items():
        default, *others = zones.split()
        ways = [f"online puts {named(numbers)} into zone {default}"]
        ways += [f"{'online_movable' if zone == MOVABLE else 'online_kernel'} into zone {zone}" for zone in others]
        yield f"{', '.join(ways)}; from zone Movable alone memory can be got back for sure"


def kernel_zone_warning(zone: str) -> str:
    """What a person should know before memory goes to a kernel zone."""
    return (
        f"in zone {zone} the kernel may put its own pages anywhere, and one of them keeps a block from going offline; "
        f"online_movable keeps it removable"
    )


def _tight(state: State, add: Add) -> list[str]:
    """Is the kernel memory that served the request used up?"""
    zones, watermarks = kernel_zonelist(state, add.node), Watermarks(state)
    room = sum(watermarks.room(state, key, 0, NORMAL, True) for key in zones)
    if room >= state.geometry.pageblock_pages:
        return []
    return [
        f"kernel zones are left with {counted(room, 'page')} above their low watermarks until some of it is online in a "
        f"kernel zone: what the kernel asks for next reclaims, or kills (OOM)"
    ]


def missing_pages(state: State, budget: Shortage) -> Blocker:
    """The kernel pages that a request of this budget lacks."""
    page = state.geometry.page_size
    nodes = node_names(budget.nodes)
    if budget.missing:
        detail = (
            f"the request takes {budget.needed} ({budget.memmap} of memmap, {budget.tables} of page tables and objects), "
            f"the kernel zones of {nodes} have {budget.available} to spare: {format_bytes(budget.missing * page)} short"
        )
    else:
        detail = (
            f"the kernel zones of {nodes} have {budget.available} pages to spare for {budget.needed}, but not in a row, or "
            f"not with the {state.geometry.pageblock_pages} that base pages must leave"
        )
    return Blocker("missing", budget.missing, "pages", None, detail)


# -- ways ---------------------------------------------------------------------------------------------------------------


def _with(add: Add, **fields: Any) -> Add:
    return msgspec.structs.replace(add, expect=None, **fields)


def _elsewhere(state: State, add: Add, start: int, size: int) -> Iterator[Way]:
    """Memory that an add left behind can be taken away; otherwise the request goes behind everything there is."""
    geometry = state.geometry
    leaked = _leaked(state, start, size)
    if leaked:
        block = geometry.block_size
        low = down(leaked[0] * geometry.section_size, block)
        high = up((leaked[-1] + 1) * geometry.section_size, block)
        otherwise = (*_placed_otherwise(state, add), *_placed_otherwise(state, add, released=False))
        again = [Way("", (_with(add),)), *otherwise]
        for way in again:
            words = "; ".join(filter(None, ("remove first what the add that failed left behind", way.words)))
            yield Way(words, (Remove(start=low, size=high - low), *way.commands), group="elsewhere")
    unit = max(geometry.block_size, min(size & -size, 1 << 30))
    ends = [resource.end for resource in state.resources.values() if resource.ram]
    ends += [(nr + 1) * geometry.section_size for nr in state.section_numbers()[-1:]]
    at = up(max(ends, default=0), unit)
    if at != start:
        yield Way(f"add it at {at:#x}, behind all memory there is", (_with(add, start=at),), group="elsewhere")


def _placed_otherwise(state: State, add: Add, released: bool = True) -> Iterator[Way]:
    """Other placements: those that released kernels have, or those that only the RFC proposed."""
    if released and add.placement is not None and add.fallback is not True:
        yield Way("let kernel memory serve where that cannot be (the RFC's option c)", (_with(add, fallback=True),))
    for placement, text in _PLACED.items():
        if placement != add.placement and (placement not in UNRELEASED) is released:
            needed = availability(state, parse_bytes(add.size), add.caller, placement)
            words = f"another placement: {text}; {needed}"
            yield Way(words, (_with(add, placement=placement, fallback=None),))


def _with_more(state: State, add: Add) -> Iterator[Way]:
    """More kernel memory, or requests that need less of it."""
    geometry = state.geometry
    _, length = extent(add)
    budget = shortage(state, add)
    slack = geometry.pageblock_pages + length // geometry.section_size if geometry.huge_vmemmap else 0
    for lacking in (max(1, budget.missing), budget.missing + slack):
        for node, zone in kernel_zonelist(state, add.node):
            freed = lacking + deficit(state, (node, zone), NORMAL)
            size = sayable(freed * geometry.page_size)
            text = f"free {counted(freed, 'page')} ({format_bytes(freed * geometry.page_size)}) on node {node}"
            yield Way(text, (Free(kind="movable", size=size, node=node, zone=zone), _with(add)), group="free")
    yield from _online_first(state, add, budget.missing + slack)
    yield from _block_by_block(state, add)


def _block_by_block(state: State, add: Add) -> Iterator[Way]:
    start, length = extent(add)
    size = state.geometry.block_size
    if state.model.single_block and 1 < length // size <= _MOST_BLOCKS:
        single = tuple(_with(add, start=address, size=size) for address in range(start, start + length, size))
        yield Way("add it block by block: each can hold its own memmap", single)


def _with_less(state: State, add: Add) -> Iterator[Way]:
    """A smaller request: about as much as the kernel zones have the memmap for."""
    budget = shortage(state, add)
    blocks = extent(add)[1] // state.geometry.block_size
    for share in (16, 15, 14, 12, 8, 4):
        fitting = blocks * budget.available * share // (16 * max(1, budget.needed))
        if 0 < fitting < blocks:
            length = fitting * state.geometry.block_size
            yield Way(f"add less: {format_bytes(length)} fits", (_with(add, size=length),), group="less")


def _online_first(state: State, add: Add, lacking: int) -> Iterator[Way]:
    """Blocks that wait offline, brought into a kernel zone first: those of the request's node, then others."""
    waiting: dict[int, list[int]] = {}
    for number in sorted(state.blocks):
        if state.blocks[number].state == "offline":
            waiting.setdefault(state.blocks[number].node, []).append(number)
    for node in sorted(waiting, key=lambda n: (n != add.node, n)):
        usable = state.geometry.pages_per_block - state.blocks[waiting[node][0]].head
        for count in (ceil(lacking, usable), ceil(lacking, usable) + 1):
            if count <= min(len(waiting[node]), _MOST_BLOCKS):
                chosen = waiting[node][:count]
                commands: list[Command] = [Online(block=number, type="online_kernel") for number in chosen]
                text = f"online {named(chosen)} of node {node} in a kernel zone first"
                yield Way(text, (*commands, _with(add)), group="online")


# -- facts --------------------------------------------------------------------------------------------------------------


def _overlaps(state: State, start: int, size: int) -> list[tuple[int, int, str]]:
    end = start + size
    return sorted(
        (r.start, r.end, r.name) for r in state.resources.values() if r.start < end and start < r.end and not r.window
    )


def _leaked(state: State, start: int, size: int) -> list[int]:
    """Sections of a range that are present without a block."""
    geometry = state.geometry
    found = state.sections_of(start // geometry.page_size, size // geometry.page_size)
    return [section.nr for section in found if section.nr // geometry.sections_per_block not in state.blocks]


def _alignment(state: State, start: int, size: int) -> str:
    block = state.geometry.block_size
    fits = (start | size) & -(start | size)
    text = f"start and size must be multiples of a block, {format_bytes(block)}"
    if fits >= state.geometry.section_size:
        text += f"; with blocks of {format_bytes(min(fits, block))} this range would do"
    return text
