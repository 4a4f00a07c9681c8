"""Each page of a range: what it is used for, in which free area, pageblock type and zone it lies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from ..memory.section import Section, type_pages
from ..memory.state import State
from ..numbers.bits import span
from ..numbers.geometry import Geometry
from ..numbers.runs import cut
from ..protocol.vocabulary import MOVABLE_TYPE, Kind, Migratetype, ZoneKey
from .summary import checked_range, free_orders


class Page(NamedTuple):
    """The page with the number `pfn`. `kind` says what it is used for; None in an offline section, and where no section is
    `present`. `order`: that of the free area that it lies in, None if it lies in none. `migratetype`: that of its pageblock.
    `zone`: node and name, None while it is offline."""

    pfn: int
    present: bool
    kind: Kind | None = None
    order: int | None = None
    migratetype: Migratetype | None = None
    zone: ZoneKey | None = None


def pages_in(state: State, start: int, pages: int) -> list[Page]:
    """Each page of a range; it costs as much as the range is long. Raises `BadInput` for a range that no machine can have."""
    checked_range(start, pages)
    found: list[Page] = []
    size = state.geometry.pages_per_section
    for nr, first, length in cut(start, pages, size):
        section, pfn = state.sections.get(nr), nr * size + first
        if section is None:
            found += (Page(absent, False) for absent in range(pfn, pfn + length))
        else:
            found += _pages_of(section, state.geometry, first, length)
    return found


def _pages_of(section: Section, geometry: Geometry, first: int, length: int) -> Iterator[Page]:
    inside = span(0, length)
    kinds = [(kind, have >> first & inside) for kind, have in section.pages.items()]
    zones = [(key, owned >> first & inside) for key, owned in section.zones]
    block = geometry.pageblock_order
    types = [(kind, type_pages(blocks, block) >> first & inside) for kind, blocks in section.types.items()]
    orders = [(order, have >> first & inside) for order, have in free_orders(section, geometry)]
    base = geometry.section_start(section.nr) + first
    for at in range(length):
        migratetype = _holds(types, at) or MOVABLE_TYPE if section.online else None
        yield Page(base + at, True, _holds(kinds, at), _holds(orders, at), migratetype, _holds(zones, at))


T = TypeVar("T")


def _holds(sets: Iterable[tuple[T, int]], at: int) -> T | None:
    return next((what for what, have in sets if have >> at & 1), None)
