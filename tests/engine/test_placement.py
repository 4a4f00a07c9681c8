"""Where the kernels put the memmap: RFC v2's range, upstream's blocks, or kernel memory, on every architecture.

create_altmaps_and_memory_blocks and mhp_supports_memmap_on_memory (mm/memory_hotplug.c); RFC v2, patches 2 to 5.
"""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine import CALLERS, MODELS, Add, Remove, boot_machine, sentence
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import MemmapMarked, MemmapPlaced, PlacementChosen
from altmap.engine.protocol.reasons.taking import Crashed

from .guests import FIRST, dimm, eject, guest, heads, memmap, numbers, offline, online, placements, refuse, remove, told

# -- RFC v2: one pool at the start of the request ----------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 8, 64, 65, 80])
def test_the_memmap_of_section_k_lies_512_k_pages_behind_the_start(size: int) -> None:
    """The host of section k is section k // 64."""
    machine = guest(model="rfc-v2")
    outcome = dimm(machine, f"{128 * size}M")
    for k in range(size):
        place = memmap(machine, 32 + k)
        assert (place.on, place.pfn, place.chunks) == ("self", FIRST + 512 * k, ((FIRST + 512 * k, 512),))
        assert (place.pfn or 0) // 32768 == 32 + k // 64
    assert [(event.pfn, event.pages) for event in told(outcome, MemmapMarked)] == [
        (FIRST + 512 * k, 512) for k in range(size)
    ]
    assert {event.node for event in told(outcome, MemmapPlaced)} == {0}


def test_a_dimm_of_10_gib() -> None:
    machine = guest(model="rfc-v2")
    dimm(machine, "10G")
    assert [heads(machine, nr) for nr in (32, 33, 34)] == [32768, 8192, 0]
    assert heads(machine, *range(32, 112)) == 40960
    online(machine, *range(32, 112), kind="online_movable")
    assert numbers(machine, "Movable") == (2580480, 2621440, 2580480, 2580480)


def test_the_memmap_of_8_gib_fills_exactly_one_block() -> None:
    machine = guest(model="rfc-v2")
    dimm(machine, "8G")
    assert heads(machine, 32) == 32768
    assert heads(machine, *range(33, 96)) == 0


def test_128_gib_in_blocks_of_2_gib() -> None:
    machine = guest("66G", model="rfc-v2", block_size="2G")
    dimm(machine, "128G", at="66G")
    first = 66 * 8
    assert heads(machine, *range(first, first + 16)) == 524288, "block 0 is all memmap"
    assert heads(machine, *range(first + 16, first + 1024)) == 0


def test_a_block_of_nothing_but_heads_onlines_with_no_page_and_offlines_trivially() -> None:
    """Even while later blocks use its memmap."""
    machine = guest(model="rfc-v2")
    dimm(machine, "10G")
    online(machine, 40, kind="online_kernel")
    before = numbers(machine, "Normal")
    outcome = online(machine, 32, kind="online_kernel")
    free, _, present, managed = numbers(machine, "Normal")
    assert (free, present, managed) == (before[0], before[2], before[3])
    assert machine.blocks[32].state == "online"
    assert machine.valid_zones(32) == "Normal"
    assert outcome.result == "ok"
    offline(machine, 32)
    free, spanned, present, managed = numbers(machine, "Normal")
    assert (free, present, managed) == (before[0], before[2], before[3])
    assert spanned == 9 * 32768, "until it is removed"
    assert heads(machine, 32) == 32768, "still reserved"


def test_head_pages_stay_reserved_while_their_block_is_offline() -> None:
    machine = guest(model="rfc-v2")
    dimm(machine, "1G")
    assert heads(machine, 32) == 4096
    online(machine, 32)
    offline(machine, 32)
    assert heads(machine, 32) == 4096


def test_every_caller_of_add_memory_asks_in_the_rfc() -> None:
    assert set(MODELS["rfc-v2"].opt_in) == {"acpi", "balloon", "probe", "dlpar", "sclp"}
    for caller in ("acpi", "balloon", "probe"):
        machine = guest(model="rfc-v2")
        dimm(machine, caller=caller)
        assert placements(machine, 32, 1) == {"self"}


def test_the_rfc_as_posted_crashes_when_more_than_one_section_is_removed() -> None:
    """Reported as what it is; one section is safe."""
    machine = guest(model="rfc-v2-as-posted")
    dimm(machine, "128M")
    remove(machine, "128M")
    dimm(machine, "256M")
    outcome = refuse(machine, Remove(start="4G", size="256M"))
    assert outcome.result == "OOPS"
    assert "PageVmemmap" in sentence(outcome.reason)
    assert sorted(machine.blocks)[-2:] == [32, 33], "nothing of it happened"
    assert refuse(machine, Remove(start="4G", size="128M")).reason == Crashed()
    machine.undo()
    machine.undo()
    dimm(machine, "256M", at="8G", placement="boot")
    remove(machine, "256M", at="8G")


def test_the_mended_rfc_removes_any_request() -> None:
    machine = guest(model="rfc-v2")
    dimm(machine, "10G")
    remove(machine, "10G")
    assert max(machine.blocks) == 31


def test_part_of_a_range_that_hosts_the_rest_cannot_be_removed() -> None:
    machine = guest(model="rfc-v2")
    dimm(machine, "1G")
    outcome = refuse(machine, Remove(start="4G", size="128M"))
    assert outcome.result == "EBUSY"
    assert "memory33" in sentence(outcome.reason)
    remove(machine, "128M", at=(4 << 30) + (7 << 27))
    remove(machine, "896M")


# -- upstream: the head of each block ----------------------------------------------------------------------------------


def test_6_1_self_hosts_exactly_one_block_and_else_uses_kernel_memory() -> None:
    machine = guest(model="6.1")
    dimm(machine, "128M")
    dimm(machine, "256M", at="8G")
    assert (placements(machine, 32, 1), machine.blocks[32].head) == ({"self"}, 512)
    assert (placements(machine, 64, 2), machine.blocks[64].head) == ({"kernel"}, 0)
    online(machine, 64, 65, kind="online_movable")
    assert numbers(machine, "Movable") == (65536, 65536, 65536, 65536)


@pytest.mark.parametrize("count", [1, 2, 8, 80])
def test_6_12_gives_every_block_its_own_head(count: int) -> None:
    machine = guest(model="6.12")
    dimm(machine, f"{128 * count}M")
    for block in range(32, 32 + count):
        place = memmap(machine, block)
        assert (place.on, place.pfn, place.chunks) == ("self", block * 32768, ((block * 32768, 512),))
        assert machine.blocks[block].head == 512
    online(machine, *range(32, 32 + min(count, 8)), kind="online_movable")
    n = min(count, 8)
    assert numbers(machine, "Movable") == (n * 32256, n * 32768, n * 32768, n * 32256)


def test_only_block_33_has_a_head_on_6_1() -> None:
    """128M 128M 256M 1G; online 33, 34, 35: managed 97792 on 6.1, 96768 on 6.12."""
    for model, managed in (("6.1", 97792), ("6.12", 96768)):
        machine = boot_machine([(0, 0, "1G")], nodes=2, model=model)
        for at, size, node in (("4G", "128M", 1), ("4224M", "128M", 1), ("4352M", "256M", 1), ("4608M", "1G", 0)):
            dimm(machine, size, at=at, node=node)
        online(machine, 33, 34, 35)
        assert numbers(machine, "Normal", 1) == (managed, 98304, 98304, managed)
        assert machine.zones[1, "Normal"].start == 1081344
        online(machine, 36)
        assert numbers(machine, "Normal", 0)[3] == (32768 if model == "6.1" else 32256)
        eject(machine, "256M", at="4352M")
        assert numbers(machine, "Normal", 1)[1:] == (32768, 32768, 32256)
        assert machine.zones[1, "Normal"].start == 1081344


@pytest.mark.parametrize(("block", "memmap_pages"), [("128M", 512), ("256M", 1024), ("1G", 4096), ("2G", 8192)])
def test_heads_by_block_size(block: str, memmap_pages: int) -> None:
    machine = guest("64G", block_size=block)
    dimm(machine, block, at="64G")
    number = max(machine.blocks)
    assert machine.blocks[number].head == memmap_pages
    online(machine, number, kind="online_movable")
    pages = machine.geometry.pages_per_block
    assert numbers(machine, "Movable") == (pages - memmap_pages, pages, pages, pages - memmap_pages)
    first = number * pages
    for k in range(machine.geometry.sections_per_block):
        assert memmap(machine, first // 32768 + k).pfn == first + 512 * k


@pytest.mark.parametrize(
    ("model", "mode", "callers"),
    [
        ("6.1", "Y", {"acpi"}),
        ("6.1", "N", set()),
        ("6.6", "force", {"acpi", "dlpar"}),
        ("6.8", "Y", {"acpi", "dlpar", "cxl"}),
        ("6.12", "Y", {"acpi", "dlpar", "cxl", "dax", "sclp"}),
        ("7.3", "force", {"acpi", "dlpar", "cxl", "dax", "sclp"}),
        ("6.12", "N", set()),
    ],
)
def test_only_callers_that_ask_get_it(model: str, mode: str, callers: set[str]) -> None:
    """virtio-mem, Hyper-V, Xen and the probe file never ask."""
    for caller in CALLERS:
        if caller in ("pmem", "hmm"):
            continue
        machine = guest(model=model, memmap_on_memory=mode)
        (chosen,) = told(dimm(machine, caller=caller), PlacementChosen)
        assert (chosen.placement == "block") == (caller in callers), caller
        assert placements(machine, 32, 1) == ({"self"} if caller in callers else {"kernel"})


def test_6_1_refuses_a_caller_that_asks_in_vain_and_6_12_falls_back() -> None:
    """The ACPI driver asks only where it is supported, so another caller it is."""
    for model, result in (("6.1", "EINVAL"), ("6.12", "ok")):
        machine = boot_machine([(0, "1G", "2G")], arch="arm64-16k", model=model)
        state_of(machine).model = msgspec.structs.replace(state_of(machine).model, asks_first=False)
        outcome = machine.apply(Add(start="8G", size="128M"))
        assert outcome.result == result
        if result == "ok":
            assert placements(machine, 64, 1) == {"kernel"}


@pytest.mark.parametrize(
    ("arch", "block", "mode", "head", "waste"),
    [
        ("ppc64le-radix-64k", "256M", "force", 32, 28),
        ("ppc64le-radix-64k", "1G", "force", 32, 16),
        ("ppc64le-radix-64k", "2G", "Y", 32, 0),
        ("ppc64le-radix-4k", "256M", "Y", 1024, 0),
        ("s390x", "256M", "Y", 1024, 0),
        ("riscv64", "128M", "Y", 512, 0),
        ("x86_64", "128M", "force", 512, 0),
    ],
)
def test_what_each_architecture_takes(arch: str, block: str, mode: str, head: int, waste: int) -> None:
    machine = boot_machine([(0, 0, "4G")], arch=arch, block_size=block, memmap_on_memory=mode)
    outcome = dimm(machine, block, at="8G")
    number = max(machine.blocks)
    assert machine.blocks[number].head == head
    (chosen,) = told(outcome, PlacementChosen)
    assert (f"{waste} of them wasted" in sentence(chosen.reason)) == (waste > 0)
    online(machine, number, kind="online_movable")
    pages = machine.geometry.pages_per_block
    assert numbers(machine, "Movable") == (pages - head, pages, pages, pages - head)


@pytest.mark.parametrize(
    ("arch", "mode"),
    [
        ("ppc64le-radix-64k", "Y"),
        ("arm64-16k", "Y"),
        ("arm64-16k", "force"),
        ("arm64-64k", "force"),
        ("ppc64le-hash-64k", "force"),
    ],
)
def test_where_the_sizes_do_not_fit_kernel_memory_serves(arch: str, mode: str) -> None:
    machine = boot_machine([(0, 0, "4G")], arch=arch, memmap_on_memory=mode)
    dimm(machine, machine.geometry.block_size, at="8G")
    number = max(machine.blocks)
    assert machine.blocks[number].head == 0
    first = number * machine.geometry.sections_per_block
    assert placements(machine, first, machine.geometry.sections_per_block) == {"kernel"}
