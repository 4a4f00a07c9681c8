"""Free pages that nobody saw, laid out so that each zone has the free areas that /proc/buddyinfo counts.

How many huge pages a zone can give depends on its free areas and not on its free pages. So the pages of unseen sections
change places: areas as they fit at the high end, below them used pages, and at the low end used pages with small areas
between them. Which pages these are, `rooms` says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from ..memory.section import Pages
from ..memory.state import State
from ..mm.free_area import order_counts
from ..numbers.bits import aligned_runs, every, lowest_n, spread
from ..protocol.vocabulary import ASSUMED, FREE, MOVABLE, PCP, Kind, ZoneKey
from .block_types import set_block_types
from .draft import Draft
from .rooms import KINDS, Part, Stretch, area_counts, owned_pages, stretches_of


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
    stretches = stretches_of(draft, key, numbers) if wanted else []
    if not wanted or not stretches:
        return None
    missing = _missing(draft, key, wanted, numbers, stretches)
    if missing is None:
        return None
    total = {kind: sum(len(s.numbers) * s.part.counts[kind] for s in stretches) for kind in KINDS}
    areas = _fitted(missing, total[FREE])
    placed, complete = _place(stretches, areas)
    _write(draft.state, placed, _used_downwards(draft.state, key, stretches, areas, total), total)
    found = list(wanted) if complete and areas == missing else order_counts(draft.state, key)
    if found == list(wanted):
        return None
    return (
        f"zone {key[1]} of node {key[0]}: the free areas of buddyinfo ({_words(wanted)}) do not fit its pages; "
        f"it has ({_words(found)})"
    )


def _words(counts: Sequence[int]) -> str:
    return " ".join(map(str, counts))


# -- free pages ---------------------------------------------------------------------------------------------------------


def _missing(
    draft: Draft, key: ZoneKey, wanted: Sequence[int], numbers: list[int], stretches: list[Stretch]
) -> list[int] | None:
    """The free areas that the rooms have to have, by order; None where they have them. Where more were seen than are
    counted, that is negative."""
    missing = list(wanted)
    for nr in numbers:
        if nr in draft.exact:
            section = draft.state.sections[nr]
            seen = area_counts(section.of(FREE) & owned_pages(section, key), section, draft.state.geometry)
            missing = _minus(missing, seen)
    differ = missing
    for stretch in stretches:
        missing = _minus(missing, stretch.part.held, len(stretch.numbers))
        differ = _minus(differ, stretch.part.now, len(stretch.numbers))
    return missing if any(differ) else None


def _minus(counts: Sequence[int], others: Sequence[int], times: int = 1) -> list[int]:
    return [a - times * b for a, b in zip(counts, others, strict=True)]


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


def _place(stretches: list[Stretch], areas: Sequence[int]) -> tuple[list[Stretch], bool]:
    """Find room for free areas, from the biggest down: the sections, descending, and whether all areas kept their size.

    What is left of the rooms after the bigger areas is cut into pairs of buddies; one of each pair may be free, as the
    other stays in use, or is cut again. How many pairs there are does not depend on where the bigger ones lie, so an area
    that finds no room here would find none anywhere; it is cut in two.
    """
    want = list(areas)
    placed: list[Stretch] = []
    for stretch in reversed(stretches):
        own = stretch.part.areas
        times = min((count // each for count, each in zip(want, own, strict=True) if each), default=0)
        top, rest = stretch.split(times, low=False)
        top.free, top.whole = top.part.whole, True
        want = _minus(want, own, len(top.numbers))
        placed += [some for some in (top, rest) if some.numbers]
    complete, need = True, 0
    for order in range(len(want) - 1, -1, -1):
        need = want[order] + 2 * need
        placed, need = _give(placed, order, need, _natural, low=False)
        if order < len(want) - 1:
            placed.reverse()
            placed, need = _give(placed, order, need, _lower_buddies, low=True)
            placed.reverse()
        complete = complete and not need
    placed, _ = _give(placed, 0, need, lambda stretch, _: stretch.used(), low=False)
    return placed, complete


def _give(
    stretches: list[Stretch], order: int, need: int, starts_of: Callable[[Stretch, int], int], low: bool
) -> tuple[list[Stretch], int]:
    """Free areas of an order where `starts_of` says that some fit, from the first sections on, be they the lowest or the
    highest; how many are still missing."""
    if not need:
        return stretches, 0
    given: list[Stretch] = []
    for stretch in stretches:
        starts = starts_of(stretch, order) if need else 0
        each = starts.bit_count()
        if not each:
            given.append(stretch)
            continue
        all_free, rest = stretch.split(need // each, low)
        all_free.free |= spread(starts, order)
        need -= each * len(all_free.numbers)
        some_free, rest = rest.split(1 if need else 0, low)
        if some_free.numbers:
            some_free.free |= spread(_end(starts, need, low), order)
            need = 0
        given += [some for some in (all_free, some_free, rest) if some.numbers]
    return given, need


def _end(pages: int, count: int, low: bool) -> int:
    """The `count` lowest or highest of more pages."""
    return lowest_n(pages, count) if low else pages ^ lowest_n(pages, pages.bit_count() - count)


def _natural(stretch: Stretch, order: int) -> int:
    return 0 if stretch.whole else stretch.part.natural[order]


def _lower_buddies(stretch: Stretch, order: int) -> int:
    """Where the scanner for free pages, which looks at every 32nd page at times, sees them."""
    return aligned_runs(stretch.used(), order + 1, stretch.part.width)


# -- used pages ---------------------------------------------------------------------------------------------------------


def _used_downwards(
    state: State, key: ZoneKey, stretches: list[Stretch], areas: Sequence[int], total: dict[Kind, int]
) -> tuple[Kind, Kind]:
    """The used kinds from the high end down; between the last of them lie the small free areas.

    These are kernel pages, if there are enough: movable ones would have been compacted. Reserved pages do not count, they
    are packed since boot.
    """
    small = sum(count << order for order, count in enumerate(areas[: state.geometry.pageblock_order]))
    zone = state.zones[key]
    placed = sum(len(stretch.numbers) * stretch.part.unmanaged for stretch in stretches)
    kernel = total[ASSUMED] - max(0, zone.present - zone.managed - placed)
    return (MOVABLE, ASSUMED) if kernel >= small else (ASSUMED, MOVABLE)


def _write(state: State, placed: list[Stretch], used: tuple[Kind, Kind], left: dict[Kind, int]) -> None:
    """Make the free pages free, and share the rest of the rooms out to the used kinds, in this order downwards; but every
    second page at the high end is on a per-CPU list, so that draining these makes no big areas."""
    waiting = deque(placed)
    while waiting:
        stretch = waiting.popleft()
        part, rest = stretch.part, stretch.used()
        masks: dict[Kind, int] = {FREE: stretch.free}
        turns: list[tuple[Kind, int]] = [
            (PCP, rest & every(2, part.width)),
            (used[0], rest),
            (used[1], rest),
            (PCP, rest),
        ]
        for kind, pool in turns:
            taken = _end(pool & rest, left[kind] - masks.get(kind, 0).bit_count(), low=False)
            masks[kind] = masks.get(kind, 0) | taken
            rest ^= taken
        shares = {kind: masks[kind].bit_count() for kind in left}
        fits = [left[kind] // share for kind, share in shares.items() if share]
        times = max(1, min([*fits, len(stretch.numbers)]))
        for kind, share in shares.items():
            left[kind] -= times * share
        done, rest_of_it = stretch.split(times, low=False)
        _put(state, part, done.numbers, part.pages(masks))
        if rest_of_it.numbers:
            waiting.appendleft(rest_of_it)


def _put(state: State, part: Part, numbers: list[int], pages: Pages) -> None:
    if pages != part.section.pages:
        for nr in numbers:
            state.sections.load({nr: msgspec.structs.replace(state.sections[nr], pages=pages)})
