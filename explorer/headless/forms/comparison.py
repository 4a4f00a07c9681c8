"""The document `comparison`: one add request in several ways, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from altmap.engine import Alternative, AutoMovable, Machine, MemoryTotals, Varied, sentence
from altmap.engine.protocol.vocabulary import Certainty, MemmapOn, OnlineType, Placement

from .command import CommandRow, line_row
from .document import Amount, Document, NodeAmount, ReasonRow, Refusal, reason_row, refusal


class HugePages(msgspec.Struct, frozen=True):
    """How many huge pages of `size` bytes the node could give."""

    size: int
    count: int


class MemoryRow(msgspec.Struct, frozen=True):
    """MemTotal and MemFree of the whole machine (`total`, `free`), and the `huge_pages` that the request's node could give, by
    size."""

    total: Amount
    free: Amount
    huge_pages: tuple[HugePages, ...]


class ShareRow(msgspec.Struct, frozen=True):
    """A part of the memmap: "self" in the added memory, "section" in earlier hot-added memory, "kernel" in ordinary kernel
    memory; of which node."""

    on: MemmapOn
    node: int
    bytes: int
    pages: int


class ZoneBlocks(msgspec.Struct, frozen=True):
    """How many blocks went to a zone."""

    zone: str
    blocks: int


class BlockRun(msgspec.Struct, frozen=True):
    """Blocks, first to last."""

    first: int
    last: int


class StuckRun(msgspec.Struct, frozen=True):
    """Blocks, first to last, that could not be taken out one by one, and why the first could not."""

    first: int
    last: int
    refusal: Refusal


class Pages(msgspec.Struct, frozen=True):
    """Pages in a row: the first, and how many."""

    pfn: int
    pages: int


class StretchRow(msgspec.Struct, frozen=True):
    """Blocks, first to last, that look alike: the first `memmap` pages of each hold struct pages, all else is free."""

    first: int
    last: int
    memmap: int


class AlternativeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alternative: kernel model, block size (bytes) and placement of the memmap, null for whatever the model does.

    name                 by what it differs from the others; of kernel models, the releases of which the very same comes
    online_type          how the blocks go online
    needs                what a real machine needs to place the memmap so
    boots                what else is another than the machine's: its kernel, the size of its blocks
    chosen               is it what the kernel model does by itself?
    certainty            how sure that is: not known where it hangs on pages that no one saw or counted
    result, refusal      "ok", or the errno of the add, or of onlining, and why
    missing              kernel memory too little for the request
    blocks               memory blocks that it makes
    memmap               where the memmap lies; `off_node`: on other nodes than the memory it describes
    outside              the pages that hold it in memory that was there before, in runs
    stretches            the added blocks, online, in runs that look alike
    waste                taken for the memmap, holding none of it: padding, alignment
    page_tables          never in the added memory, as are `kernel_objects`
    taken                what nodes have less before anything is online
    added, online        the machine before and after onlining; null where the add was refused
    largest_run          the longest run of free pages in the added range, online; null where the add was refused
    zones                where the blocks went
    removable, stuck     blocks that could be taken out one by one now, and those that could not
    assured              all are in ZONE_MOVABLE, where no kernel page will get in the way of removing them later
    """

    name: str
    model: str
    block_size: int
    placement: Placement | None
    online_type: OnlineType
    needs: str
    boots: tuple[str, ...]
    chosen: bool
    certainty: Certainty
    result: str
    refusal: Refusal | None
    missing: Amount
    blocks: int
    memmap: tuple[ShareRow, ...]
    off_node: Amount
    outside: tuple[Pages, ...]
    stretches: tuple[StretchRow, ...]
    waste: Amount
    page_tables: Amount
    kernel_objects: Amount
    taken: tuple[NodeAmount, ...]
    added: MemoryRow | None
    online: MemoryRow | None
    largest_run: Amount | None
    zones: tuple[ZoneBlocks, ...]
    removable: tuple[BlockRun, ...]
    stuck: tuple[StuckRun, ...]
    assured: bool


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the request would go movable by itself, were online_policy auto-movable: by the machine's ratio (percent),
    and by which rule. `largest` is the largest memory device that would go movable as a whole in its place."""

    result: str
    refusal: Refusal | None
    rule: ReasonRow | None
    ratio: int
    numa_aware: bool
    movable_blocks: int
    kernel_blocks: int
    movable: Amount
    kernel: Amount
    largest: Amount


class ComparisonDocument(Document, tag="comparison", frozen=True, kw_only=True):
    """All alternatives of a request to the machine `name`, onlined as `online` says, or where they differ in that, as each of
    them does; `before` is the machine as it is, `fits` whether any alternative does."""

    version: Literal[1] = 1
    name: str
    line: str
    command: CommandRow
    online: OnlineType
    fits: bool
    before: MemoryRow
    alternatives: tuple[AlternativeRow, ...]
    plan: PlanRow


def comparison_document(machine: Machine, varied: Varied) -> ComparisonDocument:
    """`altmap compare --json`."""
    comparison = varied.comparison
    said, rows = line_row(comparison.request), _Rows(comparison.page_size)
    return ComparisonDocument(
        name=machine.origin.name,
        line=said.line,
        command=said.command,
        online=comparison.alternatives[0].online_type,
        fits=comparison.fits,
        before=rows.memory(comparison.before),
        alternatives=tuple(map(rows.alternative, varied.names, comparison.alternatives)),
        plan=rows.plan(comparison.plan),
    )


class _Rows:
    """Rows, with pages of so many bytes."""

    def __init__(self, page_size: int) -> None:
        self._page = page_size

    def _amount(self, pages: int) -> Amount:
        return Amount(pages * self._page, pages)

    def _by_node(self, taken: Mapping[int, int]) -> tuple[NodeAmount, ...]:
        return tuple(NodeAmount(node, pages * self._page, pages) for node, pages in sorted(taken.items()))

    def memory(self, memory: MemoryTotals) -> MemoryRow:
        huge = tuple(HugePages(size, count) for size, count in sorted(memory.huge.items()))
        return MemoryRow(self._amount(memory.total), self._amount(memory.free), huge)

    def alternative(self, name: str, row: Alternative) -> AlternativeRow:
        added = row.blocks > 0
        return AlternativeRow(
            name=name,
            model=row.model,
            block_size=row.block_size,
            placement=row.placement,
            online_type=row.online_type,
            needs=sentence(row.needs),
            boots=tuple(map(sentence, row.boots)),
            chosen=row.chosen,
            certainty=row.certainty,
            result=row.result,
            refusal=None if row.ok else refusal(row.result, row.reason, None),
            missing=self._amount(row.missing),
            blocks=row.blocks,
            memmap=tuple(ShareRow(share.on, share.node, share.pages * self._page, share.pages) for share in row.memmap),
            off_node=self._amount(row.off_node),
            outside=tuple(Pages(*run) for run in row.outside),
            stretches=tuple(StretchRow(run.first, run.last, run.memmap) for run in row.stretches),
            waste=self._amount(row.waste),
            page_tables=self._amount(row.tables),
            kernel_objects=self._amount(row.objects),
            taken=self._by_node(row.taken),
            added=self.memory(row.added) if added else None,
            online=self.memory(row.online) if added else None,
            largest_run=self._amount(row.largest_run) if added else None,
            zones=tuple(ZoneBlocks(zone, blocks) for zone, blocks in sorted(row.zones.items())),
            removable=tuple(BlockRun(*run) for run in row.removable),
            stuck=tuple(StuckRun(run.first, run.last, refusal(run.result, run.reason, None)) for run in row.stuck),
            assured=row.assured,
        )

    def plan(self, plan: AutoMovable) -> PlanRow:
        ok = plan.result == "ok"
        return PlanRow(
            result=plan.result,
            refusal=None if ok else refusal(plan.result, plan.reason, None),
            rule=reason_row(plan.reason) if ok and plan.reason is not None else None,
            ratio=plan.ratio,
            numa_aware=plan.numa_aware,
            movable_blocks=plan.movable_blocks,
            kernel_blocks=plan.kernel_blocks,
            movable=self._amount(plan.movable_pages),
            kernel=self._amount(plan.kernel_pages),
            largest=self._amount(plan.largest_pages),
        )
