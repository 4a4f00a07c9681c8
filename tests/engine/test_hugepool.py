"""The pool of huge pages as the kernel keeps it: nodes in turn, who is used and freed first, surplus (mm/hugetlb.c)."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from altmap.engine import Allocate, Free, HugePages, Machine, Offline, Online, boot_machine, sentence
from altmap.engine.memory.settings import Boot
from altmap.engine.memory.state import state_of
from altmap.engine.mm.hugetlb.free_lists import first_free, free_list

from .guests import dimm, do, guest, numbers, online

ALL = "/sys/kernel/mm/hugepages/hugepages-2048kB"
BLOCK = 32768


def node(number: int) -> str:
    return f"/sys/devices/system/node/node{number}/hugepages/hugepages-2048kB"


def three_nodes(model: str = "6.12") -> Machine:
    """1 GiB on each of three nodes, of which the last is nearly full."""
    machine = boot_machine([(0, 0, "1G"), (1, "4G", "1G"), (2, "8G", "1G")], model=model)
    do(machine, Allocate(size="880M", node=2))
    return machine


def by_node(machine: Machine) -> list[int]:
    found = Counter(page.node for page in state_of(machine).hugepages.values())
    return [found[number] for number in sorted(machine.nodes)]


def pool(machine: Machine, count: int, where: str = ALL) -> list[int]:
    assert machine.write(f"{where}/nr_hugepages", str(count)).ok
    return by_node(machine)


def test_nodes_take_turns_from_where_the_last_write_ended() -> None:
    """next_nid_to_alloc and next_nid_to_free stay where they were between writes."""
    machine = three_nodes()
    assert pool(machine, 4) == [2, 1, 1]
    assert pool(machine, 5) == [2, 2, 1]
    assert pool(machine, 7) == [3, 2, 2]
    assert pool(machine, 3) == [1, 1, 1], "freeing has turns of its own, from node 0"
    assert pool(machine, 2) == [1, 0, 1]
    assert pool(machine, 1, node(2)) == [1, 0, 1]
    assert pool(machine, 2, node(2)) == [1, 0, 2]
    assert pool(machine, 4) == [1, 0, 3], "a node's own write leaves the turn at that node"


def test_a_node_without_room_leaves_its_turns_to_the_others() -> None:
    machine = three_nodes()
    have = pool(machine, 300)
    assert sum(have) == 300
    assert have[2] < 50
    assert abs(have[0] - have[1]) <= 1


@pytest.mark.parametrize(("model", "last_first"), [("6.1", True), ("6.12", False)])
def test_who_is_used_and_freed_first(model: str, last_first: bool) -> None:
    """6.1 lists each page as it comes, so the last is the head; 6.12 collects those of a write, and the first is."""
    machine = guest("1G", model=model)
    dimm(machine)
    online(machine, 32, kind="online_movable")
    pool(machine, 100)
    movable = [pfn for pfn in state_of(machine).hugepages if pfn >= 32 * BLOCK]
    assert 50 < len(movable) < 64
    head = free_list(state_of(machine), 0, 512)[0]
    assert (head < 32 * BLOCK) == last_first
    do(machine, Allocate(size="4M", kind="huge"))
    assert state_of(machine).hugepages[head].used
    pool(machine, 40)
    left = sum(pfn >= 32 * BLOCK for pfn in state_of(machine).hugepages)
    assert left == (38 if last_first else 2), "60 go from the same end, the two in use stay"


def test_pages_in_use_become_surplus_and_go_when_they_are_freed() -> None:
    """adjust_pool_surplus and free_huge_folio."""
    machine = guest("1G")
    free = numbers(machine, "DMA32")[0]
    pool(machine, 4)
    do(machine, Allocate(size="4M", kind="huge"))
    pool(machine, 1)
    read = {name: machine.read(f"{ALL}/{name}_hugepages") for name in ("nr", "free", "surplus")}
    assert read == {"nr": "2\n", "free": "0\n", "surplus": "1\n"}
    assert machine.read("/proc/sys/vm/nr_hugepages") == "1\n"
    do(machine, Free(size="2M", kind="huge"))
    assert machine.read(f"{ALL}/nr_hugepages") == "1\n"
    assert machine.read(f"{ALL}/surplus_hugepages") == "0\n"
    assert numbers(machine, "DMA32")[0] == free - 512
    do(machine, Free(size="2M", kind="huge"))
    assert machine.read(f"{ALL}/free_hugepages") == "1\n", "the one that the pool should have stays"


def test_a_pool_that_grows_takes_its_surplus_back_first() -> None:
    machine = guest("1G")
    pool(machine, 4)
    do(machine, Allocate(size="8M", kind="huge"))
    pool(machine, 1)
    free = numbers(machine, "DMA32")[0]
    assert pool(machine, 3) == [4]
    assert machine.read(f"{ALL}/surplus_hugepages") == "1\n"
    assert numbers(machine, "DMA32")[0] == free, "no fresh page"


def test_a_node_without_memory_has_a_pool_to_write_to() -> None:
    """register_node makes the folder for every online node."""
    machine = boot_machine([(0, 0, "1G")], nodes=2)
    dimm(machine, node=1)
    assert machine.write(f"{node(1)}/nr_hugepages", "4").ok
    assert machine.read(f"{node(1)}/nr_hugepages") == "0\n"


def test_a_page_left_on_a_list_is_free_to_no_watermark() -> None:
    """A CPU's list takes two pages at a time; the one that is left counts neither as free nor as the pool's."""
    machine = guest("1G")
    dimm(machine)
    assert machine.apply(Online(block=32, type="online_movable")).ok
    have = pool(machine, 5000)[0]
    assert have < 5000
    assert machine.apply(Offline(block=32)).ok, "what lies on the list does not keep the block"


@pytest.mark.parametrize(("model", "listed"), [("5.13", False), ("5.14", True), ("6.12", True)])
def test_whole_pageblocks_lie_on_lists_since_5_14(model: str, listed: bool) -> None:
    """A machine of no more than huge pages: two are taken from the buddy for one, and the last is out of sight."""
    machine = guest("1G", model=model, memmap_on_memory="N")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    pool(machine, 5000)
    assert any(section.count("pcp") for section in machine.sections.values()) is listed


# -- the vmemmap optimization -------------------------------------------------------------------------------------------


def optimizing(model: str, **how: Any) -> Machine:
    machine = boot_machine([(0, 0, "1G")], model=model, **how)
    state_of(machine).boot = Boot(hugetlb_free_vmemmap="on")
    return machine


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_huge_pages_give_most_of_their_memmap_back(model: str) -> None:
    """Recordings of both kernels with hugetlb_free_vmemmap=on: 7 pages of memmap a huge page, taken again when it goes."""
    machine = optimizing(model, memmap_on_memory="N")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    before = numbers(machine, "DMA32")
    pool(machine, 50)
    assert numbers(machine, "DMA32")[0] == before[0] + 50 * 7
    assert numbers(machine, "DMA32")[1:] == before[1:], "memmap of the hot-added block was never the boot's"
    assert machine.check() == []
    pool(machine, 20)
    assert numbers(machine, "DMA32")[0] == before[0] + 20 * 7
    pool(machine, 50)
    assert numbers(machine, "DMA32")[0] == before[0] + 50 * 7, "also where it was taken again from elsewhere"
    assert machine.apply(Offline(block=32)).ok
    assert numbers(machine, "DMA32") == before
    assert machine.check() == []


@pytest.mark.parametrize(("model", "grown"), [("6.1", 7), ("6.12", 8)])
def test_memmap_of_the_boot_is_managed_once_it_was_given_back(model: str, grown: int) -> None:
    machine = optimizing(model)
    before = numbers(machine, "DMA32")
    for _ in range(2):
        pool(machine, 10)
        now = numbers(machine, "DMA32")
        assert (now[0] - before[0], now[3] - before[3]) == (10 * (7 - 512), 10 * grown)
        pool(machine, 0)
    assert numbers(machine, "DMA32")[3] == before[3] + 10 * grown, "for good"
    assert machine.check() == []


def test_blocks_that_host_their_memmap_keep_it() -> None:
    machine = optimizing("6.12", memmap_on_memory="Y")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    free = numbers(machine, "DMA32")[0]
    pool(machine, 50)
    assert numbers(machine, "DMA32")[0] == free


def test_without_memory_for_its_memmap_a_huge_page_cannot_go() -> None:
    machine = optimizing("6.1", memmap_on_memory="N")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    pool(machine, 50)
    state_of(machine).change_pages(0, 8 * BLOCK, "kernel")
    state_of(machine).journal.take()
    outcome = machine.apply(Offline(block=32))
    assert outcome.result == "ENOMEM"
    assert "memmap" in sentence(outcome.reason)
    assert machine.blocks[32].state == "online"


# -- files --------------------------------------------------------------------------------------------------------------


def test_the_other_files_of_a_pool() -> None:
    """Recordings error_strings of both kernels."""
    machine = guest("1G")
    assert machine.write(f"{ALL}/nr_hugepages_mempolicy", "3").ok
    assert machine.read(f"{ALL}/nr_hugepages") == machine.read(f"{ALL}/nr_hugepages_mempolicy") == "3\n"
    assert machine.write(f"{ALL}/nr_overcommit_hugepages", "5").ok
    assert machine.read(f"{ALL}/nr_overcommit_hugepages") == "5\n"
    assert machine.write(f"{ALL}/resv_hugepages", "5").result == "EACCES"
    assert machine.read(f"{ALL}/resv_hugepages") == "0\n"
    gigantic = "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_overcommit_hugepages"
    assert machine.write(gigantic, "1").result == "EINVAL"
    assert machine.write(f"{node(0)}/nr_overcommit_hugepages", "5").result == "ENOENT", "for the whole machine alone"


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_the_head_of_a_list_is_found_after_every_change(model: str) -> None:
    """Pages that are used, freed, given up and taken back: the heaps know what the table says."""
    chance = Random(1)
    machine = guest("1G", model=model)
    for _ in range(60):
        count = chance.randrange(1, 60)
        choice = chance.randrange(4)
        if choice == 0:
            machine.apply(HugePages(count=count))
        elif choice == 1:
            machine.apply(Allocate(kind="huge", size=count << 21))
        elif choice == 2:
            machine.apply(Free(kind="huge", size=chance.randrange(1, 9) << 21))
        else:
            machine.undo()
        assert first_free(state_of(machine), 0, 512) == next(iter(free_list(state_of(machine), 0, 512)), None)


@pytest.mark.parametrize(
    ("pages", "count", "answer"), [(0, 9000, "yes"), (511, 9000, "yes"), (512, 9000, "not known"), (512, 1, "yes")]
)
def test_a_pool_may_grow_more_where_pages_of_files_make_a_huge_page(pages: int, count: int, answer: str) -> None:
    """The kernel takes back what it can before it gives fewer (alloc_fresh_hugetlb_folio, __GFP_RETRY_MAYFAIL)."""
    machine = three_nodes()
    state_of(machine).globals.change(reclaimable=pages)
    assert machine.why_not(HugePages(count=count, size="2M")).answer == answer
