"""What the inspector says of a block, of several, and of a page: lines for a width and height. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final, NamedTuple

from altmap.engine import Machine, Page, Summary, format_address, format_bytes

from .. import facts
from ..picture.can_go import VERDICT_LETTERS
from ..picture.lines import Line, Span, fitted, joined, width
from ..picture.palette import LETTERS, WORDS, Palette
from ..picture.view import Told
from . import words

BARS: Final = " ▁▂▃▄▅▆▇█"
_ORDER: Final = (
    "free", "pcp", "movable", "slab", "pagetable", "kernel", "memmap", "vmemmap", "reserved", "assumed", "huge",
    "pinned", "poisoned", "offline", "absent",
)  # fmt: skip
"""Kinds in the order of lists."""


class Place(NamedTuple):
    """What the inspector is about: a cursor (pfn), the pages of a cell there, how deep the map is zoomed, and what is
    known of whether the block can go."""

    pfn: int
    cell: int
    level: str
    told: Told | None
    fault: int | None


class Sheet:
    """The lines of the inspector. `letters`: there is no colour."""

    def __init__(self, machine: Machine, palette: Palette, size: tuple[int, int], letters: bool) -> None:
        self.machine = machine
        self.palette = palette
        self.wide, self.high = size
        self.letters = letters

    def lines(self, place: Place) -> list[Line]:
        """All lines; where there are more than fit the pane scrolls."""
        geometry = self.machine.geometry
        block = place.pfn // geometry.pages_per_block
        if place.level == "page":
            return list(self._page(place, block))
        if place.cell > geometry.pages_per_block:
            return list(self._several(place))
        found = self.machine.summary(block * geometry.pages_per_block, geometry.pages_per_block)
        if not found.counts:
            return [self._text("No memory here.", self.palette.dim)]
        if self.wide >= 56:
            return list(self._flat(block, found, place))
        return list(self._block(block, found, place))

    # -- a block ----------------------------------------------------------------------------------------------------

    def _block(self, block: int, found: Summary, place: Place) -> Iterator[Line]:
        yield from self._identity(block)
        yield ()
        yield from self._can_go(place)
        yield ()
        yield from self._kinds(found)
        if found.types:
            yield ()
            yield from self._types(found)
        if found.orders:
            yield ()
            yield from self._orders(found)
        yield ()
        yield from self._memmap(block)

    def _flat(self, block: int, found: Summary, place: Place) -> Iterator[Line]:
        """The same where the pane is wide and low: what decides comes first."""
        told = list(self._can_go(place))
        head = list(self._identity(block))
        if self.high <= 2:
            yield told[0]
            yield self._bar(found)
            return
        yield told[0] if len(told) == 1 else joined((*told[0], Span("  "), *told[1]))
        yield self._bar(found)
        yield self._in_line(found)
        if found.orders:
            yield self._row("free areas", self._order_counts(found))
        yield from self._memmap(block)
        yield from head
        yield from told[2:]

    def _identity(self, block: int) -> Iterator[Line]:
        palette, machine = self.palette, self.machine
        here = machine.blocks.get(block)
        state, _ = words.state_of_block(machine, block)
        name = state.partition(",")[0]
        colour = (
            palette.good if name == "online" else palette.warn if here is None or name != "offline" else palette.text
        )
        spans = [Span(name, colour, bold=True)]
        if here is not None and here.zone is not None:
            spans += [Span("  "), Span(here.zone[1], palette.zones.get(here.zone[1], palette.text), bold=True)]
        if here is not None:
            spans.append(Span(f"  node{'s' * (len(here.nodes) > 1)} {', '.join(map(str, here.nodes))}", palette.dim))
        origin = "since boot" if here is not None and here.early else "hot-added" if here is not None else ""
        yield self._both(tuple(spans), Span(origin, palette.dim))
        size, start = machine.geometry.block_size, facts.block_address(machine, block)
        ends = f"{format_address(start)}-{format_address(start + size - 1)}"
        yield self._both((Span(ends),), Span(format_bytes(size), palette.dim))
        if here is not None and (here.state == "offline" or here.zone is None):
            yield from self._words("valid_zones", words.zones_of(machine, block))
        if here is not None and not here.early:
            device = facts.device_of(machine, block)
            if len(device) > 1:
                yield from self._words("device", f"{words.block_names(device)} ({format_bytes(len(device) * size)})")

    def _can_go(self, place: Place) -> Iterator[Line]:
        palette, told = self.palette, place.told
        question = Span("can it go?  ", palette.dim)
        if told is None:
            yield (question, Span("w asks", palette.faint))
            return
        colours = {"yes": palette.good, "no": palette.bad, "never": palette.dim, "not known": palette.warn}
        sign = VERDICT_LETTERS[told.answer].replace("-", "✗")
        yield joined(
            (
                question,
                Span(f"{sign} {told.answer}", colours[told.answer], bold=True),
                Span(f"  {told.result}" if told.result != "ok" else "", palette.dim),
            )
        )
        for word, count, first in told.blockers[:4]:
            where = "" if first is None else f"  first {first:#x}"
            room = max(4, self.wide - 4 - len(where) - 8)
            yield joined(
                (Span(f"  {word[:room]:<{min(room, 14)}}"), Span(f"{count:>8,}", bold=True), Span(where, palette.dim))
            )
        if not told.blockers and told.sentence:
            yield from (self._text(f"  {part}", palette.dim) for part in wrap(told.sentence, max(20, self.wide - 2)))
        if place.fault is not None:
            yield joined(
                (
                    Span("  x", palette.key, bold=True),
                    Span(" the page", palette.dim),
                    Span("  w", palette.key, bold=True),
                    Span(" what would help", palette.dim),
                )
            )

    def _kinds(self, found: Summary) -> Iterator[Line]:
        palette = self.palette
        total = found.pages - found.missing
        yield self._both((Span("pages", palette.dim),), Span(f"{total:,}", palette.dim))
        kinds: dict[str, int] = {str(kind): n for kind, n in found.kinds.items()}
        rows = [(WORDS[kind], LETTERS[kind], palette.kinds[kind], kinds[kind]) for kind in _ORDER if kind in kinds]
        if found.offline:
            rows.append(("offline", "o", palette.hatch[0], found.offline))
        digits = max(len(f"{count:,}") for *_, count in rows) if rows else 0
        bar = max(4, self.wide - 14 - digits - 6)
        for word, letter, colour, count in rows:
            share = f"{count * 100 // total}%" if count * 100 >= total else "<1%"
            yield joined(
                (
                    Span(f" {letter} " if self.letters else "  ", palette.dim),
                    Span(f"{word[:11]:<12}"),
                    *self._measure(count / total, bar, colour),
                    Span(f"{count:>{digits},}", bold=True),
                    Span(f"{share:>5}", palette.dim),
                )
            )

    def _measure(self, share: float, cells: int, colour: int) -> tuple[Span, ...]:
        if self.letters:
            full = round(share * cells)
            return (Span("=" * full + " " * (cells - full)),)
        halves = max(1, round(share * cells * 2))
        text = "█" * (halves // 2) + "▌" * (halves % 2)
        return (
            Span(text, colour, self.palette.strip),
            Span(" " * (cells - len(text)), None, self.palette.strip),
            Span(" "),
        )

    def _bar(self, found: Summary) -> Line:
        """All kinds as one bar over the whole width."""
        kinds: dict[str, int] = {str(kind): n for kind, n in found.kinds.items()}
        total = max(1, found.pages - found.missing)
        spans, used, done = [], 0, 0
        for kind in (*(one for one in _ORDER if one in kinds), *(["block offline"] if found.offline else [])):
            done += kinds.get(kind, found.offline if kind == "block offline" else 0)
            cells = max(self.wide * done // total - used, 0)
            used += cells
            if self.letters:
                spans.append(Span(LETTERS[kind] * cells))
            elif kind == "block offline":
                spans.append(Span("░" * cells, *self.palette.hatch))
            else:
                spans.append(Span(" " * cells, None, self.palette.kinds[kind]))
        return joined(spans)

    def _in_line(self, found: Summary) -> Line:
        palette, spans = self.palette, list[Span]()
        for kind in _ORDER:
            count = {str(name): n for name, n in found.kinds.items()}.get(kind)
            if count:
                sign = f"{LETTERS[kind]} " if self.letters else "█ "
                entry = [
                    Span(sign, palette.kinds[kind]),
                    Span(f"{WORDS[kind]} ", palette.dim),
                    Span(f"{count:,}  ", bold=True),
                ]
                if width((*spans, *entry)) > self.wide:
                    break
                spans += entry
        if found.offline:
            spans += [Span("░ ", *palette.hatch), Span("offline ", palette.dim), Span(f"{found.offline:,}", bold=True)]
        return joined(spans)

    def _types(self, found: Summary) -> Iterator[Line]:
        geometry, palette = self.machine.geometry, self.palette
        count = sum(found.types.values()) // geometry.pageblock_pages
        size = format_bytes(geometry.pageblock_pages * geometry.page_size)
        yield self._both((Span("pageblocks", palette.dim),), Span(f"{count:,} of {size}", palette.dim))
        spans = [Span("  ")]
        for kind, pages in found.types.items():
            spans += [
                Span(f"{kind[0]} " if self.letters else "█ ", palette.types[kind]),
                Span(f"{pages // geometry.pageblock_pages} {kind.lower()}  ", palette.dim),
            ]
        yield fitted(joined(spans), self.wide)

    def _order_counts(self, found: Summary) -> str:
        orders = found.orders
        return "  ".join(f"{order}:{pages >> order}" for order, pages in orders.items())

    def _orders(self, found: Summary) -> Iterator[Line]:
        palette, orders = self.palette, found.orders
        top = self.machine.geometry.max_order
        yield self._text("free areas by order", palette.dim)
        counts = [orders.get(order, 0) >> order for order in range(top + 1)]
        each = max(3, max(len(f"{count}") for count in counts) + 1)
        shown = range(max(0, top + 1 - (self.wide - 1) // each), top + 1)
        most = max(orders.values())
        levels = [round(orders.get(order, 0) / most * 24) or (1 if orders.get(order) else 0) for order in shown]
        if not self.letters and self.high >= 26:
            for row in (2, 1, 0):
                cells = [BARS[min(8, max(0, level - row * 8))] for level in levels]
                yield joined(Span((cell * min(3, each - 1)).rjust(each), palette.kinds["pcp"]) for cell in cells)
        yield self._text("".join(f"{order:>{each}}" for order in shown), palette.faint)
        yield self._text("".join(f"{counts[order] or '·':>{each}}" for order in shown), palette.text)

    def _memmap(self, block: int) -> Iterator[Line]:
        geometry, palette = self.machine.geometry, self.palette
        size = format_bytes(geometry.memmap_bytes_per_block)
        place = facts.memmap_of(self.machine, block)
        colour = palette.kinds["memmap"] if place.chunks else palette.text
        yield from self._words("memmap", f"{size} {words.memmap_place(self.machine, block)}", colour)
        here = self.machine.blocks.get(block)
        hosts = [self.machine.blocks[host] for host in place.hosts if host in self.machine.blocks]
        if here is not None and any(host.node != here.node for host in hosts):
            yield from self._words("", f"off node: it lies on node {hosts[0].node}", palette.bad)
        if guests := facts.guests_of(self.machine, block):
            yield from self._words("it hosts", f"struct pages of {words.block_names(guests)}", palette.kinds["memmap"])

    # -- several blocks, and a page ---------------------------------------------------------------------------------

    def _several(self, place: Place) -> Iterator[Line]:
        geometry, palette = self.machine.geometry, self.palette
        start = place.pfn // place.cell * place.cell
        first, count = start // geometry.pages_per_block, place.cell // geometry.pages_per_block
        found = self.machine.summary(start, place.cell)
        size = geometry.block_size
        yield self._both(
            (Span(f"{count} blocks of {format_bytes(size)} in one cell", palette.dim),),
            Span(format_bytes(count * size), palette.dim),
        )
        zones = " ".join(dict.fromkeys(key[1] for key in found.zones))
        yield self._words_line("zones", zones or "none online")
        yield ()
        for block in range(first, first + min(count, max(1, self.high - 20))):
            there = self.machine.blocks.get(block)
            if there is None:
                continue
            one = self.machine.summary(block * geometry.pages_per_block, geometry.pages_per_block)
            used = 1 - (one.of("free") + one.of("pcp")) / one.pages if there.state == "online" else 0.0
            yield joined(
                (
                    Span(f"{block:<7}", bold=True),
                    *self._measure(used, 16, palette.kinds["movable"]),
                    Span(f"{used:>4.0%} used" if there.state == "online" else " offline", palette.dim),
                )
            )
        yield ()
        yield from self._kinds(found)

    def _page(self, place: Place, block: int) -> Iterator[Line]:
        machine, palette, geometry = self.machine, self.palette, self.machine.geometry
        page = machine.pages(place.pfn, 1)[0]
        kind = WORDS[page.kind] if page.kind else "not online" if page.present else "no memory"
        colour = palette.kinds.get(page.kind or "", palette.dim)
        yield self._both(
            (Span(kind, colour, bold=True), Span(f"  {self._run(page)}", palette.dim)),
            Span(f"memory{block}", palette.dim),
        )
        yield self._words_line("address", format_address(place.pfn * geometry.page_size))
        if page.zone is not None:
            yield self._words_line("zone", f"{page.zone[1]}  node {page.zone[0]}")
        if page.order is not None:
            yield self._words_line(
                "free area", f"order {page.order}, from pfn {place.pfn >> page.order << page.order:#x}"
            )
        number = place.pfn % geometry.pages_per_block // geometry.pageblock_pages
        yield self._words_line("pageblock", f"{number}, {page.migratetype or 'offline'}")
        yield from self._struct_page(place.pfn)
        yield ()
        yield from self._words("moves?", _WHO_MOVES.get(page.kind or "", "nobody: it is not in use"))
        yield ()
        start = place.pfn // geometry.pageblock_pages * geometry.pageblock_pages
        yield from self._kinds(machine.summary(start, geometry.pageblock_pages))

    def _run(self, page: Page) -> str:
        """How many pages of its kind stand around it."""
        first = last = page.pfn
        pages = {one.pfn: one.kind for one in self.machine.pages(max(0, page.pfn - 64), 129)}
        while pages.get(first - 1) == page.kind and first - 1 in pages:
            first -= 1
        while pages.get(last + 1) == page.kind and last + 1 in pages:
            last += 1
        count = last - first + 1
        return "alone" if count == 1 else f"one of {count}{' or more' * (count > 64)} in a row"

    def _struct_page(self, pfn: int) -> Iterator[Line]:
        geometry = self.machine.geometry
        section = self.machine.sections.get(pfn // geometry.pages_per_section)
        if section is not None and section.memmap is not None and section.memmap.pfn is not None:
            at = section.memmap.pfn + pfn % geometry.pages_per_section * geometry.struct_page_size // geometry.page_size
            yield self._words_line("struct page", f"in page {at:#x}")
        else:
            yield self._words_line("struct page", "in kernel memory")

    # -- parts ------------------------------------------------------------------------------------------------------

    def _text(self, text: str, colour: int) -> Line:
        return (Span(text[: self.wide], colour),)

    def _both(self, left: Line, right: Span) -> Line:
        gap = self.wide - width(left) - len(right.text)
        return joined((*left, Span(" " * gap), right)) if gap > 0 else left

    def _row(self, label: str, text: str) -> Line:
        return fitted(joined((Span(f"{label}  ", self.palette.dim), Span(text))), self.wide)

    def _words_line(self, label: str, text: str) -> Line:
        return fitted(joined((Span(f"{label:<12}", self.palette.dim), Span(text))), self.wide)

    def _words(self, label: str, text: str, colour: int | None = None) -> Iterator[Line]:
        indent = 12 if label == "valid_zones" else 9
        for number, part in enumerate(wrap(text, max(16, self.wide - indent))):
            yield (Span((label if number == 0 else "").ljust(indent), self.palette.dim), Span(part, colour))


_WHO_MOVES: Final = {
    "free": "nothing to move: it is free",
    "pcp": "nothing to move: a CPU keeps it free",
    "movable": "migration moves it to another page",
    "pinned": "nobody while somebody holds it: its migration fails",
    "slab": "nobody: slab is never migrated; it goes when its users free it",
    "kernel": "nobody: the kernel uses it by address",
    "pagetable": "nobody: page tables are never migrated",
    "vmemmap": "nobody: it holds struct pages of other memory",
    "reserved": "nobody: reserved since boot, never in the buddy",
    "assumed": "not known: a kernel page whose place is a guess",
    "memmap": "nobody, and nobody needs to: isolation and compaction step over it",
    "huge": "migration to another huge page, if the pool has one",
    "poisoned": "nobody: a hardware error took it out of use",
    "offline": "its driver gives it back or takes it with the block",
    "absent": "there is no memory",
}
"""Who could move a page of each kind."""
