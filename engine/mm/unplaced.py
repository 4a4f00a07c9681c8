"""Pages of which only the number is known, and the nearest zone: memmap of which no capture shows where it lies."""

from __future__ import annotations

from collections.abc import Sequence

from ..memory.section import union
from ..memory.state import State
from ..numbers.bits import lowest_n
from ..protocol.vocabulary import BUDDY_KINDS, FREE, Kind, ZoneKey


def free_unplaced(
    state: State, zones: Sequence[ZoneKey], kinds: Sequence[Kind], count: int, unmanaged: bool = False
) -> int:
    """So many pages become free, of the first of these kinds that there are, in the first of these zones; but no more than a zone
    manages. `unmanaged`: it did not manage them, and does from now on. Returns how many."""
    left = count
    for kind in kinds:
        for key in zones:
            left -= _free(state, key, kind, left, unmanaged) if left else 0
    return count - left


def _free(state: State, key: ZoneKey, kind: Kind, most: int, unmanaged: bool) -> int:
    zone, sections = state.zones[key], list(state.zone_sections(key))
    given = sum((union(section.pages, BUDDY_KINDS) & owned).bit_count() for section, owned in sections)
    left = room = max(0, min(most, zone.present - zone.managed if unmanaged else zone.managed - given))
    for section, owned in sections:
        if left and (pages := lowest_n(section.of(kind) & owned, left)):
            if unmanaged:
                state.zones.put(key, state.zones[key].plus(managed=pages.bit_count()))
            state.set_kind(section, pages, FREE)
            left -= pages.bit_count()
    return room - left
