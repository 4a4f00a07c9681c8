"""Rows of tiles: cells as half blocks in colour, or as letters; captions; the cursor and marks between tiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from .colour import between, lab
from .lines import Line, Span
from .overlaid import DIM, Overlaid
from .overlay import Overlay, whole
from .paints import Paints
from .plan import Plan, Row
from .view import Paint, Scene, View, captioned

HATCH = "░"
_BESIDE: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


@lru_cache(maxsize=4096)
def _lit(colour: int, by: float) -> int:
    return between(colour, 0xFFFFFF if by > 0 else 0, abs(by)) if by else colour


@lru_cache(maxsize=4096)
def _together(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """The hatch of a character whose halves have these."""
    return one if one == other else (between(one[0], other[0], 0.5), between(one[1], other[1], 0.5))


@lru_cache(maxsize=4096)
def inked(back: int) -> int:
    """White or black, whichever is seen on a colour."""
    return 0xFFFFFF if lab(back).light < 0.7 else 0


class _Laid(NamedTuple):
    """A row of tiles: what its cells and the columns between its tiles look like under an overlay."""

    paints: list[Paint]
    over: Overlay
    cells: list[Paint]
    edges: list[Span]


class Tiles:
    """Draws the rows of tiles of one map."""

    def __init__(self, scene: Scene, view: type[View], plan: Plan, paints: Paints, halves: int, step: int) -> None:
        self._scene = scene
        self._view = view
        self._plan = plan
        self._paints = paints
        self._halves = halves
        self._step = step
        self._overlaid = Overlaid(scene, view, plan)
        self._laid: dict[int, _Laid] = {}
        self._own: dict[int, list[Line] | None] = {}

    def forget(self, blocks: Iterable[int] | None = None) -> None:
        """The tiles of some blocks, or of all, may look otherwise now."""
        if blocks is None:
            self._own.clear()
        else:
            for block in blocks:
                self._own.pop(block, None)

    def _tile(self, at: int, block: int) -> list[Line] | None:
        """The lines of a tile that has its own; None for its cells."""
        if block not in self._own:
            plan = self._plan
            self._own[block] = self._view.tile(self._scene, block, plan.shape, plan.highs[at], plan.lowest)
        return self._own[block]

    def laid(self, at: int, over: Overlay) -> _Laid:
        """A row with what is laid over it, kept until one of them changes."""
        found, paints = self._laid.get(at), self._paints.of(at)
        if found is None or found.paints is not paints or found.over != over:
            row, shape = self._plan.rows[at], self._plan.shape
            first = row.start // shape.unit
            edges = [self._edge(row, first + tile, over) for tile in range(shape.per_row + 1)] if shape.gap else []
            found = self._laid[at] = _Laid(paints, over, self._overlaid.of(paints, row, over), edges)
        return found

    def differing(self, at: int, over: Overlay) -> set[int]:
        """The lines of the map on which a row looks otherwise than it did when it was last asked for."""
        row, shape = self._plan.rows[at], self._plan.shape
        before = self._laid.get(at)
        now = self.laid(at, over)
        if before is None or before.edges != now.edges or before.over.cursor != over.cursor:
            return {*self._plan.lines_of(at)}
        changed = {
            number for number, (one, two) in enumerate(zip(before.cells, now.cells, strict=True)) if one != two
        } | {
            (pfn - row.start) // shape.cell
            for pfn, _ in {*before.over.happening.scanners} ^ {*over.happening.scanners}
            if row.start <= pfn < row.start + row.pages
        }
        top, rows = self._plan.tops[at] + shape.caption, shape.high * shape.halves
        came = {*range(top - shape.caption, top)} if before.over.happening.came != over.happening.came else set()
        return came | {
            top + part
            for cells in {number // shape.wide % rows for number in changed}
            for part in self._plan.parts_of(at, cells)
        }

    def line(self, at: int, row: Row, part: int, over: Overlay) -> Iterator[Span]:
        """One line of a row of tiles, from the column before the first tile on."""
        shape, palette = self._plan.shape, self._scene.palette
        _, _, paints, edges = self.laid(at, over)
        if not shape.gap:
            edge, *spans = self._plain(at, row, paints, part, over)
            yield edge
            yield from self._scanned(spans, at, 0, part, over)
            return
        lit = palette.row_step if at % 2 else 0.0
        first, shown = row.start // shape.unit, row.shown
        for tile in range(shape.per_row):
            yield edges[tile]
            if (first + tile) * shape.unit not in shown:
                yield Span(" " * shape.broad)
                continue
            if part == 0 and (note := over.notes.get(first + tile)) is not None:
                yield from self._note(note, first + tile, paints, at, tile, lit)
                continue
            if part < shape.caption:
                caption = self._view.caption(self._scene, first + tile, shape.broad)
                if pages := over.happening.came.get((first + tile) * shape.unit):
                    here = Span(f"+{pages:,}", palette.kinds["movable"], bold=True)
                    caption = captioned(self._scene, f"{first + tile}", here, shape.broad)
                yield from self._seen(caption, first + tile, over)
                continue
            own = self._tile(at, first + tile)
            if own is not None:
                yield from self._seen(own[part - shape.caption], first + tile, over)
            else:
                line = part - shape.caption
                yield from self._scanned([*self._cells(paints, at, tile, line, lit)], at, tile, line, over)
        yield edges[-1]

    def _scanned(self, spans: list[Span], at: int, tile: int, part: int, over: Overlay) -> list[Span]:
        """A line of cells with the scanners that stand in it."""
        shape, palette = self._plan.shape, self._scene.palette
        for pfn, sign in over.happening.scanners:
            if pfn not in self._plan.rows[at].shown:
                continue
            row, column = divmod((pfn - self._plan.rows[at].start) // shape.cell, shape.wide)
            which, row = divmod(row, shape.high * shape.halves)
            if which == tile and self._plan.parts_of(at, row)[0] == part:
                spans = [span._replace(text=letter) for span in spans for letter in span.text]
                column = self._plan.columns.index(column)
                back = spans[column].back
                fore = palette.text if shape.halves == 1 else palette.cursor
                spans[column] = Span(sign, fore, palette.ground if back is None else back, True)
        return spans

    def _note(self, note: str, block: int, paints: list[Paint], at: int, tile: int, lit: float) -> Iterator[Span]:
        """Words on the first line of a tile, what is left of it as it is."""
        shape, palette = self._plan.shape, self._scene.palette
        text = f"✗ {note} "[: shape.broad] if shape.broad >= 8 else "✗"
        if shape.caption:
            text = f"{block} {text}".ljust(shape.broad)[: shape.broad]
        back = None if self._halves == 1 else palette.verdicts["no"]
        yield Span(text, palette.text if self._halves == 1 else 0xFFFFFF if palette.dark else 0x10151C, back, True)
        if not shape.caption:
            yield from self._cells(paints, at, tile, 0, lit, len(text))

    def _seen(self, line: Line, block: int, over: Overlay) -> Line:
        """A line of a block, dimmed where a search did not find it."""
        if over.hits is None or block in over.hits:
            return line
        ground = self._scene.palette.ground
        if self._halves == 1:
            return tuple(Span(" " * len(span.text)) for span in line)
        return tuple(
            span._replace(
                fore=None if span.fore is None else between(ground, span.fore, DIM),
                back=None if span.back is None else between(ground, span.back, DIM),
            )
            for span in line
        )

    def _edge(self, row: Row, right: int, over: Overlay) -> Span:
        """The column before a tile: its left half belongs to the one before it, its right half to that; what is not shown in
        the row has none."""
        unit = self._plan.shape.unit
        before, after = (
            self._sign(block, side, over) if block * unit in row.shown else None
            for block, side in ((right - 1, 1), (right, 0))
        )
        if before is None and after is None:
            return Span(" ")
        if self._halves == 1:
            one = after if before is None else before if after is None or before[0] in "]" else after
            both = before is not None and after is not None and before[0] != "]" and after[0] != "["
            return Span("|" if both else one[0] if one else " ", bold=True)
        if before is not None and after is not None and before[1] == after[1]:
            return Span("█", before[1], None, True)
        if before is None or after is None:
            return Span("▐" if before is None else "▌", (before or after or ("", 0))[1], None, True)
        return Span("▌", before[1], after[1], True)

    def _sign(self, block: int, side: int, over: Overlay) -> tuple[str, int] | None:
        """What stands at the left (0) or right (1) edge of a block: of two things one at each side."""
        palette, shape = self._scene.palette, self._plan.shape
        found: list[tuple[str, int]] = []
        if over.cursor // shape.unit == block:
            found.append(("[]", palette.cursor))
        if block in over.marks:
            found.append(("()", palette.key))
        here = self._scene.machine.blocks.get(block)
        if here is not None and here.state == "going-offline":
            found.append(("!!", palette.warn))
        geometry = self._scene.machine.geometry
        if block in over.hosts or whole(block, over.linked, geometry):
            found.append(("{}", palette.kinds["memmap"]))
        if whole(block, over.happening.changed, geometry):
            found.append(("<>", palette.accent))
        if not found:
            return None
        signs, colour = found[min(side, len(found) - 1)]
        return signs[side], colour

    def _cells(self, paints: list[Paint], at: int, tile: int, part: int, lit: float, column: int = 0) -> Iterator[Span]:
        """One line of the cells of a tile, from a column on."""
        shape, palette = self._plan.shape, self._scene.palette
        first = tile * shape.wide * shape.high * shape.halves
        rows = [first + number * shape.wide for number in self._plan.cells_at(at, part)]
        columns = self._plan.columns[column:]
        upper = [paints[rows[0] + cell] for cell in columns]
        if shape.halves == 1:
            for paint in upper:
                if paint.signs:
                    yield Span(paint.letter, palette.ground, palette.cursor, True)
                else:
                    yield Span(paint.letter, bold=paint.letter.isupper())
            return
        lower = [paints[rows[1] + cell] for cell in columns]
        for (top, bottom), alike in groupby(zip(upper, lower, strict=True)):
            text, fore, back, bold = self._pair(top, bottom, lit)
            yield Span(text * len([*alike]), fore, back, bold)

    def _pair(self, top: Paint, bottom: Paint, lit: float) -> Span:
        if top.signs or bottom.signs:
            one, both = top if top.signs else bottom, bool(top.signs and bottom.signs)
            back = _lit(between(top.colour, bottom.colour, 0.5) if both else one.colour, lit)
            return Span(one.signs[2 if both else 0 if one is top else 1], inked(back), back, True)
        if top.hatch and bottom.hatch:
            return Span(HATCH, *_together(top.hatch, bottom.hatch))
        if top.colour == bottom.colour:
            return Span(" ", None, _lit(top.colour, lit if top.colour != self._scene.palette.ground else 0.0))
        return Span("▀", _lit(top.colour, lit), _lit(bottom.colour, lit))

    def _plain(self, at: int, row: Row, paints: list[Paint], part: int, over: Overlay) -> Iterator[Span]:
        """A line of cells without tiles; the cursor is white, or beside a row of its own."""
        shape, palette = self._plan.shape, self._scene.palette
        inside = over.cursor in row.shown
        first = (over.cursor - row.start) // shape.cell
        cursor = range(first, first + max(1, self._step // shape.cell)) if inside else range(0)
        rows = self._plan.cells_at(at, part)
        if self._step // shape.cell >= shape.wide:
            beside = [number * shape.wide in cursor for number in rows]
            sign = _BESIDE[beside[0], beside[-1]] if shape.halves == 2 else ">" if beside[0] else " "
            yield Span(sign, palette.cursor)
            yield from self._cells(paints, at, 0, part, 0.0)
            yield Span(sign, palette.cursor)
            return
        yield Span(" ")
        if shape.halves == 1:
            for column, span in zip(self._plan.columns, self._cells(paints, at, 0, part, 0.0), strict=True):
                here = rows[0] * shape.wide + column in cursor
                yield span._replace(fore=palette.ground, back=palette.cursor) if here else span
            return
        white = Paint(palette.cursor, "+")
        shown = [white if number in cursor else paint for number, paint in enumerate(paints)] if inside else paints
        yield from self._cells(shown, at, 0, part, 0.0)
