"""What lines of the kernel log about memory hotplug look like, what each means, and where in the kernel it is decided: those of
the kernel's core."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from ...numbers.units import about_bytes, format_bytes
from ..narrate.words import counted
from .sieve import Pattern, literal


class LogLine(NamedTuple):
    """What a line looks like, with groups `pfn` (hexadecimal), `low` and `high`, or `behind` where the address behind the last is
    told; what it means, of the match; and the rule."""

    pattern: Pattern
    means: Callable[[re.Match[str]], str]
    rule: str


def log_line(pattern: Pattern, means: str | Callable[[re.Match[str]], str], rule: str) -> LogLine:
    """A row from the pattern and, where the meaning depends on the match, a function of it."""
    said = means if callable(means) else lambda match: means
    return LogLine(pattern, said, rule)


WHY_OFFLINE: Final = {
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
    "node notifier failure": (
        "a part of the kernel forbade that the node loses its last memory (NODE_REMOVING_LAST_MEMORY)",
        "drivers/base/node.c, node_notify (6.17 and later)",
    ),
    "notifier failure": (
        "a part of the kernel (a driver, or the architecture) forbade it in MEM_GOING_OFFLINE",
        "memory_notify",
    ),
    "unmovable page": (
        "EBUSY: after the range was isolated a page turned up in it that a driver withholds (PageOffline) and does not let go",
        "mm/memory_hotplug.c, scan_movable_pages (5.8 and later)",
    ),
    "failure to dissolve huge pages": (
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


_ERRNOS: Final = {
    1: "EPERM: a part of the kernel forbade it",
    11: "EAGAIN: not now; it is tried again",
    12: "ENOMEM: no memory was left for it, as for the memmap",
    16: "EBUSY: memory of it is in use and did not go, or its range in /proc/iomem is taken",
    17: "EEXIST: something in /proc/iomem lies in the range already, or memory that an add which failed left behind",
    22: "EINVAL: the kernel does not take the range, or the node, as it is",
    7: "E2BIG: the range lies beyond the addresses that the kernel can map",
    28: "ENOSPC: nothing is left of it",
}


def errno_words(number: str) -> str:
    """What the number of an errno, as a line of the log has it (-12), means where memory comes or goes."""
    return _ERRNOS.get(value := abs(int(number)), f"errno {value}")


def _failed(match: re.Match[str]) -> str:
    why = WHY_OFFLINE.get(match["why"].strip())
    return f"memory did not go offline: {why[0] if why else match['why']}"


def _in_a_row(match: re.Match[str]) -> str:
    order = min(int(match["order"]), 63)
    return f"{1 << order:,} pages in a row" if order else "1 page"


def _pages(match: re.Match[str]) -> str:
    return counted(int(match["pages"]), "page")


LOG_LINES: Final = (
    log_line(
        literal("memory offlining [mem ") + r"(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] failed due to (?P<why>[\w ]+)",
        _failed,
        "mm/memory_hotplug.c, offline_pages; the range is without the block's own memmap",
    ),
    log_line(
        literal("cma: Reserved ") + r"(?P<mib>\d{1,9}) MiB at (?P<at>0x[0-9a-f]{1,16})",
        lambda match: (
            f"the boot keeps {match['mib']}M from {match['at']} on for CMA (contiguous memory): blocks that hold some of them do "
            f"not go offline (EBUSY), since 5.1"
        ),
        "mm/cma.c, cma_declare_contiguous_nid; mm/page_isolation.c, has_unmovable_pages",
    ),
    log_line(
        r"[Oo]" + literal("fflined ") + r"[Pp]ages:? (?P<pages>\d+)",
        lambda match: f"a block went offline, with {_pages(match)}: those of its own memmap are not among them",
        "mm/memory_hotplug.c, offline_pages",
    ),
    log_line(
        literal("memory memory") + r"(?P<block>\d+): Offline failed",
        lambda match: f"a device is to be taken out, and memory{match['block']} did not go offline; the device stays",
        "drivers/base/memory.c; acpi_scan_hot_remove refuses the eject with it",
    ),
    log_line(
        literal("removing memory fails, because memory [") + r"(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] is onlined",
        "memory is removed only when all its blocks are offline",
        "mm/memory_hotplug.c, check_memblock_offlined_cb",
    ),
    log_line(
        literal("Block size [")
        + r"(?P<unit>0x[0-9a-f]+)\] unaligned hotplug range: start (?P<low>0x[0-9a-f]+), size (?P<size>0x[0-9a-f]+)",
        lambda match: (
            f"EINVAL: memory is added in whole blocks of {format_bytes(int(match['unit'], 16))}, and this range "
            f"({about_bytes(int(match['size'], 16))}) is not made of them"
        ),
        "mm/memory_hotplug.c, check_hotplug_memory_range",
    ),
    log_line(
        literal("Hotplug memory [") + r"(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] exceeds maximum addressable range",
        "E2BIG: the range lies beyond the addresses that the kernel can map",
        "mm/memory_hotplug.c, mhp_range_allowed (5.12 and later)",
    ),
    log_line(
        literal("exceeds maximum addressable address, range=[") + r"(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\]",
        "E2BIG: the range lies beyond the addresses that the kernel can map",
        "mm/memory_hotplug.c, check_hotplug_memory_addressable (5.5 to 5.11)",
    ),
    log_line(
        literal("Section-unaligned hotplug range: start ") + r"(?P<low>0x[0-9a-f]+), size (?P<size>0x[0-9a-f]+)",
        "EINVAL: memory was added in whole sections then, and this range is not made of them",
        "mm/memory_hotplug.c, check_hotplug_memory_range (before 4.17)",
    ),
    log_line(
        literal("System RAM resource [mem ") + r"(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)[^]]*\] cannot be added",
        "EEXIST: something in /proc/iomem lies in the range already",
        "mm/memory_hotplug.c, register_memory_resource (before 5.2)",
    ),
    log_line(
        literal("vmemmap alloc failure: order:") + r"(?P<order>\d+)",
        lambda match: (
            f"the memmap of added memory needs {_in_a_row(match)} of memory that is there already, and "
            f"there were none (the kernel then tries single pages, and may fail with ENOMEM); memmap_on_memory puts it into the "
            f"added memory instead"
        ),
        "mm/sparse-vmemmap.c, vmemmap_alloc_block",
    ),
    log_line(
        literal("Memory hotplug will waste ") + r"(?P<pages>\d+) pages in each memory block",
        lambda match: (
            f"memmap_on_memory=force: each block gives up {_pages(match)} more than its memmap needs, to whole pageblocks"
        ),
        "mm/memory_hotplug.c, set_memmap_mode (6.6 and later)",
    ),
    log_line(
        r"[Rr]efuse to remove (?P<low>0x[0-9a-f]+) - (?P<behind>0x[0-9a-f]+),\s*" + literal("wrong granularity"),
        "blocks with a memmap of their own are removed as they were added: each whole request, or block, at once",
        "mm/memory_hotplug.c, try_remove_memory",
    ),
    log_line(
        literal("Failed to remove memory: ") + r"(?P<errno>-?\d+)",
        lambda match: f"memory that a driver (virtio-mem, dax) gives back did not go: {errno_words(match['errno'])}",
        "mm/memory_hotplug.c, offline_and_remove_memory (5.8 and later)",
    ),
    log_line(
        literal("Failed to re-online memory: ") + r"(?P<errno>-?\d+)",
        lambda match: f"blocks that a removal took offline were to come back, and stay offline: {errno_words(match['errno'])}",
        "mm/memory_hotplug.c, try_reonline_memory_block (5.8 and later)",
    ),
    log_line(
        literal("Cannot online node ") + r"(?P<node>\d+) due to NULL pgdat",
        lambda match: f"ENOMEM: no memory was left to keep books of node {match['node']}, which the added memory would begin",
        "mm/memory_hotplug.c, __try_online_node",
    ),
    log_line(
        literal("memory add fail, invalid altmap"),
        "EINVAL: a driver's altmap does not fit the range that it adds",
        "mm/memory_hotplug.c, __add_pages",
    ),
    log_line(
        literal("Unknown kernel command line parameters ") + r'.*[\" ]memmap_on_memory(?:=\S*)?[\" ,]',
        "the option had no effect: it is spelled memory_hotplug.memmap_on_memory=",
        "init/main.c, print_unknown_bootoptions",
    ),
    log_line(
        r"[`'](?P<value>\w+)' invalid for parameter [`']" + literal("memory_hotplug.memmap_on_memory'"),
        lambda match: f"the kernel does not know the value {match['value']}: memmap_on_memory stays off (force came with 6.6)",
        "kernel/params.c, parse_args",
    ),
    log_line(literal("altmap unsupported"), "the architecture cannot map the memmap from the added range", "RFC v2, patch 2"),
    log_line(
        r"Built (?P<count>\d+) zonelists(?: in \w+ order)?"
        + literal(", mobility grouping ")
        + r"(?P<how>\w+)\.\s+Total pages: (?P<pages>\d+)",
        lambda match: (
            f"the lists of zones were built anew: a zone came to be, or went; {_pages(match)} are above high watermarks"
        ),
        "mm/page_alloc.c, build_all_zonelists",
    ),
    log_line(
        literal("Fallback order for Node ") + r"(?P<node>\d+)",
        "where memory of the node comes from when it has none",
        "build_zonelists",
    ),
    log_line(
        literal("Policy zone: ") + r"(?P<zone>\w+)",
        "the highest kernel zone: memory policies bind it and those above",
        "mm/mempolicy.c",
    ),
    log_line(
        r"[Ss]oft." + literal("offlining pfn") + r":? (?P<pfn>0x[0-9a-f]+)",
        "a page that is suspected of a hardware error is emptied and taken out of use",
        "mm/memory-failure.c, soft_offline_page",
    ),
    log_line(
        literal("memory offlining [mem ") + r"(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] failed\s*$",
        "memory did not go offline; kernels before 5.0 do not say why: the lines around it do (page dumped because)",
        "mm/memory_hotplug.c, __offline_pages (before 5.0)",
    ),
    log_line(
        literal("online_pages [mem ") + r"(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] failed",
        "a block did not go online: a part of the kernel forbade it in MEM_GOING_ONLINE, mostly for want of memory",
        "mm/memory_hotplug.c, online_pages",
    ),
    log_line(
        r"\[(?P<pfn>[0-9a-f]+), [0-9a-f]+" + literal(") PFNs busy"),
        "EBUSY: a range that was to be emptied (for virtio-mem to unplug, a gigantic page, or CMA) holds pages that did not go",
        "mm/page_alloc.c, alloc_contig_range and __alloc_contig_migrate_range",
    ),
    log_line(
        literal("Hotplugged memory exceeds maximum addressable address, range=")
        + r"(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)",
        "E2BIG: the range lies beyond the addresses that the kernel can map",
        "mm/memory_hotplug.c, check_hotplug_memory_addressable (before 5.12)",
    ),
    log_line(
        literal("Unable to reserve ") + r"(?P<what>.+) region: (?P<low>[0-9a-f]+)->(?P<behind>[0-9a-f]+)",
        "EEXIST: something in /proc/iomem lies in the range already, such as memory that was added before",
        "mm/memory_hotplug.c, register_memory_resource",
    ),
    log_line(
        literal("Misaligned ") + r"\w+ start: #?(?:0x)?(?P<pfn>[0-9a-f]+)",
        "EINVAL: a driver's memory is not made of whole sub-sections (2 MiB), or of whole sections",
        "mm/memory_hotplug.c, check_pfn_span",
    ),
    log_line(
        literal("Initmem setup node ") + r"(?P<node>\d+) (?:as memoryless|\[mem 0x0+-0x0+\])",
        lambda match: f"node {match['node']} was announced without memory, so that memory can be added to it",
        "mm/mm_init.c, free_area_init_node",
    ),
    log_line(
        literal("page allocation failure: order:") + r"(?P<order>\d+)",
        lambda match: f"{_in_a_row(match)} {'was' if match['order'] == '0' else 'were'} asked for and not to be had",
        "mm/page_alloc.c, warn_alloc",
    ),
    log_line(
        literal("WARNING: ") + r".*at .*\badd_pages\b",
        "memory that was being added ran out of memory for its memmap, and sections stay behind without a block (ENOMEM)",
        "arch/x86/mm/init_64.c, add_pages",
    ),
    log_line(
        literal("WARNING: ") + r".*at .*\bremove_memory_block_devices\b",
        "memory is removed that has no blocks, as after an add that failed half way; the memmap that it left is given back",
        "drivers/base/memory.c, remove_memory_block_devices",
    ),
    log_line(
        literal("x86/mm: Memory block size: ") + r"(?P<size>\d+) ?MB",
        lambda match: f"memory blocks have {match['size']} MiB: memory is added, onlined and offlined in these",
        "arch/x86/mm/init_64.c, probe_memory_block_size",
    ),
    log_line(
        literal("Memory block size not suitable"),
        "the machine stops: memory blocks are no power of two, or smaller than a section",
        "drivers/base/memory.c, memory_dev_init",
    ),
    log_line(
        literal("no cpu support for altmap allocations"),
        "the memmap cannot come from the added memory, as the CPU has no 2 MiB pages (PSE); the add fails with ENOMEM",
        "arch/x86/mm/init_64.c, vmemmap_populate",
    ),
    log_line(
        literal("Boot memory [") + r"(?P<low>[0-9a-f]+) (?P<behind>[0-9a-f]+)\] offlining attempted",
        "EPERM: on arm64 memory of the boot never goes offline",
        "arch/arm64/mm/mmu.c, prevent_bootmem_remove_notifier",
    ),
    log_line(
        literal("Boot memory [") + r"(?P<low>[0-9a-f]+) (?P<behind>[0-9a-f]+)\] (?:offlined|is offline, can be removed)",
        "on arm64 memory of the boot is offline, which should not be: removing it may stop the machine",
        "arch/arm64/mm/mmu.c, prevent_bootmem_remove_notifier and validate_bootmem_online",
    ),
    log_line(
        r"Unknown (?:target|online) " + literal("node for memory at ") + r"(?P<low>0x[0-9a-f]+), assuming node 0",
        "who added the memory named no node, and the kernel does not know any for the address: it comes to node 0",
        "mm/memory_hotplug.c, memory_add_physaddr_to_nid; drivers/base/node.c",
    ),
    log_line(
        literal("Unable to release resource <") + r"(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)> \((?P<errno>-?\d+)\)",
        "memory was removed and stays in /proc/iomem: an add of the same range is refused (EEXIST) from now on",
        "mm/memory_hotplug.c, __release_memory_resource; before 5.2 __remove_pages",
    ),
    log_line(
        r"node (?P<node>\d+)" + literal(" must be removed before remove section ") + r"(?P<section>\d+)",
        lambda match: (
            f"what the boot noted of node {match['node']}'s sections lies in section {match['section']}: that can go after all "
            f"of the node only"
        ),
        "mm/sparse.c, check_usemap_section_nr",
    ),
    log_line(
        literal("memory map backing failed. Some memory will not be available"),
        "the boot had no room for the memmap of some of its memory, which is left out for good",
        "mm/sparse.c, sparse_init_nid",
    ),
    log_line(
        r"section \d+ "
        + literal("pfn[")
        + r"(?P<pfn>[0-9a-f]+), [0-9a-f]+\) (?P<what>no valid memmap|not present|is already online)",
        lambda match: f"a block was to go online, and a section of it {'has ' * match['what'].startswith('no v')}{match['what']}",
        "drivers/base/memory.c, pages_correctly_probed (before 5.7)",
    ),
    log_line(
        r"[Ss]oft." + literal("offline: ") + r"(?P<pfn>0x[0-9a-f]+): (?P<what>.*(?:fail|busy|unknown).*)",
        lambda match: f"a page that is suspected of a hardware error stays in use: {match['what']}",
        "mm/memory-failure.c, soft_offline_in_use_page",
    ),
    log_line(
        literal("Movable zone start for each node"),
        "the lines below say where ZONE_MOVABLE of the boot begins (kernelcore, movablecore, movable_node), if anywhere",
        "mm/mm_init.c, free_area_init",
    ),
    log_line(
        literal("HugeTLB: allocating ")
        + r"(?P<count>\d+) of page size (?P<size>.+?) failed(?: node\d+)?\.\s+Only allocated (?P<have>\d+)",
        lambda match: (
            f"the pool has {int(match['have']):,} of {int(match['count']):,} huge pages of {match['size']}: no more were free"
        ),
        "mm/hugetlb.c, hugetlb_hstate_alloc_pages",
    ),
)  # fmt: skip
