"""Nodes and their zones with the numbers of /proc/zoneinfo, in pages and in sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from altmap.engine import Machine, about_bytes
from textual.geometry import Size

from .painted import Line, Painted, Piece, length

ORDER: Final = ("DMA", "DMA32", "Normal", "Movable", "Device")
Shown = Literal["pfn", "pages", "size", "both"]

CHOICES: Final[tuple[dict[str, Shown], ...]] = (
    {"start pfn": "pfn", "spanned": "both", "present": "both", "managed": "both", "free": "both"},
    {"start pfn": "pfn", "spanned": "pages", "present": "pages", "managed": "pages", "free": "both"},
    {"start": "pfn", "present": "size", "managed": "size", "free": "size"},
    {"managed": "size", "free": "size"},
)
"""Columns and what they show of a number, most first; the first choice that fits is taken."""


class ZoneTable(Painted):
    """One line a node, one line each of its populated zones. `free` is what is on free lists and on the CPUs' lists."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """What ``width: auto`` comes to: room for all counts of pages, and for the scrollbar."""
        return max(map(length, self._table(CHOICES[1]))) + 1

    def reload(self) -> None:
        """Numbers that became longer get more room."""
        super().reload()
        self.refresh(layout=True)

    def lines(self, width: int) -> Sequence[Line]:
        tables = (self._table(choice) for choice in CHOICES)
        return next((table for table in tables if max(map(length, table)) <= width), self._table(CHOICES[-1]))

    def _table(self, choice: dict[str, Shown]) -> list[Line]:
        zones = sorted(self.machine.zones.values(), key=lambda z: ORDER.index(z.name) if z.name in ORDER else 9)
        numbers = {
            zone.key: {
                "start": zone.start, "start pfn": zone.start, "spanned": zone.spanned, "present": zone.present,
                "managed": zone.managed, "free": zone.free + zone.pcp,
            }
            for zone in zones
            if zone.spanned
        }  # fmt: skip
        cells = {
            key: {name: self._cell(shown, row[name]) for name, shown in choice.items()} for key, row in numbers.items()
        }
        widths = {name: 2 + max([len(name), *(length(row[name]) for row in cells.values())]) for name in choice}
        lines: list[Line] = [(("zone".ljust(9) + "".join(name.rjust(widths[name]) for name in choice), "muted"),)]
        for number, node in sorted(self.machine.nodes.items()):
            own = [key for key in cells if key[0] == number]
            about = "CPUs" if node.cpus else "no CPUs"
            if not own:
                about += ", no memory online" if node.online else ", not there yet"
            lines.append(((f"node {number}", "title"), (f"  {about}", "muted")))
            for key in own:
                role = f"zone-{key[1]}" if key[1] in ORDER[:4] else "zone-none"
                row: list[Piece] = [(f" {key[1]:<8}", role)]
                for name, cell in cells[key].items():
                    row += [(" " * (widths[name] - length(cell)), "text"), *cell]
                lines.append(tuple(row))
        return lines

    def _cell(self, shown: Shown, count: int) -> Line:
        size = about_bytes(count * self.machine.geometry.page_size)
        if shown == "pfn":
            return ((f"{count:#x}", "muted"),)
        if shown == "both":
            return ((f"{count:,}", "text"), (size.rjust(6), "muted"))
        return ((size if shown == "size" else f"{count:,}", "text"),)
