"""Where the memmap of an add request goes: what stands against a placement, and what decides for one."""

from __future__ import annotations

from typing import Literal

from ..vocabulary import Caller
from .coded import Coded

# -- what stands against it ---------------------------------------------------------------------------------------------


class KernelLacksOption(Coded, frozen=True):
    """The kernel is built without CONFIG_MHP_MEMMAP_ON_MEMORY on the architecture."""

    kernel: str
    arch: str


class ParameterOff(Coded, frozen=True):
    """memory_hotplug.memmap_on_memory has a value that is off in the kernel."""

    mode: str
    kernel: str


class NotOneBlock(Coded, frozen=True):
    """A request (bytes) that is not exactly one block cannot carry its own memmap in kernels before 6.8."""

    size: int
    block_size: int


class MemmapNotWhole(Coded, frozen=True):
    """The memmap of a block (bytes) is not made of whole pages, or PMDs, of so many bytes."""

    memmap: int
    unit: Literal["pages", "PMDs"]
    unit_size: int


class MemmapNotPageblocks(Coded, frozen=True):
    """The pages that a block gives to its memmap are not made of whole pageblocks."""

    pages: int
    pageblock_pages: int


class RestNotPageblocks(Coded, frozen=True):
    """What a block has left behind its memmap (bytes) is not made of whole pageblocks."""

    rest: int
    pageblock_size: int


class NothingLeft(Coded, frozen=True):
    """The memmap takes all pages of a block."""

    pages: int


class ArchitectureRefuses(Coded, frozen=True):
    """arch_supports_memmap_on_memory says no on kernels of this kind; `preset` is its row of `architectures`."""

    preset: str


class HugePagesExclude(Coded, frozen=True):
    """hugetlb_free_vmemmap is on, and kernels from 5.14 to 5.19 let no block carry its own memmap then."""


class AltmapUnsupported(Coded, frozen=True):
    """The architecture's vmemmap_populate takes no altmap (RFC v2, patch 2)."""

    arch: str


class AltmapVetoed(Coded, frozen=True):
    """The architecture clears MHP_MEMMAP_FROM_RANGE (RFC v2, patch 4)."""

    arch: str


class VetoDropsBlocks(Coded, frozen=True):
    """The architecture clears MHP_MEMMAP_FROM_RANGE with `flags &= ~1<<1`, which clears MHP_MEMBLOCK_API too (RFC v2 as posted):
    no memory blocks are made, whoever adds."""

    arch: str


class NoVmemmap(Coded, frozen=True):
    """The architecture has no virtually mapped memmap."""

    arch: str


Obstacle = (
    KernelLacksOption
    | ParameterOff
    | NotOneBlock
    | MemmapNotWhole
    | MemmapNotPageblocks
    | RestNotPageblocks
    | NothingLeft
    | ArchitectureRefuses
    | HugePagesExclude
    | AltmapUnsupported
    | AltmapVetoed
    | VetoDropsBlocks
    | NoVmemmap
)
"""Why a memmap cannot be where it was asked for; it lies in kernel memory then, or the request is refused."""


class PlacementRefused(Coded, frozen=True):
    """The memmap cannot be where it was demanded, and nothing else may serve (EINVAL)."""

    cause: Obstacle


# -- what decides for one -----------------------------------------------------------------------------------------------


class CallerAsks(Coded, frozen=True):
    """The driver asks for a memmap in the added memory."""

    caller: Caller


class CallerDoesNotAsk(Coded, frozen=True):
    """The driver does not ask for a memmap in the added memory, in this kernel."""

    caller: Caller
    kernel: str


class PersonAsks(Coded, frozen=True):
    """The command names the placement."""


class HeadOfEachBlock(Coded, frozen=True):
    """Each block gives up so many pages, of which so many hold no memmap; `asked`: the command names the placement."""

    pages: int
    waste: int
    asked: bool


class DriverBringsAltmap(Coded, frozen=True):
    """A driver of device memory gives its own altmap to devm_memremap_pages."""


class NoAltmap(Coded, frozen=True):
    """A driver of device memory brings no altmap, so its memmap lies in kernel memory."""

    caller: Caller


class NoWholeSection(Coded, frozen=True):
    """The range fills no section, and the memmap of less than one is made of single pages, which no altmap gives
    (vmemmap_populate)."""


PlacementRule = (
    Obstacle
    | CallerAsks
    | CallerDoesNotAsk
    | PersonAsks
    | HeadOfEachBlock
    | DriverBringsAltmap
    | NoAltmap
    | NoWholeSection
)
"""Why a memmap lies where it does."""

PlacementReason = PlacementRule | PlacementRefused
