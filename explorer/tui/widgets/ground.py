"""What lies behind other widgets: nothing but its colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip

from .drawn import strip_of

if TYPE_CHECKING:
    from textual.widget import Widget
else:
    Widget = object


class Ground(Widget):
    """A screen or container of which only the colour is seen; mixed in, because Textual would look at it row by row. It is no
    widget itself: what Textual's classes bring is looked for behind the first of them alone."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """As many rows as are asked for, all alike."""
        if self.app.no_color:
            return super().render_lines(crop)
        red, green, blue = self.background_colors[1].rgb
        return [strip_of((), crop.width, 0, red << 16 | green << 8 | blue)] * crop.height


class Panes(Ground, Vertical):
    """Panes one below the other."""


class Columns(Ground, Horizontal):
    """Panes beside each other."""
