"""Give back so much memory: which blocks go together, in which order, and if that is not enough, what holds the rest.

People and their tools ask by size (``drmgr -r -q``, ``chmem -d SIZE``, a hypervisor that wants memory back), and the answer
for a block depends on those that went before it: pages that move need room in what is left. So each block is tried on the
machine as the blocks before it have left it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ...commands import Offline
from ...commands.outcome import Outcome
from ...memory.block import Block
from ...memory.state import Holder, State, state_of
from ...memory.zone import MOVABLE
from ...numbers.errors import BadInput
from ...numbers.rounding import ceil
from ...numbers.units import parse_bytes
from ...protocol.answered import Answered
from ...protocol.events import PagesMigrated
from ...protocol.reasons import Reason
from ...protocol.reasons.unknown import NotSeen, Unknown
from ...protocol.vocabulary import MOVABLE as MOVABLE_KIND
from ...protocol.vocabulary import RESERVED, UNMOVABLE_KINDS, Certainty, Kind, ZoneKey
from ...run.rehearsal import attempt, rehearsal
from ..summary import Summary, summary
from ..why.obstacles import kind_at
from ..why.unknown import unknowns


class HeldBlocks(Answered, frozen=True):
    """`blocks` (their numbers), of `size` bytes together, that do not go for one reason: the kind of the page that the kernel
    stops at, or None where it is a rule. `result` is the errno by name; `reason` and `pfn` are those of the first block."""

    blocks: tuple[int, ...]
    size: int
    kind: Kind | None
    result: str
    reason: Reason | None
    pfn: int | None


class GiveBack(msgspec.Struct, frozen=True):
    """What can be given back of `wanted` bytes, on a node or (None) on all. Sizes are bytes.

    `answer`      "yes" if all of it can; "no" if no more than `most` can go, by what was seen and by the counters; else
                  "not known"
    `blocks`      go offline together, one after the other in this order; `size` is what they hold
    `unsure`      those among them that hang on what is not known, as their pages are laid out here; `sure` is what the others
                  hold
    `doubts`      what that is, as data, each with the block that it was looked for of: one block of each zone
    `most`        what could go at most
    `moves`       pages that leave them for other blocks
    `held`        blocks that do not go; empty where enough others go
    `block_size`  of a memory block; `page_size` of a page
    """

    wanted: int
    node: int | None
    block_size: int
    blocks: tuple[int, ...]
    unsure: tuple[int, ...]
    doubts: tuple[tuple[int, Unknown], ...]
    most: int
    moves: int
    held: tuple[HeldBlocks, ...]
    page_size: int

    @property
    def size(self) -> int:
        """Bytes of all blocks that go."""
        return len(self.blocks) * self.block_size

    @property
    def sure(self) -> int:
        """Bytes of the blocks that go for sure."""
        return (len(self.blocks) - len(self.unsure)) * self.block_size

    @property
    def unseen(self) -> bool:
        """Are there pages that no one saw among what is not known?"""
        return any(isinstance(doubt, NotSeen) for _, doubt in self.doubts)

    @property
    def answer(self) -> Certainty:
        """Can that much be given back?"""
        if self.sure >= self.wanted:
            return "yes"
        return "no" if self.most < self.wanted else "not known"

    @property
    def commands(self) -> tuple[Offline, ...]:
        """The blocks in their order, as commands."""
        return tuple(Offline(block=block) for block in self.blocks)


def give_back(machine: Holder | State, size: int | str | None, node: int | None = None) -> GiveBack:
    """Which blocks would give back `size` bytes, or text like "40G", or (None) all that is online; nothing changes by asking.
    Blocks of zone Movable go first, those from which little has to move before others, and of those that are alike the highest.
    Raises `BadInput` for a size of nothing and for a node that is not there."""
    state = state_of(machine)
    if node is not None and node not in state.nodes:
        raise BadInput(f"there is no node {node}; nodes are {', '.join(map(str, sorted(state.nodes)))}")
    online = _candidates(state, node)
    size = len(online) * state.geometry.block_size if size is None else parse_bytes(size)
    if size <= 0:
        raise BadInput("a size to give back is above 0, such as 40G" if online else "no memory block is online there")
    need = ceil(size, state.geometry.block_size)
    with rehearsal(state):
        going, open_ones, refused = _sure(state, online, need)
        may_go, doubts = _most(state, open_ones)
        most = len(going) + may_go
        unsure = _unsure(state, open_ones, need - len(going), refused)
    blocks, moves = _in_order(state, [*going, *unsure], set(unsure))
    held = () if len(blocks) >= need else tuple(_held(state, refused))
    geometry = state.geometry
    most *= geometry.block_size
    return GiveBack(
        size, node, geometry.block_size, blocks, tuple(sorted(unsure)), doubts, most, moves, held, geometry.page_size
    )


def _candidates(state: State, node: int | None) -> list[int]:
    online = [block for block in state.blocks.values() if block.state == "online" and node in (None, *block.nodes)]
    ranked = sorted(
        (_rank(block, summary(state, *state.block_range(block.id), orders=False)), -block.id) for block in online
    )
    return [-number for _, number in ranked]


def _rank(block: Block, inside: Summary) -> tuple[bool, bool, int]:
    kernel = any(inside.of(kind) for kind in UNMOVABLE_KINDS)
    return kernel, block.zone is None or block.zone[1] != MOVABLE, inside.of(MOVABLE_KIND) + inside.of("huge")


Refused = dict[int, tuple[Outcome, Kind | None]]
"""Blocks that did not go: how that was tried, and what the page is that the kernel stopped at."""


def _sure(state: State, candidates: Iterable[int], need: int) -> tuple[list[int], list[int], Refused]:
    """Blocks that go for sure, offline now; those of which that is not known, still online; and those that do not go."""
    going: list[int] = []
    open_ones: list[int] = []
    refused: Refused = {}
    for number in candidates:
        if len(going) >= need:
            break
        mark = len(state.journal.changes)
        tried = attempt(state, Offline(block=number))
        if tried.certainty == "yes":
            going.append(number)
            continue
        if tried.certainty == "not known":
            open_ones.append(number)
        else:
            refused[number] = tried, _kind(state, tried)
        state.journal.rewind(mark)
    return going, open_ones, refused


def _most(state: State, blocks: Iterable[int]) -> tuple[int, tuple[tuple[int, Unknown], ...]]:
    """How many of the blocks of which it is not known can go at most, for in a zone the counters prove that pages which cannot
    move lie in so many blocks at least; and what the first block of each zone hangs on."""
    zones: dict[ZoneKey | None, list[int]] = {}
    for number in blocks:
        zones.setdefault(state.blocks[number].zone, []).append(number)
    most, doubts = 0, list[tuple[int, Unknown]]()
    for numbers in zones.values():
        with rehearsal(state):
            first = attempt(state, Offline(block=numbers[0]))
        hanging = unknowns(state, first)  # the state is the one before again
        doubts += [(numbers[0], one) for one in hanging]
        spared = [one.blocks - one.least for one in hanging if isinstance(one, NotSeen)]
        most += min(len(numbers), *spared) if spared else len(numbers)
    return most, tuple(doubts)


def _unsure(state: State, candidates: Iterable[int], need: int, refused: Refused) -> list[int]:
    """Blocks that go if what no one saw is not in the way."""
    going: list[int] = []
    for number in candidates:
        if len(going) >= need:
            break
        tried = attempt(state, Offline(block=number))
        if tried.ok:
            going.append(number)
        else:
            refused[number] = tried, _kind(state, tried)
    return going


def _in_order(state: State, blocks: list[int], unsure: set[int]) -> tuple[tuple[int, ...], int]:
    """The blocks in ascending order, if they go in that as well, else as they were found; and the pages that move."""
    for order in (sorted(blocks), blocks):
        moves, done = 0, True
        with rehearsal(state):
            for number in order:
                tried = attempt(state, Offline(block=number))
                done &= tried.ok and (tried.certainty == "yes" or number in unsure)
                moves += sum(event.pages for event in tried.events if isinstance(event, PagesMigrated))
        if done:
            break
    return tuple(order), moves


def _kind(state: State, tried: Outcome) -> Kind | None:
    """What the page is that a refusal names."""
    return kind_at(state, tried.pfn) if tried.result in ("EBUSY", "EINTR") and tried.pfn is not None else None


def _held(state: State, refused: Refused) -> Iterator[HeldBlocks]:
    """Those that do not go, by what holds them, the most first. Of a block with pages that the boot reserved, these do, for
    good, whatever page the kernel meets first."""
    groups: dict[tuple[Kind | None, str, str], list[int]] = {}
    for number, (tried, kind) in refused.items():
        if tried.certainty == "not known":
            continue
        lasting = kind is not None and summary(state, *state.block_range(number), orders=False).of(RESERVED)
        kind = RESERVED if lasting else kind
        rule = tried.reason.code if kind is None and tried.reason is not None else ""
        groups.setdefault((kind, tried.result, rule), []).append(number)
    for (kind, result, _), blocks in sorted(groups.items(), key=lambda item: (-len(item[1]), item[1])):
        first = min(blocks)
        tried = refused[first][0]
        size = len(blocks) * state.geometry.block_size
        yield HeldBlocks(tuple(sorted(blocks)), size, kind, result, tried.reason, tried.pfn)
