"""Watermarks: set by an online or offline, kept until the next; the recordings' are compared in tests/traces."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Add, HugePages, Machine, Online, boot_machine, capture
from altmap.engine.memory.state import state_of
from altmap.engine.memory.zone import ZONE_ORDER
from altmap.engine.mm import watermarks
from altmap.engine.mm.watermarks import Watermarks
from altmap.engine.snapshot.fold import snapshot_of
from altmap.engine.snapshot.unfold import unfold

from tests.snapshot.trees import BLOCK, MEMORY, tree

from .guests import dimm, guest, online

Marks = dict[str, tuple[int, int]]


def marks(machine: Machine) -> Marks:
    seen = Watermarks(state_of(machine))
    return {name: (seen.min_or_low((0, name), False), seen.min_or_low((0, name), True)) for _, name in machine.zones}


def test_what_lies_under_the_high_watermarks_of_before_does_not_count() -> None:
    """The same memory, and less is kept free: nr_free_buffer_pages."""
    machine = guest("256M", memmap_on_memory="N")
    before = marks(machine)["DMA32"]
    dimm(machine)
    online(machine, 32, kind="online_movable")
    assert marks(machine)["DMA32"] < before


def test_they_hold_until_the_next_online_whatever_is_managed_meanwhile() -> None:
    machine = guest("2G", model="6.12", memmap_on_memory="N", options="hugetlb_free_vmemmap=on")
    dimm(machine, "256M")
    online(machine, 32, kind="online_movable")
    before = marks(machine)
    managed = machine.zones[0, "DMA32"].managed
    assert machine.apply(HugePages(count=100, size="2M", node=0)).ok
    assert machine.zones[0, "DMA32"].managed > managed
    assert marks(machine) == before
    assert machine.apply(Online(block=33, type="online_movable")).ok
    assert marks(machine) != before


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


def test_what_is_reckoned_when_it_is_asked_for_is_what_was_so_when_it_was_set() -> None:
    """Also for a machine that was saved, which keeps each zone's numbers."""
    machine = guest("2G", model="6.12", memmap_on_memory="N", options="hugetlb_free_vmemmap=on")
    dimm(machine, "256M")
    online(machine, 32, kind="online_movable")
    assert machine.apply(HugePages(count=100, size="2M", node=0)).ok
    again, _ = unfold(snapshot_of(state_of(machine), machine.origin))
    assert not again.reckoned.value.managed
    kept, read = Watermarks(state_of(machine)), Watermarks(again)
    for key in machine.zones:
        assert [kept.min_or_low(key, low) for low in (False, True)] == [
            read.min_or_low(key, low) for low in (False, True)
        ]
        assert [kept.reserve(key, above) for above in ZONE_ORDER] == [read.reserve(key, above) for above in ZONE_ORDER]


@pytest.mark.parametrize(("scale", "kept"), [(200, 200), (11, 11), (10, 0)])
def test_a_scale_factor_that_someone_set_is_kept(tmp_path: Path, scale: int, kept: int) -> None:
    """vm.watermark_scale_factor: low lies so many ten thousandths of the zone above min, or a quarter of min."""
    managed = 16 * BLOCK - 900
    zones = {"DMA32": (16 * BLOCK, managed, 8 * BLOCK)}
    folder = tree(tmp_path, dict.fromkeys(range(1, 17), "DMA32"), zones=zones, cmdline="quiet")
    zoneinfo = folder / "proc/zoneinfo"
    zoneinfo.write_text(zoneinfo.read_text().replace("low 20", f"low {16 + managed * scale // 10_000}"))
    (folder / MEMORY / "memory40").mkdir()
    (folder / MEMORY / "memory40/state").write_text("offline\n")
    machine = capture(folder)
    assert state_of(machine).globals.value.watermark_scale_factor == kept
    assert machine.apply(Online(block=40, type="online_movable")).ok
    least, low = marks(machine)["DMA32"]
    assert low - least == max(least // 4, managed * scale // 10_000)


def test_a_scale_factor_that_someone_set_lowers_the_minimum_of_each_later_online(tmp_path: Path) -> None:
    """High lies twice as far above min as low does, 104,676 pages at a factor of 1000, and what lies under it does not count when
    min is reckoned: a quarter of the root of 64 times the rest (__setup_per_zone_wmarks, calculate_min_free_kbytes)."""
    managed = 16 * BLOCK - 900
    zones = {"DMA32": (16 * BLOCK, managed, 8 * BLOCK)}
    folder = tree(tmp_path, dict.fromkeys(range(1, 17), "DMA32"), zones=zones, cmdline="transparent_hugepage=never")
    zoneinfo = folder / "proc/zoneinfo"
    zoneinfo.write_text(zoneinfo.read_text().replace("low 20", f"low {16 + managed // 10}"))
    for number in (40, 41):
        (folder / MEMORY / f"memory{number}").mkdir()
        (folder / MEMORY / f"memory{number}/state").write_text("offline\n")
    machine = capture(folder)
    for number, least in (
        (40, 1294),
        (41, 1292),
    ):  # 523,388 pages without 16 and 104,676, then without 1,294 and 104,676
        assert machine.apply(Online(block=number, type="online_movable")).ok
        assert marks(machine)["DMA32"] == (least, least + managed // 10)


@pytest.mark.parametrize(("least", "kept"), [(60_000, 240_000), (3_000, 0)])
def test_a_minimum_that_someone_set_is_kept_where_it_is_more_than_the_kernel_reckons(
    tmp_path: Path, least: int, kept: int
) -> None:
    """vm.min_free_kbytes: the zones' min are its parts; a smaller one an online does away with."""
    zones = {"DMA32": (16 * BLOCK, 16 * BLOCK - 900, 8 * BLOCK)}
    folder = tree(tmp_path, dict.fromkeys(range(1, 17), "DMA32"), zones=zones, cmdline="quiet")
    zoneinfo = folder / "proc/zoneinfo"
    zoneinfo.write_text(
        zoneinfo.read_text().replace("min 16", f"min {least}").replace("low 20", f"low {least * 5 // 4}")
    )
    (folder / MEMORY / "memory40").mkdir()
    (folder / MEMORY / "memory40/state").write_text("offline\n")
    machine = capture(folder)
    assert state_of(machine).globals.value.min_free_kbytes == kept
    assert marks(machine)["DMA32"][0] == least
    assert machine.apply(Online(block=40, type="online_movable")).ok
    after = marks(machine)["DMA32"][0]
    assert after == least if kept else 3_000 < after < 60_000


def test_what_is_kept_of_an_answer_is_no_other_machines() -> None:
    """Machines that differ in one thing that is reckoned with, asked in turn, answer as if nothing had been kept."""
    ram: list[tuple[int, int | str, int | str]] = [(0, 0, "4G"), (1, "4G", "4G")]
    machines = [
        boot_machine(ram),
        boot_machine(ram, options="transparent_hugepage=never"),
        boot_machine(ram, options="movablecore=1G"),
        boot_machine(ram, model="6.1"),
        boot_machine(ram, arch="arm64-64k"),
        boot_machine(ram, arch="ppc64le-radix-64k"),
    ]
    scaled = machines[0].copy()
    state_of(scaled).globals.change(watermark_scale_factor=200)
    machines.append(scaled)
    for kind in ("online_movable", "online_kernel"):
        for machine in machines:
            start, size = 1 << 40, machine.geometry.block_size
            start += machine.timeline.number * size
            machine.apply(Add(start=start, size=size, node=1), check=True)
            machine.apply(Online(block=start // size, type=kind), check=True)
        kept = [reckoned(machine) for machine in machines]
        fresh: list[object] = []
        for machine in machines:
            for memo in MEMOS:
                memo.cache_clear()
            fresh.append(reckoned(machine))
        assert kept == fresh
        assert len({*map(str, fresh)}) == len(machines), "or two of them are no test of each other"


MEMOS = (watermarks._minimum, watermarks._marks)


def reckoned(machine: Machine) -> object:
    """All that watermarks come to, as they are and as the next online would set them."""
    state = state_of(machine)
    now = Watermarks(state)
    return [(key, now.min_and_low(key), now.high(key)) for key in machine.zones], watermarks._reckoned(state, now)
