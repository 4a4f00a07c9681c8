"""Which rule of zone_for_pfn_range gives a block its zone, and why a block is not onlined at all."""

from __future__ import annotations

from ..vocabulary import OnlineType
from .coded import Coded


class ZoneAskedFor(Coded, frozen=True):
    """The online type names the kind of zone."""

    type: OnlineType


class InSpanAlone(Coded, frozen=True):
    """contig-zones: the block lies in the span of this zone and not in that of the other."""

    zone: str


class MovableNode(Coded, frozen=True):
    """contig-zones: the boot option movable_node makes ZONE_MOVABLE the default."""


class KernelZoneByDefault(Coded, frozen=True):
    """contig-zones: the block lies in both spans or in none."""


class RatioZero(Coded, frozen=True):
    """auto-movable: auto_movable_ratio is 0."""


class DeviceInKernelZone(Coded, frozen=True):
    """auto-movable: a block of the same device is in a kernel zone."""


class UnitInKernelZone(Coded, frozen=True):
    """auto-movable: a block of the same unit of a virtio-mem device is in a kernel zone."""


class NothingToPay(Coded, frozen=True):
    """auto-movable: there is no boot memory in kernel zones, of the node or, without one, of the machine."""

    node: int | None


class AboveRatio(Coded, frozen=True):
    """auto-movable: `movable` pages and `more` of them are above the `cap`, which is `ratio` per cent of `kernel` pages of
    the boot; of the node or, without one, of the machine."""

    movable: int
    more: int
    cap: int
    ratio: int
    kernel: int
    node: int | None


class WithinRatio(Coded, frozen=True):
    """auto-movable: `more` movable pages stay within `ratio` per cent of the kernel pages of the boot."""

    more: int
    ratio: int


ZoneRule = (
    ZoneAskedFor
    | InSpanAlone
    | MovableNode
    | KernelZoneByDefault
    | RatioZero
    | DeviceInKernelZone
    | UnitInKernelZone
    | NothingToPay
    | AboveRatio
    | WithinRatio
)
"""Why a block goes to its zone."""


class NoAutoMovable(Coded, frozen=True):
    """The kernel has no online policy auto-movable."""

    kernel: str


class BlockPoisoned(Coded, frozen=True):
    """A page of the block has a hardware error (EHWPOISON)."""

    block: int


ZoneReason = ZoneRule | BlockPoisoned | NoAutoMovable
