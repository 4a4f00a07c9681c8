"""Huge pages since 7.0: 1 GiB of ZONE_MOVABLE, of ranges with smaller ones, and memmap given back with a shared tail; and of
other sizes on other architectures."""

from __future__ import annotations

import pytest
from altmap.engine import Allocate, BadInput, HugePages, Machine, Offline, boot_machine, open_machine, save_machine
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.memory.state import state_of
from altmap.engine.mm.hugetlb import pool
from altmap.engine.numbers.units import GIB, KIB, MIB
from altmap.engine.protocol.reasons.remedies import LetGiantsMove
from altmap.engine.protocol.vocabulary import HUGE

from .guests import dimm, do, free_pages, guest, offline, online, refuse

SYSCTL = "/proc/sys/vm/movable_gigantic_pages"


def movable_gib(model: str, memmap: str = "N") -> Machine:
    """2 GiB in ZONE_MOVABLE, all of it free."""
    machine = guest("4G", model=model, memmap_on_memory=memmap)
    dimm(machine, "2G", at="8G")
    online(machine, *range(64, 80), kind="online_movable")
    return machine


def giants(machine: Machine, count: int = 4) -> int:
    """How many pages of 1 GiB the node has when so many were asked for."""
    do(machine, HugePages(count=count, size="1G", node=0))
    return pool.pool(state_of(machine), 0, GIB)[0]


# -- 7.0: vm.movable_gigantic_pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "there"), [("6.19", False), ("7.0", True), ("7.3", True)])
def test_the_sysctl_came_with_7_0(model: str, there: bool) -> None:
    machine = guest(model=model)
    outcome = machine.write(SYSCTL, "1\n")
    assert outcome.result == ("ok" if there else "ENOENT")
    assert ("movable_gigantic_pages" in machine.parameters) is there
    if there:
        assert machine.read(SYSCTL) == "1\n"
        assert machine.write(SYSCTL, "no").result == "EINVAL"
        assert machine.write(SYSCTL, str(1 << 31)).result == "EINVAL"


def test_by_default_no_gigantic_page_comes_from_zone_movable() -> None:
    machine = movable_gib("7.0")
    before = giants(machine)
    assert machine.read(SYSCTL) == "0\n"
    assert not any(section.of(HUGE) for nr, section in machine.sections.items() if nr >= 64)
    do(machine, HugePages(count=0, size="1G", node=0))
    machine.write(SYSCTL, "1")
    assert giants(machine, 8) == before + 2
    assert all(machine.sections[nr].of(HUGE) for nr in range(64, 80))


def test_heads_of_memmap_forbid_a_gib_there_too() -> None:
    """A head cannot be migrated, in whatever zone it lies."""
    machine = movable_gib("7.0", memmap="Y")
    machine.write(SYSCTL, "1")
    giants(machine, 8)
    assert not any(section.of(HUGE) for nr, section in machine.sections.items() if nr >= 64)


def test_where_huge_pages_cannot_move_there_is_no_such_file_and_they_stay_out_of_zone_movable() -> None:
    """s390 has no ARCH_ENABLE_HUGEPAGE_MIGRATION: isolation stops at a huge page, a free one too."""
    machine = boot_machine([(0, 0, "2G")], arch="s390x", model="7.0", memmap_on_memory="N")
    assert machine.write(SYSCTL, "1").result == "ENOENT"
    dimm(machine, "256M", at="4G", caller="sclp")
    first = (4 * GIB) // machine.geometry.block_size
    online(machine, first, kind="online_movable")
    online(machine, first + 1, kind="online_kernel")
    do(machine, HugePages(count=4000, size="1M", node=0))
    assert not machine.sections[first].of(HUGE)
    assert machine.sections[first + 1].of(HUGE)
    assert refuse(machine, Offline(block=first + 1)).result == "EBUSY"
    offline(machine, first)


# -- 7.0: smaller huge pages are moved ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "count"), [("6.12", 0), ("6.19", 0), ("7.0", 1)])
def test_a_gib_with_smaller_huge_pages(model: str, count: int) -> None:
    """Until 6.19 any huge page rejects the range; since then they are moved, in a second look, if none is whole."""
    machine = guest("1G", model=model, memmap_on_memory="N")
    dimm(machine, "1G", at="8G")
    online(machine, *range(64, 72), kind="online_kernel")
    do(machine, HugePages(count=1, size="2M", node=0))
    (there,) = state_of(machine).hugepages
    assert there >= 8 * GIB // 4096
    assert giants(machine, 1) == count
    assert pool.pool(state_of(machine), 0, 2 * MIB)[0] == 1
    assert machine.check() == []


def test_a_whole_range_is_taken_before_one_with_huge_pages() -> None:
    machine = guest("1G", model="7.0", memmap_on_memory="N")
    dimm(machine, "2G", at="8G")
    online(machine, *range(64, 80), kind="online_kernel")
    do(machine, HugePages(count=1, size="2M", node=0))
    (there,) = state_of(machine).hugepages
    assert giants(machine, 1) == 1
    assert state_of(machine).hugepages[there].pages == 512, "it did not have to move"
    assert giants(machine, 2) == 2
    assert state_of(machine).hugepages[there].pages == GIB // 4096, "it did"


@pytest.mark.parametrize(("model", "moved"), [("5.12", False), ("5.13", True)])
def test_pages_in_use_make_way_for_a_gigantic_one_since_5_13(model: str, moved: bool) -> None:
    """pfn_range_valid_contig."""
    machine = guest("1G", model=model)
    dimm(machine, "1G", at="4G", placement="boot")
    online(machine, *range(32, 40), kind="online_kernel")
    do(machine, Allocate(size="4M", kind="movable", node=0, zone="Normal"))
    assert giants(machine, 1) == moved


# -- 7.1: one tail for all ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "tail"), [("6.12", 0), ("7.0", 0), ("7.1", 1)])
def test_the_first_memmap_that_is_given_back_costs_a_shared_page(model: str, tail: int) -> None:
    machine = guest("4G", model=model, memmap_on_memory="N", options="hugetlb_free_vmemmap=on")
    gained = []
    for count in (1, 2):
        before = free_pages(machine)
        do(machine, HugePages(count=count, size="2M", node=0))
        gained.append(free_pages(machine) - before + 512)
    assert gained == [7 - tail, 7], "eight pages of memmap, one of them a copy of the first"
    assert len(state_of(machine).tails) == tail


@pytest.mark.parametrize(
    ("arch", "model", "option", "given"),
    [
        ("x86_64", "5.14", "on", 6),
        ("x86_64", "5.18", "on", 7),
        ("x86_64", "6.12", "1", 7),
        ("x86_64", "6.12", "off", 0),
        ("arm64-4k", "5.18", "on", 0),
        ("arm64-4k", "5.19", "on", 7),
        ("arm64-4k", "6.3", "on", 0),
        ("riscv64", "6.4", "on", 7),
        ("loongarch", "6.2", "on", 7),
        ("s390x", "6.1", "on", 0),
        ("s390x", "6.2", "on", 3),
        ("s390x", "6.17", "on", 3),
        ("s390x", "6.18", "on", 0),
        ("ppc64le-radix-64k", "6.12", "on", 0),
    ],
)
def test_where_memmap_of_huge_pages_is_given_back(arch: str, model: str, option: str, given: int) -> None:
    machine = boot_machine([(0, 0, "8G")], arch=arch, model=model, options=f"hugetlb_free_vmemmap={option}")
    size = ARCHITECTURES[arch].huge_page
    before = free_pages(machine)
    do(machine, HugePages(count=1, size=size, node=0))
    assert free_pages(machine) - before + size // machine.geometry.page_size == given


def test_the_memmap_of_a_gigantic_page_is_given_back_in_all_its_sections() -> None:
    machine = guest("4G", memmap_on_memory="N", options="hugetlb_free_vmemmap=on")
    dimm(machine, "2G", at="8G")
    online(machine, *range(64, 80), kind="online_kernel")
    before = free_pages(machine)
    do(machine, HugePages(count=1, size="1G", node=0))
    assert free_pages(machine) - before + GIB // 4096 == 4095
    assert machine.check() == []
    do(machine, HugePages(count=0, size="1G", node=0))
    assert free_pages(machine) == before
    assert machine.check() == []


def test_the_shared_page_is_saved(tmp_path) -> None:  # type: ignore[no-untyped-def]
    machine = guest("4G", model="7.1", memmap_on_memory="N", options="hugetlb_free_vmemmap=on")
    do(machine, HugePages(count=1, size="2M", node=0))
    save_machine(machine, tmp_path / "tails.json")
    assert dict(state_of(open_machine(str(tmp_path / "tails.json"))).tails) == dict(state_of(machine).tails)


# -- other sizes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arch", "size", "count"),
    [
        ("arm64-4k", 64 * KIB, 10),
        ("arm64-4k", 32 * MIB, 2),
        ("arm64-16k", 2 * MIB, 10),
        ("arm64-64k", 2 * MIB, 10),
        ("arm64-64k", 512 * MIB, 2),
        ("s390x", MIB, 10),
        ("ppc64le-hash-4k", 16 * MIB, 4),
    ],
)
def test_pools_of_each_size_can_be_had(arch: str, size: int, count: int) -> None:
    machine = boot_machine([(0, 0, "8G")], arch=arch, memmap_on_memory="N")
    do(machine, HugePages(count=count, size=size, node=0))
    assert pool.pool(state_of(machine), 0, size) == (count, count)
    do(machine, HugePages(count=0, size=size, node=0))
    assert not state_of(machine).hugepages


def test_nr_hugepages_is_about_the_default_size() -> None:
    machine = boot_machine([(0, 0, "4G")], arch="arm64-4k", memmap_on_memory="N")
    assert machine.write("/proc/sys/vm/nr_hugepages", "3").ok
    assert {page.pages for page in state_of(machine).hugepages.values()} == {512}
    with pytest.raises(BadInput, match="sizes are 64K, 2M, 32M, 1G"):
        machine.apply(HugePages(count=1, size="4M"))


@pytest.mark.parametrize(("given", "pages"), [("32M", 8192), ("65536k", 512), ("64K", 16), ("rubbish", 512)])
def test_the_default_size_is_an_option_of_the_boot(given: str, pages: int) -> None:
    options = f"default_hugepagesz={given}"
    machine = boot_machine([(0, 0, "4G")], arch="arm64-4k", memmap_on_memory="N", options=options)
    assert machine.write("/proc/sys/vm/nr_hugepages", "3").ok
    assert {page.pages for page in state_of(machine).hugepages.values()} == {pages}


def test_why_offers_to_let_them_lie_in_zone_movable() -> None:
    machine = movable_gib("7.0")
    have = giants(machine, 8)
    verdict = machine.why_not(HugePages(count=8, size="1G", node=0))
    (way,) = [remedy for remedy in verdict.remedies if remedy.does == (LetGiantsMove(),)]
    assert all(machine.apply(command).ok for command in way.commands)
    assert pool.pool(state_of(machine), 0, GIB)[0] == have + 2
    older = movable_gib("6.19")
    assert not any(LetGiantsMove() in r.does for r in older.why_not(HugePages(count=8, size="1G", node=0)).remedies)
