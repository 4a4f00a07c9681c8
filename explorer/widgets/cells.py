"""What a memory block looks like on the map: a glyph, a letter and a colour, and the words for them in the legend."""

from __future__ import annotations

from typing import Final, NamedTuple

from engine import Machine

from .. import facts


class Cell(NamedTuple):
    """Glyph, letter and role of one block; `head`: it holds memmap of hot-added memory, which the glyph shows."""

    glyph: str
    letter: str
    role: str
    head: bool


class Look(NamedTuple):
    """Letter and role of a state or zone, and its word for the legend."""

    letter: str
    role: str
    word: str


ZONES: Final = {
    "DMA": Look("d", "zone-DMA", "DMA"),
    "DMA32": Look("D", "zone-DMA32", "DMA32"),
    "Normal": Look("N", "zone-Normal", "Normal"),
    "Movable": Look("M", "zone-Movable", "Movable"),
}
MIXED: Final = Look("-", "zone-none", "several zones")
OFFLINE: Final = Look("o", "offline", "offline")
GOING: Final = Look("*", "going", "going-offline")
GHOSTS: Final = {
    "device": Look("p", "ghost", "device memory, no block"),
    "left": Look("x", "ghost", "left behind, no block"),
}

HEAD_GLYPH: Final = "▌"
GLYPHS: Final = {"offline": "░", "going": "▒", "ghost": "╳"}


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


def cell_of(machine: Machine, block: int, ghosts: dict[int, str]) -> Cell:
    """The cell of a block."""
    look = look_of(machine, block, ghosts)
    head = facts.holds_memmap(machine, block)
    return Cell(HEAD_GLYPH if head else GLYPHS.get(look.role, " "), look.letter, look.role, head)
