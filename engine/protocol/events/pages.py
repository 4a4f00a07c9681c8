"""What happens to pages: isolated, migrated, allocated, freed, compacted, made huge."""

from __future__ import annotations

import msgspec

from ..reasons.taking import Stuck
from .base import EventBase


class MemmapSkipped(EventBase, tag="memmap_skipped", frozen=True):
    """RFC v2: a loop of the kernel stepped over head pages; `where` is its function."""

    where: str
    pfn: int
    pages: int


class PagesOnlined(EventBase, tag="pages_onlined", frozen=True):
    """The `pages` free pages of a range that begins at `pfn` were handed to the buddy, still isolated; the managed and present
    pages of its zone grew."""

    pfn: int
    pages: int


class PagesAssumed(EventBase, tag="pages_assumed", frozen=True):
    """What comes of a range hangs on `unseen` pages of it, in one zone, whose kind is a guess, as no one saw them. The
    rehearsal goes on as if none of them was in the way, unless the zone has too few others that could be; no kernel tells
    this."""

    pfn: int
    pages: int
    node: int
    zone: str
    unseen: int


class RangeIsolated(EventBase, tag="range_isolated", frozen=True):
    """Every pageblock of a range is isolated (start_isolate_page_range), and `free` pages of it count as free no longer
    (NR_FREE_PAGES)."""

    pfn: int
    pages: int
    free: int


class IsolationUndone(EventBase, tag="isolation_undone", frozen=True):
    """The pageblocks of a range are isolated no longer (undo_isolate_page_range), and `free` pages of it count as free again.
    Before 6.17 all are Movable then, whatever they were."""

    pfn: int
    pages: int
    free: int


class PagesMigrated(EventBase, tag="pages_migrated", frozen=True):
    """Movable pages left a range, or a zone, for another place; `from_pfn` is the lowest of them (migrate_pages)."""

    pages: int
    from_pfn: int
    to_node: int
    to_zone: str


class MigrationFailed(EventBase, tag="migration_failed", frozen=True):
    """A page did not move; the kernel tries again."""

    pfn: int
    reason: Stuck


class PagesTaken(EventBase, tag="pages_taken", frozen=True):
    """So many pages, from a range that begins at `pfn`, left the buddy for good (__offline_isolated_pages)."""

    pfn: int
    pages: int


class HugePagesChanged(EventBase, tag="huge_pages_changed", frozen=True):
    """The hugetlb pool of a node (-1: of all) has `total` pages of `size` bytes now, `free` of them unused; it was to have
    `wanted`."""

    node: int
    size: int
    total: int
    free: int
    wanted: int


class HugePageTaken(EventBase, tag="huge_page_taken", frozen=True):
    """A range of pages that begins at `pfn` is one gigantic page now, and isolated no longer (alloc_contig_pages); the pool has
    it when all that it asks for are taken."""

    pfn: int
    pages: int


class HugePageFreed(EventBase, tag="huge_page_freed", frozen=True):
    """A free gigantic page left the pool, and its pages are free (free_gigantic_folio)."""

    pfn: int
    pages: int


class HugePageDissolved(EventBase, tag="huge_page_dissolved", frozen=True):
    """A free huge page in the way went back to the buddy; the pool has one less."""

    pfn: int
    pages: int


class PagePoisoned(EventBase, tag="page_poisoned", frozen=True):
    """A page with a hardware error, or suspected of one, was taken out of use; `was` is the kind of page that it was (`Kind`)."""

    pfn: int
    was: str


class CompactionStarted(EventBase, tag="compaction_started", frozen=True):
    """A zone is compacted, for an order or (-1) as a whole; where its two scanners begin."""

    node: int
    zone: str
    order: int
    migrate_pfn: int
    free_pfn: int


class ScannerMoved(EventBase, tag="scanner_moved", frozen=True):
    """A scanner of compaction ("migrate", upwards, or "free", downwards) went over pfns from `pfn` to before `end`, looked
    at `scanned` pages and isolated some of them (`isolated`, in JSON "taken").
    Pageblocks in a row from which it isolated nothing are one event."""

    scanner: str
    pfn: int
    end: int
    scanned: int
    isolated: int = msgspec.field(name="taken")


class PagesCompacted(EventBase, tag="pages_compacted", frozen=True):
    """Movable pages moved inside their zone; `failed`: no free page was left for so many. Lowest pfn on either side."""

    pages: int
    failed: int
    from_pfn: int
    to_pfn: int


class CompactionEnded(EventBase, tag="compaction_ended", frozen=True):
    """How it ended: complete, partial_skipped (the scanners met in a run that did not begin at the start of the zone),
    success (there is a free area of the order), contended (too little is free), or it did not begin: success, skipped,
    not_suitable_zone. And where the scanners stopped."""

    node: int
    zone: str
    order: int
    status: str
    migrate_pfn: int
    free_pfn: int


class PagesTakenByWorkload(EventBase, tag="pages_taken_by_workload", frozen=True):
    """A program or the kernel took, mapped or pinned pages."""

    what: str
    pages: int
    node: int


class PagesFreed(EventBase, tag="pages_freed", frozen=True):
    """A program or the kernel gave pages back."""

    what: str
    pages: int
    node: int


class PagesPlugged(EventBase, tag="pages_plugged", frozen=True):
    """virtio-mem plugged pages: where their block is online they can be used now (virtio_mem_fake_online)."""

    pfn: int
    pages: int


class PagesUnplugged(EventBase, tag="pages_unplugged", frozen=True):
    """virtio-mem unplugged pages: they are PageOffline now (virtio_mem_fake_offline)."""

    pfn: int
    pages: int
