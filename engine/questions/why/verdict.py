"""The answer to "why not", as data: whether a command would succeed, what is in its way, and what would clear that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ...commands import Command
from ...numbers.frozen import Frozen
from ...protocol.answered import Answered
from ...protocol.reasons import Reason
from ...protocol.reasons.blocking import Blocking
from ...protocol.reasons.effects import PoolFallsShort
from ...protocol.reasons.remedies import Given, Remedying
from ...protocol.reasons.unknown import Unknown
from ...protocol.vocabulary import Certainty

Unit = Literal["pages", "units", "blocks", "sections", "ranges", "bytes", "rules"]


class Blocker(Answered, frozen=True):
    """All things of one kind that are in the way.

    `kind` is a kind of page (`Kind` of `protocol.vocabulary`), or one of

        hole         pages of the block that are not System RAM
        guest        sections whose memmap lies in the range
        online       blocks that are not offline
        leaked       sections that an add which failed left behind
        taken        ranges of /proc/iomem that overlap
        missing      free pages that a request lacks
        misaligned   bytes that start and size are off a memory block
        offline      (huge pages) parts of the range that are not online
        rule         anything else that the kernel checks; the reason says it

    `count` is in `unit`; `first` is the pfn of the first of them; `rule` is what the kernel says, of a rule; `detail` says
    more.
    """

    kind: str
    count: int
    unit: Unit
    first: int | None = None
    detail: Blocking | None = None
    rule: Reason | None = None


class Remedy(Answered, frozen=True):
    """A change with which the command works, found by trying. `does` says what is done, one thing after the other;
    `commands` all succeed in this order, the command itself, or what takes its place, among them; `given` is what they
    assume and no command can do (None: nothing). `certainty` is "not known" where one of them hangs on pages that no one
    saw."""

    does: tuple[Remedying, ...]
    commands: tuple[Command, ...]
    given: Given | None = None
    certainty: Certainty = "yes"


class Verdict(Answered, frozen=True):
    """What would come of a command.

    `answer`      "yes", it would succeed; "no", it would not; "not known", it hangs on what no one saw or counted
    `unknown`     what that is, as data; empty if the answer is known
    `result`      "ok" or the errno that the rehearsal came to, which takes no unseen page to be in the way
    `reason`      why it would be refused, as data; None if it would not
    `pfn`         the first page at fault that the kernel would meet
    `blockers`    everything in the way, by kind
    `remedies`    what would clear the way; for a command that works, how to avoid what `warnings` say
    `effects`     what it would do
    `warnings`    what to mind before it is done
    `taken`       pages of memory that is there which it would take, by node
    `page_size`   bytes of a page
    `but`         how a write that succeeds does less than was asked; None if it does not

    `sentence` writes reasons, effects, warnings and `but` as sentences; `describe_verdict` writes all of it.
    """

    command: Command
    result: str
    reason: Reason | None = None
    pfn: int | None = None
    blockers: tuple[Blocker, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    effects: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    taken: Frozen[int, int] = Frozen()
    page_size: int = 4096
    but: PoolFallsShort | None = None
    answer: Certainty = "yes"
    unknown: tuple[Unknown, ...] = ()

    @property
    def ok(self) -> bool:
        """Is it certain that the command would succeed?"""
        return self.answer == "yes"

    @property
    def rehearsed(self) -> bool:
        """Did the command succeed in the rehearsal, in which no unseen page is in the way?"""
        return self.result == "ok"


def worst(answers: Iterable[Certainty]) -> Certainty:
    """What several answers come to: "no" if one of them is, else "not known" if one is."""
    found = {*answers}
    return "no" if "no" in found else "not known" if "not known" in found else "yes"
