"""What happens to ranges, blocks, nodes and their memmap while memory is added, onlined, offlined and removed."""

from __future__ import annotations

import msgspec

from ..reasons import Reason
from ..reasons.placement import PlacementRule
from ..reasons.unknown import (
    CmaSomewhere,
    HighestAddress,
    HoleNotTold,
    KernelNotTold,
    NodesNotTold,
    NotDated,
    PartOfBlock,
    PoisonSomewhere,
    UnderWay,
    ZoneNotTold,
)
from ..reasons.zones import ZoneRule
from ..vocabulary import BlockState, Chunk, MemmapOn, NotifierAction, Placement
from .base import EventBase


class Logged(EventBase, tag="log", frozen=True):
    """A line of the kernel log, without its time."""

    text: str


class ResourceReserved(EventBase, tag="resource_reserved", frozen=True):
    """The range was entered into /proc/iomem (register_memory_resource); bytes."""

    start: int
    size: int
    name: str


class ResourceReleased(EventBase, tag="resource_released", frozen=True):
    """The range left /proc/iomem (release_memory_resource); bytes."""

    start: int
    size: int


class AddressDoubted(EventBase, tag="address_doubted", frozen=True):
    """What comes of an add hangs on where its addresses end, which is not known."""

    reason: HighestAddress


class RangeDoubted(EventBase, tag="range_doubted", frozen=True):
    """What comes of a range hangs on something that no file tells: whether it was there at boot, or holds a page with a hardware
    error, or pages of CMA, whether its going offline comes to an end, which zone auto-movable takes, whether its node is possible
    or its range free; or on what is not rehearsed, a part of a memory block. The rehearsal goes on as if what the blocks say of
    that (`Block.early`, `Block.hwpoison`) was so, no page was CMA's, and nothing came to an end."""

    pfn: int
    pages: int
    reason: (
        NotDated | ZoneNotTold | PoisonSomewhere | CmaSomewhere | UnderWay | PartOfBlock | NodesNotTold | HoleNotTold
    )


class KernelDoubted(EventBase, tag="kernel_doubted", frozen=True):
    """No file tells the kernel, and not all that it may be would do the same."""

    reason: KernelNotTold


class NodeOnlined(EventBase, tag="node_onlined", frozen=True):
    """A node without memory got its data structures and its directory (__try_online_node)."""

    node: int


class NodeOfflined(EventBase, tag="node_offlined", frozen=True):
    """The last block of a node without CPUs went (try_offline_node)."""

    node: int


class PlacementChosen(EventBase, tag="placement_chosen", frozen=True):
    """Where the memmap of a request goes, and why there."""

    placement: Placement
    reason: PlacementRule


class MemmapPlaced(EventBase, tag="memmap_placed", frozen=True):
    """The memmap of one section was mapped (vmemmap_populate): to the pages of `chunks`, which are memory of `node`; `fallback`:
    page by page, as no free pages in a row were left."""

    section: int
    on: MemmapOn
    chunks: tuple[Chunk, ...]
    node: int
    fallback: bool = False


class MemmapMarked(EventBase, tag="memmap_marked", frozen=True):
    """RFC v2's flush: the pages taken from the pool since the last section are marked PageVmemmap."""

    pfn: int
    pages: int


class MemmapReleased(EventBase, tag="memmap_released", frozen=True):
    """The memmap of one section was unmapped (section_deactivate), and `pages` pages of it are free again."""

    section: int
    on: MemmapOn
    pages: int


class SectionsLeaked(EventBase, tag="sections_leaked", frozen=True):
    """A failed add leaves `count` sections present, without a block, and with their memmap, which takes `pages` pages."""

    first: int
    count: int
    pages: int


class ExistingMemoryTaken(EventBase, tag="existing_memory_taken", frozen=True):
    """An add is done but for onlining: so many pages of memory that was there before it took, on one node."""

    node: int
    pages: int


class BlockCreated(EventBase, tag="block_created", frozen=True):
    """The device memoryN appeared, offline."""

    block: int


class BlockRemoved(EventBase, tag="block_removed", frozen=True):
    """The device memoryN went away."""

    block: int


class BlockStateChanged(EventBase, tag="block_state", frozen=True):
    """The state of a block changed."""

    block: int
    state: BlockState


class ZoneChosen(EventBase, tag="zone_chosen", frozen=True):
    """Which zone a block goes to, and by which rule (zone_for_pfn_range)."""

    block: int
    node: int
    zone: str
    reason: ZoneRule


class HeadInitialized(EventBase, tag="head_initialized", frozen=True):
    """The head pages of a block joined its zone, as pageblocks that are Unmovable (mhp_init_memmap_on_memory)."""

    pfn: int
    pages: int


class RangeMoved(EventBase, tag="range_moved", frozen=True):
    """Pages have a zone now, and all their pageblocks are isolated (move_pfn_range_to_zone)."""

    pfn: int
    pages: int
    node: int
    zone: str


class NotifierCalled(EventBase, tag="notifier_called", frozen=True):
    """The subscribers of the memory notifier chain, or of the nodes', were told `action` of `pages` pages from `pfn` on, and of
    the node whose memory begins or ends with it (status_change_nid; -1: none); `vetoed_by` names who refused, if someone did."""

    action: NotifierAction
    pfn: int
    pages: int
    status_change_nid: int = msgspec.field(name="node_change")
    vetoed_by: str = ""


class PresentAdjusted(EventBase, tag="present_adjusted", frozen=True):
    """The present pages of a zone, and of its node and memory group, became `pages` more, or fewer where that is negative
    (adjust_present_page_count)."""

    node: int
    zone: str
    pages: int


class RangeRemoved(EventBase, tag="range_removed", frozen=True):
    """The span of a zone shrank to what is still online without these pages (remove_pfn_range_from_zone)."""

    pfn: int
    pages: int
    node: int
    zone: str


class ParameterSet(EventBase, tag="parameter_set", frozen=True):
    """A writable parameter has a new value."""

    name: str
    value: str


class OfflineFailed(EventBase, tag="offline_failed", frozen=True):
    """An eject met a block that would not go; `retried`: in the second pass."""

    block: int
    errno: str
    reason: Reason
    retried: bool


class OnlineFailed(EventBase, tag="online_failed", frozen=True):
    """A block that the kernel meant to bring online by itself stays offline, and no one is told: the first that failed of
    those that auto_online_blocks brings online, or one that an eject put back."""

    block: int
    errno: str
    reason: Reason


class ResizeFailed(EventBase, tag="resize_failed", frozen=True):
    """A virtio-mem device that went on by itself, as more of it is online, did not come to what was asked for; `start` is
    the first byte of its region."""

    start: int
    errno: str
    reason: Reason


class BlocksKept(EventBase, tag="blocks_kept", frozen=True):
    """virtio-mem could not take out blocks that it needs no more; they are as they were."""

    first: int
    count: int
    errno: str
    reason: Reason
