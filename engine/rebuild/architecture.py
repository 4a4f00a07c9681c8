"""Which architecture a capture comes from: what its kernel calls it; without that, what no other would show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from ..kernels.architectures import ARCHITECTURES, Preset, preset_for
from ..memory.zone import MOVABLE
from ..numbers.errors import BadInput
from ..numbers.rounding import ceil
from ..numbers.units import GIB, KIB, MIB, format_bytes
from ..reading.observation import Observation

_NAMES: Final = {
    preset.geometry.arch: "|".join(name for name in preset.machines if re.search(r"\d", name))
    for preset in ARCHITECTURES.values()
}
"""How a text names each architecture: by a name that holds a digit, as sh is a word of many texts."""
_PAGE_SIZES: Final = (4096, 16384, 65536)
_USUAL: Final = "x86_64"
_DIRECT_MAP: Final = {4 * KIB: "4k", 64 * KIB: "64k", MIB: "1M", 2 * MIB: "2M", GIB: "1G", 2 * GIB: "2G"}
"""Sizes by the words of meminfo's lines DirectMap (arch_report_meminfo)."""


def architecture_said(version: str) -> str | None:
    """The architecture that the text of /proc/version, or of `uname -m`, names."""
    found = (name for name, pattern in _NAMES.items() if re.search(rf"\b(?:{pattern})\b|-(?:{pattern})", version))
    return next(found, None)


def architecture_of(seen: Observation, arch: str | None, machine: str | None, notes: list[str]) -> Preset:
    """The row of a capture's kernel; `arch` overrides what the capture says, `machine` is what `uname -m` says.

    Where nothing says it, what is seen decides: x86_64 if nothing is against that, else the one that all of it fits. Raises
    `BadInput` for an unknown override, and where several are left.
    """
    if arch is not None:
        if arch not in ARCHITECTURES:
            raise BadInput(f"{arch!r} is not an architecture; it is one of {', '.join(ARCHITECTURES)}")
        return ARCHITECTURES[arch]
    page, order = _page_size(seen), seen.pageblock_order
    if (said := architecture_said(machine or seen.version or "")) is not None:
        return _with_its_blocks(seen, preset_for(said, page, order)) if page is None else preset_for(said, page, order)
    against = {name: next(_against(seen, preset, page), "") for name, preset in ARCHITECTURES.items()}
    fitting = [name for name, reason in against.items() if not reason and not ARCHITECTURES[name].rare]
    machines = list(dict.fromkeys(ARCHITECTURES[name].machines[0] for name in fitting))
    x86 = against[_USUAL]
    named = ", ".join(fitting or [name for name in ARCHITECTURES if name != _USUAL])
    if x86 and len(machines) != 1:
        raise BadInput(
            f"{seen.source} does not say its architecture, and {_USUAL} it is not: {x86}; say which it is with --arch, one of "
            f"{named}: altmap capture --root {seen.source} --arch ARCH -o FILE"
        )
    if x86:
        note = f"taken for {machines[0]}, which alone fits ({_USUAL} it is not: {x86})"
    else:
        others = [name for name in machines if name != _USUAL]
        note = f"taken for {_USUAL}" + (f"; {', '.join(others)} would fit too" if others else "")
    notes.append(f"proc/version does not say the architecture; {note}")
    return ARCHITECTURES[fitting[0] if x86 else _USUAL]


def _with_its_blocks(seen: Observation, usual: Preset) -> Preset:
    """The row of a machine of which nothing tells the page size: the usual one, unless only another has blocks of this size."""
    rows = [usual, *(row for row in ARCHITECTURES.values() if row.machines == usual.machines)]
    return next((row for row in rows if _has_blocks(row, seen.block_size)), usual)


def _has_blocks(preset: Preset, size: int | None) -> bool:
    """May a memory block have so many bytes, where it is a single section?"""
    sections = (preset.geometry.section_size, *(section for _, section in preset.older_sections))
    return preset.blocks_by != "section" or size is None or size in sections


def _against(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    """What of a capture a kind of kernel never shows: pages and blocks of its sizes, where memory begins, where zones end."""
    usual = preset.geometry
    least = min((usual.section_size, *(size for _, size in preset.older_sections)))
    if seen.block_size is not None and seen.block_size < least:
        yield f"memory blocks of {format_bytes(seen.block_size)} are smaller than any there"
    if not _has_blocks(preset, seen.block_size):
        yield f"memory blocks are single sections there, and never of {format_bytes(seen.block_size or 0)}"
    if page not in (None, usual.page_size):
        yield f"its pages have {format_bytes(page or 0)}"
    if seen.pageblock_order not in (None, usual.pageblock_order):
        yield f"its pageblocks have 2^{seen.pageblock_order} pages, and there they have 2^{usual.pageblock_order}"
    begin = _begin(seen, seen.block_size or least, page or usual.page_size)
    if begin and not preset.begins:
        yield f"its memory begins at {begin:#x}, and there it begins at 0"
    offered = {*seen.hugepages, *(size for node in seen.nodes for size in node.hugepages)}
    offered |= {seen.meminfo["Hugepagesize"] << 10} if "Hugepagesize" in seen.meminfo else set()
    if not offered <= {*preset.huge_pages}:
        sizes = ", ".join(map(format_bytes, sorted(offered)))
        yield f"it has huge pages of {sizes}, and there they have {', '.join(map(format_bytes, preset.huge_pages)) or 'none'}"
    maps = {name.removeprefix("DirectMap") for name in seen.meminfo if name.startswith("DirectMap")}
    if not maps <= {_DIRECT_MAP.get(size, "") for size in preset.direct_map}:
        yield f"meminfo tells of a direct map in pieces of {', '.join(sorted(maps))}"
    if preset.devices is not None and seen.block_size is not None:
        low, high = ceil(preset.devices[0], seen.block_size), preset.devices[1] // seen.block_size
        yield from (
            f"memory{block.id} lies where devices have their addresses there"
            for block in seen.blocks
            if low <= block.id < high
        )
    others = (other for other in ARCHITECTURES.values() if other.machines != preset.machines)
    owned = ((other.name, path) for other in others for feature, path in other.own_files if feature in seen.features)
    yield from (f"it has {path}, as only {name} has" for name, path in owned)
    yield from _against_zones(seen, preset, page or usual.page_size)


def _begin(seen: Observation, block: int, page: int) -> int:
    """The address of the first memory, in whole blocks."""
    starts = [one.id * block for one in seen.blocks[:1]]
    starts += [zone.start_pfn * page for zone in seen.zones if zone.start_pfn is not None and zone.present]
    starts += [one.start for one in seen.resources if one.name == "System RAM"]
    return min(starts, default=0) // block * block


def _against_zones(seen: Observation, preset: Preset, page: int) -> Iterator[str]:
    """Blocks and zones that lie where there are none of that name."""
    ranges = dict[str, tuple[int, int]]()
    below = 0
    for name, end in (*preset.low_zones, (preset.top_zone, 1 << 64)):
        ranges[name] = (0 if end == below else below, end)  # two that end together share what is below
        below = end
    found = {name for _, name, _, _ in _lying(seen, preset, page)}
    for what, name, first, end in _lying(seen, preset, page):
        if name not in ranges:
            yield f"{what} is in zone {name}, which there is not"
        elif end > ranges[name][1]:
            yield f"{what} is in zone {name}, which ends at {format_bytes(ranges[name][1])} there"
        elif first < ranges[name][0]:
            yield f"{what} is in zone {name}, which begins at {format_bytes(ranges[name][0])} there"
    if any(
        one == other and name in found and low not in found for (low, one), (name, other) in pairwise(preset.low_zones)
    ):
        yield f"there is no memory in zone {preset.low_zones[0][0]}"


def _lying(seen: Observation, preset: Preset, page: int) -> Iterator[tuple[str, str, int, int]]:
    """What memory is in which kernel zone: how it is called, the zone, its first address and the first behind it."""
    size = seen.block_size or preset.geometry.block_size
    for block in seen.blocks:
        name, *others = block.valid_zones or ("none",)
        if block.state != "offline" and not others and name not in ("none", MOVABLE, "Device"):
            yield f"memory{block.id}", name, block.id * size, (block.id + 1) * size
    for zone in seen.zones:
        if zone.present and zone.start_pfn is not None and zone.zone not in (MOVABLE, "Device"):
            first = zone.start_pfn * page
            yield f"memory from {first:#x} on", zone.zone, first, first + zone.spanned * page


def _page_size(seen: Observation) -> int | None:
    """From what MemTotal (kB) of the nodes, or of the machine, and the managed pages of their zones say together, or System RAM
    or online blocks, and present pages; None where no size comes near that."""
    managed = sum(zone.managed for zone in seen.zones)
    present = sum(zone.present for zone in seen.zones)
    told = (
        (sum(node.meminfo.get("MemTotal", 0) for node in seen.nodes) << 10, managed),
        (sum(one.end - one.start for one in seen.resources if one.name.startswith("System RAM")), present),
        (seen.meminfo.get("MemTotal", 0) << 10, managed),
        (sum(block.state in (None, "online") for block in seen.blocks) * (seen.block_size or 0), present),
    )
    near = (size for total, pages in told for size in _PAGE_SIZES if abs(total - size * pages) < total // 8)
    return next(near, None)
