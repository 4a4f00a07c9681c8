"""POWER partitions: DLPAR adds and removes LMB by LMB, and windows of vmemmap are shared, with boot memory too."""

from __future__ import annotations

import pytest
from altmap.engine import Add, BadInput, Eject, Machine, Online, Remove, RemoveLmbs, boot_machine, open_machine
from altmap.engine.memory.state import state_of
from altmap.engine.mm.hugetlb import pool
from altmap.engine.numbers.units import GIB, MIB
from altmap.engine.protocol.reasons import LmbFailed, NeverEnds
from altmap.engine.protocol.reasons.taking import NoLmbs, TooFewLmbs
from altmap.engine.protocol.vocabulary import PINNED, SLAB

from .guests import free_pages, occupy

RADIX, LMB = "ppc64le-radix-64k", 256 * MIB


def partition(size: str = "1G", mode: str = "N", arch: str = RADIX, model: str = "6.12") -> Machine:
    return boot_machine([(0, 0, size)], arch=arch, model=model, memmap_on_memory=mode)


def dlpar(machine: Machine, size: str | int, at: str | int) -> str:
    return machine.apply(Add(start=at, size=size, caller="dlpar")).result


def test_dlpar_onlines_each_lmb_at_once_whatever_auto_online_blocks_says() -> None:
    machine = partition()
    assert dlpar(machine, "1G", "1G") == "ok"
    assert [machine.blocks[number].state for number in range(4, 8)] == ["online"] * 4
    assert {machine.valid_zones(number) for number in range(4, 8)} == {"Normal"}
    assert machine.check() == []


def test_an_add_that_fails_takes_back_all_of_it_and_says_einval() -> None:
    machine = partition()
    assert dlpar(machine, LMB, "2G") == "ok"
    before = free_pages(machine)
    outcome = machine.apply(Add(start="1536M", size="1G", caller="dlpar"))
    assert outcome.result == "EINVAL"
    assert isinstance(outcome.reason, LmbFailed)
    assert (outcome.reason.block, outcome.reason.errno) == (8, "EEXIST")
    assert sorted(machine.blocks) == [0, 1, 2, 3, 8]
    assert free_pages(machine) == before


@pytest.mark.parametrize("step", [1, -1])
def test_what_is_left_of_a_request_costs_nothing_when_a_block_of_it_goes(step: int) -> None:
    machine = boot_machine([(0, 0, "1G")])
    machine.apply(Add(start="4G", size="8G"), check=True)
    changes = set()
    for number in range(32, 96)[::step]:
        machine.apply(Remove(start=number * 128 * MIB, size="128M"), check=True)
        changes.add(len(machine._tree.present.changes))
    assert max(changes) < 16 * 3
    assert machine.check() == []


def test_a_removal_that_is_refused_adds_again_what_had_gone_and_onlines_it() -> None:
    """Blocks that were offline are online then, and Movable ones may come back as Normal."""
    machine = partition()
    assert dlpar(machine, "1G", "1G") == "ok"
    for number in (4, 5):
        machine.write(f"/sys/devices/system/memory/memory{number}/state", "offline")
    machine.apply(Online(block=5, type="online_movable"), check=True)
    start, _ = state_of(machine).block_range(6)
    occupy(machine, start + 100, 1, SLAB)
    outcome = machine.apply(Eject(start="1G", size="1G"))
    assert outcome.result == "EINVAL"
    assert isinstance(outcome.reason, LmbFailed)
    assert outcome.reason.block == 6
    assert [machine.valid_zones(number) for number in range(4, 8)] == ["Normal"] * 4
    assert machine.check() == []


def test_a_removal_that_only_a_signal_would_end_never_ends() -> None:
    machine = partition()
    assert dlpar(machine, LMB, "1G") == "ok"
    start, _ = state_of(machine).block_range(4)
    occupy(machine, start + 100, 1, PINNED)
    outcome = machine.apply(Eject(start="1G", size=LMB))
    assert outcome.result == "HANGS"
    assert isinstance(outcome.reason, NeverEnds)


def test_a_window_that_boot_memory_made_costs_nothing_and_a_new_one_all_of_it() -> None:
    """2 MiB of vmemmap, 32 pages of 64K, serve 2 GiB: the first takes them, the last gives them back."""
    machine = partition("1G")
    before = free_pages(machine)
    assert machine.apply(Add(start="1G", size="1G")).ok
    assert before - free_pages(machine) <= 5
    at = free_pages(machine)
    assert machine.apply(Add(start="2G", size=LMB)).ok
    assert 32 <= at - free_pages(machine) <= 37
    first = free_pages(machine)
    assert machine.apply(Add(start=2 * GIB + LMB, size=LMB)).ok
    assert first - free_pages(machine) <= 5
    machine.apply(Eject(start="2G", size=LMB), check=True)
    assert free_pages(machine) - first <= 5, "the other still lies in the window"
    machine.apply(Eject(start=2 * GIB + LMB, size=LMB), check=True)
    assert free_pages(machine) == at
    assert machine.check() == []


def test_with_force_a_head_in_a_window_of_the_boot_is_reserved_and_wasted_whole() -> None:
    machine = partition("1G", mode="force")
    assert dlpar(machine, LMB, "1G") == "ok"
    assert machine.blocks[4].head == 32
    sections = [machine.sections[number].memmap for number in range(64, 80)]
    assert {memmap.on for memmap in sections if memmap is not None} == {"kernel"}
    assert dlpar(machine, LMB, "2G") == "ok"
    memmap = machine.sections[128].memmap
    assert memmap is not None
    assert memmap.on == "self"
    assert machine.check() == []


@pytest.mark.parametrize("arch", ["ppc64le-hash-64k", "x86_64"])
def test_others_have_no_such_windows_or_none_that_is_not_huge(arch: str) -> None:
    machine = partition("4G", arch=arch)
    before = free_pages(machine)
    assert machine.apply(Add(start="8G", size="1G")).ok
    taken = before - free_pages(machine)
    assert taken <= 5 if arch.startswith("ppc") else taken >= 4096


@pytest.mark.parametrize(
    ("arch", "sizes"),
    [
        (RADIX, (2 * MIB, GIB)),
        ("ppc64le-hash-64k", (16 * MIB, 16 * GIB)),
        ("s390x", (MIB, 2 * GIB)),
        ("ppc64le-radix-4k", (2 * MIB, GIB)),
        ("ppc64le-hash-4k", (16 * MIB, 16 * GIB)),
        ("arm64-4k", (64 << 10, 2 * MIB, 32 * MIB, GIB)),
        ("arm64-16k", (2 * MIB, 32 * MIB, GIB)),
        ("arm64-64k", (2 * MIB, 512 * MIB, 16 * GIB)),
        ("x86_64", (2 * MIB, GIB)),
        ("sh", ()),
    ],
)
def test_sizes_of_huge_pages(arch: str, sizes: tuple[int, ...]) -> None:
    assert pool.sizes(state_of(boot_machine([(0, 0, "2G")], arch=arch))) == sizes


@pytest.mark.parametrize("part", [0, 1, 3])
def test_a_partial_removal_gives_back_its_own_overhead_alone(part: int) -> None:
    machine = boot_machine([(0, 0, "1G")], memmap_on_memory="Y")
    before = free_pages(machine)
    machine.apply(Add(start="4G", size="512M"), check=True)
    full = free_pages(machine)
    at = 4 * GIB + part * 128 * MIB
    machine.apply(Remove(start=at, size="128M"), check=True)
    once = free_pages(machine)
    assert full < once < before
    assert machine.check() == []
    assert sum(request.pages for request in machine.requests.values()) == 3 * 32768
    for number in (32, 33, 34, 35):
        if number in machine.blocks:
            machine.apply(Remove(start=number * 128 * MIB, size="128M"), check=True)
    assert free_pages(machine) == before
    assert not machine.requests


# -- a count of LMBs ----------------------------------------------------------------------------------------------------


def test_a_count_of_lmbs_takes_the_lowest_that_go() -> None:
    """From the lowest up, boot memory too; what stays is passed over."""
    machine = partition("1G")
    assert dlpar(machine, "1G", "1G") == "ok"
    start, _ = state_of(machine).block_range(5)
    occupy(machine, start + 100, 1, SLAB)
    outcome = machine.apply(RemoveLmbs(count=6))
    assert outcome.result == "ok"
    assert {0, 5} <= set(machine.blocks), "the kernel's own, and the slab page's"
    assert len(machine.blocks) == 2
    assert machine.check() == []


def test_where_too_few_lmbs_can_go_all_come_back_online() -> None:
    machine = partition("1G")
    assert dlpar(machine, "512M", "1G") == "ok"
    machine.write("/sys/devices/system/memory/memory5/state", "offline")
    before = sorted(machine.blocks)
    outcome = machine.apply(RemoveLmbs(count=6))
    assert (outcome.result, outcome.reason) == ("EINVAL", TooFewLmbs(6, 6, 5))
    assert sorted(machine.blocks) == before
    assert machine.blocks[5].state == "online", "it was offline before"
    assert machine.apply(RemoveLmbs(count=7)).reason == TooFewLmbs(7, 6, 6)
    assert machine.check() == []


def test_only_partitions_have_lmbs() -> None:
    outcome = boot_machine([(0, 0, "1G")]).apply(RemoveLmbs(count=1))
    assert (outcome.result, outcome.reason) == ("ENODEV", NoLmbs("x86_64"))
    with pytest.raises(BadInput, match="give 1 or more"):
        partition().apply(RemoveLmbs(count=0))


def test_a_request_of_dlpar_beyond_all_addresses_is_refused_before_any_lmb_is_added() -> None:
    machine = open_machine("arm64-guest")
    outcome = machine.apply(Add(start=7 << 30, size=1 << 62, caller="dlpar"))
    assert outcome.result == "EINVAL"
    assert len(outcome.events) < 10
    assert machine.check() == []
