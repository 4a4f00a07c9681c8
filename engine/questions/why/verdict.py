"""The answer to "why not": whether a command would succeed, what is in its way, and what would clear that; as text too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from ...commands import Command, Offline, Online, describe
from ...numbers.frozen import Frozen
from ...numbers.units import format_bytes
from ...protocol.reasons import Reason
from ...protocol.reasons.unknown import Unknown
from ...protocol.vocabulary import Certainty
from ..narrate import counted, page_of, sentence, unknown_words

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
    more in words.
    """

    kind: str
    count: int
    unit: Unit
    first: int | None = None
    detail: str = ""
    rule: Reason | None = None


class Remedy(msgspec.Struct, frozen=True):
    """A change with which the command works, found by trying: `commands` in this order all succeed, `given` what they
    assume and no command can do (empty: nothing). The command itself, or what takes its place, is among them. `certainty`
    is "not known" where one of them hangs on pages that no one saw."""

    words: str
    commands: tuple[Command, ...]
    given: str = ""
    certainty: Certainty = "yes"


class Verdict(msgspec.Struct, frozen=True):
    """What would come of a command.

    `certainty` is the answer: "yes", it would succeed; "no", it would not; "not known", as it hangs on what no one saw or
    counted, which `unknown` tells. `result` is "ok" or the errno, `reason` the kernel's rule, `pfn` the first page at fault
    that the kernel meets, as the rehearsal came to them: where the answer is not known, a real kernel may come to others.
    `page_size`: the bytes of a page. `blockers` are all things in the way, by kind; `remedies` what would clear it, or, for
    a command that works, how to keep clear of its `warnings`. `effects` tell what it would do, `taken` how many pages of
    existing memory it takes, by node; `but` how a command that succeeds does less than was asked.
    """

    command: Command
    result: str
    reason: Reason | None = None
    pfn: int | None = None
    blockers: tuple[Blocker, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    effects: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    taken: Frozen[int, int] = Frozen()
    page_size: int = 4096
    but: str = ""
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


KIND_WORDS: Final[Mapping[str, str]] = {
    "reserved": "reserved since boot",
    "slab": "slab pages of the kernel",
    "pagetable": "page tables",
    "vmemmap": "memmap of other memory, in ordinary kernel pages",
    "kernel": "kernel pages",
    "assumed": "kernel pages whose place is a guess",
    "pinned": "pages that someone holds (long-term pins: RDMA, VFIO)",
    "huge": "pages of hugetlb pages",
    "movable": "movable pages without room elsewhere",
    "memmap": "memmap heads",
    "poisoned": "pages with hardware errors",
    "offline": "withheld or not online",
    "hole": "not System RAM",
    "guest": "sections whose memmap lies here",
    "online": "blocks that are not offline",
    "leaked": "sections left behind by an add that failed",
    "taken": "ranges of /proc/iomem that overlap",
    "missing": "free pages too few",
    "misaligned": "off a memory block",
}
"""What each kind of blocker is, for tables."""


def lines(commands: Sequence[Command]) -> Iterator[str]:
    """The commands as lines of a script; blocks in a row share a line."""
    at = 0
    while at < len(commands):
        command, end = commands[at], at + 1
        last = None
        if isinstance(command, Online | Offline):
            while end < len(commands) and follows(command, commands[end], end - at):
                end += 1
            last = command.block + end - at - 1
        yield describe(command, last)
        at = end


def follows(first: Command, other: Command, distance: int) -> bool:
    """Does a command do the same to the block that is so many behind the first's?"""
    if not isinstance(first, Online | Offline):
        return False
    return isinstance(other, Online | Offline) and other == msgspec.structs.replace(first, block=first.block + distance)


def describe_verdict(verdict: Verdict) -> str:
    """The verdict as `altmap why` prints it: the answer, why, what is in the way, what would clear it and what to type."""
    text = [describe_finding(verdict)]
    if verdict.remedies:
        text += ["", "What would clear it:" if not verdict.rehearsed else "Instead:"]
        for number, remedy in enumerate(verdict.remedies, 1):
            words, script = describe_remedy(remedy)
            text += [f"  {number}. {words}", *(f"       {line}" for line in script)]
    return "\n".join(text) + "\n"


def describe_remedy(remedy: Remedy) -> tuple[str, tuple[str, ...]]:
    """A remedy in words, and the lines to type."""
    assumed = "no page that no one knows is in the way" if remedy.certainty == "not known" else ""
    given = " and ".join(filter(None, (remedy.given, assumed)))
    return f"{remedy.words}{f' (given that {given})' if given else ''}", _shortened(lines(remedy.commands))


def describe_answer(verdict: Verdict) -> list[str]:
    """Whether the command would succeed and, if not, or if it is not known, why: a few lines."""
    unknown = [line for unknown in verdict.unknown for line in unknown_words(unknown)]
    return [f"{describe(verdict.command)}: {_short(verdict)}", *(f"  {line}" for line in (*unknown, *_reason(verdict)))]


def describe_finding(verdict: Verdict) -> str:
    """The verdict without its remedies: the answer, why, and what is in the way."""
    text = [*describe_answer(verdict), *_page(verdict)]
    text += [f"  {effect}" for effect in verdict.effects]
    text += [f"  warning: {warning}" for warning in verdict.warnings]
    unsaid = [blocker for blocker in verdict.blockers if blocker.rule is None or blocker.rule != verdict.reason]
    if unsaid:
        text += ["", "In the way:", *_table(unsaid, verdict.page_size)]
    if verdict.certainty == "no" and not verdict.remedies:
        text += ["", "No command clears it."]
    return "\n".join(text)


def _short(verdict: Verdict) -> str:
    """The answer in a few words."""
    if verdict.certainty == "not known":
        return "not known"
    if not verdict.rehearsed:
        return f"no, {verdict.result}"
    return f"the write succeeds, but {verdict.but}" if verdict.but else "yes, this would succeed"


def _reason(verdict: Verdict) -> Iterator[str]:
    """Why it is refused; where that is not known, what the rehearsal came to."""
    if verdict.certainty != "not known":
        yield from [sentence(verdict.reason)] if verdict.reason is not None else []
    elif verdict.rehearsed:
        yield f"if that does not matter, {f'the write succeeds, but {verdict.but}' if verdict.but else 'this would succeed'}"
    else:
        yield f"as things are laid out here: {verdict.result}, {sentence(verdict.reason)}"


def _page(verdict: Verdict) -> Iterator[str]:
    """The page that the reason names, as an address, and why the kernel names that one."""
    pfn = page_of(verdict.reason)
    if pfn is None:
        return
    yield f"  that is pfn {pfn:#x} (address {pfn * verdict.page_size:#x})"
    if any(blocker.unit == "pages" and (blocker.first or pfn) < pfn for blocker in verdict.blockers):
        yield (
            "  it is the first that the kernel meets, not the lowest: isolation looks at the first pageblock, then at the "
            "last, then at the rest, and pages are moved only after that"
        )


def _shortened(script: Iterator[str]) -> tuple[str, ...]:
    """A long script without its middle, which says nothing new."""
    whole = tuple(script)
    if len(whole) <= 8:
        return whole
    return (*whole[:4], f"... {len(whole) - 6} more such lines ...", *whole[-2:])


def _table(blockers: Sequence[Blocker], page_size: int) -> Iterator[str]:
    rows = [("count", "first pfn", "address", "what")]
    for blocker in blockers:
        what = KIND_WORDS.get(blocker.kind, "")
        if said := blocker.detail or sentence(blocker.rule):
            what = f"{what}: {said}" if what else said
        size = format_bytes(blocker.count) if blocker.unit == "bytes" else ""
        place = ("", "") if blocker.first is None else (f"{blocker.first:#x}", f"{blocker.first * page_size:#x}")
        rows.append((size or counted(blocker.count, blocker.unit[:-1]), *place, what))
    wide, pfn, address = (max(len(row[column]) for row in rows) for column in range(3))
    for count, first, at, what in rows:
        yield f"  {count:<{wide}}  {first:>{pfn}}  {at:>{address}}  {what}".rstrip()
