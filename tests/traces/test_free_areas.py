"""Free areas and pageblock types against recorded kernels.

Right after a capture a zone whose pages were not seen has the areas that /proc/buddyinfo counted; unless zoneinfo, read a
moment later, counted other free pages, for then these count. After a step the areas of a zone of hot-added memory are
determined by the rules when nothing of it is in use: they must be the kernel's then, order by order, and so must the types
of its pageblocks. Where pages are in use, which of them a kernel takes is chance.
"""

from __future__ import annotations

import pytest
from altmap.engine.memory.state import state_of
from altmap.engine.mm.free_area import buddyinfo, order_counts, pagetypeinfo
from altmap.engine.reading.procfs import parse_pagetypeinfo

from .recording import areas, names, recorded, without_cma, zones
from .replay import played

SPARED = {
    ("6.12/auto_movable_numa", 24): (
        "pages: the model takes the add's 17 pages of kernel objects out of this zone, the kernel had some left in its caches"
    ),
}
"""Where a zone that is idle in the kernel is not in the model, by trace and step: these must differ."""


def pages(counts: list[int]) -> int:
    return sum(count << order for order, count in enumerate(counts))


@pytest.mark.parametrize("name", without_cma())
def test_a_capture_has_the_recorded_areas(name: str) -> None:
    boot, machine = recorded(name).boot, played(name).boot
    assert "kpageflags" not in machine.origin.measured
    agree = {key: counts for key, counts in areas(boot).items() if pages(counts) == zones(boot)[key]["free"]}
    assert agree
    assert {key: order_counts(state_of(machine), key) for key in agree} == agree
    assert _shape(buddyinfo(state_of(machine))) == _shape(boot["proc"]["buddyinfo"])
    real, mine = boot["proc"]["pagetypeinfo"], pagetypeinfo(state_of(machine))
    assert _shape(mine) == _shape(real)
    lost = {"0/DMA"} if "arm64" in name else set()  # firmware's own pages there are present, but no System RAM
    real_blocks, blocks = parse_pagetypeinfo(real)[1], parse_pagetypeinfo(mine)[1]
    assert {zone: types for zone, types in blocks.items() if zone not in lost} == {
        zone: types for zone, types in real_blocks.items() if zone not in lost
    }


def _shape(text: str) -> list[str]:
    """The text with every digit made the same, and the blanks before a number too."""
    lines = text.rstrip("\n").split("\n")
    return ["".join("0" if c in " 0123456789>" else c for c in line.rstrip()) for line in lines]


@pytest.mark.parametrize("name", names())
def test_areas_of_idle_hot_added_memory_are_the_kernels(name: str) -> None:
    different = {
        zone.number: zone
        for zone in played(name).idle
        if zone.areas[0] != zone.areas[1] or _there(zone.pageblocks[0]) != _there(zone.pageblocks[1])
    }
    assert different.keys() == {number for trace, number in SPARED if trace == name}, different


def _there(types: dict[str, int]) -> dict[str, int]:
    """The types that pageblocks have; a kernel that is built with CMA lists that too."""
    return {name: count for name, count in types.items() if count}


@pytest.mark.parametrize("name", ["6.1/random_numa_nomom", "6.12/random1_mom", "6.12-arm64/dimm1g_nomom"])
def test_idle_hot_added_memory_is_judged_often(name: str) -> None:
    assert len(played(name).idle) > 10
