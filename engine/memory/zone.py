"""Zones and nodes: the numbers that /proc/zoneinfo shows, and how spans grow and shrink. All counts are pages."""

from __future__ import annotations

from typing import Final

import msgspec

from ..numbers.frozen import Frozen
from ..protocol.vocabulary import ZoneKey

DMA: Final = "DMA"
DMA32: Final = "DMA32"
NORMAL: Final = "Normal"
MOVABLE: Final = "Movable"
ZONE_ORDER: Final = (DMA, DMA32, NORMAL, MOVABLE)
"""Zones from the lowest up, as a zonelist walks them from the top down."""
KERNEL_ZONES: Final = (DMA, DMA32, NORMAL)


class Zone(msgspec.Struct, frozen=True, gc=False):
    """One zone of a NUMA node (struct zone); all numbers are pages.

    `node`      the number of its node
    `name`      "DMA", "DMA32", "Normal" or "Movable"
    `start`     first pfn of the span
    `spanned`   pages from there to the end of the span, holes included
    `present`   pages that are there (present_pages)
    `managed`   pages that the buddy allocator manages, in use or not
    `free`      free pages (NR_FREE_PAGES), without those that are isolated
    `pcp`       free pages on the lists of CPUs
    `early`     present pages of boot memory, on which the limit of ZONE_MOVABLE is reckoned (present_early_pages)
    `cma`       pages of CMA
    """

    node: int
    name: str
    start: int = 0
    spanned: int = 0
    present: int = 0
    managed: int = 0
    free: int = 0
    pcp: int = 0
    early: int = 0
    cma: int = 0

    @property
    def key(self) -> ZoneKey:
        """Node and name, by which it is looked up."""
        return (self.node, self.name)

    @property
    def end(self) -> int:
        """First pfn behind the span."""
        return self.start + self.spanned

    def intersects(self, start: int, pages: int) -> bool:
        """Does its span meet `pages` pages from pfn `start` on? (zone_intersects)"""
        return self.spanned > 0 and start < self.start + self.spanned and start + pages > self.start

    def grown(self, start: int, pages: int) -> Zone:
        """The same zone, its span extended over `pages` pages from pfn `start` on (resize_zone_range)."""
        if not self.spanned:
            return self.with_span(start, pages)
        low, end = min(self.start, start), max(self.start + self.spanned, start + pages)
        return msgspec.structs.replace(self, start=low, spanned=end - low)

    def with_span(self, start: int, spanned: int) -> Zone:
        """The same zone with another span: first pfn and number of pages."""
        return msgspec.structs.replace(self, start=start, spanned=spanned)

    def plus(self, *, present: int = 0, managed: int = 0, free: int = 0, pcp: int = 0, early: int = 0) -> Zone:
        """The same zone with these numbers of pages added."""
        return Zone(
            self.node,
            self.name,
            self.start,
            self.spanned,
            self.present + present,
            self.managed + managed,
            self.free + free,
            self.pcp + pcp,
            self.early + early,
            self.cma,
        )


class ZoneWatermarks(msgspec.Struct, frozen=True, gc=False):
    """Watermarks of a zone, pages: min, low, and the lowmem_reserve by the highest zone that an allocation could use. As a
    capture showed them they hold until an online or offline sets them anew (`Reckoned`)."""

    min: int
    low: int
    reserve: Frozen[str, int] = Frozen()


class Reckoned(msgspec.Struct, frozen=True, gc=False):
    """What the kernel reckoned all watermarks with when it set them last, in pages; without zones, it never has.

    `managed`    managed pages of each zone that had some
    `pages_min`  min_free_kbytes, of which each zone gets its part
    `shared`     managed pages of the zones among which it is shared out
    `apart`      ZONE_MOVABLE has pages, is not among these zones, and has a minimum of its own
    `scale`      watermark_scale_factor: how far low lies above min at least, in ten thousandths of the zone
    `high`       high watermarks of the kernel zones, with which they will be reckoned the next time
    """

    managed: Frozen[ZoneKey, int] = Frozen()
    pages_min: int = 0
    shared: int = 0
    apart: bool = False
    scale: int = 10
    high: Frozen[ZoneKey, int] = Frozen()


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """How well the numbers of a captured zone are known; a zone that no capture showed has none, and they are exact.

    `counted`: they are those of /proc/zoneinfo; else they were worked out from the sizes of blocks and nodes. `areas`: its
    free areas are those of /proc/buddyinfo. `disguised`: pages at most that count or look like the kernel's and can be moved
    all the same: those of zsmalloc, and of balloons, which take them out of the managed pages.
    """

    counted: bool = True
    areas: bool = True
    disguised: int = 0


class Scanners(msgspec.Struct, frozen=True):
    """Where compaction of a zone for an order goes on (compact_cached_migrate_pfn, compact_cached_free_pfn), and by section
    the pageblocks that are not worth another look (their skip bits): bit `i` is the first page of a pageblock."""

    migrate: int
    free: int
    skipped: Frozen[int, int]

    def __repr__(self) -> str:
        bits = sum(pages.bit_count() for pages in self.skipped.values())
        return f"<Scanners: migrate at pfn {self.migrate:#x}, free at pfn {self.free:#x}, {bits} pageblocks skipped>"


class Node(msgspec.Struct, frozen=True, gc=False):
    """A possible NUMA node. `online`: it is registered and has a directory in sysfs; `cpus`: it has CPUs; `distance`: its
    row of the SLIT, by node number, empty where none is known."""

    id: int
    online: bool = True
    cpus: bool = False
    distance: tuple[int, ...] = ()

    def distance_to(self, other: int) -> int:
        """The SLIT distance to another node; without a table 10 to itself and 20 to any other."""
        if other < len(self.distance):
            return self.distance[other]
        return 10 if other == self.id else 20
