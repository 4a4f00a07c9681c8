"""What the inspector says of what is under the cursor, at the scale of the map: lines for a width and height. Pure."""

from __future__ import annotations

from ...picture.lines import Line
from .page import PageSheet
from .place import Place
from .prospects import ProspectsSheet

__all__ = ["Place", "Sheet"]


class Sheet(ProspectsSheet, PageSheet):
    """Chooses what is to be said of a place."""

    def lines(self, place: Place) -> list[Line]:
        """All lines; where there are more than fit the pane scrolls."""
        geometry = self.machine.geometry
        block = place.pfn // geometry.pages_per_block
        if place.level == "page":
            return list(self.page(place, block))
        if place.cell > geometry.pages_per_block:
            return list(self.several(place))
        found = self.machine.summary(block * geometry.pages_per_block, geometry.pages_per_block)
        if not found.counts:
            return list(self.nothing(block))
        if self.wide >= 56:
            return list(self.flat(block, found, place))
        if place.all is not None:
            return list(self.everything(block, place, place.all))
        return list(self.block(block, found, place))
