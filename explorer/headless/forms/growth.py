"""The document `growth`: how far a machine can grow, and where it gets dangerous before."""

from __future__ import annotations

from typing import Literal

import msgspec
from altmap.engine import Growth, GrowthPoint, Machine
from altmap.engine.protocol.vocabulary import AutoOnline, Caller

from .document import Document, ReasonRow, Refusal, reason_row, refusal


class PointRow(msgspec.Struct, frozen=True, kw_only=True):
    """The machine after so many `added` bytes: what the kernel zones and the movable ones manage, `ratio` of these (null
    without a kernel zone), what is `left` free in the kernel's, what the `memmap` of the added memory takes, and what was
    `taken` from existing memory for all of it; bytes."""

    added: int
    kernel: int
    left: int
    movable: int
    ratio: float | None
    memmap: int
    taken: int


class DangerRow(msgspec.Struct, frozen=True):
    """From so many `added` bytes on, this is so."""

    added: int
    what: ReasonRow


class DoubtRow(msgspec.Struct, frozen=True):
    """What comes of the step from so many `added` bytes on, and of those after it, is not known."""

    added: int
    what: ReasonRow


class GrowthDocument(Document, tag="growth", frozen=True, kw_only=True):
    """Memory is added to the machine `name` step by step (`step` bytes each, from address `start` on) until the kernel
    refuses, or `limit` bytes are added. `points` begin with the machine before; `added` is how far it came, `refusal` what
    ended it, null where nothing did; `partial` are bytes that the refused step plugged nevertheless. `unknown` is on what all of
    this hangs that no one saw, counted or told, empty where it is known; `assumed` are parameters that no file told."""

    version: Literal[1] = 1
    name: str
    step: int
    start: int
    node: int
    caller: Caller
    online: AutoOnline
    limit: int
    added: int
    refusal: Refusal | None
    partial: int
    unknown: tuple[DoubtRow, ...]
    assumed: tuple[ReasonRow, ...]
    dangers: tuple[DangerRow, ...]
    points: tuple[PointRow, ...]


def growth_document(machine: Machine, growth: Growth) -> GrowthDocument:
    """`altmap grow --json`."""
    refused = None if growth.result == "ok" else refusal(growth.result, growth.reason, None)
    return GrowthDocument(
        name=machine.origin.name,
        step=growth.step,
        start=growth.start,
        node=growth.node,
        caller=growth.caller,
        online=growth.online,
        limit=growth.limit,
        added=growth.added,
        refusal=refused,
        partial=growth.partial,
        unknown=tuple(DoubtRow(doubt.added, reason_row(doubt.reason)) for doubt in growth.unknown),
        assumed=tuple(map(reason_row, growth.assumed)),
        dangers=tuple(DangerRow(danger.added, reason_row(danger.fact)) for danger in growth.dangers),
        points=tuple(map(_point, growth.points)),
    )


def _point(point: GrowthPoint) -> PointRow:
    ratio = None if point.ratio is None else round(point.ratio, 3)
    return PointRow(**msgspec.structs.asdict(point) | {"ratio": ratio})
