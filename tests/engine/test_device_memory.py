"""ZONE_DEVICE: pmem brings its own altmap, HMM memory has no struct pages of its own; neither has blocks."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import Add, BadInput, Eject, Online, Remove, boot_machine, sentence
from altmap.engine.protocol.events import BlockCreated, MemmapPlaced, PlacementChosen
from altmap.engine.protocol.reasons.placement import DriverBringsAltmap

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
