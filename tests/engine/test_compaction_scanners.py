"""Where the scanners of compaction begin, what they pass over, and when they stop (mm/compaction.c)."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import Compact
from altmap.engine.memory.section import set_types
from altmap.engine.memory.state import state_of
from altmap.engine.mm.compaction.triggers import suitability, suitable
from altmap.engine.mm.free_area import order_counts
from altmap.engine.numbers.errors import BadInput
from altmap.engine.protocol.events import CompactionEnded, CompactionStarted, PagesCompacted
from altmap.engine.protocol.vocabulary import FREE, KERNEL, MOVABLE, PCP, SLAB

from .compacting import BLOCK, ZONE, compacted, ended, masks, moved, plugged, scatter, taken
from .guests import FIRST, occupy

# -- the scanners -----------------------------------------------------------------------------------------------------


def test_a_batch_has_32_pages_and_since_5_1_the_rest_of_a_pageblock_is_one_more() -> None:
    def batches(model: str) -> list[int]:
        machine = plugged(model=model)
        occupy(machine, FIRST + BLOCK, 100, MOVABLE)
        occupy(machine, FIRST + 63 * BLOCK, 1, KERNEL)  # a pageblock to move to
        return [event.isolated for event in taken(compacted(machine), "migrate")]

    assert batches("rfc-v2") == [32, 32, 32, 4]
    assert batches("6.1") == batches("6.12") == [32, 68]


def test_the_scanners_start_at_the_ends_of_the_zone_and_stop_in_one_pageblock() -> None:
    machine = plugged()
    scatter(machine)
    events = compacted(machine)
    assert events[0] == CompactionStarted(*ZONE, -1, FIRST, FIRST + 63 * BLOCK)
    end = ended(events)
    assert end.free_pfn // BLOCK <= end.migrate_pfn // BLOCK
    sources, targets = taken(events, "migrate"), taken(events, "free")
    assert [event.pfn for event in sources] == sorted(event.pfn for event in sources)
    blocks = [event.pfn // BLOCK for event in targets]
    assert blocks == sorted(blocks, reverse=True)
    assert max(event.end for event in sources) <= min(event.pfn for event in targets)


def test_pageblocks_of_another_type_and_wholly_free_ones_take_nothing() -> None:
    machine = plugged()
    scatter(machine)
    for pageblock, kind in ((63, SLAB), (62, FREE)):
        occupy(machine, FIRST + pageblock * BLOCK, BLOCK, kind)
    occupy(machine, FIRST + 63 * BLOCK, 256, FREE)
    section = machine.sections[32]
    types = set_types(section.types, 1 << 63, "Unmovable")
    state_of(machine).sections.put(32, msgspec.structs.replace(section, types=types))
    targets = taken(compacted(machine), "free")
    assert max(event.end for event in targets) == FIRST + 62 * BLOCK
    assert order_counts(state_of(machine), ZONE)[9] >= 1


def test_cma_pageblocks_take_pages() -> None:
    machine = plugged()
    scatter(machine)
    section = machine.sections[32]
    types = set_types(section.types, 1 << 63, "CMA")
    state_of(machine).sections.put(32, msgspec.structs.replace(section, types=types))
    assert taken(compacted(machine), "free")[0].pfn == FIRST + 63 * BLOCK


def test_where_every_other_pageblock_is_wholly_free_nothing_can_move() -> None:
    machine = plugged()
    occupy(machine, FIRST + 3 * BLOCK + 5, 10, MOVABLE)
    before = masks(machine, ZONE, MOVABLE)
    events = compacted(machine)
    assert [(event.pages, event.failed) for event in events if isinstance(event, PagesCompacted)] == [(0, 10)]
    assert masks(machine, ZONE, MOVABLE) == before
    assert ended(events).status == "complete"


def test_a_zone_with_too_little_free_is_given_up() -> None:
    """An area stays where its removal would reach the min watermark."""
    machine = plugged()
    occupy(machine, FIRST + BLOCK, 63 * BLOCK - 20, MOVABLE)
    before = masks(machine, ZONE, MOVABLE, FREE)
    events = compacted(machine)
    assert ended(events).status == "contended"
    assert moved(events) == 0
    assert masks(machine, ZONE, MOVABLE, FREE) == before


def test_the_oldest_pages_of_a_cpu_list_make_room_for_those_just_freed() -> None:
    machine = plugged()
    occupy(machine, FIRST + 20 * BLOCK, 8, PCP)
    occupy(machine, FIRST + 5 * BLOCK, 6, MOVABLE)
    occupy(machine, FIRST + 60 * BLOCK, 1, KERNEL)
    zone = machine.zones[ZONE]
    assert zone.pcp == 8
    assert moved(compacted(machine)) == 6
    assert machine.zones[ZONE] == zone
    assert masks(machine, ZONE, PCP) == [0b111111 << 5 * BLOCK | 0b11 << 20 * BLOCK + 6]


# -- for an order -----------------------------------------------------------------------------------------------------


def test_a_run_for_an_order_ends_with_the_first_area_and_the_next_goes_on_from_there() -> None:
    machine = plugged(model="6.1")
    scatter(machine)
    assert suitable(state_of(machine), ZONE, 9)
    first = compacted(machine, order=9)
    assert ended(first).status == "success"
    assert order_counts(state_of(machine), ZONE)[9:] == [1, 0]
    assert suitability(state_of(machine), ZONE, 9) == "success"
    assert compacted(machine, order=9) == [CompactionEnded(*ZONE, 9, "success", 0, 0)]

    occupy(machine, FIRST + BLOCK, 1, KERNEL)
    second = compacted(machine, order=9)
    started = second[0]
    assert isinstance(started, CompactionStarted)
    assert started.migrate_pfn > FIRST
    assert started.free_pfn <= FIRST + 63 * BLOCK
    assert ended(second).status == "success"
    seen = [event.pfn for event in taken(second, "migrate")]
    assert min(seen) >= started.migrate_pfn


def test_skip_bits_hold_for_runs_for_an_order_until_the_scanners_met() -> None:
    def looked_at_again(order: int) -> bool:
        machine = plugged(model="6.1")
        scatter(machine)
        compacted(machine, order=10)
        assert state_of(machine).scanners[ZONE].skipped[32] >> 63 * BLOCK & 1
        occupy(machine, FIRST + 2 * BLOCK, 1, KERNEL)  # so that there is no area of the order any more
        occupy(machine, FIRST + 63 * BLOCK, BLOCK, FREE)
        occupy(machine, FIRST + 63 * BLOCK, 1, KERNEL)
        events = compacted(machine, order=order)
        assert (ZONE in state_of(machine).scanners) == (order == 10)
        return FIRST + 63 * BLOCK in {event.pfn for event in taken(events, "free")}

    assert not looked_at_again(10)
    assert looked_at_again(-1)


def test_a_run_that_began_in_the_middle_is_only_partial() -> None:
    machine = plugged(model="6.1")
    scatter(machine)
    compacted(machine, order=10)
    while suitability(state_of(machine), ZONE, 10) == "success":
        pages = machine.sections[32].of(FREE)
        runs_of_free = [at for at in range(0, 32768, 1024) if pages >> at & ((1 << 1024) - 1) == (1 << 1024) - 1]
        occupy(machine, FIRST + runs_of_free[0], 1, KERNEL)
        events = compacted(machine, order=10)
    statuses = [ended(events).status]
    assert statuses == ["partial_skipped"]
    assert ZONE not in state_of(machine).scanners


def test_suitability() -> None:
    machine = plugged("256M", model="6.1", blocks=2)
    state = state_of(machine)
    assert suitability(state, ZONE, -1) == "continue"
    assert suitability(state, ZONE, 10) == "success"
    scatter(machine)
    assert suitability(state, ZONE, 9) == "continue"
    assert suitability(state, ZONE, 0) == "success"
    for section, _ in list(state.zone_sections(ZONE)):  # all free pages in 256-page areas: memory is what lacks
        areas = sum(((1 << 256) - 1) << at for at in range(512, 32768, 512))
        state.set_kind(section, section.of(FREE), KERNEL)
        state.set_kind(state.sections[section.nr], areas, FREE)
    assert suitability(state, ZONE, 9) == "not_suitable_zone"
    for section, _ in list(state.zone_sections(ZONE)):
        state.set_kind(section, section.of(FREE), KERNEL)
    occupy(machine, FIRST + BLOCK, 900, FREE)
    assert suitability(state, ZONE, 10) == "skipped"
    assert compacted(machine, order=10) == [CompactionEnded(*ZONE, 10, "skipped", 0, 0)]


def test_cpu_lists_are_drained_for_an_order() -> None:
    machine = plugged(model="6.1")
    scatter(machine)
    occupy(machine, FIRST + 20 * BLOCK, 8, PCP)
    zone = machine.zones[ZONE]
    compacted(machine, order=9)
    assert machine.zones[ZONE].free == zone.free + 8
    assert machine.zones[ZONE].pcp == 0


@pytest.mark.parametrize("order", [-2, 11])
def test_an_order_that_no_area_has_is_bad_input(order: int) -> None:
    machine = plugged()
    with pytest.raises(BadInput, match=f"an order is from 0 to 10, or -1 for the whole zone, not {order}"):
        machine.apply(Compact(node=0, zone="Movable", order=order))
