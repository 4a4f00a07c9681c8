"""Why an add is refused."""

from __future__ import annotations

from typing import Literal

from .coded import Coded

Objects = Literal["page tables", "kernel objects"]
"""What an add takes from existing memory besides the memmap."""


class NoHotplug(Coded, frozen=True):
    """The kernel has no memory hotplug on the architecture (CONFIG_MEMORY_HOTPLUG): it came with `since` and went with
    `until`, both releases such as "5.7"; None: never."""

    arch: str
    kernel: str
    since: str | None
    until: str | None


class BeyondAddresses(Coded, frozen=True):
    """The range (bytes) is empty, or ends behind what the architecture can map (mhp_range_allowed); `max_address` is the first
    address behind that, `limit` what ends there, and `wider` that with 5-level page tables (0: they change nothing). `by`: who
    found out; no one, in kernels that do not look."""

    start: int
    size: int
    max_address: int
    limit: Literal["MAX_PHYSMEM_BITS", "linear map"]
    by: Literal["", "sections", "request"]
    wider: int


class BehindMem(Coded, frozen=True):
    """The range (bytes) ends behind `mem`, the first address behind what the boot option mem= left."""

    start: int
    size: int
    mem: int


class RangeTaken(Coded, frozen=True):
    """A busy range of /proc/iomem overlaps (bytes, ends exclusive)."""

    start: int
    end: int
    name: str
    other_start: int
    other_end: int


class Unaligned(Coded, frozen=True):
    """Start or size (bytes) is no multiple of a block, or of a section for device memory (check_hotplug_memory_range)."""

    unit: int
    start: int
    size: int


class NodeNotPossible(Coded, frozen=True):
    """Firmware announced no such node."""

    node: int


class SectionPresent(Coded, frozen=True):
    """An earlier add that failed left the section behind."""

    section: int


class ObjectsShort(Coded, frozen=True):
    """Page tables or kernel objects need more pages than the kernel zones of the nodes have to spare."""

    what: Objects
    pages: int
    nodes: tuple[int, ...]


class NoRowForMemmap(Coded, frozen=True):
    """The memmap of a section needs free pages in a row, and the kernel zones of the nodes have none."""

    section: int
    pages: int
    nodes: tuple[int, ...]


class MemmapShort(Coded, frozen=True):
    """Nor are there so many single pages, and one for a page table (vmemmap_populate_basepages)."""

    section: int
    pages: int
    nodes: tuple[int, ...]


class AltmapExhausted(Coded, frozen=True):
    """The altmap has handed out `alloc` of its `free` pages, and the section needs `pages` more."""

    alloc: int
    free: int
    section: int
    pages: int


class AltmapInvalid(Coded, frozen=True):
    """The altmap does not begin where the request does, or is bigger (__add_pages); pfn and pages of both."""

    base_pfn: int
    offset: int
    start: int
    pages: int


class NoHost(Coded, frozen=True):
    """No section of the node has room for the memmap of another (the RFC's option b)."""

    node: int
    section: int


AddReason = (
    NoHotplug
    | BeyondAddresses
    | BehindMem
    | RangeTaken
    | Unaligned
    | NodeNotPossible
    | SectionPresent
    | ObjectsShort
    | NoRowForMemmap
    | MemmapShort
    | AltmapExhausted
    | AltmapInvalid
    | NoHost
)
