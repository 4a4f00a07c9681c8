"""The document `explanation`: what lines of a kernel log mean."""

from __future__ import annotations

from typing import Literal

import msgspec
from altmap.engine import Explained, Machine

from .document import Document


class ExplainedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log, what it means, and the rule in the kernel; the page and the range of addresses that it names (first
    byte, and the one behind the last), null where it names none, and what is `here` on the machine that was given."""

    line: str
    means: str
    rule: str
    pfn: int | None
    start: int | None
    end: int | None
    here: tuple[str, ...]


class ExplanationDocument(Document, tag="explanation", frozen=True, kw_only=True):
    """The lines about memory hotplug of a text, in their order; `name`: of the machine that was given, null without one."""

    version: Literal[1] = 1
    name: str | None
    lines: tuple[ExplainedRow, ...]


def explanation_document(machine: Machine | None, found: tuple[Explained, ...]) -> ExplanationDocument:
    """`altmap explain --json`."""
    name = machine.origin.name if machine is not None else None
    return ExplanationDocument(name=name, lines=tuple(map(_row, found)))


def _row(one: Explained) -> ExplainedRow:
    start, end = one.range or (None, None)
    return ExplainedRow(line=one.line, means=one.means, rule=one.rule, pfn=one.pfn, start=start, end=end, here=one.here)
