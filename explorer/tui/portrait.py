"""What screens do for their widgets and for pictures: they are told at once what to draw, and tell how they look now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from rich.style import Style
from textual.events import Event, Resize, ScreenResume
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from ..picture.lines import Line, Span, joined
from .sizes import classes_of

if TYPE_CHECKING:
    Base = Screen[Any]
else:
    Base = object


class Portrayed(Base):
    """A screen that can be taken a picture of; mixed into those of the explorer, before what Textual's classes bring."""

    _laid_out: Size | None = None
    """The size that it was told of last; Textual tells it again after each layout, and would lay it out again each time."""

    async def on_event(self, event: Event) -> None:
        """A screen that comes into sight looks as its rules say since it was mounted, and is dressed with the others when another
        theme is chosen: no rule is looked up again."""
        if isinstance(event, ScreenResume):
            event.refresh_styles = False
        if not isinstance(event, Resize):
            await super().on_event(event)
        elif event.size != self._laid_out:
            self._laid_out = event.size
            await self._resized(event)

    async def _resized(self, event: Resize) -> None:
        """Another size is drawn when this and all behind it that is seen have their places: Textual draws the top screen first,
        over what was behind it before, and asks for the looks of a size only after a layout without them."""
        with self.app.batch_update():
            if self.is_current:
                classes = classes_of(event.size)
                for screen in (*behind(self.app.screen_stack), self):
                    if classes != {name: screen.has_class(name) for name in classes}:
                        screen.update_classes(classes, update=False)
                        self.app.stylesheet.update(screen)
            await super().on_event(event)

    def redraw(self, widget: Widget) -> None:
        """Draw a widget, together with all that are told of until nothing is left to do.

        Textual tells a screen of it when it is the widget's turn, in a message: two turns of the event loop for each widget, more
        than drawing them where a key changes a few words in many places."""
        self._dirty_widgets.add(widget)
        self.check_idle()

    def portrait(self, behind: list[Screen[Any]]) -> list[Line]:
        """Its lines, with the screens of which something is seen behind it, the nearest last."""
        update: Any = self._compositor.render_update(full=True, screen_stack=list(behind))
        return [joined(_span(segment) for strip in strips for segment in strip) for strips in update.strips]


def behind(stack: Sequence[Screen[Any]]) -> list[Screen[Any]]:
    """The screens of which something is seen behind the last one, the nearest last."""
    found: list[Screen[Any]] = []
    for below in reversed(stack[:-1]):
        found.insert(0, below)
        if below.styles.background.a == 1:
            break
    return found


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
