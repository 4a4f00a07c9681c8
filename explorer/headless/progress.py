"""How far a long script, comparison or capture is, on standard error while somebody watches it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from ..aside import show_progress
from ..printable import printable
from .output import on_terminal

T = TypeVar("T")

LONG = 20
"""Steps from which on a script counts as long."""


SOON = 0.3
"""Seconds after which a person wants to know what takes so long."""


@contextmanager
def opening(name: str) -> Iterator[None]:
    """While a machine is opened that takes longer than a moment, what is opened stands on standard error, if that is a
    terminal."""
    if not on_terminal("stderr"):
        yield
        return
    from threading import Timer

    shown: list[str] = []

    def show() -> None:
        shown.append(f"opening {printable(name)} …")
        show_progress(shown[0])

    timer = Timer(SOON, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if shown:
            show_progress("")


@contextmanager
def capturing(root: str) -> Iterator[Callable[[int, int], None] | None]:
    """What is to be told how far a capture is, to say it on standard error, if that is a terminal."""
    if not on_terminal("stderr"):
        yield None
        return
    page = os.sysconf("SC_PAGE_SIZE") if root == "/" else 0

    def show(pages: int, end: int) -> None:
        far = (
            f"{min(100, 100 * pages * page // end):3} % of the pages read" if page and end else f"{pages:,} pages read"
        )
        show_progress(f"capturing {printable(root)}: {far}")

    try:
        yield show
    finally:
        show_progress("")


def tracked(items: Sequence[T]) -> Iterable[T]:
    """The steps of a script, with a counter on standard error if that is a terminal and standard output is not, where the
    steps themselves would show how far it is."""
    watched = len(items) >= LONG and on_terminal("stderr") and not on_terminal("stdout")
    return _counted(items, "step") if watched else items


def awaited(items: Sequence[T], name: str) -> Iterable[T]:
    """Things of which nothing is shown before the last is done, with a counter if standard error is a terminal. `name` is
    what one is called."""
    return _counted(items, name) if len(items) > 1 and on_terminal("stderr") else items


def _counted(items: Sequence[T], name: str) -> Iterator[T]:
    shown = -1
    try:
        for done, item in enumerate(items):
            percent = 100 * done // len(items)
            if percent != shown:
                show_progress(f"{percent:3} %  {name} {done + 1} of {len(items)}")
                shown = percent
            yield item
    finally:
        show_progress("")
