"""Nodes and their zones with the numbers of /proc/zoneinfo, in pages and in sizes."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Machine, format_bytes

from .painted import Line, Painted, Piece

ORDER = ("DMA", "DMA32", "Normal", "Movable", "Device")


class ZoneTable(Painted):
    """One line a node, one line each of its populated zones."""

    def __init__(self, machine: Machine, **options: str | None) -> None:
        super().__init__(**options)
        self.machine = machine

    def lines(self, width: int) -> Sequence[Line]:
        wide = width >= 66
        lines = [self._heading(wide)]
        for number, node in sorted(self.machine.nodes.items()):
            zones = sorted(
                (zone for zone in self.machine.zones.values() if zone.node == number and (zone.present or zone.spanned)),
                key=lambda zone: ORDER.index(zone.name) if zone.name in ORDER else len(ORDER),
            )
            state = "" if node.online else "offline" if not zones else ""
            about = [word for word in ("CPUs" if node.cpus else "no CPUs", state) if word]
            if not zones:
                about.append("no memory online")
            lines.append(((f"node {number}", "title"), (f"  {', '.join(about)}", "muted")))
            for zone in zones:
                counts = (zone.spanned, zone.present, zone.managed, zone.free + zone.pcp)
                role = f"zone-{zone.name}" if zone.name in ORDER[:4] else "zone-none"
                lines.append(self._row(zone.name, role, zone.start, counts, wide))
        return lines

    def _heading(self, wide: bool) -> Line:
        names = ("spanned", "present", "managed", "free")
        if wide:
            cells = "".join(f"{name:>16}" for name in names)
            return ((f"{'zone':<9}{'start pfn':>11}{cells}", "muted"),)
        return ((f"{'zone':<9}{'start':>9}" + "".join(f"{name:>9}" for name in names[1:]), "muted"),)

    def _row(self, name: str, role: str, start: int, counts: tuple[int, ...], wide: bool) -> Line:
        page = self.machine.geometry.page_size
        badge: tuple[Piece, ...] = ((f" {name[:7]:<7}", role), (" ", "text"))
        if wide:
            cells: list[Piece] = [(f"{start:#x}".rjust(11), "text")]
            for count in counts:
                cells += [(f"{count:,}".rjust(10), "text"), (_size(count * page).rjust(6), "muted")]
            return (*badge, *cells)
        sizes = "".join(_size(count * page).rjust(9) for count in counts[1:])
        return (*badge, (f"{start:#x}".rjust(9), "muted"), (sizes, "text"))


def _size(size: int) -> str:
    """At most five letters: three digits that count, and the unit."""
    exact = format_bytes(size)
    if len(exact) <= 5:
        return exact
    number, unit = float(exact[:-1]), exact[-1]
    return f"{number:.0f}{unit}" if number >= 100 else f"{number:.1f}{unit}"
