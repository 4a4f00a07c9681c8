"""Types of pageblocks, which no file shows one by one: as many of each as /proc/pagetypeinfo counts, where they are most
likely to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from ..memory.section import Section, set_types, union
from ..memory.state import State
from ..mm.free_area import CMA, HIGHATOMIC, block_counts
from ..numbers.bits import aligned_runs, every, lowest_n, runs, span, spread
from ..numbers.geometry import Geometry
from ..protocol.vocabulary import (
    ABSENT,
    ASSUMED,
    FREE,
    KERNEL,
    MEMMAP,
    MOVABLE_TYPE,
    PAGETABLE,
    RECLAIMABLE,
    RESERVED,
    SLAB,
    UNMOVABLE,
    VMEMMAP,
    Kind,
    Migratetype,
    ZoneKey,
)

_KERNEL_KINDS: Final[tuple[Kind, ...]] = (KERNEL, SLAB, PAGETABLE, VMEMMAP, RESERVED, ASSUMED)
_NOT_USED: Final[frozenset[Kind]] = frozenset((FREE, ABSENT, MEMMAP))


def set_block_types(state: State, key: ZoneKey, numbers: list[int], wanted: Mapping[str, int]) -> None:
    """Give a zone's pageblocks types, so many of each as `wanted` has under their names.

    `numbers` are its online sections, ascending. Types that are there stay unless they are too many. More pageblocks
    become Unmovable, Reclaimable and HighAtomic from the lowest up: those that kernel pages share with free ones (what
    was filled at boot kept the type Movable), then others with kernel pages, then others in use, then any; but none that
    is wholly free becomes HighAtomic, which would part it from its buddy. For the same reason CMA gets whole areas of the
    biggest order, the highest ones. Isolate is not looked at: it does not outlast a command.
    """
    have = block_counts(state, key)
    above = state.geometry.max_order - state.geometry.pageblock_order
    busy = [nr for nr in numbers if not state.sections[nr].pages.keys() <= _NOT_USED]
    for migratetype in (CMA, UNMOVABLE, RECLAIMABLE, HIGHATOMIC):
        more = wanted.get(migratetype, 0) - have[migratetype]
        if more < 0:
            _change(state, key, reversed(numbers), -more, _surplus(migratetype), MOVABLE_TYPE)
        elif migratetype == CMA:
            whole = more >> above << above
            _change(state, key, reversed(numbers), whole, _in_biggest_areas, CMA)
        else:
            for choose in (_shared_by_kernel_pages, _with_kernel_pages, _in_use):
                more -= _change(state, key, busy, more, choose, migratetype)
            if migratetype != HIGHATOMIC:
                _change(state, key, numbers, more, _movable, migratetype)


_Choice = Callable[[Section, int, Geometry], int]
"""The pageblocks of a section's part (given by its pages) that may change their type."""


def _change(
    state: State, key: ZoneKey, numbers: Iterable[int], count: int, choose: _Choice, migratetype: Migratetype
) -> int:
    """Change up to `count` pageblocks, of the first of these sections; returns how many did."""
    done = 0
    for nr in numbers:
        if done == count:
            break
        section = state.sections[nr]
        owned = next(mask for owner, mask in section.zones if owner == key)
        blocks = lowest_n(choose(section, owned, state.geometry), count - done)
        if blocks:
            types = set_types(section.types, blocks, migratetype)
            state.sections.load({nr: msgspec.structs.replace(section, types=types)})
            done += blocks.bit_count()
    return done


def _movable(section: Section, owned: int, geometry: Geometry) -> int:
    order = geometry.pageblock_order
    blocks = touched_blocks(owned & every(1 << order, geometry.pages_per_section), order)
    for others in section.types.values():
        blocks &= ~others
    return blocks


def _with_kernel_pages(section: Section, owned: int, geometry: Geometry) -> int:
    return _movable_with(section, owned, union(section.pages, _KERNEL_KINDS), geometry)


def _shared_by_kernel_pages(section: Section, owned: int, geometry: Geometry) -> int:
    blocks = _with_kernel_pages(section, owned, geometry)
    return blocks & touched_blocks(section.of(FREE) & owned, geometry.pageblock_order) if blocks else 0


def _in_use(section: Section, owned: int, geometry: Geometry) -> int:
    return _movable_with(section, owned, ~union(section.pages, tuple(_NOT_USED)), geometry)


def _movable_with(section: Section, owned: int, pages: int, geometry: Geometry) -> int:
    """Movable pageblocks in which some of these pages lie."""
    here = pages & owned
    return _movable(section, owned, geometry) & touched_blocks(here, geometry.pageblock_order) if here else 0


def _in_biggest_areas(section: Section, owned: int, geometry: Geometry) -> int:
    order = geometry.max_order - geometry.pageblock_order
    blocks = _movable(section, owned, geometry)
    return spread(aligned_runs(blocks, order, geometry.pageblocks_per_section), order)


def _surplus(migratetype: Migratetype) -> _Choice:
    """Pageblocks of a type, but for those of head pages."""

    def choose(section: Section, owned: int, geometry: Geometry) -> int:
        heads = touched_blocks(section.of(MEMMAP), geometry.pageblock_order)
        mine = section.types.get(migratetype, 0) & ~heads
        return mine & touched_blocks(owned, geometry.pageblock_order) if mine else 0

    return choose


@lru_cache(maxsize=256)
def touched_blocks(pages: int, pageblock_order: int) -> int:
    """The pageblocks of a section in which a set has pages."""
    for k in range(pageblock_order):
        pages |= pages >> (1 << k)
    starts = pages & every(1 << pageblock_order, 1 << pages.bit_length().bit_length())
    blocks = 0
    for start, length in runs(spread(starts, pageblock_order)):
        blocks |= span(start >> pageblock_order, length >> pageblock_order)
    return blocks
