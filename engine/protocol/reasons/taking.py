"""Why memory does not go offline, is not removed or not ejected."""

from __future__ import annotations

from ..vocabulary import Kind, NotifierAction
from .coded import Coded

# -- what offline_pages refuses at once ---------------------------------------------------------------------------------


class NoHotRemove(Coded, frozen=True):
    """The kernel takes no memory offline or away on the architecture before the release `since` (CONFIG_MEMORY_HOTREMOVE)."""

    arch: str
    kernel: str
    since: str


class SeveralZones(Coded, frozen=True):
    """The pages of the block lie in several zones or nodes, so its valid_zones is none."""

    block: int


class HoldsMemmap(Coded, frozen=True):
    """The block, or without one the range, holds the memmap of other blocks `of`."""

    block: int | None
    of: tuple[int, ...]


class MemoryHoles(Coded, frozen=True):
    """Only `covered` of the block's pages are System RAM."""

    block: int
    covered: int
    pages: int


class Unmovable(Coded, frozen=True):
    """Isolation stops at this page (has_unmovable_pages); `of`: the blocks whose memmap it holds."""

    pfn: int
    kind: Kind
    of: tuple[int, ...]


class UnseenKernelPages(Coded, frozen=True):
    """So many kernel pages of a zone are more than its other blocks could hold, so this one has some."""

    pages: int
    zone: str


class NotRemovable(Coded, frozen=True):
    """Something in the block cannot be moved, as its file `removable` said (is_mem_section_removable, before 5.6)."""

    block: int


class CrossesEnd(Coded, frozen=True):
    """A huge page goes on behind the block, which kernels before 6.10 do not isolate."""

    pfn: int
    pages: int


class Vetoed(Coded, frozen=True):
    """A subscriber of the memory notifier chain said no."""

    notifier: str
    action: NotifierAction


# -- what does not leave the range --------------------------------------------------------------------------------------


class Pinned(Coded, frozen=True):
    """Someone holds an extra reference on the page, so its migration fails."""

    pfn: int


class InHugePage(Coded, frozen=True):
    """The page belongs to a hugetlb page that found no other place."""

    pfn: int


class NoRoomElsewhere(Coded, frozen=True):
    """The zones that the page may go to have no room above their watermarks (-ENOMEM)."""

    pfn: int


class KernelPageInMovable(Coded, frozen=True):
    """The kernel uses the page inside ZONE_MOVABLE, where isolation does not look for such pages."""

    pfn: int


class FrozenSlab(Coded, frozen=True):
    """A slab page of order 0 has no reference, so isolation takes it for free (since 6.14); free it never becomes."""

    pfn: int


Stuck = Pinned | InHugePage | NoRoomElsewhere | KernelPageInMovable | FrozenSlab
"""Why a page stays in a range that is to go offline."""


class Backoff(Coded, frozen=True):
    """The kernel tries again and again until a signal ends it (EINTR)."""

    cause: Stuck


class LockHeld(Coded, frozen=True):
    """This block goes offline for ever, and who does that holds the hotplug lock: everyone else waits."""

    block: int


class Interrupted(Coded, frozen=True):
    """A signal came before the range was empty (EINTR)."""


# -- huge pages ---------------------------------------------------------------------------------------------------------


class NoOtherHugePage(Coded, frozen=True):
    """No other huge page of so many base pages can be had on the nodes."""

    pages: int
    nodes: tuple[int, ...]


class MemmapOfHugePage(Coded, frozen=True):
    """A huge page whose memmap was given back needs so many pages for it again, and there are too few."""

    pfn: int
    pages: int


class HugePagesInCircles(Coded, frozen=True):
    """Each of the block's huge pages in use that moves leaves a free one behind, into which the next one moves."""

    count: int
    pfn: int


class NextHugePageInside(Coded, frozen=True):
    """The next free huge page of the pool lies in the block too."""

    pfn: int


# -- removing -----------------------------------------------------------------------------------------------------------


class NotOffline(Coded, frozen=True):
    """The block is online."""

    block: int


class WrongGranularity(Coded, frozen=True):
    """The range (bytes) holds a block that hosts its own memmap, and kernels before 6.8 remove such blocks one by one."""

    start: int
    size: int
    block: int


class SomeHostTheirOwn(Coded, frozen=True):
    """So many blocks of the range host their own memmap and so many places do not (memory_blocks_have_altmaps)."""

    hosting: int
    others: int


class TooFewLmbs(Coded, frozen=True):
    """Of `there` LMBs only `removable` could go, and `asked` were to; DLPAR has put those back."""

    asked: int
    there: int
    removable: int


class NoLmbs(Coded, frozen=True):
    """Only POWER has LMBs, and DLPAR (arch/powerpc/platforms/pseries)."""

    arch: str


class UsedAfterUnmap(Coded, frozen=True):
    """RFC v2 as posted looks at struct pages that it has unmapped; the kernel crashes."""


class Crashed(Coded, frozen=True):
    """The kernel has crashed and does nothing any more."""


TakingReason = (
    NoHotRemove
    | SeveralZones
    | HoldsMemmap
    | MemoryHoles
    | Unmovable
    | UnseenKernelPages
    | NotRemovable
    | CrossesEnd
    | Vetoed
    | Stuck
    | Backoff
    | LockHeld
    | Interrupted
    | NoOtherHugePage
    | MemmapOfHugePage
    | HugePagesInCircles
    | NextHugePageInside
    | NotOffline
    | WrongGranularity
    | SomeHostTheirOwn
    | TooFewLmbs
    | NoLmbs
    | UsedAfterUnmap
    | Crashed
)
