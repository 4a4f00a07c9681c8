"""Verdicts on all blocks of a range, as text: those that are alike are told once, and the sum at the end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ...commands import Offline, Online
from ..narrate import counted
from .verdict import Verdict, describe_verdict, follows, lines


def describe_verdicts(verdicts: Sequence[Verdict]) -> str:
    """What `altmap why` prints about all commands of a line; a single verdict as `describe_verdict` does."""
    if len(verdicts) == 1:
        return describe_verdict(verdicts[0])
    text = [_told(run) for run in _runs(verdicts)]
    return "\n".join([*text, f"{sums(verdicts)}; each is judged by itself, as if it were the only one\n"])


def sums(verdicts: Sequence[Verdict]) -> str:
    """How many of each answer; how many are not known only where some are."""
    count = Counter(verdict.certainty for verdict in verdicts)
    unknown = [f"{count['not known']} not known"] if count["not known"] else []
    return ", ".join([f"{count['yes']} yes", f"{count['no']} no", *unknown])


def _runs(verdicts: Sequence[Verdict]) -> Iterator[list[Verdict]]:
    """Verdicts on one block after the other that say the same."""
    run: list[Verdict] = []
    said = ""
    for verdict in verdicts:
        saying = _of_any_block(verdict, "N", "memoryN")
        if run and not (saying == said and follows(run[0].command, verdict.command, len(run))):
            yield run
            run = []
        run.append(verdict)
        said = saying
    if run:
        yield run


def _of_any_block(verdict: Verdict, blocks: str, name: str) -> str:
    """A verdict in words that hold for all `blocks` that are like its own, each under a name for all of them."""
    text = describe_verdict(verdict)
    command = verdict.command
    if not isinstance(command, Online | Offline):
        return text
    text = re.sub(rf"\b(online|offline) {command.block}\b", rf"\1 {blocks}", text)
    text = re.sub(rf"/memory{command.block}\b", f"/memory{blocks}", text)
    return re.sub(rf"(?<!/)\bmemory{command.block}\b", name, text)


def _told(run: Sequence[Verdict]) -> str:
    command = run[0].command
    if len(run) == 1 or not isinstance(command, Online | Offline):
        return describe_verdict(run[0])
    blocks = f"{command.block}-{command.block + len(run) - 1}"
    (line,) = lines([verdict.command for verdict in run])
    _, _, rest = _of_any_block(run[0], blocks, f"each of memory{blocks}").partition(": ")
    return f"{line} ({counted(len(run), 'block')}): {rest}"
