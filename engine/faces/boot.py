"""Machines that are made up from a few numbers: what a kernel shows when it has booted and done nothing yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, get_args

import msgspec

from ..kernels.architectures import ARCHITECTURES, Preset
from ..kernels.models import find_model
from ..machine import Machine
from ..memory.section import put
from ..memory.state import State
from ..memory.zone import MOVABLE
from ..mm.zone_movable import kernel_pages, movable_starts
from ..numbers.errors import BadInput
from ..numbers.frozen import Frozen
from ..numbers.geometry import Geometry
from ..numbers.rounding import ceil
from ..numbers.units import format_bytes, parse_bytes
from ..protocol.vocabulary import ASSUMED, RESERVED, Mode
from ..reading.observation import BlockReading, Observation, Resource, ZoneReading
from ..rebuild.rebuild import rebuild

MOST_NODES: Final = 1024
"""As many nodes as there are with the greatest CONFIG_NODES_SHIFT, which is 10."""
_KERNEL_SHARE: Final = 64
"""One page in so many is in use after boot: kernel text and data, page tables, slab."""


class Ram(NamedTuple):
    """A range of boot memory: its `node`, and its first address (`start`) and `size`, in bytes or as text such as "4G"."""

    node: int
    start: int | str
    size: int | str


class _Bank(NamedTuple):
    """The same as numbers: its node, its first address, and the first behind it."""

    node: int
    start: int
    end: int


def boot_machine(
    ram: Sequence[Ram | tuple[int, int | str, int | str]],
    *,
    arch: str = "x86_64",
    model: str = "6.12",
    nodes: int | None = None,
    block_size: int | str | None = None,
    memmap_on_memory: str = "Y",
    auto_online: str = "offline",
    options: str = "",
    reserved: Sequence[tuple[int, int]] = (),
    name: str = "booted",
) -> Machine:
    """A machine that has just booted with the memory `ram`, which is made of whole sections.

    `arch`              a name in `ARCHITECTURES`, such as "arm64-64k"
    `model`             the kernel, a name or a release such as "6.12"
    `nodes`             how many nodes the firmware announced, with those that have no memory; None: those that have some
    `block_size`        of a memory block, bytes or text; None: what is usual there
    `memmap_on_memory`  the boot parameter of memory_hotplug, where the kernel has it
    `auto_online`       what auto_online_blocks is set to
    `options`           further words of the kernel command line: kernelcore and movablecore make a ZONE_MOVABLE
    `reserved`          ranges (first address, first behind) that the boot keeps for a crash kernel
    `name`              how the machine is called

    Of each zone the lowest pages are reserved: for the memmap of the boot memory, and one page in 64 for the kernel. Nothing of
    it counts as estimated. Raises `BadInput` for values that no machine can have.
    """
    if arch not in ARCHITECTURES:
        raise BadInput(f"{arch!r} is not an architecture; it is one of {', '.join(ARCHITECTURES)}")
    kernel = find_model(model)
    preset = ARCHITECTURES[arch]
    geometry = preset.geometry_in(kernel.release)
    banks = _banks(ram, geometry)
    if nodes is not None and not 0 < nodes <= MOST_NODES:
        raise BadInput(f"a machine has 1 to {MOST_NODES} nodes, not {nodes}")
    _refuse_ranges(reserved)
    _refuse_word("memmap_on_memory", memmap_on_memory, get_args(Mode))
    _refuse_word("auto_online_blocks", auto_online, kernel.online_words)
    block = parse_bytes(block_size) if block_size is not None else geometry.block_size
    zones = _zones(preset, geometry, banks, options, reserved)
    seen = Observation(
        source=name,
        version=f"Linux version {kernel.release[0]}.{kernel.release[1]}",
        cmdline=options,
        block_size=block,
        auto_online_blocks=auto_online,
        has_probe=False,
        blocks=_blocks(banks, block),
        nodes=(),
        node_lists=Frozen(_node_lists(banks, nodes)),
        zones=zones,
        pageblock_order=None,
        resources=(
            *(Resource(bank.start, bank.end, "System RAM", 0) for bank in banks),
            *(Resource(start, end, "Crash kernel", 1) for start, end in reserved),
        ),
        vmstat=Frozen({"nr_memmap_boot_pages": sum(geometry.memmap_pages(zone.present) for zone in zones)}),
        parameters=Frozen({"memmap_on_memory": memmap_on_memory} if kernel.parameter_modes else {}),
        pages=(),
        notes=(),
    )
    state, origin = rebuild(seen, model=model, arch=arch)
    _make_facts(state)
    about = msgspec.structs.replace(origin, name=name, source="made by the engine", measured=(), estimated=(), notes=())
    return Machine(state, about)


def _banks(ram: Sequence[Ram | tuple[int, int | str, int | str]], geometry: Geometry) -> list[_Bank]:
    """The memory in numbers. Raises `BadInput` where there is none, and for ranges of it that are no ranges."""
    if not ram:
        raise BadInput('a machine has boot memory; give a node, an address and a size such as (0, 0, "4G")')
    banks = [_bank(node, start, size, geometry) for node, start, size in ram]
    for below, above in pairwise(sorted(banks, key=lambda bank: bank.start)):
        if above.start < below.end:
            raise BadInput(f"boot memory at {above.start:#x} overlaps what ends at {below.end:#x}")
    return banks


def _bank(node: int, start: int | str, size: int | str, geometry: Geometry) -> _Bank:
    first, length, section = parse_bytes(start), parse_bytes(size), geometry.section_size
    if not length or first % section or length % section:
        raise BadInput(
            f"boot memory of {format_bytes(length)} at {first:#x} is not made of whole sections of {format_bytes(section)}"
        )
    if first + length > geometry.max_address:
        raise BadInput(f"boot memory at {first:#x} ends beyond the last address, {geometry.max_address - 1:#x}")
    if not 0 <= node < MOST_NODES:
        raise BadInput(f"boot memory at {first:#x} is on node {node}; nodes are numbered 0 to {MOST_NODES - 1}")
    return _Bank(node, first, first + length)


def _refuse_ranges(reserved: Sequence[tuple[int, int]]) -> None:
    for low, high in reserved:
        if not 0 <= low < high:
            raise BadInput(f"a range from {low:#x} to before {high:#x} has no memory that could be reserved")


def _refuse_word(what: str, word: str, words: Sequence[str]) -> None:
    if word not in words:
        raise BadInput(f"{what} is one of {', '.join(words)} there, not {word!r}")


def _make_facts(state: State) -> None:
    """What is a guess about a captured machine is a fact about one that was made up: its kernel lies where it was put, and
    stays there."""
    for nr in state.section_numbers():
        section = state.sections[nr]
        used = section.of(ASSUMED)
        pages = put(section.pages, used, RESERVED) if used else section.pages  # sections that are alike share one value
        state.sections.put(nr, msgspec.structs.replace(section, pages=pages, estimated=False, unseen=0))
    for key in list(state.evidence):
        state.evidence.drop(key)


def _zones(
    preset: Preset, geometry: Geometry, banks: list[_Bank], options: str, reserved: Sequence[tuple[int, int]]
) -> tuple[ZoneReading, ...]:
    """The zones that the memory falls into."""
    movable = _movable_starts(preset, geometry, banks, options)
    parts = [part for bank in banks for part in _parts(preset, geometry, bank, movable.get(bank.node), reserved)]
    ends: dict[int, int] = {}
    for bank in banks:
        ends[bank.node] = max(ends.get(bank.node, 0), bank.end // geometry.page_size)
    whole = (_to_its_limit(zone, preset, geometry, movable, ends[zone.node]) for zone in _merged(parts))
    return _with_movable(tuple(whole), geometry)


def _to_its_limit(
    zone: ZoneReading, preset: Preset, geometry: Geometry, movable: Mapping[int, int], end: int
) -> ZoneReading:
    """A zone of a node with memory up to pfn `end` reaches to its own limit, over a hole there too (mm/mm_init.c,
    zone_spanned_pages_in_node)."""
    limit = dict(preset.low_zones).get(zone.zone)
    if limit is None or zone.start_pfn is None:
        return zone
    behind = min(limit // geometry.page_size, end, movable.get(zone.node, end))
    return msgspec.structs.replace(zone, spanned=max(zone.spanned, behind - zone.start_pfn))


def _parts(
    preset: Preset, geometry: Geometry, bank: _Bank, movable: int | None, reserved: Sequence[tuple[int, int]]
) -> Iterator[ZoneReading]:
    """A bank in the zones that it falls into: from pfn `movable` on ZONE_MOVABLE. What a crash kernel has is not managed."""
    page = geometry.page_size
    low, end = bank.start // page, bank.end // page
    border = end if movable is None else min(max(low, movable), end)
    parts: list[tuple[str, int, int]] = []
    for zone, limit in (*preset.low_zones, (preset.top_zone, bank.end)):
        high = min(limit // page, border)
        if low < high:
            parts.append((zone, low, high))
            low = high
    if border < end:
        parts.append((MOVABLE, border, end))
    for zone, first, behind in parts:
        pages, kept = behind - first, _overlap(first * page, behind * page, reserved) // page
        memmap, used = (0, 0) if zone == MOVABLE else (geometry.memmap_pages(pages), pages // _KERNEL_SHARE)
        managed = max(0, pages - kept - memmap)
        yield ZoneReading(bank.node, zone, max(0, managed - used), 0, 0, 0, 0, pages, pages, managed, 0, first, ())


def _overlap(start: int, end: int, ranges: Sequence[tuple[int, int]]) -> int:
    return sum(max(0, min(end, high) - max(start, low)) for low, high in ranges)


def _movable_starts(preset: Preset, geometry: Geometry, banks: list[_Bank], options: str) -> dict[int, int]:
    """First pfn of ZONE_MOVABLE by node, as the command line asks for it. With movable_node the other two are ignored, and only
    what firmware calls hotpluggable is movable: none of this memory."""
    given = dict(word.partition("=")[::2] for word in options.split())
    if "movable_node" in given:
        return {}
    page, unit = geometry.page_size, 1 << geometry.max_order
    memory: dict[int, list[tuple[int, int]]] = {}
    for bank in sorted(banks):
        memory.setdefault(bank.node, []).append((bank.start // page, bank.end // page))
    ranges = [one for node in memory.values() for one in node]
    total, end = sum(high - low for low, high in ranges), max(high for _, high in ranges)
    kernel = kernel_pages(given.get("kernelcore"), given.get("movablecore"), total, page, unit)
    limits = [0, *(limit // page for _, limit in preset.low_zones)]
    return movable_starts(memory, kernel, max(limit for limit in limits if limit < end), unit)


def _with_movable(zones: tuple[ZoneReading, ...], geometry: Geometry) -> tuple[ZoneReading, ...]:
    """The memmap of movable memory lies in the biggest kernel zone of its node, or of all."""
    found = {(zone.node, zone.zone): zone for zone in zones}
    for zone in zones:
        if zone.zone == MOVABLE:
            kernel = [other for other in found.values() if other.zone != MOVABLE]
            host = max(kernel, key=lambda other: (other.node == zone.node, other.managed))
            need = geometry.memmap_pages(zone.present)
            managed, free = max(0, host.managed - need), max(0, host.free - need)
            found[host.node, host.zone] = msgspec.structs.replace(host, managed=managed, free=free)
    return tuple(found.values())


def _merged(zones: list[ZoneReading]) -> tuple[ZoneReading, ...]:
    """Banks of one zone become one, with a hole in its span."""
    merged: dict[tuple[int, str], ZoneReading] = {}
    for zone in zones:
        other = merged.get((zone.node, zone.zone))
        if other is None:
            merged[zone.node, zone.zone] = zone
            continue
        start = min(other.start_pfn or 0, zone.start_pfn or 0)
        end = max((z.start_pfn or 0) + z.spanned for z in (other, zone))
        merged[zone.node, zone.zone] = msgspec.structs.replace(
            other,
            start_pfn=start,
            spanned=end - start,
            present=other.present + zone.present,
            managed=other.managed + zone.managed,
            free=other.free + zone.free,
        )
    return tuple(merged.values())


def _blocks(banks: list[_Bank], block: int) -> tuple[BlockReading, ...]:
    nodes: dict[int, set[int]] = {}
    for bank in banks:
        for number in range(bank.start // block, ceil(bank.end, block)):
            nodes.setdefault(number, set()).add(bank.node)
    return tuple(BlockReading(number, "online", None, tuple(sorted(nodes[number]))) for number in sorted(nodes))


def _node_lists(banks: list[_Bank], nodes: int | None) -> dict[str, tuple[int, ...]]:
    with_memory = tuple(sorted({bank.node for bank in banks}))
    possible = tuple(range(max(nodes or 0, max(with_memory, default=0) + 1)))
    return {"possible": possible, "online": with_memory, "has_cpu": with_memory}
