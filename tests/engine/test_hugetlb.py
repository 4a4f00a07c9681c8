"""The hugetlb pool: how many pages it gets from which memory, and what offlining does to huge pages."""

from __future__ import annotations

import pytest
from altmap.engine import Allocate, BadInput, Free, HotplugError, HugePages, Machine, Offline, Write, boot_machine
from altmap.engine.memory.state import state_of
from altmap.engine.mm.hugetlb.gigantic import gigantic
from altmap.engine.mm.hugetlb.pool import sizes
from altmap.engine.numbers.units import parse_bytes
from altmap.engine.protocol.events import HugePageDissolved, HugePagesChanged, PagesMigrated
from altmap.engine.protocol.vocabulary import HUGE, MOVABLE, PCP

from .guests import FIRST, dimm, do, guest, numbers, occupy, offline, online, refuse, remove, told, two_nodes
from .pools import BLOCK, G1, GIB, ask, file, gigantic_in_eight_blocks, orders


def test_before_6_12_of_a_gigantic_page_only_the_block_with_the_tail_goes() -> None:
    machine = gigantic_in_eight_blocks("6.1")
    for block in (35, 32):
        outcome = refuse(machine, Offline(block=block))
        assert outcome.result == "EBUSY"
        assert outcome.pfn == FIRST
        assert machine.read(G1) == "1\n"
        assert numbers(machine, "Normal", 1) == (0, 262144, 262144, 262144)
    assert told(offline(machine, 39), HugePageDissolved) == [HugePageDissolved(FIRST, 262144)]
    assert machine.read(G1) == "0\n"
    assert numbers(machine, "Normal", 1) == (229376, 229376, 229376, 229376)
    assert orders(machine, "Normal", 1) == {10: 224}
    online(machine, 39)
    assert ask(machine, G1, 1) == 1
    assert ask(machine, G1, 0) == 0
    offline(machine, 36)
    assert numbers(machine, "Normal", 1) == (229376, 262144, 229376, 229376), "the span keeps the hole"


def test_6_12_dissolves_a_gigantic_page_for_any_of_its_blocks() -> None:
    machine = gigantic_in_eight_blocks("6.12")
    assert told(offline(machine, 35), HugePageDissolved) == [HugePageDissolved(FIRST, 262144)]
    assert machine.read(G1) == "0\n"
    offline(machine, 32, 39)
    assert numbers(machine, "Normal", 1) == (163840, 196608, 163840, 163840)
    assert orders(machine, "Normal", 1) == {10: 160}
    online(machine, 39)
    assert ask(machine, G1, 1) == 0, "32 and 35 are offline: no aligned GiB is left"


@pytest.mark.parametrize(
    ("model", "goes"),
    [
        ("5.0", ()),
        ("5.1", (32, 35, 39)),
        ("5.18", (32, 35, 39)),
        ("5.19", (39,)),
        ("6.1", (39,)),
        ("6.12", (32, 35, 39)),
    ],
)
@pytest.mark.parametrize("block", [32, 35, 39])
def test_each_block_of_a_gigantic_page_alone_goes_or_stays(model: str, goes: tuple[int, ...], block: int) -> None:
    machine = gigantic_in_eight_blocks(model)
    outcome = machine.apply(Offline(block=block))
    assert outcome.result == ("ok" if block in goes else "EBUSY")
    assert machine.check() == []
    assert machine.read(G1) == ("0\n" if outcome.ok else "1\n")


def test_a_page_on_a_list_of_a_cpu_does_not_keep_a_gigantic_page_away() -> None:
    """alloc_contig_range empties the lists (drain_all_pages)."""
    machine = two_nodes("1G", memmap_on_memory="N")
    dimm(machine, "1G", node=1)
    online(machine, *range(32, 40))
    occupy(machine, FIRST + 5 * BLOCK, 1, PCP)
    assert ask(machine, G1, 1) == 1
    assert not machine.zones[1, "Normal"].pcp


@pytest.mark.parametrize(
    ("mode", "kind", "zone", "count", "free", "areas"),
    [
        ("Y", "online_kernel", "Normal", 1, 253952, 248),
        ("N", "online_kernel", "Normal", 2, 0, 0),
        ("N", "online_movable", "Movable", 0, 524288, 512),
    ],
)
def test_gigantic_pages_of_a_block_of_2_gib(mode: str, kind: str, zone: str, count: int, free: int, areas: int) -> None:
    """Asked for 4, and the write succeeds whatever comes of it."""
    machine = boot_machine([(0, 0, "66G")], nodes=2, model="6.1", block_size="2G", memmap_on_memory=mode)
    dimm(machine, "2G", at="66G", node=1)
    online(machine, 33, kind=kind)
    assert ask(machine, G1, 4) == count
    assert numbers(machine, zone, 1)[0] == free
    assert orders(machine, zone, 1) == ({10: areas} if areas else {})
    assert ask(machine, G1, 0) == 0
    offline(machine, 33)
    remove(machine, "2G", at="66G")


# -- how many there can be --------------------------------------------------------------------------------------------------

COLUMNS = {
    "128M blocks": ("128M", "6.12", "Y"),
    "1G blocks": ("1G", "6.12", "Y"),
    "2G blocks": ("2G", "6.12", "Y"),
    "RFC range": ("128M", "rfc-v2", "Y"),
    "boot memory": ("128M", "6.12", "N"),
}


def hot_added(size: str, block: str, model: str, mode: str) -> Machine:
    """`size` added to node 1 in one request and onlined for the kernel."""
    machine = boot_machine([(0, 0, "4G")], nodes=2, model=model, block_size=block, memmap_on_memory=mode)
    dimm(machine, size, at="8G", node=1)
    first, count = parse_bytes("8G") // parse_bytes(block), parse_bytes(size) // parse_bytes(block)
    online(machine, *range(first, first + count), kind="online_kernel")
    return machine


@pytest.mark.parametrize(
    ("size", "row"),
    [
        ("2G", (0, 0, 1, 1, 2)),
        ("4G", (0, 0, 2, 3, 4)),
        ("8G", (0, 0, 4, 7, 8)),
        ("10G", (0, 0, 5, 9, 10)),
        ("16G", (0, 0, 8, 15, 16)),
    ],
)
def test_heads_prevent_pages_of_1_gib(size: str, row: tuple[int, ...]) -> None:
    wanted = parse_bytes(size) // GIB
    found = [gigantic(state_of(hot_added(size, *column)), 1, GIB) for column in COLUMNS.values()]
    assert tuple(one.count for one in found) == row
    assert {one.candidates for one in found} == {wanted}
    for one in found:
        assert one.blockers == ({"memmap": wanted - one.count} if one.count < wanted else {})
        assert one.first == ({"memmap": parse_bytes("8G") // 4096} if one.count < wanted else {})


@pytest.mark.parametrize("column", COLUMNS)
def test_as_many_as_could_be_are_made(column: str) -> None:
    machine = hot_added("4G", *COLUMNS[column])
    could = gigantic(state_of(machine), 1, GIB).count
    assert ask(machine, G1, 100) == could
    assert gigantic(state_of(machine), 1, GIB).count == 0
    starts = sorted(state_of(machine).hugepages)
    assert all(start % 262144 == 0 for start in starts)
    for start in starts:
        assert all(
            section.pages == {HUGE: (1 << BLOCK) - 1} for section in state_of(machine).sections_of(start, 262144)
        )


def test_never_from_zone_movable() -> None:
    machine = two_nodes("1G", memmap_on_memory="N")
    dimm(machine, "2G", node=1)
    online(machine, *range(32, 48), kind="online_movable")
    assert ask(machine, G1, 2) == 0
    assert gigantic(state_of(machine), 1, GIB).candidates == 0
    assert numbers(machine, "Movable", 1)[0] == 16 * BLOCK


def test_movable_pages_are_moved_out_of_the_way_and_kernel_pages_are_not() -> None:
    """1 of 2, as the first GiB has slab pages."""
    machine = two_nodes("4G", memmap_on_memory="N")
    dimm(machine, "2G", at="8G", node=1)
    online(machine, *range(64, 80), kind="online_kernel")
    occupy(machine, 0x200000 + 5000, 8, "slab")
    occupy(machine, 0x240000 + 5000, 3000, MOVABLE)
    told_before = gigantic(state_of(machine), 1, GIB)
    assert (told_before.count, told_before.blockers) == (1, {"slab": 1})
    assert told_before.first == {"slab": 0x200000 + 5000}
    outcome = do(machine, HugePages(count=2, size="1G", node=1))
    assert sorted(state_of(machine).hugepages) == [0x240000]
    assert sum(event.pages for event in told(outcome, PagesMigrated)) == 3000
    assert {event.to_node for event in told(outcome, PagesMigrated)} == {1}, "they stay on the node while there is room"


def test_the_span_must_hold_the_whole_page() -> None:
    machine = two_nodes("1G", memmap_on_memory="N")
    dimm(machine, "1G", at="4736M", node=1)  # half a GiB off
    online(machine, *range(37, 45))
    assert gigantic(state_of(machine), 1, GIB).candidates == 0
    assert ask(machine, G1, 1) == 0


# -- files --------------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_told_by_reading_back() -> None:
    machine = guest("1G")
    total = ask(machine, file(), 100_000)
    assert 400 < total < 512
    assert machine.read(file(None, "free_hugepages")) == f"{total}\n"
    assert ask(machine, file(), 0) == 0
    assert HUGE not in {kind for section in machine.sections.values() for kind in section.pages}


def test_the_files_of_a_node_and_of_all() -> None:
    machine = two_nodes("2G", "2G")
    assert ask(machine, file(1), 7) == 7
    assert (machine.read(file(0)), machine.read(file())) == ("0\n", "7\n")
    assert ask(machine, "/proc/sys/vm/nr_hugepages", 17) == 17
    assert int(machine.read(file(0))) + int(machine.read(file(1))) == 17
    assert (machine.read(file(0)), machine.read(file(1))) == ("5\n", "12\n"), "what is new is spread evenly"
    assert machine.read(file(1, "surplus_hugepages")) == "0\n"
    assert ask(machine, file(1), 3) == 3
    assert (machine.read(file(0)), machine.read(file())) == ("5\n", "8\n")


def test_a_node_that_is_full_leaves_the_rest_to_the_others() -> None:
    machine = two_nodes("2G", "512M")
    assert ask(machine, file(), 800) == 800
    assert int(machine.read(file(1))) < 256
    assert int(machine.read(file(0))) > 544


def test_pages_in_use_stay_when_the_pool_shrinks() -> None:
    machine = guest("1G")
    ask(machine, file(), 50)
    do(machine, Allocate(size="40M", kind="huge"))
    assert machine.read(file(None, "free_hugepages")) == "30\n"
    assert ask(machine, file(), 5) == 20
    assert machine.read(file(None, "free_hugepages")) == "0\n"
    do(machine, Free(kind="huge"))
    assert ask(machine, file(), 5) == 5
    outcome = do(machine, HugePages(count=6))
    assert told(outcome, HugePagesChanged) == [HugePagesChanged(-1, 2 << 20, 6, 6, 6)]


@pytest.mark.parametrize(
    ("path", "data", "errno"),
    [
        (file(), "many", "EINVAL"),
        (file(), "-1", "EINVAL"),
        (file(), "0x10", "EINVAL"),
        (file(0), "1.5", "EINVAL"),
        ("/proc/sys/vm/nr_hugepages", "all", "EINVAL"),
        (file(None, "free_hugepages"), "1", "EACCES"),
        (file(0, "surplus_hugepages"), "1", "EACCES"),
        (file(1), "1", "ENOENT"),
        (file(5), "1", "ENOENT"),
        (file(0, kb=64), "1", "ENOENT"),
        (file(None, kb=4), "1", "ENOENT"),
    ],
)
def test_wrong_writes(path: str, data: str, errno: str) -> None:
    """Node 1 is possible but has no memory, so no folder of huge pages."""
    machine = two_nodes("1G")
    before = dict(machine.sections)
    assert refuse(machine, Write(path=path, data=data)).result == errno
    assert dict(machine.sections) == before


def test_an_empty_write_does_nothing_and_a_line_end_is_no_part_of_the_number() -> None:
    machine = guest("1G")
    do(machine, Write(path=file(), data="3\n"), Write(path=file(), data=""))
    assert machine.read(file()) == "3\n"


def test_a_size_that_the_machine_has_not_got_makes_no_sense() -> None:
    machine = guest("1G")
    assert sizes(state_of(machine)) == (2 << 20, GIB)
    with pytest.raises(BadInput, match=r"sizes are 2M, 1G"):
        machine.apply(HugePages(count=1, size="3M"))
    with pytest.raises(HotplugError) as error:
        machine.read(file(0, kb=64))
    assert error.value.errno == "ENOENT"
