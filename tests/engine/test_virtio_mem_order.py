"""virtio-mem: in which order the driver takes and fills blocks, how much may be offline, and big device blocks
(virtio_mem_plug_request, virtio_mem_unplug_request)."""

from __future__ import annotations

import pytest
from altmap.engine import Machine, Outcome, VirtioMem, sentence
from altmap.engine.hotplug.virtio_mem import plugged
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import PagesPlugged, PagesUnplugged, ResizeFailed
from altmap.engine.protocol.reasons.pages import WaitsForOnline
from altmap.engine.protocol.vocabulary import MOVABLE, PAGE_OFFLINE, PINNED

from .guests import FIRST, numbers, occupy, online, refuse, told, two_nodes
from .test_virtio_mem import MIB, blocks, device, resize

# -- the driver's order -------------------------------------------------------------------------------------------------


def mixed() -> Machine:
    """Six blocks: kernel full, movable full, kernel partial, movable partial, offline full, offline partial."""
    machine = device(auto_online="offline")
    resize(machine, "736M")
    for number, kind in ((32, "online_kernel"), (33, "online_movable"), (34, "online_kernel"), (35, "online_movable")):
        online(machine, number, kind=kind)
    state = state_of(machine)
    for number in (34, 35):
        key, first = machine.blocks[number].zone, number * 32768 + 512
        assert key is not None
        state.change_pages(first, 512, PAGE_OFFLINE)
        state.zones.put(key, state.zones[key].plus(managed=-512))
    state.journal.take()
    assert machine.check() == []
    return machine


def unplugged(outcome: Outcome) -> list[int]:
    """Blocks that lost device blocks, in order."""
    return list(dict.fromkeys(event.pfn // 32768 for event in told(outcome, PagesUnplugged)))


def test_unplugging_goes_from_offline_to_movable_to_kernel_and_from_partial_to_full() -> None:
    machine = mixed()
    assert unplugged(resize(machine, 0)) == [37, 36, 35, 34, 33, 32]


def test_plugging_fills_kernel_then_movable_then_offline_holes_before_new_blocks() -> None:
    machine = mixed()
    outcome = resize(machine, "774M")
    where = list(dict.fromkeys(event.pfn // 32768 for event in told(outcome, PagesPlugged)))
    assert where == [34, 35, 37, 38]
    assert not machine.sections[37].of(PAGE_OFFLINE)
    assert machine.blocks[37].state == "offline"
    assert numbers(machine, "Movable")[3] == 65536


def test_a_whole_block_is_taken_at_once_where_it_is_not_busy() -> None:
    machine = device()
    resize(machine, "256M")
    outcome = resize(machine, "100M")
    assert [(event.pfn, event.pages) for event in told(outcome, PagesUnplugged)][:2] == [
        (33 * 32768, 32768),
        (FIRST + 126 * MIB, 512),
    ]


# -- too much offline memory --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "most"), [("2M", 8), ("256M", 8), ("1G", 16)])
def test_it_adds_no_more_than_a_gib_or_two_blocks_that_stay_offline(unit: str, most: int) -> None:
    machine = device(auto_online="offline")
    outcome = refuse(machine, VirtioMem(start="4G", size="8G", unit=unit))
    assert outcome.result == "ENOSPC"
    assert "wait until more of the device is online" in sentence(outcome.reason)
    assert len(blocks(machine)) == most


def test_it_goes_on_when_half_of_what_may_be_offline_is_online() -> None:
    machine = device(auto_online="offline")
    refuse(machine, VirtioMem(start="4G", size="2G"))
    online(machine, 32, 33, 34, kind="online_movable")
    assert len(blocks(machine)) == 8
    outcome = machine.write("/sys/devices/system/memory/memory35/state", "online_movable")
    assert outcome.ok
    assert len(blocks(machine)) == 12
    assert told(outcome, ResizeFailed) == [ResizeFailed(4 << 30, "ENOSPC", WaitsForOnline(512 << 20, 1 << 30))]
    online(machine, *range(36, 40), kind="online_movable")
    assert len(blocks(machine)) == 16
    online(machine, *range(40, 48), kind="online_movable")
    assert len(blocks(machine)) == 16, "all that was asked for is there"


def test_a_new_request_forgets_the_one_that_waits() -> None:
    machine = device(auto_online="offline")
    refuse(machine, VirtioMem(start="4G", size="2G"))
    resize(machine, "1G")
    online(machine, *range(32, 40), kind="online_movable")
    assert len(blocks(machine)) == 8


# -- big device blocks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_big_device_blocks_are_whole_pairs_of_memory_blocks(model: str) -> None:
    machine = device(model)
    for size, count in (("256M", 2), ("1G", 8), ("512M", 4)):
        resize(machine, size, "256M")
        assert blocks(machine) == list(range(32, 32 + count))
        assert numbers(machine, "Movable") == (count * 32768,) * 4
        assert not any(section.of(PAGE_OFFLINE) for section in machine.sections.values())
    resize(machine, 0, "256M")
    assert blocks(machine) == []


def test_a_big_device_block_that_is_stuck_is_passed_over() -> None:
    machine = device()
    resize(machine, "768M", "256M")
    occupy(machine, FIRST + 5 * 32768 + 7, 1, PINNED)
    resize(machine, "512M", "256M")
    assert blocks(machine) == [32, 33, 36, 37]
    assert plugged(state_of(machine), FIRST * 4096) == 512 * MIB


def test_big_device_blocks_that_are_offline_go_first_and_movable_ones_before_others() -> None:
    machine = device(auto_online="offline")
    resize(machine, "1G", "256M")
    online(machine, 34, 35, 36, kind="online_movable")
    online(machine, 38, 39, kind="online_kernel")
    gone = []
    for size in ("768M", "512M", "256M", 0):
        before = set(blocks(machine))
        resize(machine, size, "256M")
        gone.append(before - set(blocks(machine)))
    assert gone == [{32, 33}, {36, 37}, {34, 35}, {38, 39}]


def test_pages_of_a_big_device_block_stay_on_the_node() -> None:
    """They are taken as a contiguous range before anything goes offline, which would prefer another node."""
    machine = two_nodes("2G", "2G", auto_online="online_movable")
    resize(machine, "512M", "256M")
    occupy(machine, FIRST + 2 * 32768 + 600, 1000, MOVABLE)
    resize(machine, "256M", "256M")
    assert blocks(machine) == [32, 33]
    assert {key for section in machine.sections.values() if section.of(MOVABLE) for key, _ in section.zones} == {
        (0, "Movable")
    }


def test_a_big_device_block_that_is_busy_comes_back_as_it_was() -> None:
    machine = device()
    resize(machine, "512M", "256M")
    occupy(machine, FIRST + 3 * 32768 + 7, 1, PINNED)
    occupy(machine, FIRST + 32768 + 7, 1, PINNED)
    zones = dict(machine.zones)
    outcome = refuse(machine, VirtioMem(start="4G", size=0, unit="256M"))
    assert outcome.result == "EBUSY"
    assert dict(machine.zones) == zones
    assert not any(section.of(PAGE_OFFLINE) for section in machine.sections.values())
