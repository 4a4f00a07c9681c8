"""Lines of the kernel log about memory hotplug: what each means, by which rule of the kernel, about which page; and with a
machine, what is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import msgspec

from ..memory.state import Holder, State, state_of
from ..numbers.units import about_bytes, format_bytes
from .narrate import block_names, counted
from .outlook import outlook
from .pages import pages_in
from .why.words import KIND_WORDS

_MOST_BLOCKS: Final = 8
"""Blocks of a range that are looked at."""


class Explained(msgspec.Struct, frozen=True):
    """A line of the log: what it `means`, the `rule` (where in the kernel it is decided), the page (pfn) and the range of
    addresses (first, behind the last) that it names, and what is `here` on the machine that was given, a sentence each."""

    line: str
    means: str
    rule: str
    pfn: int | None = None
    range: tuple[int, int] | None = None
    here: tuple[str, ...] = ()


class _Row(NamedTuple):
    """A pattern, with groups `pfn` (hexadecimal), `low` and `high` where it names these; what it means, of the match; and the
    rule."""

    pattern: re.Pattern[str]
    means: Callable[[re.Match[str]], str]
    rule: str


def _row(pattern: str, means: str | Callable[[re.Match[str]], str], rule: str) -> _Row:
    said = means if callable(means) else lambda match: means
    return _Row(re.compile(pattern), said, rule)


_WHY_OFFLINE: Final = {
    "failure to isolate range": (
        "EBUSY: a page in it cannot be moved (slab, page table, memmap, another page of the kernel, or reserved); the lines "
        "around it (page dumped because: unmovable page) show which. A zone of the kernel holds such pages anywhere; zone "
        "Movable does not",
        "mm/page_isolation.c, has_unmovable_pages",
    ),
    "signal backoff": (
        "EINTR: pages that should move did not go (pinned, or no room elsewhere), the kernel tried on, and a signal ended it",
        "mm/memory_hotplug.c, offline_pages; the lines `migrating pfn` name the pages",
    ),
    "notifier failure": (
        "a part of the kernel (a driver, or the architecture) forbade it in MEM_GOING_OFFLINE",
        "memory_notify",
    ),
    "failure to dissolve free hugepages": (
        "EBUSY: a free huge page of the pool could not be given up; the pool needs it",
        "mm/hugetlb.c, dissolve_free_huge_pages",
    ),
    "memory holes": (
        "EINVAL: a part of the block is no System RAM, and such a block never goes offline",
        "offline_pages",
    ),
    "multizone range": (
        "EINVAL: the block holds pages of several zones or nodes, and never goes offline",
        "test_pages_in_a_zone",
    ),
}


def _failed(match: re.Match[str]) -> str:
    why = _WHY_OFFLINE.get(match["why"].strip())
    return f"memory did not go offline: {why[0] if why else match['why']}"


_ROWS: Final = (
    _row(
        r"memory offlining \[mem (?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] failed due to (?P<why>.+)",
        _failed,
        "mm/memory_hotplug.c, offline_pages; the range is without the block's own memmap",
    ),
    _row(
        r"page dumped because: (?P<why>.+)",
        lambda match: (
            "the page that the lines before it show is the one in the way"
            if match["why"].startswith(("unmovable", "migration"))
            else f"the kernel shows a page, because of: {match['why']}"
        ),
        "mm/debug.c, dump_page; has_unmovable_pages and do_migrate_range call it",
    ),
    _row(
        r"page:\s*(?:[0-9a-f(){}_ptrval]+ )?refcount:(?P<refs>-?\d+) mapcount:-?\d+ .*?pfn:(?P<pfn>(?:0x)?[0-9a-f]+)",
        lambda match: f"a page is shown, with {counted(int(match['refs']), 'reference')}; which it is says pfn",
        "mm/debug.c, __dump_page",
    ),
    _row(
        r"migrating pfn (?P<pfn>[0-9a-f]+) failed(?: ret:(?P<ret>-?\d+))?",
        "a page should leave the block and did not: someone holds an extra reference (pinned), or no room was left for it",
        "mm/memory_hotplug.c, do_migrate_range",
    ),
    _row(
        r"[Oo]fflined [Pp]ages:? (?P<pages>\d+)",
        lambda match: f"a block went offline, with {match['pages']} pages: those of its own memmap are not among them",
        "mm/memory_hotplug.c, offline_pages",
    ),
    _row(
        r"memory memory(?P<block>\d+): Offline failed",
        lambda match: f"a device is to be taken out, and memory{match['block']} did not go offline; the device stays",
        "drivers/base/memory.c; acpi_scan_hot_remove refuses the eject with it",
    ),
    _row(
        r"removing memory fails, because memory \[(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] is onlined",
        "memory is removed only when all its blocks are offline",
        "mm/memory_hotplug.c, check_memblock_offlined_cb",
    ),
    _row(
        r"Block size \[(?P<unit>0x[0-9a-f]+)\] unaligned hotplug range: start (?P<low>0x[0-9a-f]+), size (?P<size>0x[0-9a-f]+)",
        lambda match: (
            f"EINVAL: memory is added in whole blocks of {format_bytes(int(match['unit'], 16))}, and this range "
            f"({about_bytes(int(match['size'], 16))}) is not made of them"
        ),
        "mm/memory_hotplug.c, check_hotplug_memory_range",
    ),
    _row(
        r"Hotplug memory \[(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] exceeds maximum addressable range",
        "E2BIG: the range lies beyond the addresses that the kernel can map",
        "mm/memory_hotplug.c, check_hotplug_memory_addressable",
    ),
    _row(
        r"vmemmap alloc failure: order:(?P<order>\d+)",
        lambda match: (
            f"the memmap of added memory needs {1 << int(match['order'])} pages in a row of memory that is there already, and "
            f"there were none (the kernel then tries single pages, and may fail with ENOMEM); memmap_on_memory puts it into the "
            f"added memory instead"
        ),
        "mm/sparse-vmemmap.c, vmemmap_alloc_block",
    ),
    _row(r"System is deadlocked on memory", "no memory was left and no process to kill: the machine stops", "mm/oom_kill.c"),
    _row(
        r"acpi_memory_enable_device\(\) error|add_memory failed",
        "the driver of a memory device did not get its memory added; the line before it says why",
        "drivers/acpi/acpi_memhotplug.c",
    ),
    _row(
        r"Memory hotplug will waste (?P<pages>\d+) pages in each memory block",
        lambda match: (
            f"memmap_on_memory=force: each block gives up {match['pages']} pages more than its memmap needs, to whole pageblocks"
        ),
        "mm/memory_hotplug.c, mhp_supports_memmap_on_memory (6.6 and later)",
    ),
    _row(
        r"[Rr]efuse to remove (?P<low>0x[0-9a-f]+) - (?P<high>0x[0-9a-f]+),\s*wrong granularity",
        "blocks with a memmap of their own are removed as they were added: each whole request, or block, at once",
        "mm/memory_hotplug.c, try_remove_memory",
    ),
    _row(r"altmap unsupported", "the architecture cannot map the memmap from the added range", "RFC v2, patch 2"),
    _row(
        r"Built (?P<count>\d+) zonelists, mobility grouping (?P<how>\w+)\.\s+Total pages: (?P<pages>\d+)",
        lambda match: f"the lists of zones were built anew: a zone came to be, or went; {match['pages']} pages are managed",
        "mm/page_alloc.c, build_all_zonelists",
    ),
    _row(r"Fallback order for Node (?P<node>\d+)", "where memory of the node comes from when it has none", "build_zonelists"),
    _row(r"Policy zone: (?P<zone>\w+)", "the highest kernel zone: memory policies bind it and those above", "mm/mempolicy.c"),
    _row(
        r"Memory failure: (?P<pfn>0x[0-9a-f]+): (?P<what>.+)",
        lambda match: f"a page has a hardware error: {match['what']}",
        "mm/memory-failure.c, memory_failure",
    ),
    _row(
        r"[Ss]oft offlining pfn (?P<pfn>0x[0-9a-f]+)",
        "a page that is suspected of a hardware error is emptied and taken out of use",
        "mm/memory-failure.c, soft_offline_page",
    ),
    _row(
        r"virtio_mem \S+: (?P<what>plugged|requested) size: (?P<size>0x[0-9a-f]+)",
        lambda match: (
            f"the virtio-mem device has {about_bytes(int(match['size'], 16))} plugged"
            if match["what"] == "plugged"
            else f"the hypervisor asks for {about_bytes(int(match['size'], 16))}; altmap why tells how far it comes"
        ),
        "drivers/virtio/virtio_mem.c, virtio_mem_refresh_config",
    ),
    _row(
        r"SRAT: Node (?P<node>\d+) PXM \d+ \[mem (?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] hotplug",
        "firmware announces a range in which memory may be plugged; without movable_node it only raises the highest address",
        "drivers/acpi/numa/srat.c",
    ),
    _row(
        r"kmem \S+: (?P<what>mapping\d+: .+ could not reserve region|rejecting DAX region .+)",
        lambda match: f"DAX memory did not become system RAM: {match['what']}",
        "drivers/dax/kmem.c, dev_dax_kmem_probe",
    ),
    _row(
        r"pseries-hotplug-mem: (?P<what>.+)",
        lambda match: f"memory of a POWER partition comes or goes (DLPAR), LMB by LMB: {match['what']}",
        "arch/powerpc/platforms/pseries/hotplug-memory.c",
    ),
)  # fmt: skip


def explain(text: str, machine: Holder | State | None = None) -> tuple[Explained, ...]:
    """The lines of a kernel log that are about memory hotplug, each explained, in their order; others are left out. Where a line
    has several meanings, that of the first that fits."""
    state = None if machine is None else state_of(machine)
    found = (_explained(line.rstrip("\r"), state) for line in text.splitlines())
    return tuple(one for one in found if one is not None)


def _explained(line: str, state: State | None) -> Explained | None:
    for row in _ROWS:
        if (match := row.pattern.search(line)) is not None:
            groups = match.groupdict()
            pfn = int(groups["pfn"], 16) if groups.get("pfn") else None
            low, high = (int(groups[name], 16) if groups.get(name) else None for name in ("low", "high"))
            if low is not None and high is None and groups.get("size"):
                high = low + int(groups["size"], 16) - 1
            extent = (low, high + 1) if low is not None and high is not None and low <= high else None
            rule = _WHY_OFFLINE.get((groups.get("why") or "").strip(), ("", row.rule))[1]
            block = int(groups["block"]) if groups.get("block") else None
            here = () if state is None else tuple(_here(state, pfn, extent, block))
            return Explained(line.strip(), row.means(match), rule, pfn, extent, here)
    return None


def _here(state: State, pfn: int | None, extent: tuple[int, int] | None, block: int | None) -> Iterable[str]:
    """What the machine has there."""
    if pfn is not None and pfn < 1 << 52:
        (page,) = pages_in(state, pfn, 1)
        number, zone = (
            state.geometry.block_of(pfn),
            "" if page.zone is None else f", zone {page.zone[1]} of node {page.zone[0]}",
        )
        kind = KIND_WORDS.get(page.kind or "", page.kind) if page.present else "no memory"
        yield f"pfn {pfn:#x} is in memory{number}{zone}: {kind or 'not online'}"
    size = state.geometry.block_size
    numbers = [block] if block is not None else []
    if extent is not None:
        numbers = list(range(extent[0] // size, min(-(-extent[1] // size), extent[0] // size + (1 << 16))))
    there = [number for number in numbers if number in state.blocks]
    if len(there) < len(numbers):
        yield f"{block_names(sorted({*numbers} - {*there}), 4)}: not there on this machine"
    for number in there[:_MOST_BLOCKS]:
        known = state.blocks[number]
        if known.state != "online":
            yield f"memory{number} is {known.state}"
            continue
        found = outlook(state, number)
        zone = "several zones" if known.zone is None else f"zone {known.zone[1]} of node {known.zone[0]}"
        held = ", ".join(f"{count} {KIND_WORDS.get(kind, kind)}" for kind, count in found.blockers)
        yield f"memory{number} is in {zone}; could it go offline now: {found.answer}{f' ({held})' if held else ''}"
