"""What the inspector says of what is under the cursor, at the scale of the map: lines for a width and height. Pure."""

from __future__ import annotations

from ...picture.lines import Line
from .block import FLAT
from .cell import CellSheet
from .page import PageSheet
from .place import Place
from .prospects import ProspectsSheet

__all__ = ["Place", "Sheet"]


class Sheet(ProspectsSheet, CellSheet, PageSheet):
    """Chooses what is to be said of a place."""

    def lines(self, place: Place) -> list[Line]:
        """All lines; where there are more than fit the pane scrolls."""
        geometry = self.machine.geometry
        block = place.pfn // geometry.pages_per_block
        if place.level == "page":
            return list(self.page(place, block))
        several = place.cell > geometry.pages_per_block
        found = self.machine.summary(block * geometry.pages_per_block, geometry.pages_per_block)
        if not several and not found.counts:
            return list(self.nothing(block))
        if place.all is not None and self.wide < FLAT:
            return list(self.everything(block, place, place.all))
        if several:
            return list(self.several(place))
        return list(self.flat(block, found, place) if self.wide >= FLAT else self.block(block, found, place))
