"""What no machine can have is refused where it is read: `BadInput` with the JSON path, what is wrong there, and what would be
right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn, TypeVar

from ..memory.state import State
from ..numbers.bits import lowest
from ..numbers.errors import BadInput
from .schema import MAX_COUNT

K = TypeVar("K")
V = TypeVar("V")


def bad(path: str, sentence: str) -> NoReturn:
    """What stands at the JSON path cannot be."""
    raise BadInput(f"{path}: {sentence}")


def unique(path: str, items: Iterable[tuple[K, V]], name_of: Callable[[K], str] | None = None) -> dict[K, V]:
    """A table of items whose keys are all different. `name_of` says what a key is called, where `named` does not."""
    table: dict[K, V] = {}
    for index, (key, value) in enumerate(items):
        if key in table:
            name = (name_of or named)(key)
            bad(f"{path}[{index}]", f"{name} is there a second time; each may be there once")
        table[key] = value
    return table


def named(key: object) -> str:
    """A key in words, such as ``0 Normal``."""
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def known_node(state: State, node: int, path: str) -> None:
    """A node must be one of the machine's."""
    if node not in state.nodes:
        bad(path, f"node {node} is unknown; it must be one of $.nodes ({', '.join(map(str, state.nodes)) or 'none'})")


def ascending(path: str, what: str, first: int, behind: int) -> None:
    """What begins at `first` must not begin below `behind`, where the one before it ended."""
    if first < behind:
        bad(path, f"{what} {first} after {what} {behind - 1}; runs must ascend and not overlap")


def few_enough(path: str, what: str, total: int) -> None:
    """There must not be more of them than a file may ask for."""
    if total > MAX_COUNT:
        bad(path, f"{total} {what} up to here; there can be up to {MAX_COUNT}")


def disjoint(sets: Iterable[tuple[object, int]], what: str, path: str) -> None:
    """Sets must not meet."""
    seen = 0
    for name, mask in sets:
        if both := seen & mask:
            bad(path, f"{what} {lowest(both)} is in {named(name)} and in another; each can be in one")
        seen |= mask
