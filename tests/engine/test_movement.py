"""Where pages go when their block goes offline (do_migrate_range), and when that never ends."""

from __future__ import annotations

import pytest
from altmap.engine import Machine, Offline, sentence
from altmap.engine.protocol.events import MigrationFailed, PagesMigrated
from altmap.engine.protocol.vocabulary import MOVABLE

from .guests import dimm, fill_zone, guest, numbers, occupy, offline, online, refuse, told, two_nodes

BLOCK = 32768


def movable(machine: Machine, name: str | None = None, node: int | None = None) -> int:
    """Movable pages of a zone, or of all."""
    total = 0
    for section in machine.sections.values():
        for key, owned in section.zones:
            if name in (None, key[1]) and node in (None, key[0]):
                total += (section.of(MOVABLE) & owned).bit_count()
    return total


def targets(machine: Machine, block: int) -> set[tuple[int, str]]:
    return {(event.to_node, event.to_zone) for event in told(offline(machine, block), PagesMigrated)}


def test_moved_pages_are_conserved_and_lie_outside_the_range() -> None:
    machine = guest()
    dimm(machine, "256M")
    online(machine, 32, 33, kind="online_movable")
    occupy(machine, 32 * BLOCK + 600, 12345, MOVABLE)
    before = movable(machine)
    offline(machine, 32)
    assert movable(machine) == before
    assert not machine.sections[32].pages


def test_pages_leave_the_node_though_it_has_room() -> None:
    """96 MiB of tmpfs on node 1, 63488 free Movable pages left there, all go to node 0."""
    machine = two_nodes("2G")
    dimm(machine, "512M", node=1)
    online(machine, 32, 33, 34, 35, kind="online_movable")
    occupy(machine, 32 * BLOCK + 512, 24576, MOVABLE)
    free = numbers(machine, "DMA32")[0]
    assert targets(machine, 32) == {(0, "DMA32")}
    assert free - numbers(machine, "DMA32")[0] == 24576
    assert numbers(machine, "Movable", 1)[0] == 3 * 32256


def test_with_one_node_they_stay_on_it() -> None:
    machine = guest("1G")
    dimm(machine, "256M")
    online(machine, 32, 33, kind="online_movable")
    occupy(machine, 32 * BLOCK + 512, 1000, MOVABLE)
    assert targets(machine, 32) == {(0, "Movable")}


def test_there_is_no_way_back_to_the_own_node_when_the_others_are_full() -> None:
    """As a real kernel did: node 0 nearly full, offline loops although node 1 has room."""
    machine = two_nodes("1G")
    dimm(machine, "512M", node=1)
    online(machine, 32, 33, 34, 35, kind="online_movable")
    occupy(machine, 32 * BLOCK + 512, 24576, MOVABLE)
    fill_zone(machine, "DMA32", 3000)
    fill_zone(machine, "DMA", 100)
    before = movable(machine)
    outcome = refuse(machine, Offline(block=32))
    assert outcome.result == "EINTR"
    assert [event.pfn for event in told(outcome, MigrationFailed)]
    assert movable(machine) == before, "conserved even so"
    assert machine.blocks[32].state == "online"


def test_pages_of_a_kernel_zone_never_go_to_zone_movable() -> None:
    machine = guest("1G")
    dimm(machine, "256M")
    online(machine, 32, kind="online_kernel")
    online(machine, 33, kind="online_movable")
    occupy(machine, 32 * BLOCK + 600, 5000, MOVABLE)
    assert targets(machine, 32) <= {(0, "Normal"), (0, "DMA32"), (0, "DMA")}
    assert movable(machine, "Movable") == 0


def test_and_if_only_zone_movable_has_room_the_block_stays() -> None:
    machine = guest("1G")
    dimm(machine, "256M")
    online(machine, 32, kind="online_kernel")
    online(machine, 33, kind="online_movable")
    occupy(machine, 32 * BLOCK + 600, 20000, MOVABLE)
    fill_zone(machine, "DMA32", 3000)
    fill_zone(machine, "DMA", 100)
    outcome = refuse(machine, Offline(block=32))
    assert outcome.result == "EINTR"
    assert movable(machine, "Movable") == 0


def test_pages_of_zone_movable_may_go_to_either() -> None:
    machine = guest("2G")
    dimm(machine, "128M")
    online(machine, 32, kind="online_movable")
    occupy(machine, 32 * BLOCK + 600, 5000, MOVABLE)
    assert targets(machine, 32) == {(0, "DMA32")}, "no other movable memory is left"


def test_no_room_the_first_block_goes_the_second_does_not() -> None:
    """As real kernels did: no ENOMEM and no OOM kill, counters come back; the pages that moved stay moved."""
    machine = guest("1G")
    dimm(machine, "512M")
    online(machine, *range(32, 36), kind="online_movable")
    fill_zone(machine, "DMA32", 3000)
    fill_zone(machine, "DMA", 100)
    for block in (32, 33, 34):
        occupy(machine, block * BLOCK + 512, 31000, MOVABLE)
    offline(machine, 32)
    before = {key: (zone.present, zone.managed, zone.spanned) for key, zone in machine.zones.items()}
    total = movable(machine)
    outcome = refuse(machine, Offline(block=33))
    assert outcome.result == "EINTR"
    assert "no room" in sentence(outcome.reason)
    assert {key: (zone.present, zone.managed, zone.spanned) for key, zone in machine.zones.items()} == before
    assert movable(machine) == total


def test_the_watermark_of_the_target_is_kept() -> None:
    """It drains node 0 to the min watermark, not to nothing."""
    machine = two_nodes("1G")
    dimm(machine, "512M", node=1)
    online(machine, *range(32, 36), kind="online_movable")
    fill_zone(machine, "DMA32", 20000)
    for block in range(32, 36):
        occupy(machine, block * BLOCK + 512, 32256, MOVABLE)
    refuse(machine, Offline(block=32))
    assert 100 < numbers(machine, "DMA32")[0] < 20000


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_the_per_cpu_lists_are_drained_first(model: str) -> None:
    machine = guest("1G", model=model, memmap_on_memory="N")
    dimm(machine, "256M")
    online(machine, 32, 33, kind="online_movable")
    occupy(machine, 33 * BLOCK + 600, 300, "pcp")
    zone = machine.zones[0, "Movable"]
    assert zone.pcp == 300
    offline(machine, 32)
    assert machine.zones[0, "Movable"].pcp == 0
    assert numbers(machine, "Movable")[0] == 32768
