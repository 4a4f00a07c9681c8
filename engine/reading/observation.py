"""What was read from a tree: one value per file, parsed but not interpreted.

A tree is the ``/sys`` and ``/proc`` of a running machine, or a saved copy of them. Everything here says what the kernel
printed; what it means for sections, zones and pages is worked out elsewhere.
"""

from __future__ import annotations

import msgspec

from ..numbers.frozen import Frozen
from .memory_devices import MemoryDevice


class ZoneReading(msgspec.Struct, frozen=True):
    """One zone of ``/proc/zoneinfo``, populated or not; every figure is in pages (kernel: zoneinfo_show_print)."""

    node: int
    zone: str  # DMA DMA32 Normal HighMem Movable Device
    free: int  # "pages free", without the per-CPU lists
    pcp: int  # pages on all per-CPU lists together
    min: int
    low: int
    high: int
    spanned: int
    present: int
    managed: int
    cma: int
    start_pfn: int | None  # None: the kernel prints none for an unpopulated zone
    protection: tuple[int, ...]  # lowmem reserve against each higher zone
    counters: Frozen[str, int] = Frozen()  # the others of this zone: nr_zone_active_anon ..., boost, promo


class BlockReading(msgspec.Struct, frozen=True, gc=False):
    """One memory block, ``/sys/devices/system/memory/memoryN`` (drivers/base/memory.c)."""

    id: int  # N, decimal in the name
    state: str | None  # online, offline, going-offline; None: no such file
    valid_zones: tuple[str, ...] | None  # as printed, default zone first; ("none",) is the kernel's own word
    nodes: tuple[int, ...]  # ascending, from the links of both sides
    removable: bool | None = None  # what the kernel found, before 5.6; since then the file says 1 whatever is so
    carries: bool | None = None  # /sys/firmware/memory/memoryN/memmap_on_memory (s390, 6.19): is its memmap in itself?


class NodeReading(msgspec.Struct, frozen=True, kw_only=True):
    """One node, ``/sys/devices/system/node/nodeN`` (kernel: drivers/base/node.c)."""

    id: int
    meminfo: Frozen[str, int] = Frozen()  # kB: "MemTotal" -> 919868; the HugePages_ lines count pages
    distance: tuple[int, ...]  # to each online node, ascending
    cpus: bool | None  # whether it has a CPU; None: not told
    hugepages: Frozen[int, tuple[int, int, int]] = Frozen()  # page size in bytes -> nr, free, surplus


class Resource(msgspec.Struct, frozen=True):
    """One line of ``/proc/iomem`` (kernel: kernel/resource.c, r_show)."""

    start: int  # bytes
    end: int  # bytes, exclusive
    name: str
    depth: int  # 0: not inside another resource


class PageRun(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Neighbouring pages of which ``/proc/kpageflags`` and ``/proc/kpagecount`` say the same (fs/proc/page.c)."""

    pfn: int
    count: int  # pages
    flags: int  # the kpageflags word; bit 20 (NOPAGE) where no page is online
    mapcount: int  # the kpagecount word, where it tells more than the flags (`is_counted`); else 0


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a tree told, and in `notes` what it has but would not tell."""

    source: str  # how the tree is called in messages
    version: str | None  # /proc/version
    cmdline: str | None  # /proc/cmdline
    block_size: int | None  # bytes
    auto_online_blocks: str | None
    has_probe: bool  # the file /sys/devices/system/memory/probe exists
    blocks: tuple[BlockReading, ...]  # ascending id
    nodes: tuple[NodeReading, ...]  # ascending id
    node_lists: Frozen[str, tuple[int, ...]] = Frozen()  # of possible, online, has_memory, has_normal_memory, has_cpu
    zones: tuple[ZoneReading, ...]  # () without a zoneinfo
    buddyinfo: Frozen[str, tuple[int, ...]] = Frozen()  # "0/DMA32" -> free blocks of order 0, 1, ...
    pageblocks: Frozen[str, Frozen[str, int]] = Frozen()  # pagetypeinfo's: "0/DMA32" -> {"Unmovable": 54, ...}
    pageblock_order: int | None  # pages of a pageblock: 2 ** this
    resources: tuple[Resource, ...]  # () without an iomem, or with one that hides its addresses
    meminfo: Frozen[str, int] = Frozen()  # kB; the HugePages_ lines count pages
    vmstat: Frozen[str, int] = Frozen()
    parameters: Frozen[str, str] = (
        Frozen()
    )  # /sys/module/memory_hotplug/parameters, and of /proc/sys/vm what matters here
    hugepages: Frozen[int, tuple[int, int, int]] = Frozen()  # page size in bytes -> nr, free, surplus
    features: tuple[str, ...] = ()  # files and lines that only newer kernels have, those that are there
    devices: tuple[MemoryDevice, ...] = ()  # of lists beside the tree
    pages: tuple[PageRun, ...]  # ascending, not overlapping; only pages that were seen
    notes: tuple[str, ...]  # a sentence for each thing that exists but could not be read or understood
