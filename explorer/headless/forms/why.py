"""The document `why`: would commands succeed, what is in their way, and what would clear it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from altmap.engine import Blocker, Machine, Reason, Remedy, Verdict, sentence, worst
from altmap.engine.protocol.vocabulary import Certainty

from .command import CommandRow, Line, line_row
from .document import Document, NodeAmount, ReasonRow, Refusal, reason_row, refusal


class BlockerRow(msgspec.Struct, frozen=True):
    """All things of one `kind` that are in the way: `count` of `unit`; `first_pfn` and `first_address` (bytes) of the first,
    null where they have no place; and more on them as a `sentence` and as data (`reason`), null where there is no more."""

    kind: str
    count: int
    unit: Literal["pages", "units", "blocks", "sections", "ranges", "bytes", "rules"]
    first_pfn: int | None
    first_address: int | None
    sentence: str | None
    reason: Mapping[str, Any] | None


class RemedyRow(msgspec.Struct, frozen=True):
    """A change with which the command works, found by trying: all `steps` succeed in this order; `given` is what they assume
    and no command can do, and `certainty` says whether one of them hangs on pages that no one saw."""

    sentence: str
    reasons: tuple[Mapping[str, Any], ...]
    given: str | None
    certainty: Certainty
    steps: tuple[Line, ...]


class VerdictRow(msgspec.Struct, frozen=True, kw_only=True):
    """What would come of a command, which is said as a `line` of a script and as data.

    answer             would it succeed: "yes", "no", or "not known"
    unknown            where it is not known, what no one saw; all that follows is what the rehearsal came to, which takes
                       nothing of that to be in the way
    rehearsed          "ok", or the errno by name that the rehearsal came to
    refusal            why it was refused there, null where it was not
    falls_short        how a command that succeeds does less than was asked, null where it does all
    effects, warnings  what it would do, and what to mind before it is done, as sentences; their data, code and fields, are
                       `effect_reasons` and `warning_reasons`, in the same order (`altmap schema reason` has them all)
    taken              existing memory that it takes, by node
    blockers           all that is in the way, by kind
    remedies           what clears the way, or keeps clear of the warnings
    """

    line: str
    command: CommandRow
    answer: Certainty
    unknown: tuple[ReasonRow, ...]
    rehearsed: str
    refusal: Refusal | None
    falls_short: str | None
    effects: tuple[str, ...]
    effect_reasons: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]
    warning_reasons: tuple[Mapping[str, Any], ...]
    taken: tuple[NodeAmount, ...]
    blockers: tuple[BlockerRow, ...]
    remedies: tuple[RemedyRow, ...]


class WhyDocument(Document, tag="why", frozen=True, kw_only=True):
    """One verdict for each command of the question about the machine `name`; each is judged by itself, as if it were the only
    one. `answer` is "no" if one of them is, else "not known" if one is, as the exit code says."""

    version: Literal[1] = 1
    name: str
    answer: Certainty
    verdicts: tuple[VerdictRow, ...]


def why_document(machine: Machine, verdicts: Sequence[Verdict]) -> WhyDocument:
    """`altmap why --json`."""
    answer = worst(verdict.answer for verdict in verdicts)
    return WhyDocument(name=machine.origin.name, answer=answer, verdicts=tuple(map(_verdict, verdicts)))


def _verdict(verdict: Verdict) -> VerdictRow:
    said, page = line_row(verdict.command), verdict.page_size
    return VerdictRow(
        line=said.line,
        command=said.command,
        answer=verdict.answer,
        unknown=tuple(map(reason_row, verdict.unknown)),
        rehearsed=verdict.result,
        refusal=None if verdict.rehearsed else refusal(verdict.result, verdict.reason, verdict.pfn),
        falls_short=sentence(verdict.but) or None,
        effects=tuple(map(sentence, verdict.effects)),
        effect_reasons=_data(verdict.effects),
        warnings=tuple(map(sentence, verdict.warnings)),
        warning_reasons=_data(verdict.warnings),
        taken=tuple(NodeAmount(node, pages * page, pages) for node, pages in sorted(verdict.taken.items())),
        blockers=tuple(_blocker(blocker, page) for blocker in verdict.blockers),
        remedies=tuple(map(_remedy, verdict.remedies)),
    )


def _blocker(blocker: Blocker, page_size: int) -> BlockerRow:
    first = blocker.first
    address = None if first is None else first * page_size
    more = blocker.detail or blocker.rule
    reason = None if more is None else msgspec.to_builtins(more)
    return BlockerRow(blocker.kind, blocker.count, blocker.unit, first, address, sentence(more) or None, reason)


def _remedy(remedy: Remedy) -> RemedyRow:
    return RemedyRow(
        "; ".join(map(sentence, remedy.does)),
        _data(remedy.does),
        sentence(remedy.given) or None,
        "yes" if remedy.certainty == "yes" else "not known",
        tuple(map(line_row, remedy.commands)),
    )


def _data(reasons: Sequence[Reason]) -> tuple[Mapping[str, Any], ...]:
    return tuple(map(msgspec.to_builtins, reasons))
