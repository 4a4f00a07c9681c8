"""Questions about a machine that the explorer asks, answered from its read-only views. Pure: nothing is drawn here.

All counts are pages, all addresses bytes, all blocks numbers as in ``memoryN``, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from altmap.engine import Machine, Request, about_bytes
from altmap.engine.numbers.runs import consecutive, merged
from altmap.engine.protocol.reasons.worth import KernelMemoryLow

if TYPE_CHECKING:
    from altmap.engine import Advice

LITTLE = 25
"""One page in so many, or fewer, is little free memory."""


class Totals(NamedTuple):
    """MemTotal and MemFree as in /proc/meminfo, bytes."""

    total: int
    free: int


class MemmapPlace(NamedTuple):
    """Where the memmap of a block lies: `on` as for a section ("self", "section", "kernel", "none", or "mixed" where its
    sections differ), the runs of pages that hold it (pfn, count; empty where the place is unknown), and the blocks in which
    these lie."""

    on: str
    chunks: tuple[tuple[int, int], ...]
    hosts: tuple[int, ...]


def totals(machine: Machine) -> Totals:
    """The sums over all zones."""
    page = machine.geometry.page_size
    zones = machine.zones.values()
    return Totals(sum(zone.managed for zone in zones) * page, sum(zone.free for zone in zones) * page)


def alarm(machine: Machine, worth: Sequence[Advice]) -> str:
    """That hardly any memory is left, in a few words: of the kernel zones by the engine's measure, or of all; "" if enough."""
    for advice in worth:
        if isinstance(advice.fact, KernelMemoryLow):
            return f"kernel zones: {about_bytes(advice.fact.free)} left"
    total, free = totals(machine)
    return "hardly any is free" if free * LITTLE < total else ""


def block_address(machine: Machine, block: int) -> int:
    """First byte of a block."""
    return block * machine.geometry.block_size


def sections_of(machine: Machine, block: int) -> range:
    """Numbers of a block's sections, whether present or not."""
    per_block = machine.geometry.sections_per_block
    return range(block * per_block, (block + 1) * per_block)


def memmap_of(machine: Machine, block: int) -> MemmapPlace:
    """Where the struct pages of a block lie."""
    sections, geometry = machine.sections, machine.geometry
    there = [section for nr in sections_of(machine, block) if (section := sections.get(nr)) is not None]
    found = [section.memmap for section in there if section.memmap is not None]
    places = {memmap.on for memmap in found} | ({"none"} if len(found) < len(there) or not there else set())
    chunks = sorted({chunk for memmap in found for chunk in memmap.chunks})
    if not chunks and (starts := {memmap.pfn for memmap in found if memmap.pfn is not None}):
        unit = geometry.memmap_pages_per_section
        chunks = [(pfn, unit) for pfn in sorted(starts)]
    hosts = {geometry.block_of(pfn) for pfn, _ in chunks}
    return MemmapPlace(places.pop() if len(places) == 1 else "mixed", merged(chunks), tuple(sorted(hosts)))


def request_of(machine: Machine, block: int) -> Request | None:
    """The add request that a block came with; None for boot memory, and for blocks of a captured machine."""
    pfn = block * machine.geometry.pages_per_block
    return next((one for one in machine.requests.values() if one.start <= pfn < one.start + one.pages), None)


def device_of(machine: Machine, block: int) -> tuple[int, ...]:
    """The blocks that came with this one: of the same add request, else of the same memory group; () for boot memory."""
    here = machine.blocks.get(block)
    if here is None or here.early:
        return ()
    if (request := request_of(machine, block)) is not None:
        first, last = (machine.geometry.block_of(pfn) for pfn in (request.start, request.start + request.pages))
        return tuple(nr for nr in sorted(machine.blocks) if first <= nr < last)
    if here.group is not None:
        return tuple(sorted(nr for nr, other in machine.blocks.items() if other.group == here.group))
    return (block,)


def ghosts(machine: Machine) -> dict[int, str]:
    """Places of blocks that have present sections but no block: "device" for memory that a driver keeps for itself
    (ZONE_DEVICE), "left" for what an add that failed left behind."""
    per_block = machine.geometry.sections_per_block
    bare = {nr // per_block for nr in machine.sections} - machine.blocks.keys()
    spans = [(request.start, request.start + request.pages) for request in machine.requests.values()]
    size = machine.geometry.pages_per_block
    return {
        nr: "device" if any(low < (nr + 1) * size and nr * size < high for low, high in spans) else "left"
        for nr in sorted(bare)
    }


def free_areas(machine: Machine, start: int, pages: int) -> dict[str, dict[int, int]]:
    """The free pages of a range by pageblock type and order, the type with the most first. A free area lies in one pageblock, or
    fills several that are of one type."""
    counts: dict[str, dict[int, int]] = {}
    for cell in machine.summaries(start, pages, machine.geometry.pageblock_pages):
        kind = str(next(iter(cell.types), ""))
        for order, count in cell.orders.items() if kind else ():
            row = counts.setdefault(kind, {})
            row[order] = row.get(order, 0) + count
    return dict(sorted(counts.items(), key=lambda item: -sum(item[1].values())))


def runs(blocks: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers as (first, count), ascending."""
    return [(first, last - first + 1) for first, last in consecutive(blocks)]


def unmeasured(machine: Machine) -> tuple[str, ...]:
    """What of a machine was not measured, in words."""
    count = sum(section.estimated for section in machine.sections.values())
    pages = f"what the pages of {count:,} of {len(machine.sections):,} sections are (laid out to meet the counters)"
    return (*machine.origin.estimated, *([pages] if count else []))
