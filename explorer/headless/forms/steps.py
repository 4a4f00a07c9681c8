"""The lines of `altmap run` for programs: `step` (what a command changed), `full_step` (the whole machine after it) and
`event`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from altmap.engine import Add, Advice, Command, Machine, Outcome, VirtioMem, news, sentence, worth_knowing
from altmap.engine.faces.diff import drift
from altmap.engine.protocol.events import Event
from altmap.engine.protocol.json_text import encoded
from altmap.engine.protocol.vocabulary import Certainty
from altmap.engine.questions.narrate.events import event_words
from altmap.engine.sysfs.report import (
    BlockReport,
    SectionReport,
    ZoneReport,
    block_reports,
    glance,
    section_reports,
    zone_reports,
)

from ... import __version__
from .changes import Changes, changes
from .command import CommandRow, line_row
from .document import (
    AdviceRow,
    Amount,
    Document,
    NodeAmount,
    ReasonRow,
    Refusal,
    advice_row,
    as_line,
    reason_row,
    refusal,
)


class AssumedRow(msgspec.Struct, frozen=True):
    """What of a range, from its first pfn on, no one saw, in one zone."""

    node: int
    zone: str
    pfn: int
    unseen: Amount


class StepDocument(Document, tag="step", frozen=True, kw_only=True):
    """One line of `altmap run --json`: command number `step`, what came of it, and what it changed (`changes`).

    `result` is "ok" or the errno by name, `refusal` why it was refused, null where it was not; `expected` whether the script
    expects that. `certainty` says whether a real kernel would do the same: "yes" or "no", as the result is, or "not known",
    where it hangs on pages that no one saw; these are `assumed` not to be in the way. `log` are the lines of the kernel log,
    `taken` the existing memory that an add took, `notes` what else is to be said of it, such as what a sync found to differ;
    `worth_knowing`, behind an add, what is worth knowing of the machine now and was not so before.
    """

    version: Literal[1] = 1
    step: int
    line: str
    command: CommandRow
    result: str
    expected: bool
    certainty: Certainty
    assumed: tuple[AssumedRow, ...]
    refusal: Refusal | None
    log: tuple[str, ...]
    taken: tuple[NodeAmount, ...]
    notes: tuple[ReasonRow, ...]
    worth_knowing: tuple[AdviceRow, ...]
    changes: Changes


class FullStepDocument(Document, tag="full_step", frozen=True, kw_only=True):
    """One line of `altmap run --json --full`: command number `step`, what came of it, and the whole machine after it.

    `op` is the command as a script has it, `taken` pages by node, `pfn` the page at fault. The numbers of zones are pages;
    blocks and sections stand under their numbers.
    """

    version: Literal[1] = 1
    step: int
    op: Command
    result: str
    reason: str
    log: tuple[str, ...]
    taken: Mapping[str, int]
    pfn: int | None
    notes: tuple[str, ...]
    blocks: Mapping[str, BlockReport]
    zones: tuple[ZoneReport, ...]
    sections: Mapping[str, SectionReport]


class EventDocument(Document, tag="event", frozen=True, kw_only=True):
    """One line of `altmap run --events`: what the kernel did in command number `step`, in a sentence where that says more
    than its name and its numbers. Behind these keys stand those of the event; which they are follows from its name,
    `event`."""

    version: Literal[1] = 1
    step: int
    sentence: str | None


def step_document(
    number: int, machine: Machine, outcome: Outcome, changed: Changes, advice: tuple[Advice, ...] = ()
) -> StepDocument:
    """What came of a command."""
    said, page = line_row(outcome.command), machine.geometry.page_size
    return StepDocument(
        step=number,
        line=said.line,
        command=said.command,
        result=outcome.result,
        expected=outcome.expected,
        certainty=outcome.certainty,
        assumed=tuple(
            AssumedRow(one.node, one.zone, one.pfn, Amount(one.unseen * page, one.unseen)) for one in outcome.assumed
        ),
        refusal=None if outcome.ok else refusal(outcome.result, outcome.reason, outcome.pfn),
        log=outcome.log,
        taken=tuple(NodeAmount(node, pages * page, pages) for node, pages in sorted(outcome.taken.items())),
        notes=tuple(map(reason_row, outcome.notes)),
        worth_knowing=tuple(map(advice_row, advice)),
        changes=changed,
    )


def full_step_document(number: int, machine: Machine, outcome: Outcome) -> FullStepDocument:
    """What came of a command, and the machine after it."""
    return FullStepDocument(
        step=number,
        op=outcome.command,
        result=outcome.result,
        reason=sentence(outcome.reason),
        log=outcome.log,
        taken={str(node): pages for node, pages in outcome.taken.items()},
        pfn=outcome.pfn,
        notes=tuple(map(sentence, outcome.notes)),
        blocks=block_reports(machine),
        zones=tuple(zone_reports(machine)),
        sections=section_reports(machine),
    )


def event_line(number: int, event: Event) -> bytes:
    """A line for an event: the keys of `EventDocument`, and its own."""
    head = {
        "kind": "event",
        "version": 1,
        "altmap": __version__,
        "step": number,
        "sentence": event_words(event) or None,
    }
    return encoded({**head, **msgspec.to_builtins(event)}) + b"\n"


class JsonLines:
    """`altmap run` for programs, a line each: events as they come, if wanted, and behind them what came of the command, with
    what it changed, or (`full`) the whole machine. `write` takes bytes."""

    def __init__(self, machine: Machine, write: Callable[[bytes], None], full: bool, events: bool) -> None:
        self._machine, self._write, self._full, self._events = machine, write, full, events
        self._seen = glance(machine)
        self._known = worth_knowing(machine)

    def event(self, number: int, event: Event) -> None:
        """One line for an event."""
        if self._events:
            self._write(event_line(number, event))

    def outcome(self, number: int, outcome: Outcome) -> None:
        """One line for a result."""
        machine = self._machine
        if self._full:
            self._write(as_line(full_step_document(number, machine, outcome)))
            return
        before, self._seen = self._seen, glance(machine)
        changed = changes(drift(before, self._seen), machine, machine)
        advice: tuple[Advice, ...] = ()
        if isinstance(outcome.command, Add | VirtioMem):
            known, self._known = self._known, worth_knowing(machine)
            advice = news(known, self._known)
        self._write(as_line(step_document(number, machine, outcome, changed, advice)))

    def flush(self) -> None:
        """Nothing is held back."""

    def end(self) -> None:
        """The end needs no line."""
