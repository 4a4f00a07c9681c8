"""The block map: every memory block of a machine as a cell, in rows of addresses, to be walked, marked and clicked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from engine import Machine, format_bytes

from .. import facts, words
from .cells import cell_of
from .map_layout import GROUP, Arrangement, column_of, index_at
from .painted import Line, Painted, Piece


class BlockMap(Painted):
    """Blocks as cells; the cursor, marks and hosts of the memmap are laid over the painted rows."""

    BINDINGS = [
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

    def __init__(self, machine: Machine, **options: str | None) -> None:
        super().__init__(**options)
        self.machine = machine
        self.marks: frozenset[int] = frozenset()
        self.hosts: frozenset[int] = frozenset()
        self._ghosts: dict[int, str] = {}
        self._blocks: list[int] = []
        self._drawn: dict[int, Line] = {}
        self._anchor: int | None = None
        self._arrangement = Arrangement((), 8, 1)
        self._label = 0
        self._take_blocks()
        self.cursor = self._blocks[0] if self._blocks else 0

    # -- what is drawn ----------------------------------------------------------------------------------------------

    def _take_blocks(self) -> None:
        self._ghosts = facts.ghosts(self.machine)
        self._blocks = sorted((*self.machine.blocks, *self._ghosts))

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
        labels = [self._label_of(block) for block in self._blocks[:1] + self._blocks[-1:]]
        self._label = max((len(number) + len(address) for number, address in labels), default=0) + 3
        self._arrangement = Arrangement(self._blocks, width - self._label - 1, self.size.height)
        self.virtual_size = Size(width, len(self._arrangement.rows))
        if self._arrangement.shape != before.shape:
            self._drawn.clear()
            self.refresh()
            self.call_after_refresh(self._reveal)
        else:
            self.refresh_rows([row for row, line in self._drawn.items() if line != self._line(row)])

    def line_at(self, row: int) -> Line:
        if not self._blocks:
            return (("There is no memory block. Press a to add memory.", "muted"),) if row == 0 else ()
        if row >= len(self._arrangement.rows):
            return ()
        line = self._drawn[row] = self._line(row)
        return line

    def _label_of(self, block: int) -> tuple[str, str]:
        return str(block), words.short_address(facts.block_address(self.machine, block))

    def _line(self, at: int) -> Line:
        row = self._arrangement.rows[at]
        number, address = self._label_of(row.first)
        if row.hole:
            size = format_bytes(row.hole * self.machine.geometry.block_size)
            words = f"┈┈ hole of {size} ┈┈"
            return ((" " * self._label + words, "hole"),)
        pieces: list[Piece] = [
            (number.rjust(len(str(self._blocks[-1]))), "strong"),
            (f" {address}".ljust(self._label - len(str(self._blocks[-1]))), "muted"),
        ]
        per_row = self._arrangement.per_row
        for block in range(row.first, min(row.first + per_row, self._blocks[-1] + 1)):
            if block != row.first and block % GROUP == 0:
                pieces.append((" ", "text"))
            pieces += self._tile(block) if self._exists(block) else [("·".ljust(self._arrangement.cell), "hole")]
        return tuple(pieces)

    def _exists(self, block: int) -> bool:
        return block in self.machine.blocks or block in self._ghosts

    def _tile(self, block: int) -> list[Piece]:
        glyph, letter, role, head = cell_of(self.machine, block, self._ghosts)
        mark = f"{role} head" if head else role
        cell = self._arrangement.cell
        if cell == 1:
            return [(letter, mark)]
        if cell == 2:
            return [(glyph, mark), (letter, role)]
        return [(glyph, mark), (letter.ljust(cell - 2), role), (" ", "text")]

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        number = self.scroll_offset.y + y
        rows = self._arrangement.rows
        if not self._blocks or number >= len(rows) or rows[number].hole:
            return strip
        first, per_row = rows[number].first, self._arrangement.per_row
        for block in sorted({b for b in (*self.marks, *self.hosts, self.cursor) if first <= b < first + per_row}):
            strip = self._laid_over(strip, block, self._label + column_of(self._arrangement.cell, block - first))
        return strip

    def _laid_over(self, strip: Strip, block: int, column: int) -> Strip:
        cell = self._arrangement.cell
        tile = max(1, cell - 1) if cell > 2 else cell
        roles = [
            role
            for role, there in (
                ("host", block in self.hosts),
                ("marked", block in self.marks),
                ("cursor", block == self.cursor),
            )
            if there
        ]
        style = self.get_component_rich_style(f"paint--{roles[-1]}", partial=True)
        text = strip.crop(column, column + tile).text
        pieces = [strip.crop(0, column), Strip([Segment(text, self.style_of("text") + style)], tile)]
        if cell > 2 and roles[-1] in ("cursor", "marked"):
            left, right = ("▐", "▌") if roles[-1] == "cursor" else ("[", "]")
            edge = self.style_of("bracket" if roles[-1] == "cursor" else "strong")
            pieces[0] = strip.crop(0, column - 1)
            pieces.insert(1, Strip([Segment(left, edge)], 1))
            pieces.append(Strip([Segment(right, edge)], 1))
            tile += 1
        pieces.append(strip.crop(column + tile, self.size.width))
        return Strip.join(pieces)

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
        self.refresh_rows((self._arrangement.row_of(before), self._arrangement.row_of(self.cursor)))
        self._reveal()
        self.post_message(self.Moved())

    def _reveal(self) -> None:
        self.scroll_to_region(Region(0, self._arrangement.row_of(self.cursor), 1, 1), animate=False)

    def mark(self, blocks: Iterable[int]) -> None:
        """Mark exactly these blocks."""
        marks = frozenset(blocks)
        changed, self.marks = self.marks ^ marks, marks
        self.refresh_rows({self._arrangement.row_of(block) for block in changed})
        self.post_message(self.Moved())

    def show_hosts(self, hosts: frozenset[int]) -> None:
        """Point out the blocks that hold the memmap of the selected one."""
        changed, self.hosts = self.hosts ^ hosts, hosts
        self.refresh_rows({self._arrangement.row_of(block) for block in changed})

    def action_step(self, by: int, extend: bool = False) -> None:
        at = bisect_left(self._blocks, self.cursor) + by
        if 0 <= at < len(self._blocks):
            self.select(self._blocks[at], extend)

    def action_row(self, by: int, extend: bool = False) -> None:
        rows, way = self._arrangement.rows, 1 if by > 0 else -1
        at = min(max(self._arrangement.row_of(self.cursor) + by, 0), len(rows) - 1)
        while 0 <= at < len(rows) and rows[at].hole:
            at += way
        if 0 <= at < len(rows):
            self.select(rows[at].first + self.cursor % self._arrangement.per_row, extend)

    def action_page(self, by: int) -> None:
        self.action_row(by * max(1, self.size.height - 1))

    def action_end(self, at: int) -> None:
        if self._blocks:
            self.select(self._blocks[at])

    def on_click(self, event: events.Click) -> None:
        if (offset := event.get_content_offset(self)) is None:
            return
        row = self.scroll_offset.y + offset.y
        if row >= len(self._arrangement.rows) or self._arrangement.rows[row].hole:
            return
        index = index_at(self._arrangement.cell, self._arrangement.per_row, offset.x - self._label)
        block = None if index is None else self._arrangement.rows[row].first + index
        if block is not None and self._blocks[bisect_left(self._blocks, block) :][:1] == [block]:
            self.select(block, event.shift)
            if event.ctrl or event.meta:
                self.mark(self.marks ^ {block})
