"""Events: what the kernel does while a command runs, one frozen Struct for each thing, in the kernel's order.

Numbers of pages are pages, and what is called `pfn` is a page frame number. All events are one tagged union, so they can be
written as JSON Lines and read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from .hotplug import AddressDoubted as AddressDoubted
from .hotplug import BlockCreated as BlockCreated
from .hotplug import BlockRemoved as BlockRemoved
from .hotplug import BlocksKept as BlocksKept
from .hotplug import BlockStateChanged as BlockStateChanged
from .hotplug import ExistingMemoryTaken as ExistingMemoryTaken
from .hotplug import HeadInitialized as HeadInitialized
from .hotplug import KernelDoubted as KernelDoubted
from .hotplug import Logged as Logged
from .hotplug import MemmapMarked as MemmapMarked
from .hotplug import MemmapPlaced as MemmapPlaced
from .hotplug import MemmapReleased as MemmapReleased
from .hotplug import NodeOfflined as NodeOfflined
from .hotplug import NodeOnlined as NodeOnlined
from .hotplug import NotifierCalled as NotifierCalled
from .hotplug import OfflineFailed as OfflineFailed
from .hotplug import OnlineFailed as OnlineFailed
from .hotplug import ParameterSet as ParameterSet
from .hotplug import PlacementChosen as PlacementChosen
from .hotplug import PresentAdjusted as PresentAdjusted
from .hotplug import RangeDoubted as RangeDoubted
from .hotplug import RangeMoved as RangeMoved
from .hotplug import RangeRemoved as RangeRemoved
from .hotplug import ResizeFailed as ResizeFailed
from .hotplug import ResourceReleased as ResourceReleased
from .hotplug import ResourceReserved as ResourceReserved
from .hotplug import SectionsLeaked as SectionsLeaked
from .hotplug import ZoneChosen as ZoneChosen
from .pages import CompactionEnded as CompactionEnded
from .pages import CompactionStarted as CompactionStarted
from .pages import HugePageDissolved as HugePageDissolved
from .pages import HugePageFreed as HugePageFreed
from .pages import HugePagesChanged as HugePagesChanged
from .pages import HugePageTaken as HugePageTaken
from .pages import IsolationUndone as IsolationUndone
from .pages import MemmapSkipped as MemmapSkipped
from .pages import MigrationFailed as MigrationFailed
from .pages import PagePoisoned as PagePoisoned
from .pages import PagesAssumed as PagesAssumed
from .pages import PagesCompacted as PagesCompacted
from .pages import PagesFreed as PagesFreed
from .pages import PagesMigrated as PagesMigrated
from .pages import PagesOnlined as PagesOnlined
from .pages import PagesPlugged as PagesPlugged
from .pages import PagesTaken as PagesTaken
from .pages import PagesTakenByWorkload as PagesTakenByWorkload
from .pages import PagesUnplugged as PagesUnplugged
from .pages import RangeIsolated as RangeIsolated
from .pages import ScannerMoved as ScannerMoved

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
"""An event of any class: what `Machine.steps` yields, and `Outcome.events` holds."""


def of_type(events: Sequence[Event], kind: type[E]) -> list[E]:
    """Those of one type, in order. A command has up to a hundred thousand events, and most questions are about few of them."""
    if kind not in {*map(type, events)}:
        return []
    return [event for event in events if type(event) is kind]
