"""The hugetlb vmemmap optimization: of the struct pages of a huge page only the first is needed, so the pages of memmap
that hold the others are given back while it is in the pool (mm/hugetlb_vmemmap.c).

Memmap that blocks host themselves is left alone. Memmap of the boot was never managed: what is given back of it is managed
from then on.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ...memory.section import Memmap, Section
from ...memory.state import State
from ...memory.zone import KERNEL_ZONES, NORMAL
from ...numbers.kstrtobool import kstrtobool
from ...numbers.rounding import ceil
from ...numbers.runs import split
from ...protocol.reasons import HotplugError
from ...protocol.reasons.taking import MemmapOfHugePage
from ...protocol.vocabulary import ASSUMED, KERNEL, RESERVED, VMEMMAP, Chunk, Kind, ZoneKey
from .. import page_alloc
from ..unplaced import free_unplaced
from ..zonelist import kernel_zonelist

_UNPLACED: Final[tuple[Kind, ...]] = (ASSUMED, RESERVED, KERNEL)


def enabled(state: State) -> bool:
    """Was the kernel told to give the memmap of huge pages back? (hugetlb_free_vmemmap)"""
    return state.geometry.arch in state.model.hvo and kstrtobool(state.boot.hugetlb_free_vmemmap or "") is True


def optimize(state: State, pfn: int, pages: int) -> None:
    """A huge page joins the pool: all pages of its memmap but one or two are free. Nothing happens where the kernel was not
    told to, where its memmap is no more than these, and where that lies in the memory that it describes."""
    model, parts = state.model, _to_give_back(state, pfn, pages)
    if state.optimized.get(pfn) or not parts:
        return
    zones = kernel_zonelist(state, parts[0].section.node)
    copy = page_alloc.allocate(state, zones, 0, 1, VMEMMAP, NORMAL) if model.hvo_copies_first else []
    if (model.hvo_copies_first and not copy) or not _has_tail(state, pfn, pages):
        return
    kept = 0 if model.hvo_copies_first else model.hvo_keeps
    for part in parts:
        if part.memmap.chunks:
            _give_back(state, part, kept, copy)
        else:
            _uncover(state, part.section, part.pages - kept, fresh=pfn not in state.optimized)
            _forget(state, copy)
        kept, copy = 0, []
    state.optimized.put(pfn, True)


def note_given_back(state: State, prior: State | None) -> None:
    """The huge pages that a capture shows have given their memmap back, where the kernel was told to. Those that the model knew
    before, `prior`, and that are none now have it again."""
    state.optimized.load(dict.fromkeys(prior.optimized if prior is not None else (), False))
    state.optimized.load({pfn: True for pfn, page in state.hugepages.items() if _to_give_back(state, pfn, page.pages)})


class _Part(msgspec.Struct, frozen=True):
    """The memmap of a huge page in one section: the `pages` pages behind the first `at` of the section's memmap."""

    section: Section
    memmap: Memmap
    at: int
    pages: int


def _to_give_back(state: State, pfn: int, pages: int) -> list[_Part]:
    """The memmap of a huge page, if the kernel gives such back."""
    if not enabled(state) or state.geometry.memmap_pages(pages) <= state.model.hvo_keeps:
        return []
    parts = _parts(state, pfn, pages)
    return parts if all(part.memmap.on == "kernel" for part in parts) else []


def _parts(state: State, pfn: int, pages: int) -> list[_Part]:
    """The memmap of a huge page, section by section."""
    geometry = state.geometry
    size = geometry.pages_per_section
    parts: list[_Part] = []
    for nr in range(pfn // size, ceil(pfn + pages, size)):
        section, start = state.sections[nr], nr * size
        low, high = max(pfn, start), min(pfn + pages, start + size)
        if section.memmap is not None:
            at, count = geometry.memmap_pages(low - start), geometry.memmap_pages(high - low)
            parts.append(_Part(section, section.memmap, at, count))
    return parts


def _has_tail(state: State, pfn: int, pages: int) -> bool:
    """Is there the page that stands for all memmap that huge pages of this size and zone have given back? It is taken for the
    first of them and kept (vmemmap_get_tail, since 7.1)."""
    key = (state.zone_of(pfn), pages)
    if not state.model.hvo_shared_tails or key in state.tails:
        return True
    taken = page_alloc.allocate(state, kernel_zonelist(state, key[0][0]), 0, 1, KERNEL, NORMAL)
    if taken:
        state.tails.put(key, taken[0][0])
    return bool(taken)


def restore(state: State, pfn: int, pages: int) -> None:
    """A huge page leaves the pool, and its struct pages are needed again. Raises `HotplugError` ENOMEM where there is no
    memory for them."""
    if not state.optimized.get(pfn):
        return
    parts, kept = _parts(state, pfn, pages), state.model.hvo_keeps
    count, node = sum(part.pages for part in parts) - kept, parts[0].section.node
    zones = [key for key in kernel_zonelist(state, node) if key[0] == node or state.model.hvo_any_node]
    taken = page_alloc.allocate(state, zones, 0, count, VMEMMAP, NORMAL)
    if page_alloc.pages_of(taken) < count:
        page_alloc.free_pages(state, taken, (VMEMMAP,))
        raise HotplugError("ENOMEM", MemmapOfHugePage(pfn, count), pfn)
    state.optimized.put(pfn, False)
    for part in parts:
        chunks, taken = split(taken, part.pages - kept)
        if part.memmap.pfn is not None or part.memmap.chunks:
            _replace_chunks(state, part.section.nr, (*part.memmap.chunks, *chunks))
        else:
            _forget(state, chunks)
        kept = 0


def _give_back(state: State, part: _Part, keep: int, copy: list[Chunk]) -> None:
    """The place is known: the pages behind the first `keep` ones, and then `copy` is the first. What was taken again since
    lies anywhere, at the end of the chunks."""
    start, count = (part.memmap.pfn or 0) + part.at + keep, part.pages - keep
    kept: list[Chunk] = []
    gone: list[Chunk] = []
    for first, length in part.memmap.chunks:
        low, high = max(first, start), min(first + length, start + count)
        if low >= high:
            kept.append((first, length))
            continue
        gone.append((low, high - low))
        kept += [piece for piece in ((first, low - first), (high, first + length - high)) if piece[1]]
    missing = count - page_alloc.pages_of(gone)
    kept, others = split(kept, max(0, page_alloc.pages_of(kept) - missing))
    page_alloc.free_pages(state, [*gone, *others], (VMEMMAP,))
    _replace_chunks(state, part.section.nr, (*kept, *copy))


def _replace_chunks(state: State, nr: int, chunks: tuple[Chunk, ...]) -> None:
    section = state.sections[nr]
    assert section.memmap is not None
    memmap = msgspec.structs.replace(section.memmap, chunks=chunks)
    state.sections.put(nr, msgspec.structs.replace(section, memmap=memmap))


def _uncover(state: State, section: Section, count: int, fresh: bool) -> None:
    """The place is not known: so many pages of the kernel or of the boot, of the highest zone that the boot made. `fresh`: it is
    given back for the first time."""
    free_unplaced(state, _homes(state, section), _UNPLACED, count, section.early and fresh)


def _forget(state: State, chunks: list[Chunk]) -> None:
    """Memmap of a section whose other memmap lies no one knows where: pages of the kernel like those."""
    for chunk in chunks:
        state.change_pages(*chunk, KERNEL)


def _homes(state: State, section: Section) -> list[ZoneKey]:
    if not section.early:
        return kernel_zonelist(state, section.node)
    own = [(section.node, name) for name in reversed(KERNEL_ZONES)]
    return [key for key in own if key in state.zones and state.zones[key].early]
