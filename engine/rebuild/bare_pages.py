"""Pages that were seen without any flag: what they are follows from the counters and from their neighbours."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ..memory.section import put
from ..memory.state import State
from ..memory.zone import MOVABLE as MOVABLE_ZONE
from ..numbers.bits import every, lowest_n, span
from ..protocol.vocabulary import FREE, KERNEL, MEMMAP, MOVABLE, PCP, RESERVED, Kind, ZoneKey
from .draft import Draft


def name_bare_pages(draft: Draft) -> None:
    """Pages without flags are on per-CPU lists if these hold so many; else they are the kernel's, but for
    those that a free page needs to merge with: so many of these as the lists hold are theirs.

    Larger pages of which no more is said were free as well when the counters were read, if these leave room for all of
    them: the buffers of whoever reads pages come and go. Else they are the kernel's.
    """
    state = draft.state
    by_zone, larger = _by_zone(state, draft.bare), _by_zone(state, draft.compound)
    for key in by_zone | larger:
        found = _withheld(state, key, by_zone.get(key, []))
        count = sum(mask.bit_count() for _, mask in found)
        listed = max(state.zones[key].pcp, _not_free(draft, key))
        if key in larger:
            passing = sum(mask.bit_count() for _, mask in larger[key])
            if count + passing <= listed:
                found, count = [*found, *larger[key]], count + passing
        kind: Kind = PCP if count <= listed else KERNEL
        for nr, mask in found:
            section = state.sections[nr]
            pages = section.pages
            if key[1] == MOVABLE_ZONE:
                here = lowest_n(mask, listed)
                listed -= here.bit_count()
                pages = put(put(pages, mask & ~here, MOVABLE), here, PCP)
            elif kind == PCP:
                pages = put(pages, mask, PCP)
            else:
                free, lower = section.of(FREE), every(2, state.geometry.pages_per_section)
                between = mask & (lower & free >> 1 | ~lower & free << 1)
                here = lowest_n(between, listed)
                listed -= here.bit_count()
                pages = put(put(pages, mask & ~here, KERNEL), here, PCP)
            state.sections.load({nr: msgspec.structs.replace(section, pages=pages)})


def _by_zone(state: State, masks: Mapping[int, int]) -> dict[ZoneKey, list[tuple[int, int]]]:
    found: dict[ZoneKey, list[tuple[int, int]]] = {}
    for nr, mask in masks.items():
        for key, owned in state.sections[nr].zones:
            if mask & owned:
                found.setdefault(key, []).append((nr, mask & owned))
    return found


def _not_free(draft: Draft, key: ZoneKey) -> int:
    """Pages of a wholly seen zone that are free by its counters and not shown as free. Counters are read before pages, and
    in between lists are filled."""
    state, free = draft.state, 0
    for section, owned in state.zone_sections(key):
        if owned & ~draft.covered.get(section.nr, 0):
            return 0
        free += (section.of(FREE) & owned).bit_count()
    return state.zones[key].free + state.zones[key].pcp - free


def _withheld(state: State, key: ZoneKey, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Boot memory that is present but was never given to the buddy shows no flags either: whole sections of it, as many as
    the zone's managed pages leave out, are reserved. Returns what remains to be named."""
    zone, full = state.zones[key], span(0, state.geometry.pages_per_section)
    left = zone.present - zone.managed
    for section, owned in state.zone_sections(key):
        left -= ((section.of(RESERVED) | section.of(MEMMAP)) & owned).bit_count()
    rest: list[tuple[int, int]] = []
    for nr, mask in found:
        section = state.sections[nr]
        if mask == full and section.early and left >= mask.bit_count():
            left -= mask.bit_count()
            state.sections.load({nr: msgspec.structs.replace(section, pages=put(section.pages, mask, RESERVED))})
        else:
            rest.append((nr, mask))
    return rest
