"""Summaries of ranges, against counting page by page; that they follow every change, and what they cost."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from altmap.engine import Add, Allocate, BadInput, Machine, Offline, Online, Summary, bundled_machines, open_machine
from altmap.engine.memory.section import Section
from altmap.engine.memory.state import state_of
from altmap.engine.mm.free_area import MIGRATETYPES, area_starts
from altmap.engine.numbers.bits import runs, spread
from altmap.engine.numbers.geometry import Geometry
from altmap.engine.protocol.vocabulary import FREE, MOVABLE_TYPE
from altmap.engine.questions.summary import Pyramid, summary

from .guests import FIRST, do, guest

TABLES: dict[object, tuple[dict[int, Any], ...]] = {}
BUNDLED = sorted(machine.name for machine in bundled_machines())


def counted(
    machine: Machine, start: int, pages: int
) -> tuple[Counter[str], Counter[str], Counter[str], Counter[int], int]:
    """The pages of a range by kind, zone, type and order, and those of offline sections, one after the other."""
    counters: tuple[Counter[Any], ...] = Counter(), Counter(), Counter(), Counter()
    kinds, zones, types, orders = counters
    size = machine.geometry.pages_per_section
    for nr in range(start // size, (start + pages - 1) // size + 1):
        if (section := machine.sections.get(nr)) is None:
            continue
        inside = range(max(start - nr * size, 0), min(start + pages - nr * size, size))
        for counter, table in zip(counters, of_section(section, machine.geometry), strict=True):
            counter.update(map(table.get, inside))
    offline = kinds[None]
    for counter in counters:
        del counter[None]
    return +kinds, +zones, +types, +orders, offline


def of_section(section: Section, geometry: Geometry) -> tuple[dict[int, Any], ...]:
    """What each page of a section is, in which zone, of which type, and in a free area of which order."""
    known = (section.zones, tuple(section.pages.items()), tuple(section.types.items()), section.online)
    if known not in TABLES:
        TABLES[known] = by_page(section, geometry)
    return TABLES[known]


def by_page(section: Section, geometry: Geometry) -> tuple[dict[int, Any], ...]:
    pages = range(geometry.pages_per_section)
    kinds = {at: kind for kind, have in section.pages.items() for at in pages if have >> at & 1}
    zones = {at: key for key, owned in section.zones for at in pages if owned >> at & 1}
    blocks = {
        nr: kind
        for kind, have in section.types.items()
        for nr in range(geometry.pageblocks_per_section)
        if have >> nr & 1
    }
    types = {at: blocks.get(at >> geometry.pageblock_order, MOVABLE_TYPE) for at in pages} if section.online else {}
    orders = {
        at: order
        for migratetype in MIGRATETYPES
        for order in range(geometry.max_order + 1)
        for first, length in runs(
            spread(area_starts(section.of(FREE), section.types, migratetype, order, geometry), order)
        )
        for at in range(first, first + length)
    }
    return kinds, zones, types, orders


def same(found: Summary, machine: Machine) -> None:
    kinds, zones, types, orders, offline = counted(machine, found.start, found.pages)
    assert found.kinds == kinds
    assert found.zones == zones
    assert found.types == types
    assert found.orders == orders
    assert found.offline == offline
    assert found.missing == found.pages - sum(kinds.values()) - offline


def used(model: str = "6.12") -> Machine:
    machine = guest("512M", model=model)
    do(machine, Add(start="4G", size="512M"), Online(block=32), Online(block=33, type="online_movable"))
    do(machine, Allocate(kind="movable", size="200M", pattern="random", seed=3), Allocate(kind="unmovable", size="9M"))
    return machine


@pytest.mark.parametrize("model", ["6.1", "6.12", "rfc-v2"])
def test_ranges_that_cut_sections_are_counted_as_page_by_page(model: str) -> None:
    machine = used(model)
    for start, pages in ((0, 1), (77, 40000), (FIRST - 5, 70003), (FIRST + 12345, 1000), (FIRST + 100000, 60000)):
        same(machine.summary(start, pages), machine)


@pytest.mark.parametrize("cell", [1, 4, 8, 512, 4096])
def test_cells_of_a_range_are_its_summaries(cell: int) -> None:
    machine = used()
    first = FIRST + 32768 - 2 * 4096
    cells = machine.summaries(first, 4 * 4096, cell)
    assert [(one.start, one.pages) for one in cells] == [(at, cell) for at in range(first, first + 4 * 4096, cell)]
    for one in Random(1).sample(cells, min(len(cells), 6)):
        assert one == machine.summary(one.start, cell)
        same(one, machine)


@pytest.mark.parametrize(
    ("start", "pages", "cell"), [(FIRST - 5 * 512, 40 * 512, 512), (FIRST - 32768, 4 * 32768, 32768)]
)
def test_without_orders_all_else_is_counted_alike(start: int, pages: int, cell: int) -> None:
    machine = used()
    whole, cells = machine.summary(start, pages), machine.summaries(start, pages, cell)
    assert whole.orders
    assert any(one.orders for one in cells)
    for one, other in zip(
        (whole, *cells),
        (machine.summary(start, pages, orders=False), *machine.summaries(start, pages, cell, orders=False)),
        strict=True,
    ):
        assert not other.orders
        for fact in ("start", "pages", "kinds", "offline", "missing", "zones", "types", "uses"):
            assert getattr(one, fact) == getattr(other, fact)


def test_each_page_of_a_range_is_what_its_section_says() -> None:
    machine = used()
    do(machine, Offline(block=33))
    start, count = FIRST + 32768 - 700, 1000
    found = machine.pages(start, count)
    assert [page.pfn for page in found] == list(range(start, start + count))
    for page in found:
        one = machine.summary(page.pfn, 1)
        assert page.kind == next(iter(one.kinds), None)
        assert page.order == next(iter(one.orders), None)
        assert page.zone == next(iter(one.zones), None)
        assert page.migratetype == next(iter(one.types), None)
        assert max(len(one.kinds), len(one.orders), len(one.zones), len(one.types)) <= 1
    assert not machine.pages(1 << 40, 1)[0].present


@pytest.mark.parametrize("name", BUNDLED)
def test_the_machine_is_the_sum_of_its_blocks_and_of_its_zones(name: str) -> None:
    machine = open_machine(name)
    end = (max(machine.blocks) + 1) * machine.geometry.pages_per_block
    whole = machine.summary(0, end)
    blocks = [
        machine.summary(nr * machine.geometry.pages_per_block, machine.geometry.pages_per_block)
        for nr in machine.blocks
    ]
    assert sum(one.counts for one in blocks) == whole.counts
    assert whole.missing == end - sum(one.pages - one.missing for one in blocks)
    free = sum(zone.free for zone in machine.zones.values())
    isolated = whole.types.get("Isolate", 0)
    assert free <= whole.of(FREE) <= free + isolated
    cell = 1 << end.bit_length() - 6
    cells = machine.summaries(0, -(-end // cell) * cell, cell)
    assert sum(one.counts for one in cells) == whole.counts


def test_what_is_done_undone_and_rehearsed_is_seen() -> None:
    machine = used()
    before = machine.summary(FIRST, 131072)
    do(machine, Offline(block=33))
    after = machine.summary(FIRST, 131072)
    assert after.offline == before.offline + before.zones[0, "Movable"]
    same(after, machine)
    machine.why_not(Offline(block=32))
    assert machine.summary(FIRST, 131072) == after
    machine.undo()
    assert machine.summary(FIRST, 131072) == before
    machine.redo()
    assert machine.summary(FIRST, 131072) == after


def test_a_question_looks_at_what_changed_and_not_at_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = guest("512M", model="6.12")
    do(machine, Add(start="1T", size="512G"))
    looked: list[int] = []
    count = Pyramid.update

    def watched(self: Pyramid, state: object) -> None:
        looked.append(len(self._changed))
        count(self, state_of(machine))

    summary(state_of(machine), 0, 1 << 40)
    monkeypatch.setattr(Pyramid, "update", watched)
    do(machine, Online(block=8192 + 5))
    machine.summary(0, 1 << 40)
    assert looked[-1] < 10


def test_ranges_beyond_all_memory_are_empty() -> None:
    machine = guest("512M")
    far = machine.summary(1 << 51, 1 << 50)
    assert (far.kinds, far.zones, far.offline, far.missing) == ({}, {}, 0, 1 << 50)
    assert machine.summary(0, 1 << 52).missing == (1 << 52) - 131072


@pytest.mark.parametrize(("start", "pages"), [(-1, 4), (0, 0), (1 << 52, 1)])
def test_a_range_that_cannot_be_is_said(start: int, pages: int) -> None:
    with pytest.raises(BadInput, match="a range has a first pfn"):
        guest("512M").summary(start, pages)


@pytest.mark.parametrize(("start", "pages", "cell"), [(0, 8, 3), (1, 8, 4), (0, 7, 4), (0, 8, 0)])
def test_cells_that_do_not_fit_are_said(start: int, pages: int, cell: int) -> None:
    with pytest.raises(BadInput, match="power of two"):
        guest("512M").summaries(start, pages, cell)


def test_a_summary_reads_as_one_line() -> None:
    machine = used()
    assert repr(machine.summary(FIRST, 512)) == "<Summary pfn 0x100000+512: memmap 512>"
    assert repr(machine.summary(1 << 40, 512)) == "<Summary pfn 0x10000000000+512: missing 512>"
    assert hash(machine.summary(FIRST, 512)) == hash(machine.summary(FIRST, 512))
