"""The block map: every memory block of a machine as a cell, in rows of addresses, to be walked, marked and clicked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import ClassVar

from altmap.engine import Machine, format_bytes
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from ... import facts
from .. import words
from .cells import HEAD, Sign, look_of, signs_of, tile_text
from .map_layout import GROUP, Arrangement, Row, Shape
from .painted import Line, Painted, Piece


class BlockMap(Painted):
    """Blocks as cells; the cursor, marks and hosts of the memmap are laid over the painted rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("up", "row(-1)", show=False),
        Binding("down", "row(1)", show=False),
        Binding("shift+left", "step(-1, True)", show=False),
        Binding("shift+right", "step(1, True)", show=False),
        Binding("shift+up", "row(-1, True)", show=False),
        Binding("shift+down", "row(1, True)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "end(0)", show=False),
        Binding("end", "end(-1)", show=False),
    ]

    class Moved(Message):
        """The cursor is on another block, or other blocks are marked."""

    class Reshaped(Message):
        """The tiles have another shape."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self.marks: frozenset[int] = frozenset()
        self.hosts: frozenset[int] = frozenset()
        self._ghosts: dict[int, str] = {}
        self._signs: dict[int, Sign] = {}
        self._blocks: list[int] = []
        self._begins: dict[int, int] = {}
        self._drawn: dict[int, Line] = {}
        self._anchor: int | None = None
        self._arrangement = Arrangement((), 8, 1)
        self._label = 0
        self._take_blocks()
        self.cursor = self._blocks[0] if self._blocks else 0

    @property
    def letters_only(self) -> bool:
        """Are the tiles so small that there is no room for a glyph?"""
        return self._arrangement.shape.tile == 1

    # -- what is drawn ----------------------------------------------------------------------------------------------

    def _take_blocks(self) -> None:
        self._ghosts = facts.ghosts(self.machine)
        self._signs = signs_of(self.machine)
        self._blocks = sorted((*self.machine.blocks, *self._ghosts))
        self._begins = facts.node_begins(self.machine)

    def show(self) -> None:
        """Draw what has changed in the machine; a cursor or mark whose block is gone moves or goes."""
        self._take_blocks()
        here = set(self._blocks)
        self.marks &= here
        if self.cursor not in here and self._blocks:
            self.cursor = self._blocks[min(bisect_left(self._blocks, self.cursor), len(self._blocks) - 1)]
        self.reload()

    def reload(self) -> None:
        """Place the rows anew and draw those in the window that changed."""
        width, before = self.scrollable_content_region.width, self._arrangement
        if not width:
            return
        begin = [block - block % GROUP for block in self._blocks[:1] + self._blocks[-1:]]
        self._label = max((len(self._label_of(block)) for block in begin), default=0) + 2
        self._arrangement = Arrangement(self._blocks, width - self._label - 1, self.size.height, self._begins)
        self.virtual_size = Size(width, self._arrangement.lines)
        if self._arrangement.key != before.key:
            self._drawn.clear()
            self.refresh()
            self.post_message(self.Reshaped())
            self.call_after_refresh(self._reveal)
        else:
            self.refresh_rows([at for at, line in self._drawn.items() if line != self._line(at)])

    def line_at(self, row: int) -> Line:
        if not self._blocks:
            return (("There is no memory block. Press a to add memory.", "muted"),) if row == 0 else ()
        line = self._drawn[row] = self._line(row)
        return line

    def _label_of(self, block: int) -> str:
        number = str(block).rjust(len(str(self._blocks[-1])))
        return f"{number}  {words.short_address(facts.block_address(self.machine, block))}"

    def _line(self, at: int) -> Line:
        shape, rows = self._arrangement.shape, self._arrangement.rows
        number, line = divmod(at, shape.height)
        if number >= len(rows) or line >= shape.lines:
            return ()
        row, places = rows[number], self._arrangement.blocks_of(number)
        if row.between:
            return ((" " * self._label, "text"), self._between(row)) if line == 0 else ()
        label = "" if line else self._label_of(row.first)
        pieces: list[Piece] = [(label.ljust(self._label + self._arrangement.column_of(row.first)), "muted")]
        for block in range(places.start, min(places.stop, self._blocks[-1] + 1)):
            if block != row.first and block % GROUP == 0:
                pieces.append((" ", "text"))
            if block in self.machine.blocks or block in self._ghosts:
                pieces += self._tile(block, shape, line)
            else:
                pieces.append(("·".center(shape.tile).ljust(shape.width), "hole"))
        return tuple(pieces)

    def _between(self, row: Row) -> Piece:
        hole = f"hole of {format_bytes(row.hole * self.machine.geometry.block_size)}" if row.hole else ""
        node = "" if row.node is None else f"node {row.node}"
        line = "┈┈┈" if row.hole else "───"
        return f"{line} {', '.join(filter(None, (hole, node)))} {line}", "muted" if node else "hole"

    def _tile(self, block: int, shape: Shape, line: int) -> list[Piece]:
        look = look_of(self.machine, block, self._ghosts)
        sign = self._signs.get(block)
        text = tile_text(block, look, shape, line)
        if shape.tile == 1:
            return [(text, f"{look.role} head" if sign is HEAD else look.role)]
        front = (sign.glyph, sign.role) if sign else (look.glyph, look.role)
        return [front, (text.ljust(shape.tile - 1), look.role), (" " * shape.column_gap, "text")]

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        at, line = divmod(self.scroll_offset.y + y, self._arrangement.shape.height)
        places = self._arrangement.blocks_of(at)
        if line >= self._arrangement.shape.lines:
            return strip
        for block in sorted(block for block in {*self.marks, *self.hosts} if block in places):
            strip = self._laid_over(strip, block)
        return self._laid_over(strip, self.cursor) if self.cursor in places else strip

    def _laid_over(self, strip: Strip, block: int) -> Strip:
        """The strip with the look of the cursor, a mark or a host on one tile."""
        shape = self._arrangement.shape
        column = self._label + self._arrangement.column_of(block)
        tile = strip.crop(column, column + shape.tile)
        framed = shape.column_gap and block not in self.hosts
        if not framed:
            role = "cursor" if block == self.cursor else "host" if block in self.hosts else "marked"
            tile = Strip([Segment(tile.text, self.style_of(f"text {role}"))], shape.tile)
            return Strip.join([strip.crop(0, column), tile, strip.crop(column + shape.tile, self.size.width)])
        left, right = "▐▌" if block == self.cursor else "[]"
        if block == self.cursor and block in self.marks:
            tile = tile.apply_style(self.style_of("marked"))
        edge = self.style_of("text")
        return Strip.join(
            [
                strip.crop(0, column - 1),
                Strip([Segment(left, edge)], 1),
                tile,
                Strip([Segment(right, edge)], 1),
                strip.crop(column + shape.tile + 1, self.size.width),
            ]
        )

    # -- where one is -----------------------------------------------------------------------------------------------

    def select(self, block: int, extend: bool = False) -> None:
        """Put the cursor on a block, or the nearest there is; with `extend`, mark all on the way from where this began."""
        if not self._blocks:
            return
        before = self.cursor
        at = bisect_left(self._blocks, block)
        self.cursor = min(self._blocks[max(0, at - 1) : at + 1], key=lambda there: abs(there - block))
        if extend:
            self._anchor = before if self._anchor is None else self._anchor
            low, high = sorted((self._anchor, self.cursor))
            self.mark(b for b in self._blocks[bisect_left(self._blocks, low) :] if b <= high)
        else:
            self._anchor = None
        self._redraw((before, self.cursor))
        self._reveal()
        self.post_message(self.Moved())

    def _redraw(self, blocks: Iterable[int]) -> None:
        self.refresh_rows({line for block in blocks for line in self._arrangement.lines_of(block)})

    def _reveal(self) -> None:
        lines = self._arrangement.lines_of(self.cursor)
        self.scroll_to_region(Region(0, lines.start, 1, len(lines)), animate=False)

    def mark(self, blocks: Iterable[int]) -> None:
        """Mark exactly these blocks."""
        marks = frozenset(blocks)
        changed, self.marks = self.marks ^ marks, marks
        self._redraw(changed)
        self.post_message(self.Moved())

    def show_hosts(self, hosts: frozenset[int]) -> None:
        """Point out the blocks that hold the memmap of the selected one."""
        changed, self.hosts = self.hosts ^ hosts, hosts
        self._redraw(changed)

    def action_step(self, by: int, extend: bool = False) -> None:
        at = bisect_left(self._blocks, self.cursor) + by
        if 0 <= at < len(self._blocks):
            self.select(self._blocks[at], extend)

    def action_row(self, by: int, extend: bool = False) -> None:
        rows, way = self._arrangement.rows, 1 if by > 0 else -1
        at = min(max(self._arrangement.row_of(self.cursor) + by, 0), len(rows) - 1)
        while 0 <= at < len(rows) and rows[at].between:
            at += way
        if 0 <= at < len(rows):
            self.select(self._arrangement.block_in(at, self.cursor % self._arrangement.per_row), extend)

    def action_page(self, by: int) -> None:
        self.action_row(by * max(1, self.size.height // self._arrangement.shape.height - 1))

    def action_end(self, at: int) -> None:
        if self._blocks:
            self.select(self._blocks[at])

    def on_click(self, event: events.Click) -> None:
        if (offset := event.get_content_offset(self)) is None:
            return
        block = self._arrangement.block_at(offset.x - self._label, self.scroll_offset.y + offset.y)
        if block is not None and (block in self.machine.blocks or block in self._ghosts):
            self.select(block, event.shift)
            if event.ctrl or event.meta:
                self.mark(self.marks ^ {block})
