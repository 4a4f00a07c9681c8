"""The states of a machine as rows of a list: a tree whose branches are indented. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from altmap.engine import Machine, Step, describe


class Row(NamedTuple):
    """One state: its number, how far it is indented, the command that made it, its result and its name. `place`: "here",
    "path" on the way from the first state to the present, "aside" elsewhere."""

    number: int
    depth: int
    command: str
    result: str
    name: str
    place: str


def rows(machine: Machine) -> list[Row]:
    """All states. The way on which a state was left last goes straight down; other branches come before it, indented."""
    timeline = machine.timeline
    steps, here = timeline.steps, timeline.present.number
    after: defaultdict[int, list[Step]] = defaultdict(list)
    for step in steps:
        if step.parent is not None:
            after[step.parent].append(step)
    path = {step.number for step in timeline.path()}
    found: list[Row] = []
    waiting = [(steps[0], 0)]
    while waiting:
        step, depth = waiting.pop()
        place = "here" if step.number == here else "path" if step.number in path else "aside"
        command, result = (
            (describe(step.outcome.command), step.outcome.result) if step.outcome else ("the beginning", "")
        )
        found.append(Row(step.number, depth, command, result, step.name, place))
        if step.latest is not None:
            waiting.append((steps[step.latest], depth))
        waiting += [(other, depth + 1) for other in reversed(after[step.number]) if other.number != step.latest]
    return found
