"""`VmemAltmap` against vmem_altmap_alloc of the kernel (mm/sparse-vmemmap.c)."""

from __future__ import annotations

import random

import pytest
from altmap.engine.mm.vmem_altmap import VmemAltmap
from altmap.engine.protocol.reasons import HotplugError
from altmap.engine.protocol.reasons.adding import AltmapInvalid


def test_a_base_page_first_costs_the_alignment_of_the_next_pmd() -> None:
    pool = VmemAltmap(0x1000, 1024)
    assert pool.take(1) == 0x1000
    assert pool.take(512) == 0x1200
    assert (pool.alloc, pool.align) == (513, 511)


def test_with_one_page_less_the_second_request_fails() -> None:
    pool = VmemAltmap(0x1000, 1023)
    assert pool.take(1) == 0x1000
    assert pool.take(512) is None
    assert (pool.alloc, pool.align) == (1, 0), "a refusal takes nothing"


def test_pmds_follow_one_another_without_gaps() -> None:
    pool = VmemAltmap(0x100000, 32768)
    assert [pool.take(512) for _ in range(3)] == [0x100000, 0x100200, 0x100400]
    assert pool.align == 0


def test_the_pool_ends_where_free_says() -> None:
    pool = VmemAltmap(0x100000, 1024)
    assert [pool.take(512), pool.take(512), pool.take(1)] == [0x100000, 0x100200, None]


def test_the_reserve_is_never_handed_out_and_not_part_of_free() -> None:
    pool = VmemAltmap(0x100000, 1024, reserve=512)
    assert pool.take(512) == 0x100200
    assert pool.take(512) == 0x100400
    assert pool.take(1) is None
    assert pool.offset == 512 + 1024


def test_a_reserve_that_is_not_a_pmd_is_padded() -> None:
    pool = VmemAltmap(0x100000, 1024, reserve=2)
    assert pool.take(512) == 0x100200
    assert pool.align == 510


@pytest.mark.parametrize(("pages", "unit"), [(1, 1), (2, 2), (3, 1), (6, 2), (512, 512), (1536, 512)])
def test_the_alignment_is_the_lowest_set_bit_of_the_number(pages: int, unit: int) -> None:
    pool = VmemAltmap(0x1001, 8192)
    pfn = pool.take(pages)
    assert pfn == -(-0x1001 // unit) * unit


def test_the_flush_marks_each_page_once_and_moves_the_base_behind_it() -> None:
    pool = VmemAltmap(0x100000, 81920)
    marked = []
    for _ in range(3):
        pool.take(512)
        marked.append(pool.flush())
    assert marked == [(0x100000, 512), (0x100200, 512), (0x100400, 512)]
    assert (pool.base_pfn, pool.alloc) == (0x100600, 0)
    assert pool.free == 81920, "free stays, so the pool's end moves along"


def test_a_flush_without_allocations_marks_nothing() -> None:
    pool = VmemAltmap(0x100000, 512)
    assert pool.flush() == (0x100000, 0)


@pytest.mark.parametrize(
    ("pool", "start", "pages"),
    [
        (VmemAltmap(0x100200, 512), 0x100000, 32768),
        (VmemAltmap(0x100000, 32768, reserve=1), 0x100000, 32768),
        (VmemAltmap(0x100000, 32769), 0x100000, 32768),
    ],
    ids=["begins elsewhere", "reserve too big", "free too big"],
)
def test_an_altmap_that_does_not_fit_the_request_is_invalid(pool: VmemAltmap, start: int, pages: int) -> None:
    with pytest.raises(HotplugError) as refusal:
        pool.check(start, pages)
    assert refusal.value.errno == "EINVAL"
    assert refusal.value.reason == AltmapInvalid(pool.base_pfn, pool.offset, start, pages)


def test_a_fitting_altmap_counts_from_zero_after_the_check() -> None:
    pool = VmemAltmap(0x100000, 32768)
    pool.take(512)
    pool.check(0x100000, 32768)
    assert pool.alloc == 0
    assert pool.take(512) == 0x100000


def test_the_text_of_an_altmap_names_every_number() -> None:
    assert repr(VmemAltmap(0x1000, 7, 3, 2)) == "VmemAltmap(base_pfn=0x1000, reserve=3, free=7, align=2, alloc=0)"


@pytest.mark.parametrize("seed", range(20))
def test_any_sequence_is_the_kernels_arithmetic(seed: int) -> None:
    """vmem_altmap_alloc written out naively beside it; what is handed out never overlaps or leaves."""
    dice = random.Random(seed)
    base, free, reserve = dice.randrange(1 << 20), dice.randrange(1, 5000), dice.randrange(600)
    pool = VmemAltmap(base, free, reserve)
    alloc = align = 0
    handed: list[range] = []
    for _ in range(60):
        pages = dice.choice((1, 1, 2, 3, 8, 512))
        unit = next(u for u in (1 << k for k in range(12)) if pages % (2 * u))
        following = base + reserve + alloc + align
        pad = (unit - following % unit) % unit
        fits = pages + pad <= free - (alloc + align)
        got = pool.take(pages)
        assert got == (following + pad if fits else None)
        if got is not None:
            alloc, align = alloc + pages, align + pad
            assert got % unit == 0
            assert base + reserve <= got
            assert got + pages <= base + reserve + free
            assert not any(set(range(got, got + pages)) & set(other) for other in handed)
            handed.append(range(got, got + pages))
    assert (pool.alloc, pool.align) == (alloc, align)
