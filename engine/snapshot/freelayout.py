"""Free pages that nobody saw, laid out so that each zone has the free areas that /proc/buddyinfo counts.

How many huge pages a zone can give depends on its free areas and not on its free pages. So the pages of unseen sections
change places: whole free areas high up, below them the ones with small areas between used pages, used pages at the low end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import le
from typing import Final

import msgspec

from ..bits import aligned_runs, span, spread
from ..buddy import lowest_pages
from ..freeareas import maximal_runs, order_counts, section_counts
from ..geometry import Geometry
from ..memmap import ASSUMED, FREE, MEMMAP, MOVABLE, PCP, Kind, Section, ZoneKey, union
from ..state import State
from .blocktypes import set_block_types
from .layout import Draft

_USED: Final[tuple[Kind, ...]] = (ASSUMED, MOVABLE, PCP)
"""Used pages whose place is free to choose."""


def lay_out(draft: Draft, key: ZoneKey, numbers: list[int]) -> str | None:
    """Give a zone the free areas of buddyinfo and the pageblock types of pagetypeinfo; what does not fit is returned in
    words.

    `numbers` are the zone's online sections, ascending. How many pages are of which kind stays as it is; where the free
    areas agree already, so do the places.
    """
    note = _lay_out_areas(draft, key, numbers)
    if blocks := draft.seen.pageblocks.get(f"{key[0]}/{key[1]}"):
        set_block_types(draft.state, key, numbers, blocks)
    return note


def _lay_out_areas(draft: Draft, key: ZoneKey, numbers: list[int]) -> str | None:
    wanted = draft.seen.buddyinfo.get(f"{key[0]}/{key[1]}")
    rooms = _rooms(draft, key, numbers) if wanted else []
    if not wanted or not rooms:
        return None
    missing = _missing(draft, key, wanted, numbers, rooms)
    if missing is None:
        return None
    free = sum(room.part.counts[FREE] for room in rooms)
    fitted = _fitted(missing, free)
    complete = _place(rooms, list(fitted)) and fitted == missing
    _write(draft.state, rooms, _used_upwards(draft.state, key, rooms, fitted))
    found = list(wanted) if complete else order_counts(draft.state, key)
    if found == list(wanted):
        return None
    return (
        f"zone {key[1]} of node {key[0]}: the free areas of buddyinfo ({_words(wanted)}) do not fit its pages; "
        f"it has ({_words(found)})"
    )


def _words(counts: Sequence[int]) -> str:
    return " ".join(map(str, counts))


# -- pages that may change places ---------------------------------------------------------------------------------------


class _Part:
    """What sections alike have in common: `room`, the pages that may change places, and `held`, free pages that were seen
    (in a section that was seen in part). `natural`: by order, the aligned runs of the room whose buddy stays in use
    whatever is done, so that all of them may be free; `areas` counts them, `pages` and `whole` are the pages in them."""

    def __init__(self, section: Section, owned: int, covered: int, geometry: Geometry) -> None:
        self.key = (owned, covered, section.types, section.pages)
        self.width = geometry.pages_per_section
        free = section.of(FREE) & owned
        self.room = union(section.pages, (FREE, *_USED)) & owned & ~covered
        self.counts = {kind: (section.of(kind) & self.room).bit_count() for kind in (FREE, *_USED)}
        self.size = sum(self.counts.values())
        self.fixed = {kind: rest for kind, mask in section.pages.items() if (rest := mask & ~self.room)}
        self.heads = section.of(MEMMAP).bit_count()
        self.now = _sums(free, section, geometry)
        self.held = _sums(free & covered, section, geometry)
        both = self.room | free & covered
        orders = range(geometry.max_order + 1)
        self.natural = [maximal_runs(both, k, geometry) & aligned_runs(self.room, k, self.width) for k in orders]
        self.areas = [heads.bit_count() for heads in self.natural]
        self.pages = [spread(heads, order) for order, heads in enumerate(self.natural)]
        self.whole = 0
        for pages in self.pages:
            self.whole |= pages
        self.whole_count = self.whole.bit_count()


class _Room:
    """The part of one section, and which of its pages are to be free."""

    __slots__ = ("count", "free", "nr", "part")

    def __init__(self, nr: int, part: _Part) -> None:
        self.nr = nr
        self.part = part
        self.free = 0
        self.count = 0

    def give(self, heads: int, order: int) -> int:
        """These areas are to be free; returns how many they are."""
        number = heads.bit_count()
        self.free |= spread(heads, order)
        self.count += number << order
        return number

    def give_natural(self, order: int, most: int) -> int:
        """The part's natural areas of an order are to be free, at most so many, the highest; returns how many."""
        number = self.part.areas[order]
        if number > most:
            return self.give(_highest(self.part.natural[order], most), order)
        self.free |= self.part.pages[order]
        self.count += number << order
        return number


def _rooms(draft: Draft, key: ZoneKey, numbers: list[int]) -> list[_Room]:
    rooms: list[_Room] = []
    part: _Part | None = None
    for nr in numbers:
        if nr in draft.exact:
            continue
        section = draft.state.sections[nr]
        owned = next(mask for owner, mask in section.zones if owner == key)
        covered = _covered(draft, nr) if draft.starts else 0
        if part is None or part.key != (owned, covered, section.types, section.pages):
            part = _Part(section, owned, covered, draft.state.geometry)
        rooms.append(_Room(nr, part))
    return rooms


def _covered(draft: Draft, nr: int) -> int:
    size = draft.state.geometry.pages_per_section
    base, covered = nr * size, 0
    for run in draft.runs_in(base, size):
        low, high = max(run.pfn - base, 0), min(run.pfn + run.count - base, size)
        covered |= span(low, high - low)
    return covered


def _sums(free: int, section: Section, geometry: Geometry) -> list[int]:
    rows = [row for _, row in section_counts(free, section.types, geometry)]
    return [sum(column) for column in zip(*rows, strict=True)] or [0] * (geometry.max_order + 1)


def _missing(
    draft: Draft, key: ZoneKey, wanted: Sequence[int], numbers: list[int], rooms: list[_Room]
) -> list[int] | None:
    """The free areas that the rooms have to have, by order; None where they have them. Where more were seen than are
    counted, that is negative."""
    missing = list(wanted)
    for nr in numbers:
        if nr in draft.exact:
            section = draft.state.sections[nr]
            owned = next(mask for owner, mask in section.zones if owner == key)
            seen = _sums(section.of(FREE) & owned, section, draft.state.geometry)
            missing = [a - b for a, b in zip(missing, seen, strict=True)]
    differ = list(missing)
    for part, times in Counter(room.part for room in rooms).items():
        missing = [a - times * b for a, b in zip(missing, part.held, strict=True)]
        differ = [a - times * b for a, b in zip(differ, part.now, strict=True)]
    return missing if any(differ) else None


# -- laying out ---------------------------------------------------------------------------------------------------------


def _fitted(counts: Sequence[int], pages: int) -> list[int]:
    """The free areas nearest to `counts` that have so many pages: big ones stay, small ones are added or go."""
    fitted = list(counts)
    for order in range(len(fitted) - 1, 0, -1):
        if fitted[order] < 0:
            fitted[order - 1] += 2 * fitted[order]
            fitted[order] = 0
    fitted[0] = max(fitted[0], 0)
    more = pages - sum(count << order for order, count in enumerate(fitted))
    if more >= 0:
        return _plus(fitted, more)
    for order, count in enumerate(fitted):
        gone = min(count, -more >> order)
        fitted[order] -= gone
        more += gone << order
    if more:
        split = next(order for order, count in enumerate(fitted) if count)
        fitted[split] -= 1
        return _plus(fitted, (1 << split) + more)
    return fitted


def _plus(counts: list[int], pages: int) -> list[int]:
    """With so many more pages, in as few areas as can be."""
    biggest = len(counts) - 1
    more = [pages >> order & 1 for order in range(biggest)] + [pages >> biggest]
    return [a + b for a, b in zip(counts, more, strict=True)]


def _place(rooms: list[_Room], want: list[int]) -> bool:
    """Find room for free areas, from the biggest down and from the high end down; says whether all kept their size.

    What is left of the rooms after the bigger areas is cut into pairs of buddies; one of each pair may be free, as the
    other stays in use, or is cut again. How many pairs there are does not depend on where the bigger ones lie, so an area
    that finds no room here would find none anywhere; it is cut in two.
    """
    some: list[_Room] = []
    for room in reversed(rooms):
        part = room.part
        if all(map(le, part.areas, want)):
            want = [a - b for a, b in zip(want, part.areas, strict=True)]
            room.free, room.count = part.whole, part.whole_count
        else:
            some.append(room)
    cut = [room for room in reversed(rooms) if room.count < room.part.size]
    complete, need = True, 0
    for order in range(len(want) - 1, -1, -1):
        need = want[order] + 2 * need
        for room in some:
            if not need:
                break
            if room.part.areas[order]:
                need -= room.give_natural(order, need)
        for room in cut if order < len(want) - 1 else ():
            if not need:
                break
            if room.count < room.part.size:
                pairs = aligned_runs(room.part.room & ~room.free, order + 1, room.part.width)
                need -= room.give(_highest(pairs, need) << (1 << order), order)
        complete = complete and not need
    for room in cut:
        need -= room.give(_highest(room.part.room & ~room.free, need), 0)
    return complete


def _highest(pages: int, count: int) -> int:
    return pages ^ lowest_pages(pages, pages.bit_count() - count)


def _used_upwards(state: State, key: ZoneKey, rooms: list[_Room], areas: Sequence[int]) -> tuple[Kind, ...]:
    """The used kinds from the low end up; the last are those that the small free areas lie between.

    Kernel pages, if there are enough of them: movable ones between which so many lie would have been compacted. Reserved
    pages do not count, they are packed since boot.
    """
    small = sum(count << order for order, count in enumerate(areas[: state.geometry.pageblock_order]))
    heads = sum(room.part.heads for room in rooms)
    zone = state.zones[key]
    reserved = max(0, zone.present - zone.managed - heads)
    kernel = sum(room.part.counts[ASSUMED] for room in rooms) - reserved
    return (MOVABLE, ASSUMED, PCP) if small <= kernel else (ASSUMED, MOVABLE, PCP)


def _write(state: State, rooms: list[_Room], used: Sequence[Kind]) -> None:
    """Make the free pages free, and share the rest of the rooms out to the used kinds, in this order upwards."""
    left = {kind: sum(room.part.counts[kind] for room in rooms) for kind in used}
    before: tuple[_Part, dict[Kind, int]] | None = None
    pages: dict[Kind, int] = {}
    for room in rooms:
        masks: dict[Kind, int] = {FREE: room.free} if room.free else {}
        rest, count = room.part.room & ~room.free, room.part.size - room.count
        for kind in used:
            number = min(left[kind], count)
            if number:
                masks[kind] = rest if number == count else lowest_pages(rest, number)
                rest, count, left[kind] = rest ^ masks[kind], count - number, left[kind] - number
        if before is None or before[0] is not room.part or before[1] != masks:
            before = room.part, masks
            pages = dict(room.part.fixed)
            for kind, mask in masks.items():
                pages[kind] = pages.get(kind, 0) | mask
        section = state.sections[room.nr]
        if section.pages != pages:
            state.sections[room.nr] = msgspec.structs.replace(section, pages=pages)
