"""Page tables and kernel objects that an add takes from existing memory."""

from __future__ import annotations

import pytest
from altmap.engine import boot_machine
from altmap.engine.hotplug.overhead import object_pages, page_table_pages
from altmap.engine.memory.state import state_of
from altmap.engine.numbers.units import GIB, MIB, parse_bytes

from tests.kernels import KERNELS

from .guests import dimm, free_pages, guest, remove


def tables(arch: str, start: str, size: str) -> int:
    machine = boot_machine([(0, 0, "4G")], arch=arch)
    page = machine.geometry.page_size
    return page_table_pages(state_of(machine), parse_bytes(start) // page, parse_bytes(size) // page)


@pytest.mark.parametrize(
    ("size", "vmemmap", "direct"),
    [
        # with 1 GiB pages the direct map needs none, the vmemmap of 64 GiB one PMD page
        ("64G", 1, 0),
        ("128G", 2, 0),
        # less than a GiB is mapped by 2 MiB pages: one PMD page
        ("512M", 1, 1),
        ("128M", 1, 1),
    ],
)
def test_page_tables_of_x86(size: str, vmemmap: int, direct: int) -> None:
    assert tables("x86_64", "128G", size) == vmemmap + direct


def test_a_range_across_two_gib_needs_a_table_for_each() -> None:
    """2 MiB pages where the range is not made of whole GiB."""
    assert tables("x86_64", "130944M", "256M") - tables("x86_64", "130816M", "256M") == 2, "and one more of the vmemmap"


@pytest.mark.parametrize("start", ["128G", "131584M"])
def test_tables_that_a_neighbour_has_are_shared_below_and_above(start: str) -> None:
    machine = guest("2G")
    needed = page_table_pages(state_of(machine), parse_bytes(start) // 4096, 32768)
    dimm(machine, at="131328M")
    assert needed == 2
    assert page_table_pages(state_of(machine), parse_bytes(start) // 4096, 32768) == 0


@pytest.mark.parametrize(("size", "pages"), [("128M", 64), ("1G", 512)])
def test_base_pages_need_a_table_for_each_2_mib(size: str, pages: int) -> None:
    """arm64: 64 more a block."""
    assert pages <= tables("arm64-4k", "128G", size) <= pages + 2


@pytest.mark.parametrize(("blocks", "least", "most"), [(1, 5, 10), (8, 8, 30), (128, 128, 400)])
def test_objects_are_a_few_pages_and_about_one_a_block(blocks: int, least: int, most: int) -> None:
    assert least <= object_pages(blocks) <= most


@pytest.mark.parametrize(("size", "measured"), [("16G", 177), ("64G", 870)])
def test_what_was_measured_for_big_devices(size: str, measured: int) -> None:
    """177 to about 870 pages for 16 to 64 GiB with heads."""
    assert abs(dimm(guest(), size).taken[0] - measured) <= measured // 4 + 20


@pytest.mark.parametrize("model", KERNELS)
def test_all_of_it_comes_back_with_the_removal(model: str) -> None:
    machine = guest(model=model)
    before = free_pages(machine)
    dimm(machine, "128M")
    assert free_pages(machine) < before
    remove(machine, "128M")
    assert free_pages(machine) == before


def test_a_terabyte_with_heads_takes_little() -> None:
    """8192 blocks, 16 GiB of memmap in their own heads."""
    machine = boot_machine([(0, 0, "4G")])
    outcome = dimm(machine, "1T", at=64 * GIB)
    assert sum(block.head for block in machine.blocks.values()) * 4096 == 16 * GIB
    assert len(machine.blocks) == 32 + 8192
    assert outcome.taken[0] * 4096 < 64 * MIB
