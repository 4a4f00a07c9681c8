"""What a trial looks at of its kernel model: it takes the same course under every model that answers that alike.

A column that holds one value is looked at as a whole; of those that list some, and of the release, it is kept what was asked:
is this in it, is it at least that. So two models that list different callers are alike for who asks for one of them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar, cast

from ...kernels.model import KernelModel
from ...memory.journal import ABSENT, Change
from ...memory.state import State, clone

T = TypeVar("T")
Question = tuple[str, Callable[..., Any] | None, object]
"""A column, and what was asked of it: an operator and its other side, or nothing, for what it holds."""
Seen = Mapping[Question, object]
"""What was looked at, and what was found."""


class LookedAt:
    """A kernel model that keeps what was looked at of it."""

    def __init__(self, model: KernelModel) -> None:
        self.kernel = model
        self.seen: dict[Question, object] = {}

    def __getattr__(self, field: str) -> object:
        value = getattr(self.kernel, field)
        if isinstance(value, (tuple, _Listed)):
            return _Listed(self.seen, field, value)
        self.seen[field, None, None] = value
        return value


class _Listed:
    """A column that lists some values, or is one of several parts, as the release is."""

    def __init__(self, seen: dict[Question, object], field: str, values: object) -> None:
        self._seen, self._field, self._values = seen, field, values

    def _ask(self, how: Callable[..., Any], other: object = None) -> Any:
        answer = self._seen[self._field, how, other] = _answer(self._values, how, other)
        return answer

    def __contains__(self, value: object) -> bool:
        return cast(bool, self._ask(operator.contains, value))

    def __bool__(self) -> bool:
        return cast(bool, self._ask(operator.truth))

    def __getitem__(self, at: int) -> object:
        return self._ask(operator.getitem, at)

    def __iter__(self) -> Iterator[object]:
        return iter(self._ask(tuple))

    def __lt__(self, other: object) -> bool:
        return cast(bool, self._ask(operator.lt, other))

    def __le__(self, other: object) -> bool:
        return cast(bool, self._ask(operator.le, other))

    def __gt__(self, other: object) -> bool:
        return cast(bool, self._ask(operator.gt, other))

    def __ge__(self, other: object) -> bool:
        return cast(bool, self._ask(operator.ge, other))


_OF_ONE: Final = (operator.truth, tuple)
"""What is asked of a list alone."""


def _answer(values: object, how: Callable[..., Any], other: object) -> Any:
    return how(values) if how in _OF_ONE else how(values, other)


def alike(model: KernelModel, seen: Seen) -> bool:
    """Does a model answer all that was looked at of another as that did?"""
    for (field, how, other), answer in seen.items():
        value = getattr(model, field)
        if (value if how is None else _answer(value, how, other)) != answer:
            return False
    return True


def looking(state: State, do: Callable[[], T]) -> tuple[T, Seen]:
    """What a function returns, and what it looked at of the kernel model of a state."""
    model = state.model
    looked = LookedAt(model)
    state.model = cast(KernelModel, looked)
    try:
        return do(), looked.seen
    finally:
        state.model = model


class Step(NamedTuple):
    """What came of a step of a trial, and what it made of the state: the step, the state before it, what was looked at of the
    kernel model, the result, and the changes."""

    what: object
    before: State
    seen: Seen
    result: object
    changes: tuple[Change, ...]


def once(known: list[Step], state: State, what: object, do: Callable[[], T]) -> T:
    """What a step of a trial gives and does to a state. Where the same step was done to the same under a kernel model that
    was alike in all that it looked at, it is not done again: what it changed is put there."""
    for step in known:
        if step.what == what and alike(state.model, step.seen) and _same(step.before, state):
            for (number, key), value in step.changes:
                table = state.tables[number]
                table.drop(key) if value is ABSENT else table.put(key, value)
            return cast(T, step.result)
    before, begun = clone(state), len(state.journal.changes)
    result, seen = looking(state, do)
    touched = dict.fromkeys(place for place, _ in state.journal.changes[begun:])
    now = [(place, state.tables[place[0]].get(place[1], ABSENT)) for place in touched]
    changes = tuple(
        (place, value) for place, value in now if before.tables[place[0]].get(place[1], ABSENT) is not value
    )
    known.append(Step(what, before, seen, result, changes))
    return result


def _same(one: State, other: State) -> bool:
    return one.geometry == other.geometry and all(map(operator.eq, one.tables, other.tables))
