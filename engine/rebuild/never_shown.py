"""What of a capture a kernel of some architecture never shows: sizes, where memory begins, where zones end, files of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from typing import Final

from ..kernels.architectures import ARCHITECTURES, Preset
from ..memory.zone import MOVABLE
from ..numbers.rounding import ceil
from ..numbers.units import GIB, KIB, MIB, format_bytes
from ..reading.observation import Observation

_DIRECT_MAP: Final = {4 * KIB: "4k", 64 * KIB: "64k", MIB: "1M", 2 * MIB: "2M", GIB: "1G", 2 * GIB: "2G"}
"""Sizes by the words of meminfo's lines DirectMap (arch_report_meminfo)."""


def against(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    """What tells that a capture is of another architecture, each in a sentence; `page`: bytes of a page, where something tells
    them."""
    return chain.from_iterable(look(seen, preset, page) for look in _LOOKS)


def has_blocks(preset: Preset, size: int | None) -> bool:
    """May a memory block have so many bytes, where it is a single section?"""
    sections = (preset.geometry.section_size, *(section for _, section in preset.older_sections))
    return preset.blocks_by != "section" or size is None or size in sections


def _least_section(preset: Preset) -> int:
    return min((preset.geometry.section_size, *(size for _, size in preset.older_sections)))


def _blocks(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    if seen.block_size is not None and seen.block_size < _least_section(preset):
        yield f"memory blocks of {format_bytes(seen.block_size)} are smaller than any there"
    if not has_blocks(preset, seen.block_size):
        yield f"memory blocks are single sections there, and never of {format_bytes(seen.block_size or 0)}"


def _pages(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    usual = preset.geometry
    if page not in (None, usual.page_size):
        yield f"its pages have {format_bytes(page or 0)}"
    if seen.pageblock_order not in (None, usual.pageblock_order):
        yield f"its pageblocks have 2^{seen.pageblock_order} pages, and there they have 2^{usual.pageblock_order}"


def _begin(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    """The address of the first memory, in whole blocks."""
    size, page = seen.block_size or _least_section(preset), page or preset.geometry.page_size
    starts = [one.id * size for one in seen.blocks[:1]]
    starts += [zone.start_pfn * page for zone in seen.zones if zone.start_pfn is not None and zone.present]
    starts += [one.start for one in seen.resources if one.name == "System RAM"]
    begin = min(starts, default=0) // size * size
    if begin and not preset.begins:
        yield f"its memory begins at {begin:#x}, and there it begins at 0"


def _huge_pages(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    offered = {*seen.hugepages, *(size for node in seen.nodes for size in node.hugepages)}
    offered |= {seen.meminfo["Hugepagesize"] << 10} if "Hugepagesize" in seen.meminfo else set()
    if not offered <= {*preset.huge_pages}:
        sizes, there = (", ".join(map(format_bytes, some)) for some in (sorted(offered), preset.huge_pages))
        yield f"it has huge pages of {sizes}, and there they have {there or 'none'}"


def _direct_map(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    maps = {name.removeprefix("DirectMap") for name in seen.meminfo if name.startswith("DirectMap")}
    if not maps <= {_DIRECT_MAP.get(size, "") for size in preset.direct_map}:
        yield f"meminfo tells of a direct map in pieces of {', '.join(sorted(maps))}"


def _devices(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    if preset.devices is not None and seen.block_size is not None:
        low, high = ceil(preset.devices[0], seen.block_size), preset.devices[1] // seen.block_size
        for block in seen.blocks:
            if low <= block.id < high:
                yield f"memory{block.id} lies where devices have their addresses there"


def _own_files(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    for other in ARCHITECTURES.values():
        for feature, path in other.own_files if other.machines != preset.machines else ():
            if feature in seen.features:
                yield f"it has {path}, as only {other.name} has"


def _zones(seen: Observation, preset: Preset, page: int | None) -> Iterator[str]:
    """Blocks and zones that lie where there are none of that name."""
    ranges = dict[str, tuple[int, int]]()
    below, page = 0, page or preset.geometry.page_size
    for name, end in (*preset.low_zones, (preset.top_zone, 1 << 64)):
        ranges[name] = (0 if end == below else below, end)  # two that end together share what is below
        below = end
    lying = [*_lying(seen, preset, page)]
    for what, name, first, end in lying:
        if name not in ranges:
            yield f"{what} is in zone {name[:60]}, which there is not"
        elif end > ranges[name][1]:
            yield f"{what} is in zone {name}, which ends at {format_bytes(ranges[name][1])} there"
        elif first < ranges[name][0]:
            yield f"{what} is in zone {name}, which begins at {format_bytes(ranges[name][0])} there"
    found = {name for _, name, _, _ in lying}
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


_LOOKS: Final[tuple[Callable[[Observation, Preset, int | None], Iterator[str]], ...]] = (
    _blocks, _pages, _begin, _huge_pages, _direct_map, _devices, _own_files, _zones
)  # fmt: skip
