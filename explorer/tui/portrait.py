"""What screens do for their widgets and for pictures: they are told at once what to draw, and tell how they look now."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.screen import Screen
from textual.widget import Widget

from ..picture.lines import Line, Span, joined


class Portrayed:
    """A screen that can be taken a picture of; mixed into those of the explorer."""

    _compositor: Any
    _dirty_widgets: set[Widget]
    check_idle: Any

    def redraw(self, widget: Widget) -> None:
        """Draw a widget, together with all that are told of until nothing is left to do.

        Textual tells a screen of it when it is the widget's turn, in a message: two turns of the event loop for each widget, more
        than drawing them where a key changes a few words in many places."""
        self._dirty_widgets.add(widget)
        self.check_idle()

    def portrait(self, behind: list[Screen[Any]]) -> list[Line]:
        """Its lines, with the screens of which something is seen behind it, the nearest last."""
        update = self._compositor.render_update(full=True, screen_stack=list(behind))
        return [joined(_span(segment) for strip in strips for segment in strip) for strips in update.strips]


def _span(segment: Segment) -> Span:
    style = segment.style or Style.null()
    fore, back = _rgb(style.color), _rgb(style.bgcolor)
    if style.reverse:
        fore, back = back, fore
    return Span(segment.text, fore, back, bool(style.bold))


def _rgb(colour: Any) -> int | None:
    if colour is None or colour.is_default:
        return None
    red, green, blue = colour.get_truecolor()
    return int(red << 16 | green << 8 | blue)
