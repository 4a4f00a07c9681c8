"""Nodes and their zones with the numbers of /proc/zoneinfo, in pages and in sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from engine import Machine, format_bytes

from .painted import Line, Painted, Piece

ORDER: Final = ("DMA", "DMA32", "Normal", "Movable", "Device")


class Column(NamedTuple):
    """One number of a zone: as a pfn, as pages, as a size, or as both of these."""

    name: str
    shown: Literal["pfn", "pages", "size", "both"]

    @property
    def width(self) -> int:
        """Columns that it takes, the gap before it included."""
        return {"pfn": 11, "pages": 11, "size": 8, "both": 18}[self.shown]


NARROW: Final = (Column("start", "pfn"), Column("present", "size"), Column("managed", "size"), Column("free", "size"))
MIDDLE: Final = (
    Column("start pfn", "pfn"), Column("spanned", "pages"), Column("present", "pages"), Column("managed", "pages"),
    Column("free", "both"),
)  # fmt: skip
WIDE: Final = (
    Column("start pfn", "pfn"), Column("spanned", "both"), Column("present", "both"), Column("managed", "both"),
    Column("free", "both"),
)  # fmt: skip


class ZoneTable(Painted):
    """One line a node, one line each of its populated zones. `free` is what is on free lists and on the CPUs' lists."""

    DEFAULT_CLASSES = "pane"

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine

    def lines(self, width: int) -> Sequence[Line]:
        columns = next((c for c in (WIDE, MIDDLE) if 10 + sum(column.width for column in c) <= width), NARROW)
        heading = "".join(column.name.rjust(column.width) for column in columns)
        lines: list[Line] = [(("zone".ljust(10) + heading, "muted"),)]
        zones = sorted(self.machine.zones.values(), key=lambda z: ORDER.index(z.name) if z.name in ORDER else 9)
        for number, node in sorted(self.machine.nodes.items()):
            own = [zone for zone in zones if zone.node == number and zone.spanned]
            about = "CPUs" if node.cpus else "no CPUs"
            if not own:
                about += ", no memory online" if node.online else ", not there yet"
            lines.append(((f"node {number}", "title"), (f"  {about}", "muted")))
            for zone in own:
                counts = {
                    "start": zone.start, "start pfn": zone.start, "spanned": zone.spanned, "present": zone.present,
                    "managed": zone.managed, "free": zone.free + zone.pcp,
                }  # fmt: skip
                role = f"zone-{zone.name}" if zone.name in ORDER[:4] else "zone-none"
                cells = [piece for column in columns for piece in self._cell(column, counts[column.name])]
                lines.append(((f" {zone.name:<8}", role), (" ", "text"), *cells))
        return lines

    def _cell(self, column: Column, count: int) -> list[Piece]:
        if column.shown == "pfn":
            return [(f"{count:#x}".rjust(column.width), "muted")]
        size = _size(count * self.machine.geometry.page_size)
        if column.shown == "size":
            return [(size.rjust(column.width), "text")]
        if column.shown == "pages":
            return [(f"{count:,}".rjust(column.width), "text")]
        return [(f"{count:,}".rjust(column.width - 7), "text"), (size.rjust(7), "muted")]


def _size(size: int) -> str:
    """At most five letters: three digits that count, and the unit."""
    exact = format_bytes(size)
    if len(exact) <= 5:
        return exact
    number, unit = float(exact[:-1]), exact[-1]
    return f"{number:.0f}{unit}" if number >= 100 else f"{number:.1f}{unit}"
