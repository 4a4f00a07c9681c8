"""Onlining and offlining step by step, what repeats, and what a failure leaves."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec
import pytest
from altmap.engine import Machine, Offline, Online, Outcome, Remove, Write
from altmap.engine.protocol.events import (
    BlockStateChanged,
    HeadInitialized,
    IsolationUndone,
    MemmapSkipped,
    NotifierCalled,
    PagesMigrated,
    PagesOnlined,
    PagesTaken,
    PresentAdjusted,
    RangeIsolated,
    RangeMoved,
    RangeRemoved,
    ZoneChosen,
)
from altmap.engine.protocol.vocabulary import FREE, MEMMAP, MOVABLE

from .guests import FIRST, dimm, do, guest, numbers, occupy, offline, online, populated, told, two_nodes

HEAD, REST = 512, 32256


def steps(outcome: Outcome) -> list[tuple[Any, ...]]:
    """The steps of the kernel, without the log and the zone's choice."""
    short: list[tuple[Any, ...]] = []
    for event in outcome.events:
        match event:
            case NotifierCalled(action=action):
                short.append((action.removeprefix("MEM_"),))
            case PresentAdjusted(pages=pages):
                short.append(("present", pages))
            case BlockStateChanged(state=state):
                short.append(("state", state))
            case (
                HeadInitialized()
                | RangeMoved()
                | PagesOnlined()
                | RangeIsolated()
                | IsolationUndone()
                | PagesTaken()
                | RangeRemoved()
            ):
                short.append((type(event).__name__, event.pfn - FIRST, event.pages))
    return short


ONLINE_61 = [
    ("HeadInitialized", 0, HEAD),
    ("RangeMoved", HEAD, REST),
    ("GOING_ONLINE",),
    ("PagesOnlined", HEAD, REST),
    ("IsolationUndone", HEAD, REST),
    ("ONLINE",),
    ("present", HEAD),
    ("state", "online"),
]
OFFLINE_61 = [
    ("state", "going-offline"),
    ("present", -HEAD),
    ("RangeIsolated", HEAD, REST),
    ("GOING_OFFLINE",),
    ("PagesTaken", HEAD, REST),
    ("OFFLINE",),
    ("RangeRemoved", HEAD, REST),
    ("RangeRemoved", 0, HEAD),
    ("state", "offline"),
]


def test_the_order_of_6_1() -> None:
    machine = guest(model="6.1")
    dimm(machine)
    assert steps(online(machine, 32)) == ONLINE_61
    assert steps(offline(machine, 32)) == OFFLINE_61


def test_the_order_of_6_12() -> None:
    """The same between PREPARE_ONLINE and FINISH_OFFLINE."""
    machine = guest(model="6.12")
    dimm(machine)
    assert steps(online(machine, 32)) == [("PREPARE_ONLINE",), *ONLINE_61]
    assert steps(offline(machine, 32)) == [*OFFLINE_61[:-1], ("FINISH_OFFLINE",), OFFLINE_61[-1]]


def test_the_order_without_heads() -> None:
    machine = guest(model="6.1", memmap_on_memory="N")
    dimm(machine)
    assert steps(online(machine, 32)) == [
        ("RangeMoved", 0, 32768),
        ("GOING_ONLINE",),
        ("PagesOnlined", 0, 32768),
        ("IsolationUndone", 0, 32768),
        ("ONLINE",),
        ("state", "online"),
    ]
    assert steps(offline(machine, 32)) == [
        ("state", "going-offline"),
        ("RangeIsolated", 0, 32768),
        ("GOING_OFFLINE",),
        ("PagesTaken", 0, 32768),
        ("OFFLINE",),
        ("RangeRemoved", 0, 32768),
        ("state", "offline"),
    ]


def test_rfc_works_on_the_whole_block_and_steps_over_heads() -> None:
    """Patch 4, every place where it steps over head pages of an empty block; the pages onlined and offlined are those left."""
    machine = guest(model="rfc-v2")
    dimm(machine)
    going_online, gone_offline = online(machine, 32), offline(machine, 32)
    assert steps(going_online)[0] == ("RangeMoved", 0, 32768)
    assert [(e.where, e.pfn, e.pages) for e in told(going_online, MemmapSkipped)] == [
        ("online_pages_range", FIRST, 512)
    ]
    assert [e.where for e in told(gone_offline, MemmapSkipped)] == [
        "test_pages_isolated", "__test_page_isolated_in_pageblock", "__offline_isolated_pages"
    ]  # fmt: skip
    removed = do(machine, Remove(start="4G", size="128M"))
    assert [(e.where, e.pfn, e.pages) for e in told(removed, MemmapSkipped)] == [("free_pagetable", FIRST, 512)]
    assert {(e.pfn, e.pages) for e in told(gone_offline, MemmapSkipped)} == {(FIRST, 512)}
    assert [e.pages for e in told(going_online, PagesOnlined)] == [32256]
    assert [e.pages for e in told(gone_offline, PagesTaken)] == [32256]
    assert "Offlined Pages 32256" in gone_offline.log


@pytest.mark.parametrize(("mode", "pages"), [("Y", 32256), ("N", 32768)])
def test_the_log_counts_offlined_pages_without_heads(mode: str, pages: int) -> None:
    machine = guest(memmap_on_memory=mode)
    dimm(machine)
    online(machine, 32)
    assert f"Offlined Pages {pages}" in offline(machine, 32).log


def test_free_pages_count_only_when_isolation_is_undone() -> None:
    """Managed and present grow first."""
    machine = guest("1G")
    dimm(machine)
    seen = {}
    for event in machine.steps(Online(block=32)):
        if (0, "Normal") in machine.zones:
            seen[type(event).__name__] = numbers(machine, "Normal")
    assert seen["RangeMoved"] == (0, 32768, 0, 0)
    assert seen["PagesOnlined"] == (0, 32768, 32256, 32256)
    assert seen["IsolationUndone"] == (32256, 32768, 32256, 32256)
    assert seen["BlockStateChanged"] == (32256, 32768, 32768, 32256)


def test_isolation_takes_free_pages_from_the_count_and_nothing_else() -> None:
    machine = guest("1G", memmap_on_memory="N")
    dimm(machine)
    online(machine, 32)
    steps = machine.steps(Offline(block=32))
    isolated = next(event for event in steps if isinstance(event, RangeIsolated))
    assert isolated.free == 32768
    assert numbers(machine, "Normal") == (0, 32768, 32768, 32768)


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
@pytest.mark.parametrize("kind", ["online", "online_kernel", "online_movable"])
def test_online_offline_online_repeats_every_counter(model: str, kind: str) -> None:
    machine = guest(model=model)
    dimm(machine, "256M")
    online(machine, 33, kind="online_kernel")
    start = dict(machine.zones)
    online(machine, 32, kind=kind)
    first = dict(machine.zones), machine.blocks[32], machine.sections[32]
    offline(machine, 32)
    after = {key: zone for key, zone in machine.zones.items() if zone.present}
    if model == "rfc-v2":  # the zone still reaches over it
        after = {
            key: msgspec.structs.replace(zone, start=start[key].start, spanned=start[key].spanned)
            for key, zone in after.items()
        }
    assert after == {key: zone for key, zone in start.items() if zone.present}
    assert model == "rfc-v2" or all(zone.present for zone in machine.zones.values() if zone.spanned)
    online(machine, 32, kind=kind)
    assert (dict(machine.zones), machine.blocks[32], machine.sections[32]) == first


def test_head_pageblocks_are_unmovable_and_the_rest_movable() -> None:
    """pagetypeinfo "1 63", in ZONE_MOVABLE too."""
    for kind in ("online_kernel", "online_movable"):
        machine = guest()
        dimm(machine)
        online(machine, 32, kind=kind)
        types = machine.sections[32].types
        assert {name: blocks.bit_count() for name, blocks in types.items()} == {"Unmovable": 1}
    machine = guest(model="rfc-v2")
    dimm(machine)
    online(machine, 32)
    assert not machine.sections[32].types, "v2 leaves them Movable like the rest"


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_an_offline_may_be_interrupted_anywhere(model: str) -> None:
    """The signal is looked for before the point of no return: until then all is undone (EINTR),
    from then on all is done."""
    at = 0
    while True:
        machine = guest("1G", model=model)
        dimm(machine, "256M")
        online(machine, 33)
        occupy(machine, 33 * 32768 + 9000, 10, MOVABLE)
        before = dict(machine.zones)
        running = machine.steps(Offline(block=33))
        seen = list(islice(running, at + 1))
        if len(seen) <= at:
            break
        running.close()
        where = f"after event {at}, {seen[-1]}"
        assert machine.check() == [], where
        gone = any(isinstance(event, PagesTaken) for event in seen)
        assert machine.blocks[33].state == ("offline" if gone else "online"), where
        assert machine.history[-1].result == ("ok" if gone else "EINTR"), where
        if not gone and not any(isinstance(event, PagesMigrated) for event in seen):
            assert dict(machine.zones) == before, where
        at += 1
    assert at > 8


def test_a_watcher_sees_every_state_of_an_offline() -> None:
    machine = guest("1G")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    seen = {}
    for event in machine.steps(Offline(block=32)):
        seen[type(event).__name__] = machine.blocks[32].state, numbers(machine, "Movable")[1:]
    assert seen["RangeIsolated"] == ("going-offline", (32768, 32256, 32256))
    assert seen["PagesTaken"] == ("going-offline", (32768, 0, 0))
    assert seen["RangeRemoved"] == ("going-offline", (0, 0, 0))
    assert seen["BlockStateChanged"] == ("offline", (0, 0, 0))


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_a_close_behind_heads_that_were_stepped_over_is_too_late(model: str) -> None:
    """The first block of the RFC's request holds the heads of all: they are told of before the pages are taken."""
    for at in range(40):
        machine = guest("1G", model=model)
        dimm(machine)
        online(machine, 32)
        running = machine.steps(Offline(block=32))
        seen = list(islice(running, at + 1))
        if len(seen) <= at:
            break
        running.close()
        state = machine.blocks[32].state
        assert machine.history[-1].result == ("ok" if state == "offline" else "EINTR")
        assert machine.check() == []


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_an_online_that_is_given_up_leaves_everything_as_it_was(model: str) -> None:
    """Onlining takes no signal."""
    machine = guest("1G", model=model)
    dimm(machine)
    before = dict(machine.zones), dict(machine.blocks), dict(machine.sections)
    for at in range(20):
        running = machine.steps(Online(block=32))
        list(islice(running, at))
        if machine.blocks[32].state == "online":
            break
        running.close()
        assert (dict(machine.zones), dict(machine.blocks), dict(machine.sections)) == before
        assert len(machine.history) == 1
    assert at > 5


@pytest.mark.parametrize(
    ("file", "data"),
    [("memory/memory32/online", "0\n"), ("memory/memory32/online", "off"), ("node/node0/memory32/state", "offline\n")],
)
def test_a_write_to_the_file_may_be_interrupted_too(file: str, data: str) -> None:
    machine = guest("1G")
    dimm(machine)
    online(machine, 32)
    running = machine.steps(Write(path=f"/sys/devices/system/{file}", data=data))
    while not isinstance(next(running), NotifierCalled):
        pass
    running.close()
    assert machine.blocks[32].state == "online"
    assert machine.history[-1].result == "EINTR"
    assert machine.check() == []


def test_the_pages_of_a_block_are_all_free_or_head_when_it_is_new() -> None:
    machine = guest()
    dimm(machine)
    assert not machine.sections[32].pages, "nothing is known of an offline section's pages (NOPAGE)"
    online(machine, 32)
    section = machine.sections[32]
    assert section.of(MEMMAP) == (1 << 512) - 1
    assert section.of(FREE) == ((1 << 32768) - 1) ^ section.of(MEMMAP)
    offline(machine, 32)
    assert not machine.sections[32].pages


def test_zonelists_are_rebuilt_when_a_zone_appears_and_when_it_vanishes() -> None:
    """online_pages and offline_pages: what is told last."""
    machine = two_nodes("1G")
    dimm(machine, "256M", node=1)
    first, second = online(machine, 32), online(machine, 33)
    assert [line for line in first.log if line.startswith("Fallback order")] == [
        "Fallback order for Node 0: 0 1 ", "Fallback order for Node 1: 1 0 "
    ]  # fmt: skip
    assert any(line.startswith("Built 2 zonelists, mobility grouping on.") for line in first.log)
    assert "Policy zone: Normal" in first.log
    assert second.log == ()
    third, last = offline(machine, 33), offline(machine, 32)
    assert not any(line.startswith("Built") for line in third.log)
    assert any(line.startswith("Built") for line in last.log)


def test_the_zone_and_the_rule_are_the_first_thing_that_is_told() -> None:
    machine = guest("1G")
    dimm(machine)
    (chosen,) = told(online(machine, 32, kind="online_movable"), ZoneChosen)
    assert (chosen.block, chosen.node, chosen.zone) == (32, 0, "Movable")
    assert populated(machine) == {(0, "DMA"), (0, "DMA32"), (0, "Movable")}


def test_what_runs_through_the_file_is_what_the_command_does() -> None:
    one, other = guest(), guest()
    for machine in (one, other):
        assert isinstance(machine, Machine)
        dimm(machine)
    by_command = one.apply(Online(block=32, type="online_movable"))
    by_file = other.write("/sys/devices/system/memory/memory32/state", "online_movable")
    assert by_command.events == by_file.events
    assert one.zones == other.zones
