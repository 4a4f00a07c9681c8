"""What is measured of a machine: MemTotal, MemFree, huge pages, and the longest free run of a range."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import NamedTuple

from ...memory.section import Pages, Section
from ...memory.state import State
from ...memory.zone import MOVABLE
from ...mm.hugetlb import pool
from ...mm.hugetlb.gigantic import candidates, could_be_one
from ...mm.zonelist import zonelist
from ...numbers.bits import aligned_runs, runs
from ...numbers.frozen import Frozen
from ...numbers.rounding import ceil
from ...protocol.vocabulary import FREE, ZoneKey
from .comparison import MemoryTotals
from .looked_at import Question, Step, alike, looking, once

_Range = tuple[ZoneKey, int, tuple[int, ...]]
"""A zone, a first pfn, and the ids of sections."""


class Known(NamedTuple):
    """What was found before: alternatives have most of their sections in common. Huge pages by the pages of a section, which of
    them are a zone's, and their order; by what was looked at of the kernel, whether a range can become a gigantic
    page; whole steps of trials. What is looked up by its id is kept, so that nothing else comes to have that."""

    small: dict[tuple[int, int, int], tuple[int, Pages]]
    gigantic: dict[frozenset[tuple[Question, object]], dict[_Range, tuple[bool, list[Section]]]]
    steps: list[Step]


def nothing_known() -> Known:
    """What a comparison knows that has counted nothing yet."""
    return Known({}, {}, [])


def memory(state: State, node: int, known: Known) -> MemoryTotals:
    """MemTotal and MemFree of a machine, and the huge pages of each size that a node could give."""
    return once(known.steps, state, ("memory", node), lambda: _memory(state, node, known))


def _memory(state: State, node: int, known: Known) -> MemoryTotals:
    total = sum(zone.managed for zone in state.zones.values())
    free = sum(zone.free for zone in state.zones.values())
    return MemoryTotals(
        total, free, Frozen({size: _huge_pages(state, node, size, known) for size in pool.sizes(state)})
    )


def _huge_pages(state: State, node: int, size: int, known: Known) -> int:
    """From the free lists of the node, or, where pages are bigger than any area there, from whole ranges that can be emptied."""
    order = (size // state.geometry.page_size - 1).bit_length()
    if order > state.geometry.max_order:
        return _gigantic(state, node, size // state.geometry.page_size, known)
    parts = [part for key in zonelist(state, [node], MOVABLE) for part in state.zone_sections(key)]
    tokens = [(id(section.pages), id(owned)) for section, owned in parts]
    one, width = dict(zip(tokens, parts, strict=True)), state.geometry.pages_per_section
    return sum(count * small_pages(*one[token], order, width, known) for token, count in Counter(tokens).items())


def small_pages(section: Section, owned: int, order: int, width: int, known: Known) -> int:
    """Free areas of an order in the pages of a section that belong to a zone."""
    token = (id(section.pages), owned, order)
    if (found := known.small.get(token)) is None:
        count = aligned_runs(section.of(FREE) & owned, order, width).bit_count()
        found = known.small[token] = count, section.pages
    return found[0]


def _gigantic(state: State, node: int, pages: int, known: Known) -> int:
    size, count, sections = state.geometry.pages_per_section, 0, state.sections
    found = [ranges for seen, ranges in known.gigantic.items() if alike(state.model, dict(seen))]
    for key, start in candidates(state, node, pages):
        there = [section for nr in range(start // size, ceil(start + pages, size)) if (section := sections.get(nr))]
        token = (key, start, tuple(map(id, there)))
        ranges = next((one for one in found if token in one), None)
        if ranges is None:
            could, seen = looking(state, partial(could_be_one, state, key, start, pages))
            ranges = known.gigantic.setdefault(frozenset(seen.items()), {})
            ranges[token] = could, there
            if not any(ranges is one for one in found):
                found.append(ranges)
        count += ranges[token][0]
    return count


def largest_run(state: State, start: int, pages: int) -> int:
    """The longest run of free pages in a range, over sections of one zone."""
    size = state.geometry.pages_per_section
    longest = current = 0
    end, zones = -1, None
    for section in state.sections_of(start, pages):
        if section.nr * size != end or [key for key, _ in section.zones] != zones:
            current = 0
        for first, length in runs(section.of(FREE)):
            current = current + length if first == 0 else length
            longest = max(longest, current)
        if not section.of(FREE) >> (size - 1) & 1:
            current = 0
        end, zones = (section.nr + 1) * size, [key for key, _ in section.zones]
    return longest
