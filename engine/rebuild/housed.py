"""Where memmap lies that no capture shows: the pages that a model of the machine had put it into, or others like them."""

from __future__ import annotations

import msgspec

from ..memory.section import Memmap, put
from ..memory.zone import MOVABLE as MOVABLE_ZONE
from ..numbers.bits import aligned_runs, lowest, span
from ..numbers.runs import cut
from ..protocol.vocabulary import VMEMMAP, Chunk
from .draft import Draft


def house_memmap(draft: Draft) -> None:
    """The memmap that the model put into kernel memory is still somewhere: where it put it, or, if the capture says that
    this cannot be, in other pages without flags; or no one knows where."""
    sections, homeless = draft.state.sections, list[int]()
    for nr in draft.state.section_numbers():
        memmap = sections[nr].memmap
        if memmap is None or memmap.on != "kernel" or not memmap.chunks:
            continue
        if not all(_could_hold(draft, chunk) for chunk in memmap.chunks):
            homeless.append(nr)
            continue
        for chunk in memmap.chunks:
            _claim(draft, chunk)
    for nr in homeless:
        section = sections[nr]
        assert section.memmap is not None
        found = tuple(_other_pages(draft, section.memmap.pages))
        moved = Memmap("kernel", found[0][0], found) if found else Memmap("kernel")
        sections.load({nr: msgspec.structs.replace(section, memmap=moved)})


def _could_hold(draft: Draft, chunk: Chunk) -> bool:
    """Was none of these pages seen to be anything but memmap of others, or to have no flags?"""
    for nr, first, count in cut(*chunk, draft.state.geometry.pages_per_section):
        section = draft.state.sections.get(nr)
        if section is None or not section.online:
            return False
        if span(first, count) & ~(section.of(VMEMMAP) | draft.bare.get(nr, 0)):
            return False
    return True


def _claim(draft: Draft, chunk: Chunk) -> None:
    """They hold memmap now."""
    for nr, first, count in cut(*chunk, draft.state.geometry.pages_per_section):
        section, mask = draft.state.sections[nr], span(first, count)
        draft.state.sections.load({nr: msgspec.structs.replace(section, pages=put(section.pages, mask, VMEMMAP))})
        if nr in draft.bare:
            draft.bare[nr] &= ~mask


def _other_pages(draft: Draft, wanted: int) -> list[Chunk]:
    """Claim so many pages, in the units of which a vmemmap is made; none where there are not enough."""
    unit = draft.state.geometry.vmemmap_unit_pages
    found: list[Chunk] = []
    while len(found) * unit < wanted:
        pfn = _unclaimed(draft, unit)
        if pfn is None:
            return []
        found.append((pfn, unit))
        _claim(draft, found[-1])
    return found


def _unclaimed(draft: Draft, unit: int) -> int | None:
    """The first page of the lowest whole unit of pages without flags, none of which may be moved away."""
    order, size = (unit - 1).bit_length(), draft.state.geometry.pages_per_section
    for nr in sorted(draft.bare):
        section = draft.state.sections[nr]
        if any(key[1] == MOVABLE_ZONE for key, _ in section.zones):
            continue
        if starts := aligned_runs(draft.bare[nr], order, size):
            return nr * size + lowest(starts)
    return None
