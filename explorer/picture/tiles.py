"""Rows of tiles: cells as half blocks in colour, or as letters; captions; the cursor and marks between tiles."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from .colour import between
from .lines import Span
from .plan import Row
from .view import Paint

if TYPE_CHECKING:
    from .memory import MemoryPicture, Overlay

HATCH = "░"


@lru_cache(maxsize=4096)
def _lit(colour: int, by: float) -> int:
    return between(colour, 0xFFFFFF if by > 0 else 0, abs(by)) if by else colour


class Tiles:
    """Draws the rows of tiles of one map."""

    def __init__(self, picture: MemoryPicture) -> None:
        self._picture = picture

    def line(self, at: int, row: Row, part: int, over: Overlay) -> Iterator[Span]:
        """One line of a row of tiles, from the column before the first tile on."""
        picture = self._picture
        shape, palette = picture.plan.shape, picture.scene.palette
        paints = picture.paints(at)
        if not shape.gap:
            yield from self._plain(row, paints, part, over)
            return
        lit = palette.row_step if at % 2 else 0.0
        first = row.start // shape.unit
        for tile in range(shape.per_row):
            yield self._edge(first + tile, tile, over)
            if part < shape.caption:
                yield from picture.view.caption(picture.scene, first + tile, shape.wide)
                continue
            own = picture.view.tile(picture.scene, first + tile, shape.wide, shape.high, picture.halves)
            if own is not None:
                yield from own[part - shape.caption]
            else:
                yield from self._cells(paints, tile, part - shape.caption, lit)
        yield self._edge(first + shape.per_row, shape.per_row, over)

    def _edge(self, right: int, tile: int, over: Overlay) -> Span:
        """The column to the left of a tile, which is the right edge of the one before it."""
        picture = self._picture
        palette, shape = picture.scene.palette, picture.plan.shape
        here = over.cursor // shape.unit
        last = tile == shape.per_row
        letters = picture.halves == 1
        if here == right and not last:
            return Span("[" if letters else "▐", palette.cursor, bold=True)
        if here == right - 1 and tile:
            return Span("]" if letters else "▌", palette.cursor, bold=True)
        for blocks, colour, signs in (
            (over.marks, palette.key, "()|"),
            (over.hosts, palette.kinds["memmap"], "{}|"),
            (over.changed, palette.accent, "<>|"),
        ):
            before, after = right - 1 in blocks and tile > 0, right in blocks and not last
            if before or after:
                sign = signs[2 if before and after else after is False]
                return Span(sign if letters else "█" if before and after else "▐" if after else "▌", colour)
        return Span(" ")

    def _cells(self, paints: list[Paint], tile: int, part: int, lit: float) -> Iterator[Span]:
        """One line of the cells of a tile."""
        shape = self._picture.plan.shape
        first = tile * shape.wide * shape.high * shape.halves + part * shape.wide * shape.halves
        upper = paints[first : first + shape.wide]
        if shape.halves == 1:
            for paint in upper:
                yield Span(paint.letter, bold=paint.letter.isupper())
            return
        lower = paints[first + shape.wide : first + 2 * shape.wide]
        for top, bottom in zip(upper, lower, strict=True):
            yield self._halves(top, bottom, lit)

    def _halves(self, top: Paint, bottom: Paint, lit: float) -> Span:
        if top.hatched and bottom.hatched:
            return Span(HATCH, *self._picture.scene.palette.hatch)
        if top.colour == bottom.colour:
            return Span(" ", None, _lit(top.colour, lit))
        return Span("▀", _lit(top.colour, lit), _lit(bottom.colour, lit))

    def _plain(self, row: Row, paints: list[Paint], part: int, over: Overlay) -> Iterator[Span]:
        """A line of cells without tiles; the cursor is white, or beside a row of its own."""
        picture = self._picture
        shape, palette = picture.plan.shape, picture.scene.palette
        inside = row.start <= over.cursor < row.start + row.pages
        at = (over.cursor - row.start) // shape.cell
        across = max(1, picture.step // shape.cell)
        if across >= shape.wide:
            half = at // shape.wide
            both = across >= shape.wide * shape.halves
            sign = (" ", "█" if both else "▀▄"[half % 2])[inside]
            ends = Span(sign if shape.halves == 2 else ">" if inside else " ", palette.cursor)
            yield ends
            yield from self._cells(paints, 0, 0, 0.0)
            yield ends
            return
        yield Span(" ")
        if not inside:
            yield from self._cells(paints, 0, 0, 0.0)
            return
        cursor = range(at, at + across)
        if shape.halves == 1:
            for number, span in enumerate(self._cells(paints, 0, 0, 0.0)):
                yield span._replace(fore=palette.ground, back=palette.cursor) if number in cursor else span
            return
        for column, (top, bottom) in enumerate(zip(paints[: shape.wide], paints[shape.wide :], strict=True)):
            white = (column in cursor, shape.wide + column in cursor)
            if any(white):
                top, bottom = (
                    Paint(palette.cursor, "+") if lit else paint
                    for lit, paint in zip(white, (top, bottom), strict=True)
                )
            yield self._halves(top, bottom, 0.0)
