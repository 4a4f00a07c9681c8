"""What a memory block looks like on the map: a glyph, a letter and a colour, and the words for them in the legend."""

from __future__ import annotations

from typing import Final, NamedTuple

from engine import Machine

from .. import facts
from .map_layout import Shape


class Look(NamedTuple):
    """Glyph, letter and role of a state or zone, its word on a tile, and its words in the legend."""

    glyph: str
    letter: str
    role: str
    short: str
    word: str


ZONES: Final = {
    "DMA": Look(" ", "d", "zone-DMA", "DMA", "DMA"),
    "DMA32": Look(" ", "D", "zone-DMA32", "DMA32", "DMA32"),
    "Normal": Look(" ", "N", "zone-Normal", "Normal", "Normal"),
    "Movable": Look(" ", "M", "zone-Movable", "Movable", "Movable"),
}
MIXED: Final = Look(" ", "-", "zone-none", "mixed", "mixed")
OFFLINE: Final = Look("░", "o", "offline", "offline", "offline")
GOING: Final = Look("▒", "*", "going", "going", "going offline")
GHOSTS: Final = {
    "device": Look("╳", "p", "ghost", "device", "device, no block"),
    "left": Look("╳", "x", "ghost", "left", "left behind"),
}
HEAD: Final = "#"
"""The glyph of a block that holds memmap of hot-added memory, whatever its state; as on the map of its pages."""


def look_of(machine: Machine, block: int, ghosts: dict[int, str]) -> Look:
    """How a block shows its state and zone."""
    here = machine.blocks.get(block)
    if here is None:
        return GHOSTS[ghosts[block]]
    if here.state == "offline":
        return OFFLINE
    if here.state == "going-offline":
        return GOING
    return ZONES.get(here.zone[1], MIXED) if here.zone else MIXED


def glyph_of(machine: Machine, block: int, look: Look) -> tuple[str, str]:
    """The glyph of a block with its roles."""
    return (HEAD, "kind-memmap") if facts.holds_memmap(machine, block) else (look.glyph, look.role)


def tile_text(block: int, look: Look, shape: Shape, line: int) -> str:
    """What a tile says behind its glyph on one of its lines."""
    if shape.shows == "words":
        return look.short if line else f"memory{block}"
    if shape.shows == "letter":
        return look.letter
    if shape.lines == 1:
        return f"{look.letter} {block}"
    return f" {look.letter}" if line else f" {block}"
