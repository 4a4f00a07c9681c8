"""Time travel: every state that a machine was in, as a tree of steps.

A step holds only the values that its command replaced. Going to another state walks the tree, swapping these values on
the way; applying a command in an earlier state begins a branch. Nothing is ever lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from ..commands import describe
from ..commands.outcome import Outcome
from ..memory.journal import Changes, Journal, joined
from ..numbers.errors import BadInput


class TreeStep:
    """One state of a machine: what led to it from its parent, and under which name a person put it. The first has no parent.

    `changes` take the machine from this state to its parent while the step is part of the present, and the other way
    round while it is not. `written` is how many changes were made on the way to it: of a value that changed twice both, and
    those that were taken back too. `Step` is what others see of it.
    """

    __slots__ = ("changes", "latest", "name", "number", "outcome", "parent", "written")

    def __init__(self, number: int, parent: TreeStep | None, outcome: Outcome | None, changes: Changes) -> None:
        self.number = number
        self.parent = parent
        self.outcome = outcome
        self.changes = changes
        self.name = ""
        self.latest: TreeStep | None = None
        self.written = 0

    def path(self) -> list[TreeStep]:
        """The steps from the first state to this one."""
        steps: list[TreeStep] = []
        step: TreeStep | None = self
        while step is not None:
            steps.append(step)
            step = step.parent
        return steps[::-1]


class StepTree:
    """All states of one machine, whose tables share a journal; `present` is the one that it is in. States are numbered
    from 0 in the order in which they came to be."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.steps: list[TreeStep] = [TreeStep(0, None, None, ())]
        self.present = self.steps[0]

    def record(self, outcome: Outcome) -> TreeStep:
        """A command was applied in the present state; what it changed is in the journal."""
        step = TreeStep(len(self.steps), self.present, outcome, self._journal.take())
        step.written = self._journal.written
        self.steps.append(step)
        self.present.latest = step
        self.present = step
        return step

    def amend(self, outcome: Outcome) -> None:
        """What the journal holds belongs to the present step as well, of which this came."""
        step = self.present
        later, first = self._journal.take(), step.changes
        step.changes = joined(later, first)
        step.outcome = outcome

    def outcomes(self) -> tuple[Outcome, ...]:
        """What led to the present state, oldest first."""
        return tuple(step.outcome for step in self.present.path() if step.outcome is not None)

    def back(self) -> TreeStep | None:
        """To the state before this one; the step that was taken back, or None at the beginning."""
        step = self.present
        if step.parent is None:
            return None
        step.changes = self._journal.swap(step.changes)
        step.parent.latest = step
        self.present = step.parent
        return step

    def forward(self) -> TreeStep | None:
        """To the state that was taken back, or made, last from here; that step, or None if there is none."""
        step = self.present.latest
        if step is None:
            return None
        step.changes = self._journal.swap(step.changes)
        self.present = step
        return step

    def go_to(self, number: int) -> TreeStep:
        """To any state. Raises `BadInput` if there is none of that number."""
        if not 0 <= number < len(self.steps):
            raise BadInput(f"there is no state {number}; states are numbered 0 to {len(self.steps) - 1}")
        path = self.steps[number].path()
        wanted = set(path)
        while self.present not in wanted:
            self.back()
        for step in path[path.index(self.present) + 1 :]:
            self.present.latest = step
            self.forward()
        return self.present

    def walk(self) -> Iterator[TreeStep]:
        """Every state, each after the one that it comes from, while the machine is in it; then all is as it was before, also
        where redo leads."""
        following: dict[int, list[TreeStep]] = {}
        for step in self.steps[1:]:
            assert step.parent is not None
            following.setdefault(step.parent.number, []).append(step)
        waiting = [self.steps[0]]
        with self._returning():
            while waiting:
                step = waiting.pop()
                while self.present is not step.parent and self.back():
                    pass
                if step.parent is not None:
                    self.present.latest = step
                    self.forward()
                yield step
                waiting += reversed(following.get(step.number, ()))

    def visit(self, numbers: Iterable[int]) -> Iterator[TreeStep]:
        """Some states, one after the other, while the machine is in each; then all is as it was before, also where redo leads.
        Raises `BadInput` for a number that no state has."""
        with self._returning():
            for number in numbers:
                yield self.go_to(number)

    @contextmanager
    def _returning(self) -> Iterator[None]:
        """Inside one may go anywhere; at the end the machine is where it was, and redo leads from each state where it led."""
        here, latest = self.present, [step.latest for step in self.steps]
        try:
            yield
        finally:
            self.go_to(here.number)
            for step, following in zip(self.steps, latest, strict=True):
                step.latest = following

    def arrange(self, numbers: Sequence[int], present: int, following: Mapping[int, int]) -> None:
        """Give the states other numbers, by the ones that they have, and go to one of them. `following` says where redo leads
        from a state, but for those on the way to the present one: from these it leads there."""
        for step, number in zip(self.steps, numbers, strict=True):
            step.number = number
        self.steps.sort(key=lambda step: step.number)
        self.go_to(present)
        for number, after in following.items():
            self.steps[number].latest = self.steps[after]
        for step in self.present.path():
            if step.parent is not None:
                step.parent.latest = step

    def name(self, number: int, name: str) -> None:
        """Give a state a name, or, with an empty one, take it away."""
        if not 0 <= number < len(self.steps):
            raise BadInput(f"there is no state {number}; states are numbered 0 to {len(self.steps) - 1}")
        self.steps[number].name = name

    def find(self, name: str) -> int:
        """The number of the state of that name or number. Raises `BadInput` if there is none."""
        for step in self.steps:
            if step.name == name or str(step.number) == name:
                return step.number
        names = ", ".join(step.name for step in self.steps if step.name) or "none has a name"
        raise BadInput(f"there is no state {name!r}; give a number from 0 to {len(self.steps) - 1} or a name ({names})")


class Step(msgspec.Struct, frozen=True, gc=False):
    """One state of a machine. `number` counts from 0 in the order in which states were made; `parent` is the number of the
    state before it and `outcome` what led from there to here, both None for the first; `name` is what a person called it;
    `latest` is the state that redo leads to from here, None if there is none."""

    number: int
    parent: int | None = None
    outcome: Outcome | None = None
    name: str = ""
    latest: int | None = None

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        if self.outcome is None:
            return f"<Step {self.number}{name}: the beginning>"
        return f"<Step {self.number}{name}: {describe(self.outcome.command)}: {self.outcome.result}>"


class Timeline:
    """All states that a machine was in, to be looked at. To move between them use `Machine.undo`, `redo` and `go_to`."""

    __slots__ = ("_tree",)

    def __init__(self, tree: StepTree) -> None:
        self._tree = tree

    def __len__(self) -> int:
        return len(self._tree.steps)

    def __repr__(self) -> str:
        return f"<Timeline of {len(self)} states, in state {self._tree.present.number}>"

    @property
    def steps(self) -> tuple[Step, ...]:
        """All states in the order of their numbers; the first has number 0."""
        return tuple(map(shown, self._tree.steps))

    @property
    def number(self) -> int:
        """The number of the state that the machine is in."""
        return self._tree.present.number

    @property
    def present(self) -> Step:
        """The state that the machine is in."""
        return shown(self._tree.present)

    @property
    def next(self) -> Step | None:
        """The state that `Machine.redo` would lead to; None if nothing was taken back here."""
        latest = self._tree.present.latest
        return None if latest is None else shown(latest)

    def path(self) -> tuple[Step, ...]:
        """The states from the first to the present one, each the parent of the next."""
        return tuple(map(shown, self._tree.present.path()))

    def since(self, number: int) -> tuple[Step, ...]:
        """The states with this number and above."""
        return tuple(map(shown, self._tree.steps[number:]))

    def name(self, number: int, name: str) -> None:
        """Give a state a name; an empty one takes it away. Raises `BadInput` if no state has the number."""
        self._tree.name(number, name)

    def find(self, name: str) -> int:
        """The number of the state with this name, or with this number as text. Raises `BadInput` if there is none."""
        return self._tree.find(name)


def shown(step: TreeStep) -> Step:
    """A step of the tree as others may see it."""
    parent = None if step.parent is None else step.parent.number
    latest = None if step.latest is None else step.latest.number
    return Step(step.number, parent, step.outcome, step.name, latest)
