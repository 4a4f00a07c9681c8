"""Sentences on where the memmap of an add goes, and why."""

from __future__ import annotations

from typing import Final

from ...numbers.units import format_bytes
from ...protocol.reasons import placement
from ...protocol.reasons.placement import Obstacle, PlacementReason, PlacementRule
from ...protocol.vocabulary import Placement
from .words import Names, some_names

_PLACES: Final[dict[Placement, str]] = {
    "boot": "kernel memory",
    "range": "the added range itself",
    "block": "the head of each block",
    "sections": "low sections of the same node",
}


def said(reason: PlacementReason, names: Names) -> str:
    """Why a memmap is, or cannot be, where it was asked for."""
    match reason:
        case placement.PlacementRefused(cause):
            return f"the memmap cannot be placed as asked: {_against(cause)}"
        case placement.CallerAsks(caller):
            return f"{caller} asks for it"
        case placement.CallerDoesNotAsk(caller, kernel):
            return f"{caller} does not ask for a memmap on memory in {kernel}"
        case placement.PersonAsks():
            return "as asked"
        case placement.HeadOfEachBlock(pages, waste, asked):
            wasted = f", {waste:,} of them wasted" if waste else ""
            return f"each block's own first {pages:,} pages{wasted}{', as asked' if asked else ''}"
        case placement.DriverBringsAltmap():
            return "the driver brings its own altmap"
        case placement.NoWholeSection():
            return "the range fills no section, and the driver's altmap is for whole ones"
        case placement.NoAltmap(caller):
            return f"{caller} has no altmap"
        case _:
            return _against(reason)


def placed(where: Placement, rule: PlacementRule) -> str:
    """Where a memmap lies, and by which rule: "kernel memory: acpi does not ask for a memmap on memory in 6.12"."""
    if isinstance(rule, placement.HeadOfEachBlock):
        return said(rule, some_names)
    link = ", " if isinstance(rule, placement.PersonAsks) else ", because " if isinstance(rule, Obstacle) else ": "
    return f"{_PLACES[where]}{link}{said(rule, some_names)}"


def _against(obstacle: Obstacle) -> str:
    match obstacle:
        case placement.KernelLacksOption(kernel, arch):
            return f"{kernel} on {arch} is built without MHP_MEMMAP_ON_MEMORY"
        case placement.ParameterOff("N"):
            return "the parameter memory_hotplug.memmap_on_memory is N"
        case placement.ParameterOff(mode, kernel):
            return f"the parameter memory_hotplug.memmap_on_memory is {mode}, which {kernel} takes for off"
        case placement.NotOneBlock(size, block_size):
            block = format_bytes(block_size)
            return f"the request of {format_bytes(size)} is not exactly one memory block of {block}"
        case placement.MemmapNotWhole(memmap, unit, unit_size):
            whole = f"whole {unit} of {format_bytes(unit_size)}"
            return f"the memmap of a block, {format_bytes(memmap)}, is not made of {whole}"
        case placement.MemmapNotPageblocks(pages, pageblock):
            return f"the memmap of a block, {pages:,} pages, is not made of whole pageblocks of {pageblock:,} pages"
        case placement.RestNotPageblocks(rest, pageblock_size):
            whole = f"whole pageblocks of {format_bytes(pageblock_size)}"
            return f"the rest of a block, {format_bytes(rest)}, is not made of {whole}"
        case placement.NothingLeft(pages):
            return f"the {pages:,} pages to be taken from a block are all that it has"
        case placement.ArchitectureRefuses(preset):
            return f"the architecture does not support it on {preset} kernels"
        case placement.HugePagesExclude():
            return "hugetlb_free_vmemmap is on, with which kernels from 5.14 to 5.19 let no block carry its own memmap"
        case placement.AltmapUnsupported(arch):
            return f"{arch} takes no memmap from an altmap (altmap unsupported)"
        case placement.AltmapVetoed(arch):
            return f"{arch} cannot touch the memory before it goes online, and vetoes MHP_MEMMAP_FROM_RANGE"
        case placement.VetoDropsBlocks(arch):
            return (
                f"{arch} vetoes MHP_MEMMAP_FROM_RANGE by `flags &= ~1<<1`, as posted without parentheses: that clears "
                f"MHP_MEMBLOCK_API too, so that no memory block is made and the memory can never go online"
            )
        case placement.NoVmemmap(arch):
            return f"{arch} has no vmemmap"
