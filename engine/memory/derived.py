"""Values beside a state that are made of it: indexes, which no command writes and no file holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from .state import State

Value = TypeVar("Value")


class Derived(Generic[Value]):
    """One value for each state: made when it is first asked for, gone when the state is. It keeps up with the state by the
    tables' `watch`. With `copied`, which is given the value and the other state, a clone of the state has one from the
    beginning."""

    def __init__(self, make: Callable[[State], Value], copied: Callable[[Value, State], Value] | None = None) -> None:
        self._make = make
        self.copied = copied

    def of(self, state: State) -> Value:
        """The value of a state."""
        made: Value | None = state.derived.get(self)
        if made is None:
            made = state.derived[self] = self._make(state)
        return made
