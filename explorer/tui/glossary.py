"""The kernel's words and what they mean, in the order in which they are told; and which of them stand in a text. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

GLOSSARY: Final[dict[str, str]] = {
    # memory by size
    "memory block": "The unit that goes online and offline, a device memoryN in sysfs.",
    "section": "The unit in which the kernel keeps struct pages; one or more make a block.",
    "pageblock": "Pages of one migratetype that the kernel keeps together, 2 MiB with 4K pages.",
    "pfn": "The number of a page: its address divided by the size of a page.",
    "node": "CPUs and the memory near them; far memory is slower.",
    "device": "The blocks that were added together: a DIMM, or what a driver plugged.",
    "hole": "No memory: an address that nothing answers.",
    # zones
    "DMA": "The zone below 16 MiB, for devices that reach no further (on some machines: below 4 GiB).",
    "DMA32": "The zone below 4 GiB, for devices with 32 address bits.",
    "Normal": "The zone of ordinary kernel memory: any use, so it may never come back.",
    "Movable": "ZONE_MOVABLE, or pageblocks of that type: only pages that can be moved away again.",
    "valid_zones": "Of an offline block: the zones it may go to, the default first. Of an online one: where it is.",
    "spanned": "Pages from the first of a zone to its last, holes included.",
    "present": "Pages of a zone that are there.",
    "managed": "Pages of a zone that the buddy hands out: present without what the boot reserved.",
    # states and verdicts
    "online": "In use: its pages belong to a zone, and the buddy hands them out.",
    "offline": "There, but not in use; it can be onlined or removed.",
    "isolated": "Of a pageblock: the buddy hands out nothing of it while its pages are moved away.",
    "going-offline": "Being emptied: isolated, and its pages are moved away.",
    "online_movable": "Online into ZONE_MOVABLE, where the kernel puts only what it can move away again.",
    "online_kernel": "Online into a kernel zone, for any use.",
    "never": "It cannot go offline, whatever is done: there is no remedy.",
    "not known": "It hangs on pages that nobody saw.",
    # what is pointed out on the map
    "just changed": "What the last command changed, until the next key: edges round a whole block, else a sign on a cell (' on "
    "the upper one of a character, . on the lower one, : on both; without colour the cell is reversed).",
    "not the same": "Pages that differ between the two states, shown as what a command changes is.",
    "its struct pages": "Where the struct pages of what is under the cursor lie: edges round a whole block, else + on cells. "
    "h goes there.",
    "linked to it": "Pages that hold the struct pages of the one under the cursor, or that it describes. h goes there.",
    # memmap
    "memmap": "The struct pages of memory: 64 bytes for each page, 1.6 % of it with 4K pages.",
    "struct page": "What the kernel keeps of one page; all of them together are the memmap.",
    "altmap": "Takes the memmap from the added memory itself; its head pages then stay out of use.",
    "base_pfn": "The first page of what an altmap may hand out.",
    "alloc": "Pages that an altmap has handed out for memmap.",
    "vmemmap": "Kernel pages that hold the struct pages of other memory.",
    "memmap of others": "Kernel pages that hold the struct pages of other memory (vmemmap).",
    "off node": "The memmap lies on another node than the memory that it describes: each access is slower.",
    # pages by kind
    "free": "On a free list of the buddy: anybody may have it.",
    "free, per CPU": "Free, on a CPU's own list (pcp): not in buddyinfo, and not in use.",
    "movable": "Programs and files: migration moves it to another page.",
    "pinned": "Looks movable, but somebody holds a reference: its migration fails.",
    "kernel": "Allocated by the kernel and used by address: it cannot be moved.",
    "slab": "The kernel's small objects (kmalloc, dentries, inodes): never migrated; gone when all in it are freed.",
    "page table": "A page of page tables: never migrated.",
    "reserved": "PG_reserved since boot: never in the buddy.",
    "guessed": "A page of the kernel's: how many there are was measured, where they are was not.",
    "huge": "Part of a huge page of the hugetlb pool: migrated as a whole, if the pool has another.",
    "poisoned": "A hardware error took it out of use.",
    "withheld": "PageOffline: its driver (virtio-mem, a balloon) keeps it out of use.",
    # the buddy
    "free areas": "Free pages as the buddy keeps them: 2^order pages side by side, aligned to their size.",
    "free area": "2^order free pages side by side, aligned to their size.",
    "order": "An area of order n is 2^n pages: order 0 is one page, order 9 is 2 MiB with 4K pages. On the map a is 10.",
    "unmovable": "Pageblocks where the kernel's own pages are put.",
    "reclaimable": "Pageblocks for the kernel's pages that it can give up, such as caches.",
    "isolate": "Pageblocks that nothing is taken from while they are emptied.",
    # flags of /proc/kpageflags
    "buddy": "Flag: the page is free, part of an area of the buddy.",
    "lru": "Flag: on a list of pages that can be reclaimed or moved.",
    "pgtable": "Flag: a page of page tables.",
    "compound_head": "Flag: the first page of several that are one.",
    "compound_tail": "Flag: a further page of several that are one.",
    "hwpoison": "Flag: a hardware error was found in it.",
    "owner_private": "Flag PG_owner_priv_1: here it marks memmap in the added memory.",
    "nopage": "No struct page that is in use: the section is offline or not there.",
    # errors
    "EBUSY": "Refused: something in it is in use and cannot be moved.",
    "EINVAL": "Refused: it makes no sense to the kernel, such as pages of several zones.",
    "ENOMEM": "Refused: there is not enough memory for it.",
    "EEXIST": "Refused: there is memory at that address already.",
    "EINTR": "Ended by a signal, and undone.",
    "EPERM": "Refused: some part of the kernel forbids it.",
    "EHWPOISON": "Refused: there is a page with a hardware error in it.",
    # parameters
    "memmap_on_memory": "Kernel parameter: added blocks hold their own memmap.",
    "auto_online_blocks": "What happens with a block as soon as it was added.",
    "online_policy": "Kernel parameter: into which zone a plain online goes.",
}
"""Each word, and one or two sentences."""


_TYPES: Final = {word.capitalize(): word for word in ("unmovable", "reclaimable", "isolate")}
"""How the kernel writes the types of pageblocks."""


@lru_cache(maxsize=1)
def _finder() -> re.Pattern[str]:
    longest = sorted((*GLOSSARY, *_TYPES), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})s?(?![\w-])")


def words_in(text: str) -> list[str]:
    """The words of a text that are explained, in the order of the glossary."""
    found = {_TYPES.get(word, word) for word in _finder().findall(text)}
    return [word for word in GLOSSARY if word in found]


def meaning_at(line: str, column: int) -> str | None:
    """What the word at a column of a line means; None if it is no word of the kernel's."""
    for found in _finder().finditer(line):
        if found.start() <= column < found.end():
            word = _TYPES.get(found[1], found[1])
            return f"{word}: {GLOSSARY[word]}"
    return None
