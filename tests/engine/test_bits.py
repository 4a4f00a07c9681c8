"""Page sets as integers against Python's own sets, with random sets of several textures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from altmap.engine.numbers import bits
from altmap.engine.numbers.runs import cut

WIDTH = 512


def textures() -> Iterator[set[int]]:
    """The empty and the full set, single pages, combs, and random sets from sparse to dense and from runs."""
    yield from (set(), set(range(WIDTH)), {0}, {WIDTH - 1}, set(range(0, WIDTH, 2)), set(range(1, WIDTH, 3)))
    dice = random.Random(20170801)
    for _ in range(40):
        share = dice.random()
        yield {page for page in range(WIDTH) if dice.random() < share}
    for _ in range(40):
        pages: set[int] = set()
        for _ in range(dice.randrange(1, 9)):
            start = dice.randrange(WIDTH)
            pages |= set(range(start, min(WIDTH, start + dice.choice((1, 2, 7, 16, 64, 200)))))
        yield pages


SETS = list(textures())


def as_int(pages: set[int]) -> int:
    return sum(1 << page for page in pages)


def as_set(number: int) -> set[int]:
    return {page for page in range(number.bit_length()) if number >> page & 1}


@pytest.mark.parametrize(("start", "count"), [(0, 0), (0, 1), (5, 0), (5, 7), (511, 1), (0, 512)])
def test_span(start: int, count: int) -> None:
    assert as_set(bits.span(start, count)) == set(range(start, start + count))


def test_runs_are_maximal_ascending_and_complete() -> None:
    for pages in SETS:
        runs = list(bits.runs(as_int(pages)))
        assert {page for start, length in runs for page in range(start, start + length)} == pages
        assert all(length > 0 for _, length in runs)
        assert all(a + la < b for (a, la), (b, _) in pairwise(runs))


def test_from_runs_is_the_opposite_of_runs() -> None:
    for pages in SETS:
        found = tuple(bits.runs(as_int(pages)))
        assert bits.from_runs(found) == bits.from_runs(reversed(found)) == as_int(pages)
    assert bits.from_runs([(3, 4), (5, 4)]) == as_int({3, 4, 5, 6, 7, 8}), "pieces may overlap"


def test_lowest() -> None:
    for pages in SETS:
        if pages:
            assert bits.lowest(as_int(pages)) == min(pages)


@pytest.mark.parametrize("count", [-3, 0, 1, 2, 17, 100, WIDTH, 10 * WIDTH])
def test_lowest_n(count: int) -> None:
    for pages in SETS:
        assert as_set(bits.lowest_n(as_int(pages), count)) == set(sorted(pages)[: max(count, 0)])


@pytest.mark.parametrize(("step", "width"), [(1, 10), (2, 9), (8, 64), (512, 512), (512, 513), (3, 100)])
def test_every(step: int, width: int) -> None:
    assert as_set(bits.every(step, width)) == set(range(0, width, step))


@pytest.mark.parametrize("order", range(10))
def test_aligned_runs_and_spread(order: int) -> None:
    size = 1 << order
    for pages in SETS:
        wanted = {head for head in range(0, WIDTH, size) if set(range(head, head + size)) <= pages}
        starts = bits.aligned_runs(as_int(pages), order, WIDTH)
        assert as_set(starts) == wanted
        assert as_set(bits.spread(starts, order)) == {page for head in wanted for page in range(head, head + size)}


@pytest.mark.parametrize(("first", "count"), [(0, 0), (0, 5), (3, 5), (3, 6), (8, 8), (15, 26)])
def test_a_run_cut_at_sections_is_the_run_again_and_what_lies_within_each(first: int, count: int) -> None:
    parts = [*cut(first, count, 8)]
    assert [nr * 8 + at + one for nr, at, here in parts for one in range(here)] == [*range(first, first + count)]
    assert all(bits.within(nr * 8, 8, first, count) == bits.span(at, here) for nr, at, here in parts)
    assert not bits.within((first + count) // 8 * 8 + 8, 8, first, count)
