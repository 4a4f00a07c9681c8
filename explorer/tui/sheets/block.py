"""What the inspector says of a block. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from altmap.engine import Block, Summary, format_address, format_bytes

from ... import facts
from ...picture.can_go import VERDICT_SIGNS
from ...picture.lines import Line, Span, fitted, joined, width
from ...picture.links import links_of
from ...picture.parts import Parts
from ...wrapping import wrap
from .. import words
from .place import Place

_SHORT: Final = {"Unmovable": "unmov.", "Reclaimable": "recl.", "HighAtomic": "high"}
"""Pageblock types where there is little room."""
FLAT: Final = 56
"""A panel of so many columns is low."""


class BlockSheet(Parts):
    """A block: high, or (`flat`) where the pane is wide and low."""

    def block(self, block: int, found: Summary, place: Place) -> Iterator[Line]:
        """All that is to be said of a block, of whose pages `found` is the summary."""
        yield from self._identity(block)
        yield ()
        yield from self.can_go(place)
        yield ()
        yield from self.kinds(found)
        sections = self.machine.sections
        if any(sections[nr].estimated for nr in facts.sections_of(self.machine, block) if nr in sections):
            yield self.text("  laid out to meet the counters", self.palette.warn)
        if found.types:
            yield ()
            yield from self._types(found)
        if found.orders:
            yield ()
            yield self.text("free areas by order", self.palette.dim)
            yield from self.orders(found.orders, self.palette.kinds["pcp"], 3)
        yield ()
        yield from self._memmap(block)

    def nothing(self, block: int) -> Iterator[Line]:
        """What there is to say where no page is."""
        if block not in self.machine.blocks:
            yield self.text("No memory here.", self.palette.dim)
            return
        yield from self._identity(block)
        yield ()
        for part in wrap("None of its sections is present: it has no pages.", self.wide):
            yield self.text(part, self.palette.dim)

    def flat(self, block: int, found: Summary, place: Place) -> Iterator[Line]:
        """The same where the pane is wide and low: what decides comes first."""
        if self.high <= 2:
            yield self.bar(found)
            if self.high == 2:
                yield self.in_line(found)
            return
        yield self._can_go_in_line(place)
        yield self.bar(found)
        yield self.in_line(found)
        if found.orders:
            yield self.row("free areas, order 0 to " + str(self.machine.geometry.max_order), self._order_counts(found))
        if found.types:
            size = self.machine.geometry.pageblock_pages
            counts = sorted(found.types.items(), key=lambda item: -item[1])
            kinds = ", ".join(f"{pages // size:,} {kind.lower()}" for kind, pages in counts)
            memmap = f"  memmap {words.memmap_short(self.machine, block)}"
            yield self.row("pageblocks", f"{kinds}{memmap}" if 12 + len(kinds + memmap) <= self.wide else kinds)
        yield from self._memmap(block)
        yield from self._identity(block)

    def _identity(self, block: int) -> Iterator[Line]:
        machine, palette = self.machine, self.palette
        here = machine.blocks.get(block)
        yield self.what_of([here]) if here else (Span("sections without a memory block", palette.warn, bold=True),)
        size, start = machine.geometry.block_size, facts.block_address(machine, block)
        ends = f"{format_address(start)}-{format_address(start + size - 1)}"
        yield self.both((Span(ends),), Span(format_bytes(size), palette.dim))
        if here is not None:
            yield from self.words("valid_zones", words.zones_of(machine, block))
        if here is not None and not here.early:
            device = facts.device_of(machine, block)
            if len(device) > 1:
                yield from self.words("device", f"{words.block_names(device)} ({format_bytes(len(device) * size)})")

    def what_of(self, blocks: Sequence[Block]) -> Line:
        """What some blocks are: their states, zones and nodes, and where they came from."""
        palette = self.palette
        states = dict.fromkeys(str(block.state) for block in blocks)
        nodes = dict.fromkeys(node for block in blocks for node in block.nodes)
        spans = [
            Span(
                ", ".join(states),
                palette.good if [*states] == ["online"] else palette.text if "offline" in states else palette.warn,
                bold=True,
            )
        ]
        for name in dict.fromkeys(block.zone[1] for block in blocks if block.zone is not None):
            spans += [Span("  "), Span(name, palette.zones.get(name, palette.text), bold=True)]
        spans.append(Span(f"  node{'s' * (len(nodes) > 1)} {', '.join(map(str, nodes))}", palette.dim))
        origins = {"since boot" if block.early else "hot-added" for block in blocks}
        return self.both(tuple(spans), Span(origins.pop() if len(origins) == 1 else "", palette.dim))

    def can_go(self, place: Place) -> Iterator[Line]:
        """Whether the block can go offline, and what is in the way."""
        palette, outlook = self.palette, place.outlook
        question = Span("can it go?  ", palette.dim)
        if outlook is None:
            here = self.machine.blocks.get(place.pfn // self.machine.geometry.pages_per_block)
            said = "it is offline" if here is not None and here.state == "offline" else "w asks"
            yield (question, Span(said, palette.dim))
            return
        sign = VERDICT_SIGNS[outlook.answer]
        yield joined(
            (
                question,
                Span(f"{sign} {outlook.answer}", self.verdict(outlook.answer), bold=True),
                Span(f"  {outlook.result}" if outlook.result != "ok" else "", palette.dim),
            )
        )
        for word, count, first in outlook.blockers[:4]:
            spans = [Span(f"  {word[:10]:<11}"), Span(f"{count:>7,}", bold=True)]
            if first is not None:
                spans += [Span("  first ", palette.dim), Span(f"{first:#x}")]
            yield joined(spans)
        if not outlook.blockers and outlook.sentence:
            yield from (self.text(f"  {part}", palette.dim) for part in wrap(outlook.sentence, max(20, self.wide - 2)))
        if place.fault is not None:
            yield joined(
                (
                    Span("  x", palette.key, bold=True),
                    Span(" show the page", palette.dim),
                    Span("   w", palette.key, bold=True),
                    Span(" what would help", palette.dim),
                )
            )

    def _can_go_in_line(self, place: Place) -> Line:
        """The same in one line."""
        outlook, question = place.outlook, next(iter(self.can_go(place)))
        if outlook is None or not outlook.blockers:
            said = outlook.sentence if outlook is not None else ""
            if outlook is not None and outlook.rule and width(question) + 2 + len(said) > self.wide:
                said = outlook.rule
            return fitted(joined((*question, Span(f"  {said}", self.palette.dim))), self.wide)
        counts = [f"{count:,} {word}" for word, count, _ in outlook.blockers]
        pfn = next((pfn for _, _, pfn in outlook.blockers if pfn is not None), None)
        where = (Span(", first at ", self.palette.dim), Span(f"{pfn:#x}", bold=True)) if pfn is not None else ()
        start = question[:2]
        while len(counts) > 1 and width(start) + 3 + len(", ".join(counts)) + width(where) > self.wide:
            counts = [*counts[:-2], "…"]
        return joined((*start, Span(f"   {', '.join(counts)}"), *where))

    def _types(self, found: Summary) -> Iterator[Line]:
        geometry, palette = self.machine.geometry, self.palette
        count = sum(found.types.values()) // geometry.pageblock_pages
        size = format_bytes(geometry.pageblock_pages * geometry.page_size)
        yield self.both((Span("pageblocks", palette.dim),), Span(f"{count:,} of {size}", palette.dim))
        start = found.start
        cells = self.machine.summaries(start, found.pages, geometry.pageblock_pages)
        kinds = [next(iter(cell.types), "") for cell in cells]
        half = len(kinds) // 2
        if not self.letters and 1 < half <= self.wide - 4:
            each = max(1, (self.wide - 4) // half)
            yield joined(
                (
                    Span("  "),
                    *(
                        Span(
                            "▀" * each, palette.types.get(top, palette.strip), palette.types.get(bottom, palette.strip)
                        )
                        for top, bottom in zip(kinds[:half], kinds[half:], strict=False)
                    ),
                )
            )
        counts = sorted(found.types.items(), key=lambda item: -item[1])
        for names in (dict[str, str](), _SHORT):
            lines: list[list[Span]] = [[]]
            for kind, pages in counts:
                sign = Span(f"  {kind[0] if self.letters else '█'} ", palette.types[kind])
                said = Span(f"{pages // geometry.pageblock_pages:,} {names.get(kind, kind.lower())}", palette.dim)
                if lines[-1] and width((*lines[-1], sign, said)) > self.wide:
                    lines.append([])
                lines[-1] += [sign, said]
            if len(lines) == 1:
                break
        yield from (fitted(joined(spans), self.wide) for spans in lines)

    def _order_counts(self, found: Summary) -> str:
        orders = found.orders
        return "  ".join(f"{orders.get(order, 0) >> order}" for order in range(self.machine.geometry.max_order + 1))

    def _memmap(self, block: int) -> Iterator[Line]:
        geometry, palette = self.machine.geometry, self.palette
        size = format_bytes(geometry.memmap_bytes_per_block)
        place = facts.memmap_of(self.machine, block)
        colour = palette.kinds["memmap"] if place.chunks else palette.text
        yield from self.words("memmap", f"{size} {words.memmap_place(self.machine, block)}", colour)
        here = self.machine.blocks.get(block)
        hosts = [self.machine.blocks[host] for host in place.hosts if host in self.machine.blocks]
        if here is not None and any(host.node != here.node for host in hosts):
            yield from self.words("", f"off node: it lies on node {hosts[0].node}", palette.bad)
        if place.chunks:
            yield from self.words(
                "", ", ".join(f"pfn {pfn:#x}-{pfn + pages - 1:#x}" for pfn, pages in place.chunks[:3])
            )
        yield from self._altmap(block)
        if guests := [guest for guest in links_of(self.machine).guests.get(block, ()) if guest != block]:
            yield from self.words("it hosts", f"struct pages of {words.block_names(guests)}", palette.kinds["memmap"])

    def _altmap(self, block: int) -> Iterator[Line]:
        """struct vmem_altmap of a block whose memmap lies in what was added with it; counts in pages."""
        machine, here = self.machine, self.machine.blocks.get(block)
        place = facts.memmap_of(machine, block)
        if here is None or place.on != "self":
            return
        request = facts.request_of(machine, block)
        if here.head or request is None:
            base, free = block * machine.geometry.pages_per_block, here.head or sum(count for _, count in place.chunks)
            used = place.chunks
        else:
            base, free = request.start, machine.geometry.memmap_pages(request.pages)
            used = tuple(
                chunk for other in facts.device_of(machine, block) for chunk in facts.memmap_of(machine, other).chunks
            )
        alloc = sum(count for _, count in dict.fromkeys(used))
        yield from self.words("altmap", f"base_pfn {base:#x}  free {free:,}  alloc {alloc:,}")
