"""What is worth knowing of a machine without being asked. Amounts of memory are bytes, `runs` are runs of memory blocks (first,
last)."""

from __future__ import annotations

from typing import Literal

from ..vocabulary import AutoOnline, OnlineType, Runs
from .coded import Coded


class OfflineBlocks(Coded, frozen=True):
    """Blocks that are there and offline, so that no program has their memory; `online` would bring them with the least
    harm, and `path` is the first one's file. `by_itself`: auto_online_blocks knows that word too."""

    runs: Runs
    size: int
    auto_online_blocks: AutoOnline | None
    online: OnlineType
    path: str
    by_itself: bool


class TopHeavy(Coded, frozen=True):
    """More movable memory than `ratio` percent of the kernel zones, beyond which the kernel's own auto-movable policy puts
    no more (auto_movable_ratio), both by the pages present; `free` is what the kernel zones have left."""

    movable: int
    kernel: int
    free: int
    ratio: int


class KernelMemoryLow(Coded, frozen=True):
    """The kernel zones have hardly any free memory above their watermarks: less than the memmap of as much memory as they
    have."""

    free: int
    kernel: int


class MemmapOffNode(Coded, frozen=True):
    """The memmap of blocks of a node lies on another one, `host`."""

    runs: Runs
    node: int
    host: int


class AutoOnlineKernel(Coded, frozen=True):
    """Memory that is added goes to a kernel zone by itself, from which it may never come back."""

    auto_online_blocks: AutoOnline


class MemmapFromKernel(Coded, frozen=True):
    """Each block that is added takes its memmap, so many pages, from memory that is there (memmap_on_memory=N)."""

    block_size: int
    pages: int
    size: int


class Withheld(Coded, frozen=True):
    """The buddy manages less than half of what a zone has."""

    node: int
    zone: str
    managed: int
    present: int


class OnlyMovable(Coded, frozen=True):
    """A node has nothing but movable memory."""

    node: int


WithoutBlock = Literal["device", "vetoed", "left"]


class NoBlock(Coded, frozen=True):
    """Sections without a memory block: a driver's device memory, memory for which the kernel made none (RFC v2 as posted, on
    s390), or what an add that failed left behind."""

    runs: Runs
    what: WithoutBlock


class GiantPagesLost(Coded, frozen=True):
    """Memory blocks (`block_size` bytes) that carry their own memmap (`memmap` bytes) leave hardly a range for huge pages of
    `size` bytes; blocks of `bigger` bytes would leave some."""

    size: int
    block_size: int
    memmap: int
    bigger: int


Worth = (
    OfflineBlocks
    | TopHeavy
    | KernelMemoryLow
    | MemmapOffNode
    | AutoOnlineKernel
    | MemmapFromKernel
    | Withheld
    | OnlyMovable
    | NoBlock
    | GiantPagesLost
)
