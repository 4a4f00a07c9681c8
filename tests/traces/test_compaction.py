"""Compaction against recorded runs of real kernels: where the scanners went, and what every page of the hot-added zone was
before and after.

Tolerances. The hot-added zone is judged to the page: an idle system drifts by 31 pages at most (traces README), so no more
may differ; where the scanners took pages is judged exactly, line by line of the function trace. How many free pages are
left on per-CPU lists is chance, so free areas are counted as if those were drained. Zones of boot memory are not judged:
the types of their pageblocks cannot be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest
from altmap.engine import Machine, Sync, Write, capture
from altmap.engine.memory.state import State, state_of
from altmap.engine.mm.compaction.triggers import compact_memory
from altmap.engine.mm.free_area import section_counts
from altmap.engine.protocol.events import CompactionEnded, Event, PagesCompacted, ScannerMoved
from altmap.engine.protocol.vocabulary import FREE, MEMMAP, MOVABLE, PCP, Kind, ZoneKey
from altmap.engine.reading.kpageflags import kind_of

from .recording import ROOT, Action, Observation, Recording, showing

NAMES = ("6.1/compaction_movable_sparse", "6.12/compaction_movable_sparse")
HOT_ADDED = 0x100000
"""First pfn of the memory that was plugged in."""
KEY: ZoneKey = (0, "Movable")
NOISE = 31
LINE = re.compile(r"isolate_(migrate|free)pages: range=\((\w+) ~ (\w+)\) nr_scanned=(\d+) nr_taken=(\d+)")
END = re.compile(r"compaction_end: zone_start=0x100000 migrate_pfn=(\w+) free_pfn=(\w+) .*status=(\w+)")


class Run(NamedTuple):
    """One write to compact_memory: what the model did with the pages that were there before, and what was there after."""

    action: Action
    before: dict[Kind, int]
    events: list[Event]
    model: State
    real: State


@cache
def runs(name: str) -> tuple[Run, ...]:
    return tuple(_runs(Recording(name)))


def _runs(recording: Recording) -> Iterator[Run]:
    for action in recording.actions():
        if isinstance(action.command, Write) and action.command.path.endswith("/compact_memory"):
            model = seen(recording, action.before)
            kinds: tuple[Kind, ...] = (FREE, PCP, MOVABLE)
            before = {kind: count(state_of(model), kind) for kind in kinds}
            events = list(compact_memory(state_of(model)))
            real = seen(recording, action.after)
            assert model.check() == []
            yield Run(action, before, events, state_of(model), state_of(real))


def seen(recording: Recording, observation: Observation) -> Machine:
    """A capture of the moment. /proc/zoneinfo, which a capture believes, was read a little before /proc/kpageflags; here
    the pages themselves are to be right."""
    with showing(recording.kernel) as show:
        show(recording.boot)
        machine = capture(ROOT)
        show(observation)
        machine.apply(Sync(root=ROOT))
    for pfn, pages, flags, _ in observation["kpf"]:
        kind = PCP if flags == 0 else kind_of(flags or 0)
        if kind in (FREE, MOVABLE, PCP):
            state_of(machine).change_pages(pfn, pages, kind)
    return machine


def count(state: State, kind: Kind) -> int:
    return sum((section.of(kind) & owned).bit_count() for section, owned in state.zone_sections(KEY))


def areas(state: State) -> list[int]:
    """Free areas of the zone by order, were its per-CPU lists drained."""
    counts = [0] * (state.geometry.max_order + 1)
    for section, owned in state.zone_sections(KEY):
        free = (section.of(FREE) | section.of(PCP)) & owned
        for _, row in section_counts(free, section.types, state.geometry):
            counts = [have + more for have, more in zip(counts, row, strict=True)]
    return counts


ALL = [pytest.param(name, run, id=f"{name}-{run}") for name in NAMES for run in range(3)]


@pytest.mark.parametrize(("name", "number"), ALL)
def test_the_scanners_take_what_the_kernels_took(name: str, number: int) -> None:
    run = runs(name)[number]
    traced = [
        (m[1], int(m[2], 16), int(m[3], 16), int(m[4]), int(m[5])) for c in run.action.calls if (m := LINE.search(c))
    ]
    kernel = [line for line in traced if line[1] >= HOT_ADDED]
    model = [
        (event.scanner, event.pfn, event.end, event.scanned, event.isolated)
        for event in run.events
        if isinstance(event, ScannerMoved) and event.pfn >= HOT_ADDED
    ]
    assert [line for line in model if line[4]] == [line for line in kernel if line[4]]
    for scanner, tolerance in (("free", 0), ("migrate", 0.001)):  # the kernel steps over slab pages, 20 of 39,839 pages
        mine, real = (sum(line[3] for line in lines if line[0] == scanner) for lines in (model, kernel))
        assert abs(mine - real) <= tolerance * real


def test_the_recordings_have_enough_to_judge() -> None:
    taken = [
        event for name in NAMES for event in runs(name)[0].events if isinstance(event, ScannerMoved) and event.isolated
    ]
    assert len([event for event in taken if event.pfn >= HOT_ADDED]) == 456 + 477


@pytest.mark.parametrize(("name", "number"), ALL)
def test_the_scanners_meet_where_the_kernels_met(name: str, number: int) -> None:
    run = runs(name)[number]
    ends = [match for call in run.action.calls if (match := END.search(call))]
    (end,) = ends
    model = next(event for event in run.events if isinstance(event, CompactionEnded) and event.zone == KEY[1])
    assert (model.migrate_pfn, model.free_pfn, model.status) == (int(end[1], 16), int(end[2], 16), end[3])


@pytest.mark.parametrize(("name", "number"), ALL)
def test_the_same_pages_are_free_afterwards_in_every_block(name: str, number: int) -> None:
    run = runs(name)[number]
    different = 0
    for section, owned in run.model.zone_sections(KEY):
        real = run.real.sections[section.nr]
        assert section.of(MEMMAP) == real.of(MEMMAP) == (1 << 512) - 1
        here = ((section.of(FREE) | section.of(PCP)) ^ (real.of(FREE) | real.of(PCP))) & owned
        different += here.bit_count()
    assert different <= NOISE


@pytest.mark.parametrize(("name", "number"), ALL)
def test_what_is_counted_stays(name: str, number: int) -> None:
    run = runs(name)[number]
    zone = run.model.zones[KEY]
    assert zone.free == run.before[FREE]
    assert zone.pcp == run.before[PCP]
    assert count(run.model, MOVABLE) == run.before[MOVABLE]
    real = run.real.zones[KEY]
    assert abs(zone.free + zone.pcp - real.free - real.pcp) <= NOISE


@pytest.mark.parametrize(("name", "number"), ALL)
def test_as_many_big_free_areas_come_out(name: str, number: int) -> None:
    run = runs(name)[number]
    model, real = areas(run.model), areas(run.real)
    assert real[10] >= 113
    assert abs(model[9] - real[9]) + abs(model[10] - real[10]) <= 2
    assert sum(abs(a - b) for a, b in zip(model[:9], real[:9], strict=True)) <= NOISE


@pytest.mark.parametrize("name", NAMES)
def test_vmstat_of_a_second_run(name: str) -> None:
    """vmstat counts the whole machine, the boot zone too, whose pages nobody saw: what the hot-added zone moves is all but
    40 pages of it, and never more; what is scanned is within 3 %."""
    run = runs(name)[1]
    real = {key: vmstat(run.action.after)[key] - vmstat(run.action.before)[key] for key in vmstat(run.action.after)}
    counters = run.model.vmstat
    assert counters["compact_migrate_scanned"] == pytest.approx(real["compact_migrate_scanned"], rel=0.03)
    moved = sum(e.pages for e in run.events if isinstance(e, PagesCompacted) and e.from_pfn >= HOT_ADDED)
    assert 0 <= real["pgmigrate_success"] - moved <= 40
    assert counters["pgmigrate_fail"] == real["pgmigrate_fail"] == 2
    assert not {"compact_stall", "compact_success", "compact_fail"} & {*counters}
    assert (
        sum(event.pages for event in run.events if isinstance(event, PagesCompacted)) == counters["pgmigrate_success"]
    )


def vmstat(observation: Observation) -> dict[str, int]:
    return {name: int(value) for name, value in (line.split() for line in observation["proc"]["vmstat"].splitlines())}
