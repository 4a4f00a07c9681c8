"""Why an answer is not known: what no one saw or counted, how much of it there is, and what would tell."""

from __future__ import annotations

from typing import ClassVar, Literal

from ..vocabulary import ZoneKey
from .coded import Coded


class NotKnown(Coded, frozen=True):
    """What such reasons have in common."""

    read: ClassVar[tuple[str, ...]] = ()
    """The files that would tell; none where no file does."""
    root: ClassVar[bool] = False
    """Whether it takes root to read them."""


class NotSeen(NotKnown, frozen=True):
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

    read = ("/proc/kpageflags", "/proc/kpagecount")
    root = True


class NoFlags(NotKnown, frozen=True):
    """So many `pages` were seen without any flag: they are the kernel's, or free and on a CPU's list, and no file tells one
    from the other. The zone has `blocks` memory blocks with such pages."""

    node: int
    zone: str
    pages: int
    blocks: int


class NotCounted(NotKnown, frozen=True):
    """No one counted the free pages of these zones, or their areas."""

    zones: tuple[ZoneKey, ...]

    read = ("/proc/zoneinfo", "/proc/buddyinfo")


class HighestAddress(NotKnown, frozen=True):
    """Whether the addresses behind `max_address` can be had: the direct map may be trimmed there (KASLR), page tables may be
    wider than the usual ones (5-level), the kernel does not look whether they can (unchecked), or mem= ended memory there, which
    one driver that adds it minds and another does not (mem)."""

    limit: Literal["KASLR", "5-level", "unchecked", "mem"]
    max_address: int

    read = ("/proc/cmdline", "/proc/cpuinfo")


class NotDated(NotKnown, frozen=True):
    """No file tells whether the memory was there at boot, and boot memory is what the architecture lets nobody take away."""

    read = ("/proc/iomem", "/proc/vmstat")
    root = True


class ZoneNotTold(NotKnown, frozen=True):
    """No file tells all that auto-movable weighs: which kernel memory was there at boot, or which blocks are of one device.
    `differs`: by the file valid_zones of blocks that were offline it is otherwise than taken."""

    differs: bool

    read = ("/proc/iomem", "/proc/vmstat")
    root = True


class NotTold(NotKnown, frozen=True):
    """No file tells a parameter on which the answer hangs; `value` was taken."""

    name: str
    value: str

    read = ("/proc/cmdline", "/sys/module/memory_hotplug")


class NotListed(NotKnown, frozen=True):
    """No file lists memory blocks, so that those which are offline are not known: one may be there, or in the way, or what was
    taken for online is offline."""

    read = ("/sys/devices/system/memory",)


class NodesNotTold(NotKnown, frozen=True):
    """No file lists the nodes that firmware announced, and `node` may be one of them."""

    node: int

    read = ("/sys/devices/system/node/possible",)


class HoleNotTold(NotKnown, frozen=True):
    """No file tells what devices and firmware have below 4 GiB; an add that meets any of it is refused (EEXIST)."""

    read = ("/proc/iomem",)
    root = True


class PartOfBlock(NotKnown, frozen=True):
    """This kernel adds whole sections, also into a part of a memory block, and altmap rehearses whole blocks."""


class LeftBehind(NotKnown, frozen=True):
    """Sections without a block, which an add that failed left behind somewhere: `pages` of memmap are theirs."""

    pages: int


class PoisonSomewhere(NotKnown, frozen=True):
    """More pages have a hardware error than were seen, so that an offline block may hold one, which no file tells."""


class CmaSomewhere(NotKnown, frozen=True):
    """`pages` of a zone of the boot are CMA's, which no file tells where, and the kernel offlines no pageblock of those
    (has_unmovable_pages)."""

    node: int
    zone: str
    pages: int
    bytes: int


class Reclaimable(NotKnown, frozen=True):
    """Memory ran short, and the kernel would first take back what it can of so many pages: of files, of caches, and to swap."""

    pages: int
    bytes: int


class UnderWay(NotKnown, frozen=True):
    """The block was going offline when it was read, and no one saw its pages: whether that comes to an end is not known."""

    block: int

    read = ("/proc/kpageflags", "/proc/kpagecount")
    root = True


class KernelNotTold(NotKnown, frozen=True):
    """No file tells the kernel, and `model`, which it may be as well, would say `result`."""

    model: str
    result: str

    read = ("/proc/version",)


Unknown = (
    NotSeen
    | NoFlags
    | NotCounted
    | HighestAddress
    | NotDated
    | ZoneNotTold
    | NotTold
    | NotListed
    | NodesNotTold
    | HoleNotTold
    | PartOfBlock
    | LeftBehind
    | PoisonSomewhere
    | CmaSomewhere
    | Reclaimable
    | UnderWay
    | KernelNotTold
)
