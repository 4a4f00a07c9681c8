"""virtio-mem: device blocks smaller and bigger than a memory block (the traces virtio_mem_2m)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from altmap.engine import (
    Allocate,
    BadInput,
    Eject,
    HugePages,
    Machine,
    Offline,
    Outcome,
    Remove,
    VirtioMem,
    boot_machine,
)
from altmap.engine.hotplug.virtio_mem import plugged
from altmap.engine.memory.block import Request
from altmap.engine.memory.journal import Table
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import PagesPlugged, PagesUnplugged
from altmap.engine.protocol.reasons.pages import StillPlugged
from altmap.engine.protocol.vocabulary import MOVABLE, PAGE_OFFLINE, PINNED

from .guests import (
    FIRST,
    do,
    guest,
    memmap,
    numbers,
    occupy,
    offline,
    online,
    placements,
    populated,
    refuse,
    told,
)

MIB = 256
"""Pages of a MiB."""


def device(model: str = "6.12", auto_online: str = "online_movable", ram: str = "1G") -> Machine:
    return guest(ram, model=model, auto_online=auto_online)


def resize(machine: Machine, size: str | int, unit: str = "2M", start: str | int = "4G") -> Outcome:
    return do(machine, VirtioMem(start=start, size=size, unit=unit))


def blocks(machine: Machine) -> list[int]:
    """Memory blocks above 4 GiB."""
    return sorted(number for number in machine.blocks if number >= 32)


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_sizes_of_the_trace(model: str) -> None:
    """Present is whole memory blocks, managed what is plugged; the memmap is in kernel memory on both kernels."""
    machine = device(model)
    for size, present, managed in (
        (128, 32768, 32768),
        (200, 65536, 51200),
        (386, 131072, 98816),
        (300, 98304, 76800),
        (130, 65536, 33280),
    ):
        before = plugged(state_of(machine), FIRST * 4096) * 4096
        outcome = resize(machine, f"{size}M")
        assert numbers(machine, "Movable") == (managed, present, present, managed)
        assert machine.zones[0, "Movable"].start == FIRST
        assert blocks(machine) == list(range(32, 32 + present // 32768))
        assert plugged(state_of(machine), FIRST * 4096) == size * MIB == managed
        assert sum(s.count(PAGE_OFFLINE) for s in machine.sections.values()) == present - managed
        assert outcome.log[:2] == (f"plugged size: {before:#x}", f"requested size: {size << 20:#x}")
        assert placements(machine, 32, present // 32768) == {"kernel"}
    resize(machine, 0)
    assert blocks(machine) == []
    assert (0, "Movable") not in populated(machine)
    assert not machine.groups


def test_growing_fills_the_lowest_holes_first() -> None:
    machine = device()
    resize(machine, "200M")
    outcome = resize(machine, "240M")
    assert {event.pfn for event in told(outcome, PagesPlugged)} == {FIRST + mib * MIB for mib in range(200, 240, 2)}
    resize(machine, "256M")
    outcome = resize(machine, "260M")
    assert [event.pfn for event in told(outcome, PagesPlugged)] == [FIRST + 256 * MIB]


def test_shrinking_takes_the_highest_first() -> None:
    machine = device()
    resize(machine, "200M")
    outcome = resize(machine, "196M")
    assert [event.pfn for event in told(outcome, PagesUnplugged)] == [FIRST + 198 * MIB, FIRST + 196 * MIB]
    assert blocks(machine) == [32, 33]
    resize(machine, "128M")
    assert blocks(machine) == [32], "a block whose last device block goes is removed"


def test_movable_pages_move_away_from_what_is_unplugged() -> None:
    machine = device()
    resize(machine, "256M")
    occupy(machine, FIRST + 32768 + 20000, 5000, MOVABLE)
    resize(machine, "128M")
    assert blocks(machine) == [32]
    assert sum(section.count(MOVABLE) for nr, section in machine.sections.items() if nr >= 32) == 5000


def test_an_unmovable_page_keeps_its_device_block() -> None:
    machine = device(auto_online="online_kernel")
    resize(machine, "64M")
    occupy(machine, FIRST + 5000, 1, "slab")
    outcome = refuse(machine, VirtioMem(start="4G", size=0))
    assert outcome.result == "EBUSY"
    assert outcome.reason == StillPlugged(2 << 20)
    assert blocks(machine) == [32]
    assert numbers(machine, "Normal") == (511, 32768, 32768, 512)
    assert machine.sections[32].of(PAGE_OFFLINE) == ((1 << 32768) - 1) ^ (((1 << 512) - 1) << 5000 // 512 * 512)


def test_a_pinned_page_does_too() -> None:
    machine = device()
    resize(machine, "128M")
    occupy(machine, FIRST + 5000, 1, PINNED)
    assert refuse(machine, VirtioMem(start="4G", size=0)).reason == StillPlugged(2 << 20)
    assert plugged(state_of(machine), FIRST * 4096) == 512


def test_what_cannot_go_from_the_top_goes_from_further_down() -> None:
    machine = device()
    resize(machine, "128M")
    occupy(machine, FIRST + 32768 - 10, 1, PINNED)
    outcome = resize(machine, "120M")
    assert [(event.pfn - FIRST) // MIB for event in told(outcome, PagesUnplugged)] == [124, 122, 120, 118]
    assert numbers(machine, "Movable")[3] == 120 * MIB


@pytest.mark.parametrize(("unit", "left"), [("2M", 2), ("256M", 256)])
def test_the_device_is_still_known_when_its_lower_blocks_are_gone(unit: str, left: int) -> None:
    machine = device()
    resize(machine, "512M", unit)
    occupy(machine, FIRST + 3 * 32768 + 7000, 1, PINNED)
    before = numbers(machine, "Movable")
    assert before[1] == 131072
    outcome = refuse(machine, VirtioMem(start="4G", size=0, unit=unit))
    assert outcome.result == "EBUSY"
    assert outcome.reason == StillPlugged(left << 20)
    assert numbers(machine, "Movable")[3] == left * MIB, "blocks that were offlined in vain come back"
    machine.undo()
    assert numbers(machine, "Movable") == before


def test_the_memmap_of_the_next_block_lands_in_the_first_one_that_is_kernel_memory() -> None:
    """Shrinking to 0 stops where the device holds memmap of what is left."""
    machine = device(auto_online="online_kernel")
    resize(machine, "256M")
    assert 32768 * 33 > (memmap(machine, 33).pfn or 0) >= FIRST
    resize(machine, 0)
    assert blocks(machine) == []
    resize(machine, "128M")
    resize(machine, "64M", start="8G")
    at = memmap(machine, 64).pfn or 0
    assert 32768 * 33 > at >= FIRST
    outcome = refuse(machine, VirtioMem(start="4G", size=0))
    assert outcome.result == "EBUSY"
    assert blocks(machine) == [32, 64]
    assert machine.sections[32].of("vmemmap") >> at % 32768 & 1


# -- online states ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "zone"), [("online", "Normal"), ("online_kernel", "Normal"), ("online_movable", "Movable")]
)
def test_blocks_go_where_auto_online_blocks_says(kind: str, zone: str) -> None:
    machine = device(auto_online=kind)
    resize(machine, "200M")
    assert {machine.blocks[number].zone for number in (32, 33)} == {(0, zone)}
    assert numbers(machine, zone)[1:] == (65536, 65536, 51200)


def test_offline_blocks_can_be_unplugged_too() -> None:
    machine = device(auto_online="offline")
    resize(machine, "200M")
    assert [machine.blocks[number].state for number in (32, 33)] == ["offline"] * 2
    assert not any(key[1] in ("Normal", "Movable") for key in populated(machine))
    assert plugged(state_of(machine), FIRST * 4096) == 200 * MIB
    resize(machine, "64M")
    assert blocks(machine) == [32]
    online(machine, 32, kind="online_movable")
    assert numbers(machine, "Movable") == (64 * MIB, 32768, 32768, 64 * MIB)
    offline(machine, 32)
    resize(machine, 0)
    assert blocks(machine) == []


def test_a_block_offlined_by_hand_keeps_what_was_withheld() -> None:
    machine = device()
    resize(machine, "200M")
    offline(machine, 33)
    assert numbers(machine, "Movable") == (32768,) * 4
    online(machine, 33, kind="online_movable")
    assert numbers(machine, "Movable") == (51200, 65536, 65536, 51200)


def test_withheld_pages_do_not_keep_a_block_from_going_offline() -> None:
    machine = device(auto_online="online_kernel")
    resize(machine, "2M")
    assert numbers(machine, "Normal")[3] == 512
    offline(machine, 32)
    assert numbers(machine, "Normal")[1:] == (0, 0, 0)


# -- groups -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "pages"), [("2M", 32768), ("256M", 65536)])
def test_a_device_is_one_dynamic_group(unit: str, pages: int) -> None:
    """The unit of a dynamic group is what the device adds at a time."""
    machine = device()
    resize(machine, "512M", unit)
    resize(machine, "1G", unit)
    resize(machine, "512M", "2M", start="8G")
    assert len(machine.groups) == 2
    first = machine.groups[machine.blocks[32].group]  # type: ignore[index]
    assert (first.blocks, first.present_movable, first.present_kernel) == (8, 8 * 32768, 0)
    assert first.unit_pages == pages
    assert {machine.blocks[number].group for number in range(32, 40)} == {machine.blocks[32].group}
    assert machine.blocks[64].group != machine.blocks[32].group


def test_a_group_counts_present_pages_the_withheld_ones_too() -> None:
    machine = device()
    resize(machine, "200M")
    (group,) = machine.groups.values()
    assert group.present_movable == 65536
    offline(machine, 33)
    (group,) = machine.groups.values()
    assert group.present_movable == 32768


def test_rfc_v2_has_no_groups() -> None:
    machine = device("rfc-v2", auto_online="online")
    resize(machine, "200M")
    assert not machine.groups
    assert numbers(machine, "Normal")[1:] == (65536, 65536, 51200)


@pytest.mark.parametrize(("model", "unit", "comes"), [("5.18", "2M", 128), ("5.19", "2M", 130), ("5.19", "1M", 130)])
def test_the_driver_handles_no_less_than_the_kernel_can_isolate(model: str, unit: str, comes: int) -> None:
    """What is left over of a request stays unplugged, and is no error: areas of 4 MiB before 5.19, then pageblocks."""
    machine = device(model, auto_online="online_movable")
    assert do(machine, VirtioMem(start="4G", size="131M" if unit == "1M" else "130M", unit=unit)).ok
    assert plugged(state_of(machine), 4 << 30) == comes << 8


# -- what makes no sense, and what does not fit -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"size": "3M"}, "its size be one of 2M"),
        ({"size": "6M", "unit": "3M"}, "a device block of 3M is not a power of two"),
        ({"size": "4M", "unit": "512K"}, "is not a power of two from 1M on"),
        ({"size": "4M", "unit": 0}, "is not a power of two"),
        ({"size": "4M", "start": "4097M"}, "must begin at a multiple of 128M"),
        ({"size": "256M", "unit": "256M", "start": "4224M"}, "must begin at a multiple of 256M"),
    ],
)
def test_bad_numbers(asked: dict[str, Any], words: str) -> None:
    machine = device()
    with pytest.raises(BadInput, match=words):
        machine.apply(VirtioMem(**{"start": "4G", **asked}))
    assert machine.history == ()


def test_without_room_for_the_memmap_it_comes_as_far_as_it_can() -> None:
    machine = device(ram="128M")
    outcome = refuse(machine, VirtioMem(start="4G", size="64G"))
    assert outcome.result == "ENOMEM"
    count = len(blocks(machine))
    assert 40 < count < 64
    assert plugged(state_of(machine), FIRST * 4096) == count * 32768


def test_its_memory_cannot_be_taken_out_as_a_dimm_while_it_is_online() -> None:
    machine = device()
    resize(machine, "128M")
    assert refuse(machine, Remove(start="4G", size="128M")).result == "EBUSY"
    occupy(machine, FIRST + 3, 1, PINNED)
    assert machine.apply(Eject(start="4G", size="128M")).result == "HANGS"
    machine.undo()
    assert refuse(machine, Offline(block=32)).result == "EINTR"


@pytest.mark.parametrize("used", [False, True])
def test_a_huge_page_makes_way_for_an_unplug(used: bool) -> None:
    """Recording virtio_mem_4m_kernel step 11: a free huge page of the pool is replaced by a fresh one, and the pool stays."""
    machine = guest("1G", auto_online="online_movable")
    do(machine, VirtioMem(start="4G", size="256M", unit="2M"), HugePages(count=20, node=0))
    assert any(pfn >= 32 * 32768 for pfn in state_of(machine).hugepages)
    if used:
        do(machine, Allocate(size="40M", kind="huge"))
    do(machine, VirtioMem(start="4G", size=0, unit="2M"))
    assert not [number for number in machine.blocks if number >= 32]
    assert machine.read("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages") == "20\n"
    assert machine.read("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") == ("0\n" if used else "20\n")
    assert machine.check() == []


def test_of_thousands_of_requests_those_near_a_range_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device asks for each block by itself: one of a terabyte that was resized looked at all its requests for each of them."""
    state = state_of(boot_machine([(0, 0, "1G")]))
    blocks = sorted(random.Random(7).sample(range(32, 4000), 1000))
    for block in blocks:
        state.requests.put(block << 15, Request(block << 15, 1 << 15, 0, "virtio-mem", "boot"))
    looked: list[Any] = []

    def look(self: Table[Any, Any], key: Any) -> Any:
        looked.append(key)
        return self.get(key)

    monkeypatch.setattr(Table, "__getitem__", look, raising=False)
    monkeypatch.setattr(Table, "values", None, raising=False)
    for block in range(30, 4002, 7):
        for start, pages in ((block << 15, 1 << 15), ((block << 15) - 1, 2), ((block << 15) + 9, 3 << 15)):
            near = [one << 15 for one in blocks if one << 15 < start + pages and start < (one + 1) << 15]
            assert [request.start for request in state.requests_in(start, pages)] == near
            assert len(looked) <= len(near) + 1
            looked.clear()
