"""The inspector: everything there is to know about what is under the cursor, at the scale of the map."""

from __future__ import annotations

from altmap.engine import Machine
from textual.geometry import Size
from textual.scroll_view import ScrollView

from ...picture.lines import Line
from ..inspected import Place, Sheet
from .drawn import Drawn, palette_of


class Inspector(Drawn, ScrollView, can_focus=True):
    """Lines of a `Sheet`; they scroll where there are more than fit."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self._place = Place(0, 0, "machine", None, None)
        self._lines: list[Line] = []

    def show(self, place: Place) -> None:
        """Say what is to be said of another place, or of the same anew."""
        if place.pfn != self._place.pfn:
            self.scroll_to(y=0, animate=False)
        self._place = place
        self.reload()

    def reload(self) -> None:
        """Compute the lines anew and draw those that changed."""
        size = self.scrollable_content_region.size
        if not size.width:
            return
        sheet = Sheet(self.machine, palette_of(self.app), (size.width, size.height), self.halves == 1)
        before, self._lines = self._lines, sheet.lines(self._place)
        self.virtual_size = Size(size.width, len(self._lines))
        if len(before) != len(self._lines):
            self.refresh()
        else:
            top = self.scroll_offset.y
            self.refresh_rows(at - top for at, line in enumerate(self._lines) if line != before[at])

    def on_resize(self) -> None:
        self.reload()

    def row(self, y: int) -> Line:
        at = self.scroll_offset.y + y
        return self._lines[at] if at < len(self._lines) else ()
