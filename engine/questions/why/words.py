"""Verdicts in words; those on the blocks of a range that are alike are told once, and the sum stands at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from ...commands import Command, Offline, Online, describe
from ...numbers.units import format_bytes
from ...protocol.reasons.remedies import AddAtTop
from ..narrate.lines import GAP, Line, running
from ..narrate.reason import page_of, sentence
from ..narrate.unknown import unknown_words
from ..narrate.words import counted, some_names
from .verdict import Blocker, Remedy, Verdict

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


_MOST_LINES: Final = 8
"""Lines of a remedy's script that are told."""


class _Run(NamedTuple):
    """The blocks of which a verdict on the first holds."""

    first: int
    last: int

    def names(self, blocks: Sequence[int]) -> str:
        """Names of blocks; the first block's own name stands for each of them."""
        if tuple(blocks) == (self.first,) and self.last > self.first:
            return f"each of {some_names(range(self.first, self.last + 1))}"
        return some_names(blocks)


_ALONE: Final = _Run(-1, -1)


def describe_verdicts(verdicts: Sequence[Verdict]) -> tuple[Line, ...]:
    """The verdicts on all commands of a line. Blocks in a row of which the same is to be said are said once; the last line
    says how many of each answer there are."""
    if len(verdicts) == 1:
        return describe_verdict(verdicts[0])
    said = [line for run in _runs(verdicts) for line in (*_whole(run[0], _blocks_of(run)), GAP)]
    return (*said, running(f"{sums(verdicts)}; each is judged by itself, as if it were the only one", indent=0))


def sums(verdicts: Sequence[Verdict]) -> str:
    """How many of each answer; how many are not known only where some are."""
    count = Counter(verdict.answer for verdict in verdicts)
    unknown = [f"{count['not known']:,} not known"] if count["not known"] else []
    return ", ".join([f"{count['yes']:,} yes", f"{count['no']:,} no", *unknown])


def describe_verdict(verdict: Verdict) -> tuple[Line, ...]:
    """All of a verdict: the answer, the reason, what is in the way, what would clear it, and what to type. `plain` makes text
    of it."""
    return tuple(_whole(verdict, _ALONE))


def describe_finding(verdict: Verdict) -> tuple[Line, ...]:
    """The answer, the reason, effects, warnings and what is in the way; without remedies."""
    return tuple(_finding(verdict, _ALONE))


def describe_answer(verdict: Verdict) -> tuple[Line, ...]:
    """The answer, and the reason if it is "no" or "not known"; the first line is the command and a short answer."""
    return tuple(_answer(verdict, _ALONE))


def describe_remedy(remedy: Remedy) -> tuple[str, tuple[str, ...]]:
    """A remedy as one sentence, and the lines of a script that carry it out; a long script without its middle."""
    return _remedy(remedy, _ALONE)


def lines(commands: Sequence[Command]) -> Iterator[str]:
    """The commands as lines of a script; blocks in a row share a line."""
    return _script(commands, _ALONE)


# -- which verdicts are alike -------------------------------------------------------------------------------------------


def _runs(verdicts: Sequence[Verdict]) -> Iterator[list[Verdict]]:
    """Verdicts on one block after the other of which the same is to be said."""
    run: list[Verdict] = []
    for verdict in verdicts:
        if run and not (
            _follows(run[0].command, verdict.command, len(run)) and _without_block(run[0]) == _without_block(verdict)
        ):
            yield run
            run = []
        run.append(verdict)
    if run:
        yield run


def _blocks_of(run: Sequence[Verdict]) -> _Run:
    command = run[0].command
    return _Run(command.block, command.block + len(run) - 1) if isinstance(command, Online | Offline) else _ALONE


def _follows(first: Command, other: Command, distance: int) -> bool:
    """Does a command do the same to the block that is so many behind the first's?"""
    if not isinstance(first, Online | Offline):
        return False
    return isinstance(other, Online | Offline) and other == msgspec.structs.replace(first, block=first.block + distance)


def _without_block(verdict: Verdict) -> object:
    """All that is said of a verdict, without the block that it is about."""
    block = verdict.command.block if isinstance(verdict.command, Online | Offline) else None
    parts = (
        verdict.result, verdict.answer, verdict.unknown, verdict.reason, verdict.effects, verdict.warnings, verdict.but,
        _unsaid(verdict), verdict.remedies,
    )  # fmt: skip
    return parts if block is None else _of_any(parts, block)


def _of_any(part: object, block: int) -> object:
    """A part of a verdict as plain tuples, in which None stands for the block."""
    if isinstance(part, msgspec.Struct):
        values = ((name, getattr(part, name)) for name in part.__struct_fields__)
        return type(part), *(
            None if (name, value) == ("block", block) else _of_any(value, block) for name, value in values
        )
    if isinstance(part, tuple):
        return None if part == ((block, block),) else tuple(_of_any(one, block) for one in part)
    return part


# -- lines --------------------------------------------------------------------------------------------------------------


def _whole(verdict: Verdict, run: _Run) -> Iterator[Line]:
    yield from _finding(verdict, run)
    if verdict.remedies:
        yield GAP
        yield running("What would clear it:" if not verdict.rehearsed else "Instead:", "title", 0)
        for number, remedy in enumerate(verdict.remedies, 1):
            words, script = _remedy(remedy, run)
            yield running(f"{number}. {words}")
            yield from (running(line, "script", 7) for line in script)


def _finding(verdict: Verdict, run: _Run) -> Iterator[Line]:
    yield from _answer(verdict, run)
    yield from map(running, _page(verdict))
    yield from (running(sentence(effect, run.names)) for effect in verdict.effects)
    yield from (running(f"warning: {sentence(warning, run.names)}", "warning") for warning in verdict.warnings)
    if unsaid := _unsaid(verdict):
        yield from (GAP, running("In the way:", "title", 0))
        yield from (Line(row, indent=2) for row in _table(unsaid, verdict.page_size, run))
    if verdict.answer == "no" and not verdict.remedies:
        yield from (GAP, running("No command clears it.", indent=0))


def _answer(verdict: Verdict, run: _Run) -> Iterator[Line]:
    (line,) = _script([verdict.command], run)
    many = f" ({counted(run.last + 1 - run.first, 'block')})" if run.last > run.first else ""
    yield running(f"{line}{many}: {_short(verdict)}", "answer", 0)
    yield from (running(words) for unknown in verdict.unknown for words in unknown_words(unknown))
    yield from map(running, _reason(verdict, run))


def _unsaid(verdict: Verdict) -> tuple[Blocker, ...]:
    """The blockers of which the reason says nothing yet."""
    return tuple(blocker for blocker in verdict.blockers if blocker.rule is None or blocker.rule != verdict.reason)


def _short(verdict: Verdict) -> str:
    """The answer in a few words."""
    if verdict.answer == "not known":
        return "not known"
    if not verdict.rehearsed:
        return f"no, {verdict.result}"
    return _less(verdict) or "yes, this would succeed"


def _less(verdict: Verdict) -> str:
    """How it does less than was asked; empty if it does not."""
    return f"the write succeeds, but {sentence(verdict.but)}" if verdict.but is not None else ""


def _reason(verdict: Verdict, run: _Run) -> Iterator[str]:
    """Why it is refused; where that is not known, what the rehearsal came to."""
    if verdict.answer != "not known":
        yield from [sentence(verdict.reason, run.names)] if verdict.reason is not None else []
    elif verdict.rehearsed:
        yield f"if that does not matter, {_less(verdict) or 'this would succeed'}"
    else:
        yield f"as things are laid out here: {verdict.result}, {sentence(verdict.reason, run.names)}"


def _page(verdict: Verdict) -> Iterator[str]:
    """The page that the reason names, as an address, and why the kernel names that one."""
    pfn = page_of(verdict.reason)
    if pfn is None:
        return
    yield f"that is pfn {pfn:#x} (address {pfn * verdict.page_size:#x})"
    if any(blocker.unit == "pages" and (blocker.first or pfn) < pfn for blocker in verdict.blockers):
        yield (
            "it is the first that the kernel meets, not the lowest: isolation looks at the first pageblock, then (since 5.19) at "
            "the last, then at the rest, and pages are moved only after that"
        )


def _remedy(remedy: Remedy, run: _Run) -> tuple[str, tuple[str, ...]]:
    words = "; ".join(sentence(one, run.names) for one in remedy.does)
    hangs = (
        "that address can be had"
        if any(isinstance(one, AddAtTop) for one in remedy.does)
        else "no page that no one knows is in the way"
    )
    assumed = hangs if remedy.certainty == "not known" else ""
    given = ", and ".join(filter(None, (sentence(remedy.given, run.names), assumed)))
    return f"{words}{f' (given that {given})' if given else ''}", shortened(_script(remedy.commands, run), _MOST_LINES)


def _script(commands: Sequence[Command], run: _Run) -> Iterator[str]:
    at = 0
    while at < len(commands):
        command, end, last = commands[at], at + 1, None
        if isinstance(command, Online | Offline):
            while end < len(commands) and _follows(command, commands[end], end - at):
                end += 1
            last = command.block + end - at - 1
            last = run.last if (command.block, last) == (run.first, run.first) else last
        yield describe(command, last)
        at = end


def shortened(script: Iterator[str], most: int) -> tuple[str, ...]:
    """A script of more than `most` lines without its middle, which says nothing new; its last two lines stay."""
    whole, first = tuple(script), most - 4
    if len(whole) <= most:
        return whole
    return (*whole[:first], f"... {len(whole) - first - 2:,} more such lines ...", *whole[-2:])


def _table(blockers: Sequence[Blocker], page_size: int, run: _Run) -> Iterator[tuple[str, ...]]:
    yield "count", "first pfn", "address", "what"
    for blocker in blockers:
        what = KIND_WORDS.get(blocker.kind, "")
        if detail := sentence(blocker.detail or blocker.rule, run.names):
            what = f"{what}: {detail}" if what else detail
        size = format_bytes(blocker.count) if blocker.unit == "bytes" else ""
        place = ("", "") if blocker.first is None else (f"{blocker.first:#x}", f"{blocker.first * page_size:#x}")
        yield size or counted(blocker.count, blocker.unit[:-1]), *place, what
