"""Whether what ran short may be had after all: the kernel first takes back pages of files, of caches and what it can swap out
(mm/vmscan.c), which a rehearsal leaves where they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..memory.state import State
from ..protocol.events import Event, ExistingMemoryTaken, HugePagesChanged, ResourceReserved, of_type
from ..protocol.reasons import Reason
from ..protocol.reasons.adding import MemmapShort, NoRowForMemmap, ObjectsShort
from ..protocol.reasons.pages import WorkloadTooBig
from ..protocol.reasons.taking import NoRoomElsewhere


def may_reclaim(state: State, reason: Reason | None, events: Sequence[Event]) -> int:
    """How many pages at most the kernel could take back, where memory ran short for that reason, or a pool of huge pages did not
    come to its size; 0 where it did not, and where all of them would be too few."""
    most = state.globals.value.reclaimable
    if not most:
        return 0
    if reason is None:
        pools = (event for event in of_type(events, HugePagesChanged) if event.total < event.wanted)
        return most if any(pool.size <= most * state.geometry.page_size for pool in pools) else 0
    while (cause := getattr(reason, "cause", None)) is not None:
        reason = cause
    match reason:
        case NoRowForMemmap() | MemmapShort():
            missing = _memmap_left(state, events)
        case ObjectsShort(pages=pages) | WorkloadTooBig(missing=pages):
            missing = pages
        case NoRoomElsewhere():
            missing = 1
        case _:
            return 0
    return most if missing <= most else 0


def _memmap_left(state: State, events: Sequence[Event]) -> int:
    """Pages of memmap that an add had still to take."""
    size = next((event.size for event in reversed(events) if isinstance(event, ResourceReserved)), 0)
    taken = sum(event.pages for event in of_type(events, ExistingMemoryTaken))
    return max(0, state.geometry.memmap_pages(size // state.geometry.page_size) - taken)
