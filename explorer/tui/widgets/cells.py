"""What a memory block looks like on the map: a glyph, a letter and a colour, and the words for them in the legend."""

from __future__ import annotations

from typing import Final, NamedTuple

from altmap.engine import Machine

from ... import facts
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


class Sign(NamedTuple):
    """What stands in front of the letter of a block that holds something special, whatever its state: glyph and role as
    on the map of its pages, and the words in the legend."""

    glyph: str
    role: str
    word: str


HEAD: Final = Sign("#", "kind-memmap", "memmap inside")
POISONED: Final = Sign("x", "kind-poisoned", "poisoned pages")
WITHHELD: Final = Sign("~", "kind-offline", "pages withheld")


def signs_of(machine: Machine) -> dict[int, Sign]:
    """The blocks that have a sign; of several the one that matters most for taking memory away."""
    return {
        **dict.fromkeys(facts.blocks_with(machine, "offline"), WITHHELD),
        **dict.fromkeys(facts.memmap_hosts(machine), HEAD),
        **dict.fromkeys(facts.blocks_with(machine, "poisoned"), POISONED),
    }


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


def tile_text(block: int, look: Look, shape: Shape, line: int) -> str:
    """What a tile says behind its glyph on one of its lines."""
    if shape.shows == "words":
        return look.short if line else f"memory{block}"
    if shape.shows == "letter":
        return look.letter
    if shape.lines == 1:
        return f"{look.letter} {block}"
    return f" {look.letter}" if line else f" {block}"
