"""What the inspector says of several blocks in one cell. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from altmap.engine import about_bytes, format_address, format_bytes

from ... import facts
from ...picture.can_go import VERDICT_SIGNS
from ...picture.lines import Line, Span, joined
from ...picture.nodes import node_bar
from .. import words
from .block import FLAT, BlockSheet
from .place import Place

_EVERYTHING: Final = 1 << 52
"""More pages than there can be."""
_PLACES: Final = 2
"""Where memmap lies is told of so many blocks at most that are not alike."""
_HIGH: Final = 24
"""On a panel of so many lines there is room for all of the machine below a cell."""


class CellSheet(BlockSheet):
    """A cell that is several blocks: what they have in common, each of them, and all their pages by kind."""

    def several(self, place: Place) -> Iterator[Line]:
        """All that is to be said of the blocks of a cell."""
        machine, geometry = self.machine, self.machine.geometry
        start = place.pfn // place.cell * place.cell
        blocks = range(start // geometry.pages_per_block, (start + place.cell) // geometry.pages_per_block)
        there = [nr for nr in blocks if nr in machine.blocks]
        if self.wide >= FLAT:
            yield self.bar(machine.summary(start, place.cell, orders=False))
            yield self.in_line(machine.summary(start, place.cell, orders=False))
        if there:
            yield self.what_of([machine.blocks[nr] for nr in there])
        first, size = start * geometry.page_size, geometry.block_size
        yield (Span(f"{format_address(first)}-{format_address(first + len(blocks) * size - 1)}"),)
        yield self.both(
            (Span(f"{len(there) or 'no'} blocks of {format_bytes(size)} in one cell", self.palette.dim),),
            Span(format_bytes(len(blocks) * size), self.palette.dim),
        )
        yield ()
        for nr in there[: max(1, self.high - 20)]:
            yield self._one(nr, place)
        yield ()
        places = {words.memmap_place(machine, nr): facts.memmap_of(machine, nr) for nr in there}
        for said, found in [*places.items()][:_PLACES]:
            yield from self.words("memmap", said, self.palette.kinds["memmap"] if found.chunks else None)
        if device := facts.device_of(machine, there[0]) if there else ():
            yield from self.words("device", f"{words.block_names(device)} ({format_bytes(len(device) * size)})")
        yield ()
        if self.wide < FLAT:
            yield from self.kinds(machine.summary(start, place.cell, orders=False))
        if place.level == "machine" and self.high >= _HIGH:
            memory, unit = machine.summary(0, _EVERYTHING, orders=False), geometry.page_size
            yield ()
            yield self.title("memory of the machine", about_bytes((memory.pages - memory.missing) * unit))
            yield from self.uses(memory, lambda pages: about_bytes(pages * unit))

    def _one(self, nr: int, place: Place) -> Line:
        """A block: what its pages are, how many of them are used, and whether it can go."""
        palette, unit = self.palette, self.machine.geometry.pages_per_block
        found, off = self.machine.summary(nr * unit, unit, orders=False), self.machine.blocks[nr].state == "offline"
        kinds = {str(kind): count for kind, count in found.kinds.items()}
        used = 1 - (found.of("free") + found.of("pcp")) / max(1, found.pages - found.missing)
        bar = node_bar(kinds, float(off), max(4, self.wide - 32), palette, 1 if self.letters else 2)
        spans = [Span(f"{nr:<8}", bold=True), *bar]
        if off:
            return joined((*spans, Span("  offline", palette.dim)))
        spans.append(Span(f"{used:>5.0%} used", palette.dim))
        if (outlook := dict(place.others).get(nr)) is not None:
            word = "can go" if outlook.answer == "yes" else outlook.answer
            spans.append(Span(f"  {VERDICT_SIGNS[outlook.answer]} {word}", self.verdict(outlook.answer), bold=True))
        return joined(spans)
