"""ZONE_DEVICE: pmem brings its own altmap, HMM memory has no struct pages of its own; neither has blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from altmap.engine import Add, BadInput, Eject, Online, Remove, boot_machine, open_machine, save_machine, sentence
from altmap.engine.memory.section import put
from altmap.engine.memory.state import Resource, state_of
from altmap.engine.numbers.bits import span
from altmap.engine.protocol.events import BlockCreated, MemmapPlaced, PlacementChosen
from altmap.engine.protocol.reasons.placement import DriverBringsAltmap, NoWholeSection
from altmap.engine.snapshot.fold import alike

from .guests import dimm, free_pages, guest, memmap, online, refuse, remove, told

START = (8 << 30) // 4096


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
@pytest.mark.parametrize("caller", ["pmem", "hmm"])
def test_there_are_sections_and_no_blocks(model: str, caller: str) -> None:
    machine = guest(model=model)
    zones = {key: (zone.present, zone.spanned) for key, zone in machine.zones.items()}
    outcome = dimm(machine, "1G", at="8G", caller=caller)
    assert [nr for nr in machine.sections if nr >= 32] == list(range(64, 72))
    assert not any(machine.sections[nr].online for nr in range(64, 72))
    assert max(machine.blocks) == 31
    assert not told(outcome, BlockCreated)
    assert {key: (zone.present, zone.spanned) for key, zone in machine.zones.items()} == zones
    assert refuse(machine, Online(block=64)).result == "ENOENT"
    assert not machine.groups


def test_pmem_takes_its_memmap_from_its_own_altmap() -> None:
    machine = guest()
    outcome = dimm(machine, "1G", at="8G", caller="pmem")
    assert outcome.taken == {}
    assert [memmap(machine, 64 + k).pfn for k in range(8)] == [START + 512 * k for k in range(8)]
    assert memmap(machine, 64).on == "self"
    (chosen,) = told(outcome, PlacementChosen)
    assert (chosen.placement, chosen.reason) == ("range", DriverBringsAltmap())


def test_the_reserve_comes_first() -> None:
    machine = guest()
    dimm(machine, "1G", at="8G", caller="pmem", reserve=8192)
    assert [memmap(machine, 64 + k).pfn for k in range(8)] == [START + 8192 + 512 * k for k in range(8)]


def test_an_odd_reserve_needs_room_for_the_alignment() -> None:
    """An info block of 8 KiB: 2 pages; the first PMD begins 510 pages later."""
    machine = guest()
    dimm(machine, "1G", at="8G", caller="pmem", reserve=2, align=510)
    assert memmap(machine, 64).pfn == START + 512
    assert refuse(machine, Add(start="16G", size="1G", caller="pmem", reserve=2)).result == "ENOMEM"


def test_an_altmap_bigger_than_the_range_is_invalid() -> None:
    machine = guest()
    outcome = refuse(machine, Add(start="8G", size="1G", caller="pmem", reserve=262144))
    assert outcome.result == "EINVAL"
    assert "invalid altmap" in sentence(outcome.reason)
    assert 8 << 30 not in machine.resources
    dimm(machine, "1G", at="8G", caller="pmem", reserve=262144 - 4096)


@pytest.mark.parametrize(("caller", "placement"), [("hmm", None), ("pmem", "boot")])
def test_without_an_altmap_kernel_memory_serves(caller: str, placement: str | None) -> None:
    """HMM memory cannot be touched by the CPU, so no struct page can lie in it (Glisse's objection)."""
    machine = guest(model="rfc-v2")
    before = free_pages(machine)
    outcome = dimm(machine, "1G", at="8G", caller=caller, placement=placement)
    assert {memmap(machine, 64 + k).on for k in range(8)} == {"kernel"}
    assert outcome.taken[0] == before - free_pages(machine) >= 4096
    remove(machine, "1G", at="8G")
    assert free_pages(machine) == before


@pytest.mark.parametrize("caller", ["pmem", "hmm"])
def test_removed_device_memory_leaves_nothing_behind(caller: str) -> None:
    """Sections absent, resource released; so it can be added again."""
    machine = guest()
    before = set(machine.sections), dict(machine.resources), dict(machine.requests)
    dimm(machine, "1G", at="8G", caller=caller)
    remove(machine, "1G", at="8G")
    assert (set(machine.sections), dict(machine.resources), dict(machine.requests)) == before
    dimm(machine, "1G", at="8G", caller=caller)


def test_an_eject_takes_it_too() -> None:
    machine = guest()
    dimm(machine, "1G", at="8G", caller="pmem")
    assert machine.apply(Eject(start="8G", size="1G")).ok
    assert max(machine.sections) == 31


def test_its_range_is_taken_like_any_other() -> None:
    machine = guest()
    dimm(machine, "1G", at="8G", caller="pmem")
    assert refuse(machine, Add(start="8G", size="128M")).result == "EEXIST"
    assert refuse(machine, Add(start="4G", size="128M", caller="pmem", node=5)).result == "EINVAL"


def test_device_memory_need_not_be_made_of_blocks() -> None:
    """The block rule is add_memory's; ZONE_DEVICE is added by sections at least."""
    machine = guest("66G", block_size="2G")
    dimm(machine, "128M", at="80G", caller="pmem")
    assert 640 in machine.sections
    assert refuse(machine, Add(start="82G", size="128M")).result == "EINVAL"


@pytest.mark.parametrize(
    ("caller", "placement"),
    [("hmm", "block"), ("hmm", "range"), ("hmm", "sections"), ("pmem", "block"), ("pmem", "sections")],
)
def test_a_placement_that_a_driver_does_not_have_makes_no_sense(caller: Any, placement: Any) -> None:
    machine = guest()
    with pytest.raises(BadInput, match=f"{caller} cannot place its memmap by '{placement}'"):
        machine.apply(Add(start="8G", size="1G", caller=caller, placement=placement))
    assert machine.history == ()


def test_a_part_that_hosts_the_rest_cannot_be_removed() -> None:
    machine = guest()
    dimm(machine, "1G", at="8G", caller="pmem")
    outcome = refuse(machine, Remove(start="8G", size="128M"))
    assert outcome.result == "EBUSY"
    remove(machine, "128M", at=(8 << 30) + (7 << 27))
    remove(machine, "896M", at="8G")


def test_what_a_failed_add_leaves_can_be_cleared() -> None:
    machine = guest()
    before = set(machine.sections), free_pages(machine)
    refuse(machine, Add(start="8G", size="1G", caller="pmem", reserve=2))
    remove(machine, "1G", at="8G")
    assert (set(machine.sections), free_pages(machine)) == before
    dimm(machine, "1G", at="8G")
    online(machine, 64)


def test_an_add_that_ends_before_its_altmap_s_host_is_there() -> None:
    """A driver's reserve can put the first memmap into a later section; what ends the add before that must not matter."""
    machine = boot_machine([(0, 0, "1G")])
    before = dict(machine.sections)
    size = machine.geometry.pages_per_section
    steps = machine.steps(Add(start="4G", size="1G", caller="pmem", reserve=3 * size))
    for event in steps:
        if isinstance(event, MemmapPlaced):
            break
    steps.close()
    assert dict(machine.sections) == before
    assert machine.apply(Add(start="4G", size="1G", caller="pmem", reserve=3 * size)).ok
    assert machine.check() == []


# -- its namespace's altmap ---------------------------------------------------------------------------------------------


def test_the_altmap_is_as_its_namespace_says() -> None:
    """1 GiB of fsdax: an info block of 8 KiB, and room for 64 bytes a page, up to the next 2 MiB (nd_pfn_init)."""
    machine = guest()
    dimm(machine, "1G", at="8G", caller="pmem", reserve=2, free=4606)
    assert [memmap(machine, 64 + k).pfn for k in range(8)] == [START + 512 + 512 * k for k in range(8)]
    short = refuse(machine, Add(start="16G", size="1G", caller="pmem", reserve=2, free=4605))
    assert (short.result, type(short.reason).__name__) == ("ENOMEM", "AltmapExhausted")


# -- sub-sections -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "result"), [("rfc-v2", "EINVAL"), ("5.2", "EINVAL"), ("5.3", "ok"), ("6.12", "ok")])
def test_since_5_3_a_device_may_have_sub_sections(model: str, result: str) -> None:
    machine = guest(model=model)
    assert machine.apply(Add(start="8194M", size="6M", caller="pmem")).result == result
    assert machine.apply(Add(start="9217M", size="6M", caller="pmem")).result == "EINVAL"
    assert machine.check() == []


@pytest.mark.parametrize(("start", "size", "own"), [("8194M", "300M", 1), ("8194M", "6M", 0), ("8G", "130M", 1)])
def test_what_fills_no_section_is_mapped_by_base_pages_of_the_kernel(start: str, size: str, own: int) -> None:
    machine = guest()
    tables = {nr: dict(machine.sections[nr].pages) for nr in machine.sections}, free_pages(machine)
    outcome = dimm(machine, size, at=start, caller="pmem")
    ons = [memmap(machine, nr).on for nr in machine.sections if nr >= 64]
    assert ons.count("self") == own
    assert set(ons) <= {"self", "kernel"}
    assert 0 < outcome.taken[0] < 1000
    remove(machine, size, at=start)
    assert ({nr: dict(machine.sections[nr].pages) for nr in machine.sections}, free_pages(machine)) == tables
    assert not machine.requests


def test_two_devices_share_a_section_and_the_last_takes_it_along() -> None:
    machine = guest()
    before = free_pages(machine)
    dimm(machine, "6M", at="8194M", caller="pmem")
    first = before - free_pages(machine)
    dimm(machine, "4M", at="8200M", caller="pmem")
    assert before - free_pages(machine) == first + 16, "8 pages for 2 MiB, and the page table is there"
    assert refuse(machine, Add(start="8198M", size="4M", caller="pmem")).result == "EEXIST"
    remove(machine, "6M", at="8194M")
    assert 64 in machine.sections
    remove(machine, "4M", at="8200M")
    assert 64 not in machine.sections
    assert free_pages(machine) == before


def test_sub_sections_are_saved_as_they_are(tmp_path: Path) -> None:
    machine = guest()
    dimm(machine, "6M", at="8194M", caller="pmem")
    dimm(machine, "300M", at="8200M", caller="hmm")
    save_machine(machine, tmp_path / "devices.json")
    again = open_machine(tmp_path / "devices.json")
    assert again.warnings == ()
    assert alike(state_of(again), state_of(machine))


def test_a_hole_of_a_section_of_the_boot_costs_nothing() -> None:
    """Its memmap was there for all of the section since the boot."""
    machine = guest("4G")
    state = state_of(machine)
    section = state.sections[31]
    state.sections.put(31, msgspec.structs.replace(section, pages=put(section.pages, span(16384, 16384), "absent")))
    at = 31 * 128 + 64
    state.resources.drop(0)
    state.resources.put(0, Resource(0, at << 20, "System RAM"))
    before = free_pages(machine)
    outcome = machine.apply(Add(start=f"{at}M", size="32M", caller="pmem", placement="boot"))
    assert outcome.result == "ok"
    assert free_pages(machine) == before
    assert machine.apply(Remove(start=f"{at}M", size="32M")).ok
    assert machine.sections[31].of("absent").bit_count() == 16384


@pytest.mark.parametrize(("size", "where"), [("6M", "boot"), ("128M", "range"), ("130M", "range")])
def test_where_the_memmap_of_sub_sections_lies_is_said_as_it_is(size: str, where: str) -> None:
    outcome = guest().apply(Add(start="4G", size=size, caller="pmem"))
    (chosen,) = told(outcome, PlacementChosen)
    assert chosen.placement == where
    assert isinstance(chosen.reason, NoWholeSection if where == "boot" else DriverBringsAltmap)
