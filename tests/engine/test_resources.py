"""/proc/iomem: what is in the way of an add, and what a removal leaves."""

from __future__ import annotations

import pytest
from altmap.engine import Add, Machine, Offline, sentence
from altmap.engine.memory.state import Resource, state_of
from altmap.engine.numbers.units import GIB, MIB, TIB

from .guests import dimm, eject, guest, online, refuse, remove


def ram(machine: Machine) -> list[tuple[int, int]]:
    """System RAM in MiB."""
    return sorted((r.start // MIB, r.end // MIB) for r in machine.resources.values() if r.ram)


def put(machine: Machine, start: int, end: int, name: str) -> None:
    state_of(machine).resources.put(start, Resource(start, end, name))
    state_of(machine).journal.take()


def test_an_add_enters_its_range_and_a_removal_takes_it_out() -> None:
    machine = guest("1G")
    dimm(machine, "256M")
    assert ram(machine) == [(0, 1024), (4096, 4352)]
    remove(machine, "256M")
    assert ram(machine) == [(0, 1024)]


def test_each_device_keeps_an_entry_of_its_own() -> None:
    """Four DIMMs side by side are four entries."""
    machine = guest("1G")
    for at, size in (("4096M", "128M"), ("4224M", "128M"), ("4352M", "256M"), ("4608M", "1G")):
        dimm(machine, size, at=at)
    assert ram(machine)[1:] == [(4096, 4224), (4224, 4352), (4352, 4608), (4608, 5632)]


def test_a_part_of_a_device_trims_or_splits_its_entry() -> None:
    """release_mem_region_adjustable."""
    machine = guest("1G", memmap_on_memory="N")
    dimm(machine, "1G")
    remove(machine, "128M", at="4G")
    assert ram(machine)[1:] == [(4224, 5120)]
    remove(machine, "128M", at="4992M")
    assert ram(machine)[1:] == [(4224, 4992)]
    remove(machine, "256M", at="4480M")
    assert ram(machine)[1:] == [(4224, 4480), (4736, 4992)]


@pytest.mark.parametrize(
    ("start", "size"),
    [
        (4 * GIB, 128 * MIB),
        (4 * GIB + 128 * MIB, 256 * MIB),
        (4 * GIB - 128 * MIB, 256 * MIB),
        (3 * GIB, 4 * GIB),
        (0, 128 * MIB),
    ],
)
def test_an_overlap_is_eexist(start: int, size: int) -> None:
    machine = guest("1G")
    dimm(machine, "256M")
    assert refuse(machine, Add(start=start, size=size)).result == "EEXIST"


def test_neighbours_do_not_overlap() -> None:
    machine = guest("1G")
    dimm(machine, "256M")
    dimm(machine, "128M", at=4 * GIB - 128 * MIB)
    dimm(machine, "128M", at=4 * GIB + 256 * MIB)


def test_overlap_beats_alignment() -> None:
    """The range is entered before add_memory_resource looks at it."""
    machine = guest("1G")
    dimm(machine, "256M")
    assert refuse(machine, Add(start=4 * GIB + 64 * MIB, size="64M")).result == "EEXIST"
    assert refuse(machine, Add(start=5 * GIB + 64 * MIB, size="64M")).result == "EINVAL"


@pytest.mark.parametrize("size", ["64M", "192M", 1])
def test_a_misaligned_range_is_einval_and_said_as_the_kernel_does(size: str | int) -> None:
    """64 MiB and 192 MiB devices on blocks of 128 MiB."""
    machine = guest("1G")
    outcome = refuse(machine, Add(start="0x140000000", size=size))
    assert outcome.result == "EINVAL"
    assert sentence(outcome.reason).startswith(
        "Block size [0x8000000] unaligned hotplug range: start 0x140000000, size "
    )
    assert ram(machine) == [(0, 1024)], "the entry is gone again"


def test_a_misaligned_range_is_logged() -> None:
    """pr_err of check_hotplug_memory_range, then the ACPI driver."""
    outcome = refuse(guest("1G"), Add(start="0x140000000", size="64M"))
    assert outcome.log == (
        "Block size [0x8000000] unaligned hotplug range: start 0x140000000, size 0x4000000",
        "add_memory failed",
    )


@pytest.mark.parametrize(("model", "result"), [("rfc-v2", "EINVAL"), ("5.10", "EINVAL"), ("6.12", "E2BIG")])
def test_a_device_of_no_size_is_refused(model: str, result: str) -> None:
    assert refuse(guest(model=model), Add(start="8G", size=0)).result == result


@pytest.mark.parametrize("model", ["rfc-v2", "6.1", "6.12"])
@pytest.mark.parametrize(("start", "size"), [(64 * TIB, "128M"), (64 * TIB - 128 * MIB, "256M")])
def test_what_the_architecture_cannot_map_is_e2big(model: str, start: int, size: str) -> None:
    outcome = refuse(guest(model=model), Add(start=start, size=size))
    assert outcome.result == "E2BIG"
    words = "exceeds maximum addressable range" if model != "rfc-v2" else "at which this kernel does not look"
    assert words in sentence(outcome.reason)


def test_the_last_mappable_block_can_be_added() -> None:
    dimm(guest(), at=64 * TIB - 128 * MIB)


def test_e2big_beats_overlap_and_alignment() -> None:
    machine = guest()
    put(machine, 64 * TIB, 65 * TIB, "Reserved")
    assert refuse(machine, Add(start=64 * TIB + 1, size=5)).result == "E2BIG"


def test_any_busy_range_is_in_the_way_and_a_bus_window_is_not() -> None:
    """Non-busy parents are descended into."""
    machine = guest("1G")
    put(machine, 6 * GIB, 7 * GIB, "PCI Bus 0000:00")
    put(machine, 8 * GIB, 9 * GIB, "Reserved")
    dimm(machine, at="6G")
    outcome = refuse(machine, Add(start="8G", size="128M"))
    assert outcome.result == "EEXIST"
    assert "Reserved" in sentence(outcome.reason)


def test_an_add_below_a_bus_window_leaves_the_window() -> None:
    machine = guest("1G")
    put(machine, 4 * GIB, 8 * GIB, "PCI Bus 0000:00")
    dimm(machine, at="4G")
    assert Resource(4 * GIB, 8 * GIB, "PCI Bus 0000:00") in machine.resources.values()
    remove(machine)
    assert Resource(4 * GIB, 8 * GIB, "PCI Bus 0000:00") in machine.resources.values()
    dimm(machine, at="4G")


def test_driver_managed_memory_has_its_own_name() -> None:
    """Its name is "System RAM (xxx)"."""
    for caller, name in (
        ("acpi", "System RAM"),
        ("dax", "System RAM (kmem)"),
        ("virtio-mem", "System RAM (virtio_mem)"),
    ):
        machine = guest("1G")
        dimm(machine, caller=caller)
        assert machine.resources[4 * GIB].name == name
        assert machine.resources[4 * GIB].ram
        online(machine, 32)
        eject(machine)
        assert 4 * GIB not in machine.resources


def test_a_block_with_a_hole_cannot_go_offline() -> None:
    """RAM must cover the whole range ("memory holes")."""
    machine = guest("1G", model="6.1")
    entry = state_of(machine).resources.drop(0)
    put(machine, 0, entry.end - 4096, "System RAM")
    outcome = refuse(machine, Offline(block=7))
    assert outcome.result == "EINVAL"
    assert "memory holes" in sentence(outcome.reason)
