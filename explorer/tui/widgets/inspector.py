"""The inspector: everything there is to know about what is under the cursor, at the scale of the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from altmap.engine import Machine

from ...picture.lines import Line
from ..sheets import Place, Sheet
from .drawn import palette_of
from .painted import Scroller


class Inspector(Scroller):
    """The lines of a `Sheet`."""

    def __init__(self, machine: Machine, **options: Any) -> None:
        super().__init__(**options)
        self.machine = machine
        self.place = Place(0, 0, "machine", None, None)
        self._shown: object = None
        """What was told last, see `_to_show`."""

    def show(self, place: Place) -> None:
        """Say what is to be said of another place, or of the same anew."""
        if place.pfn != self.place.pfn and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False)
        self.place = place
        if self._shown != self._to_show:
            self.reload()

    @property
    def _to_show(self) -> object:
        """Of which place, in which state of which machine, and in which colours."""
        return self.place, self.machine, self.machine.timeline.number, palette_of(self.app)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted and self._shown != self._to_show:
            self.reload()

    def drawn(self, width: int) -> Sequence[Line]:
        self._shown = self._to_show
        height = self.scrollable_content_region.height
        return Sheet(self.machine, palette_of(self.app), (width, height), self.halves == 1).lines(self.place)
