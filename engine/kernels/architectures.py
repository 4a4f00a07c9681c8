"""What each architecture is like and can do with hotplug and altmaps, as data: one row a kind of kernel.

Sizes are those of each architecture's asm/sparsemem.h and asm/page.h, abilities those of its Kconfig, arch_add_memory and
vmemmap_populate. A value that was not read there is the kernel's usual one, and the row's note says "usual" of it. No other
module asks which architecture it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from ..numbers.errors import BadInput
from ..numbers.geometry import Geometry
from ..numbers.units import GIB, KIB, MIB, format_bytes
from ..protocol.vocabulary import Caller
from .model import Release

RfcAltmap = Literal["supported", "unsupported", "vetoed", "no vmemmap"]
"""What the RFC does with the altmap of an add: the vmemmap comes from it; patch 2 warns "altmap unsupported" and takes
kernel memory; patch 4 has the architecture clear the flag first; or there is no vmemmap, the altmap is ignored."""

HeadRule = Literal["whole PMDs", "anything", "nothing"]
"""What arch_supports_memmap_on_memory accepts as the memmap of a block (6.12, mm/memory_hotplug.c and arch headers)."""


BlocksBy = Literal["memory", "firmware", "section"]
"""Who decides how big a memory block is (memory_block_size_bytes): on x86 the kernel, by where the memory of the boot ends;
the firmware or hypervisor (ibm,lmb-size; the storage increment of s390); or it is one section."""


Limit = Literal["MAX_PHYSMEM_BITS", "linear map"]
"""What ends the addresses that memory can be added at: the bits that SPARSEMEM is built for, or the linear map
(arch_get_mappable_range)."""


_BIG_BLOCKS_FROM: Final = 64 * GIB
_BIG_BLOCK: Final = 2 * GIB
"""Where memory ends so high, blocks are as big as this at most (MEM_SIZE_FOR_LARGE_BLOCK, MAX_BLOCK_SIZE)."""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """One row: an architecture with a size of page, its usual geometry, and what its kernels can do.

    name                 key of the row
    machines             what `uname -m` and distributions call the machine
    rare                 a capture is taken for one only if it says so
    own_files            files that no other architecture has, by their names in `reading.features`
    geometry             the usual sizes, in the newest kernels
    older_sections       bytes that a section had before a release, by release, oldest first; a block had as many at least
    huge_pages           bytes of the huge pages that the kernel has pools of, ascending (hugetlbpage_init and others)
    huge_page            the default of them (HPAGE_SIZE), which /proc/sys/vm/nr_hugepages is about; 0: there are none
    moves_huge_pages     they can be migrated, so that they may lie in ZONE_MOVABLE (ARCH_ENABLE_HUGEPAGE_MIGRATION)
    transparent          transparent huge pages can be had, for which memory is kept free (has_transparent_hugepage): "always", or
                         "huge vmemmap": if the hardware offers the pages that the vmemmap is made of then
    blocks_by            see `BlocksBy`
    limit                what makes `geometry.max_address` the limit (see `Limit`)
    wider                the limit with wider page tables, if the CPU and the kernel have them; 0: there are none such
    trims                KASLR may trim the direct map
    hotplug_since        first release that can hot-add memory, (2, 6) for all old ones; None: not possible
    removes_since        first that can take memory offline and away again (CONFIG_MEMORY_HOTREMOVE); None: any that can add it
    hotplug_until        first that no longer can; None: all since then can
    rfc_altmap           see `RfcAltmap`
    head_rule            see `HeadRule`
    lists_memblock       /proc/iomem names, inside System RAM, all that memblock had reserved when the boot was over
    boot_offline_veto    a notifier answers EPERM when boot memory is to go offline (prevent_bootmem_remove)
    base_page_fallback   without an altmap the vmemmap does with base pages when no huge unit is free, else ENOMEM
    windows              does a huge page of vmemmap serve all sections in its range, those of the boot among them? "huge": if
                         the vmemmap is made of such pages
    ejects               which driver takes memory out when the machine's firmware or hypervisor asks for it
    standby              the hypervisor holds memory ready that comes only when it is asked for (drivers/s390/char/sclp_cmd.c)
    add_warning          file and function of the warning in the kernel log when an add fails; None: there is none
    unmapped_by          function that RFC v2 has step over memmap pages when it unmaps them; None: there is none
    begins               address where boot memory usually begins; 0: it always does there
    devices              first address, and the first behind, of a range that is never filled with memory; None: not known
    crash_kernel         alignment in bytes of the memory of a crash kernel, and how much is kept below 4 GiB for one that lies
                         above; None: not known
    low_zones            zones below `top_zone` with the address (bytes) where each ends, ascending
    top_zone             the kernel zone that has no upper end
    direct_map           page sizes of the direct map in bytes, biggest first; empty: it needs no page tables
    note                 what the columns cannot say, and which values were not read in the kernel
    """

    name: str
    machines: tuple[str, ...]
    rare: bool = False
    own_files: tuple[tuple[str, str], ...] = ()
    geometry: Geometry
    older_sections: tuple[tuple[Release, int], ...] = ()
    hotplug_since: Release | None
    removes_since: Release | None = None
    hotplug_until: Release | None = None
    rfc_altmap: RfcAltmap
    head_rule: HeadRule = "whole PMDs"
    lists_memblock: bool = False
    boot_offline_veto: bool = False
    base_page_fallback: bool = True
    huge_pages: tuple[int, ...] = ()
    huge_page: int = 0
    moves_huge_pages: bool = True
    transparent: Literal["", "always", "huge vmemmap"] = "always"
    limit: Limit = "MAX_PHYSMEM_BITS"
    wider: int = 0
    trims: bool = False
    windows: Literal["", "always", "huge"] = ""
    blocks_by: BlocksBy = "section"
    ejects: Literal["acpi", "dlpar"] = "acpi"
    standby: bool = False
    add_warning: str | None = None
    unmapped_by: str | None = None
    begins: int = 0
    devices: tuple[int, int] | None = None
    crash_kernel: tuple[int, int] | None = None
    low_zones: tuple[tuple[str, int], ...] = ()
    top_zone: str = "Normal"
    direct_map: tuple[int, ...]
    note: str

    def geometry_in(self, release: Release) -> Geometry:
        """The usual sizes in a release."""
        for before, size in self.older_sections:
            if release < before:
                block = max(size, self.geometry.block_size)
                return msgspec.structs.replace(self.geometry, section_size=size, block_size=block)
        return self.geometry

    def can_hotplug(self, release: Release) -> bool:
        """Does a kernel release have memory hotplug here (CONFIG_MEMORY_HOTPLUG)?"""
        since, until = self.hotplug_since, self.hotplug_until
        return since is not None and since <= release and (until is None or release < until)

    def can_remove(self, release: Release) -> bool:
        """Can a kernel release take memory offline and away here (CONFIG_MEMORY_HOTREMOVE)?"""
        return self.can_hotplug(release) and (self.removes_since is None or self.removes_since <= release)

    def has_driver(self, caller: Caller) -> bool:
        """May memory come from that caller here? POWER and s390 have drivers of their own instead of ACPI, and balloons are
        those of Hyper-V and Xen."""
        dlpar = self.ejects == "dlpar"
        plain = not (dlpar or self.standby)
        guests = self.geometry.arch in ("x86_64", "x86_32", "arm64")
        return {"dlpar": dlpar, "sclp": self.standby, "acpi": plain, "balloon": guests}.get(caller, True)

    def block_size_for(self, end: int, least: int, fits: bool, advice: int = 0) -> int:
        """Bytes of a memory block where boot memory ends at the address `end`; `fits`: the end has to be a multiple of it. So
        it has where firmware gave `advice` (bytes). `least` is the size of smaller machines."""
        if self.blocks_by != "memory" or end < _BIG_BLOCKS_FROM:
            return least
        size = min(max(advice, least), _BIG_BLOCK) if advice else _BIG_BLOCK
        while (fits or advice) and size > least and end % size:
            size //= 2
        return size

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones of a node in the kernel's order, ZONE_DEVICE left out."""
        return (*(name for name, _ in self.low_zones), self.top_zone, "Movable")


_DMA32: Final = (("DMA32", 4 * GIB),)
_ARM_ZONES: Final = (("DMA", 4 * GIB), ("DMA32", 4 * GIB))
_ARM: Final = ("arm64", "aarch64")
_PPC: Final = ("ppc64le", "ppc64el", "ppc64", "powerpc64le")

# fmt: off
_ROWS: Final = (
    Preset(
        name="x86_64", machines=("x86_64", "amd64"), huge_pages=(2 * MIB, GIB), huge_page=2 * MIB, wider=1 << 52,
        trims=True,
        geometry=Geometry(
            arch="x86_64", page_size=4096, section_size=128 * MIB, max_order=10, pageblock_order=9, pmd_size=2 * MIB,
            block_size=128 * MIB, huge_vmemmap=True, linear_map_pages=False, max_address=1 << 46),
        hotplug_since=(2, 6), rfc_altmap="supported", blocks_by="memory",
        devices=(4 * GIB - 256 * MIB, 4 * GIB), crash_kernel=(16 * MIB, 256 * MIB),
        low_zones=(("DMA", 16 * MIB), ("DMA32", 4 * GIB)), direct_map=(GIB, 2 * MIB, 4096),
        add_warning="arch/x86/mm/init_64.c add_pages", unmapped_by="free_pagetable",
        note="Block size as probe_memory_block_size says; 52 address bits with 5-level page tables; 1 GiB direct map pages only "
             "if the CPU has them (else 2 MiB)."),
    Preset(
        name="arm64-4k", machines=_ARM, limit="linear map", huge_pages=(64 * KIB, 2 * MIB, 32 * MIB, GIB), huge_page=2 * MIB,
        geometry=Geometry(
            arch="arm64", page_size=4096, section_size=128 * MIB, max_order=10, pageblock_order=9, pmd_size=2 * MIB,
            block_size=128 * MIB, huge_vmemmap=True, linear_map_pages=True, max_address=1 << 47),
        older_sections=(((5, 12), GIB),), hotplug_since=(5, 0), removes_since=(5, 7), rfc_altmap="supported",
        boot_offline_veto=True,
        lists_memblock=True, begins=GIB, crash_kernel=(2 * MIB, 128 * MIB), low_zones=_ARM_ZONES, direct_map=(4096,),
        note="Sections had 1 GiB before 5.12. Usual: ZONE_DMA takes all below 4 GiB, so DMA32 is empty; the linear map "
             "of a 48-bit kernel spans 128 TiB."),
    Preset(
        name="arm64-16k", machines=_ARM, limit="linear map", huge_pages=(2 * MIB, 32 * MIB, GIB), huge_page=32 * MIB,
        geometry=Geometry(
            arch="arm64", page_size=16 * KIB, section_size=128 * MIB, max_order=11, pageblock_order=11,
            pmd_size=32 * MIB, block_size=128 * MIB, huge_vmemmap=False, linear_map_pages=True, max_address=1 << 46),
        older_sections=(((5, 12), GIB),), hotplug_since=(5, 0), removes_since=(5, 7), rfc_altmap="unsupported",
        boot_offline_veto=True,
        lists_memblock=True, begins=GIB, crash_kernel=(2 * MIB, 128 * MIB), low_zones=_ARM_ZONES, direct_map=(16 * KIB,),
        note="No section maps: RFC patch 2 warns; the upstream condition fails in every mode. Usual: zones as with 4K "
             "pages; the linear map of a 47-bit kernel spans 64 TiB."),
    Preset(
        name="arm64-64k", machines=_ARM, limit="linear map", huge_pages=(2 * MIB, 512 * MIB, 16 * GIB), huge_page=512 * MIB,
        geometry=Geometry(
            arch="arm64", page_size=64 * KIB, section_size=512 * MIB, max_order=13, pageblock_order=13,
            pmd_size=512 * MIB, block_size=512 * MIB, huge_vmemmap=False, linear_map_pages=True, max_address=1 << 47),
        older_sections=(((5, 12), GIB),), hotplug_since=(5, 0), removes_since=(5, 7), rfc_altmap="unsupported",
        boot_offline_veto=True,
        lists_memblock=True, begins=GIB, crash_kernel=(2 * MIB, 128 * MIB), low_zones=_ARM_ZONES, direct_map=(64 * KIB,),
        note="As with 16K pages. Usual: zones as with 4K pages; the linear map of a 48-bit kernel spans 128 TiB."),
    Preset(
        name="ppc64le-radix-64k", machines=_PPC, huge_pages=(2 * MIB, GIB), huge_page=2 * MIB, ejects="dlpar",
        blocks_by="firmware", windows="always",
        geometry=Geometry(
            arch="ppc64le", page_size=64 * KIB, section_size=16 * MIB, max_order=8, pageblock_order=5,
            pmd_size=2 * MIB, block_size=256 * MIB, huge_vmemmap=False, linear_map_pages=False, max_address=1 << 51),
        hotplug_since=(2, 6), rfc_altmap="supported", head_rule="anything",
        direct_map=(GIB, 2 * MIB, 64 * KIB), unmapped_by="vmemmap_free",
        note="Blocks are LMBs of pseries; powernv has 1 GiB. An altmap is taken in base pages. Usual: without one a "
             "free 2 MiB page is tried first, for the memmap of 2 GiB at once; zones, address bits, direct map."),
    Preset(
        name="ppc64le-radix-4k", machines=_PPC, huge_pages=(2 * MIB, GIB), huge_page=2 * MIB, ejects="dlpar",
        blocks_by="firmware",
        geometry=Geometry(
            arch="ppc64le", page_size=4096, section_size=16 * MIB, max_order=12, pageblock_order=9,
            pmd_size=2 * MIB, block_size=256 * MIB, huge_vmemmap=True, linear_map_pages=False, max_address=1 << 46),
        hotplug_since=(2, 6), rfc_altmap="supported", direct_map=(GIB, 2 * MIB, 4096),
        unmapped_by="vmemmap_free",
        note="One PMD of vmemmap serves eight sections. Usual: base-page fallback (since 6.6), zones, address bits, "
             "direct map."),
    Preset(
        name="ppc64le-hash-64k", machines=_PPC, huge_pages=(16 * MIB, 16 * GIB), huge_page=16 * MIB, ejects="dlpar",
        windows="huge", blocks_by="firmware", transparent="huge vmemmap",
        geometry=Geometry(
            arch="ppc64le", page_size=64 * KIB, section_size=16 * MIB, max_order=8, pageblock_order=8,
            pmd_size=16 * MIB, block_size=256 * MIB, huge_vmemmap=True, linear_map_pages=False, max_address=1 << 51),
        hotplug_since=(2, 6), rfc_altmap="supported", head_rule="nothing",
        base_page_fallback=False, direct_map=(), unmapped_by="vmemmap_free",
        note="The vmemmap is bolted in pages of 16 MiB, each the memmap of 16 GiB; an exhausted altmap falls back to "
             "kernel memory. Usual: zones, address bits; the direct map is bolted in the hash table."),
    Preset(
        name="ppc64le-hash-4k", machines=_PPC, huge_pages=(16 * MIB, 16 * GIB), huge_page=16 * MIB, ejects="dlpar",
        windows="huge", blocks_by="firmware", transparent="",
        geometry=Geometry(
            arch="ppc64le", page_size=4096, section_size=16 * MIB, max_order=12, pageblock_order=12,
            pmd_size=16 * MIB, block_size=256 * MIB, huge_vmemmap=True, linear_map_pages=False, max_address=1 << 46),
        hotplug_since=(2, 6), rfc_altmap="supported", head_rule="nothing",
        base_page_fallback=False, direct_map=(), unmapped_by="vmemmap_free",
        note="As with 64K pages; a page of 16 MiB of vmemmap is the memmap of 1 GiB. Usual: zones, address bits."),
    Preset(
        name="s390x", machines=("s390x",), own_files=(("ccw", "/sys/bus/ccw"), ("firmware_memory", "/sys/firmware/memory")),
        huge_pages=(MIB, 2 * GIB), huge_page=MIB, moves_huge_pages=False, blocks_by="firmware",
        standby=True,
        geometry=Geometry(
            arch="s390x", page_size=4096, section_size=128 * MIB, max_order=10, pageblock_order=8, pmd_size=MIB,
            block_size=128 * MIB, huge_vmemmap=True, linear_map_pages=False, max_address=1 << 46),
        older_sections=(((6, 13), 256 * MIB),), hotplug_since=(2, 6), rfc_altmap="vetoed", low_zones=(("DMA", 2 * GIB),),
        direct_map=(2 * GIB, MIB, 4096),
        note="The RFC veto is `flags &= ~MHP_MEMMAP_FROM_RANGE` with an unparenthesised 1<<1: as posted it drops "
             "MHP_MEMBLOCK_API too, so no memory blocks appear; the column has the intent. A block is at least one "
             "storage increment. Usual: DMA ends at 2 GiB, 46 address bits, base-page fallback, direct map."),
    Preset(
        name="riscv64", machines=("riscv64",), huge_pages=(2 * MIB, GIB), huge_page=2 * MIB,
        geometry=Geometry(
            arch="riscv64", page_size=4096, section_size=128 * MIB, max_order=10, pageblock_order=9, pmd_size=2 * MIB,
            block_size=128 * MIB, huge_vmemmap=True, linear_map_pages=False, max_address=1 << 56),
        hotplug_since=(6, 11), rfc_altmap="supported", begins=2 * GIB, crash_kernel=(2 * MIB, 128 * MIB),
        low_zones=_DMA32,
        lists_memblock=True, direct_map=(GIB, 2 * MIB, 4096),
        note="Younger than the RFC; its vmemmap is the generic one, which takes altmaps. Sv39 and Sv48 map less than "
             "56 bits. Usual: zones, direct map."),
    Preset(
        name="loongarch", machines=("loongarch64", "loong64"), huge_pages=(32 * MIB,), huge_page=32 * MIB,
        moves_huge_pages=False,
        geometry=Geometry(
            arch="loongarch", page_size=16 * KIB, section_size=512 * MIB, max_order=11, pageblock_order=11,
            pmd_size=32 * MIB, block_size=512 * MIB, huge_vmemmap=True, linear_map_pages=False, max_address=1 << 48),
        hotplug_since=(5, 19), rfc_altmap="unsupported", low_zones=_DMA32, direct_map=(),
        note="Younger than the RFC; vmemmap_populate passes no altmap on. Not modelled: vmemmap_free gives nothing back, and "
             "before 6.2 there is no vmemmap. Usual: orders with 16K pages, zones; the direct map is a window of the CPU."),
    Preset(
        name="ia64", machines=("ia64",), rare=True, transparent="", huge_pages=(256 * MIB,), huge_page=256 * MIB,
        moves_huge_pages=False,
        geometry=Geometry(
            arch="ia64", page_size=16 * KIB, section_size=GIB, max_order=16, pageblock_order=14, pmd_size=0,
            block_size=GIB, huge_vmemmap=False, linear_map_pages=False, max_address=1 << 50),
        hotplug_since=(2, 6), hotplug_until=(6, 7), rfc_altmap="unsupported", low_zones=_DMA32, direct_map=(),
        note="Removed in 6.7. RFC patch 2 warns; the vmemmap is always made of base pages. Usual: 16K pages, orders "
             "with 256 MiB huge pages, the low zone (DMA before 4.16); the direct map is a region of the CPU."),
    Preset(
        name="sh", machines=("sh4", "sh"), rare=True, transparent="", moves_huge_pages=False,
        geometry=Geometry(
            arch="sh", page_size=4096, section_size=64 * MIB, max_order=10, pageblock_order=10, pmd_size=0,
            block_size=64 * MIB, struct_page_size=32, huge_vmemmap=False, linear_map_pages=False, max_address=1 << 32),
        hotplug_since=(2, 6), hotplug_until=(5, 16), rfc_altmap="no vmemmap", direct_map=(),
        note="Classic SPARSEMEM: a section's memmap is one kernel allocation, or vmalloc; no hotplug on 32-bit kernels "
             "since 5.16. Usual: 4K pages, orders without huge pages, 32-byte struct page, zones, 32 address bits; the "
             "direct map is a segment of the CPU."),
    Preset(
        name="sparc64", machines=("sparc64",), rare=True, huge_pages=(8 * MIB,), huge_page=8 * MIB, moves_huge_pages=False,
        geometry=Geometry(
            arch="sparc64", page_size=8 * KIB, section_size=GIB, max_order=12, pageblock_order=10, pmd_size=8 * MIB,
            block_size=GIB, huge_vmemmap=True, linear_map_pages=False, max_address=1 << 53),
        hotplug_since=None, rfc_altmap="supported", base_page_fallback=False, direct_map=(8 * GIB, 8 * MIB, 8 * KIB),
        note="RFC patch 2 passes it the altmap, but memory cannot be hot-added. Usual: 8K pages, orders, 8 MiB vmemmap "
             "units without fallback, zones, 53 address bits, direct map."),
    Preset(
        name="x86_32", machines=("i686", "i586", "i486", "i386"), rare=True, huge_pages=(2 * MIB,),
        huge_page=2 * MIB, moves_huge_pages=False,
        geometry=Geometry(
            arch="x86_32", page_size=4096, section_size=512 * MIB, max_order=10, pageblock_order=9, pmd_size=0,
            block_size=512 * MIB, struct_page_size=32, huge_vmemmap=False, linear_map_pages=False, max_address=1 << 36),
        hotplug_since=(2, 6), hotplug_until=(5, 16), rfc_altmap="no vmemmap",
        low_zones=(("DMA", 16 * MIB), ("Normal", 896 * MIB)),
        top_zone="HighMem", direct_map=(2 * MIB, 4096),
        note="Classic SPARSEMEM: a section's memmap is one kernel allocation, or vmalloc; no hotplug on 32-bit kernels "
             "since 5.16. Usual, with PAE: sections of 512 MiB, orders, 32-byte struct page, zones, 36 address bits; "
             "HighMem has no direct map."),
)
# fmt: on

ARCHITECTURES: Final[Mapping[str, Preset]] = MappingProxyType({preset.name: preset for preset in _ROWS})
"""Every `Preset` by name; of those for one machine the first is the usual one."""


def preset_for(machine: str, page_size: int | None = None, pageblock_order: int | None = None) -> Preset:
    """The row of a machine by its name (as of `uname -m`, or of a row), page size (bytes) and observed pageblock order.

    What is not known is left out: then the row whose pageblock order was observed is taken, else the machine's usual
    one. Raises `BadInput` for a name or a page size that no row has.
    """
    named = [preset for preset in _ROWS if machine == preset.name or machine in preset.machines]
    if not named:
        known = ", ".join(dict.fromkeys(preset.machines[0] for preset in _ROWS))
        raise BadInput(f"{machine!r} is not an architecture that can be modelled; these are: {known}")
    sized = [preset for preset in named if page_size in (None, preset.geometry.page_size)]
    if not sized:
        sizes = ", ".join(dict.fromkeys(format_bytes(preset.geometry.page_size) for preset in named))
        raise BadInput(f"{machine} cannot be modelled with pages of {page_size} bytes; it can with {sizes}")
    return next((preset for preset in sized if preset.geometry.pageblock_order == pageblock_order), sized[0])


def preset_of(geometry: Geometry) -> Preset:
    """The row that a geometry is a variant of: same architecture, page size and PMD size. Raises `BadInput` if none."""
    key = (geometry.arch, geometry.page_size, geometry.pmd_size)
    for preset in _ROWS:
        usual = preset.geometry
        if key == (usual.arch, usual.page_size, usual.pmd_size):
            return preset
    raise BadInput(f"{key[0]} has no kernels with pages of {key[1]} bytes and huge vmemmap mappings of {key[2]} bytes")
