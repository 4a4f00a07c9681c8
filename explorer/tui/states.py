"""The states of a machine as rows of a list: a tree whose branches are indented. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple

import msgspec
from altmap.engine import Machine, Offline, Online, Step, block_numbers, describe

Where = Literal["here", "path", "aside"]
"""The present state; one on the way from the first to it; or one elsewhere."""


class Row(msgspec.Struct, frozen=True):
    """One state: its number, how far it is indented, the command that made it, its result, its name and its place. `first`: the
    first of the states that are one with it; `parent`: the state that it goes on from, None for the first; `begins`: it is
    another way from there."""

    number: int
    depth: int
    command: str
    result: str
    name: str
    place: Where
    first: int = 0
    parent: int | None = None
    begins: bool = False

    @property
    def numbers(self) -> str:
        """Its number, or those of the states that are one."""
        return f"{self.first}-{self.number}" if self.first != self.number else f"{self.number}"


Verb = tuple[int, str]
"""The verb that made a state: its first state and its label."""


def _of_itself(step: Step) -> Verb | None:
    return (step.number, describe(step.outcome.command)) if step.outcome else None


def rows(machine: Machine, verb_of: Callable[[Step], Verb | None] = _of_itself) -> list[Row]:
    """All states, those that one verb made as one, under the number of the last. The way on which a state was left last goes
    straight down; other branches come before it, indented."""
    timeline = machine.timeline
    steps, here = timeline.steps, timeline.present.number
    after: defaultdict[int, list[Step]] = defaultdict(list)
    for step in steps:
        if step.parent is not None:
            after[step.parent].append(step)
    path = {step.number for step in timeline.path()}
    found: list[Row] = []
    waiting = [_Next(steps[0], 0, 0, None)]
    while waiting:
        step, depth, first, parent, before, begins = waiting.pop()
        verb = verb_of(step)
        result = step.outcome.result if step.outcome else ""
        result = before if before != "ok" else result
        follows = after[step.number]
        inside = verb is not None and len(follows) == 1 and verb_of(follows[0]) == verb
        if inside and not step.name and step.number != here:
            waiting.append(_Next(follows[0], depth, first, parent, result, begins))
            continue
        place: Where = "here" if step.number == here else "path" if step.number in path else "aside"
        command = verb[1] if verb else "the beginning"
        found.append(Row(step.number, depth, command, result, step.name, place, first, parent, begins))
        if step.latest is not None:
            waiting.append(_Next(steps[step.latest], depth, step.latest, step.number))
        others = [other for other in reversed(follows) if other.number != step.latest]
        waiting += [_Next(other, depth + 1, other.number, step.number, begins=True) for other in others]
    return found


class _Next(NamedTuple):
    """A state whose row is still to be made: see `Row`; `result`: what came of those that are one with it."""

    step: Step
    depth: int
    first: int
    parent: int | None
    result: str = "ok"
    begins: bool = False


def together(steps: Sequence[Step]) -> dict[int, Verb]:
    """The verbs of steps that no session made: onlines of one type in a row are one, and offlines; but what goes on from a state
    that has a name, or from which there is more than one way, begins anew."""
    follows = Counter(step.parent for step in steps)
    first: dict[int, int] = {}
    blocks: dict[int, list[int]] = {}
    words: dict[int, str] = {}
    for step in steps:
        command = step.outcome.command if step.outcome is not None else None
        if not isinstance(command, Online | Offline) or step.parent is None:
            continue
        word = command.type if isinstance(command, Online) else "offline"
        goes_on = follows[step.parent] == 1 and not steps[step.parent].name
        joins = goes_on and words.get(first.get(step.parent, -1)) == word
        group = first[step.number] = first[step.parent] if joins else step.number
        words[group] = word
        blocks.setdefault(group, []).append(command.block)
    labels = {group: f"{word} {block_numbers(sorted(blocks[group]))}" for group, word in words.items()}
    return {number: (group, labels[group]) for number, group in first.items() if len(blocks[group]) > 1}


def way(machine: Machine, number: int, shown: Collection[int]) -> list[int]:
    """The states that are shown on the way from the first one to a state, and from there on where redo leads."""
    steps = machine.timeline.steps
    found, at = [number], steps[number].parent
    while at is not None:
        found.append(at)
        at = steps[at].parent
    found.reverse()
    at = steps[number].latest
    while at is not None:
        found.append(at)
        at = steps[at].latest
    return [number for number in found if number in shown]
