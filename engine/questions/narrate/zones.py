"""Sentences on the rule that gives a block its zone."""

from __future__ import annotations

from ...protocol.reasons import zones
from ...protocol.reasons.zones import ZoneReason
from .words import Names


def said(reason: ZoneReason, names: Names) -> str:
    """By which rule a block goes to its zone, or why it is not onlined."""
    match reason:
        case zones.ZoneAskedFor(kind):
            return f"{kind} asks for {'ZONE_MOVABLE' if kind == 'online_movable' else 'a kernel zone'}"
        case zones.InSpanAlone(zone):
            return f"contig-zones: the block lies in the span of zone {zone} alone"
        case zones.MovableNode():
            return "contig-zones: movable_node makes ZONE_MOVABLE the default"
        case zones.KernelZoneByDefault():
            return "contig-zones: a kernel zone unless the block lies in the span of ZONE_MOVABLE alone"
        case zones.RatioZero():
            return "auto-movable: the ratio is 0"
        case zones.DeviceInKernelZone():
            return "auto-movable: a block of this device is in a kernel zone already"
        case zones.UnitInKernelZone():
            return "auto-movable: the unit of this block is in a kernel zone already"
        case zones.NothingToPay(node):
            return f"auto-movable: {_where(node)} has no boot memory in kernel zones to pay for movable memory"
        case zones.AboveRatio(movable, more, cap, ratio, kernel, node):
            return (
                f"auto-movable: {movable:,} movable pages and {more:,} more are above {cap:,} ({ratio:,} % of {kernel:,} kernel "
                f"pages of the boot) on {_where(node)}"
            )
        case zones.WithinRatio(more, ratio):
            return f"auto-movable: {more:,} more movable pages stay within {ratio:,} % of the kernel pages of the boot"
        case zones.NoAutoMovable(kernel):
            return f"{kernel} has no online policy auto-movable"
        case zones.BlockPoisoned(block):
            return f"{names((block,))} has a page with a hardware error"


def _where(node: int | None) -> str:
    return "the machine" if node is None else f"node {node}"
