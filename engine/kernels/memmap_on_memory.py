"""When a kernel agrees to put a block's memmap into the block: mhp_supports_memmap_on_memory (mm/memory_hotplug.c)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from ..numbers.errors import BadInput
from ..numbers.geometry import Geometry
from ..numbers.rounding import up
from ..protocol.reasons.placement import (
    ArchitectureRefuses,
    KernelLacksOption,
    MemmapNotPageblocks,
    MemmapNotWhole,
    NothingLeft,
    NotOneBlock,
    Obstacle,
    ParameterOff,
    RestNotPageblocks,
)
from ..protocol.vocabulary import Mode
from .architectures import Preset, preset_of
from .model import KernelModel


class Support(msgspec.Struct, frozen=True):
    """The answer for one block.

    pages    head pages that the mode takes from each block, whether or not the kernel agrees to it
    waste    those of them that hold no memmap: the padding of `force` ("will waste %ld pages in each memory block")
    reason   why the kernel refuses; None: it agrees
    """

    pages: int
    waste: int
    reason: Obstacle | None


class _Question(msgspec.Struct, frozen=True):
    geometry: Geometry
    preset: Preset
    kernel: KernelModel
    size: int  # of the add request, bytes
    pages: int  # to be taken from a block


_Condition = Callable[[_Question], Obstacle | None]


def memmap_on_memory_support(geometry: Geometry, kernel: KernelModel, mode: Mode, size: int | None = None) -> Support:
    """Does a kernel put the memmap of an add request on its blocks?

    `size`: bytes of the request, one block if left out; kernels before 6.8 look at it. Raises `BadInput` for a kernel
    without the parameter and for a geometry that no architecture has.
    """
    if not kernel.parameter_modes:
        raise BadInput(f"{kernel.name} has no parameter memmap_on_memory; Linux has it since 5.13")
    preset = preset_of(geometry)
    needed = geometry.memmap_pages_per_block
    padded = mode == "force" and mode in kernel.parameter_modes
    pages = up(needed, geometry.pageblock_pages) if padded else needed
    question = _Question(geometry, preset, kernel, geometry.block_size if size is None else size, pages)
    reason = _built(question)
    if reason is None and (mode == "N" or mode not in kernel.parameter_modes):
        reason = ParameterOff(mode, kernel.name)
    if reason is None:
        conditions = _PAGEBLOCKS if kernel.head_pageblocks else _PMDS
        if kernel.single_block:
            conditions = (_one_block, *conditions)
        reason = next((refusal for condition in conditions if (refusal := condition(question))), None)
    return Support(pages, pages - needed, reason)


def _built(q: _Question) -> Obstacle | None:
    """CONFIG_MHP_MEMMAP_ON_MEMORY."""
    if q.preset.geometry.arch in q.kernel.hosts:
        return None
    return KernelLacksOption(q.kernel.name, q.preset.geometry.arch)


def _one_block(q: _Question) -> Obstacle | None:
    block = q.geometry.block_size
    if q.size == block:
        return None
    return NotOneBlock(q.size, block)


def _whole_pmds(q: _Question) -> Obstacle | None:
    return _whole(q, q.geometry.pmd_size, "PMDs")


def _rest_in_pageblocks(q: _Question) -> Obstacle | None:
    g = q.geometry
    rest, pageblock = g.block_size - g.memmap_bytes_per_block, g.pageblock_pages * g.page_size
    if rest % pageblock == 0:
        return None
    return RestNotPageblocks(rest, pageblock)


def _whole_pages(q: _Question) -> Obstacle | None:
    return _whole(q, q.geometry.page_size, "pages")


def _whole_pageblocks(q: _Question) -> Obstacle | None:
    pageblock = q.geometry.pageblock_pages
    if q.pages % pageblock == 0:
        return None
    return MemmapNotPageblocks(q.pages, pageblock)


def _something_left(q: _Question) -> Obstacle | None:
    if q.pages != q.geometry.pages_per_block:
        return None
    return NothingLeft(q.pages)


def _architecture(q: _Question) -> Obstacle | None:
    return _ARCHITECTURE_RULES[q.preset.head_rule](q)


def _whole(q: _Question, unit: int, name: Literal["pages", "PMDs"]) -> Obstacle | None:
    memmap = q.geometry.memmap_bytes_per_block
    if memmap % unit == 0:
        return None
    return MemmapNotWhole(memmap, name, unit)


_ARCHITECTURE_RULES: Final[Mapping[str, _Condition]] = MappingProxyType(
    {
        "whole PMDs": _whole_pmds,
        "anything": lambda q: None,
        "nothing": lambda q: ArchitectureRefuses(q.preset.name),
    }
)

_PMDS: Final[tuple[_Condition, ...]] = (_whole_pmds, _rest_in_pageblocks)
_PAGEBLOCKS: Final[tuple[_Condition, ...]] = (_whole_pages, _whole_pageblocks, _something_left, _architecture)
"""The conditions, in the order in which kernels ask, after that of one block."""
