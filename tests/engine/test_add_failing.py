"""An add that runs out of memory: what it leaves, what a retry gets, and what base pages save."""

from __future__ import annotations

import pytest
from altmap.engine import Add, Eject, Machine, boot_machine
from altmap.engine.kernels.notifier_chain import Notifier
from altmap.engine.memory.state import state_of
from altmap.engine.mm.watermarks import Watermarks
from altmap.engine.numbers.frozen import Frozen
from altmap.engine.protocol.events import MemmapPlaced, NodeOnlined, OnlineFailed, ResourceReleased, SectionsLeaked
from altmap.engine.protocol.reasons.notes import NoDeviceThere
from altmap.engine.protocol.reasons.taking import Vetoed

from .guests import dimm, do, fill_zone, free_pages, guest, refuse, remove, told, two_nodes

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
    """ppc64 hash needs 16 MiB in a row, where no window of vmemmap is there already: one serves 16 GiB."""
    machine = boot_machine([(0, 0, "1G")], arch="ppc64le-hash-64k", memmap_on_memory="N")
    state = state_of(machine)
    for section, owned in list(state.zone_sections((0, "Normal"))):
        state.set_kind(section, 0b1 & owned & section.of("free"), "kernel")
    state.journal.take()
    assert machine.copy().apply(Add(start="4G", size="256M")).ok
    outcome = refuse(machine, Add(start="32G", size="256M"))
    assert outcome.result == "ENOMEM"
    assert free_pages(machine) > 10000
