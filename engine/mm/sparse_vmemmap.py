"""The memmap of hot-added sections: taking the pages that hold it, from wherever the placement says, and giving them back.

One *unit* is what one mapping of the vmemmap needs: 2 MiB where it is mapped by PMDs, else one page. A section needs one
or several units, or, on architectures with small sections and big pages, shares one with its neighbours.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

from ..memory.section import Memmap, Pages, Section, put
from ..memory.state import State
from ..memory.zone import NORMAL
from ..numbers.bits import aligned_runs, lowest, span
from ..numbers.rounding import ceil
from ..numbers.runs import merged, split
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import AltmapExhausted, MemmapShort, NoHost, NoRowForMemmap
from ..protocol.vocabulary import (
    ASSUMED,
    FREE,
    KERNEL,
    MEMMAP,
    PAGE_OFFLINE,
    PAGETABLE,
    VMEMMAP,
    Chunk,
    Kind,
    MemmapOn,
)
from . import page_alloc, windows
from .memmap_index import memmap_owners
from .unplaced import free_unplaced
from .vmem_altmap import VmemAltmap
from .zonelist import kernel_zonelist, node_order

_ANONYMOUS: Final[tuple[Kind, ...]] = (ASSUMED, KERNEL)

Taken = tuple[list[Chunk], list[Chunk], bool]
"""Pages for one unit, page-table pages that it needs besides, and whether it fell back to base pages."""


class Pool:
    """Where units come from: `on` is what the memmap will be said to lie on."""

    on: MemmapOn = "kernel"
    fell_short = False
    """Was there a unit for which no free pages in a row were left?"""

    def take(self, state: State, section: int, pages: int) -> Taken:
        """Pages for one unit of the memmap of a section; raises `HotplugError` ENOMEM."""
        raise NotImplementedError

    def expect(self, units: int) -> None:
        """So many units will be asked for: lets a pool take them together."""

    def close(self, state: State) -> None:
        """The request is over: what was taken ahead and not used goes back."""


class BootMemory(Pool):
    """Ordinary kernel memory, nearest node first (vmemmap_alloc_block). A unit of huge vmemmap is one allocation (of order 9 on
    x86_64); where none is left, as many base pages and one page-table page do, if the architecture can (vmemmap_populate of
    arch/*/mm)."""

    def __init__(self, state: State, node: int) -> None:
        self.node = node
        self.expected: int | None = 0
        self.batch: list[Chunk] = []
        self.zones = kernel_zonelist(state, node)
        self.order = (state.geometry.vmemmap_unit_pages - 1).bit_length()

    def expect(self, units: int) -> None:
        self.expected = units

    def take(self, state: State, section: int, pages: int) -> Taken:
        if rows := self.rows(state, pages, 1):
            return rows, [], False
        self.fell_short = True
        if pages == 1 or not state.preset.base_page_fallback:
            raise HotplugError("ENOMEM", NoRowForMemmap(section, pages, tuple(node_order(state, self.node))))
        boost = state.geometry.pageblock_pages
        chunks = page_alloc.allocate(state, self.zones, 0, pages, VMEMMAP, NORMAL, boost)
        tables = page_alloc.allocate(state, self.zones, 0, 1, PAGETABLE, NORMAL, boost)
        if page_alloc.pages_of(chunks) < pages or not tables:
            page_alloc.free_pages(state, chunks + tables, (VMEMMAP, PAGETABLE))
            raise HotplugError("ENOMEM", MemmapShort(section, pages, tuple(node_order(state, self.node))))
        return chunks, tables, True

    def rows(self, state: State, pages: int, most: int) -> list[Chunk]:
        """Pages in a row for each of up to `most` units, as many as one look at the free lists finds; none where none are
        left."""
        if not self.batch and self.expected is not None:
            wanted = min(max(self.expected, 1), 64)
            self.batch = self._rows(state, wanted)
            self.batch.reverse()
            if page_alloc.pages_of(self.batch) < wanted * pages:
                self.expected = None  # no use in looking again
        found: list[Chunk] = []
        while self.batch and len(found) < most:
            pfn, count = self.batch.pop()
            if count > pages:
                self.batch.append((pfn + pages, count - pages))
            found.append((pfn, pages))
        if self.expected is not None:
            self.expected -= len(found)
        return found

    def _rows(self, state: State, wanted: int) -> list[Chunk]:
        """Up to `wanted` units, each of free pages in a row; those that were left on CPUs' lists are used last."""
        left: list[Chunk] = []
        found = page_alloc.allocate(state, self.zones, self.order, wanted, VMEMMAP, NORMAL, left=left)
        missing = wanted - (page_alloc.pages_of(found) >> self.order)
        for pfn, pages in left[: max(0, missing)]:
            state.change_pages(pfn, pages, VMEMMAP)
            found.append((pfn, pages))
        return found

    def close(self, state: State) -> None:
        page_alloc.free_pages(state, self.batch, (VMEMMAP,))


class AltmapPool(Pool):
    """The added range itself, through a `VmemAltmap` (altmap_alloc_block_buf, mm/sparse-vmemmap.c)."""

    on = "self"

    def __init__(self, altmap: VmemAltmap) -> None:
        self.altmap = altmap

    def take(self, state: State, section: int, pages: int) -> Taken:
        pfn = self.altmap.take(pages)
        if pfn is None:
            short = AltmapExhausted(self.altmap.alloc, self.altmap.free, section, pages)
            raise HotplugError("ENOMEM", short, self.altmap.base_pfn)
        return [(pfn, pages)], [], False


class HostSections(Pool):
    """The RFC's option (b): low sections of the same node host the memmaps of others. Hosts are hot-added sections of the
    node, lowest first; the first sections of a request host for the rest where no earlier one has room."""

    on = "section"

    def __init__(self, state: State, own: VmemAltmap, node: int) -> None:
        self.own = own
        below = state.sections_of(0, own.base_pfn)
        self.hosts = deque(host.nr for host in below if not host.early and host.node == node)
        self.node = node

    def take(self, state: State, section: int, pages: int) -> Taken:
        size = state.geometry.pages_per_section
        order = (pages - 1).bit_length()
        while self.hosts:
            nr = self.hosts[0]
            host = state.sections[nr]
            held = host.of(MEMMAP) | host.of(PAGE_OFFLINE) | _own_head(state, host)
            room = host.of(FREE) if host.online else span(0, size) & ~held
            starts = aligned_runs(room, order, size)
            if starts:
                at = lowest(starts)
                state.set_kind(host, span(at, pages), MEMMAP)
                if host.online:
                    _withdraw(state, host, pages)
                return [(nr * size + at, pages)], [], False
            self.hosts.popleft()
        pfn = self.own.take(pages)
        if pfn is None:
            raise HotplugError("ENOMEM", NoHost(self.node, section))
        return [(pfn, pages)], [], False


def populate(state: State, nr: int, pool: Pool) -> tuple[Memmap, bool]:
    """Map the memmap of section `nr`; also whether base pages had to do. Raises `HotplugError` ENOMEM, with nothing
    taken for this section."""
    if (found := _in_window(state, nr, pool)) is not None:
        return found, False
    geometry = state.geometry
    unit_bytes, size = geometry.vmemmap_unit_pages * geometry.page_size, geometry.memmap_bytes_per_section
    begin = nr * size
    chunks: list[Chunk] = []
    taken: list[Chunk] = []
    tables: list[Chunk] = []
    fell_back, on, alone = False, pool.on, size % unit_bytes == 0
    for index in range(begin // unit_bytes, (begin + size - 1) // unit_bytes + 1):
        shared = None if alone else _shared_unit(state, nr, index, unit_bytes)
        if shared is not None:
            mapped, lies_on = shared
            chunks += mapped
            on = "kernel" if lies_on == "kernel" else "section" if on == "kernel" else on
            continue
        try:
            got, extra, base = pool.take(state, nr, geometry.vmemmap_unit_pages)
        except HotplugError:
            page_alloc.free_pages(state, taken + tables, (VMEMMAP, PAGETABLE))
            raise
        chunks += got
        taken += got
        tables += extra
        fell_back = fell_back or base
    pfn = chunks[0][0] + begin % unit_bytes // geometry.page_size
    return Memmap(on, pfn, merged(chunks), tuple(tables)), fell_back


def _in_window(state: State, nr: int, pool: Pool) -> Memmap | None:
    """The memmap of section `nr` by the window that it lies in, where there are such: one that is mapped takes nothing more, and
    of one in which nothing is mapped all is taken. None: it has to be mapped by itself."""
    pages = windows.window_pages(state)
    mates = windows.mates(state, nr) if pages else []
    if mates:
        host = next((mate for mate in mates if windows.shared(state, mate)), None)
        if host is None or host.memmap is None:
            return None
        return windows.part_of(state, nr, host.memmap.chunks)
    if not pages or not isinstance(pool, BootMemory):
        return None
    taken = page_alloc.allocate(state, pool.zones, (pages - 1).bit_length(), 1, VMEMMAP, NORMAL)
    return windows.part_of(state, nr, tuple(taken)) if taken else None


def release(state: State, section: Section) -> int:
    """Unmap the memmap of a section that is going away; pages of kernel memory and of other hosts become free again.
    Returns how many pages that were. Pages inside the section's own request go with it."""
    memmap = section.memmap
    if memmap is None or memmap.on == "self":
        return 0
    geometry = state.geometry
    if memmap.on == "kernel" and windows.shared(state, section):
        return windows.give_back(state, section)
    if memmap.on == "kernel" and not memmap.chunks:
        return 0 if section.early else _free_unplaced(state, section.node)
    chunks = memmap.chunks
    if geometry.memmap_bytes_per_section % (geometry.vmemmap_unit_pages * geometry.page_size):
        chunks = _not_shared(state, section.nr, chunks)
    if memmap.on == "kernel":
        tables = memmap.tables if chunks == memmap.chunks else ()
        return page_alloc.free_pages(state, [*chunks, *tables], (VMEMMAP, PAGETABLE))
    freed = 0
    for pfn, pages in chunks:
        nr, at = divmod(pfn, geometry.pages_per_section)
        host = state.sections.get(nr)
        if host is None or not host.of(MEMMAP) & span(at, pages):
            continue
        freed += pages
        if host.online:
            _withdraw(state, host, -pages)
            state.set_kind(host, span(at, pages), FREE)
        else:
            rest: dict[Kind, int] = {k: m for k, m in put(host.pages, span(at, pages), FREE).items() if k != FREE}
            state.sections.put(nr, msgspec.structs.replace(host, pages=Pages(rest)))
    return freed


def _free_unplaced(state: State, node: int) -> int:
    """The memmap of a section lies in kernel memory and no one knows where: so many kernel pages of the nearest zone, of
    those whose place is a guess, or else of those that show no flags, become free."""
    pages = state.geometry.memmap_pages_per_section
    return free_unplaced(state, kernel_zonelist(state, node), _ANONYMOUS, pages)


def guests(state: State, start: int, pages: int) -> list[Section]:
    """Sections outside a range whose memmap lies inside it, by option (b) or in the pool of an RFC request."""
    end, size = start + pages, state.geometry.pages_per_section
    heads = [section for section in state.sections_of(start, pages) if MEMMAP in section.pages]
    if not any(section.of(MEMMAP) & ~_own_head(state, section) for section in heads):
        return []
    return [
        section
        for section in memmap_owners(state, start, pages)
        if section.memmap is not None
        and section.memmap.on != "kernel"
        and not start <= section.nr * size < end
        and any(start <= pfn < end for pfn, _ in section.memmap.chunks)
    ]


def hosted_guests(state: State, start: int, pages: int) -> list[Section]:
    """Sections outside a range whose memmap was put into it by option (b): the range cannot go before they do."""
    return [one for one in guests(state, start, pages) if one.memmap is not None and one.memmap.on == "section"]


def owners_of(state: State, pfn: int) -> list[int]:
    """Sections whose memmap, or page tables of it, lie on a page."""
    return [
        section.nr
        for section in memmap_owners(state, pfn, 1)
        if section.memmap is not None
        and any(first <= pfn < first + count for first, count in (*section.memmap.chunks, *section.memmap.tables))
    ]


def _withdraw(state: State, host: Section, pages: int) -> None:
    """Head pages are not managed; whether they are present is the model's affair."""
    key = host.zones[0][0]
    present = 0 if state.model.heads_present else -pages
    state.zones.put(key, state.zones[key].plus(managed=-pages, present=present))


def _own_head(state: State, host: Section) -> int:
    block = state.blocks.get(host.nr // state.geometry.sections_per_block)
    if block is None or not block.head:
        return 0
    before = (host.nr % state.geometry.sections_per_block) * state.geometry.pages_per_section
    return span(0, max(0, min(block.head - before, state.geometry.pages_per_section)))


def _neighbours(state: State, nr: int) -> list[Section]:
    """Other present sections whose memmap may share a unit with that of section `nr`."""
    geometry = state.geometry
    reach = ceil(geometry.vmemmap_unit_pages * geometry.page_size, geometry.memmap_bytes_per_section)
    return [
        section
        for other in range(nr - reach, nr + reach + 1)
        if other != nr and (section := state.sections.get(other)) is not None
    ]


def _not_shared(state: State, nr: int, chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
    """What of a section's chunks no neighbour names."""
    others = [c for other in _neighbours(state, nr) if other.memmap is not None for c in other.memmap.chunks]
    rest: list[Chunk] = []
    for pfn, count in chunks:
        pieces = [(pfn, pfn + count)]
        for low, pages in others:
            pieces = [
                (a, b)
                for start, end in pieces
                for a, b in ((start, min(end, low)), (max(start, low + pages), end))
                if a < b
            ]
        rest += [(start, end - start) for start, end in pieces]
    return tuple(rest)


def _shared_unit(state: State, nr: int, index: int, unit_bytes: int) -> tuple[list[Chunk], str] | None:
    """The pages of a unit that a neighbour has mapped already, and on what that neighbour's memmap lies."""
    size = state.geometry.memmap_bytes_per_section
    for other in _neighbours(state, nr):
        first = other.nr * size // unit_bytes
        last = (other.nr * size + size - 1) // unit_bytes
        if first <= index <= last and other.memmap is not None and other.memmap.chunks and not other.early:
            unit = state.geometry.vmemmap_unit_pages
            return split(split(other.memmap.chunks, (index - first) * unit)[1], unit)[0], other.memmap.on
    return None
