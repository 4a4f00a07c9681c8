"""What lies behind other widgets: nothing but its colour."""

from __future__ import annotations

from textual.containers import Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from .drawn import strip_of


class Ground(Widget):
    """A screen or container of which only the colour is seen; mixed in, because Textual would look at it row by row."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """As many rows as are asked for, all alike."""
        if self.app.no_color:
            return super().render_lines(crop)
        red, green, blue = self.background_colors[1].rgb
        return [strip_of((), crop.width, 0, red << 16 | green << 8 | blue)] * crop.height


class Panes(Ground, Vertical):
    """Panes one below the other."""
