"""What changed in Linux, and since when: one row a change. The model of a release is the fold of all rows up to it.

A row says how it is known. Where only the kernels before and after were read, the release is the first that has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from ..numbers.frozen import Frozen
from .model import KernelModel, Release

Known = Literal["commit", "source", "recorded", "configuration"]
"""How the release of a change is known: the commit was found in what was merged for that release; the sources of the
kernels on both sides were read; kernels on both sides were recorded; or it is a choice of the distributions that build it."""


Setting = bool | int | str | tuple[str, ...] | tuple[int, ...] | None
"""What a column can hold."""


class Change(msgspec.Struct, frozen=True):
    """One change: since which release, in words, which columns it sets (`KernelModel`), the commit and its subject where they
    were found, and how it is known."""

    since: Release
    words: str
    sets: Frozen[str, Setting]
    known: Known
    commit: str = ""
    subject: str = ""


def _row(since: Release, known: Known, words: str, commit: str = "", subject: str = "", **sets: Setting) -> Change:
    return Change(since, words, Frozen(sets), known, commit, subject)


FIRST: Final[Release] = (4, 18)
LAST: Final[Release] = (7, 3)
_LAST_MINOR: Final = {4: 20, 5: 19, 6: 19, 7: LAST[1]}
RELEASES: Final[tuple[Release, ...]] = tuple(
    (major, minor)
    for major, most in _LAST_MINOR.items()
    for minor in range(FIRST[1] if major == FIRST[0] else 0, most + 1)
)
"""Every release that can be modelled, ascending."""

# fmt: off
CHANGES: Final[tuple[Change, ...]] = (
    _row((4, 18), "source", "auto_online_blocks is offline or online, and nothing more; the kernel has no parameter "
         "memmap_on_memory, no memory groups and one online policy; it offlines until a signal ends it",
         late_node_state=True, memoryless_first=True, online_words=("offline", "online"), block_fits="always"),
    _row((5, 0), "commit", "when memory stays online, the kernel log says why, and shows the page that is in the way",
         "7960509329c2", "mm, memory_hotplug: print reason for the offlining failure", offline_reasons=True),
    _row((5, 1), "commit", "kmem gives the memory of DAX devices to the system", "c221c0b0308f",
         "device-dax: \"Hotplug\" persistent memory for use like normal RAM",
         drivers=("acpi", "balloon", "probe", "dlpar", "sclp", "hmm", "pmem", "dax")),
    _row((5, 1), "commit", "compaction takes the rest of a pageblock at once, and samples pageblocks for free pages",
         "4fca9730c51d", "mm, compaction: sample pageblocks for free pages", compact_finishes=True, compact_strides=True),
    _row((5, 1), "commit", "huge pages of 1 GiB can be migrated, and a free one gives way to offlining; before, it keeps its "
         "blocks online", "9b553bf5eb99", "mm/hugetlb: enable PUD level huge page migration", gigantic_gives_way="any"),
    _row((5, 1), "source", "on x86 memory that is added behind the end that mem= set is refused: E2BIG", "357b4da50a62",
         "x86: respect memory size limiting via mem= parameter", mem_limits_adds=("x86_64", "x86_32")),
    _row((5, 1), "commit", "memory that is kept for CMA does not go offline", "1a9f219157b2",
         "mm/hotplug: treat CMA pages as unmovable", offline_keeps_cma=True),
    _row((5, 3), "commit", "device memory is added by sub-sections of 2 MiB, not by whole sections", "ba72b4c8cf60",
         "mm/sparsemem: support sub-section hotplug", subsections=True),
    _row((5, 5), "commit", "zones end where their online memory does; before, they reach over offline memory until it is removed",
         "feee6b298916", "mm/memory_hotplug: shrink zones when offlining memory", spans_until_removal=False),
    _row((5, 5), "commit", "an add beyond the highest address is E2BIG, when its sections are added", "dca4436d1cf9",
         "mm/memory_hotplug.c: add a bounds check to __add_pages()", range_check="sections"),
    _row((5, 6), "source", "mem= limits what is added while the kernel boots, and nothing later", "",
         "mm/memory_hotplug.c: only respect mem= parameter during boot stage", mem_limits_adds=()),
    _row((5, 6), "commit", "the file removable of a block is always 1; before, the kernel looks whether its pages can be moved",
         "53cdc1cb29e8", "drivers/base/memory.c: indicate all memory blocks as removable", removable_looks=False),
    _row((5, 7), "commit", "auto_online_blocks can be online_kernel and online_movable", "5f47adf762b7",
         "mm/memory_hotplug: allow to specify a default online_type",
         online_words=("offline", "online", "online_kernel", "online_movable")),
    _row((5, 8), "commit", "virtio-mem", "5f1f79bbc9e2", "virtio-mem: Paravirtualized memory hotplug",
         drivers=("acpi", "balloon", "probe", "dlpar", "sclp", "hmm", "pmem", "dax", "virtio-mem")),
    _row((5, 9), "commit", "on bare metal with 64 GiB and more x86 has memory blocks of 2 GiB, wherever its memory ends",
         "fe124c95df9e", "x86/mm: use max memory block size on bare metal", block_fits="guests"),
    _row((5, 10), "commit", "a free page that is suspected of a hardware error leaves its free area at once; before, it counts "
         "as free until someone would get it", "06be6ff3d2ec", "mm,hwpoison: rework soft offline for free pages",
         poison_leaves_buddy="suspected"),
    _row((5, 11), "commit", "so does a free page that has a hardware error", "a8b2c2ce89d4",
         "mm,hwpoison: take free pages off the buddy freelists", poison_leaves_buddy="all"),
    _row((5, 12), "commit", "whether a range can be addressed is the first that an add is asked, also of nothing: E2BIG",
         "bca3feaa0764", "mm/memory_hotplug: prevalidate the address range being added with platform",
         range_check="request"),
    _row((5, 13), "commit", "memory_hotplug.memmap_on_memory=Y: a DIMM of exactly one block carries its own memmap, on x86_64 "
         "and arm64; ACPI asks for it where it can be, others do not", "a08a2ae34613",
         "mm,memory_hotplug: allocate memmap from the added memory range",
         parameter_modes=("N", "Y"), opt_in=("acpi",), hosts=("x86_64", "arm64"), single_block=True,
         refuse_unsupported=True, asks_first=True, head_flags=("reserved", "owner_private")),
    _row((5, 13), "commit", "pages that are pinned for long (RDMA, VFIO) are moved out of ZONE_MOVABLE first, or the pin fails",
         "d1e153fea2a8", "mm/gup: migrate pinned pages out of movable zone", pins_leave_movable=True),
    _row((5, 13), "commit", "a range of 1 GiB that holds pages in use can become a huge page, if these can be moved",
         "eb14d4eefdc4", "mm,page_alloc: drop unnecessary checks from pfn_range_valid_contig", contig_moves_pages=True),
    _row((5, 14), "commit", "the CPUs' lists hold whole pageblocks too", "44042b449872",
         "mm/page_alloc: allow high-order pages to be stored on the per-cpu lists", lists_pageblocks=True),
    _row((5, 14), "commit", "with hugetlb_free_vmemmap=on no block carries its own memmap, whatever memmap_on_memory says",
         "4bab4964a59f", "mm: memory_hotplug: disable memmap_on_memory when hugetlb_free_vmemmap enabled",
         hvo_excludes_heads=True),
    _row((5, 14), "commit", "hugetlb_free_vmemmap=on: the memmap of huge pages is given back but for two pages, on x86_64",
         "e9fdff87e893",
         "mm: hugetlb: add a kernel parameter hugetlb_free_vmemmap", hvo=("x86_64",), hvo_keeps=2),
    _row((5, 15), "commit", "memory groups, and the online policy auto-movable", "e83a437faa62",
         "mm/memory_hotplug: introduce \"auto-movable\" online policy",
         groups=True, policies=("contig-zones", "auto-movable")),
    _row((5, 16), "commit", "the kernel log shows each node's fallback order when zonelists are built", "6cf253925df7",
         "mm/page_alloc: print node fallback order", fallback_order_logged=True),
    _row((5, 18), "commit", "of a huge page's memmap one page is kept, not two", "e7d324850bfc",
         "mm: hugetlb: free the 2nd vmemmap page associated with each HugeTLB page", hvo_keeps=1),
    _row((5, 19), "commit", "virtio-mem plugs and unplugs single pageblocks; before, no less than the largest free areas, 4 MiB "
         "on x86_64", "448b8ec3bf11", "drivers: virtio_mem: use pageblock size as the minimum virtio_mem size.",
         virtio_mem_by_pageblock=True),
    _row((5, 19), "commit", "hugetlb_free_vmemmap=on works on arm64", "1e63ac088f20",
         "arm64: mm: hugetlb: enable HUGETLB_PAGE_FREE_VMEMMAP for arm64", hvo=("x86_64", "arm64")),
    _row((5, 19), "commit", "isolation looks at the first pageblock of a range, then at the last, then at the rest; a huge page "
         "of 1 GiB that goes on behind a block keeps it online, even a free one", "b2c9e2fbba32",
         "mm: make alloc_contig_range work at pageblock granularity", isolates_ends_first=True, gigantic_gives_way="last"),
    _row((6, 0), "commit", "hugetlb_free_vmemmap=on leaves alone the memmap that blocks carry themselves, and forbids it no more",
         "66361095129b", "mm: memory_hotplug: make hugetlb_optimize_vmemmap compatible with memmap_on_memory",
         hvo_excludes_heads=False),
    _row((6, 2), "commit", "a block with a poisoned page cannot be onlined again (EHWPOISON)", "5033091de814",
         "mm/hwpoison: introduce per-memory_block hwpoison counter", poison_refuses_online=True),
    _row((6, 2), "commit", "of a huge page's memmap all is given back, and its first page copied to a fresh one", "11aad2631bf7",
         "mm/hugetlb_vmemmap: remap head page to newly allocated page", hvo_copies_first=True),
    _row((6, 2), "commit", "hugetlb_free_vmemmap=on works on loongarch", "c5a303a51b9c",
         "LoongArch: enable ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP", hvo=("x86_64", "arm64", "loongarch")),
    _row((6, 2), "commit", "hugetlb_free_vmemmap=on works on s390", "00a34d5a99c0",
         "s390: select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP", hvo=("x86_64", "arm64", "loongarch", "s390x")),
    _row((6, 3), "commit", "regions of CXL memory become DAX devices, which kmem gives to the system", "09d09e04d2fc",
         "cxl/dax: Create dax devices for CXL RAM regions",
         drivers=("acpi", "balloon", "probe", "dlpar", "sclp", "hmm", "pmem", "dax", "virtio-mem", "cxl")),
    _row((6, 3), "commit", "hugetlb_free_vmemmap does nothing on arm64, whose page tables cannot be changed safely while in use",
         "060a2c92d1b6", "arm64: mm: hugetlb: Disable HUGETLB_PAGE_OPTIMIZE_VMEMMAP", hvo=("x86_64", "loongarch", "s390x")),
    _row((6, 4), "commit", "hugetlb_free_vmemmap=on works on riscv64", "a3c7d6b642e4",
         "riscv: mm: hugetlb: Enable ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP", hvo=("x86_64", "loongarch", "s390x", "riscv64")),
    _row((6, 4), "commit", "compaction counts all pages of a free area that it steps over as scanned", "56d48d8dbefb",
         "mm: compaction: consider the number of scanning compound pages in isolate fail path", compact_counts_all=True),
    _row((6, 5), "commit", "compact_memory accepts 1 alone", "8b9167cd9ef0",
         "mm: compaction: optimize compact_memory to comply with the admin-guide", compact_values=(1,)),
    _row((6, 5), "configuration", "added blocks go online by themselves where the distribution builds it so, as Debian does; "
         "upstream's own default is offline", default_online="online"),
    _row((6, 6), "commit", "a request that asks for a memmap on memory in vain falls back to kernel memory, so that ACPI "
         "always asks", "e3c2bfdd33a3", "mm/memory_hotplug: allow memmap on memory hotplug request to fallback",
         refuse_unsupported=False, asks_first=False),
    _row((6, 6), "commit", "memmap_on_memory can be force, which pads the head to whole pageblocks", "2d1f649c7c08",
         "mm/memory_hotplug: support memmap_on_memory when memmap is not aligned to pageblocks",
         parameter_modes=("N", "Y", "force"), head_pageblocks=True),
    _row((6, 6), "commit", "POWER's DLPAR asks for a memmap on memory, with radix page tables", "603fd64dfa45",
         "powerpc/book3s64/memhotplug: enable memmap on memory for radix",
         hosts=("x86_64", "arm64", "ppc64le"), opt_in=("acpi", "dlpar")),
    _row((6, 6), "commit", "the min watermark of ZONE_MOVABLE is a small share of its own", "416ef04fe00c",
         "mm/page_alloc: fix min_free_kbytes calculation regarding ZONE_MOVABLE", movable_minimum_apart=True),
    _row((6, 7), "commit", "a node without memory leaves the fallback lists at once", "b7812c86c740",
         "mm: memory_hotplug: drop memoryless node from fallback lists", late_node_state=False, memoryless_first=False),
    _row((6, 7), "commit", "huge pages of one write are used from the first to the last, and a node's pool is counted without "
         "that node's surplus", "d67e32f26713", "hugetlb: restructure pool allocations",
         pool_in_order=True, node_pool_persistent=True),
    _row((6, 7), "commit", "memmap that huge pages take may come from any node", "6a898c2757af",
         "mm: hugetlb_vmemmap: allow alloc vmemmap pages fallback to other nodes", hvo_any_node=True),
    _row((6, 7), "commit", "of huge pages that leave the pool together, all memmap is taken back before the first is freed",
         "cfb8c75099db", "hugetlb: perform vmemmap restoration on a list of pages", hvo_in_bulk=True),
    _row((6, 8), "commit", "a request of several blocks carries a memmap in each of them; one that fails is undone block by "
         "block", "6b8f0798b85a", "mm/memory_hotplug: split memmap_on_memory requests across memblocks",
         single_block=False, block_rollback=True),
    _row((6, 8), "commit", "CXL regions that become system RAM ask for a memmap on memory", "4eca0ef49af9",
         "dax/kmem: allow kmem to add memory with memmap_on_memory", opt_in=("acpi", "dlpar", "cxl")),
    _row((6, 9), "commit", "compaction keeps free pages as whole areas, and takes no more of them than pages wait for",
         "733aea0b3a7b", "mm/compaction: add support for >0 order folio memory compaction.", compact_frugal=True),
    _row((6, 9), "commit", "any DAX device asks for a memmap on memory if its file memmap_on_memory says so", "73954d379efd",
         "dax: add a sysfs knob to control memmap_on_memory behavior", opt_in=("acpi", "dlpar", "cxl", "dax"),
         asks_by_file=("dax",)),
    _row((6, 9), "commit", "MEM_PREPARE_ONLINE and MEM_FINISH_OFFLINE; on s390 standby memory carries its own memmap",
         "c5f1e2d18909", "mm/memory_hotplug: introduce MEM_PREPARE_ONLINE/MEM_FINISH_OFFLINE notifiers",
         prepare_finish=True, hosts=("x86_64", "arm64", "ppc64le", "s390x"),
         opt_in=("acpi", "dlpar", "cxl", "dax", "sclp")),
    _row((6, 10), "commit", "a free gigantic page gives way to offlining of any of its blocks", "fd919a85cd55",
         "mm: page_isolation: prepare for hygienic freelists", gigantic_gives_way="any"),
    _row((6, 11), "commit", "heads of memmap no longer read as reserved in /proc/kpageflags", "503b158fc304",
         "mm/memory_hotplug: initialize memmap of !ZONE_DEVICE with PageOffline() instead of PageReserved()",
         head_flags=("owner_private",)),
    _row((6, 11), "commit", "riscv64 can hot-add memory, with a memmap on memory", "f8c2a240556e",
         "riscv: Enable memory hotplugging for RISC-V", hosts=("x86_64", "arm64", "ppc64le", "s390x", "riscv64")),
    _row((6, 11), "commit", "the log calls a page that cannot be taken out of use \"get hwpoison page\"", "b8b9488d50b7",
         "mm/memory-failure: improve memory failure action_result messages", unhandlable_page="get hwpoison page"),
    _row((6, 11), "commit", "on x86 the highest address of an add is the end of the direct map, which KASLR trims",
         "ea72ce5da228", "x86/kaslr: Expose and use the end of the physical memory address space", kaslr_limit="checked"),
    _row((6, 14), "commit", "slab pages of order 0 pass the isolation test: an offline of their block goes on until a signal "
         "ends it, and an eject never ends", "9aec2fb0fd5e", "slab: allocate frozen pages", frozen_slab=True),
    _row((6, 14), "commit", "free huge pages inside a block that goes offline take in no others, so that offlining does not "
         "go in circles", "04f13d241b8b", "mm: replace free hugepage folios after migration", pool_skips_isolated=True),
    _row((6, 14), "configuration", "which of its words auto_online_blocks begins with is a choice of the configuration, under "
         "another name than before: what a distribution had chosen is lost where it did not choose anew, as in Debian",
         "44d46b76c3a4", "mm: add build-time option for hotplug memory default online type", default_online="offline"),
    _row((6, 15), "commit", "kernels with PCI_P2PDMA, as distributions build them, do not trim the direct map of x86",
         "7ffb791423c7", "x86/kaslr: Reduce KASLR entropy on most x86 systems", kaslr_limit="rare"),
    _row((6, 16), "commit", "windows of CXL memory advise the size of memory blocks on x86, so that none is left over",
         "6e3d1b1813c7",
         "acpi,srat: give memory block size advice based on CFMWS alignment", block_advice=True),
    _row((6, 16), "commit", "pages of offline blocks have no flag in /proc/kpageflags, not NOPAGE", "a40b3fa844b4",
         "fs/proc/page: refactor to reduce code duplication", nopage_shown=False),
    _row((6, 17), "commit", "after an offline that failed each pageblock has the type that it had before", "e904bce2d9d4",
         "mm/page_isolation: make page isolation a standalone bit", isolation_keeps_type=True),
    _row((6, 17), "commit", "nodes have a notifier chain of their own: it is told of a node's first and last memory",
         "e4e2806b639c", "mm,memory_hotplug: implement numa node notifier", node_notifiers=True),
    _row((6, 17), "configuration", "Debian chose anew: added blocks go online by themselves again", "", "",
         default_online="online"),
    _row((6, 18), "commit", "hugetlb_free_vmemmap does nothing on s390, whose page tables cannot be changed safely while in use; "
         "later stable releases from 6.6 on have that too", "64e2f60f355e",
         "s390: Disable ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP", hvo=("x86_64", "loongarch", "riscv64")),
    _row((6, 19), "commit", "MEM_PREPARE_ONLINE and MEM_FINISH_OFFLINE are gone", "300709fbefd1",
         "mm/memory_hotplug: remove MEM_PREPARE_ONLINE/MEM_FINISH_OFFLINE notifiers",
         prepare_finish=False),
    _row((6, 19), "commit", "on s390 standby memory is no memory block until /sys/firmware/memory/memoryN/config says so",
         "ff18dcb19aab", "s390/sclp: Add support for dynamic (de)configuration of memory", firmware_memory=True),
    _row((7, 0), "commit", "with vm.movable_gigantic_pages=1 huge pages of 1 GiB may lie in ZONE_MOVABLE", "9e80e66ddaf7",
         "mm, hugetlb: implement movable_gigantic_pages sysctl", movable_gigantic=True),
    _row((7, 0), "commit", "a range with smaller huge pages can become one of 1 GiB: they are moved, if no other range is left",
         "3bb64898f003", "page_alloc: allow migration of smaller hugepages during contig_alloc", contig_moves_huge_pages=True),
    _row((7, 1), "commit", "the memmap that huge pages do not need is mapped to one page for each size and zone, not "
         "to each one's first page", "622026e87c40", "mm/hugetlb: remove fake head pages", hvo_shared_tails=True),
    _row((7, 3), "source", "the file state of a DAX device unplugs it as a whole, or plugs it in and brings its blocks online",
         "2a6f2aef1126", "dax/kmem: add sysfs interface for atomic whole-device hotplug", dax_state=True),
)
# fmt: on


def between(after: Release, upto: Release) -> Iterator[Change]:
    """The changes that came later than one release, up to another, oldest first."""
    return (change for change in CHANGES if after < change.since <= upto)


def models() -> Iterator[KernelModel]:
    """The model of each release, ascending: that of the release before it, and what changed since."""
    model, before = KernelModel("", "", FIRST), (0, 0)
    for release in RELEASES:
        sets = {name: value for change in between(before, release) for name, value in change.sets.items()}
        model = msgspec.structs.replace(model, name=f"{release[0]}.{release[1]}", release=release, **sets)
        model = msgspec.structs.replace(model, title=f"Linux {model.name} ({_title(model)})")
        yield model
        before = release


def _title(model: KernelModel) -> str:
    if not model.parameter_modes:
        return "no memmap_on_memory"
    per = "for requests of one block" if model.single_block else "per block"
    return f"memmap_on_memory {per}" + (", force" if "force" in model.parameter_modes else "")
