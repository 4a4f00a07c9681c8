"""Values beside a state that are made of it: indexes, which no command writes and no file holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from .state import State

Value = TypeVar("Value")


class Derived(Generic[Value]):
    """One value for each state: made when it is first asked for, gone when the state is. It keeps up with the state by the
    tables' `watch`."""

    def __init__(self, make: Callable[[State], Value]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[State, Value] = WeakKeyDictionary()

    def of(self, state: State) -> Value:
        """The value of a state."""
        made = self._made.get(state)
        if made is None:
            made = self._made[state] = self._make(state)
        return made
