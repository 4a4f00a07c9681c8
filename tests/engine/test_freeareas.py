"""Free areas against a page-by-page count, against the order in which offlining finds them, and as text."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from altmap.engine import Add, Machine
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.memory.section import Types, type_pages
from altmap.engine.memory.state import state_of
from altmap.engine.mm import free_area
from altmap.engine.mm.free_area import (
    BARRIERS,
    MIGRATETYPES,
    area_starts,
    block_counts,
    buddyinfo,
    extfrag_index,
    extfrag_unusable,
    fragmentation_index,
    free_counts,
    maximal_runs,
    order_counts,
    pagetypeinfo,
    section_counts,
    unusable_index,
)
from altmap.engine.mm.page_isolation import start_isolate, undo_isolate
from altmap.engine.numbers.bits import runs, span
from altmap.engine.numbers.geometry import Geometry
from altmap.engine.protocol.vocabulary import Migratetype
from altmap.engine.reading.procfs import parse_buddyinfo, parse_pagetypeinfo

from .guests import dimm, do, guest, online, two_nodes

NORMAL = (0, "Normal")
Areas = dict[Migratetype, dict[int, list[int]]]


def page_by_page(free: int, types: Types, geometry: Geometry) -> Areas:
    """The areas as the kernel makes them: every free page is freed, and merges as long as its buddy is free too."""
    kind: dict[int, Migratetype] = {}
    for block in range(geometry.pageblocks_per_section):
        kind[block] = next((name for name, blocks in types.items() if blocks >> block & 1), "Movable")
    order_of: dict[int, int] = {}
    for page in (page for start, length in runs(free) for page in range(start, start + length)):
        at, order = page, 0
        while order < geometry.max_order:
            buddy = at ^ 1 << order
            if order_of.get(buddy) != order:
                break
            one, other = kind[at >> geometry.pageblock_order], kind[buddy >> geometry.pageblock_order]
            if order >= geometry.pageblock_order and one != other and {one, other} & set(BARRIERS):
                break
            del order_of[buddy]
            at, order = min(at, buddy), order + 1
        order_of[at] = order
    areas: Areas = {}
    for at, order in sorted(order_of.items()):
        areas.setdefault(kind[at >> geometry.pageblock_order], {}).setdefault(order, []).append(at)
    return areas


def scattered(chance: Random, geometry: Geometry) -> int:
    """Free pages in pieces of all sizes."""
    width, free = geometry.pages_per_section, 0
    for _ in range(chance.randrange(1, 40)):
        order = chance.randrange(geometry.max_order + 1)
        free |= span(chance.randrange(width >> order) << order, 1 << order)
    return free & ~(chance.getrandbits(width) & chance.getrandbits(width) & chance.getrandbits(width))


def mixed(chance: Random, geometry: Geometry) -> Types:
    """Pageblocks of every migratetype."""
    left: int = span(0, geometry.pageblocks_per_section)
    types: dict[Migratetype, int] = {}
    for name in MIGRATETYPES:
        if name != "Movable" and (blocks := chance.getrandbits(geometry.pageblocks_per_section) & left):
            blocks &= chance.getrandbits(geometry.pageblocks_per_section)
            left &= ~blocks
            if blocks:
                types[name] = blocks
    return Types(types)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("arch", ["x86_64", "ppc64le-radix-64k", "ppc64le-hash-64k", "arm64-16k", "s390x"])
def test_the_areas_are_those_that_merging_page_by_page_makes(arch: str, seed: int) -> None:
    geometry, chance = ARCHITECTURES[arch].geometry, Random(f"{arch}{seed}")
    free = span(0, geometry.pages_per_section) if seed == 0 else scattered(chance, geometry)
    types = mixed(chance, geometry) if seed % 2 else Types()
    expected = page_by_page(free, types, geometry)
    counts = {name: dict(enumerate(row)) for name, row in section_counts(free, types, geometry)}
    for name in MIGRATETYPES:
        for order in range(geometry.max_order + 1):
            starts = [at for s, n in runs(area_starts(free, types, name, order, geometry)) for at in range(s, s + n)]
            assert starts == expected.get(name, {}).get(order, []), (name, order)
            assert counts.get(name, {}).get(order, 0) == len(starts)


def test_isolated_pageblocks_merge_with_each_other_alone() -> None:
    geometry = ARCHITECTURES["x86_64"].geometry
    free = span(0, 2048)
    row = dict(section_counts(free, Types({"Isolate": 0b0010}), geometry))
    assert row["Isolate"][9:] == (1, 0)
    assert row["Movable"][9:] == (1, 1)
    both = dict(section_counts(free, Types({"Isolate": 0b0011}), geometry))
    assert both["Isolate"][9:] == (0, 1)
    assert both["Movable"][9:] == (0, 1)


def test_an_area_over_mergeable_types_is_of_its_first_pageblocks_type() -> None:
    geometry = ARCHITECTURES["x86_64"].geometry
    free = span(0, 2048)
    row = dict(section_counts(free, Types({"Unmovable": 0b0001, "Reclaimable": 0b1000}), geometry))
    assert row["Unmovable"][9:] == (0, 1)
    assert row["Movable"][9:] == (0, 1)
    assert "Reclaimable" not in row


def test_maximal_runs_leave_out_what_is_part_of_more() -> None:
    geometry = ARCHITECTURES["x86_64"].geometry
    assert maximal_runs(span(0, 3), 0, geometry) == 1 << 2
    assert maximal_runs(span(0, 3), 1, geometry) == 1
    assert maximal_runs(span(1, 2), 1, geometry) == 0
    assert type_pages(0b101, 9) == span(0, 512) | span(1024, 512)


# -- zones --------------------------------------------------------------------------------------------------------------


def with_dimm(size: str, block: str, *, placement: str | None = None, kind: str = "online") -> Machine:
    machine = guest("2G", block_size=block)
    dimm(machine, size, placement=placement)
    first = (4 << 30) // machine.geometry.block_size
    online(machine, *(number for number in sorted(machine.blocks) if number >= first), kind=kind)
    return machine


@pytest.mark.parametrize(
    ("size", "block", "placement", "biggest"),
    [
        ("128M", "128M", "boot", (0, 32)),
        ("128M", "128M", None, (1, 31)),
        ("256M", "256M", None, (0, 63)),
        ("1G", "1G", None, (0, 252)),
        ("2G", "2G", None, (0, 504)),
        ("384M", "128M", None, (3, 93)),
    ],
)
def test_chunks_after_onlining(size: str, block: str, placement: str | None, biggest: tuple[int, int]) -> None:
    machine = with_dimm(size, block, placement=placement, kind="online_movable")
    assert order_counts(state_of(machine), (0, "Movable")) == [0] * 9 + list(biggest)


def test_head_pageblocks_are_unmovable_in_any_zone() -> None:
    counts = block_counts(state_of(with_dimm("128M", "128M", kind="online_movable")), (0, "Movable"))
    assert (counts["Unmovable"], counts["Movable"], sum(counts.values())) == (1, 63, 64)


def test_the_orders_are_the_architectures_own() -> None:
    machine = guest("4G", arch="arm64-64k")
    (key,) = machine.zones
    assert len(order_counts(state_of(machine), key)) == 14
    assert sum(n << order for order, n in enumerate(order_counts(state_of(machine), key))) == machine.zones[key].free


def test_isolated_pages_are_in_buddyinfo_and_not_in_the_free_count() -> None:
    machine = with_dimm("128M", "128M")
    state = state_of(machine)
    before = order_counts(state, NORMAL)
    moved = start_isolate(state, state.sections_of(0x100200, 32256), 0x100200, 32256)
    assert moved == 32256
    assert machine.zones[NORMAL].free == 0
    assert order_counts(state, NORMAL) == before
    assert free_counts(state, NORMAL)["Isolate"] == before
    undo_isolate(state, 0x100200, 32256)
    assert free_counts(state, NORMAL)["Movable"] == before


def test_blocks_of_a_zone_that_begins_amid_a_pageblock() -> None:
    """ZONE_DMA starts at pfn 1, and the kernel steps on from there."""
    machine = guest("2G")
    state, zone = state_of(machine), machine.zones[0, "DMA"]
    assert (zone.start, zone.spanned) == (0, 4096)
    assert sum(block_counts(state, (0, "DMA")).values()) == 8
    state.zones.put(zone.key, msgspec.structs.replace(zone, start=1, spanned=4095))
    section = state.sections[0]
    parts = tuple((key, owned & ~1) for key, owned in section.zones)
    state.sections.put(0, msgspec.structs.replace(section, zones=parts))
    assert sum(block_counts(state, (0, "DMA")).values()) == 8


# -- text ---------------------------------------------------------------------------------------------------------------


def test_buddyinfo_text() -> None:
    lines = buddyinfo(state_of(with_dimm("128M", "128M"))).splitlines()
    assert lines[-1] == (
        "Node 0, zone   Normal      0      0      0      0      0      0      0      0      0      1     31 "
    )
    assert [line[:22] for line in lines] == [
        "Node 0, zone      DMA ",
        "Node 0, zone    DMA32 ",
        "Node 0, zone   Normal ",
    ]


def test_pagetypeinfo_text() -> None:
    text = pagetypeinfo(state_of(with_dimm("128M", "128M")))
    head = (
        "Page block order: 9\n"
        "Pages per block:  512\n"
        "\n"
        "Free pages count per migrate type at order       0      1      2      3      4      5      6      7      8"
        "      9     10 \n"
        "Node    0, zone      DMA, type    Unmovable      0      0      0      0      0      0      0      0      0"
        "      0      0 \n"
    )
    tail = (
        "Node    0, zone   Normal, type      Isolate      0      0      0      0      0      0      0      0      0"
        "      0      0 \n"
        "\n"
        "Number of blocks type     Unmovable      Movable  Reclaimable   HighAtomic      Isolate \n"
        "Node 0, zone      DMA            0            8            0            0            0 \n"
        "Node 0, zone    DMA32            2         1014            0            0            0 \n"
        "Node 0, zone   Normal            1           63            0            0            0 \n"
    )
    assert text.startswith(head)
    assert text.endswith(tail)
    movable = (
        "Node    0, zone   Normal, type      Movable      0      0      0      0      0      0      0      0      0"
    )
    assert f"{movable}      1     31 \n" in text


def test_every_node_has_its_own_header_in_pagetypeinfo() -> None:
    machine = two_nodes("2G", "1G")
    assert pagetypeinfo(state_of(machine)).count("Page block order: 9\n") == 2
    assert buddyinfo(state_of(machine)).count("Node 1, ") == 1


def test_both_texts_parse_as_the_kernels() -> None:
    machine = with_dimm("256M", "128M")
    areas = parse_buddyinfo(buddyinfo(state_of(machine)))
    order, blocks = parse_pagetypeinfo(pagetypeinfo(state_of(machine)))
    assert areas == {
        f"{node}/{name}": tuple(order_counts(state_of(machine), (node, name))) for node, name in machine.zones
    }
    assert order == 9
    assert blocks["0/Normal"] == {"Unmovable": 2, "Movable": 126, "Reclaimable": 0, "HighAtomic": 0, "Isolate": 0}


def test_a_cma_column_where_there_is_cma() -> None:
    machine = guest("2G")
    assert "CMA" not in pagetypeinfo(state_of(machine))
    zone = machine.zones[0, "DMA32"]
    state_of(machine).zones.put(zone.key, msgspec.structs.replace(zone, cma=16384))
    assert "   HighAtomic          CMA      Isolate \n" in pagetypeinfo(state_of(machine))


def test_pagetypeinfo_counts_to_a_hundred_thousand() -> None:
    machine = with_dimm("1G", "128M", placement="boot")
    for section, _ in list(state_of(machine).zone_sections(NORMAL)):
        state_of(machine).set_kind(section, sum(1 << at for at in range(0, 32768, 2)), "movable")
    text = pagetypeinfo(state_of(machine))
    assert "Node    0, zone   Normal, type      Movable >100000      0 " in text
    assert "Node 0, zone   Normal 131072      0 " in buddyinfo(state_of(machine))


# -- fragmentation ------------------------------------------------------------------------------------------------------


def areas(**orders: int) -> list[int]:
    return [orders.get(f"o{order}", 0) for order in range(11)]


@pytest.mark.parametrize(
    ("counts", "index"),
    [
        (areas(), 0),
        (areas(o0=10000), 998),
        (areas(o0=10), 899),
        (areas(o8=100), 490),
        (areas(o9=1), -1000),
        (areas(o0=5, o10=1), -1000),
    ],
)
def test_fragmentation_index_for_a_huge_page(counts: list[int], index: int) -> None:
    assert fragmentation_index(counts, 9) == index


@pytest.mark.parametrize(
    ("counts", "order", "index"),
    [(areas(), 9, 1000), (areas(o0=3), 0, 0), (areas(o0=512, o9=1), 9, 500), (areas(o0=512, o10=1), 10, 333)],
)
def test_unusable_index(counts: list[int], order: int, index: int) -> None:
    assert unusable_index(counts, order) == index


def test_debugfs_texts() -> None:
    machine = with_dimm("128M", "128M")
    assert extfrag_index(state_of(machine)).splitlines()[-1] == f"Node 0, zone   Normal {'-1.000 ' * 11}"
    assert extfrag_unusable(state_of(machine)).splitlines()[-1] == f"Node 0, zone   Normal {'0.000 ' * 10}0.015 "


def test_sections_alike_are_counted_once() -> None:
    machine = guest("2G")
    do(machine, Add(start="1T", size="8G"))
    online(machine, *range(8192, 8256), kind="online_movable")
    free_area._counts.cache_clear()
    assert order_counts(state_of(machine), (0, "Movable"))[9:] == [64, 64 * 31]
    assert free_area._counts.cache_info().misses == 1
