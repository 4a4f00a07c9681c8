"""How memory is divided: pages, pageblocks, sections, memory blocks, and the memmap of each.

`Geometry` holds the independent numbers of one machine and derives every other size from them.
What is usual on each architecture is in `architectures`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

import msgspec

from .errors import BadInput
from .rounding import ceil
from .units import format_bytes

Arch = Literal["x86_64", "arm64", "ppc64le", "s390x", "riscv64", "loongarch", "ia64", "sh", "sparc64", "x86_32"]
"""The architectures that `architectures.ARCHITECTURES` has a row for."""

_Bytes = Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]
_Order = Annotated[int, msgspec.Meta(ge=0, le=32)]


class Geometry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """The sizes of one machine, as snapshots save them; every other size follows from these. Raises `BadInput` if they
    contradict each other.

    `arch`              the architecture
    `page_size`         bytes of a base page
    `section_size`      bytes of a SPARSEMEM section, 2**SECTION_SIZE_BITS
    `max_order`         the biggest order of the buddy allocator, itself included (MAX_PAGE_ORDER; before 6.4 MAX_ORDER - 1)
    `pageblock_order`   order of a pageblock, the unit that has a migratetype
    `pmd_size`          bytes of a huge mapping of the vmemmap (PMD_SIZE; with ppc64 hash 16 MiB); 0 where there is none
    `block_size`        bytes of a memory block, the unit that goes online and offline
    `struct_page_size`  bytes of a struct page
    `huge_vmemmap`      the vmemmap is mapped by huge mappings of `pmd_size`, so memmap comes in units of that; else by base pages
    `linear_map_pages`  the direct map of hot-added memory is made of base pages
    `max_address`       first address (byte) that cannot be mapped; an add beyond it is E2BIG
    """

    arch: Arch
    page_size: Annotated[int, msgspec.Meta(ge=4096, le=1 << 16)]
    section_size: _Bytes
    max_order: _Order
    pageblock_order: _Order
    pmd_size: _Bytes
    block_size: _Bytes
    struct_page_size: Annotated[int, msgspec.Meta(ge=8, le=256)] = 64
    huge_vmemmap: bool
    linear_map_pages: bool
    max_address: _Bytes

    def __post_init__(self) -> None:
        for name in ("page_size", "section_size", "block_size"):
            value = getattr(self, name)
            if not _is_power_of_two(value):
                raise BadInput(f"{name} must be a power of two, not {format_bytes(value)}")
        section, block = format_bytes(self.section_size), format_bytes(self.block_size)
        rules = {
            f"pageblock_order must be from 0 to max_order ({self.max_order}), not {self.pageblock_order}": (
                0 <= self.pageblock_order <= self.max_order
            ),
            f"max_order must be so small that its pages fit into a section of {section}, not {self.max_order}": (
                self.max_order + self.page_shift < self.section_size.bit_length()
            ),
            f"block_size must be at least a section of {section}, not {block}": self.block_size >= self.section_size,
            f"pmd_size must be 0 or a power of two above page_size, not {self.pmd_size}": (
                self.pmd_size == 0 or (_is_power_of_two(self.pmd_size) and self.pmd_size > self.page_size)
            ),
            "huge_vmemmap needs a pmd_size above 0": self.pmd_size > 0 or not self.huge_vmemmap,
            f"struct_page_size must be a positive multiple of 8, not {self.struct_page_size}": (
                self.struct_page_size > 0 and self.struct_page_size % 8 == 0
            ),
            f"max_address must be at least a block of {block}, not {self.max_address}": (
                self.max_address >= self.block_size
            ),
        }
        for sentence, holds in rules.items():
            if not holds:
                raise BadInput(sentence)

    @cached_property
    def page_shift(self) -> int:
        """PAGE_SHIFT: log2 of the page size."""
        return self.page_size.bit_length() - 1

    @cached_property
    def pages_per_section(self) -> int:
        """PAGES_PER_SECTION: base pages of a section."""
        return self.section_size // self.page_size

    @cached_property
    def pages_per_block(self) -> int:
        """Base pages of a memory block."""
        return self.block_size // self.page_size

    @cached_property
    def sections_per_block(self) -> int:
        """Sections of a memory block, at least 1."""
        return self.block_size // self.section_size

    @cached_property
    def pageblock_pages(self) -> int:
        """pageblock_nr_pages: base pages of a pageblock."""
        return 1 << self.pageblock_order

    @cached_property
    def pageblocks_per_section(self) -> int:
        """Pageblocks of a section, at least 1."""
        return self.pages_per_section >> self.pageblock_order

    @cached_property
    def pmd_pages(self) -> int:
        """Base pages of a huge mapping of the vmemmap; 0 where there is none."""
        return self.pmd_size // self.page_size

    @cached_property
    def vmemmap_unit_pages(self) -> int:
        """Pages in which the vmemmap is allocated and mapped: those of a PMD, or 1.

        On ppc64 the unit holds the memmap of several sections: the first of them takes it for all.
        """
        return self.pmd_pages if self.huge_vmemmap else 1

    def memmap_bytes(self, pages: int) -> int:
        """How many bytes the struct pages of `pages` pages have."""
        return pages * self.struct_page_size

    def memmap_pages(self, pages: int) -> int:
        """How many pages the struct pages of `pages` pages fill, the last one perhaps not wholly."""
        return ceil(pages * self.struct_page_size, self.page_size)

    @cached_property
    def memmap_bytes_per_section(self) -> int:
        """Bytes of one section's memmap."""
        return self.memmap_bytes(self.pages_per_section)

    @cached_property
    def memmap_pages_per_section(self) -> int:
        """Pages of one section's memmap, rounded up (a ppc64 section with 64K pages fills a quarter of one)."""
        return self.memmap_pages(self.pages_per_section)

    @cached_property
    def memmap_bytes_per_block(self) -> int:
        """Bytes of one memory block's memmap: the kernel's memory_block_memmap_size."""
        return self.memmap_bytes(self.pages_per_block)

    @cached_property
    def memmap_pages_per_block(self) -> int:
        """Pages of one memory block's memmap, rounded up."""
        return self.memmap_pages(self.pages_per_block)

    def section_of(self, pfn: int) -> int:
        """The number of the section that a page (pfn) lies in."""
        return pfn // self.pages_per_section

    def block_of(self, pfn: int) -> int:
        """The number N of the memory block ``memoryN`` that a page (pfn) lies in."""
        return pfn // self.pages_per_block

    def section_start(self, section: int) -> int:
        """The first page (pfn) of a section."""
        return section * self.pages_per_section

    def block_start(self, block: int) -> int:
        """The first page (pfn) of the memory block ``memoryN``."""
        return block * self.pages_per_block


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0
