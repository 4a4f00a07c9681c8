"""Why an answer is not known: what no one saw or counted, how much of it there is, and what would tell."""

from __future__ import annotations

from typing import ClassVar, Literal

from ..vocabulary import ZoneKey
from .coded import Coded


class NotSeen(Coded, frozen=True):
    """No one saw so many `pages` of a zone that the answer hangs on.

    By the zone's counters `kernel` such pages (`size` bytes) cannot be moved, `reserved` of them because the boot never gave
    them to the buddy. They lie in some of `blocks` memory blocks, and in `least` of these at least. `chance`: how likely, in
    percent, some of them are among the pages in question, if their pageblocks were strewn at random. `highest`: it is the
    highest boot memory of ZONE_MOVABLE, and there the boot takes its memory first (memblock goes from the top down).
    `counted`: the zone's counters were read, not worked out.
    """

    node: int
    zone: str
    pages: int
    kernel: int
    size: int
    reserved: int
    blocks: int
    least: int
    chance: int
    highest: bool
    counted: bool = True

    read: ClassVar[tuple[str, ...]] = ("/proc/kpageflags", "/proc/kpagecount")
    """What root can read that would tell."""
    root: ClassVar[bool] = True
    """Whether it takes root to read that."""


class NoFlags(Coded, frozen=True):
    """So many `pages` were seen without any flag: they are the kernel's, or free and on a CPU's list, and no file tells one
    from the other. The zone has `blocks` memory blocks with such pages."""

    node: int
    zone: str
    pages: int
    blocks: int

    read: ClassVar[tuple[str, ...]] = ()
    """No file would tell."""
    root: ClassVar[bool] = False
    """Whether it takes root to read that."""


class NotCounted(Coded, frozen=True):
    """No one counted the free pages of these zones, or their areas."""

    zones: tuple[ZoneKey, ...]

    read: ClassVar[tuple[str, ...]] = ("/proc/zoneinfo", "/proc/buddyinfo")
    """What would tell."""
    root: ClassVar[bool] = False
    """Whether it takes root to read that."""


class HighestAddress(Coded, frozen=True):
    """Whether the addresses behind `max_address` can be had: the direct map may be trimmed there (KASLR), page tables may be
    wider than the usual ones (5-level), or the kernel does not look whether they can (unchecked)."""

    limit: Literal["KASLR", "5-level", "unchecked"]
    max_address: int

    read: ClassVar[tuple[str, ...]] = ("/proc/cmdline", "/proc/cpuinfo")
    """What would tell."""
    root: ClassVar[bool] = False
    """Whether it takes root to read that."""


class NotDated(Coded, frozen=True):
    """No file tells whether the memory was there at boot, and boot memory is what the architecture lets nobody take away."""

    read: ClassVar[tuple[str, ...]] = ("/proc/iomem", "/proc/vmstat")
    """What would tell."""
    root: ClassVar[bool] = True
    """Whether it takes root to read that."""


class NotTold(Coded, frozen=True):
    """No file tells a parameter on which the answer hangs; `value` was taken."""

    name: str
    value: str

    read: ClassVar[tuple[str, ...]] = ("/proc/cmdline", "/sys/module/memory_hotplug")
    """What would tell."""
    root: ClassVar[bool] = False
    """Whether it takes root to read that."""


class NotListed(Coded, frozen=True):
    """No file lists memory blocks, so that those which are offline are not known: one may be there, or in the way."""

    read: ClassVar[tuple[str, ...]] = ("/sys/devices/system/memory",)
    """What would tell."""
    root: ClassVar[bool] = False
    """Whether it takes root to read that."""


class PartOfBlock(Coded, frozen=True):
    """This kernel adds whole sections, also into a part of a memory block, and altmap rehearses whole blocks."""

    read: ClassVar[tuple[str, ...]] = ()
    """No file would tell."""
    root: ClassVar[bool] = False
    """Whether it takes root to read that."""


class LeftBehind(Coded, frozen=True):
    """Sections without a block, which an add that failed left behind somewhere: `pages` of memmap are theirs."""

    pages: int

    read: ClassVar[tuple[str, ...]] = ()
    """No file would tell."""
    root: ClassVar[bool] = False
    """Whether it takes root to read that."""


class PoisonSomewhere(Coded, frozen=True):
    """More pages have a hardware error than were seen, so that an offline block may hold one, which no file tells."""

    read: ClassVar[tuple[str, ...]] = ()
    """No file would tell."""
    root: ClassVar[bool] = False
    """Whether it takes root to read that."""


class KernelNotTold(Coded, frozen=True):
    """No file tells the kernel, and `model`, which it may be as well, would say `result`."""

    model: str
    result: str

    read: ClassVar[tuple[str, ...]] = ("/proc/version",)
    """What would tell."""
    root: ClassVar[bool] = False
    """Whether it takes root to read that."""


Unknown = (
    NotSeen
    | NoFlags
    | NotCounted
    | HighestAddress
    | NotDated
    | NotTold
    | NotListed
    | PartOfBlock
    | LeftBehind
    | PoisonSomewhere
    | KernelNotTold
)
