"""How far a machine can grow: one step after the other is added, until the kernel refuses, and where it gets dangerous before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from ..commands import Add, Command, VirtioMem, Write, extent
from ..memory.state import Holder, State, clone, state_of
from ..memory.zone import KERNEL_ZONES, MOVABLE
from ..mm import iomem
from ..numbers.collector import without_collection
from ..numbers.errors import BadInput
from ..numbers.rounding import up
from ..numbers.units import GIB, format_bytes, parse_bytes
from ..protocol.answered import Answered
from ..protocol.events import Event, ExistingMemoryTaken, MemmapPlaced, PagesPlugged
from ..protocol.reasons import HotplugError, Reason
from ..protocol.reasons.effects import ParametersAssumed
from ..protocol.reasons.unknown import Unknown
from ..protocol.reasons.worth import KernelMemoryLow, TopHeavy
from ..protocol.vocabulary import AutoOnline, Caller
from ..run.dispatch import run
from ..run.rehearsal import attempt, ended
from ..sysfs.paths import MEMORY
from .why.unknown import parameters_assumed, unknowns
from .worth_knowing import kernel_memory_low, movable_and_kernel, top_heavy

MOST_STEPS: Final = 1 << 14
"""Steps that are tried at most."""


class GrowthPoint(msgspec.Struct, frozen=True):
    """The machine after so many bytes were added; what has no other unit in bytes. `kernel` and `movable` is what the zones
    manage, `left` what is free in the kernel's, `memmap` what the memmap of the added memory takes, `taken` what all of the adds
    took from existing memory: memmap, page tables, objects. `ratio` is movable to kernel memory by the pages present, as the
    auto-movable policy counts; None where no zone is the kernel's."""

    added: int
    kernel: int
    left: int
    movable: int
    memmap: int
    taken: int
    ratio: float | None


class GrowthDanger(msgspec.Struct, frozen=True):
    """From so many `added` bytes on, this fact holds (`sentence` writes it)."""

    added: int
    fact: TopHeavy | KernelMemoryLow


class GrowthDoubt(msgspec.Struct, frozen=True):
    """From so many `added` bytes on it is not known what comes of a step, for this `reason`."""

    added: int
    reason: Unknown


class Growth(Answered, frozen=True):
    """What comes of adding `step` bytes again and again from address `start` on to a node, by a caller, where
    auto_online_blocks is `online`. `points` are the machine before, and after each step that worked; `dangers` where it got
    dangerous. `result` is the errno of the first step that was refused, and `reason` why, or "ok" where none was up to `limit`
    bytes; `partial` are bytes that it plugged nevertheless. `unknown` is on what it hangs that no one saw, counted or told, and
    from where on; empty where all is known. `assumed` are parameters that no file told."""

    step: int
    start: int
    node: int
    caller: Caller
    online: AutoOnline
    limit: int
    points: tuple[GrowthPoint, ...]
    dangers: tuple[GrowthDanger, ...]
    result: str = "ok"
    reason: Reason | None = None
    partial: int = 0
    unknown: tuple[GrowthDoubt, ...] = ()
    assumed: tuple[ParametersAssumed, ...] = ()

    @property
    def added(self) -> int:
        """Bytes that could be added."""
        return self.points[-1].added


def grow(
    machine: Holder | State,
    step: int | str,
    *,
    online: AutoOnline | None = None,
    caller: Caller = "acpi",
    node: int = 0,
    limit: int | str = 1 << 40,
    watched: Callable[[range], Iterator[int]] = iter,
) -> Growth:
    """Add `step` bytes again and again, behind all memory there is, until it is refused or `limit` bytes are added; on a copy.
    Both are bytes, or text like "1G".

    `online` is what auto_online_blocks is set to first (None: as it is); with the caller "virtio-mem" one device is asked for
    more and more. `watched` hands on the numbers of the steps, for who shows progress. Raises `BadInput` for a step that is
    nothing or not of whole blocks, too many of them, and a node that is not there.
    """
    state = clone(state_of(machine))
    step, limit = parse_bytes(step), parse_bytes(limit)
    _checked(state, step, limit, node)
    if online is not None:
        attempt(state, Write(path=f"{MEMORY}/auto_online_blocks", data=online))
    start = _free(state, _behind(state, step), step)
    first = Add(start=start, size=step, node=node, caller=caller)
    assumed = tuple(parameters_assumed(state, first))
    curve = _Curve(state, step, limit)
    result, reason = "ok", None
    with without_collection():
        try:
            if first.caller == "virtio-mem":
                curve.follow(VirtioMem(start=start, size=limit, node=node))
            else:
                _add_again_and_again(curve, state, first, watched(range(0, limit, step)), limit)
            curve.doubt()  # what comes last of a device
        except HotplugError as error:
            result, reason = error.errno, error.reason
            curve.doubt(error)
    return Growth(
        step,
        start,
        node,
        first.caller,
        state.settings.auto_online_blocks,
        limit,
        tuple(curve.points),
        tuple(curve.dangers),
        result,
        reason,
        curve.beyond,
        tuple(curve.doubts),
        assumed,
    )


def _add_again_and_again(curve: _Curve, state: State, first: Add, steps: Iterator[int], limit: int) -> None:
    """A request like the first for each of the steps, which are bytes that were added before, at the next address that is
    free. Raises `HotplugError` for the first that is refused."""
    place, step = extent(first)
    for added in steps:
        size = min(step, limit - added)
        place = _free(state, place, size)
        curve.follow(Add(start=place, size=size, node=first.node, caller=first.caller))
        curve.reach(added + size)
        place += size
        state.journal.changes.clear()


class _Curve:
    """The points that a growing machine passes; `beyond` are bytes that were plugged behind the last of them."""

    def __init__(self, state: State, step: int, limit: int) -> None:
        self._state, self._step, self._limit = state, step, limit
        self._placed = self._taken = self._plugged = 0
        self.points: list[GrowthPoint] = []
        self.dangers: list[GrowthDanger] = []
        self.doubts: list[GrowthDoubt] = []
        self._command: Command | None = None
        self._events: list[Event] = []
        self.reach(0)

    @property
    def beyond(self) -> int:
        return max(0, self._plugged - self.points[-1].added)

    def follow(self, command: Command) -> None:
        """Run a command; a device that plugs unit by unit passes points on its way. Raises `HotplugError`."""
        self._command, geometry = command, self._state.geometry
        for event in run(self._state, command, []):
            self._events.append(event)
            if isinstance(event, MemmapPlaced):
                self._placed += geometry.pages_per_section
            elif isinstance(event, ExistingMemoryTaken):
                self._taken += event.pages
            elif isinstance(event, PagesPlugged):
                self._plugged += event.pages * geometry.page_size
                if self._plugged >= min(self.points[-1].added + self._step, self._limit):
                    self.reach(self._plugged)

    def reach(self, added: int) -> None:
        """Note where the machine stands when so many bytes were added: a point, and dangers that were not noted before."""
        self.doubt()
        state, page = self._state, self._state.geometry.page_size
        kernel = [zone for zone in state.zones.values() if zone.name in KERNEL_ZONES]
        movable = [zone for zone in state.zones.values() if zone.name == MOVABLE]
        managed, left = sum(zone.managed for zone in kernel), sum(zone.free + zone.pcp for zone in kernel)
        memmap = self._state.geometry.memmap_pages(self._placed)
        movable_pages, kernel_pages = movable_and_kernel(state)
        ratio = movable_pages / kernel_pages if kernel_pages else None
        amounts = managed, left, sum(zone.managed for zone in movable), memmap, self._taken
        kernel_size, left_size, movable_size, memmap_size, taken = (pages * page for pages in amounts)
        self.points.append(GrowthPoint(added, kernel_size, left_size, movable_size, memmap_size, taken, ratio))
        known = {type(danger.fact) for danger in self.dangers}
        facts = (top_heavy(state), kernel_memory_low(state))
        self.dangers += [GrowthDanger(added, fact) for fact in facts if fact is not None and type(fact) not in known]

    def doubt(self, error: HotplugError | None = None) -> None:
        """Note on what the last step hangs that is not known, where that was not noted before."""
        if self._command is None:
            return
        tried = ended(self._state, self._command, self._events, [], error)
        if tried.certainty == "not known":
            known = {type(doubt.reason) for doubt in self.doubts}
            reasons = (reason for reason in unknowns(self._state, tried) if type(reason) not in known)
            self.doubts += [GrowthDoubt(self.points[-1].added, reason) for reason in reasons]
        self._events.clear()


def _checked(state: State, step: int, limit: int, node: int) -> None:
    block = state.geometry.block_size
    if step <= 0 or step % block:
        raise BadInput(f"a step is made of whole memory blocks of {format_bytes(block)}, not of {format_bytes(step)}")
    if limit < step or limit % block:
        raise BadInput(f"the most to add is at least one step, in whole blocks of {format_bytes(block)}")
    if limit // step > MOST_STEPS:
        raise BadInput(f"{format_bytes(limit)} in steps of {format_bytes(step)} are more than {MOST_STEPS} steps")
    if node not in state.nodes:
        raise BadInput(f"there is no node {node}; nodes are {', '.join(map(str, sorted(state.nodes)))}")


def _behind(state: State, step: int) -> int:
    """An address behind all memory, and above 4 GiB."""
    ends = [resource.end for resource in state.resources.values() if resource.ram]
    ends += [(number + 1) * state.geometry.section_size for number in state.section_numbers()[-1:]]
    return up(max(4 * GIB, *ends) if ends else 4 * GIB, max(state.geometry.block_size, min(step & -step, GIB)))


def _free(state: State, start: int, size: int) -> int:
    """The next address from `start` on that no busy range of /proc/iomem meets."""
    while (taken := iomem.in_the_way(state, start, start + size)) is not None:
        start = up(taken.end, state.geometry.block_size)
    return start
