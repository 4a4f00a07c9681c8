"""What comes of comparing: one row an alternative, and how much would go movable by itself."""

from __future__ import annotations

import msgspec

from ...commands import Add
from ...numbers.frozen import Frozen
from ...protocol.answered import Answered
from ...protocol.reasons import Reason
from ...protocol.reasons.released import AsItIs, Released
from ...protocol.vocabulary import Certainty, Chunk, MemmapOn, OnlineType, Placement


class MemoryTotals(msgspec.Struct, frozen=True):
    """`total` and `free` are MemTotal and MemFree of the whole machine, in pages, `huge` the huge pages that the request's node
    could give, by their size in bytes."""

    total: int = 0
    free: int = 0
    huge: Frozen[int, int] = Frozen()


class MemmapShare(msgspec.Struct, frozen=True):
    """A part of the memmap: how many pages of it lie on memory of `node`, and on what: "self" is the added memory, "section"
    earlier hot-added memory, "kernel" ordinary kernel memory."""

    on: MemmapOn
    node: int
    pages: int


class AlikeBlocks(msgspec.Struct, frozen=True):
    """Blocks in a row (first to last) that look alike: the first `memmap` pages of each hold struct pages, all else is free."""

    first: int
    last: int
    memmap: int

    def __len__(self) -> int:
        """How many blocks."""
        return self.last + 1 - self.first


class StuckBlocks(Answered, frozen=True):
    """Blocks (first to last) that could not be taken out one by one: the errno by name (`result`), and the reason of the
    first."""

    first: int
    last: int
    result: str
    reason: Reason | None


class Alternative(Answered, frozen=True):
    """One way of doing an add request, tried, and what came of it. All counts are pages but `block_size` (bytes).

    model, placement how it was tried: under which kernel, and with the memmap where; None: wherever that kernel puts it
    online_type      how its blocks go online
    needs            what a real machine needs to place the memmap so: data that `sentence` writes
    boots            what else of it is another than the machine's: its kernel, the size of its blocks
    chosen           is it what the kernel model does by itself?
    certainty        how sure that is: not known where it hangs on pages that no one saw or counted
    result, reason   "ok", or the errno of the add, or, if it makes `blocks`, of onlining them, and why
    missing          kernel pages too few for the request
    blocks           memory blocks that it makes, numbered in `block_size`
    memmap           where the memmap lies; `off_node`: on other nodes than the memory it describes
    stretches        the added blocks as they are online, in runs that look alike
    outside          where the memmap lies in memory that was there before: runs of pages (pfn, count)
    waste            pages taken for the memmap that hold none of it: padding, alignment
    tables           page tables; `objects`: kernel objects; neither ever lies in the added memory
    taken            what nodes have less before anything is online
    added, online    the machine before and after onlining
    largest_run      the longest run of free pages in the added range, online
    zones            blocks that went to each zone
    removable        blocks, as (first, last), each of which could be taken out alone now
    stuck            those that could not
    assured          all are in ZONE_MOVABLE, where no kernel page will get in the way of removing them later
    """

    model: str
    block_size: int
    placement: Placement | None
    online_type: OnlineType = "online_movable"
    needs: Released = AsItIs()
    boots: tuple[Released, ...] = ()
    chosen: bool = False
    certainty: Certainty = "yes"
    result: str = "ok"
    reason: Reason | None = None
    missing: int = 0
    blocks: int = 0
    memmap: tuple[MemmapShare, ...] = ()
    off_node: int = 0
    stretches: tuple[AlikeBlocks, ...] = ()
    outside: tuple[Chunk, ...] = ()
    waste: int = 0
    tables: int = 0
    objects: int = 0
    taken: Frozen[int, int] = Frozen()
    added: MemoryTotals = MemoryTotals()
    online: MemoryTotals = MemoryTotals()
    largest_run: int = 0
    zones: Frozen[str, int] = Frozen()
    removable: tuple[tuple[int, int], ...] = ()
    stuck: tuple[StuckBlocks, ...] = ()
    assured: bool = False

    @property
    def ok(self) -> bool:
        """Did the add and the onlining of all its blocks succeed?"""
        return self.result == "ok"

    @property
    def memmap_pages(self) -> int:
        """Pages that the memmap takes."""
        return sum(share.pages for share in self.memmap)

    @property
    def removable_blocks(self) -> int:
        """How many blocks could be taken out alone now."""
        return sum(last + 1 - first for first, last in self.removable)


class AutoMovable(Answered, frozen=True):
    """How much of the request would go to ZONE_MOVABLE by itself, were online_policy auto-movable (mm/memory_hotplug.c,
    auto_movable_zone_for_pfn).

    `result`           "ok" or the errno of the add
    `reason`           the rule, of the first block that went to a kernel zone if one did
    `ratio`            the machine's auto_movable_ratio, in percent
    `numa_aware`       its auto_movable_numa_aware
    `movable_blocks`   blocks that go to ZONE_MOVABLE, and their `movable_pages`
    `kernel_blocks`    blocks that go to kernel zones, and their `kernel_pages`
    `largest_pages`    the largest memory device that would go movable as a whole in its place
    """

    result: str
    reason: Reason | None
    ratio: int
    numa_aware: bool
    movable_blocks: int = 0
    kernel_blocks: int = 0
    movable_pages: int = 0
    kernel_pages: int = 0
    largest_pages: int = 0


class Comparison(msgspec.Struct, frozen=True):
    """An add request and its `alternatives`. `before` is the memory of the machine as it is, `page_size` in
    bytes, and `plan` what the kernel's policy auto-movable would do with the request."""

    request: Add
    page_size: int
    before: MemoryTotals
    alternatives: tuple[Alternative, ...]
    plan: AutoMovable

    @property
    def fits(self) -> bool:
        """Does any of the alternatives fit?"""
        return any(row.ok for row in self.alternatives)
