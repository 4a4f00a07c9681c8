"""Tables and their journal: whatever is written can be taken back and done again, exactly."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from altmap.engine.memory.journal import Journal, Table, TooManyChanges


def two_tables() -> tuple[Journal, Table[str, int], Table[str, int]]:
    journal = Journal()
    table: Table[str, int] = Table(journal, "letters")
    table.load({"a": 1, "b": 2})
    return journal, table, Table(journal, "others")


def test_a_new_table_has_its_items_and_an_empty_journal() -> None:
    journal, table, other = two_tables()
    assert dict(table) == {"a": 1, "b": 2}
    assert not other
    assert journal.take() == ()


def test_put_and_drop_change_the_table_and_return_what_was() -> None:
    _, table, _ = two_tables()
    table.put("a", 5)
    table.put("c", 6)
    assert table.drop("b") == 2
    assert dict(table) == {"a": 5, "c": 6}


def test_swap_takes_changes_back_and_its_result_makes_them_anew() -> None:
    journal, table, other = two_tables()
    table.put("a", 5)
    other.put("x", 9)
    table.drop("b")
    table.put("a", 6)
    changes = journal.take()
    forward = journal.swap(changes)
    assert (dict(table), dict(other)) == ({"a": 1, "b": 2}, {})
    backward = journal.swap(forward)
    assert (dict(table), dict(other)) == ({"a": 6}, {"x": 9})
    journal.swap(backward)
    assert (dict(table), dict(other)) == ({"a": 1, "b": 2}, {})


def test_swap_itself_writes_nothing_into_the_journal() -> None:
    journal, table, _ = two_tables()
    table.put("a", 5)
    journal.swap(journal.take())
    assert journal.take() == ()


def test_taking_the_journal_starts_a_new_one() -> None:
    journal, table, _ = two_tables()
    table.put("a", 5)
    assert len(journal.take()) == 2, "place and value"
    table.put("a", 6)
    journal.swap(journal.take())
    assert table["a"] == 5, "only the second change went back"


def test_of_a_value_that_was_replaced_twice_the_oldest_is_kept() -> None:
    journal, table, _ = two_tables()
    for value in (5, 6, 7):
        table.put("a", value)
    table.drop("b")
    table.put("b", 8)
    changes = journal.take()
    assert len(changes) == 2 * 2
    journal.swap(changes)
    assert dict(table) == {"a": 1, "b": 2}


def test_rewinding_to_a_mark_takes_back_only_what_came_behind_it() -> None:
    journal, table, other = two_tables()
    table.put("a", 5)
    mark = len(journal.changes)
    table.drop("a")
    table.put("a", 6)
    other.put("x", 9)
    journal.rewind(mark)
    assert (dict(table), dict(other)) == ({"a": 5, "b": 2}, {})
    journal.swap(journal.take())
    assert dict(table) == {"a": 1, "b": 2}


def test_a_bound_holds_inside_alone_and_what_came_before_it_counts() -> None:
    journal, table, other = two_tables()
    table.put("a", 5)
    with journal.at_most(2):
        table.drop("b")
        with pytest.raises(TooManyChanges):
            table.put("c", 6)
    other.put("x", 9)
    journal.rewind()
    assert (dict(table), dict(other)) == ({"a": 1, "b": 2}, {})


def test_the_version_tells_when_keys_came_or_went() -> None:
    journal, table, _ = two_tables()
    version = table.keys_version
    table.put("a", 7)
    assert table.keys_version == version, "the same keys"
    table.put("c", 8)
    table.drop("c")
    assert table.keys_version == version + 2
    table.put("d", 9)
    journal.swap(journal.take())
    assert table.keys_version == version + 4, "d came and went"


def test_a_watcher_is_told_of_every_change_and_of_what_is_taken_back() -> None:
    journal = Journal()
    table: Table[int, str] = Table(journal, "letters")
    table.load({1: "a", 2: "b", 3: "c"})
    changed = table.watch()
    table.put(1, "x")
    table.amend(1, "y")
    table.drop(2)
    assert changed == {1, 2}
    changed.clear()
    journal.rewind()
    assert (changed, dict(table)) == ({1, 2}, {1: "a", 2: "b", 3: "c"})


def test_random_changes_go_back_and_forth() -> None:
    dice = random.Random(4)
    journal, table, other = two_tables()
    history = []
    pictures = [(dict(table), dict(other))]
    for _ in range(200):
        for _ in range(dice.randrange(1, 6)):
            target, key = dice.choice((table, other)), dice.choice("abcdef")
            if key in target and dice.random() < 0.4:
                target.drop(key)
            else:
                target.put(key, dice.randrange(100))
        history.append(journal.take())
        pictures.append((dict(table), dict(other)))
    redo = []
    for picture, changes in zip(pictures[-2::-1], reversed(history), strict=True):
        redo.append(journal.swap(changes))
        assert (dict(table), dict(other)) == picture
    for picture, changes in zip(pictures[1:], reversed(redo), strict=True):
        journal.swap(changes)
        assert (dict(table), dict(other)) == picture


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.__setitem__("a", 5),
        lambda table: table.__delitem__("a"),
        lambda table: table.__ior__({"c": 3}),
        lambda table: table.update(c=3),
        lambda table: table.setdefault("c", 3),
        lambda table: table.pop("a"),
        lambda table: table.popitem(),
        lambda table: table.clear(),
    ],
)
def test_no_other_way_changes_a_table(change: Callable[[Any], object]) -> None:
    journal, table, _ = two_tables()
    with pytest.raises(TypeError, match="a table changes only by put, amend, drop"):
        change(table)
    assert dict(table) == {"a": 1, "b": 2}
    assert journal.take() == ()


def test_a_dict_has_no_other_ways_to_change_it() -> None:
    """Should Python give dict another one, the table has to refuse that too."""
    changing = {name for name in dir(dict) if not hasattr(Mapping, name) and name not in dir(object)}
    reading = {"copy", "fromkeys", "__or__", "__ror__", "__reversed__"}
    methods = {name: getattr(Table, name) for name in changing}
    refused = {name for name, method in methods.items() if method is methods["update"]}
    assert changing - reading == refused


def test_a_table_is_loaded_until_the_journal_begins() -> None:
    journal, table, _ = two_tables()
    version = table.keys_version
    table.load({"b": 3, "c": 4})
    assert dict(table) == {"a": 1, "b": 3, "c": 4}
    assert table.keys_version > version
    table.put("a", 5)
    journal.begin()
    assert journal.take() == (), "how it was built is forgotten"
    with pytest.raises(TypeError, match="letters are loaded already"):
        table.load({"d": 5})
    assert table.ascending() == ["a", "b", "c"]


def test_a_table_says_in_a_line_what_it_is() -> None:
    _, table, other = two_tables()
    other.put("x", 1)
    assert (repr(table), repr(other)) == ("<Table letters: 2 entries>", "<Table others: 1 entry>")
