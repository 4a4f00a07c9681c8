"""Sentences that say more on what is in the way."""

from __future__ import annotations

from ...numbers.units import about_bytes, format_bytes
from ...protocol.reasons import blocking
from ...protocol.reasons.blocking import Blocking
from ...protocol.vocabulary import Runs
from .words import Names, counted, node_names, run_names


def said(detail: Blocking, names: Names) -> str:
    """What is in the way of a command, beyond its number and kind."""
    match detail:
        case blocking.MemmapOf(runs, bare):
            return memmap_of(runs, bare, names)
        case blocking.TheseBlocks(runs):
            return run_names(runs, names)
        case blocking.OffABlock(block_size):
            return f"blocks have {format_bytes(block_size)}"
        case blocking.MustBeAligned(block_size, fits):
            text = f"start and size must be multiples of a block, {format_bytes(block_size)}"
            return text if fits is None else f"{text}; with blocks of {format_bytes(fits)} this range would do"
        case blocking.BeyondLast(last):
            return f"beyond the last address {last:#x}"
        case blocking.RangesThere(ranges, more):
            there = ", ".join(f"{name} at {first:#x}-{last:#x}" for name, first, last in ranges)
            return there + (f" and {more:,} more" if more else "")
        case blocking.NotAPossibleNode(node, nodes):
            return f"node {node} is none of the possible nodes {', '.join(map(str, nodes))}"
        case blocking.KernelMemoryShort(memmap, tables, nodes, available, size):
            return (
                f"the request takes {memmap + tables:,} ({memmap:,} of memmap, {tables:,} of page tables and objects), the "
                f"kernel zones of {node_names(nodes)} have {available:,} to spare: {about_bytes(size)} short"
            )
        case blocking.KernelMemoryScattered(nodes, available, needed, least):
            return (
                f"the kernel zones of {node_names(nodes)} have {available:,} pages to spare for {needed:,}, but not in a row, or "
                f"not with the {least:,} that base pages must leave"
            )
        case blocking.InGiganticRanges(node, size):
            return f"in so many aligned ranges of {format_bytes(size)} in kernel zones of node {node}"
        case blocking.DeviceBlocksIn(runs, size, node, zone, kernel_zone):
            lesson = "; online_movable would have kept the kernel's pages out" if kernel_zone else ""
            return f"{about_bytes(size)} of zone {zone} of node {node}, in {run_names(runs, names)}{lesson}"


def memmap_of(runs: Runs, bare: int, names: Names) -> str:
    """Whose memmap it is."""
    parts = [run_names(runs, names)] if runs else []
    if bare:
        parts.append(f"{counted(bare, 'range')} without a block")
    return f"that of {' and '.join(parts)}"
