"""What the words of a map's title strip ask for, the same on each screen with a map."""

from __future__ import annotations

from ..widgets.memory_map import MemoryMap


class Mapped:
    """A screen with a map; mixed into those of the explorer."""

    _map: MemoryMap

    def action_view(self, name: str) -> None:
        """Show the map in another view."""
        self._map.set_view(name)

    def action_next_view(self, by: int) -> None:
        """The next view of the map, or the one before."""
        self._map.next_view(by)

    def action_zoom_to(self, depth: int) -> None:
        """Out to a level of the breadcrumb."""
        self._map.zoom_out_to(depth)
