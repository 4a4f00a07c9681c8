"""Where one can jump to on a screen: what can be given the keys, and what a click does something on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button

LETTERS: Final = "asdfghjklqwertyuiopzxcvbnm1234567890ASDFGHJKLQWERTYUIOPZXCVBNM"
"""The keys of places, those under the fingers first."""


class Target(NamedTuple):
    """A place on the screen, by column and row, and what is done by jumping there."""

    x: int
    y: int
    do: Callable[[], Any | Awaitable[Any]]


@runtime_checkable
class Worded(Protocol):
    """A widget with words that do something when they are clicked."""

    def clickable(self) -> Iterable[tuple[int, int, str]]:
        """Column and row of each such word, and the action of the screen that is behind it."""


def targets(screen: Screen[Any]) -> list[Target]:
    """The places of a screen, by row and column, as many as there are letters."""
    found: list[Target] = []
    for widget in screen.query(Widget):
        if not widget.display or not widget.region or not widget.visible:
            continue
        region = widget.content_region
        if isinstance(widget, Worded):
            for x, y, action in widget.clickable():
                found.append(Target(region.x + x, region.y + y, partial(screen.run_action, action)))
        if isinstance(widget, Button):
            found.append(Target(region.x, region.y, widget.press))
        elif widget.focusable and widget.region.overlaps(screen.region):
            found.append(Target(region.x, region.y, widget.focus))
    places = {(target.y, target.x): target for target in reversed(found)}
    return [places[place] for place in sorted(places)][: len(LETTERS)]
