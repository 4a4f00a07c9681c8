"""How far a machine can grow: the curve, the first refusal, and where it gets dangerous before."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Add, BadInput, GrowthDoubt, Machine, boot_machine, grow, open_machine
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.reasons.unknown import HighestAddress, NotCounted, Reclaimable
from altmap.engine.protocol.reasons.worth import KernelMemoryLow, TopHeavy
from altmap.engine.protocol.vocabulary import Caller

GIB = 1 << 30


def guest(model: str = "6.1", memmap_on_memory: str = "N") -> Machine:
    return boot_machine([(0, 0, "1G")], model=model, memmap_on_memory=memmap_on_memory)


def test_the_curve_is_what_the_adds_do_one_by_one() -> None:
    machine = guest()
    found = grow(machine, GIB, online="online_movable")
    machine.write("/sys/devices/system/memory/auto_online_blocks", "online_movable")
    page = machine.geometry.page_size
    for at, point in enumerate(found.points):
        if at:
            assert machine.apply(Add(start=found.start + (at - 1) * GIB, size=GIB)).ok
        kernel = [zone for zone in machine.zones.values() if zone.name != "Movable"]
        movable = sum(zone.managed for zone in machine.zones.values() if zone.name == "Movable")
        assert (point.added, point.movable) == (at * GIB, movable * page)
        present = {zone.key: zone.present for zone in machine.zones.values()}
        assert point.ratio == present.get((0, "Movable"), 0) / sum(zone.present for zone in kernel)
        assert point.left == sum(zone.free + zone.pcp for zone in kernel) * page
        assert point.memmap == at * 16 << 20
    refused = machine.apply(Add(start=found.start + found.added, size=GIB))
    assert (refused.result, refused.reason) == (found.result, found.reason)
    assert found.result == "ENOMEM"


def test_dangers_are_told_where_they_begin() -> None:
    found = grow(guest(), GIB, online="online_movable")
    heavy, low = found.dangers
    assert isinstance(heavy.fact, TopHeavy)
    assert isinstance(low.fact, KernelMemoryLow)
    assert heavy.added == 4 * GIB  # 1 GiB of kernel memory, at 301 %
    assert heavy.added < low.added <= found.added


def test_no_ratio_that_the_kernels_own_policy_makes_is_called_one_at_which_it_stops() -> None:
    callers: tuple[Caller, ...] = ("acpi", "virtio-mem")
    for caller in callers:
        machine = guest()
        machine.write("/sys/module/memory_hotplug/parameters/online_policy", "auto-movable")
        found = grow(machine, GIB, online="online", caller=caller, limit=16 * GIB)
        assert 3 <= max(point.ratio or 0 for point in found.points) <= 3.01
        assert found.dangers == ()


def test_memmap_in_the_added_memory_takes_hardly_any_of_the_rest() -> None:
    found = grow(guest("6.12", "Y"), GIB, online="online_movable", limit=64 * GIB)
    assert (found.result, found.added) == ("ok", 64 * GIB)
    last = found.points[-1]
    assert last.memmap == GIB
    assert last.taken < last.memmap // 50


def test_a_virtio_mem_device_grows_block_by_block_and_keeps_what_it_plugged() -> None:
    found = grow(guest("6.12"), GIB, online="online_movable", caller="virtio-mem")
    assert found.result == "ENOMEM"
    assert found.added + found.partial == 465 << 27
    assert [point.added for point in found.points] == [at * GIB for at in range(59)]


def test_offline_memory_is_no_movable_memory() -> None:
    found = grow(guest(), GIB, online="offline", limit=8 * GIB)
    assert found.points[-1].movable == 0
    assert found.dangers == ()


def test_it_grows_past_what_firmware_reserves() -> None:
    machine = open_machine("tiny-guest")
    found = grow(machine, GIB, online="online_movable")
    assert found.start == 4 * GIB
    assert found.result == "ENOMEM"


@pytest.mark.parametrize("name", ["firecracker-24g", "numa-guest", "arm64-guest", "block2g-guest"])
def test_every_machine_answers_and_stays_as_it_is(name: str) -> None:
    machine = open_machine(name)
    before = machine.copy()
    found = grow(machine, max(GIB, machine.geometry.block_size), limit=16 * GIB)
    assert found.points[0].added == 0
    assert (machine.blocks, machine.zones, machine.sections) == (before.blocks, before.zones, before.sections)


@pytest.mark.parametrize(
    ("step", "options", "said"),
    [
        (0, {}, "whole memory blocks of 128M, not of 0"),
        (100 << 20, {}, "whole memory blocks of 128M"),
        (GIB, {"limit": 1 << 20}, "at least one step"),
        (128 << 20, {"limit": 1 << 50}, "more than 16384 steps"),
        (GIB, {"node": 7}, "there is no node 7"),
    ],
)
def test_what_cannot_be_asked_is_told(step: int, options: dict[str, int], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        grow(guest(), step, **options)  # type: ignore[arg-type]


def test_where_pages_of_files_may_go_the_end_is_not_known() -> None:
    machine = guest()
    assert grow(machine, "1G").unknown == ()
    state_of(machine).globals.change(reclaimable=5)
    assert grow(machine, "1G").unknown == ()  # they are too few
    state_of(machine).globals.change(reclaimable=5000)
    found = grow(machine, "1G")
    assert found.unknown == (GrowthDoubt(found.added, Reclaimable(5000, 5000 << 12)),)


def test_what_hangs_on_what_no_one_counted_or_told_says_so_from_where_on(tmp_path: Path) -> None:
    listed = tmp_path / "lsmem.txt"
    listed.write_text(
        "RANGE                                  SIZE  STATE REMOVABLE BLOCK\n"
        "0x0000000000000000-0x000000007fffffff    2G online       yes  0-15\n"
        "Memory block size:       128M\nTotal online memory:       2G\nTotal offline memory:      0B\n"
    )
    for caller in ("acpi", "virtio-mem"):
        found = grow(open_machine(listed), GIB, caller=caller, limit=2 * GIB)
        assert [(doubt.added, type(doubt.reason)) for doubt in found.unknown] == [(0, NotCounted)]
        (guessed,) = found.assumed
        names = ["auto_online_blocks"] + (["memmap_on_memory"] if caller == "acpi" else [])
        assert [name for name, _ in guessed.values] == names
    far = grow(open_machine("terabyte-server"), 1 << 40, limit=20 << 40)
    assert [(doubt.added >> 40, type(doubt.reason)) for doubt in far.unknown] == [(10, HighestAddress)]
