"""The levels below the cursor side by side with the map: its block, one pageblock of it page by page, its free areas."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from altmap.engine import Machine, about_bytes, format_address
from textual import events
from textual.message import Message

from ... import facts
from ...picture.can_go import CanGo
from ...picture.kept import Picture
from ...picture.legend import legend
from ...picture.lines import Line, Span, joined, width
from ...picture.memory_size import short_size
from ...picture.scope import Scope
from ...picture.use import Use
from ...picture.views import Nodes
from .drawn import Drawn, palette_of
from .memory_map import MemoryMap

REST: Final = 0.15
"""Seconds without a key after which the levels follow the cursor; it decides how smooth it is, never what is shown."""
LEAST: Final = 30
"""Columns without which there is no room for anything."""
_PAGES: Final = 9
"""Lines of a pageblock: its heading and eight rows."""


class Part(NamedTuple):
    """A stretch of lines: the first, how many, and the picture of which they are, if it is one."""

    top: int
    lines: tuple[Line, ...]
    picture: Picture | None = None


class Levels(Drawn):
    """Draws what lies below the cursor of a map; a click on a page goes there."""

    class Asked(Message):
        """A page was clicked."""

        def __init__(self, pfn: int) -> None:
            super().__init__()
            self.pfn = pfn

    class Followed(Message):
        """The cursor rests, and this shows where."""

    def __init__(self, map_: MemoryMap) -> None:
        super().__init__(id="levels")
        self._map = map_
        self.pfn = 0
        self._parts: list[Part] = []
        self._rest: asyncio.TimerHandle | None = None

    @property
    def machine(self) -> Machine:
        """What is shown."""
        return self._map.machine

    def show(self, pfn: int) -> None:
        """Follow the cursor to a page, as soon as it rests."""
        self.pfn = pfn
        if self._rest is not None:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(REST, self.call_later, self._follow)

    def settle(self) -> None:
        """Follow the cursor now, if that waits until no key comes any more."""
        if self._rest is not None:
            self._rest.cancel()
            self._follow()

    def _follow(self) -> None:
        self._rest = None
        self.reload()
        self.post_message(self.Followed())

    def reload(self) -> None:
        """Draw everything anew."""
        before = [self.row(y) for y in range(self.size.height)]
        self._parts = list(self._drawn()) if self.size.width >= LEAST and self.size.height else []
        self.refresh_rows([y for y in range(self.size.height) if self.row(y) != before[y]])

    def on_resize(self) -> None:
        self.reload()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_mounted:
            self.reload()

    def row(self, y: int) -> Line:
        return next((part.lines[y - part.top] for part in self._parts if 0 <= y - part.top < len(part.lines)), ())

    def on_click(self, event: events.Click) -> None:
        for part in self._parts:
            inside = event.y - part.top
            if part.picture is not None and 0 <= inside < len(part.lines):
                pfn = part.picture.at(event.x, inside)
                if pfn is not None:
                    self.post_message(self.Asked(pfn))

    # -- what is drawn ----------------------------------------------------------------------------------------------

    def _drawn(self) -> Iterator[Part]:
        machine, geometry = self.machine, self.machine.geometry
        start = self.pfn // geometry.pages_per_block * geometry.pages_per_block
        found = machine.summary(start, geometry.pages_per_block)
        if not found.counts:
            yield Part(0, (self._strip("no memory here"),))
            return
        areas = tuple(self._areas(start)) if found.orders and self.size.height >= 44 else ()
        pages = _PAGES + 3 if self.size.height >= 24 else 0
        room = self.size.height - 2 - pages - (len(areas) + 2 if areas else 0)
        scope = Scope("block", start, geometry.pages_per_block)
        scene = self._map.scene
        view = Use if self._map.view in (CanGo, Nodes) else self._map.view  # those are of whole blocks
        block = self._map.pictured(scope, view, (self.size.width, max(1, room)), False, self.pfn)
        over = self._map.overlay._replace(cursor=self.pfn)
        name = f"memory{self.pfn // geometry.pages_per_block}"
        first = start * geometry.page_size
        last = first + geometry.block_size - 1
        cell = f"cell {short_size(block.cell * geometry.page_size)}" if block.cell > 1 else "cell 1 page"
        yield Part(0, (self._strip(name, f"{format_address(first)}-{format_address(last)}", cell),))
        yield Part(1, tuple(block.line(y, over) for y in range(block.lines)), block)
        at = 1 + block.lines
        yield Part(
            at, (legend(view.entries(scene, found), ("left: pageblock type",), self.size.width, scene, self.halves),)
        )
        at += 2
        if pages:
            size = geometry.pageblock_pages
            begin = self.pfn // size * size
            near = begin + (self.pfn - begin) // 512 * 512  # of a bigger pageblock a part
            here = Scope("page", near, min(size, 512))
            part = self._map.pictured(here, view, (self.size.width, _PAGES), False, self.pfn)
            yield Part(at, (self._strip("pages", f"pfn {begin:#x}-{begin + size - 1:#x}", "cell 1 page"),))
            yield Part(at + 1, tuple(part.line(y, over) for y in range(_PAGES)), part)
            at += _PAGES + 2
        if areas:
            yield Part(at, (self._strip(f"free areas of {name}", "", "by order"), *areas))

    def _strip(self, name: str, what: str = "", right: str = "") -> Line:
        palette = palette_of(self.app)
        left = (
            Span("▌", palette.faint, palette.strip),
            Span(f"{name} ", palette.text, palette.strip, True),
            Span(f" {what}", palette.dim, palette.strip),
        )
        gap = self.size.width - width(left) - len(right) - 1
        return joined((*left, Span(f"{' ' * gap}{right} " if gap > 0 else "", palette.faint, palette.strip)))

    def _areas(self, start: int) -> Iterable[Line]:
        """Free areas by type and order: a pageblock has one type, and an area does not reach over two of them."""
        machine, geometry, palette = self.machine, self.machine.geometry, palette_of(self.app)
        counts = facts.free_areas(machine, start, geometry.pages_per_block)
        orders = range(geometry.max_order + 1)
        each = min(6, (self.size.width - 13) // len(orders))
        if each < 4:
            return
        yield (Span(" " * 13 + "".join(f"{order:>{each}}" for order in orders), palette.faint),)
        for kind, row in counts.items():
            numbers = [row.get(order, 0) >> order for order in orders]
            yield joined(
                (
                    Span(f" {kind:<12}", palette.types[kind], bold=True),
                    *(Span(f"{n:>{each}}", palette.text if n else palette.faint) for n in numbers),
                )
            )
        sums = [sum(row.get(order, 0) for row in counts.values()) * geometry.page_size for order in orders]
        sizes = "".join((about_bytes(size, 1) if size else "·").rjust(each) for size in sums)
        yield (Span(f" {'memory':<12}{sizes}", palette.dim),)
