"""Sentences on what is worth knowing of a machine."""

from __future__ import annotations

from ...numbers.units import about_bytes, format_bytes
from ...protocol.reasons import worth
from ...protocol.reasons.worth import Worth
from .words import Names, block_count, run_names


def said(fact: Worth, names: Names) -> str:
    """What is so, what it means, and, where a line on the real machine helps, that line."""
    match fact:
        case worth.OfflineBlocks():
            return _offline(fact, names)
        case worth.TopHeavy(movable, kernel, free, ratio):
            return (
                f"{about_bytes(movable)} of movable memory stand against {about_bytes(kernel)} in kernel zones "
                f"({_ratio(movable, kernel)}:1, over {ratio:,} %, where the kernel's own auto-movable policy stops), and "
                f"{about_bytes(free)} of the kernel zones are free: page tables, slab and sockets may run short while "
                f"movable memory is free"
            )
        case worth.KernelMemoryLow(free, kernel):
            return (
                f"the kernel zones have {about_bytes(free)} to spare above their watermarks, of {about_bytes(kernel)}: what is "
                f"left hardly takes the memmap of more memory; online what is there, or free some, before adding more"
            )
        case worth.MemmapOffNode(runs, node, host):
            return f"the memmap of {run_names(runs, names)}, which is on node {node}, lies on node {host}"
        case worth.AutoOnlineKernel(auto_online):
            return (
                f"auto_online_blocks={auto_online} puts added blocks into a kernel zone at once: what the kernel then "
                f"allocates in them cannot be moved, and they may never go offline again; online_movable keeps them removable"
            )
        case worth.MemmapFromKernel(block_size, pages, size):
            return (
                f"memmap_on_memory=N: each block of {format_bytes(block_size)} that is added takes {pages:,} pages "
                f"({format_bytes(size)}) for its memmap from memory that is there already"
            )
        case worth.Withheld(node, zone, managed, present):
            return (
                f"zone {zone} of node {node} manages only {about_bytes(managed)} of its {about_bytes(present)}: the kernel "
                f"reserved the rest at boot, or a balloon holds it"
            )
        case worth.OnlyMovable(node):
            return f"node {node} has only movable memory: the kernel's own pages for it lie on other nodes"
        case worth.NoBlock(runs, what):
            kind = {
                "device": "device memory without a memory block",
                "vetoed": "memory without a memory block, which cannot go online: the kernel lost the flag that makes them",
                "left": "sections without a memory block, left behind by an add that failed",
            }[what]
            return f"at the place of {run_names(runs, names)}: {kind}"

        case worth.GiantPagesLost(size, block_size, memmap, bigger):
            page = format_bytes(size)
            return (
                f"each block of {format_bytes(block_size)} begins with {format_bytes(memmap)} of its own memmap, so that "
                f"hardly a range stays whole for a page of {page}. The RFC names three ways out: (a) bigger memory blocks: of "
                f"{format_bytes(bigger)} each would keep {bigger // size - 1:,} of {bigger // size:,} such pages (the boot "
                f"decides); (b) low sections of the node hold the memmap of the others (in no released kernel); (c) memmap in "
                f"kernel memory where such pages are wanted (memmap_on_memory=N)"
            )


def _offline(fact: worth.OfflineBlocks, names: Names) -> str:
    runs, online, path, auto_online = fact.runs, fact.online, fact.path, fact.auto_online_blocks
    alone = block_count(runs) == 1
    by_hand = f"`echo {online} > {path}` brings {'it' if alone else 'the first, and so on'}"
    what = (
        f"{run_names(runs, names)} ({about_bytes(fact.size)}) {'is' if alone else 'are'} offline: no program can use "
    )
    what += f"{'it' if alone else 'them'}, and MemTotal does not count {'it' if alone else 'them'}"
    if auto_online not in ("offline", None):
        return f"{what}; auto_online_blocks={auto_online} is for what is added from now on: {by_hand}"
    folder = path.rpartition("/memory")[0]
    next_time = (
        f"; `echo {online} > {folder}/auto_online_blocks` does it for what is added next" if fact.by_itself else ""
    )
    if auto_online is None:
        return f"{what}: {by_hand}{next_time}"
    return f"{what}; auto_online_blocks=offline leaves that to you, or to udev: {by_hand}{next_time}"


def _ratio(movable: int, kernel: int) -> str:
    return f"{movable / kernel:.3g}" if movable < 10 * kernel else f"{movable // max(1, kernel)}"
