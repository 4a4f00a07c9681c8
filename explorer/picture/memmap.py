"""The view of the memmap: which pages hold struct pages, and of which blocks; and the head of a host, enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from altmap.engine import Page, Summary, block_numbers, format_address

from .colour import between
from .lines import Line, Span, joined, width
from .links import links_of
from .memory_size import short_size
from .palette import LETTERS, Palette
from .use import Use
from .view import Entry, Paint, Scene, View, captioned, offline_entries

_DIM: Final = 0.38
_OTHER: Final = 0.38
"""How much darker every other owner is."""


class Memmap(View):
    name, key = "memmap", "3"
    by_contents = False
    joins = True
    sentence = "Which pages hold struct pages (memmap), and of which blocks; all else is dimmed."

    @classmethod
    def page(cls, scene: Scene, page: Page) -> int:
        colour = View.page(scene, page)
        return colour if page.kind in ("memmap", "vmemmap") else between(scene.palette.ground, colour, _DIM)

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        hosted, kernel = cell.of("memmap"), cell.of("vmemmap")
        if hosted or kernel:
            kind = "memmap" if hosted >= kernel else "vmemmap"
            letter = LETTERS[kind]
            colour = scene.palette.kinds[kind]
            owner = links_of(scene.machine).owner(cell.start)
            if owner is not None and owner % 2:
                colour = between(colour, scene.palette.ground, _OTHER)
            if (hosted + kernel) * 16 < cell.pages:
                colour = between(_dimmed(scene, Use.paint(scene, cell)), colour, 0.45)
            return Paint(colour, letter.upper() if hosted * 2 > cell.pages else letter)
        plain = Use.paint(scene, cell)
        return plain._replace(
            colour=_dimmed(scene, plain), letter=plain.letter if plain.hatch else "·" if cell.counts else " "
        )

    @classmethod
    def caption(cls, scene: Scene, block: int, wide: int) -> Line:
        """Its number, and what it hosts, or where its own struct pages lie."""
        palette, geometry = scene.palette, scene.machine.geometry
        here = scene.machine.blocks.get(block)
        if here is None:
            return (Span(" " * wide),)
        links, size = links_of(scene.machine), geometry.pages_per_block
        pink = palette.kinds["memmap"]
        if guests := [guest for guest in links.guests.get(block, ()) if guest != block]:
            names = block_numbers({*guests, *links.guests[block]}, 1)
            return captioned(scene, f"{block}", Span(f"hosts {names}", pink, None, True), wide)
        ranges = links.struct_pages(block * size, size)
        if not ranges:
            return captioned(scene, f"{block}", Span("kernel memory", palette.faint), wide)
        first = ranges[0][0]
        host = first // size
        if host == block:
            return captioned(scene, f"{block}", Span("its own head", pink), wide)
        there = scene.machine.blocks.get(host)
        if there is not None and there.node != here.node:
            return captioned(scene, f"{block}", Span(f"in {host}, node {there.node}!", palette.bad, None, True), wide)
        offset = short_size(first % size * geometry.page_size)
        return captioned(scene, f"{block}", Span(f"in {host} +{offset}", pink), wide)

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        kinds = scene.palette.kinds
        found = [Entry(Paint(kinds["memmap"], "#"), "struct pages")] if whole.of("memmap") else []
        if whole.of("vmemmap"):
            found.append(Entry(Paint(kinds["vmemmap"], "v"), "struct pages in kernel memory"))
        rest = "the rest, dimmed" if found else "dimmed: no struct pages are seen here"
        return (
            found
            + offline_entries(scene, whole)
            + [Entry(Paint(between(scene.palette.ground, kinds["free"], _DIM), "·"), rest)]
        )


def _dimmed(scene: Scene, paint: Paint) -> int:
    return between(scene.palette.ground, paint.colour, _DIM)


class Owner(NamedTuple):
    """A block and the first page and pages of its struct pages in the host."""

    block: int
    pfn: int
    pages: int


def owners(scene: Scene, host: int) -> list[Owner]:
    """Whose struct pages a block holds, in the order of their pages."""
    per_block = scene.machine.geometry.sections_per_block
    found: list[Owner] = []
    for piece in sorted(links_of(scene.machine).owners(host), key=lambda piece: piece.pfn):
        block, last = piece.section // per_block, found[-1] if found else None
        if last is not None and last.block == block and piece.pfn <= last.pfn + last.pages:
            found[-1] = last._replace(pages=max(last.pages, piece.pfn + piece.pages - last.pfn))
        else:
            found.append(Owner(block, piece.pfn, piece.pages))
    return found


LINES: Final = 8
"""Lines of an enlarged head."""
_MOST: Final = 16


def head(scene: Scene, block: int, wide: int, gutter: int, halves: int) -> list[Line]:
    """The head of the block that holds the struct pages of another, with its owners written in: that of `block` is lit.
    Nothing where its struct pages lie nowhere that is known, or with no others."""
    machine, palette, geometry = scene.machine, scene.palette, scene.machine.geometry
    links, size = links_of(machine), geometry.pages_per_block
    ranges = links.struct_pages(block * size, size)
    host = ranges[0][0] // size if ranges else block
    found = owners(scene, host)
    if len(found) < 2:
        return []
    at = next((number for number, owner in enumerate(found) if owner.block == block), 0)
    first = max(0, min(at - _MOST // 2, len(found) - _MOST))
    shown = found[first : first + _MOST]
    each = max(4, min(12, (wide - gutter - 2) // len(shown)))
    one = shown[0].pages
    left = {
        0: format_address(host * geometry.block_size),
        2: f"{one:,} page{'s' * (one != 1)}",
        3: f"= {short_size(one * geometry.page_size)} each",
    }
    lines: list[Line] = [_title(scene, host, found, wide)]
    for row in range(4):
        side = Span(f" {left.get(row, '')}".ljust(gutter)[:gutter], palette.dim)
        named = row == 1
        lines.append(
            joined((side, *(_owner(palette, owner, owner.block == block, named, each, halves) for owner in shown)))
        )
    offsets = [Span(" " * gutter)]
    for owner in shown:
        here = owner.block == block
        exact, short = f"{owner.pfn:#x}", f"+{short_size(owner.pfn % size * geometry.page_size)}"
        text = exact if here and len(exact) <= each else short if len(short) < each else ""
        offsets.append(Span(text.center(each), palette.text if here else palette.dim, None, here))
    lines.append(joined(offsets))
    said = f"{geometry.struct_page_size} bytes for each of {size:,} pages; not in the buddy, never moved"
    lines.append((Span(" " * gutter), Span(said[: max(0, wide - gutter)], palette.dim)))
    return lines


def _title(scene: Scene, host: int, found: Sequence[Owner], wide: int) -> Line:
    """Whose head it is, and the key that goes there."""
    palette, geometry = scene.palette, scene.machine.geometry
    strip, part = palette.strip, "its head" if found[0].pfn % geometry.pages_per_block == 0 else "a part of it"
    size = short_size(sum(owner.pages for owner in found) * geometry.page_size)
    title = (
        Span("▌", palette.kinds["memmap"], strip),
        Span(f"memory{host}", palette.kinds["memmap"], strip, True),
        Span(f"  {part}, {size}: whose struct pages lie there", palette.text, strip),
    )
    hint = (Span("h", palette.key, strip, True), Span(" goes there ", palette.dim, strip))
    gap = wide - width(title) - width(hint)
    return joined((*title, Span(" " * max(0, gap), None, strip), *(hint if gap > 0 else ())))


def _owner(palette: Palette, owner: Owner, here: bool, named: bool, each: int, halves: int) -> Span:
    """A piece of the head: a line of `each` columns, in one of them, `named`, the block whose struct pages it is."""
    if halves == 1:
        name = f"[{owner.block}]" if here else f"{owner.block}"
        return Span(name.center(each)[:each] if named else "#" * each, bold=here)
    pink = palette.kinds["memmap"]
    back = palette.cursor if here else between(pink, palette.ground, _OTHER) if owner.block % 2 else pink
    return Span(f"{owner.block}".center(each)[:each] if named else " " * each, 0x10151C, back, True)
