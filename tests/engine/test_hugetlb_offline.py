"""Huge pages under a block that goes offline: what moves, what is dissolved, and what never ends."""

from __future__ import annotations

from collections import Counter

import pytest
from altmap.engine import Allocate, Machine, Offline, sentence
from altmap.engine.memory.state import state_of
from altmap.engine.mm.free_area import order_counts
from altmap.engine.mm.hugetlb.pool import use
from altmap.engine.protocol.events import HugePageDissolved, PagesMigrated

from .guests import FIRST, dimm, do, guest, numbers, offline, online, refuse, told, two_nodes
from .pools import BLOCK, G1, ask, file, gigantic_in_eight_blocks


def movable_guest(model: str) -> Machine:
    """The traces hugetlb_2m: 1 GiB of boot memory and four blocks in ZONE_MOVABLE."""
    machine = guest("1G", model=model)
    for block in range(32, 36):
        dimm(machine, at=f"{block * 128}M")
    online(machine, *range(32, 36), kind="online_movable")
    return machine


def in_blocks(machine: Machine) -> dict[int, int]:
    """Huge pages by block of hot-added memory; boot memory counts as block 0."""
    return dict(Counter(pfn // BLOCK if pfn >= FIRST else 0 for pfn in state_of(machine).hugepages))


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_600_pages_go_to_zone_movable_first(model: str) -> None:
    """Movable down to its low watermark, then DMA32, then what the min watermark of Movable still gives."""
    machine = movable_guest(model)
    assert ask(machine, file(0), 600) == 600
    found = in_blocks(machine)
    assert (found[32], found[33], found[34]) == (63, 63, 63), "a head costs one of the 64"
    assert 49 < found[35] <= 63
    assert found[0] == 600 - 3 * 63 - found[35]
    assert numbers(machine, "Movable")[0] == 4 * 32256 - (600 - found[0]) * 512
    assert all(pfn % 512 == 0 for pfn in state_of(machine).hugepages)


def use_in(machine: Machine, block: int, count: int) -> None:
    """Of what programs mapped, so many huge pages of a block are still in use, the lowest."""
    for pfn in sorted(pfn for pfn in state_of(machine).hugepages if pfn // BLOCK == block)[:count]:
        use(state_of(machine), pfn)
    state_of(machine).journal.take()


@pytest.mark.parametrize("used", [2, 20, 63])
def test_since_6_14_free_pages_of_the_block_itself_take_in_no_others(used: int) -> None:
    """Trace 7.3/hugetlb_2m_inuse: the first four offlines, which went in circles on 6.12, succeed."""
    machine = movable_guest("6.14")
    ask(machine, file(0), 600)
    use_in(machine, 32, used)
    outcome = offline(machine, 32)
    assert len(told(outcome, HugePageDissolved)) == 63
    assert machine.read(file(0)) == "537\n"
    assert not any(pfn // BLOCK == 32 for pfn in state_of(machine).hugepages)
    assert sum(page.used for page in state_of(machine).hugepages.values()) == used


@pytest.mark.parametrize("model", ["6.1", "6.12"])
@pytest.mark.parametrize("used", [2, 20, 63])
def test_pages_in_use_beside_free_ones_in_the_pool_livelock(model: str, used: int) -> None:
    """Trace 6.12/hugetlb_2m steps 7 (all 63 of the block in use), 8 and 25: the page that was left last is
    the next to be filled, so from the second page on they move inside the block itself, until a signal."""
    machine = movable_guest(model)
    ask(machine, file(0), 600)
    use_in(machine, 32, used)
    before = numbers(machine, "Movable"), machine.read(file(0)), machine.read(file(0, "free_hugepages"))
    outcome = refuse(machine, Offline(block=32))
    assert outcome.result == "EINTR"
    assert outcome.pfn in state_of(machine).hugepages
    assert "nr_hugepages" in sentence(outcome.reason)
    assert (numbers(machine, "Movable"), machine.read(file(0)), machine.read(file(0, "free_hugepages"))) == before
    outcome = offline(machine, 33)
    assert len(told(outcome, HugePageDissolved)) == 63, "none in use: all of them are dissolved"
    assert machine.read(file(0)) == "537\n"


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_a_single_page_in_use_moves_to_a_free_one_of_another_block(model: str) -> None:
    """Trace 6.12/hugetlb_2m steps 9, 10, 26 and 27: the pool shrinks by all of the block's 63, and the block goes."""
    machine = movable_guest(model)
    ask(machine, file(0), 600)
    use_in(machine, 32, 1)
    free = int(machine.read(file(0, "free_hugepages")))
    outcome = offline(machine, 32)
    assert sum(event.pages for event in told(outcome, PagesMigrated)) == 512
    assert machine.read(file(0)) == "537\n"
    assert machine.read(file(0, "free_hugepages")) == f"{free - 63}\n"


@pytest.mark.parametrize("model", ["6.1", "6.12"])
def test_with_every_page_of_the_block_in_use_it_goes_at_once(model: str) -> None:
    """Trace 6.12/hugetlb_2m step 6: the single order 9 behind each head goes before an order 10 is split."""
    machine = movable_guest(model)
    ask(machine, file(0), 100)
    assert in_blocks(machine) == {32: 63, 33: 35, 34: 1, 35: 1}
    do(machine, Allocate(size="200M", kind="huge"))
    outcome = offline(machine, 32)
    assert sum(event.pages for event in told(outcome, PagesMigrated)) == 63 * 512
    assert machine.read(file(0)) == "100\n"
    assert machine.read(file(0, "free_hugepages")) == "0\n"
    assert 32 not in in_blocks(machine)


def test_on_another_node_a_free_huge_page_takes_the_place() -> None:
    """A free pool page of an allowed node, else a fresh one."""
    machine = two_nodes("1G", memmap_on_memory="N")
    dimm(machine, node=1)
    online(machine, 32, kind="online_movable")
    ask(machine, file(1), 10)
    ask(machine, file(0), 4)
    do(machine, Allocate(size="20M", kind="huge", node=1))
    outcome = offline(machine, 32)
    assert {event.to_node for event in told(outcome, PagesMigrated)} == {0}
    assert machine.read(file(0)) == "10\n", "four that were there, six fresh ones"
    assert machine.read(file(0, "free_hugepages")) == "0\n"
    assert machine.read(file()) == "10\n"


def test_a_gigantic_page_in_use_has_nowhere_to_go() -> None:
    """Gigantic never fresh."""
    machine = gigantic_in_eight_blocks("6.12")
    state = state_of(machine)
    state.hugepages.put(FIRST, type(state.hugepages[FIRST])(262144, 1, used=True))
    state.journal.take()
    outcome = refuse(machine, Offline(block=39))
    assert outcome.result == "EINTR"
    assert outcome.pfn == FIRST
    assert machine.read(G1) == "1\n"


def test_heads_cost_a_2_mib_page_each_and_no_more() -> None:
    for mode, count in (("Y", 2 * 63), ("N", 2 * 64)):
        machine = two_nodes("1G", memmap_on_memory=mode)
        for block in (32, 33):
            dimm(machine, at=f"{block * 128}M", node=1)
        online(machine, 32, 33, kind="online_kernel")
        assert (
            order_counts(state_of(machine), (1, "Normal"))[10] * 2 + order_counts(state_of(machine), (1, "Normal"))[9]
            == count
        )
