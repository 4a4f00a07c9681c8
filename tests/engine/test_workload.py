"""Workloads: what is taken, where, in which pattern, and what that does to offlining."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import (
    Add,
    Allocate,
    BadInput,
    Free,
    HugePages,
    Machine,
    Offline,
    Pin,
    Unpin,
    compare,
    open_machine,
    sentence,
)
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import PagesFreed, PagesMigrated, PagesTakenByWorkload
from altmap.engine.protocol.reasons.pages import NoneThere, TooFewThere
from altmap.engine.protocol.vocabulary import FREE, HUGE, KERNEL, MOVABLE, PAGETABLE, SLAB

from .guests import (
    FIRST,
    count,
    dimm,
    do,
    free_pages,
    guest,
    memmap,
    mixed,
    numbers,
    offline,
    online,
    picture,
    refuse,
    told,
    two_nodes,
)

BLOCK = 32768
KINDS = {"movable": MOVABLE, "unmovable": KERNEL, "reclaimable": SLAB, "pagetable": PAGETABLE}
PATTERNS = ("sequential", "checkerboard", "random")


def pages(machine: Machine, kind: Any) -> dict[int, int]:
    """The pages of a kind in hot-added sections."""
    return {nr: section.of(kind) for nr, section in machine.sections.items() if nr >= 32 and section.of(kind)}


# -- kinds and zones ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("what", KINDS)
def test_each_kind_is_taken_and_given_back_exactly(what: Any, pattern: Any) -> None:
    machine = mixed()
    before, had = {name: numbers(machine, name)[0] for _, name in machine.zones}, count(machine, KINDS[what])
    outcome = do(machine, Allocate(size="40M", kind=what, pattern=pattern, seed=5))
    assert told(outcome, PagesTakenByWorkload) == [PagesTakenByWorkload(what, 10240, 0)]
    taken = {name: before[name] - numbers(machine, name)[0] for name in before}
    highest = "Movable" if what == "movable" else "Normal"
    assert taken == {name: 10240 if name == highest else 0 for name in before}
    assert count(machine, KINDS[what]) == had + 10240
    outcome = do(machine, Free(kind=what, size="40M", zone=highest))
    assert told(outcome, PagesFreed) == [PagesFreed(what, 10240, 0)]
    assert {name: numbers(machine, name)[0] for name in before} == before


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    ("what", "zone"), [("movable", "Movable"), ("movable", "DMA32"), ("unmovable", "Normal"), ("unmovable", "DMA32")]
)
def test_a_zone_can_be_chosen(what: Any, zone: str, pattern: Any) -> None:
    machine = mixed()
    before = {name: numbers(machine, name)[0] for _, name in machine.zones}
    do(machine, Allocate(size="4M", kind=what, zone=zone, pattern=pattern))
    assert {name: before[name] - numbers(machine, name)[0] for name in before if name != zone} == {
        name: 0 for name in before if name != zone
    }
    assert before[zone] - numbers(machine, zone)[0] == 1024


def test_a_zone_that_is_not_there() -> None:
    machine = guest("1G")
    for command in (Allocate(size="4M", zone="Movable"), Free(zone="Movable"), Pin(zone="Movable", short=True)):
        outcome = refuse(machine, command)
        assert outcome.result == "ENOMEM"
        assert "node 0 has no memory in zone Movable" in sentence(outcome.reason)


def test_nothing_to_give_back() -> None:
    machine = guest("1G")
    assert refuse(machine, Free(size="4K", kind="unmovable")).reason == NoneThere("unmovable", 1)
    assert refuse(machine, Unpin(size="8K")).reason == TooFewThere("pinned", 0, 2)
    do(machine, Free(kind="unmovable"))


def test_what_does_not_fit_a_zone_goes_to_the_next_lower() -> None:
    machine = mixed()
    do(machine, Allocate(size="300M"))  # Movable has 252M
    assert numbers(machine, "Movable")[0] < 1000
    assert count(machine, MOVABLE, "Normal") + count(machine, MOVABLE, "Movable") == 76800


def test_kernel_pages_never_come_from_zone_movable_unless_it_is_named() -> None:
    machine = mixed()
    for what in ("unmovable", "reclaimable", "pagetable"):
        do(machine, Allocate(size="200M", kind=what))
    assert numbers(machine, "Movable")[0] == 64512


def test_the_other_node_serves_when_the_first_is_full() -> None:
    machine = two_nodes("1G", "1G")
    far = sum(zone.free for zone in machine.zones.values() if zone.node == 1)
    do(machine, Allocate(size="1200M", node=0))
    assert far - sum(zone.free for zone in machine.zones.values() if zone.node == 1) > 40000


def test_huge_pages_of_the_pool_are_mapped_and_unmapped() -> None:
    machine = mixed()
    outcome = refuse(machine, Allocate(size="10M", kind="huge"))
    assert (outcome.result, "5 huge pages" in sentence(outcome.reason)) == ("ENOMEM", True)
    do(machine, HugePages(count=8))
    free = free_pages(machine)
    do(machine, Allocate(size="10M", kind="huge"))
    assert sum(page.used for page in state_of(machine).hugepages.values()) == 5
    refuse(machine, Allocate(size="10M", kind="huge"))
    do(machine, Free(size="4M", kind="huge"))
    assert sum(page.used for page in state_of(machine).hugepages.values()) == 3
    do(machine, Free(kind="huge"))
    assert not any(page.used for page in state_of(machine).hugepages.values())
    assert free_pages(machine) == free
    assert count(machine, HUGE) == 8 * 512


# -- patterns -----------------------------------------------------------------------------------------------------------


def test_every_second_page() -> None:
    machine = mixed()
    do(machine, Allocate(size="40M", zone="Movable", pattern="checkerboard"))
    even = int("01" * 16384, 2)
    first = pages(machine, MOVABLE)[34]
    assert first & ~even == 0
    assert first.bit_count() == 10240
    assert first == even & ((1 << 512 + 2 * 10240) - (1 << 512)), "the lowest, from behind the head on"


def test_every_second_page_is_half_of_a_zone_at_most() -> None:
    machine = mixed()
    before = picture(machine)
    outcome = refuse(machine, Allocate(size="140M", zone="Movable", pattern="checkerboard"))
    assert outcome.result == "ENOMEM"
    assert picture(machine) == before


def test_chance_comes_from_the_seed_alone() -> None:
    def run(seed: int) -> dict[int, int]:
        machine = mixed()
        do(machine, Allocate(size="63M", zone="Movable", pattern="random", seed=seed))
        return pages(machine, MOVABLE)

    assert run(1) == run(1)
    assert run(1) != run(2)


@pytest.mark.parametrize("share", [1, 10, 50, 90])
def test_a_random_share_is_exact_in_all_and_even_over_the_zone(share: int) -> None:
    machine = mixed()
    wanted = 64512 * share // 100
    do(machine, Allocate(size=wanted << 12, zone="Movable", pattern="random", seed=11))
    found = pages(machine, MOVABLE)
    assert sum(mask.bit_count() for mask in found.values()) == wanted
    assert {nr: mask.bit_count() for nr, mask in found.items()} == pytest.approx(
        {34: wanted / 2, 35: wanted / 2}, rel=0.35 if share == 1 else 0.06
    )
    assert all(mask & ((1 << 512) - 1) == 0 for mask in found.values()), "never a head page"


def test_random_frees_leave_holes_everywhere() -> None:
    machine = mixed()
    do(machine, Allocate(size="240M", zone="Movable"), Free(size="120M", zone="Movable", pattern="random", seed=4))
    assert count(machine, MOVABLE, "Movable") == 30720
    for mask in pages(machine, MOVABLE).values():
        assert 0.4 * 32256 < mask.bit_count() < 0.6 * 32256


# -- pressure -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_cannot_be_met_says_what_the_kernel_would_do_and_takes_nothing(pattern: Any) -> None:
    machine = mixed()
    before = picture(machine)
    outcome = refuse(machine, Allocate(size="100G", pattern=pattern))
    assert outcome.result == "ENOMEM"
    for words in ("100G of movable memory", "OOM killer", "Movable of node 0", "DMA of node 0", "min watermarks"):
        assert words in sentence(outcome.reason)
    assert picture(machine) == before


def test_the_min_watermark_stays_free() -> None:
    machine = mixed()
    while machine.apply(Allocate(size="1M", kind="unmovable")).ok:
        pass
    while machine.apply(Allocate(size="64K", kind="unmovable")).ok:
        pass
    for name in ("Normal", "DMA32"):
        assert 100 < numbers(machine, name)[0] < machine.zones[0, name].managed // 16


def test_an_add_takes_existing_memory_before_anything_is_online() -> None:
    """A GiB needs 4096 pages of memmap; with heads only page tables and objects are taken."""
    for mode, memmap_pages in (("N", 4096), ("Y", 0)):
        machine = two_nodes("1G", memmap_on_memory=mode)
        free = free_pages(machine)
        outcome = do(machine, Add(start="4G", size="1G", node=1))
        assert outcome.taken == {0: free - free_pages(machine)}
        assert memmap_pages <= outcome.taken[0] <= memmap_pages + 40


def test_under_pressure_the_add_fails() -> None:
    machine = guest("1G", memmap_on_memory="N")
    do(machine, Allocate(size="800M", kind="unmovable"))
    outcome = machine.apply(Add(start="4G", size="32G"))
    assert outcome.result == "ENOMEM"
    assert machine.check() == []
    machine = guest("1G")
    do(machine, Allocate(size="800M", kind="unmovable"), Add(start="4G", size="16G"))


def test_memory_whose_memmap_lies_on_another_node_is_counted() -> None:
    machine = two_nodes("1G", memmap_on_memory="N")
    rows = compare(machine, Add(start="4G", size="1G", node=1), placements=("boot", "block")).alternatives
    assert [(row.placement, row.off_node) for row in rows] == [("boot", 4096), ("block", 0)]
    do(machine, Add(start="4G", size="1G", node=1))
    assert all(memmap(machine, nr).on == "kernel" for nr in range(32, 40))


# -- offlining ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_migrated_pages_leave_the_node(model: str) -> None:
    """The own node has room for all of them, and gets none."""
    machine = two_nodes("2G", model=model)
    for block in range(32, 36):
        dimm(machine, at=f"{block * 128}M", node=1)
    online(machine, *range(32, 36), kind="online_movable")
    do(machine, Allocate(size="96M", node=1, zone="Movable"))
    inside, free = machine.sections[32].count(MOVABLE), numbers(machine, "DMA32")[0]
    assert inside > 20000
    outcome = offline(machine, 32)
    assert sum(event.pages for event in told(outcome, PagesMigrated)) == inside
    assert {event.to_node for event in told(outcome, PagesMigrated)} == {0}
    assert free - numbers(machine, "DMA32")[0] == inside
    assert numbers(machine, "Movable", 1)[0] == 3 * 32256 - (24576 - inside)


@pytest.mark.parametrize(("model", "result"), [("6.1", "EINTR"), ("6.12", "EINTR"), ("rfc-v2", "ENOMEM")])
def test_on_a_full_machine_the_first_block_goes_and_the_second_has_no_room(model: str, result: str) -> None:
    machine = guest("1G", model=model)
    dimm(machine, "512M")
    online(machine, *range(32, 36), kind="online_movable")
    do(
        machine,
        Allocate(size=(numbers(machine, "Movable")[0] - 20000) << 12, zone="Movable"),
        Allocate(size=220000 << 12, kind="unmovable"),
    )
    assert machine.sections[32].count(FREE) == 0
    offline(machine, 32)
    total = count(machine, MOVABLE)
    outcome = refuse(machine, Offline(block=33))
    assert outcome.result == result
    assert "no room" in sentence(outcome.reason)
    assert count(machine, MOVABLE) == total
    assert machine.why_not(Offline(block=33)).answer == "no"
    state_of(machine).globals.change(reclaimable=1)  # as where a capture counts pages of files: they may go
    assert machine.why_not(Offline(block=33)).answer == "not known"
    do(machine, Free(size="200M", kind="unmovable"))
    offline(machine, 33)
    assert count(machine, MOVABLE) == total


def test_a_kernel_page_in_a_kernel_block_is_refused_at_once() -> None:
    machine = mixed()
    do(machine, Allocate(size="4K", kind="unmovable", zone="Normal"))
    (nr,) = pages(machine, KERNEL)
    assert nr == FIRST // BLOCK, "the lowest is taken"
    assert refuse(machine, Offline(block=nr)).result == "EBUSY"
    do(machine, Free(kind="unmovable", zone="Normal"))
    offline(machine, nr)


@pytest.mark.parametrize("kind", ["unmovable", "reclaimable", "pagetable"])
def test_kernel_memory_in_zone_movable_makes_no_sense(kind: Any) -> None:
    machine = guest()
    dimm(machine)
    online(machine, 32, kind="online_movable")
    with pytest.raises(BadInput, match=f"{kind} memory never comes from ZONE_MOVABLE"):
        machine.apply(Allocate(size="1M", kind=kind, zone="Movable"))


def test_pages_counted_as_listed_and_seen_in_use_are_freed_once() -> None:
    """Counters are captured before pages: in mixed-guest, ten pages of the per-CPU lists were seen in use."""
    machine = open_machine("mixed-guest")
    for kind in ("unmovable", "reclaimable", "movable"):
        do(machine, Free(kind=kind))
        assert machine.check() == []
