"""What changed: the same rows in the document `diff` and in each `step`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import msgspec
from altmap.engine import Changed, ChangedValue, Drift, Machine

from .document import Document
from .machine import BlockRow, NodeRow, Rows, SectionRow, ZoneRow

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R")


class ValueChange(msgspec.Struct, frozen=True):
    """A parameter, or one of the numbers that make a machine what it is; null where it has it not."""

    name: str
    before: str | int | None
    after: str | int | None


class NodeChange(msgspec.Struct, frozen=True):
    """A node before and after, null where it is not there; `changed` are the keys that differ, none for what is new or
    gone."""

    node: int
    changed: tuple[str, ...]
    before: NodeRow | None
    after: NodeRow | None


class ZoneChange(msgspec.Struct, frozen=True):
    """A zone before and after, null where it is empty; `changed` as for a node."""

    node: int
    zone: str
    changed: tuple[str, ...]
    before: ZoneRow | None
    after: ZoneRow | None


class BlockChange(msgspec.Struct, frozen=True):
    """A memory block before and after, null where it is not there; `changed` as for a node."""

    block: int
    changed: tuple[str, ...]
    before: BlockRow | None
    after: BlockRow | None


class SectionChange(msgspec.Struct, frozen=True):
    """A section whose memmap lies elsewhere, before and after; null where it is not there; `changed` as for a node."""

    section: int
    changed: tuple[str, ...]
    before: SectionRow | None
    after: SectionRow | None


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs of what a kernel shows, and of what is pinned: `parameters` by name, and by number `nodes`, `zones`,
    `blocks` and `sections`; only what differs is listed. `machine` are the kernel model, the architecture and the sizes: with
    another block size the same number means another block."""

    machine: tuple[ValueChange, ...]
    parameters: tuple[ValueChange, ...]
    nodes: tuple[NodeChange, ...]
    zones: tuple[ZoneChange, ...]
    blocks: tuple[BlockChange, ...]
    sections: tuple[SectionChange, ...]


class MachineName(msgspec.Struct, frozen=True):
    """A machine: how it was asked for, and what it says of itself."""

    source: str
    name: str
    description: str | None


class DiffDocument(Document, tag="diff", frozen=True, kw_only=True):
    """What changed from one machine to another."""

    version: Literal[1] = 1
    before: MachineName
    after: MachineName
    equal: bool
    changes: Changes


def changes(drift: Drift, before: Machine, after: Machine) -> Changes:
    """A drift as rows; the two may be one machine."""
    old, new = Rows(before), Rows(after)
    return Changes(
        machine=_values(drift.machine),
        parameters=_values(drift.parameters),
        nodes=tuple(NodeChange(one.key, *_sides(one, old.node, new.node)) for one in drift.nodes),
        zones=tuple(ZoneChange(one.key[0], one.key[1], *_sides(one, old.zone, new.zone)) for one in drift.zones),
        blocks=tuple(BlockChange(one.key, *_sides(one, old.block, new.block)) for one in drift.blocks),
        sections=tuple(SectionChange(one.key, *_sides(one, old.section, new.section)) for one in drift.memmaps),
    )


def _sides(
    change: Changed[K, V], old: Callable[[K, V], R], new: Callable[[K, V], R]
) -> tuple[tuple[str, ...], R | None, R | None]:
    before = None if change.before is None else old(change.key, change.before)
    after = None if change.after is None else new(change.key, change.after)
    return change.fields, before, after


def _values(values: Sequence[ChangedValue]) -> tuple[ValueChange, ...]:
    return tuple(ValueChange(value.name, value.before, value.after) for value in values)


def diff_document(names: Sequence[str], before: Machine, after: Machine, drift: Drift) -> DiffDocument:
    """`altmap diff --json`; `names` are how the two were asked for."""
    was, now = (
        MachineName(name, machine.origin.name, machine.origin.description or None)
        for name, machine in zip(names, (before, after), strict=True)
    )
    return DiffDocument(before=was, after=now, equal=not drift, changes=changes(drift, before, after))
