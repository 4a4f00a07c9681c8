"""The rules of compaction (mm/compaction.c). That the pages end where real kernels put them: tests/traces."""

from __future__ import annotations

import pytest
from altmap.engine import Compact, boot_machine
from altmap.engine.memory.state import state_of
from altmap.engine.mm.compaction.triggers import compact_memory, compact_zone
from altmap.engine.mm.free_area import order_counts
from altmap.engine.protocol.events import CompactionEnded, MemmapSkipped, PagesCompacted, ScannerMoved
from altmap.engine.protocol.vocabulary import FREE, HUGE, KERNEL, MEMMAP, MOVABLE, PCP, PINNED, SLAB, Kind

from .compacting import BLOCK, MODELS, ZONE, compacted, ended, masks, moved, plugged, scatter, total
from .guests import FIRST, do, guest, occupy, told

# -- what moves, and what stays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("arch", ["x86_64", "arm64-4k", "arm64-64k", "s390x", "ppc64le-radix-64k"])
def test_pages_move_to_the_end_of_their_zone_and_none_is_lost(arch: str, model: str) -> None:
    machine = boot_machine([(0, 0, "1G"), (0, "3G", "1G"), (1, "16G", "1G")], arch=arch, model=model)
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
    """An empty 4 GiB zone is one event a section; of a full one, each section is in the journal once for each scanner."""
    machine = plugged("4G", blocks=32)
    assert len(compacted(machine)) <= 2 * 32
    scatter(machine)
    list(compact_zone(state_of(machine), ZONE))
    assert len(state_of(machine).journal.changes) <= 2 * 32 + 8


def test_zones_without_pages_are_passed_over() -> None:
    machine = guest()
    assert list(compact_zone(state_of(machine), (0, "Normal"))) == []
    assert list(compact_zone(state_of(machine), (7, "Movable"))) == []
