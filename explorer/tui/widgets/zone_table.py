"""Nodes and their zones with the numbers of /proc/zoneinfo, in pages and in sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from altmap.engine import Machine, Zone, about_bytes
from textual.geometry import Size

from .drawn import ZONE_ROLES
from .painted import Line, Painted, Piece, length, wrapped

ORDER: Final = ("DMA", "DMA32", "Normal", "Movable", "Device")
Shown = Literal["pfn", "pages", "size", "both"]

CHOICES: Final[tuple[dict[str, Shown], ...]] = (
    {"start pfn": "pfn", "spanned": "both", "present": "both", "managed": "both", "free": "both"},
    {"start pfn": "pfn", "spanned": "pages", "present": "pages", "managed": "pages", "free": "both"},
    {"start": "pfn", "present": "size", "managed": "size", "free": "size"},
    {"managed": "size", "free": "size"},
)
"""Columns and what they show of a number, most first; the first choice that fits is taken."""
ALL: Final = CHOICES[0]
"""All numbers; where the columns do not show them they stand below the table, zone by zone."""


class ZoneTable(Painted):
    """One line a node, one line each of its populated zones. `free` is /proc/zoneinfo's, as in the table of nodes and in
    MemFree: what the CPUs keep on lists of their own is not in it."""

    def __init__(self, machine: Machine, **options: Any) -> None:
        super().__init__(**options)
        self.machine = machine

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """What ``width: auto`` comes to: room for all counts of pages, and for the scrollbar."""
        return max(map(length, self._table(CHOICES[1]))) + 1

    def reload(self) -> None:
        """Numbers that became longer get more room."""
        super().reload()
        self.refresh(layout=True)

    def lines(self, width: int) -> Sequence[Line]:
        for choice in CHOICES:
            table = self._table(choice, width)
            if max(map(length, table)) <= width:
                break
        return table if len(choice) == len(ALL) else [*table, *self._one_by_one()]

    def _zones(self) -> list[Zone]:
        """The zones that have memory, by node and then from the lowest."""
        zones = (zone for zone in self.machine.zones.values() if zone.spanned)
        return sorted(zones, key=lambda zone: (zone.node, ORDER.index(zone.name) if zone.name in ORDER else 9))

    def _numbers(self) -> dict[tuple[int, str], dict[str, int]]:
        return {
            zone.key: {
                "start": zone.start, "start pfn": zone.start, "spanned": zone.spanned, "present": zone.present,
                "managed": zone.managed, "free": zone.free,
            }
            for zone in self._zones()
        }  # fmt: skip

    def _one_by_one(self) -> Iterator[Line]:
        """All numbers of each zone below each other."""
        numbers = self._numbers()
        label = max(map(len, ALL)) + 2
        wide = max((length(self._cell(ALL[name], row[name])) for row in numbers.values() for name in ALL), default=0)
        for (node, zone), row in numbers.items():
            yield (("", "text"),)
            where = f" of node {node}" if len(self.machine.nodes) > 1 else ""
            yield ((zone, ZONE_ROLES.get(zone, "strong")), (where, "muted"))
            for name, shown in ALL.items():
                cell = self._cell(shown, row[name])
                room = wide - length(cell) - 6 * (shown == "pfn")
                yield ((f"  {name:<{label}}", "muted"), (" " * room, "text"), *cell)

    def _table(self, choice: dict[str, Shown], width: int = 0) -> list[Line]:
        zones, numbers = self._zones(), self._numbers()
        cells = {
            key: {name: self._cell(shown, row[name]) for name, shown in choice.items()} for key, row in numbers.items()
        }
        widths = {name: 2 + max([len(name), *(length(row[name]) for row in cells.values())]) for name in choice}
        bar = min(14, width - 8 - sum(widths.values()) - 7)
        lines: list[Line] = [(("zone".ljust(8) + "".join(name.rjust(widths[name]) for name in choice), "faint"),)]
        many = len(self.machine.nodes) > 1
        for number, node in sorted(self.machine.nodes.items()):
            own = [key for key in cells if key[0] == number]
            about = "CPUs" if node.cpus else "no CPUs"
            if not own:
                about += ", no memory online" if node.online else ", not there yet"
            if many or not own:
                lines.append(((f"node {number}", "title"), (f"  {about}", "muted")))
            for key in own:
                row: list[Piece] = [(f"{key[1]:<8}", ZONE_ROLES.get(key[1], "strong"))]
                for name, cell in cells[key].items():
                    row += [(" " * (widths[name] - length(cell)), "text"), *cell]
                lines.append((*row, *self._bar(numbers[key], bar)))
        for zone in zones:
            if zone.managed * 2 < zone.spanned:
                spanned, managed = (
                    about_bytes(pages * self.machine.geometry.page_size) for pages in (zone.spanned, zone.managed)
                )
                where = f"{zone.name} of node {zone.node}" if many else zone.name
                lines += wrapped(
                    f"{where} spans {spanned}, manages {managed}", "muted", max(20, width), "! ", "  ", "warn"
                )
        return lines

    def _bar(self, numbers: dict[str, int], cells: int) -> Line:
        """How much of a zone is free, as a bar and in percent."""
        if cells < 4 or not numbers["managed"]:
            return ()
        share = numbers["free"] / numbers["managed"]
        full = round(share * cells)
        return (("  ", "text"), ("▄" * full, "free"), (" " * (cells - full), "text"), (f"{share:>5.0%}", "muted"))

    def _cell(self, shown: Shown, count: int) -> Line:
        size = about_bytes(count * self.machine.geometry.page_size)
        if shown == "pfn":
            return ((f"{count:#x}", "muted"),)
        if shown == "both":
            return ((f"{count:,}", "text"), (size.rjust(6), "muted"))
        return ((size if shown == "size" else f"{count:,}", "text"),)
