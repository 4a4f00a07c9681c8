"""Watermarks, as an online or offline sets them; those of the recordings are compared in tests/traces."""

from __future__ import annotations

import pytest
from altmap.engine import Machine, boot_machine
from altmap.engine.memory.state import state_of
from altmap.engine.memory.zone import SeenWatermarks
from altmap.engine.mm.watermarks import Watermarks

from .guests import dimm, guest, online

Marks = dict[str, tuple[int, int]]


def marks(machine: Machine) -> Marks:
    seen = Watermarks(state_of(machine))
    return {name: (seen.min_or_low((0, name), False), seen.min_or_low((0, name), True)) for _, name in machine.zones}


def test_what_lay_under_the_high_watermarks_of_before_does_not_count() -> None:
    """The same memory, and the more lay under them, the less is kept free: nr_free_buffer_pages."""
    kept = []
    for low in (600, 6000):
        machine = guest("256M", memmap_on_memory="N")
        dimm(machine)
        state_of(machine).watermarks.put((0, "DMA32"), SeenWatermarks(500, low))
        assert marks(machine)["DMA32"] == (500, low), "as captured"
        online(machine, 32, kind="online_movable")
        kept.append(marks(machine)["DMA32"])
    assert kept[0] > kept[1]


@pytest.mark.parametrize(
    ("arch", "options", "kept"),
    [
        ("x86_64", "", True),
        ("x86_64", "transparent_hugepage=madvise", True),
        ("x86_64", "transparent_hugepage=never", False),
        ("ppc64le-hash-4k", "", False),
    ],
)
def test_memory_is_kept_for_transparent_huge_pages_where_there_are_such(arch: str, options: str, kept: bool) -> None:
    machine = boot_machine([(0, 0, "4G")], arch=arch, options=options)
    least = sum(low for low, _ in marks(machine).values())
    assert (least > 5000) is kept, "else the square root of its memory: 2 K pages"
