"""Blocks that cannot go offline, or only after a while: what is in the way, and what a failure leaves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from altmap.engine import Offline, Online, sentence
from altmap.engine.memory.section import Types
from altmap.engine.memory.state import state_of
from altmap.engine.numbers.bits import lowest
from altmap.engine.protocol.events import (
    BlockStateChanged,
    MigrationFailed,
    NotifierCalled,
    PagesMigrated,
    PresentAdjusted,
    RangeIsolated,
)
from altmap.engine.protocol.reasons import LookedOnce
from altmap.engine.protocol.vocabulary import ASSUMED, FREE, MOVABLE, PINNED, POISONED

from .guests import FIRST, dimm, fill_zone, guest, occupy, offline, online, refuse, told


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_kernel_pages_make_a_kernel_zone_busy(model: str) -> None:
    """Slab in the only Normal block, offline is EBUSY."""
    machine = guest("1G", model=model)
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    occupy(machine, FIRST + 0x400, 8, "slab")
    before = dict(machine.zones), dict(machine.blocks), dict(machine.sections)
    outcome = refuse(machine, Offline(block=32))
    assert outcome.result == "EBUSY"
    assert outcome.pfn == FIRST + 0x400
    assert "0x100400" in sentence(outcome.reason)
    assert "slab" in sentence(outcome.reason)
    assert (dict(machine.zones), dict(machine.blocks), dict(machine.sections)) == before
    assert "memory offlining [mem 0x100200000-0x107ffffff] failed due to failure to isolate range" in outcome.log
    assert [event.state for event in told(outcome, BlockStateChanged)] == ["going-offline", "online"]
    assert [event.pages for event in told(outcome, PresentAdjusted)] == [-512, 512]


def test_the_dump_comes_before_the_reason() -> None:
    """dump_page while isolating, the failure line after it."""
    machine = guest("1G")
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    occupy(machine, FIRST + 0x400, 8, "slab")
    log = refuse(machine, Offline(block=32)).log
    assert "page dumped because: unmovable page" in log[0]
    assert log[-1].startswith("memory offlining [mem ")


@pytest.mark.parametrize(
    ("first", "last", "middle", "found"),
    [(1, 1, 1, "first"), (0, 1, 1, "last"), (0, 0, 1, "middle")],
)
def test_the_first_then_the_last_then_the_other_pageblocks_are_looked_at(
    first: int, last: int, middle: int, found: str
) -> None:
    machine = guest("1G", memmap_on_memory="N")
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    pages = {"first": FIRST + 100, "last": FIRST + 32768 - 10, "middle": FIRST + 5000}
    for name, there in (("first", first), ("last", last), ("middle", middle)):
        if there:
            occupy(machine, pages[name], 2, "slab")
    assert refuse(machine, Offline(block=32)).pfn == pages[found]


@pytest.mark.parametrize("kind", ["slab", "pagetable", "kernel", "reserved", "vmemmap"])
def test_every_kernel_page_is_unmovable_in_a_kernel_zone(kind: Any) -> None:
    machine = guest("1G")
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    occupy(machine, FIRST + 9000, 1, kind)
    assert refuse(machine, Offline(block=32)).result == "EBUSY"


def test_reserved_pages_are_detected_in_zone_movable_too_and_others_are_not() -> None:
    """Offlining spins until a signal."""
    for kind, result in (("reserved", "EBUSY"), ("slab", "EINTR"), ("pagetable", "EINTR")):
        machine = guest()
        dimm(machine)
        online(machine, 32, kind="online_movable")
        occupy(machine, FIRST + 9000, 1, kind)
        outcome = refuse(machine, Offline(block=32))
        assert outcome.result == result
        assert outcome.pfn == FIRST + 9000
        assert machine.blocks[32].state == "online"


def test_the_rfcs_kernel_does_not_look_into_movable_pageblocks() -> None:
    """Isolation passes, nothing is left to migrate, and check_pages_isolated says EBUSY at once."""
    machine = guest(model="rfc-v2")
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    occupy(machine, FIRST + 9000, 1, "slab")
    outcome = refuse(machine, Offline(block=32))
    assert told(outcome, RangeIsolated)
    assert [call.action for call in told(outcome, NotifierCalled)] == ["MEM_GOING_OFFLINE", "MEM_CANCEL_OFFLINE"]
    assert outcome.result == "EBUSY"
    assert isinstance(outcome.reason, LookedOnce)
    assert outcome.log[-1] == "memory offlining [mem 0x100000000-0x107ffffff] failed"


def test_movable_pages_leave_and_the_block_goes() -> None:
    machine = guest("1G")
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    occupy(machine, FIRST + 9000, 5000, MOVABLE)
    outcome = offline(machine, 32)
    assert sum(event.pages for event in told(outcome, PagesMigrated)) == 5000
    assert machine.blocks[32].state == "offline"


def test_a_pinned_page_loops_until_a_signal() -> None:
    """ "migrating pfn ... failed", EINTR; the zone's counters come back."""
    machine = guest("1G")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    occupy(machine, FIRST + 0x20E, 1, PINNED)
    before = dict(machine.zones)
    outcome = refuse(machine, Offline(block=32))
    assert outcome.result == "EINTR"
    assert outcome.pfn == FIRST + 0x20E
    assert "10020e" in sentence(outcome.reason)
    assert [event.pfn for event in told(outcome, MigrationFailed)] == [FIRST + 0x20E]
    assert any("failed due to signal backoff" in line for line in outcome.log)
    assert dict(machine.zones) == before


def test_after_a_failure_the_pageblocks_are_movable_whatever_they_were() -> None:
    """This is after isolation, not where isolation itself fails."""
    machine = guest("1G", memmap_on_memory="N")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    state = state_of(machine)
    section = state.sections[32]
    state.sections.put(32, msgspec.structs.replace(section, types=Types({"Unmovable": 0b1010, "Reclaimable": 0b100})))
    occupy(machine, FIRST + 9000, 1, PINNED)
    refuse(machine, Offline(block=32))
    assert not machine.sections[32].types


def test_a_poisoned_page_goes_offline_and_6_12_remembers() -> None:
    """Online again is fine on 6.1 and EHWPOISON on 6.12."""
    for model, result in (("6.1", "ok"), ("6.12", "EHWPOISON")):
        machine = guest("1G", model=model)
        dimm(machine)
        online(machine, 32, kind="online_movable")
        occupy(machine, FIRST + 9000, 1, POISONED)
        offline(machine, 32)
        outcome = machine.apply(Online(block=32, type="online_movable"))
        assert outcome.result == result
        assert machine.blocks[32].state == ("online" if result == "ok" else "offline")


def test_a_boot_block_goes_and_comes_back_as_boot_memory() -> None:
    """Its pages count as early again, so they earn room for ZONE_MOVABLE."""
    machine = guest("2G", model="6.1")
    early = machine.zones[0, "DMA32"].early
    offline(machine, 12)
    assert machine.zones[0, "DMA32"].early == early - 32768
    online(machine, 12, kind="online_kernel")
    assert machine.zones[0, "DMA32"].early == early
    offline(machine, 12)
    online(machine, 12, kind="online_movable")
    assert machine.blocks[12].zone == (0, "Movable")


def test_a_refusal_for_pages_that_nobody_saw_changes_nothing() -> None:
    """Kernel pages whose place is a guess are taken to lie elsewhere while there is room; here there is not."""
    machine = guest("1G", model="6.1")
    state = state_of(machine)
    free = machine.sections[1].of(FREE)
    occupy(machine, lowest(free) + 32768, 3000, ASSUMED)
    fill_zone(machine, "DMA32", 100, MOVABLE)
    before = dict(machine.zones), dict(machine.sections)
    outcome = refuse(machine, Offline(block=1))
    assert outcome.result == "EBUSY"
    assert (dict(machine.zones), dict(state.sections)) == before


def test_pages_that_nobody_saw_leave_a_block_that_hosts_its_own_memmap() -> None:
    """Its head lies before the range that is isolated, yet the rest of it is no other place to take them to."""
    machine = guest("1G")
    dimm(machine, "256M")
    online(machine, 32, 33, kind="online_movable")
    for nr in (32, 33):
        state_of(machine).sections.put(nr, msgspec.structs.replace(machine.sections[nr], estimated=True))
    occupy(machine, FIRST + 20000, 100, ASSUMED)
    offline(machine, 32)
    assert machine.sections[33].count(ASSUMED) == 100


@pytest.mark.parametrize(
    ("busy", "changed"),
    [
        (FIRST + 100, set()),
        (FIRST + 32768 - 10, {0}),
        (FIRST + 5 * 512, {0, 1, 2, 3, 4, 63}),
    ],
)
def test_an_isolation_that_fails_leaves_pageblocks_movable_that_it_had_come_to(busy: int, changed: set[int]) -> None:
    """First, last, then ascending up to the one that stops it (start_isolate_page_range)."""
    machine = guest("1G", memmap_on_memory="N")
    dimm(machine)
    online(machine, 32, kind="online_kernel")
    state, every = state_of(machine), (1 << 64) - 1
    state.sections.put(32, msgspec.structs.replace(state.sections[32], types=Types({"Reclaimable": every})))
    occupy(machine, busy, 1, "slab")
    before = dict(machine.zones)
    assert refuse(machine, Offline(block=32)).result == "EBUSY"
    assert machine.sections[32].types == {"Reclaimable": every & ~sum(1 << at for at in changed)}
    assert dict(machine.zones) == before
