"""What the inspector says of a page. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from altmap.engine import Page, format_address, format_bytes

from ... import facts
from ...picture.lines import Line, Span, fitted
from ...picture.links import links_of
from ...picture.palette import WORDS
from ...picture.parts import Parts
from .block import FLAT
from .place import Place

_AROUND: Final = 64
"""So many pages before and behind a page are looked at for more of its kind."""


class PageSheet(Parts):
    """A page of a block."""

    def page(self, place: Place, block: int) -> Iterator[Line]:
        """A page of a block: what it is, who could move it, where its struct page lies; and its pageblock by kind."""
        machine, palette, geometry = self.machine, self.palette, self.machine.geometry
        page = machine.pages(place.pfn, 1)[0]
        kind = WORDS[page.kind] if page.kind else "not online" if page.present else "no memory"
        colour = palette.kinds.get(page.kind or "", palette.dim)
        who = _WHO_MOVES.get(page.kind or "", "no: it is not in use")
        if self.wide >= FLAT and self.high <= 2:
            room = self.wide - len(f"{kind}  moves? ")
            short = who if len(who) <= room else f"{who[: room - 1]}…"
            yield fitted((Span(kind, colour, bold=True), Span("  moves? ", palette.dim), Span(short)), self.wide)
        yield self.both(
            (Span(kind, colour, bold=True), Span(f"  {self._run(page)}", palette.dim)),
            Span(f"memory{block}", palette.dim),
        )
        moves = [*self.words("moves?", who)]
        if self.wide >= FLAT:
            yield from moves
        yield self.words_line("address", format_address(place.pfn * geometry.page_size))
        if page.zone is not None:
            yield self.words_line("zone", f"{page.zone[1]}  node {page.zone[0]}")
        if page.order is not None:
            yield self.words_line("free area", f"order {page.order} at {place.pfn >> page.order << page.order:#x}")
        number = place.pfn % geometry.pages_per_block // geometry.pageblock_pages
        yield self.words_line("pageblock", f"{number}, {page.migratetype or 'offline'}")
        yield from self._huge(page)
        flags = machine.page_flags(place.pfn)
        yield self.words_line("flags", "not known" if flags is None else " ".join(flags) or "none that its kind tells")
        yield from self._struct_page(place.pfn)
        yield ()
        if self.wide < FLAT:
            yield from moves
            yield ()
        start = place.pfn // geometry.pageblock_pages * geometry.pageblock_pages
        around = machine.summary(start, geometry.pageblock_pages)
        yield self.title(f"pageblock {number}", page.migratetype or "offline")
        yield from self.kinds(around)
        if around.orders:
            yield ()
            yield self.both(
                (Span("its free areas by order", palette.dim),), Span(f"largest {max(around.orders)}", palette.dim)
            )
            yield from self.orders(around.orders, palette.kinds["pcp"], 0)
        if areas := facts.free_areas(machine, block * geometry.pages_per_block, geometry.pages_per_block):
            yield ()
            yield self.title(f"memory{block}", "free areas by type")
            for name, orders in areas.items():
                colour = palette.types.get(name, palette.text)
                pages = f"{sum(orders.values()):,} pages free"
                yield self.both((Span(name, colour, bold=True),), Span(pages, palette.dim))
                yield from self.orders(orders, colour, 1)

    def _huge(self, page: Page) -> Iterator[Line]:
        """The huge page that a page is part of: its head, and its size."""
        machine = self.machine
        if page.kind != "huge":
            return
        found = machine.huge_page(page.pfn)
        if found is not None:
            head, count = found
            size = format_bytes(count * machine.geometry.page_size)
            where = "its head" if head == page.pfn else f"head at {head:#x}"
            yield self.words_line("huge page", f"of {size}, {where}")

    def _run(self, page: Page) -> str:
        """How many pages of its kind stand around it."""
        low = max(0, page.pfn - _AROUND)
        first, last = page.pfn, page.pfn + 1
        while first > low and self._is(first - 1, page.kind):
            first -= 1
        while last <= low + 2 * _AROUND and self._is(last, page.kind):
            last += 1
        count = last - first
        many = f"more than {_AROUND}" if count > _AROUND else f"{count}"
        return "alone" if count == 1 else f"one of {many} in a row"

    def _is(self, pfn: int, kind: str | None) -> bool:
        """Is a page of a kind? None: of none, as where there is no memory."""
        nr, at = divmod(pfn, self.machine.geometry.pages_per_section)
        section = self.machine.sections.get(nr)
        of_it = section.pages.items() if section is not None else ()
        held = any(have >> at & 1 for name, have in of_it if kind is None or name == kind)
        return held != (kind is None)

    def _struct_page(self, pfn: int) -> Iterator[Line]:
        """Where the struct page of a page lies; and of what the struct pages in it are."""
        links, size = links_of(self.machine), self.machine.geometry.pages_per_block
        found = links.struct_pages(pfn, 1)
        where = f"{found[0][0]:#x} in memory{found[0][0] // size}" if found else "in kernel memory"
        yield self.words_line("struct page", where)
        for start, pages in links.described(pfn, 1):
            yield self.words_line("describes", f"pfn {start:#x}-{start + pages - 1:#x}")
            yield self.words_line("", f"of memory{start // size}")


_WHO_MOVES: Final = {
    "free": "nothing to move: it is free",
    "pcp": "nothing to move: a CPU keeps it free",
    "movable": "migration moves it to another page",
    "pinned": "no, while somebody holds it: its migration fails",
    "slab": "no: slab is never migrated; it goes when its users free it",
    "kernel": "no: the kernel uses it by address",
    "pagetable": "no: page tables are never migrated",
    "vmemmap": "no: it holds struct pages of other memory",
    "reserved": "no: reserved since boot, never in the buddy",
    "assumed": "not known: a kernel page whose place is a guess",
    "memmap": "no, and it need not: isolation and compaction step over it",
    "huge": "migration to another huge page, if the pool has one",
    "poisoned": "no: a hardware error took it out of use",
    "offline": "its driver gives it back or takes it with the block",
    "absent": "there is no memory",
}
"""Whether a page of each kind can be moved, and what would move it or why nothing can."""
