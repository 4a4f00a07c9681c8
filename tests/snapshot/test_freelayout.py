"""Captures without kpageflags: the pages that no one saw have the free areas and pageblock types that were counted."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.memory.block import Block
from altmap.engine.memory.section import Types
from altmap.engine.memory.state import State
from altmap.engine.mm.free_area import block_counts, order_counts, section_counts
from altmap.engine.mm.page_alloc import take
from altmap.engine.numbers.bits import every, from_runs, span
from altmap.engine.numbers.frozen import Frozen
from altmap.engine.protocol.vocabulary import ASSUMED, FREE, HUGE, MEMMAP, MOVABLE, PCP, Kind
from altmap.engine.reading.kpageflags import KPF_BUDDY, KPF_SLAB
from altmap.engine.reading.observation import BlockReading, Observation, PageRun, Resource, ZoneReading
from altmap.engine.rebuild.block_types import touched_blocks
from altmap.engine.rebuild.identify import identify
from altmap.engine.rebuild.rebuild import build_state, rebuild
from altmap.engine.run.invariants import check

NORMAL = (0, "Normal")
FIRST, SIZE = 32, 32768
START = FIRST * SIZE
LRU = 0x20
Counts = tuple[int, ...]


def areas(**orders: int) -> Counts:
    return tuple(orders.get(f"o{order}", 0) for order in range(11))


def pages(counts: Counts) -> int:
    return sum(count << order for order, count in enumerate(counts))


def capture(
    sections: int,
    counts: Counts,
    *,
    free: int | None = None,
    pcp: int = 0,
    movable: int = 0,
    withheld: int = 0,
    types: dict[str, int] | None = None,
    seen: tuple[PageRun, ...] = (),
) -> Observation:
    """What a machine of one zone shows. `free`: what zoneinfo says, if not what buddyinfo does; `withheld`: pages that are
    present and not managed."""
    present = sections * SIZE
    free = pages(counts) if free is None else free
    zone = ZoneReading(
        node=0,
        zone="Normal",
        free=free,
        pcp=pcp,
        min=0,
        low=0,
        high=0,
        spanned=present,
        present=present,
        managed=present - withheld,
        cma=0,
        start_pfn=START,
        protection=(),
        counters=Frozen({"nr_zone_inactive_anon": movable}),
    )
    return Observation(
        source="capture",
        version="Linux version 6.12.0-amd64",
        cmdline="",
        block_size=128 << 20,
        auto_online_blocks="offline",
        has_probe=False,
        blocks=tuple(BlockReading(nr, "online", ("Normal",), (0,)) for nr in range(FIRST, FIRST + sections)),
        nodes=(),
        node_lists=Frozen({"online": (0,), "has_cpu": (0,)}),
        zones=(zone,),
        buddyinfo=Frozen({"0/Normal": counts}),
        pageblocks=Frozen({} if types is None else {"0/Normal": Frozen(types)}),
        pageblock_order=9,
        resources=(Resource(START << 12, (START + present) << 12, "System RAM", 0),),
        pages=seen,
        notes=(),
    )


def laid_out(seen: Observation, prior: State | None = None) -> tuple[State, list[str]]:
    state, notes = build_state(seen, identify(seen), prior)
    assert check(state) == []
    return state, notes


def total(state: State, kind: Kind) -> int:
    return sum(section.count(kind) for section in state.sections.values())


def found(state: State) -> Counts:
    return tuple(order_counts(state, NORMAL))


# -- free areas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "counts",
    [
        areas(),
        areas(o10=4 * 32),
        areas(o0=1),
        areas(o9=1),
        areas(o9=128),
        areas(o0=4 * 16384),
        areas(o0=4, o1=3, o2=5, o5=2, o8=7, o9=3, o10=90),
        areas(o0=20000, o1=2000, o3=900, o10=60),
        areas(o3=4000, o4=3),
    ],
)
def test_the_areas_are_those_of_buddyinfo(counts: Counts) -> None:
    state, notes = laid_out(capture(4, counts))
    assert found(state) == counts
    assert notes == []


@pytest.mark.parametrize("seed", range(25))
def test_whatever_a_real_zone_had_can_be_laid_out(seed: int) -> None:
    """Counts that come from some set of free pages always fit."""
    chance = Random(seed)
    geometry, counts = ARCHITECTURES["x86_64"].geometry, areas()
    for _ in range(3):
        share = chance.choice([20, 200, 3000])
        free = span(0, SIZE) & ~from_runs((chance.randrange(SIZE - 99), chance.randrange(99)) for _ in range(share))
        ((_, row),) = section_counts(free, Types(), geometry)
        counts = tuple(a + b for a, b in zip(counts, row, strict=True))
    used = 3 * SIZE - pages(counts)
    pcp = chance.randrange(used // 2)
    movable = chance.randrange(used - pcp)
    state, notes = laid_out(capture(3, counts, pcp=pcp, movable=movable))
    assert (found(state), notes) == (counts, [])
    assert [total(state, kind) for kind in (FREE, PCP, MOVABLE, ASSUMED)] == [
        pages(counts), pcp, movable, used - pcp - movable,
    ]  # fmt: skip


def test_free_pages_gather_at_the_high_end() -> None:
    state, _ = laid_out(capture(4, areas(o0=2, o9=1, o10=70), movable=40000))
    shares = [state.sections[nr].count(FREE) for nr in range(FIRST, FIRST + 4)]
    assert shares == sorted(shares)
    assert shares[2:] == [SIZE, SIZE]
    free, lower = state.sections[FIRST].of(FREE), every(2, SIZE)
    assert (free & lower & ~(free >> 1)).bit_count() == 2, "lower buddies, where the scanner for free pages sees them"
    assert not free & ~lower & ~(free << 1)
    assert state.sections[FIRST + 1].of(FREE) == span(SIZE - 6 * 1024, 6 * 1024)
    assert state.sections[FIRST + 1].of(MOVABLE) >> SIZE - 6 * 1024 - 1


def with_heads() -> State:
    """Two blocks of which the model knows that they hold their own memmap."""
    prior, _ = laid_out(capture(2, areas(o9=2, o10=62)))
    for nr in (FIRST, FIRST + 1):
        prior.blocks.load({nr: Block(nr, "online", (0,), NORMAL, 512)})
    for nr in list(prior.sections):
        prior.sections.drop(nr)
    return prior


def test_self_hosted_blocks_have_their_order_9_next_to_the_head() -> None:
    prior = with_heads()
    state, notes = laid_out(capture(2, areas(o9=2, o10=62), withheld=1024), prior)
    assert notes == []
    assert found(state) == areas(o9=2, o10=62)
    assert state.sections[FIRST].of(MEMMAP) == span(0, 512)
    state, _ = laid_out(capture(2, areas(o9=1, o10=61), withheld=1024), prior)
    assert found(state) == areas(o9=1, o10=61)
    assert state.sections[FIRST + 1].of(FREE) == span(512, SIZE - 512)


def test_as_many_huge_pages_can_be_had_as_the_kernel_had() -> None:
    """The same free pages in other areas: 5 or 64 huge pages."""
    for counts, huge in ((areas(o8=118, o9=3, o10=1), 5), (areas(o10=32), 64)):
        state, _ = laid_out(capture(2, counts))
        assert pages(counts) == 32768
        assert len(take(state, NORMAL, 9, 1000, HUGE)) == huge


@pytest.mark.parametrize(
    ("small", "movable", "withheld", "kind"),
    [(100, 20000, 0, ASSUMED), (30000, 20000, 0, MOVABLE), (5000, 54000, 19000, MOVABLE), (5000, 54000, 1000, ASSUMED)],
)
def test_what_lies_between_small_areas(small: int, movable: int, withheld: int, kind: Kind) -> None:
    """Kernel pages where there are enough of them that are not reserved; else movable ones, and compaction can help."""
    state, _ = laid_out(capture(4, areas(o0=small, o10=50), movable=movable, withheld=withheld))
    between = sum((s.of(kind) & (s.of(FREE) >> 1 | s.of(FREE) << 1)).bit_count() for s in state.sections.values())
    assert between > small // 2


def test_heads_are_not_reserved_pages() -> None:
    """600 kernel pages are enough for 500 small areas to lie between them; the heads are not counted off."""
    state, _ = laid_out(capture(2, areas(o0=500, o10=50), movable=12212, withheld=1024), with_heads())
    between = sum((s.of(ASSUMED) & (s.of(FREE) >> 1 | s.of(FREE) << 1)).bit_count() for s in state.sections.values())
    assert between > 400


def test_pages_on_lists_lie_apart_and_make_no_areas_when_drained() -> None:
    state, _ = laid_out(capture(2, areas(o10=40), pcp=3000, movable=2000))
    lists = [section.of(PCP) for section in state.sections.values()]
    assert sum(mask.bit_count() for mask in lists) == 3000
    assert not any(mask & mask >> 1 for mask in lists)
    full, _ = laid_out(capture(1, areas(o0=2, o10=31), pcp=1000))
    assert total(full, PCP) == 1000


def test_a_busy_zone_of_many_sections_alike() -> None:
    counts = areas(o0=90000, o1=1, o7=3000, o9=300, o10=3000)
    state, notes = laid_out(capture(300, counts, movable=4_000_000, pcp=900))
    assert (found(state), notes) == (counts, [])
    assert [total(state, kind) for kind in (FREE, MOVABLE, PCP)] == [pages(counts), 4_000_000, 900]


# -- what does not fit --------------------------------------------------------------------------------------------------


def test_free_pages_of_zoneinfo_count_for_more_than_those_of_buddyinfo() -> None:
    for difference in (7, -7, 600, -600):
        counts = areas(o0=3, o3=1, o9=2, o10=20)
        state, (note,) = laid_out(capture(2, counts, free=pages(counts) + difference))
        assert total(state, FREE) == pages(counts) + difference
        assert note.startswith("zone Normal of node 0: the free areas of buddyinfo (3 0 0 1 0 0 0 0 0 2 20) do not fit")
        assert f"it has ({' '.join(map(str, found(state)))})" in note
        assert found(state)[10] >= 19


def test_an_area_too_many_that_was_seen_costs_areas_of_the_next_orders() -> None:
    runs = (PageRun(START, 512, KPF_BUDDY, 0), PageRun(START + 512, SIZE - 512, LRU, 1))
    counts = areas(o0=600, o8=3, o10=20)
    state, (_,) = laid_out(capture(2, counts, movable=SIZE - 512, seen=runs))
    assert found(state) == areas(o0=600, o8=1, o9=1, o10=20)


def test_areas_without_used_pages_between_them_grow_together() -> None:
    counts = areas(o0=SIZE)
    state, (note,) = laid_out(capture(1, counts))
    assert total(state, FREE) == SIZE
    assert "it has (0 0 0 0 0 0 0 0 0 0 32)" in note
    state, (note,) = laid_out(capture(1, areas(o9=64)))
    assert found(state) == areas(o10=32)


# -- what was seen ------------------------------------------------------------------------------------------------------


def test_pages_that_were_seen_stay_and_count() -> None:
    """Half of a section was seen: one free area of order 5 and movable pages; the rest is laid out around them."""
    runs = (
        PageRun(START, 64, LRU, 1),
        PageRun(START + 64, 32, 1 << KPF_BUDDY.bit_length() - 1, 0),
        PageRun(START + 96, SIZE // 2 - 96, LRU, 1),
    )
    counts = areas(o0=4, o5=2, o9=3, o10=20)
    state, notes = laid_out(capture(2, counts, movable=SIZE // 2 - 32, seen=runs))
    assert (found(state), notes) == (counts, [])
    seen = span(0, SIZE // 2)
    assert state.sections[FIRST].of(FREE) & seen == span(64, 32)
    assert state.sections[FIRST].of(MOVABLE) & seen == seen & ~span(64, 32)


def test_a_free_page_that_was_seen_does_not_merge_with_what_is_laid_out() -> None:
    runs = tuple(PageRun(START + at, 1, KPF_BUDDY, 0) for at in range(0, 1024, 2))
    counts = areas(o0=517, o10=60)
    state, notes = laid_out(capture(2, counts, seen=runs))
    assert (found(state), notes) == (counts, [])


def test_sections_that_were_seen_whole_are_left_alone() -> None:
    runs = (PageRun(START, 1024, KPF_BUDDY, 0), PageRun(START + 1024, SIZE - 1024, LRU, 1))
    state, notes = laid_out(capture(2, areas(o0=9, o10=12), movable=SIZE - 1024, seen=runs))
    assert (found(state), notes) == (areas(o0=9, o10=12), [])
    assert state.sections[FIRST].of(FREE) == span(0, 1024)


def test_what_agrees_already_stays_where_it_is() -> None:
    counts = areas(o0=3, o9=2, o10=20)
    prior, _ = laid_out(capture(2, counts))
    section = prior.sections[FIRST]
    prior.set_kind(section, span(4096, 1024), FREE)
    prior.set_kind(prior.sections[FIRST + 1], span(SIZE - 1024, 1024), ASSUMED)
    assert found(prior) == counts
    again, _ = laid_out(capture(2, counts), prior)
    assert again.sections[FIRST].pages == prior.sections[FIRST].pages
    other, _ = laid_out(capture(2, areas(o0=2051, o9=2, o10=18)), prior)
    assert other.sections[FIRST].pages != prior.sections[FIRST].pages


def test_without_buddyinfo_nothing_is_moved() -> None:
    with_areas = capture(2, areas(o0=1000, o10=20))
    state, notes = laid_out(msgspec.structs.replace(with_areas, buddyinfo=Frozen()))
    assert notes == []
    assert found(state)[0] < 1000


# -- types of pageblocks ------------------------------------------------------------------------------------------------


def test_pageblocks_have_the_counted_types() -> None:
    types = {"Unmovable": 20, "Movable": 99, "Reclaimable": 7, "HighAtomic": 2, "Isolate": 0}
    state, _ = laid_out(capture(2, areas(o0=50, o9=9, o10=30), types=types))
    assert {name: count for name, count in block_counts(state, NORMAL).items() if name in types} == types
    assert found(state) == areas(o0=50, o9=9, o10=30)


def test_unmovable_pageblocks_are_those_that_kernel_pages_share_with_free_ones_first() -> None:
    runs = (
        PageRun(START, 2300, KPF_SLAB, 0),
        PageRun(START + 2300, 260, KPF_BUDDY, 0),
        PageRun(START + 2560, SIZE - 2560, LRU, 1),
    )
    counts = areas(o2=1, o8=1)
    for unmovable, blocks in ((1, 0b10000), (2, 0b10001), (7, 0b1111111)):
        types = {"Unmovable": unmovable, "Movable": 64 - unmovable}
        state, _ = laid_out(capture(1, counts, movable=SIZE - 2560, types=types, seen=runs))
        assert state.sections[FIRST].types == {"Unmovable": blocks}


def test_types_change_as_little_as_they_must() -> None:
    seen = capture(2, areas(o0=50, o10=40), types={"Unmovable": 9, "Movable": 119})
    prior, _ = laid_out(seen)
    fewer, _ = laid_out(capture(2, areas(o0=50, o10=40), types={"Unmovable": 4, "Movable": 124}), prior)
    more, _ = laid_out(capture(2, areas(o0=50, o10=40), types={"Unmovable": 12, "Movable": 116}), prior)
    for nr in prior.sections:
        had = prior.sections[nr].types.get("Unmovable", 0)
        assert fewer.sections[nr].types.get("Unmovable", 0) & ~had == 0
        assert had & ~more.sections[nr].types.get("Unmovable", 0) == 0
    assert block_counts(fewer, NORMAL)["Unmovable"] == 4
    assert block_counts(more, NORMAL)["Unmovable"] == 12


def test_the_pageblocks_of_heads_stay_unmovable() -> None:
    types = {"Unmovable": 1, "Movable": 127}
    state, _ = laid_out(capture(2, areas(o9=2, o10=62), withheld=1024, types=types), with_heads())
    assert [section.types for section in state.sections.values()] == [{"Unmovable": 1}] * 2


def test_free_pageblocks_do_not_become_highatomic_and_cma_is_whole_areas() -> None:
    types = {"Unmovable": 0, "Movable": 95, "HighAtomic": 1, "CMA": 33}
    state, _ = laid_out(capture(2, areas(o10=64), types=types))
    assert found(state) == areas(o10=64)
    assert block_counts(state, NORMAL)["HighAtomic"] == 0
    assert block_counts(state, NORMAL)["CMA"] == 32


@pytest.mark.parametrize(
    "mask", [0, 1, 1 << 511, 1 << 512, span(500, 20), span(0, SIZE), 1 << 700 | 1 << 32767], ids=hash
)
def test_touched_blocks(mask: int) -> None:
    assert touched_blocks(mask, 9) == sum(1 << block for block in range(64) if mask >> (512 * block) & span(0, 512))


def test_a_captured_machine_says_what_does_not_fit() -> None:
    counts = areas(o9=64)
    _, origin = rebuild(capture(1, counts))
    assert any("free areas of buddyinfo" in note for note in origin.notes)
