"""Whether a block could go offline now, and which pages are in its way: quick enough to ask it of every block."""

from __future__ import annotations

from typing import Final, Literal

from ..commands import Offline
from ..memory.state import State
from ..numbers.errors import BadInput
from ..protocol.answered import Answered
from ..protocol.events import PagesAssumed, PagesTaken, RangeDoubted, of_type
from ..protocol.reasons import Reason
from ..protocol.reasons.taking import LockHeld, MemoryHoles, NoHotRemove, SeveralZones
from ..protocol.vocabulary import ASSUMED, PINNED, RESERVED, UNMOVABLE_KINDS, Kind
from ..run.rehearsal import decided, rehearsal
from .summary import summary

Answer = Literal["yes", "no", "never", "not known"]

_IN_THE_WAY: Final[tuple[Kind, ...]] = (
    RESERVED,
    *(kind for kind in UNMOVABLE_KINDS if kind != RESERVED),
    ASSUMED,
    PINNED,
)
_BEFORE_PAGES: Final = (SeveralZones, MemoryHoles, NoHotRemove, LockHeld)
"""Reasons for which a block is refused before any of its pages is looked at."""


class Outlook(Answered, frozen=True):
    """Whether a block could go offline now.

    `answer`    "yes"; "no"; "never": nothing that can be done while the system runs would help (reserved pages, boot memory
                that the architecture keeps, a block of several zones, a kernel that takes no memory away); "not known": it hangs
                on pages that no one saw
    `result`    "ok", or the errno of the offline by name
    `reason`    why the kernel would refuse, as data; None if it would not
    `pfn`       the first page at fault; None where there is none
    `blockers`  kinds of pages that are in the way, each with the number of such pages in the block; none where a rule refuses
                it whatever its pages are
    `moves`     pages of the block that would have to be migrated
    `unseen`    pages of the block that no one saw, where "not known" hangs on them
    `doubt`     what else "not known" hangs on, as data; None where there is nothing else
    """

    block: int
    answer: Answer
    result: str
    reason: Reason | None = None
    pfn: int | None = None
    blockers: tuple[tuple[Kind, int], ...] = ()
    moves: int = 0
    unseen: int = 0
    doubt: Reason | None = None


def outlook(state: State, block: int) -> Outlook:
    """The outlook of an online block; the state is as before. Raises `BadInput` if there is no such block."""
    if block not in state.blocks:
        raise BadInput(f"there is no memory{block}")
    with rehearsal(state):
        tried = decided(state, Offline(block=block), PagesTaken)
    found = summary(state, *state.block_range(block), orders=False)
    moves = found.of("movable") + found.of("huge")
    if tried.certainty == "not known":
        guessed: tuple[tuple[Kind, int], ...] = ((ASSUMED, found.of(ASSUMED)),) if found.of(ASSUMED) else ()
        unseen = sum(event.unseen for event in of_type(tried.events, PagesAssumed))
        doubt = next((event.reason for event in of_type(tried.events, RangeDoubted)), None)
        return Outlook(block, "not known", tried.result, tried.reason, tried.pfn, guessed, moves, unseen, doubt)
    if tried.ok:
        return Outlook(block, "yes", "ok", moves=moves)
    counts: tuple[tuple[Kind, int], ...] = tuple((kind, count) for kind in _IN_THE_WAY if (count := found.of(kind)))
    if isinstance(tried.reason, _BEFORE_PAGES):
        counts = ()
    here = state.blocks[block]
    lasting = (
        found.of(RESERVED)
        or tried.result == "EPERM"
        or isinstance(tried.reason, NoHotRemove)
        or (here.state == "online" and here.zone is None)
    )
    return Outlook(block, "never" if lasting else "no", tried.result, tried.reason, tried.pfn, counts, moves)
