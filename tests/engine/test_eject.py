"""Ejecting a memory device as the ACPI driver does (acpi_memory_device_remove), and removing by hand."""

from __future__ import annotations

from typing import Any

import pytest
from altmap.engine import Add, Eject, Machine, Online, Outcome, Remove, boot_machine, sentence
from altmap.engine.memory.state import state_of
from altmap.engine.protocol.events import BlockStateChanged, OfflineFailed

from .guests import dimm, do, eject, guest, occupy, offline, online, populated, refuse, remove, told, two_nodes

BLOCK = 32768


def device(model: str = "6.12", **options: Any) -> Machine:
    """Four blocks, 32 to 35, as one device, its memmap in kernel memory."""
    machine = guest(model=model, memmap_on_memory="N", **options)
    dimm(machine, "512M")
    return machine


def kernel_page(machine: Machine, block: int) -> None:
    occupy(machine, block * BLOCK + 5000, 1, "slab")


def states(machine: Machine) -> list[str]:
    return [machine.blocks[block].state for block in range(32, 36)]


def zone_names(machine: Machine) -> list[str | None]:
    return [zone[1] if (zone := machine.blocks[block].zone) else None for block in range(32, 36)]


def changes(outcome: Outcome) -> list[tuple[int, str]]:
    return [(event.block, event.state) for event in told(outcome, BlockStateChanged)]


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
def test_idle_blocks_are_offlined_and_removed(model: str) -> None:
    """The kernel offlines the blocks itself."""
    machine = guest(model=model)
    dimm(machine, "512M")
    online(machine, 33, kind="online_movable")
    online(machine, 34, kind="online_kernel")
    outcome = eject(machine, "512M")
    assert changes(outcome) == [(33, "going-offline"), (33, "offline"), (34, "going-offline"), (34, "offline")]
    assert max(machine.blocks) == 31
    assert populated(machine) == {(0, "DMA"), (0, "DMA32")}


def test_movable_contents_are_moved_out() -> None:
    machine = device()
    online(machine, 33, kind="online_movable")
    occupy(machine, 33 * BLOCK + 100, 20480, "movable")
    eject(machine, "512M")
    assert sum(section.count("movable") for section in machine.sections.values()) == 20480


def test_the_first_pass_goes_on_past_failures_and_the_second_begins_there() -> None:
    machine = device()
    online(machine, *range(32, 36), kind="online_kernel")
    kernel_page(machine, 33)
    outcome = refuse(machine, Eject(start="4G", size="512M"))
    assert outcome.result == "EBUSY"
    assert "memory33" in sentence(outcome.reason)
    failures = [(event.block, event.errno, event.retried) for event in told(outcome, OfflineFailed)]
    assert failures == [(33, "EBUSY", False), (33, "EBUSY", True)]
    going = [block for block, state in changes(outcome) if state == "going-offline"]
    assert going == [32, 33, 34, 35, 33], "all in the first pass; the second only from the failure on"


def test_the_second_pass_ends_at_its_first_failure() -> None:
    machine = device()
    online(machine, *range(32, 36), kind="online_kernel")
    kernel_page(machine, 33)
    kernel_page(machine, 35)
    outcome = refuse(machine, Eject(start="4G", size="512M"))
    failures = [(event.block, event.retried) for event in told(outcome, OfflineFailed)]
    assert failures == [(33, False), (35, False), (33, True)]


def test_only_the_second_failure_is_logged_by_the_driver() -> None:
    """ "Offline failed." once, though the page is dumped twice."""
    machine = device()
    online(machine, 32, kind="online_kernel")
    kernel_page(machine, 32)
    log = refuse(machine, Eject(start="4G", size="512M")).log
    assert [line for line in log if "Offline failed" in line] == ["memory memory32: Offline failed."]
    assert sum("page dumped because: unmovable page" in line for line in log) == 2


def test_what_the_eject_took_offline_goes_online_again() -> None:
    machine = device()
    online(machine, *range(32, 36), kind="online_kernel")
    kernel_page(machine, 33)
    refuse(machine, Eject(start="4G", size="512M"))
    assert states(machine) == ["online"] * 4
    assert zone_names(machine) == ["Normal"] * 4


def test_blocks_that_were_offline_before_stay_offline() -> None:
    machine = device()
    online(machine, 33, 35, kind="online_kernel")
    kernel_page(machine, 33)
    refuse(machine, Eject(start="4G", size="512M"))
    assert states(machine) == ["offline", "online", "offline", "online"]


def test_they_come_back_into_the_default_zone_of_that_moment() -> None:
    """Plain `online`: a block may end up in another zone than before."""
    machine = device()
    online(machine, 32, kind="online_kernel")
    online(machine, 33, 34, 35, kind="online_movable")
    kernel_page(machine, 32)
    refuse(machine, Eject(start="4G", size="512M"))
    assert states(machine) == ["online"] * 4
    assert zone_names(machine) == ["Normal"] * 4
    machine = device(options="movable_node")
    online(machine, 32, 35, kind="online_kernel")
    online(machine, 33, 34, kind="online_movable")
    kernel_page(machine, 35)
    refuse(machine, Eject(start="4G", size="512M"))
    assert zone_names(machine) == ["Movable", "Movable", "Movable", "Normal"]


def test_a_block_that_went_meanwhile_lets_the_second_pass_succeed() -> None:
    """The first pass frees room that a block tried before had lacked: its memmap's host, once the guests are gone."""
    machine = guest("1G")
    dimm(machine, "256M", placement="sections")
    dimm(machine, "256M", at="4352M", placement="sections")
    online(machine, *range(32, 36))
    outcome = refuse(machine, Eject(start="4G", size="256M"))
    assert "memory34" in sentence(outcome.reason)
    eject(machine, "256M", at="4352M")
    eject(machine, "256M")


def test_a_refused_eject_removes_nothing() -> None:
    machine = device("6.1")
    online(machine, 34, kind="online_kernel")
    kernel_page(machine, 34)
    before = dict(machine.sections).keys(), dict(machine.resources), dict(machine.requests)
    refuse(machine, Eject(start="4G", size="512M"))
    assert (dict(machine.sections).keys(), dict(machine.resources), dict(machine.requests)) == before


# -- remove ------------------------------------------------------------------------------------------------------------


def test_an_online_block_cannot_be_removed() -> None:
    machine = device()
    online(machine, 34)
    outcome = refuse(machine, Remove(start="4G", size="512M"))
    assert outcome.result == "EBUSY"
    assert outcome.log == ("removing memory fails, because memory [0x0000000110000000-0x0000000117ffffff] is onlined",)
    assert states(machine) == ["offline", "offline", "online", "offline"]
    offline(machine, 34)
    remove(machine, "512M")


def test_a_range_that_is_not_made_of_blocks_cannot_be_removed() -> None:
    machine = device()
    for start, size in (("4G", "64M"), ("4160M", "128M"), ("4G", 0)):
        assert refuse(machine, Remove(start=start, size=size)).result == "EINVAL"


def test_6_1_removes_blocks_with_heads_one_by_one() -> None:
    """The kernel says "wrong granularity"."""
    machine = guest(model="6.1")
    dimm(machine)
    dimm(machine, at="4224M")
    outcome = refuse(machine, Remove(start="4G", size="256M"))
    assert outcome.result == "EINVAL"
    assert "wrong granularity" in sentence(outcome.reason)
    assert any("Refuse to remove 0x100000000 - 0x110000000,wrong granularity" in line for line in outcome.log)
    remove(machine)
    remove(machine, at="4224M")


def test_6_12_removes_any_number_of_them_but_not_mixed_with_others() -> None:
    machine = guest(model="6.12")
    dimm(machine, "256M")
    dimm(machine, at="4352M", placement="boot")
    assert refuse(machine, Remove(start="4G", size="384M")).result == "EINVAL"
    remove(machine, "256M")
    remove(machine, at="4352M")


@pytest.mark.parametrize(("model", "result"), [("rfc-v2", "ok"), ("6.12", "EINVAL")])
def test_a_hole_among_blocks_with_heads_is_counted_too(model: str, result: str) -> None:
    """memory_blocks_have_altmaps compares with the size of the range."""
    machine = guest(model=model)
    dimm(machine)
    dimm(machine, at="4352M")
    assert machine.apply(Remove(start="4G", size="384M")).result == result


def test_a_part_of_a_device_may_be_removed() -> None:
    machine = device()
    remove(machine, "128M", at="4224M")
    assert sorted(machine.blocks)[-3:] == [32, 34, 35]
    eject(machine, "512M")
    assert max(machine.blocks) == 31


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
@pytest.mark.parametrize("mode", ["Y", "N"])
@pytest.mark.parametrize("size", ["128M", "1G"])
def test_add_and_remove_restore_everything(model: str, mode: str, size: str) -> None:
    machine = guest(model=model, memmap_on_memory=mode)

    def picture() -> list[Any]:
        state = state_of(machine)
        tables = (state.blocks, state.resources, state.requests, state.groups, state.nodes)
        pages = {nr: (section.zones, section.pages, section.memmap) for nr, section in state.sections.items()}
        return [
            *({**table} for table in tables),
            pages,
            {key: zone for key, zone in state.zones.items() if zone.spanned},
        ]

    before = picture()
    dimm(machine, size)
    assert [one != other for one, other in zip(before, picture(), strict=True)][:3] == [True, True, True]
    remove(machine, size)
    assert all(one == other for one, other in zip(before, picture(), strict=True))


def test_an_address_can_be_used_again() -> None:
    machine = device()
    eject(machine, "512M")
    dimm(machine, "128M")
    online(machine, 32)
    assert refuse(machine, Add(start="4G", size="128M")).result == "EEXIST"


def test_a_removal_of_nothing_changes_nothing() -> None:
    machine = device()
    before = dict(machine.sections), dict(machine.blocks), dict(machine.resources)
    do(machine, Remove(start="64G", size="128M"))
    assert (dict(machine.sections), dict(machine.blocks), dict(machine.resources)) == before


def test_the_node_goes_with_its_last_block_and_not_while_it_has_cpus() -> None:
    machine = two_nodes("1G", nodes=3)
    dimm(machine, node=1)
    dimm(machine, at="8G", node=1)
    assert machine.nodes[1].online
    remove(machine)
    assert machine.nodes[1].online, "an offline block still names it"
    remove(machine, at="8G")
    assert not machine.nodes[1].online
    assert machine.nodes[0].online
    assert refuse(machine, Online(block=32)).result == "ENOENT"


def test_a_refused_eject_brings_blocks_back_as_they_were_last_asked_for() -> None:
    machine = boot_machine([(0, 0, "4G"), (0, "4G", "1G")])
    machine.apply(Add(start="8G", size="256M"))
    for block in (64, 65):
        assert machine.apply(Online(block=block, type="online_kernel")).ok
    assert machine.apply(Online(block=65, type="online_movable")).result == "EINVAL"
    state_of(machine).change_pages(64 * 32768 + 600, 1, "kernel")
    assert machine.apply(Eject(start="8G", size="256M")).result == "EBUSY"
    assert machine.blocks[65].zone == (0, "Movable")
