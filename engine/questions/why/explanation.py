"""What the explainers of single commands give: what is to be said, and ways around that are yet to be tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from ...commands import Command
from ...commands.outcome import Outcome
from ...memory.state import State
from ...numbers.rounding import ceil, up
from ...numbers.units import GIB, MIB
from ...protocol.reasons import Reason
from ...protocol.reasons.effects import PoolFallsShort
from ...protocol.reasons.remedies import Given, Remedying
from ...protocol.vocabulary import Certainty
from ...run.rehearsal import attempt, rehearsal
from .verdict import Blocker, Remedy

MOST_BLOCKS: Final = 64
"""Blocks that a remedy names at most, one by one."""


class Way(NamedTuple):
    """A change that may help, to be tried: `does` says what is done, `commands` do it one after the other, once `prepare`
    has made the state what is `given`; where it returns False, that cannot be. Of the ways of one `group` the first that
    works does.
    """

    does: tuple[Remedying, ...]
    commands: tuple[Command, ...]
    given: Given | None = None
    prepare: Callable[[State], bool] | None = None
    group: str = ""

    def works(self, state: State) -> Certainty:
        """Do all commands succeed, and how sure is that? The state is what it was afterwards."""
        sure: Certainty = "yes"
        with rehearsal(state):
            if self.prepare is not None and not self.prepare(state):
                return "no"
            for command in self.commands:
                tried = attempt(state, command)
                if not tried.ok:
                    return "no"
                sure = "not known" if tried.certainty == "not known" else sure
        return sure


class Explanation(NamedTuple):
    """Of a command that works its effects and warnings, of one that does not its blockers; and ways around either. `but` is
    what a command that works nevertheless does not do."""

    effects: Sequence[Reason] = ()
    warnings: Sequence[Reason] = ()
    blockers: Sequence[Blocker] = ()
    ways: Iterable[Way] = ()
    but: PoolFallsShort | None = None


def refused(tried: Outcome) -> Explanation:
    """A rule of the kernel, which says all there is to say."""
    return Explanation(blockers=[Blocker("rule", 1, "rules", tried.pfn, rule=tried.reason)])


def remedies(state: State, ways: Iterable[Way]) -> Iterator[Remedy]:
    """The ways that work."""
    done: set[str] = set()
    for way in ways:
        if way.group not in done and (sure := way.works(state)) != "no":
            yield Remedy(way.does, way.commands, way.given, sure)
            if way.group:
                done.add(way.group)


def sayable(size: int) -> int:
    """At least so many bytes, and such that a line of a script says them exactly."""
    unit = 1 if size < 8 * MIB else MIB if size < 8 * GIB else GIB // 4
    return up(size, unit)


def waiting_blocks(
    state: State, pages: int, turn: Callable[[int], tuple[bool, int]]
) -> Iterator[tuple[int, list[int]]]:
    """Node by node, in the order of `turn`, as many blocks that wait offline as have room for so many pages, and once
    more with one more; not where a node has too few, or these are too many to be named."""
    waiting: dict[int, list[int]] = {}
    for number in sorted(state.blocks):
        if state.blocks[number].state == "offline":
            waiting.setdefault(state.blocks[number].node, []).append(number)
    for node in sorted(waiting, key=turn):
        usable = state.geometry.pages_per_block - state.blocks[waiting[node][0]].head
        for count in (ceil(pages, usable), ceil(pages, usable) + 1):
            if count <= min(len(waiting[node]), MOST_BLOCKS):
                yield node, waiting[node][:count]
