"""The nodes of a machine as a table: their zones, what is free of them, where their memmap lies, how far they are apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from altmap.engine import Machine, about_bytes
from altmap.engine.protocol.vocabulary import ZoneKey

from .lines import Line, Span, fitted, joined
from .mix import shares
from .palette import LETTERS, Palette
from .view import OFFLINE, Scene

_HEAD: Final = 2
"""Lines above those of the zones."""
_BAR: Final = 12
_MANY: Final = 8
"""More nodes than this have no distances beside them."""
_PLACES: Final = {"self": "in itself", "section": "in others", "kernel": "boot memory"}
"""Where struct pages lie, by `Memmap.on`."""


def zones_shown(machine: Machine) -> list[ZoneKey]:
    """The zones that have pages; none where they are not of several nodes."""
    zones = sorted(key for key, zone in machine.zones.items() if zone.managed)
    return zones if len({node for node, _ in zones}) > 1 else []


def lines_of(machine: Machine) -> int:
    """How many lines the table has."""
    zones = zones_shown(machine)
    return len(zones) + _HEAD if zones else 0


def table(scene: Scene, wide: int, halves: int) -> list[Line]:
    """A title, and a line for each zone that has pages; empty where there are not several nodes."""
    machine, palette = scene.machine, scene.palette
    if not (zones := zones_shown(machine)):
        return []
    nodes = sorted(machine.nodes)
    struct, unit = _struct_pages(machine), machine.geometry.page_size
    known = all(len(machine.nodes[node].distance) >= len(nodes) for node in nodes)
    head = "  ".join(f"{node:>2}" for node in nodes) if len(nodes) <= _MANY else ""
    title = f"{'' if known else 'default '}distance  {head} " if head else ""
    strip = (Span("▌", palette.faint, palette.strip), Span("nodes", palette.text, palette.strip, True))
    lines: list[Line] = [
        (*strip, Span(title.rjust(wide - 6), palette.dim, palette.strip)),
        (Span(f" {'node':<5}{'zone':<10}{'managed':>8}{'free':>8}  {'':<{_BAR}}   memmap", palette.dim),),
    ]
    for node, name in zones:
        zone = machine.zones[node, name]
        pages, place = max(struct.get((node, name), {}).items(), key=lambda one: one[1], default=("", 0))[::-1]
        cells = round(zone.free / zone.managed * _BAR)
        sign, empty = (
            ("▄", Span("▄" * (_BAR - cells), palette.strip)) if halves == 2 else ("=", Span(" " * (_BAR - cells)))
        )
        row = (
            Span(f" {node:<5}", palette.text, None, True),
            Span(f"{name:<10}", palette.zones.get(name, palette.dim), None, True),
            Span(f"{about_bytes(zone.managed * unit):>8}", palette.text),
            Span(f"{about_bytes(zone.free * unit):>8}  ", palette.text, None, True),
            Span(sign * cells, palette.kinds["pcp"]),
            empty,
            Span(f"{about_bytes(pages * unit):>8} ", palette.kinds["memmap"]),
            Span(place, palette.text),
        )
        far = "  ".join(f"{machine.nodes[node].distance_to(other):>2}" for other in nodes) if head else ""
        room = wide - len(far) - 1
        lines.append(joined((*fitted(row, room), Span(far, palette.dim))))
    return lines


def node_bar(kinds: Mapping[str, int], off: float, cells: int, palette: Palette, halves: int) -> Iterator[Span]:
    """What the memory of a node is, in so many cells: the pages of its online blocks by kind, and the share that is offline."""
    dark = cells if off == 1 else min(cells - 1, round(off * cells))
    here = shares(kinds, cells - dark)
    if halves == 1:
        yield Span("".join(map(LETTERS.__getitem__, here)) + LETTERS[OFFLINE] * dark, palette.text, palette.strip)
        return
    yield from (Span(" ", None, palette.kinds[kind]) for kind in here)
    yield Span("░" * dark, *palette.hatch)


def _struct_pages(machine: Machine) -> dict[ZoneKey, dict[str, int]]:
    """By zone, the pages that hold its struct pages, by where these lie."""
    each = machine.geometry.memmap_pages(machine.geometry.pages_per_section)
    sections = Counter(
        (section.zones[0][0], "kernel" if section.early or section.memmap is None else section.memmap.on)
        for section in machine.sections.values()
        if section.zones
    )
    found: dict[ZoneKey, dict[str, int]] = {}
    for (zone, on), count in sections.items():
        found.setdefault(zone, {})[_PLACES[on]] = count * each
    return found
