"""Sections, what each of their pages is, and where their memmap lies.

For every kind of page a section holds the set of its pages as one integer (bit ``i`` is page ``i`` of the section); the
sets partition the section. A section is a value: machines share it, and a change makes a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Final

import msgspec

from ..numbers.bits import PageSet, from_page, from_runs, in_words, runs, span
from ..numbers.frozen import Frozen
from ..protocol.vocabulary import ABSENT, ISOLATE, MEMMAP, MOVABLE_TYPE, Chunk, Kind, MemmapOn, Migratetype, ZoneKey


class Pages(Frozen[Kind, int]):
    """The set of pages of each kind (`KINDS`) in a section; a kind without pages is left out. Sections that are alike share one,
    so what was counted once is kept."""

    __slots__ = ("_counts", "_parts")
    _counts: dict[Kind, int]
    _parts: dict[tuple[Kind, int, int], int]

    def count(self, kind: Kind) -> int:
        """How many pages are of a kind."""
        try:
            counts = self._counts
        except AttributeError:
            counts = self._counts = {}
        if (count := counts.get(kind)) is None:
            count = counts[kind] = self.get(kind, 0).bit_count()
        return count

    def between(self, kind: Kind, low: int, high: int) -> int:
        """How many of the pages from `low` to below `high` are of a kind."""
        try:
            counts = self._parts
        except AttributeError:
            counts = self._parts = {}
        if (count := counts.get((kind, low, high))) is None:
            count = counts[kind, low, high] = self.among(kind, span(low, high - low))
        return count

    def among(self, kind: Kind, mask: int) -> int:
        """How many of the pages of `mask` are of a kind."""
        have = self.get(kind, 0)
        inside = have & mask
        return self.count(kind) if inside == have else inside.bit_count()

    def __repr__(self) -> str:
        return _words(self) or "no pages"


class Types(Frozen[Migratetype, int]):
    """Pageblocks of a section by migratetype, Movable left out; bit ``i`` is pageblock ``i`` of the section."""

    __slots__ = ()

    def __repr__(self) -> str:
        return _words(self) or "all Movable"


def _words(sets: Mapping[Kind, int] | Mapping[Migratetype, int]) -> str:
    """Each set by its first runs, such as ``free 512-32767, memmap 0-511``."""
    return ", ".join(f"{name} {in_words(pages)}" for name, pages in sets.items())


_KNOWN_BY_PLACE: Final[tuple[Kind, ...]] = (ABSENT, MEMMAP)


class Memmap(msgspec.Struct, frozen=True, gc=False):
    """Where the struct pages of one section lie.

    `on`      "self": in its own add request or block; "section": in another section (the RFC's option b); "kernel": in
              ordinary kernel memory
    `pfn`     the page of the first struct page; None where that is not known (boot memory, and captured machines)
    `chunks`  the pages that map it, as first pfn and number of each run; what serves several sections is in each of them
    `tables`  page-table pages that it took besides, where it is mapped by base pages
    """

    on: MemmapOn
    pfn: int | None = None
    chunks: tuple[Chunk, ...] = ()
    tables: tuple[Chunk, ...] = ()

    @property
    def words(self) -> str:
        """Where it lies, as text such as ``on kernel at pfn 0x8000``."""
        return f"on {self.on}" + (f" at pfn {self.pfn:#x}" if self.pfn is not None else "")

    @property
    def pages(self) -> int:
        """How many pages it is known to take."""
        return sum(count for _, count in self.chunks)


class Section(msgspec.Struct, frozen=True, gc=False):
    """One present section (struct mem_section). A set of pages is an integer: bit ``i`` stands for page ``i`` of the section.

    `nr`         its number; its first pfn is that times the pages of a section
    `node`       its NUMA node
    `early`      it is boot memory
    `online`     its pages are in zones
    `zones`      the set of its pages in each zone: one zone but for few boot sections, none while it is offline
    `pages`      the set of its pages of each kind
    `types`      the set of its pageblocks of each migratetype but Movable
    `memmap`     where its struct pages lie; None where it has none
    `estimated`  the kinds of its pages were worked out from counters, not read from /proc/kpageflags
    `hwpoison`   the set of pages with a hardware error that are in use all the same (PG_hwpoison)
    `unseen`     the set of pages of which no one saw what they are; how many of a zone's are of which kind is known
    `frozen`     the set of slab pages that are known to be of order 0
    """

    nr: int
    node: int
    early: bool = False
    online: bool = False
    zones: tuple[tuple[ZoneKey, int], ...] = ()
    pages: Pages = Pages()
    types: Types = Types()
    memmap: Memmap | None = None
    estimated: bool = False
    hwpoison: int = PageSet()
    unseen: int = PageSet()
    frozen: int = PageSet()

    def __repr__(self) -> str:
        names = [f"{name} of node {node}" for (node, name), _ in self.zones]
        zones = f" in {', '.join(names)}" if names else ""
        place = "no memmap" if self.memmap is None else f"memmap {self.memmap.words}"
        state = f"{'early ' if self.early else ''}{'online' if self.online else 'offline'}"
        return f"<Section {self.nr}: {state} on node {self.node}{zones}; {self.pages}; {self.types}; {place}>"

    def of(self, kind: Kind) -> int:
        """The set of its pages of a kind, 0 if it has none."""
        return self.pages.get(kind, 0)

    def count(self, kind: Kind) -> int:
        """How many of its pages are of a kind."""
        return self.pages.count(kind)


def kinds_of(sections: Sequence[Section]) -> Set[Kind]:
    """The kinds of pages that there are in sections."""
    if len(sections) == 1:
        return sections[0].pages.keys()
    return set[Kind]().union(*[section.pages for section in sections])


def memmap_from(sections: Iterable[Section], start: int, size: int) -> list[Chunk]:
    """The runs of pages that hold memmap in sections of `size` pages, from pfn `start` on: first pfn and number of each. The
    kernel's loops step over them."""
    found: list[Chunk] = []
    for section in sections:
        base = section.nr * size
        if (held := section.pages.get(MEMMAP)) and (held := from_page(held, start - base)):
            found += runs(held, base)
    return found


def doubtful(section: Section) -> PageSet:
    """The pages of an online section that have to be seen to be known: holes and memmap heads are known without."""
    pages = 0
    for kind, mask in section.pages.items() if section.online else ():
        if kind not in _KNOWN_BY_PLACE:
            pages |= mask
    return PageSet(pages)


def put(pages: Pages, mask: int, kind: Kind) -> Pages:
    """The pages of `mask` become `kind`, whatever they were."""
    keep = ~mask
    changed: dict[Kind, int] = {}
    for other, have in pages.items():
        if not have & mask:
            changed[other] = have
        elif rest := have & keep:
            changed[other] = PageSet(rest)
    if mask:
        changed[kind] = PageSet(changed.get(kind, 0) | mask)
    return Pages(changed)


@lru_cache(maxsize=1024)
def set_types(types: Types, blocks: int, migratetype: Migratetype) -> Types:
    """The pageblocks of `blocks` become `migratetype`."""
    keep = ~blocks
    changed: dict[Migratetype, int] = {}
    for kind, have in types.items():
        if rest := have & keep:
            changed[kind] = rest
    if blocks and migratetype != MOVABLE_TYPE:
        changed[migratetype] = changed.get(migratetype, 0) | blocks
    return Types(changed)


def union(pages: Pages, kinds: tuple[Kind, ...]) -> int:
    """All pages of several kinds."""
    found = 0
    for kind in kinds:
        found |= pages.get(kind, 0)
    return found


def in_zones(zones: Iterable[tuple[ZoneKey, int]]) -> int:
    """All pages that belong to a zone, of a section's `zones`."""
    found = 0
    for _, owned in zones:
        found |= owned
    return found


@lru_cache(maxsize=4096)
def type_pages(blocks: int, pageblock_order: int) -> int:
    """The pages of a set of pageblocks of a section."""
    return from_runs((start << pageblock_order, length << pageblock_order) for start, length in runs(blocks))


def isolated_pages(section: Section, pageblock_order: int) -> int:
    """The pages of a section whose pageblocks are isolated."""
    return type_pages(section.types.get(ISOLATE, 0), pageblock_order)
