"""What kernels before 6.0 do otherwise: the file removable, huge pages that exclude memmap on memory, sections of arm64."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from altmap.engine import Offline, boot_machine
from altmap.engine.memory.section import Types
from altmap.engine.memory.state import state_of
from altmap.engine.numbers.bits import span
from altmap.engine.protocol.events import PlacementChosen, RangeRemoved
from altmap.engine.protocol.reasons.placement import HugePagesExclude
from altmap.engine.protocol.reasons.taking import Unmovable
from altmap.engine.snapshot import store

from .guests import FIRST, dimm, guest, occupy, offline, online, refuse, remove, told


@pytest.mark.parametrize(("model", "held"), [("rfc-v2", "1"), ("4.18", "0"), ("5.5", "0"), ("5.6", "1"), ("6.12", "1")])
def test_the_file_removable_looks_at_pages_until_5_5(model: str, held: str) -> None:
    """By the rules of isolation, which in the RFC's kernel do not look into Movable pageblocks."""
    machine = guest("4G", model=model, memmap_on_memory="N")
    dimm(machine, at="8G")
    online(machine, 64, kind="online_kernel")
    path = "/sys/devices/system/memory/memory64/removable"
    assert machine.read(path) == "1\n"
    occupy(machine, 2 * FIRST + 9000, 1, "slab")
    assert machine.read(path) == f"{held}\n"
    boot = machine.read("/sys/devices/system/memory/memory0/removable")
    assert boot == ("0\n" if model in ("4.18", "5.5") else "1\n")


@pytest.mark.parametrize(("model", "first", "lost"), [("5.18", 9000, 17), ("5.19", 32400, 1), ("6.17", 32400, 0)])
def test_isolation_looks_at_the_last_pageblock_second_since_5_19(model: str, first: int, lost: int) -> None:
    """And of the pageblocks that were isolated before it stopped, the types are lost until 6.16."""
    machine = guest("4G", model=model, memmap_on_memory="N")
    dimm(machine, at="8G")
    online(machine, 64, kind="online_kernel")
    section = state_of(machine).sections[64]
    unmovable = msgspec.structs.replace(section, types=Types({"Unmovable": span(0, 64)}))
    state_of(machine).sections.put(64, unmovable)
    for at in (9000, 32400):
        occupy(machine, 2 * FIRST + at, 1, "slab")
    outcome = refuse(machine, Offline(block=64))
    assert outcome.reason == Unmovable(2 * FIRST + first, "slab", ())
    assert 64 - state_of(machine).sections[64].types["Unmovable"].bit_count() == lost


def test_an_offline_block_is_removable() -> None:
    machine = guest("1G", model="4.18")
    dimm(machine)
    online(machine, 32, kind="online_movable")
    offline(machine, 32)
    assert machine.read("/sys/devices/system/memory/memory32/removable") == "1\n"


@pytest.mark.parametrize(
    ("model", "options", "placement"),
    [
        ("5.13", "hugetlb_free_vmemmap=on", "block"),  # it knows no such option
        ("5.14", "hugetlb_free_vmemmap=on", "boot"),
        ("5.14", "", "block"),
        ("5.19", "hugetlb_free_vmemmap=on", "boot"),
        ("6.0", "hugetlb_free_vmemmap=on", "block"),
    ],
)
def test_from_5_14_to_5_19_huge_pages_that_give_memmap_back_exclude_it(
    model: str, options: str, placement: str
) -> None:
    machine = guest("1G", model=model, memmap_on_memory="Y", options=options)
    (chosen,) = told(dimm(machine), PlacementChosen)
    assert chosen.placement == placement
    assert isinstance(chosen.reason, HugePagesExclude) is (placement == "boot")


@pytest.mark.parametrize("arch", ["arm64-4k", "arm64-16k", "arm64-64k"])
def test_sections_of_arm64_had_1_gib_before_5_12(arch: str) -> None:
    old, new = (boot_machine([(0, 0, "4G")], arch=arch, model=model).geometry for model in ("5.11", "5.12"))
    assert (old.section_size, old.block_size) == (1 << 30, 1 << 30)
    assert new.section_size == (512 if arch == "arm64-64k" else 128) << 20


@pytest.mark.parametrize(
    ("model", "kept"), [("rfc-v2", True), ("4.18", True), ("5.4", True), ("5.5", False), ("6.12", False)]
)
def test_a_zone_reaches_over_offline_memory_until_it_is_removed(model: str, kept: bool) -> None:
    """Up to 5.4, so that the block is brought back into it unless another zone is named."""
    machine = guest("4G", model=model, memmap_on_memory="N")
    dimm(machine, "512M", "8G")
    online(machine, 64, 66, kind="online_movable")
    assert machine.zones[0, "Movable"].spanned == 3 * 32768
    gone = offline(machine, 66)
    assert bool(told(gone, RangeRemoved)) is not kept
    assert machine.zones[0, "Movable"].spanned == (3 if kept else 1) * 32768
    assert machine.read("/sys/devices/system/memory/memory66/valid_zones").split()[0] == (
        "Movable" if kept else "Normal"
    )
    offline(machine, 64)
    assert not machine.check()
    assert machine.zones[0, "Movable"].spanned == (3 * 32768 if kept else 0)
    removed = remove(machine, "512M", "8G")
    assert bool(told(removed, RangeRemoved)) is kept
    assert machine.zones[0, "Movable"].spanned == 0


def test_a_zone_keeps_what_went_to_another_one() -> None:
    """The removal asks the zone that the pages were in last, and no other."""
    machine = guest("4G", model="4.18")
    dimm(machine, "128M", "8G")
    online(machine, 64, kind="online_movable")
    offline(machine, 64)
    online(machine, 64, kind="online_kernel")
    offline(machine, 64)
    remove(machine, "128M", "8G")
    assert machine.zones[0, "Movable"].spanned == 32768
    assert machine.zones[0, "Normal"].spanned == 0


def test_a_saved_machine_keeps_the_zone_of_an_offline_block(tmp_path: Path) -> None:
    machine = guest("4G", model="4.18")
    dimm(machine, "128M", "8G")
    online(machine, 64, kind="online_movable")
    offline(machine, 64)
    store.save(state_of(machine), machine.origin, tmp_path / "guest.json")
    state, _ = store.load(tmp_path / "guest.json")
    assert state.blocks[64] == state_of(machine).blocks[64]
    assert state.blocks[64].linked == (0, "Movable")
