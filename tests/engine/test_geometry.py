"""Derived sizes: sections, blocks, their memmap, on each architecture; what a geometry refuses."""

from __future__ import annotations

import msgspec
import pytest
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.numbers.errors import BadInput
from altmap.engine.numbers.geometry import Geometry
from altmap.engine.numbers.units import GIB, KIB, MIB, TIB


def geometry(name: str, **changes: int | bool) -> Geometry:
    return msgspec.structs.replace(ARCHITECTURES[name].geometry, **changes)


# section bits, pages of a section, PMD, biggest order, pageblock order, pageblock bytes, block
TABLE_1_3 = [
    ("x86_64", 27, 32768, 2 * MIB, 10, 9, 2 * MIB, 128 * MIB),
    ("arm64-4k", 27, 32768, 2 * MIB, 10, 9, 2 * MIB, 128 * MIB),
    ("arm64-16k", 27, 8192, 32 * MIB, 11, 11, 32 * MIB, 128 * MIB),
    ("arm64-64k", 29, 8192, 512 * MIB, 13, 13, 512 * MIB, 512 * MIB),
    ("ppc64le-radix-64k", 24, 256, 2 * MIB, 8, 5, 2 * MIB, 256 * MIB),
    ("ppc64le-hash-64k", 24, 256, 16 * MIB, 8, 8, 16 * MIB, 256 * MIB),
    ("ppc64le-radix-4k", 24, 4096, 2 * MIB, 12, 9, 2 * MIB, 256 * MIB),
    ("s390x", 27, 32768, 1 * MIB, 10, 8, 1 * MIB, 128 * MIB),
    ("riscv64", 27, 32768, 2 * MIB, 10, 9, 2 * MIB, 128 * MIB),
]


@pytest.mark.parametrize("row", TABLE_1_3, ids=lambda row: row[0])
def test_table_of_architectures(row: tuple[str, int, int, int, int, int, int, int]) -> None:
    name, bits, pages, pmd, biggest, order, pageblock, block = row
    g = geometry(name)
    assert g.section_size == 1 << bits
    assert g.pages_per_section == pages
    assert g.pmd_size == pmd
    assert g.pmd_pages * g.page_size == pmd
    assert g.max_order == biggest
    assert g.pageblock_order == order
    assert g.pageblock_pages * g.page_size == pageblock
    assert g.pageblocks_per_section * pageblock == 1 << bits
    assert g.block_size == block
    assert g.sections_per_block * (1 << bits) == block


@pytest.mark.parametrize(
    ("name", "section", "address_bits"),
    [
        ("loongarch", 512 * MIB, 48),
        ("ia64", GIB, 50),
        ("sparc64", GIB, 53),
        ("sh", 64 * MIB, 32),
        ("x86_64", 128 * MIB, 46),
        ("riscv64", 128 * MIB, 56),
    ],
)
def test_sections_and_last_addresses(name: str, section: int, address_bits: int) -> None:
    g = geometry(name)
    assert g.section_size == section
    assert g.max_address == 1 << address_bits


def test_page_shift() -> None:
    assert {n: p.geometry.page_shift for n, p in ARCHITECTURES.items() if p.geometry.arch in ("arm64", "sparc64")} == {
        "arm64-4k": 12, "arm64-16k": 14, "arm64-64k": 16, "sparc64": 13,
    }  # fmt: skip


def test_a_section_of_x86() -> None:
    g = geometry("x86_64")
    assert g.pages_per_section == g.pages_per_block == 32768
    assert g.memmap_bytes_per_section == g.memmap_bytes_per_block == 2097152
    assert g.memmap_pages_per_section == g.memmap_pages_per_block == 512
    assert g.memmap_pages_per_section == g.pageblock_pages == g.pmd_pages == g.vmemmap_unit_pages
    usable = g.pages_per_block - g.memmap_pages_per_block
    assert usable == 32256
    assert usable * g.page_size // KIB == 129024
    assert g.pages_per_block * g.page_size // KIB == 131072
    assert divmod(usable, 1 << g.max_order) == (31, 1 << 9)


# block, pages, memmap pages, pageblocks of memmap, managed
@pytest.mark.parametrize(
    ("name", "block", "pages", "memmap", "pageblocks", "managed"),
    [
        ("x86_64", 2 * GIB, 524288, 8192, 16, 516096),
        ("x86_64", GIB, 262144, 4096, 8, 258048),
        ("x86_64", 256 * MIB, 65536, 1024, 2, 64512),
        ("s390x", 256 * MIB, 65536, 1024, 4, 64512),
    ],
)
def test_examples_of_blocks(name: str, block: int, pages: int, memmap: int, pageblocks: int, managed: int) -> None:
    g = geometry(name, block_size=block)
    assert g.pages_per_block == pages
    assert g.memmap_pages_per_block == memmap
    assert g.memmap_pages_per_block == pageblocks * g.pageblock_pages
    assert g.pages_per_block - g.memmap_pages_per_block == managed


# memmap bytes and pages of a block whose pages are big
@pytest.mark.parametrize(
    ("name", "block", "pages", "size", "memmap", "pageblock"),
    [
        ("arm64-64k", 512 * MIB, 8192, 512 * KIB, 8, 8192),
        ("arm64-16k", 128 * MIB, 8192, 512 * KIB, 32, 2048),
        ("ppc64le-radix-64k", 256 * MIB, 4096, 256 * KIB, 4, 32),
        ("ppc64le-radix-64k", GIB, 16384, MIB, 16, 32),
    ],
)
def test_examples_of_big_pages(name: str, block: int, pages: int, size: int, memmap: int, pageblock: int) -> None:
    g = geometry(name, block_size=block)
    assert g.pages_per_block == pages
    assert g.memmap_bytes_per_block == size
    assert g.memmap_pages_per_block == memmap
    assert g.pageblock_pages == pageblock


def test_the_memmap_of_a_terabyte() -> None:
    g = geometry("x86_64")
    assert g.memmap_bytes(TIB // g.page_size) == 16 * GIB
    assert TIB // g.block_size == 8192
    assert TIB // geometry("x86_64", block_size=2 * GIB).block_size == 512
    assert g.block_of(TIB // g.page_size - 1) == 8191


def test_the_memmap_of_movable_memory_fills_normal() -> None:
    assert geometry("x86_64").memmap_pages(256 * GIB // 4096) * 4096 == 4 * GIB


@pytest.mark.parametrize(("name", "percent"), [("x86_64", 1.5625), ("arm64-16k", 0.390625), ("arm64-64k", 0.09765625)])
def test_the_share_that_the_memmap_takes(name: str, percent: float) -> None:
    g = geometry(name)
    assert 100 * g.memmap_bytes(g.pages_per_block) / g.block_size == percent


def test_memmap_of_a_section_that_fills_a_quarter_page() -> None:
    g = geometry("ppc64le-radix-64k")
    assert g.memmap_bytes_per_section == 16 * KIB
    assert g.memmap_pages_per_section == 1
    assert [g.memmap_pages(pages) for pages in (0, 1, 1024, 1025)] == [0, 1, 1, 2]


def test_struct_page_size_is_a_parameter() -> None:
    g = geometry("x86_64", struct_page_size=56)
    assert g.memmap_bytes_per_block == 1792 * KIB
    assert g.memmap_pages_per_block == 448


def test_sections_and_blocks_of_pfns() -> None:
    g = geometry("x86_64", block_size=2 * GIB)
    assert g.sections_per_block == 16
    assert (g.section_of(0x100000), g.block_of(0x100000)) == (32, 2)
    assert (g.section_of(0xFFFFF), g.block_of(0xFFFFF)) == (31, 1)
    assert (g.section_start(32), g.block_start(2)) == (0x100000, 0x100000)


def test_vmemmap_units() -> None:
    units = {name: geometry(name).vmemmap_unit_pages for name in ARCHITECTURES}
    assert units["x86_64"] == units["arm64-4k"] == units["riscv64"] == 512
    assert units["s390x"] == 256
    assert units["arm64-16k"] == units["arm64-64k"] == units["ppc64le-radix-64k"] == units["ia64"] == 1
    assert units["ppc64le-hash-64k"] == 256  # order 8, 16 MiB


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"page_size": 5000}, "page_size must be a power of two, not 5000"),
        ({"section_size": 0}, "section_size must be a power of two, not 0"),
        ({"block_size": 384 * MIB}, "block_size must be a power of two, not 384M"),
        ({"block_size": 64 * MIB}, "block_size must be at least a section of 128M, not 64M"),
        ({"max_order": 16}, "max_order must be so small that its pages fit into a section of 128M, not 16"),
        ({"pageblock_order": 11}, r"pageblock_order must be from 0 to max_order \(10\), not 11"),
        ({"max_order": -1, "pageblock_order": -1}, "pageblock_order must be from 0"),
        ({"pmd_size": 3 * MIB}, "pmd_size must be 0 or a power of two above page_size, not 3145728"),
        ({"pmd_size": 0}, "huge_vmemmap needs a pmd_size above 0"),
        ({"struct_page_size": 60}, "struct_page_size must be a positive multiple of 8, not 60"),
        ({"struct_page_size": 0}, "struct_page_size must be a positive multiple of 8, not 0"),
        ({"max_address": MIB}, "max_address must be at least a block of 128M, not 1048576"),
    ],
)
def test_contradictions(changes: dict[str, int], sentence: str) -> None:
    with pytest.raises(BadInput, match=f"^{sentence}"):
        geometry("x86_64", **changes)


def test_biggest_order_may_fill_a_section() -> None:
    assert geometry("x86_64", max_order=15).pages_per_section == 1 << 15


def test_saved_geometry_comes_back_and_is_checked() -> None:
    saved = msgspec.json.encode(geometry("arm64-16k"))
    assert msgspec.json.decode(saved, type=Geometry) == geometry("arm64-16k")
    for wrong in (
        saved.replace(b'"arm64"', b'"vax"'),
        saved.replace(b"{", b'{"colour":1,', 1),
        saved.replace(b'"page_size":16384', b'"page_size":1048576'),
        saved.replace(b'"page_size":16384', b'"page_size":12288'),
        saved.replace(b'"max_order":11', b'"max_order":33'),
    ):
        assert wrong != saved
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(wrong, type=Geometry)
