"""What is worth knowing of a machine without being asked: as data, each with the commands that help where some do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from ..commands import Command, Online
from ..hotplug.without import without_hotplug
from ..memory.state import Holder, State, state_of
from ..memory.zone import KERNEL_ZONES, MOVABLE, NORMAL, Zone
from ..mm.watermarks import Watermarks
from ..numbers.runs import consecutive
from ..protocol.reasons.adding import NoHotplug
from ..protocol.reasons.worth import (
    AutoOnlineKernel,
    KernelMemoryLow,
    MemmapFromKernel,
    MemmapOffNode,
    NoBlock,
    OfflineBlocks,
    OnlyMovable,
    TopHeavy,
    Withheld,
    WithoutBlock,
    Worth,
)
from ..protocol.vocabulary import DEVICE_CALLERS, OnlineType
from ..sysfs.paths import MEMORY
from ..sysfs.report import zone_reports


class Advice(NamedTuple):
    """A fact that is worth knowing, as data (`sentence` writes it), and commands that mend it; none where no command does."""

    fact: Worth | NoHotplug
    commands: tuple[Command, ...] = ()


def worth_knowing(machine: Holder | State) -> tuple[Advice, ...]:
    """What a person should know of a machine, the most pressing first. Costs one look at each section."""
    state = state_of(machine)
    if (lacking := without_hotplug(state)) is not None:
        return (Advice(lacking),)
    return tuple(advice for tell in _TELLERS for advice in tell(state))


def news(before: tuple[Advice, ...], after: tuple[Advice, ...]) -> tuple[Advice, ...]:
    """What is worth knowing after a change and was not so before, or not to that extent."""
    known = {advice.fact for advice in before}
    return tuple(advice for advice in after if advice.fact not in known)


def top_heavy(state: State) -> TopHeavy | None:
    """More movable memory than the kernel zones can look after, by the pages present, which the kernel's policy counts; None
    where the ratio is safe."""
    kernel = [zone for zone in state.zones.values() if zone.name in KERNEL_ZONES]
    movable, present = movable_and_kernel(state)
    ratio, page = state.settings.auto_movable_ratio, state.geometry.page_size
    if movable * 100 <= present * ratio:
        return None
    return TopHeavy(movable * page, present * page, _free(kernel) * page, ratio)


def movable_and_kernel(state: State) -> tuple[int, int]:
    """Pages present in ZONE_MOVABLE, and in the kernel zones."""
    zones = state.zones.values()
    movable, kernel = ([zone.present for zone in zones if zone.name in names] for names in ((MOVABLE,), KERNEL_ZONES))
    return sum(movable), sum(kernel)


def kernel_memory_low(state: State) -> KernelMemoryLow | None:
    """Hardly any free memory in the kernel zones; None where there is enough."""
    kernel = [zone for zone in state.zones.values() if zone.name in KERNEL_ZONES]
    marks, managed = Watermarks(state), _managed(kernel)
    free = sum(marks.room(state, zone.key, 0, NORMAL, False) for zone in kernel)
    page = state.geometry.page_size
    return (
        KernelMemoryLow(free * page, managed * page)
        if managed and free < state.geometry.memmap_pages(managed)
        else None
    )


def least_harm(state: State, blocks: int) -> OnlineType:
    """Movable, so that it can be got back, as long as the kernel zones can look after so many blocks more."""
    movable, kernel = movable_and_kernel(state)
    movable += blocks * state.geometry.pages_per_block
    return "online_movable" if movable * 100 <= kernel * state.settings.auto_movable_ratio else "online_kernel"


def _managed(zones: Iterable[Zone]) -> int:
    return sum(zone.managed for zone in zones)


def _free(zones: Iterable[Zone]) -> int:
    return sum(zone.free + zone.pcp for zone in zones)


# -- one after the other ------------------------------------------------------------------------------------------------


def _offline_blocks(state: State) -> Iterator[Advice]:
    blocks = sorted(number for number, block in state.blocks.items() if block.state == "offline")
    if not blocks:
        return
    kind = least_harm(state, len(blocks))
    size = len(blocks) * state.geometry.block_size
    path = f"{MEMORY}/memory{blocks[0]}/state"
    by_itself = kind in state.model.online_words
    known = None if state.globals.value.auto_online_assumed else state.settings.auto_online_blocks
    fact = OfflineBlocks(tuple(consecutive(blocks)), size, known, kind, path, by_itself)
    yield Advice(fact, tuple(Online(block=number, type=kind) for number in blocks))


def _top_heavy(state: State) -> Iterator[Advice]:
    if (fact := top_heavy(state)) is not None:
        yield Advice(fact)


def _kernel_memory_low(state: State) -> Iterator[Advice]:
    if (fact := kernel_memory_low(state)) is not None:
        yield Advice(fact)


def _auto_online(state: State) -> Iterator[Advice]:
    kind = state.settings.auto_online_blocks
    steered = state.boot.movable_node or state.settings.online_policy == "auto-movable"
    if state.globals.value.auto_online_assumed:
        return
    if kind == "online_kernel" or (kind == "online" and not steered):
        yield Advice(AutoOnlineKernel(kind))


def _memmap_on_memory(state: State) -> Iterator[Advice]:
    geometry = state.geometry
    if state.model.parameter_modes and state.settings.memmap_on_memory == "N":
        sizes = geometry.block_size, geometry.memmap_pages_per_block, geometry.memmap_bytes_per_block
        yield Advice(MemmapFromKernel(*sizes))


def _withheld(state: State) -> Iterator[Advice]:
    page = state.geometry.page_size
    for zone in zone_reports(state):
        if zone.managed * 2 < zone.present:
            yield Advice(Withheld(zone.node, zone.zone, zone.managed * page, zone.present * page))


def _only_movable(state: State) -> Iterator[Advice]:
    populated: dict[int, set[str]] = {}
    for zone in state.zones.values():
        if zone.present:
            populated.setdefault(zone.node, set()).add(zone.name)
    for node, names in sorted(populated.items()):
        if MOVABLE in names and not names & set(KERNEL_ZONES):
            yield Advice(OnlyMovable(node))


def _off_node(state: State) -> Iterator[Advice]:
    far: dict[tuple[int, int], set[int]] = {}
    per_section, per_block = state.geometry.pages_per_section, state.geometry.sections_per_block
    for section in state.sections.values():
        if section.memmap is None or section.memmap.on == "self":
            continue
        block = state.blocks.get(section.nr // per_block)
        for pfn, _ in section.memmap.chunks:
            host = state.sections.get(pfn // per_section)
            if host is not None and block is not None and host.node not in block.nodes:
                far.setdefault((block.node, host.node), set()).add(block.id)
    for (node, host_node), blocks in sorted(far.items()):
        yield Advice(MemmapOffNode(tuple(consecutive(blocks)), node, host_node))


def _no_block(state: State) -> Iterator[Advice]:
    per_block = state.geometry.sections_per_block
    covered = state.sections.keys() if per_block == 1 else {nr // per_block for nr in state.sections}
    bare = covered - state.blocks.keys()
    size = state.geometry.pages_per_block
    found: dict[WithoutBlock, set[int]] = {"device": set(), "vetoed": set(), "left": set(bare)}
    for request in state.requests.values() if bare else ():
        inside = {nr for nr in bare if request.start < (nr + 1) * size and nr * size < request.start + request.pages}
        found["device" if request.caller in DEVICE_CALLERS else "vetoed"] |= inside
        found["left"] -= inside
    for what, blocks in found.items():
        if blocks:
            yield Advice(NoBlock(tuple(consecutive(blocks)), what))


_TELLERS: Final[tuple[Callable[[State], Iterator[Advice]], ...]] = (
    _offline_blocks,
    _top_heavy,
    _kernel_memory_low,
    _auto_online,
    _memmap_on_memory,
    _withheld,
    _only_movable,
    _off_node,
    _no_block,
)
