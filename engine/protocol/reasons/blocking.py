"""More on what is in the way of a command than what it is, where it begins and how much of it there is."""

from __future__ import annotations

from ..vocabulary import Runs
from .coded import Coded


class MemmapOf(Coded, frozen=True):
    """It is the memmap of these blocks, and of so many ranges without a block."""

    runs: Runs
    bare: int


class TheseBlocks(Coded, frozen=True):
    """Which blocks."""

    runs: Runs


class OffABlock(Coded, frozen=True):
    """A range is not made of whole memory blocks, which have so many bytes."""

    block_size: int


class MustBeAligned(Coded, frozen=True):
    """Start and size must be multiples of a block (bytes); with blocks of `fits` bytes they would be, None: with none."""

    block_size: int
    fits: int | None


class BeyondLast(Coded, frozen=True):
    """The range goes beyond the last address (byte) that the machine can map."""

    last: int


class RangesThere(Coded, frozen=True):
    """Ranges of /proc/iomem: name, first and last byte; and so many more."""

    ranges: tuple[tuple[str, int, int], ...]
    more: int


class NotAPossibleNode(Coded, frozen=True):
    """The node is none of those that firmware announced."""

    node: int
    nodes: tuple[int, ...]


class KernelMemoryShort(Coded, frozen=True):
    """A request takes `memmap` pages, and `tables` for page tables and kernel objects; the kernel zones of the nodes have
    `available` to spare, which is `size` bytes too few."""

    memmap: int
    tables: int
    nodes: tuple[int, ...]
    available: int
    size: int


class KernelMemoryScattered(Coded, frozen=True):
    """The kernel zones of the nodes have the `needed` pages, but not in a row, or not with the `least` that base pages must
    leave."""

    nodes: tuple[int, ...]
    available: int
    needed: int
    least: int


class InGiganticRanges(Coded, frozen=True):
    """They lie in so many of the ranges of the node that could be a huge page of `size` bytes."""

    node: int
    size: int


class DeviceBlocksIn(Coded, frozen=True):
    """They keep `size` bytes of a virtio-mem device plugged, in a zone and in these memory blocks; `kernel_zone`: in another
    zone the kernel's own pages would not have come there."""

    runs: Runs
    size: int
    node: int
    zone: str
    kernel_zone: bool


Blocking = (
    MemmapOf
    | TheseBlocks
    | OffABlock
    | MustBeAligned
    | BeyondLast
    | RangesThere
    | NotAPossibleNode
    | KernelMemoryShort
    | KernelMemoryScattered
    | InGiganticRanges
    | DeviceBlocksIn
)
