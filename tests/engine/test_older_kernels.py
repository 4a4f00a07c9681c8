"""What kernels before 6.0 do otherwise: the file removable, huge pages that exclude memmap on memory, sections of arm64."""

from __future__ import annotations

import pytest
from altmap.engine import boot_machine
from altmap.engine.protocol.events import PlacementChosen
from altmap.engine.protocol.reasons.placement import HugePagesExclude

from .guests import FIRST, dimm, guest, occupy, offline, online, told


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
