"""Events: what the kernel does while a command runs, one frozen Struct for each thing, in the kernel's order.

Numbers of pages are pages, and what is called `pfn` is a page frame number. All events are one tagged union, so they can be
written as JSON Lines and read back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from .hotplug import (
    AddressDoubted,
    BlockCreated,
    BlockRemoved,
    BlocksKept,
    BlockStateChanged,
    ExistingMemoryTaken,
    HeadInitialized,
    KernelDoubted,
    Logged,
    MemmapMarked,
    MemmapPlaced,
    MemmapReleased,
    NodeOfflined,
    NodeOnlined,
    NotifierCalled,
    OfflineFailed,
    OnlineFailed,
    ParameterSet,
    PlacementChosen,
    PresentAdjusted,
    RangeDoubted,
    RangeMoved,
    RangeRemoved,
    ResizeFailed,
    ResourceReleased,
    ResourceReserved,
    SectionsLeaked,
    ZoneChosen,
)
from .pages import (
    CompactionEnded,
    CompactionStarted,
    HugePageDissolved,
    HugePageFreed,
    HugePagesChanged,
    HugePageTaken,
    IsolationUndone,
    MemmapSkipped,
    MigrationFailed,
    PagePoisoned,
    PagesAssumed,
    PagesCompacted,
    PagesFreed,
    PagesMigrated,
    PagesOnlined,
    PagesPlugged,
    PagesTaken,
    PagesTakenByWorkload,
    PagesUnplugged,
    RangeIsolated,
    ScannerMoved,
)

__all__ = [
    "AddressDoubted",
    "BlockCreated",
    "BlockRemoved",
    "BlockStateChanged",
    "BlocksKept",
    "CompactionEnded",
    "CompactionStarted",
    "Event",
    "ExistingMemoryTaken",
    "HeadInitialized",
    "HugePageDissolved",
    "HugePageFreed",
    "HugePageTaken",
    "HugePagesChanged",
    "IsolationUndone",
    "KernelDoubted",
    "Logged",
    "MemmapMarked",
    "MemmapPlaced",
    "MemmapReleased",
    "MemmapSkipped",
    "MigrationFailed",
    "NodeOfflined",
    "NodeOnlined",
    "NotifierCalled",
    "OfflineFailed",
    "OnlineFailed",
    "PagePoisoned",
    "PagesAssumed",
    "PagesCompacted",
    "PagesFreed",
    "PagesMigrated",
    "PagesOnlined",
    "PagesPlugged",
    "PagesTaken",
    "PagesTakenByWorkload",
    "PagesUnplugged",
    "ParameterSet",
    "PlacementChosen",
    "PresentAdjusted",
    "RangeDoubted",
    "RangeIsolated",
    "RangeMoved",
    "RangeRemoved",
    "ResizeFailed",
    "ResourceReleased",
    "ResourceReserved",
    "ScannerMoved",
    "SectionsLeaked",
    "ZoneChosen",
    "of_type",
]

E = TypeVar("E")

Event = (
    Logged
    | ResourceReserved
    | ResourceReleased
    | NodeOnlined
    | NodeOfflined
    | AddressDoubted
    | RangeDoubted
    | KernelDoubted
    | PlacementChosen
    | MemmapPlaced
    | MemmapMarked
    | MemmapReleased
    | SectionsLeaked
    | ExistingMemoryTaken
    | BlockCreated
    | BlockRemoved
    | BlockStateChanged
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
    | HugePageTaken
    | HugePageFreed
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


def of_type(events: Iterable[Event], kind: type[E]) -> list[E]:
    """Those of one type, in order. A command has up to a hundred thousand events, and most questions are about few of them."""
    return [event for event in events if type(event) is kind]
