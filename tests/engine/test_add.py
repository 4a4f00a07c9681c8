"""Adding memory: the order of its checks, what it takes, and what it leaves when it fails."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import Add, Eject, Machine, Offline, Online, boot_machine, parse_bytes, sentence
from altmap.engine.commands import describe
from altmap.engine.kernels.notifier_chain import Notifier
from altmap.engine.memory.state import state_of
from altmap.engine.mm.zonelist import Watermarks
from altmap.engine.numbers.frozen import Frozen
from altmap.engine.protocol.events import (
    BlockCreated,
    ExistingMemoryTaken,
    MemmapPlaced,
    NodeOnlined,
    OnlineFailed,
    PlacementChosen,
    ResourceReleased,
    ResourceReserved,
    SectionsLeaked,
)
from altmap.engine.protocol.reasons.notes import NoDeviceThere
from altmap.engine.protocol.reasons.taking import Vetoed

from .guests import (
    dimm,
    do,
    eject,
    fill_zone,
    free_pages,
    guest,
    numbers,
    offline,
    online,
    refuse,
    remove,
    told,
    two_nodes,
)


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


# -- what it takes: drawback (a) ---------------------------------------------------------------------------------------


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


# -- failing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_an_add_that_runs_out_of_memory_leaks_the_sections_it_finished(model: str) -> None:
    """Resource released, sections present without blocks, their memmap still there."""
    machine = guest("256M", model=model, memmap_on_memory="N")
    before = free_pages(machine)
    outcome = refuse(machine, Add(start="4G", size="32G"))
    assert outcome.result == "ENOMEM"
    (leak,) = told(outcome, SectionsLeaked)
    assert leak.first == 32
    assert leak.pages == 512 * leak.count
    assert before - free_pages(machine) == outcome.taken[0]
    assert leak.pages <= outcome.taken[0] <= leak.pages + leak.count, "page tables of a base-page fallback besides"
    assert sorted(nr for nr in machine.sections if nr >= 2) == list(range(32, 32 + leak.count))
    assert max(machine.blocks) == 1
    assert 4 << 30 not in machine.resources
    assert told(outcome, ResourceReleased)
    assert free_pages(machine) > 300, "the min watermarks are kept"
    assert not machine.groups


def min_free(machine: Machine) -> int:
    """Where allocations for the memmap stop."""
    watermarks = Watermarks(state_of(machine))
    return watermarks.min_or_low((0, "DMA32"), False)


def test_the_failure_is_logged() -> None:
    """The first order-9 failure ever, WARN in add_pages, the ACPI driver."""
    machine = guest("256M", model="6.1", memmap_on_memory="N")
    log = refuse(machine, Add(start="4G", size="32G")).log
    assert any(
        line.startswith("vmemmap alloc failure: order:9, mode:0x4cc0(GFP_KERNEL|__GFP_RETRY_MAYFAIL)") for line in log
    )
    assert any("add_pages" in line for line in log)
    assert log[-1] == "add_memory failed"
    again = refuse(machine, Add(start="64G", size="32G")).log
    assert not any("vmemmap alloc failure" in line for line in again), "a static flag, once per boot"


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_a_retry_over_a_leak_is_eexist_and_takes_nothing(model: str) -> None:
    """-EEXIST, nothing in dmesg, no blocks."""
    machine = guest("256M", model=model, memmap_on_memory="N")
    refuse(machine, Add(start="4G", size="32G"))
    before = free_pages(machine)
    outcome = refuse(machine, Add(start="4G", size="2G"))
    assert outcome.result == "EEXIST"
    assert outcome.taken == {}
    assert free_pages(machine) == before
    assert max(machine.blocks) == 1
    assert outcome.log == ()


def test_the_rfcs_kernel_goes_on_behind_the_leak() -> None:
    """4.13 tolerated -EEXIST per section."""
    machine = guest("256M", model="rfc-v2")
    refuse(machine, Add(start="4G", size="32G", placement="boot"))
    leaked = sum(nr >= 32 for nr in machine.sections)
    assert leaked > 0
    do(machine, Add(start="4G", size=(leaked + 4) << 27))
    assert max(machine.blocks) == 32 + leaked + 3
    assert all(machine.sections[nr].memmap.on == "kernel" for nr in range(32, 32 + leaked))  # type: ignore[union-attr]


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_an_eject_of_a_device_refused_for_a_leak_gives_its_memmap_back(model: str) -> None:
    """16 sections x 512 = 8192 pages for the range of a 2 GiB device."""
    machine = guest("256M", model=model, memmap_on_memory="N")
    start = free_pages(machine)
    refuse(machine, Add(start="4G", size="32G"))
    low = free_pages(machine)
    assert refuse(machine, Add(start="4G", size="2G")).result == "EEXIST"
    do(machine, Eject(start="4G", size="2G"))
    tables = free_pages(machine) - low - 16 * 512
    assert 0 <= tables <= 16
    assert 31 < min(nr for nr in machine.sections if nr > 1) == 48
    assert refuse(machine, Add(start="6G", size="30G")).result == "EEXIST"
    do(machine, Eject(start="6G", size="30G"))
    assert free_pages(machine) == start
    left = dict(machine.sections)
    assert do(machine, Eject(start="6G", size="30G")).notes, "it is gone"
    assert dict(machine.sections) == left


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_an_eject_of_the_device_that_leaked_does_nothing(model: str) -> None:
    """acpi_memory_device_add frees a device whose add failed otherwise than with EEXIST; `remove` still clears up."""
    machine = guest("256M", model=model, memmap_on_memory="N")
    start = free_pages(machine)
    refuse(machine, Add(start="4G", size="32G"))
    before = dict(machine.sections), dict(machine.zones)
    outcome = do(machine, Eject(start="4G", size="32G"))
    assert (dict(machine.sections), dict(machine.zones)) == before
    assert outcome.notes == (NoDeviceThere(4 << 30),)
    remove(machine, "32G")
    assert free_pages(machine) == start


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_a_failed_add_leaves_a_new_node_offline(model: str) -> None:
    """__try_online_node(nid, false) prepares the node; node_set_online comes after all that can fail."""
    machine = two_nodes("256M", model=model, memmap_on_memory="N")
    outcome = refuse(machine, Add(start="4G", size="32G", node=1, placement="boot"))
    assert not machine.nodes[1].online
    assert not told(outcome, NodeOnlined)
    assert any(line.startswith("Built 1 zonelists") for line in outcome.log)


def test_6_12_undoes_the_finished_blocks_of_a_request_with_heads() -> None:
    """remove_memory_blocks_and_altmaps: nothing is left, not even one page."""
    machine = guest("256M", model="6.12")
    before = dict(machine.zones), dict(machine.sections), dict(machine.blocks), dict(machine.resources)
    dimm(machine, "128M", at="64G")
    remove(machine, "128M", at="64G")
    fill_zone(machine, "DMA", 100)
    fill_zone(machine, "DMA32", min_free(machine) + 30)
    start = free_pages(machine)
    outcome = refuse(machine, Add(start="4G", size="64G"))
    assert outcome.result == "ENOMEM"
    assert not told(outcome, SectionsLeaked)
    assert free_pages(machine) == start
    assert (dict(machine.sections).keys(), dict(machine.blocks), dict(machine.resources)) == (
        before[1].keys(),
        *before[2:],
    )
    assert outcome.taken == {}


def test_an_add_of_heads_needs_almost_no_memory() -> None:
    """With heads: 256 MiB take 15 GiB."""
    machine = guest("256M")
    dimm(machine, "15G")
    machine = guest("256M", memmap_on_memory="N")
    fill_zone(machine, "DMA32", 50000)
    assert refuse(machine, Add(start="4G", size="15G")).result == "ENOMEM", "needs 240 MiB"


def test_errors_of_auto_onlining_are_swallowed_and_end_the_walk() -> None:
    machine = guest(auto_online="online_movable")
    state = state_of(machine)
    state.chain = state.chain.with_subscriber(Notifier("balloon", 0, Frozen({"MEM_GOING_ONLINE": "EBUSY"})))
    outcome = dimm(machine, "256M")
    assert outcome.result == "ok"
    assert [machine.blocks[block].state for block in (32, 33)] == ["offline", "offline"]
    assert told(outcome, OnlineFailed) == [OnlineFailed(32, "EBUSY", Vetoed("balloon", "MEM_GOING_ONLINE"))]
    assert outcome.log == (), "the kernel prints nothing of it"


def test_auto_onlining_does_not_count_as_taken() -> None:
    """`taken` is what is missing before anything is online."""
    quiet, automatic = guest(), guest(auto_online="online")
    assert dimm(quiet, "1G").taken == dimm(automatic, "1G").taken


# -- where base pages have to do ---------------------------------------------------------------------------------------


def scatter(machine: Machine) -> None:
    """Leave no 512 free pages in a row in DMA32, but plenty of single ones."""
    fill_zone(machine, "DMA", 0)
    state = state_of(machine)
    size = state.geometry.pages_per_section
    holes = sum(1 << at for at in range(0, size, 256))
    for section, owned in list(state.zone_sections((0, "DMA32"))):
        state.set_kind(section, holes & owned & section.of("free"), "kernel")
    state.journal.take()


def test_the_base_page_fallback_costs_a_page_table_a_section() -> None:
    machine = guest("1G", model="6.1", memmap_on_memory="N")
    scatter(machine)
    outcome = dimm(machine, "1G")
    memmaps = [machine.sections[nr].memmap for nr in range(32, 40)]
    assert sum(memmap.pages for memmap in memmaps if memmap) == 4096
    assert sum(count for memmap in memmaps if memmap for _, count in memmap.tables) == 8
    assert all(event.fallback for event in told(outcome, MemmapPlaced))
    assert sum("vmemmap alloc failure: order:9" in line for line in outcome.log) == 1
    before = free_pages(machine)
    remove(machine, "1G")
    assert free_pages(machine) - before >= 4104


def test_without_the_fallback_the_first_missing_unit_is_enomem() -> None:
    """ppc64 hash needs 16 MiB in a row."""
    machine = boot_machine([(0, 0, "1G")], arch="ppc64le-hash-64k", memmap_on_memory="N")
    state = state_of(machine)
    for section, owned in list(state.zone_sections((0, "Normal"))):
        state.set_kind(section, 0b1 & owned & section.of("free"), "kernel")
    state.journal.take()
    outcome = refuse(machine, Add(start="4G", size="256M"))
    assert outcome.result == "ENOMEM"
    assert free_pages(machine) > 10000


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
