"""Tables whose every change is written down, so that it can be taken back.

The values in a table are immutable; a change replaces one value by another. What a command did is therefore the short
list of the values that it replaced, and undoing it costs exactly that much.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")

ABSENT: Any = object()
"""Stands for "there was no such key" in a journal."""

Change = tuple["Table[Any, Any]", Any, Any]
"""One replaced value: the table, the key, and what was there before (or `ABSENT`)."""


class Journal:
    """The changes of one command, oldest first."""

    __slots__ = ("changes",)

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def take(self) -> list[Change]:
        """What was written since the last call; the journal starts anew."""
        changes, self.changes = self.changes, []
        return changes


class Table(dict[K, V], Generic[K, V]):
    """A dict that is changed only through `put` and `drop`, both of which the journal remembers."""

    __slots__ = ("journal", "keys_version")

    def __init__(self, journal: Journal, items: Iterable[tuple[K, V]] = ()) -> None:
        super().__init__(items)
        self.journal = journal
        self.keys_version = 0

    def put(self, key: K, value: V) -> None:
        """Set the value of `key`."""
        before = self.get(key, ABSENT)
        if before is ABSENT:
            self.keys_version += 1
        self.journal.changes.append((self, key, before))
        self[key] = value

    def drop(self, key: K) -> V:
        """Remove `key`, which must be there, and return its value."""
        value = self.pop(key)
        self.keys_version += 1
        self.journal.changes.append((self, key, value))
        return value


def swap(changes: list[Change]) -> list[Change]:
    """Take the changes back, newest first; the result, given to `swap` again, makes them anew."""
    opposite: list[Change] = []
    for table, key, value in reversed(changes):
        now = table.get(key, ABSENT)
        opposite.append((table, key, now))
        if value is ABSENT:
            del table[key]
        else:
            table[key] = cast(Any, value)
        if value is ABSENT or now is ABSENT:
            table.keys_version += 1
    return opposite


def packed(changes: list[Change]) -> list[Any]:
    """The changes one behind the other in one list: a history of thousands of commands then holds few objects, which is
    what the garbage collector's time depends on."""
    flat: list[Any] = []
    for change in changes:
        flat += change
    return flat


def swap_packed(flat: list[Any]) -> list[Any]:
    """As `swap`, for packed changes."""
    triples = iter(flat)
    return packed(swap(list(zip(triples, triples, triples, strict=True))))
