"""The map at its closest: a character a page, 64 a row, a heading for each pageblock, and above it the block as a strip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from altmap.engine import Page, Summary

from .colour import between
from .lines import Line, Span, joined, width
from .memory import GUTTERS
from .overlay import Overlay, Places
from .palette import LETTERS, WORDS
from .scope import Scope, touched
from .view import Entry, Paint, Scene, View

_ACROSS: Final = 64
_STRIP: Final = 3
"""Lines of the strip of the whole block."""
_STRIP_FROM: Final = 20
"""So high a map has room for it."""


def order_entry(scene: Scene, view: type[View], found: Summary) -> Entry:
    """The legend of the digits: at the first page of a free area stands its order. `found`: pages of which some are free."""
    order = min(9, max(found.orders))  # a digit rather than a letter
    page = Page(0, True, kind="free", order=order)
    fore = scene.palette.cursor if scene.palette.dark else scene.palette.text
    return Entry(
        Paint(scene.palette.ground, " "),
        "order of a free area",
        (Span(f"{order:x} ", fore, view.page(scene, page), True),),
    )


class PagesPicture:
    """The pages of a block, those around the cursor in sight. The interface is that of `MemoryPicture`."""

    step = 1
    shares = 0
    unfolded = False

    def __init__(
        self, scene: Scene, view: type[View], scope: Scope, size: tuple[int, int], halves: int, cursor: int
    ) -> None:
        self.scene = scene
        self.view = view
        self.scope = scope
        self.halves = halves
        self.wide, self.high = size
        gutter = next(columns for least, columns in GUTTERS if self.wide >= least)
        self.gutter = max(gutter, len(f"{scope.start + scope.pages - 1:#x}") + 2)
        self.across = _ACROSS
        while self.across > max(8, self.wide - self.gutter):
            self.across //= 2
        geometry = scene.machine.geometry
        self._block = min(geometry.pageblock_pages, scope.pages)
        self._rows = self._block // self.across
        self._strip = _STRIP if self.high >= _STRIP_FROM else 0
        self._top = 0
        self._known: dict[int, list[Page]] = {}
        self._plain: dict[int, Line] = {}
        """Rows over which nothing is laid."""
        self._sections = self._present()
        self.reveal(cursor)

    @property
    def lines(self) -> int:
        """Lines that it draws: all there are."""
        return self.high

    @property
    def cell(self) -> int:
        """Pages of a character."""
        return 1

    def _present(self) -> tuple[int, ...]:
        size = self.scene.machine.geometry.pages_per_section
        sections = touched(self.scope.start, self.scope.pages, size)
        return tuple(id(self.scene.machine.sections.get(nr)) for nr in sections)

    def changed_lines(self, over: Overlay) -> list[int]:
        """All lines if any page of the block changed, else none."""
        now = self._present()
        if now == self._sections:
            return []
        self._sections = now
        self._known.clear()
        self._plain.clear()
        return list(range(self.high))

    def forget(self, blocks: Iterable[int]) -> list[int]:
        """Nothing here depends on what is not of the machine."""
        return []

    # -- where things are -------------------------------------------------------------------------------------------

    def _line_of(self, pfn: int) -> int:
        """The line of a page, counted from the heading of the first pageblock."""
        at, inside = divmod(pfn - self.scope.start, self._block)
        return at * (self._rows + 1) + 1 + inside // self.across

    def reveal(self, pfn: int) -> bool:
        """Bring the row of a page into sight, with its heading if there is room; returns whether anything moved."""
        room, line, before = self.high - self._strip, self._line_of(pfn), self._top
        heading = line - 1 - (pfn - self.scope.start) % self._block // self.across
        whole = self.scope.pages // self._block * (self._rows + 1)
        if not self._top - 2 * self._rows <= line < self._top + room + 2 * self._rows:  # far away: into the middle
            self._top = max(0, heading - max(0, room - self._rows - 1) // 2)
        if line >= self._top + room:
            self._top = line - room + 1
            if self._rows + 1 <= room:
                self._top = max(self._top, heading + self._rows + 1 - room)
        if heading < self._top:
            self._top = heading if line - heading < room else line
        self._top = max(0, min(self._top, whole - room))
        return self._top != before

    def lines_of(self, pfn: int) -> range:
        """The line that shows a page."""
        line = self._line_of(pfn) - self._top + self._strip
        return range(line, line + 1) if self._strip <= line < self.high else range(0)

    def at(self, x: int, y: int) -> int | None:
        """The page at a character; of the strip, the first page there."""
        if y < self._strip:
            column = max(0, x - self.gutter) * self.scope.pages // self.across
            return min(self.scope.start + column, self.scope.start + self.scope.pages - 1)
        block, row = divmod(y - self._strip + self._top, self._rows + 1)
        start = self.scope.start + block * self._block
        if start >= self.scope.start + self.scope.pages:
            return None
        column = min(max(0, x - self.gutter), self.across - 1)
        return start + max(0, row - 1) * self.across + (column if row else 0)

    def snapped(self, pfn: int) -> int:
        """The page, or the nearest of the scope."""
        return min(max(pfn, self.scope.start), self.scope.start + self.scope.pages - 1)

    def moved(self, cursor: int, across: int, down: int) -> int:
        """Where the cursor is after so many steps."""
        return self.snapped(cursor + across + down * self.across)

    # -- lines ------------------------------------------------------------------------------------------------------

    def line(self, y: int, over: Overlay) -> Line:
        """One line, the gutter included."""
        if y < self._strip:
            return self._strip_line(y, over)
        block, row = divmod(y - self._strip + self._top, self._rows + 1)
        start = self.scope.start + block * self._block
        if start >= self.scope.start + self.scope.pages:
            return ()
        return self._heading(start) if row == 0 else self._row(start + (row - 1) * self.across, over)

    def _heading(self, start: int) -> Line:
        palette, found = self.scene.palette, self.scene.machine.summary(start, self._block)
        number = start % self.scene.machine.geometry.pages_per_block // self.scene.machine.geometry.pageblock_pages
        kind = next(iter(found.types), "offline")
        colour = palette.types.get(kind, palette.dim)
        left = [
            Span("▌", colour),
            Span(f"pageblock {number} ", palette.text, bold=True),
            Span(f" {kind}", colour, bold=True),
        ]
        right: list[Span] = []
        for name, count in sorted(found.kinds.items(), key=lambda item: -item[1]):
            sign = "█ " if self.halves == 2 else f"{LETTERS[name]} "
            entry = [Span("  "), Span(sign, palette.kinds[name]), Span(f"{count:,} {WORDS[name]}", palette.dim)]
            if width((*left, *right, *entry)) > self.gutter + self.across:
                break
            right += entry
        gap = self.gutter + self.across - width((*left, *right))
        return joined((*left, Span(" " * gap), *right))

    def _row(self, start: int, over: Overlay) -> Line:
        geometry = self.scene.machine.geometry
        touched = over.touches(start, self.across, geometry.pages_per_block, geometry.pages_per_section)
        if touched or any(start <= pfn < start + self.across for pfn in over.lit):
            return self._drawn(start, over)
        if start not in self._plain:
            self._plain[start] = self._drawn(start, over)
        return self._plain[start]

    def _drawn(self, start: int, over: Overlay) -> Line:
        palette = self.scene.palette
        pages = self._known.get(start)
        if pages is None:
            pages = self._known[start] = self.scene.machine.pages(start, self.across)
        band = palette.types.get(pages[0].migratetype or "", palette.faint)
        label = f"{start:#x}".rjust(self.gutter - 2)
        spans = [Span("▌", band), Span(label, palette.faint), Span(" ")]
        section, inside = divmod(start, self.scene.machine.geometry.pages_per_section)
        linked, changed = (found.get(section, 0) >> inside for found in (over.linked, over.happening.changed))
        full = (1 << self.across) - 1
        if linked & full == full and self._all_in(over.linked):
            linked = 0  # all that is in sight is: that tells nothing
        if changed & full == full and self._all_in(over.happening.changed):
            changed = 0
        shown = (self._page(page, over, linked, changed) for page in pages)
        return joined((*spans, *shown, *self._beside(pages)))

    def _beside(self, pages: Sequence[Page]) -> Iterator[Span]:
        """What there is in a row, as far as there is room beside it."""
        room = self.wide - self.gutter - self.across - 1
        words = Counter("hole" if not page.present else WORDS[page.kind or "block offline"] for page in pages)
        text = ""
        for word, count in words.most_common():
            if len(text) + len(f" {count:,} {word}") > room:
                break
            text += f" {count:,} {word}"
        yield Span(text, self.scene.palette.faint)

    def _all_in(self, pages: Places) -> bool:
        """Are these all pages of the scope?"""
        size = self.scene.machine.geometry.pages_per_section
        sections = touched(self.scope.start, self.scope.pages, size)
        return self.scope.pages >= size and all(pages.get(nr, 0) == (1 << size) - 1 for nr in sections)

    def _page(self, page: Page, over: Overlay, linked: int, changed: int) -> Span:
        """A page; `linked` and `changed` are those of its row."""
        palette, at = self.scene.palette, page.pfn % self.across
        text, fore, back = self._look(page)
        raised = linked >> at & 1 or changed >> at & 1
        if page.pfn == over.cursor:
            return Span(
                text if text.strip() else "+" if self.halves == 1 else " ", palette.ground, palette.cursor, True
            )
        if self.halves == 1:
            if raised:
                return Span(text, palette.ground, palette.cursor)
            return Span(text, bold=page.pfn in over.lit)
        if page.pfn in over.lit:
            return Span(text, palette.ground, palette.warn, True)
        if raised and back is not None:
            back = between(back, palette.cursor, 0.85 if linked >> at & 1 else 0.55)
            return Span(text, palette.ground if palette.dark else 0xFFFFFF, back, True)
        return Span(text, fore, back, page.order is not None)

    def _look(self, page: Page) -> tuple[str, int | None, int | None]:
        """The character, its colour and the one behind it."""
        palette = self.scene.palette
        if not page.present:
            return " ", None, None
        if page.kind is None:
            return "o" if self.halves == 1 else "░", *palette.hatch
        colour = self.view.page(self.scene, page)
        if page.order is not None:
            head = page.pfn % (1 << page.order) == 0
            rest = "·" if self.halves == 1 else " "
            return (f"{page.order:x}" if head else rest), palette.cursor if palette.dark else palette.text, colour
        return LETTERS[page.kind], between(colour, 0 if palette.dark else 0xFFFFFF, 0.6), colour

    def _strip_line(self, y: int, over: Overlay) -> Line:
        """The whole block above its pages: a column is one pageblock or several; the last line is their types."""
        scene, palette = self.scene, self.scene.palette
        columns = min(self.across, max(1, self.scope.pages // self._block))
        part = self.scope.pages // columns
        blocks = part // self._block
        name = f"memory{self.scope.start // scene.machine.geometry.pages_per_block}"
        column_is = ("a column is", "a pageblock" if blocks == 1 else f"{blocks} pageblocks")
        if max(map(len, column_is)) + 2 > self.gutter:
            column_is = ("", "types")  # what its last line tells
        label = f" {(name, *column_is)[y]}"
        spans = [Span(label.ljust(self.gutter)[: self.gutter], palette.faint if y else palette.text, bold=y == 0)]
        types = y == _STRIP - 1
        cells = scene.machine.summaries(self.scope.start, self.scope.pages, part if types else part // 4)
        for column in range(columns):
            here = self.scope.start + column * part <= over.cursor < self.scope.start + (column + 1) * part
            if types:
                kind = next(iter(cells[column].types), "")
                letter = "+" if here else kind[:1].lower()
                spans.append(
                    Span(letter if self.halves == 1 else "▀", palette.cursor if here else palette.types.get(kind))
                )
                continue
            top, bottom = (self.view.paint(scene, cells[column * 4 + y * 2 + half]) for half in (0, 1))
            letters = self.halves == 1
            spans.append(Span(top.letter, bold=here) if letters else Span("▀", top.colour, bottom.colour))
        return joined(spans)
