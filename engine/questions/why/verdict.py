"""The answer to "why not", as data: whether a command would succeed, what is in its way, and what would clear that."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...commands import Command
from ...numbers.frozen import Frozen
from ...protocol.reasons import Reason
from ...protocol.reasons.blocking import Blocking
from ...protocol.reasons.effects import PoolFallsShort
from ...protocol.reasons.remedies import Given, Remedying
from ...protocol.reasons.unknown import Unknown
from ...protocol.vocabulary import Certainty

Unit = Literal["pages", "units", "blocks", "sections", "ranges", "bytes", "rules"]


class Blocker(msgspec.Struct, frozen=True):
    """All things of one kind that are in the way.

    `kind` is a kind of page (`memmap.KINDS`), or one of

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


class Remedy(msgspec.Struct, frozen=True):
    """A change with which the command works, found by trying. `does` says what is done, one thing after the other;
    `commands` all succeed in this order, the command itself, or what takes its place, among them; `given` is what they
    assume and no command can do (None: nothing). `certainty` is "not known" where one of them hangs on pages that no one
    saw."""

    does: tuple[Remedying, ...]
    commands: tuple[Command, ...]
    given: Given | None = None
    certainty: Certainty = "yes"


class Verdict(msgspec.Struct, frozen=True):
    """What would come of a command.

    `certainty` is the answer: "yes", it would succeed; "no", it would not; "not known", as it hangs on what no one saw or
    counted, which `unknown` tells. `result` is "ok" or the errno, `reason` the kernel's rule, `pfn` the first page at fault
    that the kernel meets, as the rehearsal came to them: where the answer is not known, a real kernel may come to others.
    `page_size`: the bytes of a page. `blockers` are all things in the way, by kind; `remedies` what would clear it, or, for
    a command that works, how to keep clear of its `warnings`. `effects` tell what it would do, `taken` how many pages of
    existing memory it takes, by node; `but` how a command that succeeds does less than was asked. `sentence` writes reasons,
    effects, warnings and `but` as sentences.
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
    certainty: Certainty = "yes"
    unknown: tuple[Unknown, ...] = ()

    @property
    def ok(self) -> bool:
        """Would the command succeed, for sure?"""
        return self.certainty == "yes"

    @property
    def rehearsed(self) -> bool:
        """Did it succeed in the rehearsal, which takes what no one saw not to be in the way?"""
        return self.result == "ok"
