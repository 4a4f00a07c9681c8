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
    kernel: str
    size: int  # of the add request, bytes
    pages: int  # to be taken from a block


_Condition = Callable[[_Question], Obstacle | None]


class _Rules(msgspec.Struct, frozen=True):
    """A kernel's values of the parameter that mean on, and its conditions in the order in which it asks."""

    on: tuple[Mode, ...]
    conditions: tuple[_Condition, ...]


def memmap_on_memory_support(geometry: Geometry, kernel: str, mode: Mode, size: int | None = None) -> Support:
    """Does a kernel ("6.1" or "6.12") put the memmap of an add request on its blocks?

    `size`: bytes of the request, one block if left out; only 6.1 looks at it. Raises `BadInput` for a kernel without
    the parameter and for a geometry that no architecture has.
    """
    if kernel not in _RULES:
        raise BadInput(f"{kernel} has no parameter memmap_on_memory; these have: {', '.join(_RULES)}")
    rules, preset = _RULES[kernel], preset_of(geometry)
    needed = geometry.memmap_pages_per_block
    padded = mode == "force" and mode in rules.on
    pages = up(needed, geometry.pageblock_pages) if padded else needed
    question = _Question(geometry, preset, kernel, geometry.block_size if size is None else size, pages)
    reason = _built(question)
    if reason is None and mode not in rules.on:
        reason = ParameterOff(mode, kernel)
    if reason is None:
        reason = next((refusal for condition in rules.conditions if (refusal := condition(question))), None)
    return Support(pages, pages - needed, reason)


def _built(q: _Question) -> Obstacle | None:
    """CONFIG_MHP_MEMMAP_ON_MEMORY."""
    if q.kernel in q.preset.memmap_on_memory:
        return None
    return KernelLacksOption(q.kernel, q.preset.geometry.arch)


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

_RULES: Final[Mapping[str, _Rules]] = MappingProxyType(
    {
        "6.1": _Rules(on=("Y",), conditions=(_one_block, _whole_pmds, _rest_in_pageblocks)),
        "6.12": _Rules(on=("Y", "force"), conditions=(_whole_pages, _whole_pageblocks, _something_left, _architecture)),
    }
)
