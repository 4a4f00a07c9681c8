"""Allocating and freeing: which pages are taken, by the rules of mm/page_alloc.c, and that counters follow."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from altmap.engine import Machine, open_machine
from altmap.engine.memory.section import set_types
from altmap.engine.memory.state import State, clone, state_of
from altmap.engine.mm import page_alloc
from altmap.engine.mm.free_area import block_counts, free_counts, order_counts
from altmap.engine.mm.free_index import FreeIndex, free_index
from altmap.engine.mm.page_isolation import start_isolate
from altmap.engine.mm.watermarks import Watermarks
from altmap.engine.numbers.bits import from_runs, span
from altmap.engine.protocol.vocabulary import (
    FREE,
    HUGE,
    KERNEL,
    MOVABLE,
    PCP,
    SLAB,
    VMEMMAP,
    Chunk,
    Kind,
    Migratetype,
    ZoneKey,
)

from .guests import dimm, guest, occupy, online, picture, two_nodes

NORMAL = (0, "Normal")
DMA32 = (0, "DMA32")
FIRST = 0x100000
SIZE = 32768


def plain(sections: int = 2, free: int = -1, *, ram: str = "2G") -> Machine:
    """ZONE_NORMAL of a guest has so many sections, all free and Movable, or in each of them the pages of `free`."""
    machine = guest(ram, memmap_on_memory="N")
    dimm(machine, f"{128 * sections}M")
    online(machine, *range(32, 32 + sections), kind="online_kernel")
    state = state_of(machine)
    for section, owned in list(state.zone_sections(NORMAL)):
        state.set_kind(section, owned & ~free, MOVABLE)
    state.journal.take()
    return machine


def give_type(machine: Machine, blocks: int, migratetype: Migratetype, section: int = 32) -> None:
    state = state_of(machine)
    before = state.sections[section]
    state.sections.put(section, msgspec.structs.replace(before, types=set_types(before.types, blocks, migratetype)))


def take(machine: Machine, order: int, count: int, kind: Kind = KERNEL, **how: object) -> list[Chunk]:
    return page_alloc.take(state_of(machine), NORMAL, order, count, kind, **how)  # type: ignore[arg-type]


def pages_of(chunks: list[Chunk]) -> int:
    return sum(count for _, count in chunks)


def big(machine: Machine) -> list[int]:
    """Areas of orders 9 and 10."""
    return order_counts(state_of(machine), NORMAL)[9:]


# -- the request's own type ---------------------------------------------------------------------------------------------


def test_the_smallest_area_that_is_big_enough_goes_first() -> None:
    free = span(1024, 1024) | span(3000, 1) | span(4096 + 8, 8) | span(5120, 2)
    machine = plain(1, free)
    assert take(machine, 0, 1, MOVABLE) == [(FIRST + 3000, 1)]
    assert take(machine, 0, 1, MOVABLE) == [(FIRST + 5120, 1)]
    assert take(machine, 2, 1, MOVABLE) == [(FIRST + 4096 + 8, 4)]
    assert take(machine, 0, 3, MOVABLE) == [(FIRST + 5121, 1), (FIRST + 4096 + 12, 2)]
    assert big(machine) == [0, 1]


def test_the_lowest_of_equal_areas_goes_first() -> None:
    machine = plain(2)
    assert take(machine, 9, 3, HUGE) == [(FIRST, 512), (FIRST + 512, 512), (FIRST + 1024, 512)]
    assert big(machine) == [1, 62]
    assert take(machine, 9, 1, HUGE) == [(FIRST + 1536, 512)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("order", [0, 1, 3, 9])
def test_many_requests_at_once_take_what_they_take_one_by_one(order: int, seed: int) -> None:
    chance = Random(seed)
    free = from_runs((chance.randrange(32000), chance.randrange(1, 1500)) for _ in range(20))
    together, apart = plain(2, free), plain(2, free)
    count = min(40, pages_of(page_alloc.take(state_of(plain(2, free)), NORMAL, order, 1 << 20, MOVABLE)) >> order)
    chunks = take(together, order, count, MOVABLE)
    for _ in range(count):
        take(apart, order, 1, MOVABLE)
    assert pages_of(chunks) == count << order
    assert picture(together)["sections"] == picture(apart)["sections"]


@pytest.mark.parametrize("seed", range(4))
def test_what_was_taken_is_what_the_sections_say(seed: int) -> None:
    chance = Random(seed)
    free = chance.getrandbits(SIZE)
    machine = plain(2, free)
    before = machine.zones[NORMAL].free
    chunks = take(machine, 0, 20000, MOVABLE)
    assert pages_of(chunks) == 20000 == before - machine.zones[NORMAL].free
    for nr in (32, 33):
        mine = from_runs((pfn - nr * SIZE, count) for pfn, count in chunks if pfn // SIZE == nr)
        assert mine & ~free == 0
        assert machine.sections[nr].of(FREE) == free & ~mine
    assert machine.check() == []


# -- pages of another type ----------------------------------------------------------------------------------------------


def test_unmovable_pages_take_the_biggest_area_with_its_pageblocks() -> None:
    machine = plain(1, span(0, 16) | span(2048, 1024) | span(4096, 1024))
    assert take(machine, 0, 3) == [(FIRST + 2048, 3)]
    assert machine.sections[32].types == {"Unmovable": 0b110000}
    assert take(machine, 0, 1) == [(FIRST + 2051, 1)]
    assert take(machine, 9, 1, VMEMMAP) == [(FIRST + 2560, 512)]
    assert free_counts(state_of(machine), NORMAL)["Movable"][4] == 1
    assert big(machine) == [0, 1]


def test_unmovable_pages_prefer_reclaimable_pageblocks() -> None:
    machine = plain(1, span(0, 1024) | span(2048, 1024))
    give_type(machine, 0b110000, "Reclaimable")
    assert take(machine, 0, 1) == [(FIRST + 2048, 1)]
    assert take(machine, 0, 1, SLAB, migratetype="Reclaimable") == [(FIRST, 1)]
    assert machine.sections[32].types == {"Unmovable": 0b110000, "Reclaimable": 0b11}


def test_movable_pages_take_the_smallest_of_another_type_and_leave_the_type() -> None:
    machine = plain(1, span(0, 8) | span(512, 2) | span(1024, 4))
    give_type(machine, 0b111, "Unmovable")
    assert take(machine, 0, 3, MOVABLE) == [(FIRST + 512, 2), (FIRST + 1024, 1)]
    assert machine.sections[32].types == {"Unmovable": 0b111}


def test_movable_pages_take_a_pageblock_that_is_half_their_own() -> None:
    machine = plain(1, span(0, 128) | span(512, 64))
    give_type(machine, 0b1, "Unmovable")
    give_type(machine, 0b10, "Unmovable")
    assert take(machine, 0, 1, MOVABLE) == [(FIRST, 1)]
    assert machine.sections[32].types == {"Unmovable": 0b10}


@pytest.mark.parametrize(("free", "claimed"), [(256, True), (255, False)])
def test_a_movable_pageblock_is_claimed_when_half_of_it_is_free(free: int, claimed: bool) -> None:
    machine = plain(1, span(512, free))
    assert take(machine, 0, 2) == [(FIRST + 512, 2)] or not claimed
    assert machine.sections[32].types == ({"Unmovable": 0b10} if claimed else {})


def test_kernel_pages_in_a_movable_pageblock_count_for_a_kernel_request() -> None:
    machine = plain(1, span(512, 200))
    occupy(machine, FIRST + 800, 56, KERNEL)
    take(machine, 0, 1)
    assert machine.sections[32].types == {"Unmovable": 0b10}


def test_isolated_highatomic_and_cma_pages_are_not_for_the_kernel() -> None:
    machine = plain(1, span(0, 4 * 1024))
    give_type(machine, 0b000011, "HighAtomic")
    give_type(machine, 0b001100, "CMA")
    give_type(machine, 0b110000, "Isolate")
    assert pages_of(take(machine, 0, 5000)) == 1024
    assert free_counts(state_of(machine), NORMAL)["CMA"][10] == 1
    assert pages_of(take(machine, 0, 5000, MOVABLE)) == 1024
    assert [free_counts(state_of(machine), NORMAL)[name][10] for name in ("HighAtomic", "CMA", "Isolate")] == [1, 0, 1]


def test_a_whole_zone_can_be_taken_and_given_back() -> None:
    machine = plain(2)
    before = order_counts(state_of(machine), NORMAL)
    chunks = take(machine, 0, 1 << 20)
    assert pages_of(chunks) == 2 * SIZE
    assert take(machine, 0, 1) == []
    assert page_alloc.free_pages(state_of(machine), chunks, (KERNEL,)) == 2 * SIZE
    assert order_counts(state_of(machine), NORMAL) == before
    assert machine.zones[NORMAL].free == 2 * SIZE


# -- zones and watermarks -----------------------------------------------------------------------------------------------


def test_every_zone_down_to_low_before_any_down_to_min() -> None:
    machine = plain(2)
    state = state_of(machine)
    watermarks = Watermarks(state)
    zones = [NORMAL, DMA32]
    low = {key: watermarks.room(state, key, 0, "Normal", True) for key in zones}
    least = {key: watermarks.room(state, key, 0, "Normal", False) for key in zones}
    assert 0 < low[NORMAL] < least[NORMAL]
    chunks = page_alloc.allocate(state, zones, 0, sum(low.values()) + 5, KERNEL, "Normal")
    taken = {key: sum(n for pfn, n in chunks if (pfn >= FIRST) == (key == NORMAL)) for key in zones}
    assert taken == {NORMAL: low[NORMAL] + 5, DMA32: low[DMA32]}
    rest = page_alloc.allocate(state, zones, 0, 1 << 24, KERNEL, "Normal")
    assert pages_of(rest) == sum(least.values()) - sum(low.values()) - 5
    assert page_alloc.allocate(state, zones, 0, 1, KERNEL, "Normal") == []


def test_boost_keeps_so_many_pages_more() -> None:
    machine = plain(1)
    room = Watermarks(state_of(machine)).room(state_of(machine), NORMAL, 0, "Normal", False)
    assert pages_of(page_alloc.allocate(state_of(machine), [NORMAL], 0, 1 << 20, KERNEL, "Normal", 512)) == room - 512


def test_a_lower_zone_is_tried_before_pageblocks_of_normal_are_mixed() -> None:
    """alloc_flags_nofragment: ZONE_NORMAL has no whole pageblock left, ZONE_DMA32 has."""
    machine = plain(4, sum(1 << at for at in range(0, SIZE, 2)))
    (chunk,) = page_alloc.allocate(state_of(machine), [NORMAL, DMA32], 0, 4, KERNEL, "Normal")
    assert chunk[0] < FIRST
    assert block_counts(state_of(machine), NORMAL)["Unmovable"] == 0
    (_, *others) = page_alloc.allocate(state_of(machine), [NORMAL], 0, 4, KERNEL, "Normal")
    assert [pfn >= FIRST for pfn, _ in others] == [True] * 3


def test_another_nodes_zone_does_not_count_as_a_lower_one() -> None:
    machine = two_nodes("2G", "1G")
    dimm(machine, "128M", at="4G", node=1, placement="boot")
    online(machine, 32, kind="online_kernel")
    state = state_of(machine)
    for section, owned in list(state.zone_sections((1, "Normal"))):
        state.set_kind(section, sum(1 << at for at in range(0, SIZE, 2)) & owned, MOVABLE)
    (chunk,) = page_alloc.allocate(state, [(1, "Normal"), (0, "DMA32")], 0, 1, KERNEL, "Normal")
    assert chunk[0] >= FIRST


# -- freeing ------------------------------------------------------------------------------------------------------------


def test_only_pages_of_the_named_kinds_are_freed() -> None:
    machine = plain(2, 0)
    occupy(machine, FIRST + SIZE - 8, 16, KERNEL)
    chunks = [(FIRST + SIZE - 16, 32), (FIRST + 100, 50)]
    assert page_alloc.free_pages(state_of(machine), chunks, (KERNEL, SLAB)) == 16
    assert machine.zones[NORMAL].free == 16
    assert machine.sections[32].of(FREE) == span(SIZE - 8, 8)
    assert machine.sections[33].of(FREE) == span(0, 8)


def test_freeing_pages_of_an_isolated_pageblock_does_not_count_them() -> None:
    machine = plain(1, span(0, 100))
    start_isolate(state_of(machine), state_of(machine).sections_of(FIRST, SIZE), FIRST, SIZE)
    assert machine.zones[NORMAL].free == 0
    assert page_alloc.free_pages(state_of(machine), [(FIRST + 500, 10)], (MOVABLE,)) == 10
    assert machine.zones[NORMAL].free == 0
    assert sum(n << order for order, n in enumerate(order_counts(state_of(machine), NORMAL))) == 110


def test_draining_gives_the_lists_back() -> None:
    machine = plain(2, span(1, SIZE - 1))
    for nr in (32, 33):
        state_of(machine).set_kind(state_of(machine).sections[nr], 1, PCP)
    assert (machine.zones[NORMAL].pcp, order_counts(state_of(machine), NORMAL)[0]) == (2, 2)
    assert pages_of(take(machine, 0, 1 << 20, MOVABLE)) == 2 * SIZE - 2
    page_alloc.drain(state_of(machine), NORMAL)
    assert (machine.zones[NORMAL].pcp, machine.zones[NORMAL].free) == (0, 2)


# -- the index behind it ------------------------------------------------------------------------------------------------


def found_afresh(state: State, order: int, kind: Kind) -> list[Chunk]:
    """What a copy of the state, which has no index yet, would take."""
    copy = State(state.preset, state.geometry, state.model, state.boot, state.chain)
    copy.sections.load(state.sections)
    copy.zones.load(state.zones)
    return page_alloc.take(copy, NORMAL, order, 3, kind)


@pytest.mark.parametrize("seed", range(20))
def test_the_index_follows_every_change(seed: int) -> None:
    """Commands, changes taken back in part or as a whole, blocks that go and come: pages are taken from where they are."""
    chance = Random(seed)
    machine = plain(3, chance.getrandbits(SIZE) | span(5000, 12000))
    state = state_of(machine)
    for _ in range(40):
        what = chance.randrange(7)
        mark = len(state.journal.changes)
        section = state.sections[32 + chance.randrange(3)]
        if what == 0:
            state.set_kind(section, chance.getrandbits(SIZE), chance.choice([FREE, MOVABLE, KERNEL]))
        elif what == 1:
            state.set_kind(section, span(chance.randrange(16) * 2048, 2048), FREE)
        elif what == 2:
            give_type(machine, chance.getrandbits(64), chance.choice(["Movable", "Unmovable", "CMA"]), section.nr)
        elif what == 3:
            state.journal.take()
        elif what == 4:
            state.journal.rewind()
        elif what == 5:
            take(machine, chance.choice([0, 3, 9]), chance.randrange(900), chance.choice([KERNEL, MOVABLE]))
            state.journal.rewind(mark)
        kinds: list[Kind] = [KERNEL, MOVABLE]
        order, kind = chance.choice([0, 4, 9]), chance.choice(kinds)
        expected = found_afresh(state, order, kind)
        assert take(machine, order, 3, kind) == expected


def test_sections_that_leave_are_forgotten() -> None:
    machine = plain(1)
    assert take(machine, 10, 1) == [(FIRST, 1024)]
    state_of(machine).journal.take()
    state_of(machine).sections.drop(32)
    state_of(machine).journal.take()
    assert take(machine, 0, 1) == []


@pytest.mark.parametrize("seed", range(12))
def test_the_index_of_free_lists_knows_after_each_take_what_a_fresh_one_finds(seed: int) -> None:
    """Takes from whole areas are followed without looking at the section again."""
    chance = Random(seed)
    state = state_of(open_machine(chance.choice(("mixed-guest", "small-guest", "numa-guest", "arm64-guest"))).copy())
    keys = [key for key, zone in state.zones.items() if zone.free]
    taken: list[Chunk] = []
    for _ in range(40):
        key = chance.choice(keys)
        if taken and chance.random() < 0.3:
            page_alloc.free_pages(state, [taken.pop(chance.randrange(len(taken)))], (MOVABLE, SLAB))
        else:
            kind: Kind = chance.choice((MOVABLE, SLAB))
            order = chance.choice((0, 0, 0, 1, 3, state.geometry.pageblock_order, state.geometry.max_order))
            taken += page_alloc.take(
                state, key, order, chance.choice((1, 2, 7, 100)), kind, None, chance.random() < 0.2
            )
        assert _lists(free_index(state, key)) == _lists(_fresh(state, key))


def _fresh(state: State, key: ZoneKey) -> FreeIndex:
    index = FreeIndex(state, key)
    index.update(state)
    return index


def _lists(index: FreeIndex) -> dict[int, frozenset[tuple[Migratetype, int]]]:
    return {nr: spots for nr, spots in index._spots.items() if spots}


def test_a_clone_takes_the_index_along_and_each_follows_its_own_state() -> None:
    state = state_of(plain(3))
    page_alloc.take(state, NORMAL, 0, 700, SLAB)
    index = free_index(state, NORMAL)
    page_alloc.free_pages(state, [(FIRST, 300)], (SLAB,))  # which the index has not seen yet
    other = clone(state)
    page_alloc.take(other, NORMAL, 4, 100, MOVABLE)
    page_alloc.take(state, NORMAL, 9, 65, SLAB)
    assert free_index(state, NORMAL) is index
    for one in (state, other):
        assert _lists(free_index(one, NORMAL)) == _lists(_fresh(one, NORMAL))
    assert _lists(free_index(other, NORMAL)) != _lists(index)


@pytest.mark.parametrize(("managed", "page_size", "batch"), [(1 << 20, 4096, 63), (1 << 20, 65536, 3), (3000, 4096, 1)])
def test_a_list_takes_as_much_memory_at_a_time_whatever_a_page_has(managed: int, page_size: int, batch: int) -> None:
    """zone_batchsize: a thousandth of the zone or 1 MiB, the less of them, and less than half as many."""
    assert page_alloc.list_batch(managed, page_size) == batch


def test_where_no_one_asks_for_each_place_the_same_pages_are_taken() -> None:
    """As many, in the same places, with the first of them; none where there are none."""
    machine = plain(3, from_runs((at, 1) for at in range(0, SIZE, 3)))
    state, other = state_of(machine), clone(state_of(machine))
    zones, wanted = [NORMAL, DMA32], SIZE // 2
    chunks = page_alloc.allocate(state, zones, 0, wanted, MOVABLE, "Normal")
    assert page_alloc.occupy(other, zones, wanted, MOVABLE, "Normal") == (page_alloc.pages_of(chunks), chunks[0][0])
    assert state.tables == other.tables
    assert page_alloc.occupy(other, [], wanted, MOVABLE, "Normal") == (0, None)
