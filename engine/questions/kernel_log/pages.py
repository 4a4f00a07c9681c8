"""What lines of the kernel log about a page look like, what each means, and where in the kernel it is printed: the page that is
in the way, and those with a hardware error."""

from __future__ import annotations

import re
from typing import Final

from ..narrate.words import counted
from .lines import log_line
from .sieve import literal


def _kind(flags: str) -> str:
    """What a page is by its flags' names, the most telling first."""
    names = {*flags.split("|")}
    return next((words for flag, words in _FLAGS.items() if flag in names), "in use, by whom its flags do not say")


_FLAGS: Final = {
    "slab": "a slab page of the kernel, which cannot be moved",
    "reserved": "reserved, since the boot or for a memmap, and never goes",
    "hwpoison": "poisoned by a hardware error",
    "swapbacked": "anonymous memory of a program, or shared memory, which can be moved unless someone holds it",
    "lru": "memory of a program or of the page cache, which can be moved unless someone holds it",
    "private": "on no LRU list, and its owner, which its flags do not name, keeps data of it (a driver, zsmalloc, a balloon)",
    "head": "one of several that is on no LRU list: a huge page of the pool, or the kernel's own (a large allocation, buffers)",
    "workingset": "memory that a slab or the page cache had",
}
_TYPES: Final = {
    "slab": "a slab page of the kernel, which cannot be moved",
    "table": "a page table, which cannot be moved",
    "hugetlb": "a huge page of the pool",
    "offline": "withheld by a driver (PageOffline: a balloon, or virtio-mem)",
    "buddy": "free",
    "large_kmalloc": "a large allocation of the kernel, which cannot be moved",
    "guard": "kept free by page allocation's debugging",
    "zsmalloc": "a page of zsmalloc (zram, zswap), which can be moved",
    "unaccepted": "not yet accepted from the hypervisor (TDX, SEV-SNP), and free",
}


def _not_migrated(match: re.Match[str]) -> str:
    if match["ret"] == "-12":
        return "a page should leave the block and did not (ENOMEM): no room was left for it elsewhere"
    held = "someone holds an extra reference (pinned)"
    if match["ret"] is None or match["ret"].startswith("-"):
        return f"a page should leave the block and did not: {held}, or no room was left for it"
    return f"a page should leave the block and did not, though there was room for it: {held}, or its owner does not let it go"


PAGE_LINES: Final = (
    log_line(
        literal("page dumped because: ") + r'(?P<because>[^\"]+)',
        lambda match: (
            "the page that the lines before it show is the one in the way"
            if match["because"].startswith(("unmovable", "migration", "isolation", "failed to remove from LRU"))
            else f"the kernel shows a page, because of: {match['because']}"
        ),
        "mm/debug.c, dump_page; has_unmovable_pages and do_migrate_range call it",
    ),
    log_line(
        r"page:\s*(?:[0-9a-f(){}_ptrval]+ )?"
        + literal("refcount:")
        + r"(?P<refs>-?\d+) mapcount:-?\d+ .*?pfn:(?P<pfn>(?:0x)?[0-9a-f]+)",
        lambda match: f"page {int(match['pfn'], 16):#x} is shown, with {counted(int(match['refs']), 'reference')}",
        "mm/debug.c, __dump_page",
    ),
    log_line(
        r"page:\s*(?:[0-9a-f(){}_ptrval]+ )?(?:ref)?count:(?P<refs>-?\d+)" + literal(" mapcount:") + r"-?\d+ .*index:",
        lambda match: f"a page is shown, with {counted(int(match['refs']), 'reference')}; its pfn is not told",
        "mm/debug.c, __dump_page (before 5.10)",
    ),
    log_line(
        r"page:\s*\S+" + literal(" is uninitialized and poisoned"),
        "a struct page was read that nobody has written: no memory is online there, or its memmap is gone",
        "mm/debug.c, __dump_page",
    ),
    log_line(
        literal("migrating pfn ") + r"(?P<pfn>[0-9a-f]+) failed(?: ret:(?P<ret>-?\d+))?",
        _not_migrated,
        "mm/memory_hotplug.c, do_migrate_range",
    ),
    log_line(
        literal("Memory failure: ") + r"(?P<pfn>0x[0-9a-f]+): (?P<what>.+)",
        lambda match: f"a page has a hardware error: {match['what']}",
        "mm/memory-failure.c, memory_failure",
    ),
    log_line(
        r"[Ss]oft.offline(?:_page)?: (?P<pfn>0x[0-9a-f]+):?" + literal(" page already poisoned"),
        "the page was taken out of use before",
        "mm/memory-failure.c, soft_offline_page",
    ),
    log_line(
        r"[Ss]oft.offline: (?P<pfn>0x[0-9a-f]+)" + literal(": invalidated"),
        "a page that was suspected of a hardware error is out of use: it was a copy of a file's, which was dropped",
        "mm/memory-failure.c, soft_offline_in_use_page",
    ),
    log_line(
        literal("Unpoison: ") + r"(?P<what>Software-unpoisoned page|Page was already unpoisoned) (?P<pfn>0x[0-9a-f]+)",
        lambda match: (
            "a page that had been taken out of use as broken is back in use"
            if match["what"].startswith("Software")
            else "a page that was to come back into use had not been taken out, or came back before"
        ),
        "mm/memory-failure.c, unpoison_memory",
    ),
    log_line(
        literal("Injecting memory failure for pfn ") + r"(?P<pfn>0x[0-9a-f]+)",
        "a program asked for a hardware error of a page (MADV_HWPOISON), as tests do",
        "mm/madvise.c, madvise_inject_error",
    ),
    *(
        log_line(
            pattern,
            "a page that should leave the block was not to be had at that moment; the kernel tries again",
            "mm/memory_hotplug.c, do_migrate_range",
        )
        for pattern in (
            literal("failed to isolate pfn ") + r"(?P<pfn>[0-9a-f]+)",
            literal("removing pfn ") + r"(?P<pfn>[0-9a-f]+) from LRU failed",
        )
    ),
    log_line(
        r"\b" + literal("flags: 0x") + r"[0-9a-f]+\((?P<flags>[^)]*)\)",
        lambda match: f"the page that is shown is {_kind(match['flags'])}",
        "mm/debug.c, dump_page; include/linux/page-flags.h",
    ),
    log_line(
        literal("page_type: ") + r"(?:0x)?[0-9a-f]+\((?P<type>\w+)\)",
        lambda match: f"the page that is shown is {_TYPES.get(match['type'], match['type'])}",
        "mm/debug.c, dump_page (6.3 and later)",
    ),
    log_line(
        literal("aops:") + r'(?P<of>\w+).* ino:(?P<inode>[0-9a-f]+)(?:.*dentry name[^:]*:\"(?P<name>[^\"]*))?',
        lambda match: (
            f"the page that is shown is of a file, {match['name'] or 'whose name is not told'} (inode {int(match['inode'], 16)}, "
            f"{match['of']}), and can be moved unless someone holds it or the file system cannot"
        ),
        "mm/debug.c, dump_mapping",
    ),
    log_line(
        literal("page last allocated via order ")
        + r"(?P<order>\d+), migratetype (?P<type>\w+), gfp_mask \w+\((?P<gfp>[^)]*)\), "
        + r"pid (?P<pid>\d+)(?:, tgid \d+ \((?P<name>.*?)\), ts)?",
        lambda match: (
            f"the page that is shown was last allocated by {match['name'] or 'a process'} (pid {match['pid']}) as "
            f"{match['type']}, with {match['gfp']}; the lines after it say where"
        ),
        "mm/page_owner.c, __dump_page_owner",
    ),
    log_line(
        r"\[[0-9a-f]{16}-[0-9a-f]{16}" + literal("] potential offnode page_structs"),
        "the memmap of added memory lies on another node than the memory: each use of its struct pages goes there",
        "mm/sparse-vmemmap.c, vmemmap_verify",
    ),
    log_line(
        literal("Trying to free nonexistent resource <") + r"(?:0x)?(?P<low>[0-9a-f]+)-(?:0x)?(?P<high>[0-9a-f]+)>",
        "a range was to leave /proc/iomem that is not there as such, as when memory is removed of which a part is listed apart",
        "kernel/resource.c, __release_region",
    ),
    log_line(
        literal("Altmap not fully unmapped"),
        "memory with a memmap of its own was removed, and some of that memmap is still mapped: its pages are lost",
        "mm/memory_hotplug.c, remove_memory_blocks_and_altmaps",
    ),
    log_line(
        literal("can free ") + r"(?P<pages>\d+) vmemmap pages for (?P<size>hugepages-\d+kB)",
        lambda match: f"of each of {match['size']} the memmap is given back but for some, {match['pages']} pages of it",
        "mm/hugetlb_vmemmap.c, hugetlb_vmemmap_init (5.14 to 5.19)",
    ),
    log_line(
        r"head:\s*(?:[0-9a-f]+ )?" + literal("order:") + r"(?P<order>\d+)",
        lambda match: f"the page that is shown is part of one of {1 << min(int(match['order']), 63):,} pages, whose head this is",
        "mm/debug.c, dump_page",
    ),
)  # fmt: skip
