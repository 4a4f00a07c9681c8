"""A word that a person chose, from those that there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from altmap.engine import BadInput

Word = TypeVar("Word", bound=str)


def one_of(word: str, known: Iterable[Word], what: str) -> Word:
    """The word, if it is `known`; else raises `BadInput`, which says that it is no `what` and names those that are."""
    found: dict[str, Word] = {one: one for one in known}
    if word not in found:
        raise BadInput(f"{word!r} is no {what}; there are {', '.join(found)}")
    return found[word]
