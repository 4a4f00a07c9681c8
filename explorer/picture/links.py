"""Which pages hold the struct pages of which: from memory to its memmap, and from a page of memmap to what it describes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from altmap.engine import Machine, Memmap

from .scope import touched

Range = tuple[int, int]
"""First pfn and pages."""


class Piece(NamedTuple):
    """Consecutive pages that hold struct pages: first pfn, pages, the section that they describe, and how many pages of its
    memmap lie before them."""

    pfn: int
    pages: int
    section: int
    before: int


class Links:
    """Where each struct page lies whose place is known, and what lies in each page of memmap."""

    def __init__(self, machine: Machine) -> None:
        # Not the machine itself: these are kept beside it for as long as it lives, and would keep it.
        self._sections, self._geometry = machine.sections, machine.geometry
        self._pieces = sorted(self._all())
        self._starts = [piece.pfn for piece in self._pieces]
        size, per_block = machine.geometry.pages_per_block, machine.geometry.sections_per_block
        guests: dict[int, set[int]] = {}
        for piece in self._pieces:
            for host in range(piece.pfn // size, (piece.pfn + piece.pages - 1) // size + 1):
                guests.setdefault(host, set()).add(piece.section // per_block)
        self.guests: dict[int, tuple[int, ...]] = {host: tuple(sorted(found)) for host, found in guests.items()}
        """The blocks whose struct pages lie in each block that holds any, its own included."""

    def _all(self) -> Iterator[Piece]:
        for number, section in self._sections.items():
            memmap = section.memmap
            if memmap is not None and memmap.pfn is not None:
                before = 0
                for pfn, pages in _laid(memmap, self._geometry.memmap_pages_per_section):
                    yield Piece(pfn, pages, number, before)
                    before += pages

    def struct_pages(self, start: int, pages: int) -> tuple[Range, ...]:
        """The pages that hold the struct pages of a range, as far as these are known, lowest first."""
        geometry = self._geometry
        size, found = geometry.pages_per_section, list[Range]()
        for number in touched(start, pages, size):
            section = self._sections.get(number)
            if section is None or section.memmap is None or section.memmap.pfn is None:
                continue
            base = number * size
            low, high = max(start - base, 0), min(start + pages - base, size)
            first = low * geometry.struct_page_size // geometry.page_size
            last = -(-high * geometry.struct_page_size // geometry.page_size)
            before = 0
            for pfn, count in _laid(section.memmap, geometry.memmap_pages_per_section):
                begin, end = max(first, before), min(last, before + count)
                if begin < end:
                    found.append((pfn + begin - before, end - begin))
                before += count
        return merged(found)

    def described(self, start: int, pages: int) -> tuple[Range, ...]:
        """The pages whose struct pages lie in a range; none if it holds none, or none that are known."""
        geometry = self._geometry
        each, found = geometry.page_size // geometry.struct_page_size, list[Range]()
        for piece in self._pieces[max(0, bisect_right(self._starts, start) - 1) :]:
            if piece.pfn >= start + pages:
                break
            low, high = max(start, piece.pfn), min(start + pages, piece.pfn + piece.pages)
            first = (piece.before + low - piece.pfn) * each
            last = min((piece.before + high - piece.pfn) * each, geometry.pages_per_section)
            if low < high and first < last:
                found.append((piece.section * geometry.pages_per_section + first, last - first))
        return merged(found)

    def owner(self, pfn: int) -> int | None:
        """The block whose struct pages lie in a page; None if that is not known."""
        at = bisect_right(self._starts, pfn) - 1
        if at < 0 or self._pieces[at].pfn + self._pieces[at].pages <= pfn:
            return None
        return self._pieces[at].section // self._geometry.sections_per_block

    def owners(self, block: int) -> list[Piece]:
        """What a block holds of memmap: pieces in the order of their pages."""
        size = self._geometry.pages_per_block
        return [piece for piece in self._pieces if block * size <= piece.pfn < (block + 1) * size]


def _laid(memmap: Memmap, unit: int) -> Sequence[Range]:
    """The pages of the memmap of one section in order."""
    first = memmap.pfn or 0
    if not memmap.chunks:
        return ((first, unit),)
    found: list[Range] = []
    left = unit
    for pfn, count in memmap.chunks:
        if not found and not pfn <= first < pfn + count:
            continue
        start = first if not found else pfn
        pages = min(left, pfn + count - start)
        found.append((start, pages))
        left -= pages
        if not left:
            break
    return found


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Ranges in order, neighbours as one."""
    found: list[Range] = []
    for start, pages in sorted(ranges):
        if found and sum(found[-1]) >= start:
            found[-1] = (found[-1][0], max(sum(found[-1]), start + pages) - found[-1][0])
        else:
            found.append((start, pages))
    return tuple(found)


_known: WeakKeyDictionary[Machine, tuple[int, Links]] = WeakKeyDictionary()


def links_of(machine: Machine) -> Links:
    """The links of a machine as it is; they are worked out once for each of its states."""
    state = machine.timeline.number
    known = _known.get(machine)
    if known is None or known[0] != state:
        known = _known[machine] = state, Links(machine)
    return known[1]
