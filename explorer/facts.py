"""Questions about a machine that the explorer asks, answered from its read-only views. Pure: nothing is drawn here.

All counts are pages, all addresses bytes, all blocks numbers as in ``memoryN``, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from altmap.engine import Machine
from altmap.engine.numbers.rounding import ceil, up

FIRMWARE_WINDOW = 4 << 30
"""Firmware leaves what is below 4 GiB to devices and puts the window for hot-added memory above."""

SEVERITY = (
    "poisoned", "pinned", "memmap", "kernel", "slab", "pagetable", "vmemmap", "reserved", "assumed",
    "huge", "movable", "offline", "pcp", "free", "absent",
)  # fmt: skip
"""Kinds of pages, the one that hinders offlining most first; it decides where two kinds are equally many."""

FREE = ("free", "pcp")


class Totals(NamedTuple):
    """MemTotal and MemFree as in /proc/meminfo, bytes."""

    total: int
    free: int


class MemmapPlace(NamedTuple):
    """Where the memmap of a block lies: `on` as for a section ("self", "section", "kernel", "none", or "mixed" where its
    sections differ), the runs of pages that hold it (pfn, count; empty where the place is unknown), the blocks in which
    these lie, and the page-table pages of a base-page fallback."""

    on: str
    chunks: tuple[tuple[int, int], ...]
    hosts: tuple[int, ...]
    tables: int


def totals(machine: Machine) -> Totals:
    """The sums over all zones."""
    page = machine.geometry.page_size
    zones = machine.zones.values()
    return Totals(sum(zone.managed for zone in zones) * page, sum(zone.free for zone in zones) * page)


def node_begins(machine: Machine) -> dict[int, int]:
    """The blocks from which on memory is of another node than what lies below, and that node."""
    found: dict[int, int] = {}
    before: int | None = None
    for nr in sorted(machine.blocks):
        node = machine.blocks[nr].node
        if before is not None and node != before:
            found[nr] = node
        before = node
    return found


def block_address(machine: Machine, block: int) -> int:
    """First byte of a block."""
    return block * machine.geometry.block_size


def sections_of(machine: Machine, block: int) -> range:
    """Numbers of a block's sections, whether present or not."""
    per_block = machine.geometry.sections_per_block
    return range(block * per_block, (block + 1) * per_block)


def memmap_of(machine: Machine, block: int) -> MemmapPlace:
    """Where the struct pages of a block lie."""
    found = [section.memmap for nr in sections_of(machine, block) if (section := machine.sections.get(nr)) is not None]
    places = sorted({memmap.on if memmap else "none" for memmap in found}) or ["none"]
    chunks = sorted({chunk for memmap in found if memmap for chunk in memmap.chunks})
    if not chunks:
        unit = machine.geometry.memmap_pages_per_section
        chunks = sorted({(memmap.pfn, unit) for memmap in found if memmap and memmap.pfn is not None})
    hosts = {machine.geometry.block_of(pfn) for pfn, _ in chunks}
    tables = sum(count for memmap in found if memmap for _, count in memmap.tables)
    return MemmapPlace(places[0] if len(places) == 1 else "mixed", _merged(chunks), tuple(sorted(hosts)), tables)


def memmap_hosts(machine: Machine) -> frozenset[int]:
    """The blocks that hold struct pages of hot-added memory: as head pages, or in kernel memory where that is known."""
    found = {nr for nr, block in machine.blocks.items() if block.head}
    per_block, unit = machine.geometry.sections_per_block, machine.geometry.memmap_pages_per_section
    pages_per_block = machine.geometry.pages_per_block
    for nr, section in machine.sections.items():
        if section.pages.get("memmap"):
            found.add(nr // per_block)
        if (memmap := section.memmap) is not None:
            for pfn, count in memmap.chunks or (() if memmap.pfn is None else ((memmap.pfn, unit),)):
                found.update(range(pfn // pages_per_block, ceil(pfn + count, pages_per_block)))
    return frozenset(found)


def blocks_with(machine: Machine, kind: Literal["poisoned", "offline"]) -> frozenset[int]:
    """The blocks that have pages of a kind."""
    per_block = machine.geometry.sections_per_block
    return frozenset(nr // per_block for nr, section in machine.sections.items() if section.pages.get(kind))


def pages_of(machine: Machine, nr: int) -> dict[str, int]:
    """The pages of a present section by kind; of one that is offline, also where its block's memmap lies in it."""
    section = machine.sections[nr]
    pages: dict[str, int] = dict(section.pages.items())
    if not section.online and section.memmap is not None:
        size = machine.geometry.pages_per_section
        start = machine.geometry.section_start(nr)
        for pfn, count in memmap_of(machine, nr // machine.geometry.sections_per_block).chunks:
            low, high = max(pfn, start) - start, min(pfn + count, start + size) - start
            if low < high:
                pages["memmap"] = pages.get("memmap", 0) | (((1 << (high - low)) - 1) << low)
    return pages


def kinds_of(machine: Machine, block: int) -> dict[str, int]:
    """Pages of a block by kind; pages that no zone has yet are under ""."""
    counts = dict.fromkeys(SEVERITY, 0)
    for nr in sections_of(machine, block):
        if nr in machine.sections:
            for kind, pages in pages_of(machine, nr).items():
                counts[kind] = counts.get(kind, 0) + pages.bit_count()
    found = {kind: count for kind, count in counts.items() if count}
    if rest := machine.geometry.pages_per_block - sum(found.values()):
        found[""] = rest
    return found


def page_cells(machine: Machine, block: int, cells: int) -> list[str]:
    """The pages of a block in order, divided into `cells` parts: for each part the kind that most of its used pages are
    of, or "free" where less than a third is used."""
    numbers = sections_of(machine, block)
    pages = machine.geometry.pages_per_section
    picture: list[str] = []
    for at, nr in enumerate(numbers):
        share = cells * (at + 1) // len(numbers) - cells * at // len(numbers)
        known = pages_of(machine, nr) if nr in machine.sections else {"absent": (1 << pages) - 1}
        picture += _section_cells(known, pages, share)
    return picture


def page_cell(machine: Machine, block: int, cells: int, pfn: int) -> int | None:
    """Which of the cells of `page_cells` shows a page; None if the page is not in the block."""
    at = pfn - machine.geometry.block_start(block)
    return at * cells // machine.geometry.pages_per_block if 0 <= at < machine.geometry.pages_per_block else None


def _section_cells(pages: dict[str, int], size: int, cells: int) -> list[str]:
    octets = {kind: bits.to_bytes(size // 8, "little") for kind, bits in pages.items() if bits}
    ranked = [kind for kind in SEVERITY if kind in octets]
    known = min(cells, size // 8)
    picture: list[str] = []
    for cell in range(known):
        low, high = size // 8 * cell // known, size // 8 * (cell + 1) // known
        counts = {kind: int.from_bytes(octets[kind][low:high], "little").bit_count() for kind in ranked}
        used = {kind: count for kind, count in counts.items() if kind not in FREE}
        if sum(used.values()) * 3 < (high - low) * 8:
            used = counts
        best = max(used, key=used.__getitem__, default="")
        picture.append(best if used.get(best) else "")
    return [picture[cell * known // cells] for cell in range(cells)]


def estimated(machine: Machine, block: int) -> bool:
    """Do the kinds of some of its pages come from counters and not from the pages themselves?"""
    return any(section.estimated for nr in sections_of(machine, block) if (section := machine.sections.get(nr)))


def device_of(machine: Machine, block: int) -> tuple[int, ...]:
    """The blocks that came with this one: of the same add request, else of the same memory group; () for boot memory."""
    here = machine.blocks.get(block)
    if here is None or here.early:
        return ()
    if here.request is not None:
        return tuple(sorted(nr for nr, other in machine.blocks.items() if other.request == here.request))
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


def runs(blocks: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers as (first, count), ascending."""
    found: list[tuple[int, int]] = []
    for block in sorted(blocks):
        if found and sum(found[-1]) == block:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((block, 1))
    return found


def suggested_address(machine: Machine, size: int) -> int:
    """The first address for new memory: aligned to a block, above all blocks and the firmware's devices, free."""
    unit = machine.geometry.block_size
    last = max((*machine.blocks, *ghosts(machine)), default=-1)
    start = up(max((last + 1) * unit, FIRMWARE_WINDOW), unit)
    for resource in sorted(machine.resources.values(), key=lambda resource: resource.start):
        if resource.start < start + size and start < resource.end:
            start = up(resource.end, unit)
    return start


def _merged(chunks: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for pfn, count in chunks:
        if merged and sum(merged[-1]) == pfn:
            merged[-1] = (merged[-1][0], merged[-1][1] + count)
        else:
            merged.append((pfn, count))
    return tuple(merged)


def unmeasured(machine: Machine) -> tuple[str, ...]:
    """What of a machine was not measured, in words."""
    count = sum(section.estimated for section in machine.sections.values())
    pages = f"what the pages of {count} of {len(machine.sections)} sections are (laid out to meet the counters)"
    return (*machine.origin.estimated, *([pages] if count else []))
