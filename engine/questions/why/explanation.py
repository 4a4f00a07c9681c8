"""What the explainers of single commands give: what is to be said, and ways around that are yet to be tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ...commands import Command
from ...memory.state import State
from ...numbers.rounding import up
from ...numbers.units import GIB, MIB
from ...protocol.vocabulary import Certainty
from ...run.rehearsal import Attempt, attempt, rehearsal
from .verdict import Blocker, Remedy


class Way(NamedTuple):
    """A change that may help, to be tried: `commands` one after the other, once `prepare` has made the state what
    `given` says in words; where it returns False, that cannot be. Of the ways of one `group` the first that works does.
    """

    words: str
    commands: tuple[Command, ...]
    given: str = ""
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

    effects: Sequence[str] = ()
    warnings: Sequence[str] = ()
    blockers: Sequence[Blocker] = ()
    ways: Iterable[Way] = ()
    but: str = ""


def refused(tried: Attempt) -> Explanation:
    """A rule of the kernel, which says all there is to say."""
    return Explanation(blockers=[Blocker("rule", 1, "rules", tried.pfn, rule=tried.reason)])


def remedies(state: State, ways: Iterable[Way]) -> Iterator[Remedy]:
    """The ways that work."""
    done: set[str] = set()
    for way in ways:
        if way.group not in done and (sure := way.works(state)) != "no":
            yield Remedy(way.words, way.commands, way.given, sure)
            if way.group:
                done.add(way.group)


def sayable(size: int) -> int:
    """At least so many bytes, and such that a line of a script says them exactly."""
    unit = 1 if size < 8 * MIB else MIB if size < 8 * GIB else GIB // 4
    return up(size, unit)
