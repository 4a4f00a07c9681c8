"""The rules of compaction (mm/compaction.c). That the pages end where real kernels put them: tests/traces."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from altmap.engine import Compact, Machine, boot_machine
from altmap.engine.memory.section import set_types
from altmap.engine.memory.state import state_of
from altmap.engine.mm.compaction.triggers import compact_memory, compact_zone, suitability, suitable
from altmap.engine.mm.free_area import order_counts
from altmap.engine.numbers.errors import BadInput
from altmap.engine.protocol.events import (
    CompactionEnded,
    CompactionStarted,
    Event,
    MemmapSkipped,
    PagesCompacted,
    ScannerMoved,
)
from altmap.engine.protocol.vocabulary import FREE, HUGE, KERNEL, MEMMAP, MOVABLE, PCP, PINNED, SLAB, Kind, ZoneKey

from .guests import FIRST, dimm, do, guest, occupy, online, told

MODELS = ("rfc-v2", "6.1", "6.12")
ZONE: ZoneKey = (0, "Movable")
BLOCK = 512
"""Pages of a pageblock."""


def plugged(size: str = "128M", *, model: str = "6.12", blocks: int = 1) -> Machine:
    """A guest whose ZONE_MOVABLE is one device, its head in place, nothing in use."""
    machine = guest(model=model)
    dimm(machine, size)
    online(machine, *range(32, 32 + blocks), kind="online_movable")
    return machine


def scatter(machine: Machine, key: ZoneKey = ZONE, kind: Kind = MOVABLE, seed: int = 1) -> None:
    """Put a random half of a zone's free pages to a use."""
    random = Random(seed)
    for section, owned in list(state_of(machine).zone_sections(key)):
        mask = random.getrandbits(machine.geometry.pages_per_section) & section.of(FREE) & owned
        state_of(machine).set_kind(section, mask, kind)
    state_of(machine).journal.take()


def masks(machine: Machine, key: ZoneKey, *kinds: Kind) -> list[int]:
    """The pages of some kinds, section by section."""
    return [section.of(kind) & owned for section, owned in state_of(machine).zone_sections(key) for kind in kinds]


def total(machine: Machine, key: ZoneKey, kind: Kind) -> int:
    return sum(mask.bit_count() for mask in masks(machine, key, kind))


def compacted(machine: Machine, key: ZoneKey = ZONE, order: int = -1) -> list[Event]:
    return list(do(machine, Compact(node=key[0], zone=key[1], order=order)).events)


def ended(events: list[Event]) -> CompactionEnded:
    last = events[-1]
    assert isinstance(last, CompactionEnded)
    return last


def moved(events: list[Event]) -> int:
    return sum(event.pages for event in events if isinstance(event, PagesCompacted))


def taken(events: list[Event], scanner: str) -> list[ScannerMoved]:
    return [
        event for event in events if isinstance(event, ScannerMoved) and event.scanner == scanner and event.isolated
    ]


# -- what moves, and what stays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("arch", ["x86_64", "arm64-4k", "arm64-64k", "s390x", "ppc64le-radix-64k"])
def test_pages_move_to_the_end_of_their_zone_and_none_is_lost(arch: str, model: str) -> None:
    machine = boot_machine([(0, 0, "4G"), (1, "16G", "1G")], arch=arch, model=model)
    for key in list(machine.zones):
        scatter(machine, key)
    zones, before = dict(machine.zones), {key: total(machine, key, MOVABLE) for key in machine.zones}
    assert sum(before.values()) > 1000
    for number, event in enumerate(compact_memory(state_of(machine))):
        assert not isinstance(event, PagesCompacted) or number % 64 or machine.check() == []
    assert dict(machine.zones) == zones
    assert {key: total(machine, key, MOVABLE) for key in machine.zones} == before
    assert machine.check() == []


def test_a_zone_with_a_random_half_in_use_ends_with_a_free_half() -> None:
    machine = plugged()
    scatter(machine)
    assert order_counts(state_of(machine), ZONE)[9:] == [0, 0]
    events = compacted(machine)
    (pages,) = masks(machine, ZONE, MOVABLE)
    lowest = (pages & -pages).bit_length() - 1
    assert 14_000 < lowest < 18_000
    assert sum(order_counts(state_of(machine), ZONE)[9:]) >= 14
    assert ended(events).status == "complete"
    assert moved(compacted(machine)) < BLOCK


def test_only_movable_pages_move() -> None:
    machine = plugged()
    others: tuple[Kind, ...] = (PINNED, KERNEL, SLAB, HUGE, "pagetable", "vmemmap", "poisoned", "offline", "assumed")
    for number, kind in enumerate(others):
        occupy(machine, FIRST + (2 + number) * BLOCK + 7, BLOCK if kind == HUGE else 100, kind)
        occupy(machine, FIRST + (40 + number) * BLOCK + 7, 100, kind)
    scatter(machine)
    before = masks(machine, ZONE, MEMMAP, *others)
    assert all(before)
    assert moved(compacted(machine)) > 5000
    assert masks(machine, ZONE, MEMMAP, *others) == before


def test_each_page_goes_whole_or_stays_and_the_lowest_stay() -> None:
    """Room for five of ten (a wholly free pageblock takes none): those isolated last, the highest, move."""
    machine = plugged()
    occupy(machine, FIRST + BLOCK, 61 * BLOCK, KERNEL)
    occupy(machine, FIRST + BLOCK, 10, MOVABLE)
    occupy(machine, FIRST + 63 * BLOCK, BLOCK - 5, KERNEL)
    (result,) = [event for event in compacted(machine) if isinstance(event, PagesCompacted)]
    assert result == PagesCompacted(5, 5, FIRST + BLOCK, FIRST + 64 * BLOCK - 5)
    assert masks(machine, ZONE, MOVABLE) == [0b11111 << BLOCK | 0b11111 << 64 * BLOCK - 5]
    assert state_of(machine).vmstat["pgmigrate_fail"] == 1


# -- memmap -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_memmap_is_looked_at_first_by_rfc_v2_and_like_any_kernel_page_upstream(model: str) -> None:
    machine = plugged("1G", model=model, blocks=8)
    scatter(machine)
    before = masks(machine, ZONE, MEMMAP)
    skipped = told(do(machine, Compact(node=0, zone="Movable")), MemmapSkipped)
    assert masks(machine, ZONE, MEMMAP) == before
    if model == "rfc-v2":
        assert skipped == [MemmapSkipped("isolate_migratepages_block", FIRST, 8 * 512)]
    else:
        assert skipped == []


def test_a_pageblock_of_rfc_heads_alone_never_gets_a_skip_bit() -> None:
    for model, marked in (("rfc-v2", False), ("6.1", True)):
        machine = plugged(model=model)
        scatter(machine)
        occupy(machine, FIRST + BLOCK, BLOCK, KERNEL)
        compacted(machine, order=9)
        known = state_of(machine).scanners[ZONE]
        assert known.skipped[32] & 1 == marked
        assert known.skipped[32] >> BLOCK & 1


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


# -- counted, watched, taken back -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_vmstat_counts_what_the_events_say(model: str) -> None:
    machine = plugged(model=model)
    scatter(machine)
    events = compacted(machine)
    scans = [event for event in events if isinstance(event, ScannerMoved)]
    counters = state_of(machine).vmstat
    for scanner in ("migrate", "free"):
        mine = sum(event.scanned for event in scans if event.scanner == scanner)
        assert counters[f"compact_{scanner}_scanned"] == mine > 10_000
    assert counters["compact_isolated"] == sum(event.isolated for event in scans)
    assert counters["pgmigrate_success"] == moved(events) > 5000
    assert not {"compact_stall", "compact_success", "compact_fail"} & counters.keys()


def test_each_kernel_counts_free_areas_that_are_stepped_over_in_its_own_way() -> None:
    """6.1 looks at one page of an area, but at every page of a pageblock that is an area's second half; 6.12 counts all
    pages of the area and then those of that pageblock again."""
    scanned = {}
    for model in ("6.1", "6.12"):
        machine = plugged(model=model)
        compacted(machine)
        scanned[model] = state_of(machine).vmstat["compact_migrate_scanned"]
    # head 512, one order 9 area, 30 of order 10 below the free scanner's pageblock, the first half of the last
    assert scanned["6.1"] == 512 + 1 + 30 * (1 + 512) + 1
    assert scanned["6.12"] == 512 + 512 + 30 * (1024 + 512) + 1024


def test_a_node_compacts_its_own_zones_from_the_lowest_up() -> None:
    machine = boot_machine([(0, 0, "6G"), (1, "16G", "1G")])
    for key in list(machine.zones):
        scatter(machine, key)
    other = masks(machine, (1, "Normal"), MOVABLE)
    outcome = do(machine, Compact(node=0))
    assert [event.zone for event in told(outcome, CompactionEnded)] == ["DMA", "DMA32", "Normal"]
    assert masks(machine, (1, "Normal"), MOVABLE) == other
    everything = do(machine, Compact())
    assert {(event.node, event.zone) for event in told(everything, CompactionEnded)} == set(machine.zones)


def test_it_can_be_watched_and_taken_back_and_done_again() -> None:
    machine = plugged("256M", blocks=2)
    scatter(machine)
    before = masks(machine, ZONE, MOVABLE, FREE, PCP)
    seen = set()
    for event in machine.steps(Compact(node=0, zone="Movable")):
        if isinstance(event, PagesCompacted):
            seen.add(tuple(masks(machine, ZONE, MOVABLE)))
    after = masks(machine, ZONE, MOVABLE, FREE, PCP)
    assert len(seen) == len([event for event in machine.history[-1].events if isinstance(event, PagesCompacted)]) > 50
    machine.undo()
    assert masks(machine, ZONE, MOVABLE, FREE, PCP) == before
    assert not [name for name in state_of(machine).vmstat if name.startswith(("compact", "pgmigrate"))]
    machine.redo()
    assert masks(machine, ZONE, MOVABLE, FREE, PCP) == after
    assert machine.check() == []


def test_stopped_in_the_middle_it_leaves_a_sound_machine() -> None:
    machine = plugged()
    scatter(machine)
    pages = total(machine, ZONE, MOVABLE)
    steps = compact_zone(state_of(machine), ZONE)
    for _ in range(30):
        next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert machine.check() == []
    assert total(machine, ZONE, MOVABLE) == pages
    assert state_of(machine).vmstat["pgmigrate_success"] > 0


def test_it_costs_what_it_finds() -> None:
    """An empty 16 GiB zone is one event a section; of a full one, each section is in the journal once for each scanner."""
    machine = plugged("16G", blocks=128)
    assert len(compacted(machine)) <= 2 * 128
    scatter(machine)
    list(compact_zone(state_of(machine), ZONE))
    assert len(state_of(machine).journal.changes) <= 2 * 128 + 8


def test_zones_without_pages_are_passed_over() -> None:
    machine = guest()
    assert list(compact_zone(state_of(machine), (0, "Normal"))) == []
    assert list(compact_zone(state_of(machine), (7, "Movable"))) == []
