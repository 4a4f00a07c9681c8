"""Tables that write down each change, so that it can be taken back.

Values in a table cannot be changed, only replaced. What a command did is thus a short list of values that it replaced, and to
undo it costs no more than that list is long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final, TypeVar

import msgspec

from ..numbers.errors import BadInput
from ..numbers.frozen import Closed

K = TypeVar("K")
V = TypeVar("V")
S = TypeVar("S", bound=msgspec.Struct)

ABSENT: Any = object()
"""Stands for "there was no such key" in a journal."""

Change = tuple[tuple[int, Any], Any]
"""One replaced value: the number of its table and the key, and what was there before (or `ABSENT`)."""

Changes = tuple[Any, ...]
"""Changes one behind the other in one tuple. A history of many thousand commands then holds few objects that the garbage
collector has to look at."""


def joined(later: Changes, earlier: Changes) -> Changes:
    """Both as one: of each value that both replaced the earlier one counts."""
    both = {place: value for changes in (later, earlier) for place, value in each_change(changes)}
    return tuple(chain.from_iterable(both.items()))


def each_change(changes: Changes) -> Iterator[Change]:
    """The changes one by one."""
    parts = iter(changes)
    return zip(parts, parts, strict=True)


class TooManyChanges(BadInput):
    """A command changes more than it was allowed."""


class _Bounded(list[Change]):
    """The changes of a command that may make so many."""

    def __init__(self, changes: list[Change], most: int) -> None:
        super().__init__(changes)
        self.most = most

    def append(self, change: Change) -> None:
        super().append(change)
        if len(self) > self.most:
            raise TooManyChanges(f"it changes more than {self.most} values")


class Journal:
    """The changes of one command to the tables that share it, oldest first. `begun`: the tables are built, and what
    changes from now on is to be remembered. `undone`: how many of the command were taken back by `rewind`, which was work too.
    `written`: how many changes the last `take` was made of, those that were taken back included."""

    __slots__ = ("begun", "changes", "tables", "undone", "written")

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.tables: list[Table[Any, Any]] = []
        self.begun = False
        self.undone = self.written = 0

    def begin(self) -> None:
        """The tables are built: what was written so far is forgotten, and cannot be taken back."""
        self.changes = []
        self.begun = True

    def take(self) -> Changes:
        """What takes back all that was written since the last call: of each replaced value the oldest. The journal starts
        anew."""
        oldest = _oldest(self.changes)
        self.written = len(self.changes) + self.undone
        self.changes = []
        return tuple(chain.from_iterable(oldest.items()))

    @contextmanager
    def at_most(self, most: int) -> Iterator[None]:
        """Inside, there may be so many changes; beyond them `put` and `drop` raise `TooManyChanges`."""
        self.changes = _Bounded(self.changes, most)
        try:
            yield
        finally:
            self.changes = [*self.changes]

    def swap(self, changes: Changes) -> Changes:
        """Take changes back; the result, given to `swap` again, makes them anew. Nothing of it is written down."""
        opposite: list[Any] = []
        for place, value in each_change(changes):
            number, key = place
            table = self.tables[number]
            opposite += (place, table.get(key, ABSENT))
            table.restore(key, value)
        return tuple(opposite)

    def rewind(self, before: int = 0) -> None:
        """Take back what was written since the journal had `before` changes, and forget it."""
        tables = self.tables
        for (number, key), value in _oldest(self.changes[before:]).items():
            tables[number].restore(key, value)
        self.undone += len(self.changes) - before
        del self.changes[before:]


def _oldest(changes: list[Change]) -> dict[tuple[int, Any], Any]:
    """What each value was at first, those that changed last before all else."""
    return dict(reversed(changes))


class Table(Closed[K, V]):
    """A dict that is changed only by `put`, `amend` and `drop`, which the journal remembers and watchers are told, and by
    `load` while the state that it belongs to is built; every other way raises `TypeError`. Looking up is a dict's.

    `number` is its place among the tables of the journal, `name` what it is called in the state.
    """

    __slots__ = ("_ascending", "_watchers", "journal", "keys_version", "name", "number")
    _closed = "a table changes only by put, amend, drop and, while it is built, load"

    def __init__(self, journal: Journal, name: str) -> None:
        super().__init__()
        self.journal = journal
        self.name = name
        self.keys_version = 0
        self.number = len(journal.tables)
        self._watchers: list[set[K]] = []
        self._ascending: tuple[int, list[K]] = (-1, [])
        journal.tables.append(self)

    def __repr__(self) -> str:
        return f"<Table {self.name}: {len(self)} {'entry' if len(self) == 1 else 'entries'}>"

    def ascending(self) -> list[K]:
        """The keys, sorted; do not change the list."""
        version, keys = self._ascending
        if version != self.keys_version:
            keys = sorted(self)  # type: ignore[type-var]  # all tables have keys that can be
            self._ascending = (self.keys_version, keys)
        return keys

    def watch(self) -> set[K]:
        """A set that gets the key of every value which changes from now on, also by what is taken back; whoever asked for
        it empties it."""
        changed: set[K] = set()
        self._watchers.append(changed)
        return changed

    def tell(self, key: K) -> None:
        """The value of `key` has changed."""
        for changed in self._watchers:
            changed.add(key)

    def load(self, values: Mapping[K, V]) -> None:
        """Set values past the journal: a state that is built has nothing to take back. Raises `TypeError` once a machine
        has it."""
        if self.journal.begun:
            raise TypeError(f"{self.name} are loaded already; they change by put, amend and drop")
        keys = len(self)
        _update(self, values)
        if len(self) != keys:
            self.keys_version += 1
        for key in values if self._watchers else ():
            self.tell(key)

    def put(self, key: K, value: V) -> None:
        """Set the value of `key`."""
        before = self.get(key, ABSENT)
        if before is ABSENT:
            self.keys_version += 1
        self.journal.changes.append(((self.number, key), before))
        _set(self, key, value)
        for changed in self._watchers:
            changed.add(key)

    def amend(self, key: K, value: V) -> None:
        """Set anew what this command has `put` already: the journal needs no value but the one before the command."""
        _set(self, key, value)
        self.tell(key)

    def restore(self, key: K, value: V) -> None:
        """Set the value of `key` as it was, or remove it where it was `ABSENT`; nothing of that is written down."""
        if value is ABSENT:
            if key in self:
                _delete(self, key)
                self.keys_version += 1
        else:
            if key not in self:
                self.keys_version += 1
            _set(self, key, value)
        for changed in self._watchers:
            changed.add(key)

    def adopt(self, other: Mapping[K, V]) -> None:
        """Put and drop what it takes to have the values of another table."""
        for key in [key for key in self if key not in other]:
            self.drop(key)
        for key, value in other.items():
            if self.get(key, ABSENT) != value:
                self.put(key, value)

    def drop(self, key: K) -> V:
        """Remove `key`, which must be there, and return its value."""
        value = self[key]
        self.journal.changes.append(((self.number, key), value))
        _delete(self, key)
        self.keys_version += 1
        for changed in self._watchers:
            changed.add(key)
        return value


class Single(Table[None, S]):
    """A table of one Struct, under the key None."""

    __slots__ = ()

    def __init__(self, journal: Journal, name: str, value: S) -> None:
        super().__init__(journal, name)
        self.load({None: value})

    @property
    def value(self) -> S:
        """The Struct as it is now."""
        return self[None]

    def change(self, **fields: Any) -> None:
        """Set some of its fields."""
        self.put(None, msgspec.structs.replace(self[None], **fields))


_set: Final = dict.__setitem__
_delete: Final = dict.__delitem__
_update: Final = dict.update
