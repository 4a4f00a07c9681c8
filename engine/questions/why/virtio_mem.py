"""Why a virtio-mem device does not grow or shrink to what was asked: how far it comes, and what holds each device block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from ...commands import Add, VirtioMem, Write
from ...commands.outcome import Outcome
from ...hotplug.virtio_mem import blocks_of, device_blocks, plugged
from ...memory.state import State
from ...memory.zone import KERNEL_ZONES
from ...mm import page_isolation
from ...numbers.bits import lowest, within
from ...numbers.runs import consecutive
from ...numbers.units import parse_bytes
from ...protocol.reasons import Reason
from ...protocol.reasons.blocking import DeviceBlocksIn
from ...protocol.reasons.effects import DeviceComesTo
from ...protocol.reasons.remedies import AskForWhatComes, OnlineByItself
from ...protocol.vocabulary import HUGE, MOVABLE, PINNED, Kind, ZoneKey
from ...run.rehearsal import attempt, rehearsal
from ...sysfs.paths import MEMORY
from ..shortage import shortage
from .added import add_effects
from .explanation import Explanation, Way
from .leaving import leaves
from .not_added import missing_pages
from .verdict import Blocker


class _Sizes(NamedTuple):
    """Bytes of a device: those plugged before, those asked for, and those plugged after."""

    before: int
    asked: int
    after: int

    @property
    def grows(self) -> bool:
        return self.asked > self.before


def resized(state: State, command: VirtioMem, tried: Outcome) -> Explanation:
    """What a change of size has done; asked while its result is still there."""
    effects, warnings = _done(state, command, tried)
    return Explanation(effects, warnings)


def not_resized(state: State, command: VirtioMem, tried: Outcome) -> Explanation:
    """How far a change of size comes that does not come to its end, and what holds the rest."""
    start, unit = parse_bytes(command.start), parse_bytes(command.unit)
    page = state.geometry.page_size
    before = plugged(state, start) * page
    with rehearsal(state):
        attempt(state, command)
        sizes = _Sizes(before, parse_bytes(command.size), plugged(state, start) * page)
        effects, warnings = _done(state, command, tried)
        held = [] if sizes.grows else list(_held(state, start, unit))
    effects.insert(0, DeviceComesTo(*sizes))
    if tried.result == "ENOMEM":
        whole = Add(start=start, size=sizes.asked - sizes.before, node=command.node, caller="virtio-mem")
        held = [missing_pages(state, shortage(state, whole))]
    blockers = held or [Blocker("rule", 1, "rules", tried.pfn, rule=tried.reason)]
    return Explanation(effects, warnings, blockers, [*_ways(command, sizes), *_online(tried, command)])


def _ways(command: VirtioMem, sizes: _Sizes) -> Iterator[Way]:
    """What can be had is asked for, so that the driver does not try on and on."""
    if sizes.after not in (sizes.before, sizes.asked):
        less = msgspec.structs.replace(command, size=sizes.after, expect=None)
        yield Way((AskForWhatComes(sizes.after, sizes.grows),), (less,))


def _online(tried: Outcome, command: VirtioMem) -> Iterator[Way]:
    """Where the driver waits because too much of its memory is offline, it goes online by itself, or is brought so."""
    if tried.result != "ENOSPC":
        return
    policy = Write(path=f"{MEMORY}/auto_online_blocks", data="online_movable")
    yield Way((OnlineByItself(),), (policy, msgspec.structs.replace(command, expect=None)))


def _done(state: State, command: VirtioMem, tried: Outcome) -> tuple[list[Reason], list[Reason]]:
    """What came of it so far: memmap, blocks, zones and warnings, as of any add; and what left."""
    request = Add(start=command.start, size=command.size, node=command.node, caller="virtio-mem")
    effects, warnings = add_effects(state, request, tried)
    left, lost = leaves(tried.events)
    return [*left, *effects], [*warnings, *lost]


# -- what holds device blocks -------------------------------------------------------------------------------------------


class _Holder(NamedTuple):
    """What keeps a device block plugged: a page of a kind, in a zone."""

    kind: Kind
    zone: ZoneKey


def _held(state: State, start: int, unit: int) -> Iterator[Blocker]:
    """The device blocks that are still plugged, by what holds them: the zone, the memory blocks, and the first page."""
    pages = unit // state.geometry.page_size
    found: dict[_Holder, list[tuple[int, int]]] = {}
    for number in blocks_of(state, start):
        if state.blocks[number].state != "online":
            continue
        for pfn in device_blocks(state, number, min(pages, state.geometry.pages_per_block), withheld=False):
            kind, page = _holder(state, pfn, min(pages, state.geometry.pages_per_block))
            found.setdefault(_Holder(kind, state.zone_of(page)), []).append((pfn, page))
    for holder, units in found.items():
        blocks = consecutive({pfn // state.geometry.pages_per_block for pfn, _ in units})
        node, zone = holder.zone
        where = DeviceBlocksIn(tuple(blocks), len(units) * unit, node, zone, zone in KERNEL_ZONES)
        yield Blocker(holder.kind, len(units), "units", units[0][1], where)


def _holder(state: State, pfn: int, pages: int) -> tuple[Kind, int]:
    """The kind and the pfn of the page for which a device block is not taken: one that isolation stops at, else the first
    that cannot leave."""
    sections, size = state.sections_of(pfn, pages), state.geometry.pages_per_section
    stopped = page_isolation.first_unmovable(state, sections, pfn, pages)
    if stopped is not None:
        return stopped[1], stopped[0]
    staying: tuple[Kind, ...] = (PINNED, HUGE, MOVABLE)
    for kind in staying:
        for section in sections:
            if here := section.of(kind) & within(section.nr * size, size, pfn, pages):
                return kind, section.nr * size + lowest(here)
    return MOVABLE, pfn
