"""Nodes: which one a memmap comes from, memory off its node, and what pins a block."""

from __future__ import annotations

import msgspec
from altmap.engine import Add, Machine, Offline, boot_machine, sentence
from altmap.engine.memory.section import Memmap
from altmap.engine.memory.state import state_of
from altmap.engine.mm.zonelist import kernel_zonelist, node_order
from altmap.engine.protocol.events import MemmapPlaced
from altmap.engine.protocol.vocabulary import VMEMMAP

from .guests import dimm, eject, fill_zone, free_pages, guest, numbers, offline, online, refuse, told, two_nodes


def place(machine: Machine, section: int) -> tuple[str, int]:
    """Where a section's memmap lies: its `on` and the node of its pages."""
    memmap = machine.sections[section].memmap
    assert isinstance(memmap, Memmap)
    assert memmap.pfn is not None
    return memmap.on, machine.sections[memmap.pfn // 32768].node


def test_the_memmap_comes_from_the_nodes_own_kernel_memory() -> None:
    machine = two_nodes("2G", "1G", memmap_on_memory="N")
    outcome = dimm(machine, "1G", node=1)
    assert {place(machine, nr) for nr in range(32, 40)} == {("kernel", 1)}
    assert outcome.taken[1] == 8 * 512
    assert outcome.taken[0] < 30, "page tables and objects, where the kernel works"
    assert {event.node for event in told(outcome, MemmapPlaced)} == {1}


def test_a_node_without_memory_gets_it_from_the_nearest() -> None:
    machine = two_nodes("2G", memmap_on_memory="N")
    outcome = dimm(machine, "1G", node=1)
    assert {place(machine, nr) for nr in range(32, 40)} == {("kernel", 0)}
    assert set(outcome.taken) == {0}


def test_a_node_with_only_movable_memory_gets_it_from_another() -> None:
    """GFP_KERNEL, never ZONE_MOVABLE."""
    machine = two_nodes("2G", memmap_on_memory="N")
    dimm(machine, "1G", node=1)
    online(machine, *range(32, 40), kind="online_movable")
    assert numbers(machine, "Movable", 1)[0] == 262144, "room enough, of the wrong kind"
    outcome = dimm(machine, "1G", at="8G", node=1)
    assert {place(machine, nr) for nr in range(64, 72)} == {("kernel", 0)}
    assert set(outcome.taken) == {0}
    assert outcome.taken[0] >= 4096


def test_with_heads_the_node_keeps_its_memmap() -> None:
    machine = two_nodes("2G")
    dimm(machine, "1G", node=1)
    assert {place(machine, nr) for nr in range(32, 40)} == {("self", 1)}


def lastnode() -> Machine:
    """The traces numa_lastnode_nomom until c (512 MiB at 4480 MiB) has its memmap in b's first block, 33."""
    machine = boot_machine([(0, 0, "1G"), (1, "1G", "512M")], nodes=3, memmap_on_memory="N")
    first = dimm(machine, "128M", at="4G", node=2)
    assert place(machine, 32)[1] != 2, "node 2 has no memory at all"
    assert set(first.taken) <= {0, 1}
    online(machine, 32, kind="online_movable")
    dimm(machine, "256M", at="4224M", node=2)
    assert place(machine, 33)[1] != 2, "movable memory does not count"
    online(machine, 33, kind="online_kernel")
    assert numbers(machine, "Normal", 2)[0] == 32768
    dimm(machine, "512M", at="4480M", node=2)
    return machine


def test_numa_lastnode_a_memmap_in_hot_added_memory_pins_that_block() -> None:
    machine = lastnode()
    assert {place(machine, nr) for nr in range(35, 39)} == {("kernel", 2)}
    held = machine.sections[33].of(VMEMMAP)
    assert held.bit_count() == 2048
    assert 30720 - 20 <= numbers(machine, "Normal", 2)[0] <= 30720
    outcome = refuse(machine, Offline(block=33))
    assert outcome.result == "EBUSY"
    assert "memory35" in sentence(outcome.reason), "whose memmap it is"
    assert "memmap" in sentence(outcome.reason)
    assert any("page dumped because: unmovable page" in line for line in outcome.log)


def test_numa_lastnode_the_guests_removal_frees_the_block() -> None:
    machine = lastnode()
    eject(machine, "512M", at="4480M")
    eject(machine, "128M", at="4G")
    assert numbers(machine, "Normal", 2)[0] == 32768
    offline(machine, 33)
    eject(machine, "256M", at="4224M")
    assert not machine.nodes[2].online


def test_numa_lastnode_with_heads_nothing_is_pinned() -> None:
    """The same b+0 offline is ok."""
    machine = boot_machine([(0, 0, "1G"), (1, "1G", "512M")], nodes=3)
    dimm(machine, "256M", at="4224M", node=2)
    online(machine, 33, kind="online_kernel")
    dimm(machine, "512M", at="4480M", node=2)
    assert {place(machine, nr) for nr in range(35, 39)} == {("self", 2)}
    # page tables and kernel objects, though, may lie in the only kernel memory of the node
    eject(machine, "512M", at="4480M")
    offline(machine, 33)


def test_a_full_node_makes_the_next_one_pay() -> None:
    machine = two_nodes("2G", "1G", memmap_on_memory="N")
    fill_zone(machine, "DMA32", 200, node=1)
    outcome = dimm(machine, "1G", node=1)
    assert {place(machine, nr) for nr in range(32, 40)} == {("kernel", 0)}
    assert outcome.taken[0] >= 4096


def test_memmap_never_comes_from_movable_memory_even_if_the_machine_dies_of_it() -> None:
    machine = guest("256M", memmap_on_memory="N")
    dimm(machine, "512M")
    online(machine, *range(32, 36), kind="online_movable")
    before = numbers(machine, "Movable")
    outcome = refuse(machine, Add(start="64G", size="32G"))
    assert outcome.result == "ENOMEM"
    assert numbers(machine, "Movable") == before
    assert free_pages(machine) > 131072


# -- zonelists ---------------------------------------------------------------------------------------------------------


def test_a_zonelist_walks_nodes_by_distance_and_zones_from_the_top() -> None:
    machine = two_nodes("8G", "", nodes=1)
    assert kernel_zonelist(state_of(machine), 0) == [(0, "Normal"), (0, "DMA32"), (0, "DMA")]
    machine = boot_machine([(0, 0, "2G"), (1, "4G", "1G")])
    dimm(machine, "128M", at="16G", node=1)
    online(machine, 128, kind="online_movable")
    assert kernel_zonelist(state_of(machine), 1) == [(1, "Normal"), (0, "DMA32"), (0, "DMA")]
    assert kernel_zonelist(state_of(machine), 0) == [(0, "DMA32"), (0, "DMA"), (1, "Normal")]


def test_the_slit_decides_who_is_near() -> None:
    machine = boot_machine([(0, 0, "1G"), (1, "1G", "1G"), (2, "2G", "512M")])
    state = state_of(machine)
    for node, row in ((0, (10, 40, 20)), (1, (40, 10, 30)), (2, (20, 30, 10))):
        state.nodes.put(node, msgspec.structs.replace(state.nodes[node], distance=row))
    assert [node_order(state, node) for node in range(3)] == [[0, 2, 1], [1, 2, 0], [2, 0, 1]]


def test_of_a_node_that_came_up_for_added_memory_no_other_node_counts() -> None:
    """Node 2 has no CPUs, and so all others fell back to it first; node 3 falls back as if none had."""
    machine = boot_machine([(0, 0, "1G"), (1, "1G", "512M")], nodes=4, memmap_on_memory="N")
    state = state_of(machine)
    for number in (2, 3):
        state.nodes.put(number, msgspec.structs.replace(state.nodes[number], cpus=False))
    dimm(machine, "128M", at="4G", node=2)
    online(machine, 32, kind="online_movable")
    assert node_order(state, 3) == [2, 0, 1]
    dimm(machine, "128M", at="8G", node=3)
    assert place(machine, 64) == ("kernel", 0)


def test_the_recorded_fallback_order_of_three_nodes() -> None:
    """numa_lastnode_nomom: nodes 0 and 1 boot with memory, 2 is without CPU; log lines "0 2 1", "1 2 0", "2 0 1"."""
    machine = boot_machine([(0, 0, "1G"), (1, "1G", "512M")], nodes=3)
    state = state_of(machine)
    state.nodes.put(2, msgspec.structs.replace(state.nodes[2], cpus=False))
    dimm(machine, "128M", at="4G", node=2)
    online(machine, 32, kind="online_movable")
    assert [node_order(state, node) for node in range(3)] == [[0, 2, 1], [1, 2, 0], [2, 0, 1]]
