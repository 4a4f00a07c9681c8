"""Sentences on why an answer is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...numbers.units import about_bytes
from ...protocol.reasons.unknown import (
    CmaSomewhere,
    HighestAddress,
    HoleNotTold,
    KernelNotTold,
    LeftBehind,
    NodesNotTold,
    NoFlags,
    NotCounted,
    NotDated,
    NotListed,
    NotSeen,
    NotTold,
    PartOfBlock,
    PoisonSomewhere,
    Reclaimable,
    UnderWay,
    Unknown,
    ZoneNotTold,
)
from ...protocol.vocabulary import ZoneKey
from .words import Names, counted, zone_name


def said(reason: Unknown, names: Names) -> str:
    """All that there is to say of it."""
    return "; ".join(unknown_words(reason))


def unknown_words(unknown: Unknown) -> Iterator[str]:
    """What no one saw, what is known of it, how likely it is in the way, and what would tell."""
    zone = zone_name((unknown.node, unknown.zone)) if isinstance(unknown, NotSeen | NoFlags) else ""
    match unknown:
        case HighestAddress(limit, max_address):
            yield f"it ends behind {max_address - 1:#x}, {_LIMITS[limit]}"
        case NotSeen(pages=pages):
            what = f"no one saw its {counted(pages, 'page')} in {zone}"
            yield f"{what}; one that cannot be moved is enough for a refusal" if pages > 1 else what
            yield from _whereabouts(unknown)
        case NoFlags(pages=pages, blocks=blocks):
            yield (
                f"{counted(pages, 'page')} of it in {zone} {'shows' if pages == 1 else 'show'} no flag: free on a CPU's list, or "
                f"the kernel's, and no file tells which; {counted(blocks, 'block')} of the zone "
                f"{'has' if blocks == 1 else 'have'} such pages"
            )
        case NotDated():
            yield "no file tells whether it was there at boot or was added later; memory of the boot is refused (EPERM) on arm64"
        case ZoneNotTold(differs):
            yield (
                "which zone auto-movable takes hangs on how much kernel memory was there at boot, and on which blocks are of one "
                "device, and no file tells these"
            )
            if differs:
                yield "blocks that were offline named another zone first (valid_zones) than follows from what was read"
        case PartOfBlock():
            yield (
                "this kernel takes whole sections, also into a part of a memory block, which goes online only when the rest of "
                "it is there (else EBUSY); altmap rehearses whole blocks alone"
            )
        case LeftBehind(pages):
            yield (
                f"an add that failed left sections behind (the kernel counts {pages:,} pages of memmap more than its blocks "
                f"have), and no file tells where; an add that meets them is refused (EEXIST)"
            )
        case PoisonSomewhere():
            yield (
                "some page of this machine has a hardware error, and no file tells which; a block that holds one does not go "
                "online again (EHWPOISON)"
            )
        case CmaSomewhere(node, name, pages, size):
            yield (
                f"{counted(pages, 'page')} of {zone_name((node, name))} ({about_bytes(size)}) are kept for CMA, no file tells "
                f"where; a block that holds some of them does not go offline (EBUSY); the log of the boot has lines "
                f"(cma: Reserved) that do"
            )
        case Reclaimable(pages, size):
            yield (
                f"the kernel would first take back pages of files and caches, and swap out what it can: at most "
                f"{counted(pages, 'page')} of its zones ({about_bytes(size)}), and no one knows how many of them it gets"
            )
        case UnderWay(block):
            yield f"memory{block} was going offline when this was read, and no one saw whether its pages let that come to an end"
        case KernelNotTold(model, result):
            said = "would do it" if result == "ok" else f"would say {result}"
            yield f"no file tells the kernel, and one as {model} {said}"
        case HoleNotTold():
            yield "no file tells what devices and firmware have below 4 GiB; an add that meets any of that is refused (EEXIST)"
        case NodesNotTold(node):
            yield f"no file lists the nodes that firmware announced, and node {node} may be one of them"
        case NotListed():
            yield "no file lists memory blocks: which there are, and which of them are offline, shows nowhere"
        case NotTold(name, value):
            yield f"no file tells {name}; {value} was taken, and with another value this may go otherwise"
        case NotCounted(zones):
            yield f"no one counted the free pages of {_zones(zones)}, and their areas"
    if unknown.read:
        yield f"to know, capture {' and '.join(unknown.read)}{' as root' if unknown.root else ''}"


_FEW: Final = 3
"""Nodes whose zones are named one by one."""


def _zones(zones: tuple[ZoneKey, ...]) -> str:
    nodes: dict[int, list[str]] = {}
    for node, zone in zones:
        nodes.setdefault(node, []).append(zone)
    if len(nodes) > _FEW:
        return f"the zones of {len(nodes):,} nodes"
    return " and of ".join(
        f"zone{'' if len(names) == 1 else 's'} {', '.join(names)} of node {node}" for node, names in nodes.items()
    )


_LIMITS: Final = {
    "mem": "where mem= ends memory: this kernel refuses what Hyper-V's driver adds there (E2BIG), and not what Xen's does",
    "KASLR": "which is as far as the direct map goes if KASLR trimmed it (nokaslr, or a kernel that does not, has it whole)",
    "5-level": "the highest address with 4-level page tables; with 5-level ones (la57) it could be had",
    "unchecked": "the highest address, and this kernel does not look: what comes of it is not known",
}


def _whereabouts(unknown: NotSeen) -> Iterator[str]:
    """How many pages that cannot be moved lie in how many blocks, and how likely some lie where was asked."""
    if not unknown.counted:
        yield "no one counted which pages of the zone are the kernel's, and some always are"
        return
    if not unknown.kernel:
        yield "by the counters nothing in the zone is the kernel's, but they are approximate, and of another moment"
        return
    what = f"{counted(unknown.kernel, 'page')} of the zone ({about_bytes(unknown.size)})"
    if unknown.reserved == unknown.kernel:
        what += f" {'is' if unknown.kernel == 1 else 'are'} reserved since boot"
    else:
        what += f" cannot be moved{f', {unknown.reserved:,} of them reserved since boot' if unknown.reserved else ''}"
    least = f", and at least {unknown.least:,} of these hold{'s' * (unknown.least == 1)} some" if unknown.least else ""
    yield f"{what}: somewhere in its {counted(unknown.blocks, 'block')}{least}"
    yield f"strewn by chance, some of them would lie here in {unknown.chance:,} of 100 cases" + (
        "; but most likely they do: the boot takes its memory from the top down" if unknown.highest else ""
    )
