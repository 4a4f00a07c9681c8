"""The map: memory of one scope as lines, in one view, for a width and a height. It draws; it never decides what is done."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final

from altmap.engine import Machine, about_bytes, format_bytes

from .cursor import Cursor
from .gutter import Gutter
from .joint import joint
from .layout import Layout
from .lines import Line, Span, joined, width
from .made import Rows
from .nodes import node_bar
from .overlay import Overlay
from .paints import Paints
from .palette import LETTERS, WORDS
from .plan import BESIDE, Plan, Row
from .scope import Scope
from .sides import Sides
from .tiles import Tiles
from .view import Scene, View

GUTTERS: Final = ((81, 13), (70, 9), (0, 8))
"""Columns of the gutter, by the least width of the map."""
_BAR: Final = 32
"""Columns of the bar of what a node's memory is."""
_BROAD: Final = (4, 3)
"""Where cells are broader than so many columns in so many, a narrower gutter may make room for cells half as big."""


class MemoryPicture:
    """A map of a size, with everything that follows from the machine kept until it changes. `plain`: see `Layout.plan`."""

    def __init__(
        self,
        scene: Scene,
        view: type[View],
        scope: Scope,
        size: tuple[int, int],
        halves: int,
        folds: bool,
        plain: bool = False,
    ) -> None:
        self.scene = scene
        self.view = view
        self.scope = scope
        self.halves = halves
        self.folds = folds
        self._plain = plain
        self._layout = Layout(scene.machine, scope, folds, scene.expected)
        self.wide, self.high = size
        self._lines: dict[int, Line] = {}
        self.gutter, self.plan = self._laid_out(self.high)
        self._cursor = Cursor(self.machine, scope, self.plan)
        self.paints = Paints(scene, view, self.plan)
        self._rows = Rows(self.machine, self.plan)
        self._sides = Sides(self.machine, self.plan)
        self._beside = Gutter(scene, view, scope, self.plan, self._sides, self.gutter, halves)
        self._tiles = Tiles(scene, view, self.plan, self.paints, halves, self.step)
        self._drawn: dict[str, Callable[[int, Row, int, Overlay], Iterable[Span]]] = {
            "hole": self._hole, "alike": self._folded, "node": self._heading, "tiles": self._tiles.line
        }  # fmt: skip

    @property
    def unfolded(self) -> bool:
        """Are there runs of blocks that could be folded, and are not?"""
        return self._layout.unfolded

    # -- the plan ---------------------------------------------------------------------------------------------------

    def _laid_out(self, high: int) -> tuple[int, Plan]:
        """Columns of the gutter, and the plan, on so many lines."""
        first, *others = (columns for least, columns in GUTTERS if self.wide >= least)
        plan = self._layout.plan((self.wide - first, high), self.halves, self._plain)
        if others and plan.shape.broad * _BROAD[1] > plan.shape.wide * _BROAD[0]:
            other = self._layout.plan((self.wide - others[0], high), self.halves, self._plain)
            if other.shape.cell < plan.shape.cell:
                return others[0], other
        return first, plan

    def least(self, high: int) -> int:
        """Lines that the map could not do without if it had so many."""
        return (self.plan if high == self.high else self._laid_out(high)[1]).least

    @property
    def machine(self) -> Machine:
        """The machine that is shown."""
        return self.scene.machine

    # -- what changed -----------------------------------------------------------------------------------------------

    def changed_lines(self, over: Overlay) -> list[int]:
        """The lines that look otherwise than when they were drawn last, because of the machine."""
        self._lines.clear()
        self._tiles.forget()
        changes = self._rows.changed()
        beside = self._sides.changed([change.at for change in changes], self._rows.replaced(changes))
        found = [line for at in beside for line in self.plan.lines_of(at)]
        for change in changes:
            at = change.at
            self.paints.change(change)
            alike = not change.other_blocks and self.plan.rows[at].what == "tiles" and self._by_cells
            found += [self.plan.tops[at], *self._tiles.differing(at, over)] if alike else self.plan.lines_of(at)
        return found

    @property
    def _by_cells(self) -> bool:
        """Do the cells alone tell whether a line looks otherwise?"""
        return not self.view.draws_tiles and self.scope.level not in ("block", "section")

    def overlaid_lines(self, blocks: Iterable[int], over: Overlay) -> list[int]:
        """The lines of some blocks that look otherwise than when they were drawn last, because of what is laid over them."""
        numbers, lines = sorted(blocks), list[int]()
        for at, row in enumerate(self.plan.rows):
            here = self._rows.blocks_of(row) if row.what != "hole" else range(0)
            first = bisect_left(numbers, here.start)
            if first < len(numbers) and numbers[first] in here:
                lines += self._tiles.differing(at, over) if row.what == "tiles" else self.plan.lines_of(at)
        return lines

    def forget(self, blocks: Iterable[int]) -> list[int]:
        """What views know of some blocks besides the machine (verdicts) has changed; returns the lines that show them."""
        unit, found = self.machine.geometry.pages_per_block, set[int]()
        for block in blocks:
            if self.scope.level in ("block", "section"):  # which is of one block, or a part of it
                found.update(range(len(self.plan.rows)) if block == self.scope.start // unit else ())
            elif (at := self.plan.row_of(block * unit)) is not None:
                found.add(at)
        self._tiles.forget(blocks)
        lines = [line for at in found for line in self.plan.lines_of(at)]
        for at in found:
            self.paints.forget(at)
        for line in lines:
            self._lines.pop(line, None)
        return lines

    # -- lines ------------------------------------------------------------------------------------------------------

    def line(self, y: int, over: Overlay) -> Line:
        """One line, the gutter included."""
        at = self.plan.row_at(y)
        if at is None:
            return ()
        row, part = self.plan.rows[at], y - self.plan.tops[at]
        geometry = self.machine.geometry
        plain = not over.touches(row.start, row.pages, geometry.pages_per_block, geometry.pages_per_section)
        plain &= not (self.view.joins and row.what == "hole")
        if plain and y in self._lines:
            return self._lines[y]
        gutter = self._beside.line(at, row, part)
        share = self._share(row) if self.shares and row.what == "tiles" and part == 0 else ()
        line = joined((*gutter, *self._drawn[row.what](at, row, part, over), *share))
        if plain:
            self._lines[y] = line
        return line

    @property
    def shares(self) -> int:
        """Columns that are left beside the tiles for the free share of each row; 0 where there are too few."""
        room = self.wide - self.gutter - self.plan.shape.across - 1
        return room if room + 1 in BESIDE else 0

    def _share(self, row: Row) -> Line:
        """How much of a row's online memory is free, as a bar and in percent."""
        found, palette = self.machine.summary(row.shown.start, len(row.shown), orders=False), self.scene.palette
        here = found.pages - found.missing - found.offline
        if here <= 0:
            return ()
        free = (found.of("free") + found.of("pcp")) / here
        room = self.shares - 6
        cells = round(free * room)
        bar = Span("▄" * cells if self.halves == 2 else "=" * cells, palette.kinds["pcp"])
        return (Span(" "), bar, Span(" " * (room - cells)), Span(f"{free * 100:>4.0f}%", palette.text))

    def _hole(self, at: int, row: Row, part: int, over: Overlay) -> Iterable[Span]:
        text = f"---- hole of {format_bytes(row.pages * self.machine.geometry.page_size)} "
        room = self.plan.shape.across - len(text)
        said = Span((text + "-" * room)[: self.plan.shape.across], self.scene.palette.faint)
        rows, shape, palette = self.plan.rows, self.plan.shape, self.scene.palette
        if not self.view.joins or at + 1 == len(rows) or rows[at + 1].what != "tiles":
            return [Span(" "), said]
        return [Span(" "), *joint(said, len(text), rows[at + 1], shape, over.cursor, over.hosts, palette, self.halves)]

    @property
    def hole_lines(self) -> list[int]:
        """The lines that may join blocks below them."""
        return [self.plan.tops[at] for at, row in enumerate(self.plan.rows) if row.what == "hole" and self.view.joins]

    def _folded(self, at: int, row: Row, part: int, over: Overlay) -> Iterable[Span]:
        geometry, palette = self.machine.geometry, self.scene.palette
        found = self.machine.summary(row.start, row.pages, orders=False)
        kind = next(iter(found.kinds), "absent")
        first = row.start // geometry.pages_per_block
        last = (row.start + row.pages) // geometry.pages_per_block - 1
        here = row.start <= over.cursor < row.start + row.pages
        first_block = self.machine.summary(row.start, geometry.pages_per_block, orders=self.view.by_orders)
        back = self.view.paint(self.scene, first_block).colour
        fore = palette.cursor if palette.dark else 0
        size, count = about_bytes(row.pages * geometry.page_size), last - first + 1
        room = self.plan.shape.across
        hint = "" if self._plain else "z unfolds "
        sign = LETTERS[kind].upper() * 4 if self.halves == 1 else ""
        text, where = f"{sign} {size} {WORDS[kind]}", f": memory{first}-{last}"
        said = (f"{text}{where}, {count:,} blocks alike", f"{text}{where}, {count:,} blocks", f"{text}{where}", text)
        text = next((one for one in said if len(one) + 1 <= room), text)
        hint = hint if len(text) + len(hint) + 2 <= room else ""
        text = text[: room - len(hint)].ljust(room - len(hint))
        edge = Span(">" if self.halves == 1 else "▐", palette.cursor) if here else Span(" ")
        return [edge, Span(text, fore, back, True), Span(hint, palette.text, back)]

    def _heading(self, at: int, row: Row, part: int, over: Overlay) -> Iterable[Span]:
        if part + 1 < self.plan.highs[at]:
            return ()
        machine, palette = self.machine, self.scene.palette
        blocks, off, kinds = self._sides.count(row.node)
        size = blocks * machine.geometry.block_size
        cpus = "CPUs" if machine.nodes[row.node].cpus else "no CPUs"
        spans = [
            Span("▌", palette.faint, palette.strip),
            Span(f"node {row.node}", palette.text, palette.strip, True),
            Span(f"  {cpus}  ", palette.dim, palette.strip),
            Span(
                about_bytes(size) if blocks else "no memory", palette.text if blocks else palette.faint, palette.strip
            ),
            Span(
                f"  {blocks:,} blocks{f', {off:,} offline' if off else ''}" if blocks else "",
                palette.dim,
                palette.strip,
            ),
        ]
        room = self.wide - 1 - width(tuple(spans))
        bar = min(_BAR, room - 4) if blocks else 0
        if bar < _BAR // 4:
            return [*spans, Span(" " * room, None, palette.strip)]
        shown = node_bar(dict(kinds), off / blocks, bar, palette, self.halves)
        return [*spans, Span(" " * (room - bar - 1), None, palette.strip), *shown, Span(" ", None, palette.strip)]

    # -- where things are -------------------------------------------------------------------------------------------

    @property
    def lines(self) -> int:
        """Lines that there are."""
        return self.plan.lines

    @property
    def cell(self) -> int:
        """Pages of a cell."""
        return self.plan.shape.cell

    def reveal(self, pfn: int) -> bool:
        """Bring a page into sight: all of a map is."""
        return False

    @property
    def step(self) -> int:
        """Pages that the cursor moves by, to the left and right."""
        return self._cursor.step

    def at(self, x: int, y: int) -> int | None:
        """The first page of what stands at a character."""
        number, shape = self.plan.row_at(y), self.plan.shape
        if number is None:
            return None
        row = self.plan.rows[number]
        if row.what == "alike":
            return row.start
        if row.what != "tiles":
            return None
        column, inside = divmod(max(0, x - self.gutter), shape.broad + shape.gap)
        part = max(0, y - self.plan.tops[number] - shape.caption)
        column = min(column, shape.per_row - 1)
        pfn = row.start + column * shape.unit
        if shape.gap == 0:
            cell = self.plan.columns[min(inside, shape.broad - 1)]
            pfn += (self.plan.cells_at(number, part)[0] * shape.wide + cell) * shape.cell
        ends = pfn + (shape.unit if shape.gap else shape.cell)
        return self.snapped(pfn) if row.low < ends and pfn < row.high else None

    def snapped(self, pfn: int) -> int:
        """The first page of the step that a page lies in, within the scope."""
        return self._cursor.snapped(pfn)

    def lines_of(self, pfn: int) -> range:
        """The lines of the map that show a page."""
        at = self.plan.row_of(pfn)
        return self.plan.lines_of(at) if at is not None else range(0)

    def moved(self, cursor: int, across: int, down: int) -> int:
        """Where the cursor is after a step to the right (1) or left (-1), or else down or up: the nearest memory on that way, or
        where it was."""
        return self._cursor.beside(cursor, across) if across else self._cursor.below(cursor, down)
