"""Whether a block could go offline now, and what is in its way: the kernel's answer and a count, without ways around.

`why_not` also looks for what would clear it, by trying; this does not, so that all blocks of a machine can be asked.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from ..commands import Offline
from ..memory.state import State
from ..numbers.errors import BadInput
from ..protocol.reasons import Reason
from ..protocol.vocabulary import ASSUMED, PINNED, RESERVED, UNMOVABLE_KINDS, Kind
from ..run.rehearsal import attempt, rehearsal
from .summary import summary

Answer = Literal["yes", "no", "never", "not known"]

_IN_THE_WAY: Final[tuple[Kind, ...]] = (
    RESERVED,
    *(kind for kind in UNMOVABLE_KINDS if kind != RESERVED),
    ASSUMED,
    PINNED,
)


class Outlook(msgspec.Struct, frozen=True):
    """Whether a block can go offline now.

    `answer` is "yes"; "no"; "never" where nothing that a person does while the system runs clears it: reserved pages, boot
    memory that the architecture keeps, a block of several zones; or "not known" where it hangs on pages that no one saw.
    `result` is "ok" or the errno, `reason` the kernel's rule, `pfn` the first page at fault. `blockers` are pages in the way
    by kind, `moves` the pages that would have to move.
    """

    block: int
    answer: Answer
    result: str
    reason: Reason | None = None
    pfn: int | None = None
    blockers: tuple[tuple[Kind, int], ...] = ()
    moves: int = 0


def outlook(state: State, block: int) -> Outlook:
    """The outlook of an online block; the state is as before. Raises `BadInput` if there is no such block."""
    if block not in state.blocks:
        raise BadInput(f"there is no memory{block}")
    with rehearsal(state):
        tried = attempt(state, Offline(block=block))
    found = summary(state, *state.block_range(block))
    moves = found.of("movable") + found.of("huge")
    if tried.certainty == "not known":
        guessed: tuple[tuple[Kind, int], ...] = ((ASSUMED, found.of(ASSUMED)),) if found.of(ASSUMED) else ()
        return Outlook(block, "not known", tried.result, tried.reason, tried.pfn, guessed, moves)
    if tried.ok:
        return Outlook(block, "yes", "ok", moves=moves)
    counts: tuple[tuple[Kind, int], ...] = tuple((kind, count) for kind in _IN_THE_WAY if (count := found.of(kind)))
    here = state.blocks[block]
    lasting = found.of(RESERVED) or tried.result == "EPERM" or (here.state == "online" and here.zone is None)
    return Outlook(block, "never" if lasting else "no", tried.result, tried.reason, tried.pfn, counts, moves)
