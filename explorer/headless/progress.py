"""How far a long script or comparison is, on standard error while somebody watches it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

LONG = 20
"""Steps from which on a script counts as long."""


def tracked(items: Sequence[T]) -> Iterable[T]:
    """The steps of a script, with a counter on standard error if that is a terminal and standard output is not, where the
    steps themselves would show how far it is."""
    watched = len(items) >= LONG and sys.stderr.isatty() and not sys.stdout.isatty()
    return _counted(items, "step") if watched else items


def awaited(items: Sequence[T], name: str) -> Iterable[T]:
    """Things of which nothing is shown before the last is done, with a counter if standard error is a terminal. `name` is
    what one is called."""
    return _counted(items, name) if len(items) > 1 and sys.stderr.isatty() else items


def _counted(items: Sequence[T], name: str) -> Iterator[T]:
    shown = -1
    try:
        for done, item in enumerate(items):
            percent = 100 * done // len(items)
            if percent != shown:
                print(f"\r{percent:3} %  {name} {done + 1} of {len(items)}", end="", file=sys.stderr, flush=True)
                shown = percent
            yield item
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
