"""Adding memory: the order of its checks, what it takes, and what it leaves when it fails."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import Add, Eject, Offline, Online, boot_machine, parse_bytes, sentence
from altmap.engine.commands import describe
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import (
    BlockCreated,
    ExistingMemoryTaken,
    MemmapPlaced,
    NodeOnlined,
    PlacementChosen,
    ResourceReserved,
)

from .guests import dimm, eject, free_pages, guest, numbers, offline, online, refuse, told, two_nodes


def names(events: tuple[Any, ...]) -> list[str]:
    """Kinds of events, repetitions once."""
    kinds = [type(event).__name__ for event in events]
    return [kind for at, kind in enumerate(kinds) if not at or kinds[at - 1] != kind]


# -- order -------------------------------------------------------------------------------------------------------------


def test_steps_come_in_the_kernels_order() -> None:
    """Resource, placement, sections, blocks, node, and auto onlining last."""
    machine = two_nodes("1G", model="6.1", auto_online="online")
    outcome = dimm(machine, "256M", node=1)
    order = names(outcome.events)
    wanted = [
        "ResourceReserved",
        "PlacementChosen",
        "MemmapPlaced",
        "BlockCreated",
        "NodeOnlined",
        "ExistingMemoryTaken",
    ]
    assert [kind for kind in order if kind in wanted] == wanted
    assert order.index("ZoneChosen") > order.index("ExistingMemoryTaken")
    assert [event.block for event in told(outcome, BlockCreated)] == [32, 33]
    assert [event.node for event in told(outcome, NodeOnlined)] == [1]
    assert [event.name for event in told(outcome, ResourceReserved)] == ["System RAM"]


def test_6_12_finishes_block_by_block() -> None:
    """Memmap and device of one block, then the next."""
    outcome = dimm(guest(model="6.12"), "384M")
    mixed = [type(e).__name__ for e in outcome.events if isinstance(e, MemmapPlaced | BlockCreated)]
    assert mixed == ["MemmapPlaced", "BlockCreated"] * 3
    outcome = dimm(guest(model="6.12", memmap_on_memory="N"), "384M")
    mixed = [type(e).__name__ for e in outcome.events if isinstance(e, MemmapPlaced | BlockCreated)]
    assert mixed == ["MemmapPlaced"] * 3 + ["BlockCreated"] * 3


def test_a_node_that_firmware_did_not_announce_is_einval() -> None:
    machine = two_nodes("1G", nodes=2)
    outcome = refuse(machine, Add(start="8G", size="128M", node=2))
    assert outcome.result == "EINVAL"
    assert "node 2 was absent from the node_possible_map" in sentence(outcome.reason)
    assert 8 << 30 not in machine.resources


def test_misalignment_beats_the_node() -> None:
    """Steps 4 and 6."""
    outcome = refuse(guest(), Add(start="8G", size="64M", node=9))
    assert "unaligned" in sentence(outcome.reason)


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_new_blocks_are_offline_and_of_their_node(model: str) -> None:
    machine = two_nodes("1G", model=model)
    dimm(machine, "256M", node=1)
    for number in (32, 33):
        block = machine.blocks[number]
        assert (block.state, block.zone, block.nodes, block.early) == ("offline", None, (1,), False)
        assert machine.sections[number].node == 1
        assert not machine.sections[number].online


def test_an_add_puts_the_node_online_and_its_memory_only_onlining_does() -> None:
    """test_sysfs has the masks."""
    machine = two_nodes("1G")
    dimm(machine, node=1)
    assert machine.nodes[1].online
    assert state_of(machine).memory_nodes() == [0]
    online(machine, 32)
    assert state_of(machine).memory_nodes() == [0, 1]


# -- what it takes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "memmap"), [("128M", 512), ("1G", 4096), ("10G", 40960), ("12G", 49152)])
def test_boot_memmap_is_taken_before_anything_is_online(size: str, memmap: int) -> None:
    """192 MiB for 12 GiB. Besides: about 3 pages a block and 5 to 23 a device."""
    machine = guest(memmap_on_memory="N")
    before = free_pages(machine)
    outcome = dimm(machine, size)
    blocks = memmap // 512
    beside = outcome.taken[0] - memmap
    assert blocks <= beside <= 3.5 * blocks + 23
    assert before - free_pages(machine) == outcome.taken[0]
    assert [event.pages for event in told(outcome, ExistingMemoryTaken)] == [outcome.taken[0]]


@pytest.mark.parametrize("model", ["rfc-v2", "6.12"])
@pytest.mark.parametrize("size", ["128M", "1G", "10G", "64G"])
def test_with_the_memmap_on_the_memory_only_tables_and_objects_are_taken(model: str, size: str) -> None:
    machine = guest(model=model)
    blocks = parse_bytes(size) >> 27
    outcome = dimm(machine, size)
    assert blocks <= outcome.taken[0] <= 3.5 * blocks + 23


def test_192_mib_take_16_gib_with_heads() -> None:
    """128 blocks 32..159, 177 pages of boot memory."""
    machine = guest("256M")
    outcome = dimm(machine, "16G")
    assert sorted(machine.blocks)[2:] == list(range(32, 160))
    assert all(machine.blocks[block].state == "offline" for block in range(32, 160))
    assert abs(outcome.taken[0] - 177) <= 40
    assert sum(machine.blocks[block].head for block in range(32, 160)) == 65536


def test_the_second_device_in_the_same_gib_needs_no_new_page_tables() -> None:
    """One PMD page maps a GiB, one of the vmemmap's 64 GiB."""
    machine = guest()
    first = dimm(machine, "128M", at="128G").taken[0]
    second = dimm(machine, "128M", at=(128 << 30) + (512 << 20)).taken[0]
    assert second == first - 2


def test_arm64_maps_its_memory_in_base_pages() -> None:
    """The traces of arm64: 64 page-table pages a block even with heads; 77 for 128 MiB, 536 for 1 GiB."""
    for size, measured in (("128M", 77), ("1G", 536)):
        machine = boot_machine([(0, "1G", "1G")], arch="arm64-4k")
        taken = dimm(machine, size, at="8G").taken[0]
        assert abs(taken - measured) <= 12


def test_nothing_is_taken_from_per_cpu_lists_or_said_of_other_nodes() -> None:
    machine = two_nodes("1G", "1G", memmap_on_memory="N")
    dimm(machine, "1G", node=0)
    outcome = dimm(machine, "1G", at="16G", node=0)
    assert set(outcome.taken) == {0}


def test_auto_onlining_does_not_count_as_taken() -> None:
    """`taken` is what is missing before anything is online."""
    quiet, automatic = guest(), guest(auto_online="online")
    assert dimm(quiet, "1G").taken == dimm(automatic, "1G").taken


# -- words -------------------------------------------------------------------------------------------------------------


def test_the_reason_of_a_placement_is_told() -> None:
    (chosen,) = told(dimm(guest(model="6.1"), "1G"), PlacementChosen)
    assert chosen.placement == "boot"
    assert "not exactly one memory block" in sentence(chosen.reason)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Add(start="4G", size="128M"), "add 128M at 0x100000000 node 0"),
        (Add(start=1 << 32, size=3 << 27, node=2), "add 384M at 0x100000000 node 2"),
        (
            Add(start="4G", size="1G", caller="pmem", reserve=512, align=3),
            "add 1G at 0x100000000 node 0 caller pmem reserve 512 align 3",
        ),
        (
            Add(start="4G", size="1G", placement="sections", fallback=False),
            "add 1G at 0x100000000 node 0 placement sections no-fallback",
        ),
        (Eject(start="4G", size="128M"), "eject 128M at 0x100000000"),
        (Offline(block=3), "offline 3"),
    ],
)
def test_commands_in_one_line(command: Any, text: str) -> None:
    assert describe(command) == text


def test_an_added_device_is_offline_until_somebody_onlines_it_and_back() -> None:
    machine = guest()
    dimm(machine)
    online(machine, 32)
    assert numbers(machine, "Normal")[2] == 32768
    offline(machine, 32)
    eject(machine)


def test_page_tables_and_objects_come_from_where_the_cpus_are() -> None:
    """Recordings numa_mom and numa_lastnode_mom: an add takes nothing of a node without CPUs but the memmap."""
    machine = boot_machine([(0, 0, "2G"), (1, "4G", "1G")], nodes=3, model="6.12", memmap_on_memory="Y")
    assert machine.apply(Add(start="8G", size="128M", node=2)).ok
    assert machine.apply(Online(block=64, type="online_kernel")).ok
    free = machine.zones[2, "Normal"].free
    outcome = machine.apply(Add(start="9G", size="1G", node=2))
    assert set(outcome.taken) == {0}
    assert machine.zones[2, "Normal"].free == free
