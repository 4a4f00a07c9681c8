"""Why an add was refused, what is missing, and what would make it work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from ...commands import Add, Command, Free, Online, Remove, extent
from ...commands.outcome import Outcome
from ...hotplug.addressable import surely_addressable
from ...memory.state import State
from ...memory.zone import NORMAL
from ...mm.zonelist import kernel_zonelist
from ...numbers.rounding import down, up
from ...numbers.runs import consecutive
from ...numbers.units import parse_bytes
from ...protocol.reasons.blocking import (
    BeyondLast,
    Blocking,
    KernelMemoryScattered,
    KernelMemoryShort,
    MustBeAligned,
    NotAPossibleNode,
    RangesThere,
)
from ...protocol.reasons.remedies import (
    AddAtTop,
    AddBehind,
    AddInBlocks,
    AddLess,
    AddToNode,
    AddWhole,
    FreePages,
    LetKernelServe,
    OnlineFirst,
    PlaceOtherwise,
    RemoveLeftBehind,
)
from ...protocol.vocabulary import Placement
from ..availability import UNRELEASED, availability
from ..shortage import Shortage, deficit, shortage
from .explanation import MOST_BLOCKS, Way, sayable, waiting_blocks
from .verdict import Blocker

_RELEASED: Final[tuple[Placement, ...]] = ("block", "boot")
"""The placements that released kernels have."""


def add_blockers(state: State, add: Add, tried: Outcome) -> list[Blocker]:
    """What is in the way of an add that was refused with `tried`, in the order of the kernel's checks."""
    geometry = state.geometry
    start, size = extent(add)
    found: list[Blocker] = []
    if start + size > geometry.max_address:
        over = start + size - max(start, geometry.max_address)
        found.append(Blocker("rule", over, "bytes", None, BeyondLast(geometry.max_address - 1)))
    overlaps = _overlaps(state, start, size) if size else []
    if overlaps and tried.result == "EEXIST":
        there = tuple((name, low, high - 1) for low, high, name in overlaps[:4])
        detail = RangesThere(there, len(overlaps) - len(there))
        found.append(Blocker("taken", len(overlaps), "ranges", overlaps[0][0] // geometry.page_size, detail))
    off = max(start % geometry.block_size, size % geometry.block_size)
    if off or not size:
        found.append(Blocker("misaligned", off, "bytes", start // geometry.page_size, _alignment(state, start, size)))
    if add.node not in state.nodes:
        found.append(Blocker("rule", 1, "rules", None, NotAPossibleNode(add.node, tuple(sorted(state.nodes)))))
    leaked = _leaked(state, start, size)
    if leaked and not found:
        first = leaked[0] * geometry.pages_per_section
        found.append(Blocker("leaked", len(leaked), "sections", first))
    if tried.result == "ENOMEM":
        found.append(missing_pages(state, shortage(state, add)))
    return found or [Blocker("rule", 1, "rules", None, rule=tried.reason)]


def missing_pages(state: State, budget: Shortage) -> Blocker:
    """The kernel pages that a request of this budget lacks."""
    nodes, available, geometry = budget.nodes, budget.available, state.geometry
    detail: Blocking = (
        KernelMemoryShort(budget.memmap, budget.tables, nodes, available, budget.missing * geometry.page_size)
        if budget.missing
        else KernelMemoryScattered(nodes, available, budget.needed, geometry.pageblock_pages)
    )
    return Blocker("missing", budget.missing, "pages", None, detail)


def add_ways(state: State, add: Add, tried: Outcome) -> Iterator[Way]:
    """What may make an add that was refused with `tried` work: first what no errno hides, then by the errno."""
    start, size = extent(add)
    whole = bool(size) and not (start | size) % state.geometry.block_size
    if add.node not in state.nodes and state.nodes:
        node = min(state.nodes, key=lambda n: (abs(n - add.node), n))
        add = _with(add, node=node)
        yield Way((AddToNode(node),), (add,))
        if whole:
            return
    if not whole:
        yield from _in_whole_blocks(state, add)
        return
    for errnos, ways in _WAYS:
        if tried.result in errnos:
            yield from ways(state, add)


# -- ways ---------------------------------------------------------------------------------------------------------------


def _with(add: Add, **fields: Any) -> Add:
    return msgspec.structs.replace(add, expect=None, **fields)


def _in_whole_blocks(state: State, add: Add) -> Iterator[Way]:
    """The same from the block behind or before its start on, with more or with less."""
    block, (start, size) = state.geometry.block_size, extent(add)
    for at in dict.fromkeys((up(start, block), down(start, block))):
        for length in dict.fromkeys((max(block, up(size, block)), max(block, down(size, block)))):
            yield Way((AddWhole(block, length, at),), (_with(add, start=at, size=length),), group="aligned")


def _at_top(state: State, add: Add) -> Iterator[Way]:
    """Below the last address that there may be, and below the last that there surely is."""
    geometry, (_, size) = state.geometry, extent(add)
    if size <= geometry.max_address:
        for end in dict.fromkeys((geometry.max_address, surely_addressable(state))):
            top = down(end - size, geometry.block_size)
            yield Way((AddAtTop(top),), (_with(add, start=top),), group=f"address {end}")


def _elsewhere(state: State, add: Add) -> Iterator[Way]:
    """Memory that an add left behind can be taken away; otherwise the request goes behind everything there is."""
    geometry, (start, size) = state.geometry, extent(add)
    leaked = _leaked(state, start, size)
    if leaked:
        block = geometry.block_size
        low = down(leaked[0] * geometry.section_size, block)
        high = up((leaked[-1] + 1) * geometry.section_size, block)
        for way in (Way((), (_with(add),)), *_placed_as_released(state, add), *_placed_as_proposed(state, add)):
            commands = (Remove(start=low, size=high - low), *way.commands)
            yield Way((RemoveLeftBehind(), *way.does), commands, group="elsewhere")
    unit = max(geometry.block_size, min(size & -size, 1 << 30))
    ends = [resource.end for resource in state.resources.values() if resource.ram]
    ends += [(nr + 1) * geometry.section_size for nr in state.section_numbers()[-1:]]
    at = up(max(ends, default=0), unit)
    if at != start:
        yield Way((AddBehind(at),), (_with(add, start=at),), group="elsewhere")


def _placed_as_released(state: State, add: Add) -> Iterator[Way]:
    """Other placements of the memmap that released kernels have."""
    if add.placement is not None and add.fallback is not True:
        yield Way((LetKernelServe(),), (_with(add, fallback=True),))
    yield from _placed(state, add, _RELEASED)


def _placed_as_proposed(state: State, add: Add) -> Iterator[Way]:
    """Other placements of the memmap that only the RFC proposed."""
    return _placed(state, add, UNRELEASED)


def _placed(state: State, add: Add, placements: Iterable[Placement]) -> Iterator[Way]:
    for placement in placements:
        if placement != add.placement:
            needed = availability(state, parse_bytes(add.size), add.caller, placement)
            yield Way((PlaceOtherwise(placement, needed),), (_with(add, placement=placement, fallback=None),))


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
            frees = FreePages(freed, freed * geometry.page_size, node, for_room=False)
            yield Way((frees,), (Free(kind="movable", size=size, node=node, zone=zone), _with(add)), group="free")
    yield from _online_first(state, add, budget.missing + slack)
    yield from _block_by_block(state, add)


def _block_by_block(state: State, add: Add) -> Iterator[Way]:
    start, length = extent(add)
    size = state.geometry.block_size
    if state.model.single_block and 1 < length // size <= MOST_BLOCKS:
        single = tuple(_with(add, start=address, size=size) for address in range(start, start + length, size))
        yield Way((AddInBlocks(),), single)


def _with_less(state: State, add: Add) -> Iterator[Way]:
    """A smaller request: about as much as the kernel zones have the memmap for."""
    budget = shortage(state, add)
    blocks = extent(add)[1] // state.geometry.block_size
    for share in (16, 15, 14, 12, 8, 4):
        fitting = blocks * budget.available * share // (16 * max(1, budget.needed))
        if 0 < fitting < blocks:
            length = fitting * state.geometry.block_size
            yield Way((AddLess(length),), (_with(add, size=length),), group="less")


def _online_first(state: State, add: Add, lacking: int) -> Iterator[Way]:
    """Blocks that wait offline, brought into a kernel zone first: those of the request's node, then others."""
    for node, chosen in waiting_blocks(state, lacking, lambda node: (node != add.node, node)):
        commands: list[Command] = [Online(block=number, type="online_kernel") for number in chosen]
        onlines = OnlineFirst(tuple(consecutive(chosen)), node, for_room=False)
        yield Way((onlines,), (*commands, _with(add)), group="online")


_WAYS: Final[tuple[tuple[tuple[str, ...], Callable[[State, Add], Iterator[Way]]], ...]] = (
    (("E2BIG",), _at_top),
    (("E2BIG", "EEXIST"), _elsewhere),
    (("ENOMEM",), _with_more),
    (("EINVAL",), _block_by_block),
    (("EINVAL", "ENOMEM"), _placed_as_released),
    (("ENOMEM",), _with_less),
    (("EINVAL", "ENOMEM"), _placed_as_proposed),
)
"""Ways by the errnos that they may help with, in the order in which they are tried."""


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


def _alignment(state: State, start: int, size: int) -> MustBeAligned:
    block = state.geometry.block_size
    fits = (start | size) & -(start | size)
    return MustBeAligned(block, min(fits, block) if fits >= state.geometry.section_size else None)
