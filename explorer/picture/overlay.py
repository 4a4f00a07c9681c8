"""What is laid over a map: the cursor, marks, what is linked to the cursor, what an operation changed, what a search found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from altmap.engine import Geometry

from .scope import touched

Places = Mapping[int, int]
"""Pages of sections by number: bit ``i`` is page ``i`` of the section."""


CHANGED: Final = "'.:"
"""The signs of cells that an operation changed: of the upper one of a character, the lower one, and both. With letters such
cells are reversed."""
LINKED: Final = "+++"
"""The same of cells that hold the struct pages of what is under the cursor, or are described by it."""
MARKED: Final = "***"
"""The same of cells of marked blocks, where blocks have no edges."""


class Happening(NamedTuple):
    """What an operation does at a moment: the pages that it `changed`, and while pages move those that all have left
    (`vacated`, in isolated pageblocks) and those that were taken for them (`arrived`); where scanners of compaction are,
    each a pfn and the sign that it is shown by; how many pages came to blocks, by their first pfn; and what a legend says of
    what `changed`."""

    changed: Places = MappingProxyType({})
    vacated: Places = MappingProxyType({})
    arrived: Places = MappingProxyType({})
    scanners: tuple[tuple[int, str], ...] = ()
    came: Mapping[int, int] = MappingProxyType({})
    word: str = "just changed"

    def differing(self, other: Happening, section: int) -> set[int]:
        """The sections on which something else is laid; `section`: pages of one."""
        found = {pfn // section for pfn, _ in set(self.scanners) ^ set(other.scanners)}
        found |= {pfn // section for pfn, _ in self.came.items() ^ other.came.items()}
        for one, two in zip(self[:3], other[:3], strict=True):
            if one is not two:
                found |= {nr for nr in one.keys() | two.keys() if one.get(nr) != two.get(nr)}
        return found


class Overlay(NamedTuple):
    """The cursor (a pfn), marked blocks, blocks that host the memmap of the selected one, single pages that are pointed out;
    the pages that are `linked` to the cursor (they hold its struct pages, or are described by it); what the last operation
    does, or did; and the blocks that a search found, None where there is no search: all others are dimmed.
    `notes` are words that are written on blocks: why each was refused."""

    cursor: int = 0
    marks: frozenset[int] = frozenset()
    hosts: frozenset[int] = frozenset()
    lit: frozenset[int] = frozenset()
    linked: Places = MappingProxyType({})
    happening: Happening = Happening()
    hits: frozenset[int] | None = None
    notes: Mapping[int, str] = MappingProxyType({})

    def touches(self, start: int, pages: int, block: int, section: int) -> bool:
        """May anything be laid over these pages? `block` and `section`: pages of one."""
        if self.hits is not None or start <= self.cursor < start + pages:
            return True
        if any(start <= pfn < start + pages for pfn, _ in self.happening.scanners):
            return True
        return any(
            len(numbers) > _MANY or any(start < (nr + 1) * size and nr * size < start + pages for nr in numbers)
            for numbers, size in (
                (self.marks, block),
                (self.hosts, block),
                (self.notes, block),
                (self.linked, section),
                (self.happening.changed, section),
                (self.happening.vacated, section),
                (self.happening.arrived, section),
                (self.happening.came, 1),
            )
            if numbers
        )


_MANY: Final = 256
"""Of more numbers it is not worth while to look whether one of them is in some place."""


def places(ranges: Iterable[tuple[int, int]], section: int) -> dict[int, int]:
    """Ranges of pages (first pfn, pages) by section; `section`: pages of one."""
    found: dict[int, int] = {}
    for start, pages in ranges:
        end = start + pages
        while start < end:
            nr, first = divmod(start, section)
            count = min(end - start, section - first)
            found[nr] = found.get(nr, 0) | ((1 << count) - 1) << first
            start += count
    return found


def whole(block: int, places: Places, geometry: Geometry) -> bool:
    """Do the places hold a whole block, every page of it?"""
    if not places:
        return False
    per_block, full = geometry.sections_per_block, (1 << geometry.pages_per_section) - 1
    return all(places.get(nr) == full for nr in range(block * per_block, (block + 1) * per_block))


def cells_of(places: Places, start: int, pages: int, cell: int, section: int) -> frozenset[int]:
    """The cells of a range, numbered from 0, that hold any of the pages."""
    if not places:
        return frozenset()
    found: set[int] = set()
    sections = touched(start, pages, section)
    for nr in [nr for nr in places if nr in sections] if len(places) < len(sections) else sections:
        if not (mask := places.get(nr, 0)):
            continue
        base = nr * section - start
        if cell >= section:
            found.add(base // cell)
            continue
        octets, size = mask.to_bytes(section // 8, "little"), max(1, cell // 8)
        if cell >= 8:
            nothing = bytes(size)
            found.update(
                (base + at * 8) // cell for at in range(0, section // 8, size) if octets[at : at + size] != nothing
            )
        else:
            full = (1 << cell) - 1
            found.update((base + at) // cell for at in range(0, section, cell) if mask >> at & full)
    count = pages // cell
    return frozenset(at for at in found if 0 <= at < count)
