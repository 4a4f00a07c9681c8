"""Why single pages are not taken, given back, poisoned or plugged."""

from __future__ import annotations

from ..vocabulary import Kind, What, ZoneKey
from .coded import Coded

# -- hardware errors ----------------------------------------------------------------------------------------------------


class NoPage(Coded, frozen=True):
    """There is no page at the pfn."""

    pfn: int


class NoOnlinePage(Coded, frozen=True):
    """There is one, but it is not online."""

    pfn: int


class PoisonedAlready(Coded, frozen=True):
    """The page has the flag PG_hwpoison."""

    pfn: int


class CannotBeTaken(Coded, frozen=True):
    """memory_failure cannot take a page of this kind out of use; `of`: the blocks whose memmap it holds."""

    pfn: int
    kind: Kind
    of: tuple[int, ...]


class CannotBeMoved(Coded, frozen=True):
    """soft_offline_page cannot move a page of this kind; `of`: the blocks whose memmap it holds."""

    pfn: int
    kind: Kind
    of: tuple[int, ...]


class HeldByOthers(Coded, frozen=True):
    """soft_offline_page cannot move the page: someone holds an extra reference."""

    pfn: int


class NoRoomToMove(Coded, frozen=True):
    """soft_offline_page cannot move the page: there is no room in the zones it may go to."""

    pfn: int


# -- workloads ----------------------------------------------------------------------------------------------------------


class WorkloadTooBig(Coded, frozen=True):
    """`size` bytes do not fit: so many pages are missing above the min watermarks of the zones."""

    what: What
    size: int
    missing: int
    zones: tuple[ZoneKey, ...]


class NoneThere(Coded, frozen=True):
    """No page of the kind is there to be given back."""

    what: What
    wanted: int


class TooFewThere(Coded, frozen=True):
    """Only so many pages of the kind are there."""

    kind: Kind
    have: int
    wanted: int


class NoMemoryInZone(Coded, frozen=True):
    """The node has no such zone, or nothing in it."""

    node: int
    zone: str


class PinsFindNoRoom(Coded, frozen=True):
    """Pages of a node's ZONE_MOVABLE that are to be pinned for long must move to kernel zones, and only so many find room."""

    node: int
    room: int
    wanted: int


class TooFewHugePages(Coded, frozen=True):
    """The pool of the node has fewer huge pages to map, or to unmap."""

    node: int
    have: int
    wanted: int


# -- virtio-mem ---------------------------------------------------------------------------------------------------------


class StillPlugged(Coded, frozen=True):
    """So many bytes could not be unplugged."""

    size: int


class WaitsForOnline(Coded, frozen=True):
    """So many bytes wait until more of the device is online; it may have `limit` bytes offline."""

    size: int
    limit: int


PageReason = (
    NoPage
    | NoOnlinePage
    | PoisonedAlready
    | CannotBeTaken
    | CannotBeMoved
    | HeldByOthers
    | NoRoomToMove
    | WorkloadTooBig
    | NoneThere
    | TooFewThere
    | PinsFindNoRoom
    | NoMemoryInZone
    | TooFewHugePages
    | StillPlugged
    | WaitsForOnline
)
