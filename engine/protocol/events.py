"""What an operation tells while it runs: one value for each thing that the kernel does, in the kernel's order.

All numbers of pages are pages, all pfns are page frame numbers. Events are one tagged union, so they can be printed as
JSON Lines and read back.
"""

from __future__ import annotations

import msgspec

from .reasons import Reason
from .reasons.placement import PlacementRule
from .reasons.taking import Stuck
from .reasons.zones import ZoneRule
from .vocabulary import Chunk, Placement


class _Event(msgspec.Struct, frozen=True, tag_field="event", gc=False):
    pass


class Logged(_Event, tag="log", frozen=True):
    """A line of the kernel log, without its time."""

    text: str


class ResourceReserved(_Event, tag="resource_reserved", frozen=True):
    """The range was entered into /proc/iomem (register_memory_resource); bytes."""

    start: int
    size: int
    name: str


class ResourceReleased(_Event, tag="resource_released", frozen=True):
    """The range left /proc/iomem."""

    start: int
    size: int


class NodeOnlined(_Event, tag="node_onlined", frozen=True):
    """A node without memory got its data structures and its directory (__try_online_node)."""

    node: int


class NodeOfflined(_Event, tag="node_offlined", frozen=True):
    """The last block of a node without CPUs went (try_offline_node)."""

    node: int


class PlacementChosen(_Event, tag="placement_chosen", frozen=True):
    """Where the memmap of a request goes, and why there."""

    placement: Placement
    reason: PlacementRule


class MemmapPlaced(_Event, tag="memmap_placed", frozen=True):
    """The memmap of one section was mapped; `node` is the node of the pages that hold it."""

    section: int
    on: str
    chunks: tuple[Chunk, ...]
    node: int
    fallback: bool = False


class MemmapMarked(_Event, tag="memmap_marked", frozen=True):
    """RFC v2's flush: the pages taken from the pool since the last section are marked PageVmemmap."""

    pfn: int
    pages: int


class MemmapReleased(_Event, tag="memmap_released", frozen=True):
    """The memmap of one section was unmapped and its pages given back."""

    section: int
    on: str
    pages: int


class SectionsLeaked(_Event, tag="sections_leaked", frozen=True):
    """A failed add leaves these sections present, without a block and with their memmap."""

    first: int
    count: int
    pages: int


class ExistingMemoryTaken(_Event, tag="existing_memory_taken", frozen=True):
    """An add is done but for onlining: so many pages of memory that was there before it took, on one node."""

    node: int
    pages: int


class BlockCreated(_Event, tag="block_created", frozen=True):
    """The device memoryN appeared, offline."""

    block: int


class BlockRemoved(_Event, tag="block_removed", frozen=True):
    """The device memoryN went away."""

    block: int


class BlockState(_Event, tag="block_state", frozen=True):
    """The state of a block changed."""

    block: int
    state: str


class ZoneChosen(_Event, tag="zone_chosen", frozen=True):
    """zone_for_pfn_range: which zone the block goes to, and by which rule."""

    block: int
    node: int
    zone: str
    reason: ZoneRule


class HeadInitialized(_Event, tag="head_initialized", frozen=True):
    """mhp_init_memmap_on_memory: the head pages joined the zone as Unmovable pageblocks."""

    pfn: int
    pages: int


class RangeMoved(_Event, tag="range_moved", frozen=True):
    """move_pfn_range_to_zone: the pages have a zone now; all their pageblocks are isolated."""

    pfn: int
    pages: int
    node: int
    zone: str


class NotifierCalled(_Event, tag="notifier_called", frozen=True):
    """The memory notifier chain ran one action; `vetoed_by` names who refused."""

    action: str
    pfn: int
    pages: int
    node_change: int
    vetoed_by: str = ""


class MemmapSkipped(_Event, tag="memmap_skipped", frozen=True):
    """RFC v2: a loop of the kernel stepped over head pages; `where` is its function."""

    where: str
    pfn: int
    pages: int


class PagesOnlined(_Event, tag="pages_onlined", frozen=True):
    """The free pages of the range were handed to the buddy, still isolated; managed and present grew."""

    pfn: int
    pages: int


class PagesAssumed(_Event, tag="pages_assumed", frozen=True):
    """What comes of a range hangs on `unseen` pages of it, in one zone, whose kind is a guess, as no one saw them. The
    rehearsal goes on as if none of them was in the way, unless the zone has too few others that could be; no kernel tells
    this."""

    pfn: int
    pages: int
    node: int
    zone: str
    unseen: int


class RangeIsolated(_Event, tag="range_isolated", frozen=True):
    """start_isolate_page_range: every pageblock of the range is isolated; `free` pages left NR_FREE_PAGES."""

    pfn: int
    pages: int
    free: int


class IsolationUndone(_Event, tag="isolation_undone", frozen=True):
    """undo_isolate_page_range: the pageblocks are Movable now, whatever they were; `free` pages count as free again."""

    pfn: int
    pages: int
    free: int


class PagesMigrated(_Event, tag="pages_migrated", frozen=True):
    """Movable pages left the range for another place."""

    pages: int
    from_pfn: int
    to_node: int
    to_zone: str


class MigrationFailed(_Event, tag="migration_failed", frozen=True):
    """A page did not move; the kernel tries again."""

    pfn: int
    reason: Stuck


class PagesTaken(_Event, tag="pages_taken", frozen=True):
    """__offline_isolated_pages: so many pages left the buddy for good."""

    pfn: int
    pages: int


class PresentAdjusted(_Event, tag="present_adjusted", frozen=True):
    """adjust_present_page_count of zone, node and group."""

    node: int
    zone: str
    pages: int


class RangeRemoved(_Event, tag="range_removed", frozen=True):
    """remove_pfn_range_from_zone: the zone's span shrank to what is still online."""

    pfn: int
    pages: int
    node: int
    zone: str


class ParameterSet(_Event, tag="parameter_set", frozen=True):
    """A writable parameter has a new value."""

    name: str
    value: str


class HugePagesChanged(_Event, tag="huge_pages_changed", frozen=True):
    """The hugetlb pool of a node (-1: of all) has `total` pages of `size` bytes now, `free` of them unused; it was to have
    `wanted`."""

    node: int
    size: int
    total: int
    free: int
    wanted: int


class HugePageDissolved(_Event, tag="huge_page_dissolved", frozen=True):
    """A free huge page in the way went back to the buddy; the pool has one less."""

    pfn: int
    pages: int


class PagePoisoned(_Event, tag="page_poisoned", frozen=True):
    """A page with a hardware error (or suspected of one) was taken out of use."""

    pfn: int
    was: str


class CompactionStarted(_Event, tag="compaction_started", frozen=True):
    """A zone is compacted, for an order or (-1) as a whole; where its two scanners begin."""

    node: int
    zone: str
    order: int
    migrate_pfn: int
    free_pfn: int


class ScannerMoved(_Event, tag="scanner_moved", frozen=True):
    """A scanner of compaction ("migrate", upwards, or "free", downwards) went over pfns from `pfn` to before `end`, looked
    at `scanned` pages and took `taken`. Pageblocks one after another in which it takes nothing are one event."""

    scanner: str
    pfn: int
    end: int
    scanned: int
    taken: int


class PagesCompacted(_Event, tag="pages_compacted", frozen=True):
    """Movable pages moved inside their zone; `failed`: no free page was left for so many. Lowest pfn on either side."""

    pages: int
    failed: int
    from_pfn: int
    to_pfn: int


class CompactionEnded(_Event, tag="compaction_ended", frozen=True):
    """How it ended: complete, partial_skipped (the scanners met in a run that did not begin at the start of the zone),
    success (there is a free area of the order), contended (too little is free), or it did not begin: success, skipped,
    not_suitable_zone. And where the scanners stopped."""

    node: int
    zone: str
    order: int
    status: str
    migrate_pfn: int
    free_pfn: int


class PagesTakenByWorkload(_Event, tag="pages_taken_by_workload", frozen=True):
    """A program or the kernel took, mapped or pinned pages."""

    what: str
    pages: int
    node: int


class PagesFreed(_Event, tag="pages_freed", frozen=True):
    """A program or the kernel gave pages back."""

    what: str
    pages: int
    node: int


class PagesPlugged(_Event, tag="pages_plugged", frozen=True):
    """virtio-mem plugged pages of a device block."""

    pfn: int
    pages: int


class PagesUnplugged(_Event, tag="pages_unplugged", frozen=True):
    """virtio-mem unplugged a device block: its pages are PageOffline now."""

    pfn: int
    pages: int


class OfflineFailed(_Event, tag="offline_failed", frozen=True):
    """An eject met a block that would not go; `retried`: in the second pass."""

    block: int
    errno: str
    reason: Reason
    retried: bool


class OnlineFailed(_Event, tag="online_failed", frozen=True):
    """A block that the kernel meant to bring online by itself stays offline, and no one is told: the first that failed of
    those that auto_online_blocks brings online, or one that an eject put back."""

    block: int
    errno: str
    reason: Reason


class ResizeFailed(_Event, tag="resize_failed", frozen=True):
    """A virtio-mem device that went on by itself, as more of it is online, did not come to what was asked for; `start` is
    the first byte of its region."""

    start: int
    errno: str
    reason: Reason


class BlocksKept(_Event, tag="blocks_kept", frozen=True):
    """virtio-mem could not take out blocks that it needs no more; they are as they were."""

    first: int
    count: int
    errno: str
    reason: Reason


Event = (
    Logged
    | ResourceReserved
    | ResourceReleased
    | NodeOnlined
    | NodeOfflined
    | PlacementChosen
    | MemmapPlaced
    | MemmapMarked
    | MemmapReleased
    | SectionsLeaked
    | ExistingMemoryTaken
    | BlockCreated
    | BlockRemoved
    | BlockState
    | ZoneChosen
    | HeadInitialized
    | RangeMoved
    | NotifierCalled
    | MemmapSkipped
    | PagesOnlined
    | PagesAssumed
    | RangeIsolated
    | IsolationUndone
    | PagesMigrated
    | MigrationFailed
    | PagesTaken
    | PresentAdjusted
    | RangeRemoved
    | ParameterSet
    | HugePagesChanged
    | HugePageDissolved
    | PagePoisoned
    | CompactionStarted
    | ScannerMoved
    | PagesCompacted
    | CompactionEnded
    | PagesTakenByWorkload
    | PagesFreed
    | PagesPlugged
    | PagesUnplugged
    | OfflineFailed
    | OnlineFailed
    | ResizeFailed
    | BlocksKept
)
