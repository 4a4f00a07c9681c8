"""What the kernels do differently, as data: one value a kernel, one field a difference.

Operations read the fields; none of them asks for a kernel by name.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ..numbers.geometry import Arch
from ..protocol.vocabulary import AUTO_ONLINE, AutoOnline, Caller, Mode, OnlinePolicy, Placement

Release = tuple[int, int]
"""A release of Linux, such as ``(6, 8)``."""


class KernelModel(msgspec.Struct, frozen=True):
    """What one kernel does in its own way: a release of Linux, or a series that was proposed. The mechanisms read it.

    released               a release of Linux; what was proposed and never merged is none
    hosts                  architectures that are built with MHP_MEMMAP_ON_MEMORY
    drivers                callers that the kernel has a driver for
    opt_in                 callers that ask for a memmap on memory
    asks_by_file           those of them that do if the device's own file memmap_on_memory says so, which it does not by itself
    parameter_modes        what memory_hotplug.memmap_on_memory can be set to at boot; empty: there is no such switch, and
                           every caller that asks gets it
    single_block           only a request of exactly one block can carry its own memmap
    head_pageblocks        the memmap of a block must fill pageblocks, which `force` sees to, and the architecture agree;
                           else it must fill PMDs, and the rest of the block pageblocks
    refuse_unsupported     a request that asks and cannot be served is EINVAL; else it falls back silently
    asks_first             the ACPI driver asks only where it is supported
    heads_present          present pages include head pages
    head_flags             flags of a head page in /proc/kpageflags
    heads_unmovable        pageblocks of a block's own head become Unmovable
    movable_shortcut       pages in Movable pageblocks are not looked at before isolation
    block_fits             where blocks of x86 are big, must the memory of the boot end at one: "never", "always", or on "guests"
    block_advice           windows of CXL memory advise the size of blocks, on bare metal too
    range_check            who checks that a range can be addressed (E2BIG): "request", before anything else, so that an add of
                           nothing fails there too; "sections", when its sections are added; or "" no one does
    kaslr_limit            KASLR may trim the direct map of x86 to the memory of the boot and some more: that is "checked" since
                           it is; before that it is "overlooked"; and "rare" where only kernels without PCI_P2PDMA do it
    subsections            device memory is added by sub-sections of 2 MiB, else by sections
    tolerates_existing     a section that is there already does not stop an add
    removal_defect         memmap of several sections is used after it was unmapped
    adds_sections          memory is added in whole sections, also into a part of a memory block; else in whole blocks
    veto_drops_blocks      an architecture's veto of the altmap clears the flag for memory blocks too (MHP_MEMBLOCK_API)
    mem_limits_adds        architectures on which the boot option mem= limits added memory too
    block_rollback         an add that fails undoes the blocks of this request that were finished
    spans_until_removal    a zone reaches over memory that went offline until that is removed; else until it is offline
    removable_looks        the file removable of a block says whether its pages can be moved; else it is 1
    virtio_mem_by_pageblock  virtio-mem plugs and unplugs pageblocks, else no less than the largest free areas
    poison_leaves_buddy    free pages with a hardware error that leave the free areas: "none", those "suspected" of one, or "all"
    poison_refuses_online  a block with a poisoned page cannot be onlined (EHWPOISON)
    prepare_finish         the notifiers MEM_PREPARE_ONLINE and MEM_FINISH_OFFLINE exist
    node_notifiers         nodes have a notifier chain of their own, and memory notifiers no longer name a node
    firmware_memory        s390 configures standby memory block by block (`hotplug.standby`), else it is there since the boot
    nopage_shown           /proc/kpageflags shows pages of offline blocks as NOPAGE, else without any flag
    dax_state              DAX devices have the file state, which takes a whole device out or brings it (`hotplug.dax`)
    groups, policies       memory groups, and the online policies
    late_node_state        a node that lost its memory leaves the zonelists only at their next rebuild
    memoryless_first       a node without memory still stands first in its own fallback order
    frozen_slab            slab pages of order 0 have no reference, so isolation takes them for free pages
    isolates_ends_first    isolation looks at the last pageblock of a range right after the first, else in ascending order
    isolation_keeps_type   isolation is a bit of its own: a pageblock keeps its type; else it is Movable afterwards
    pins_leave_movable     who pins pages for long has them moved out of ZONE_MOVABLE first, or gets none
    offline_keeps_cma      pageblocks of CMA (contiguous memory allocator) do not go offline
    offline_deadline       seconds after which offlining gives up (EAGAIN); None: only a signal ends it
    offline_retries        times that a migration may return an error until offlining returns that; None: any number
    offline_reasons        the kernel log names the reason why memory stays online, and shows the page
    fallback_order_logged  the kernel log shows the order of nodes when zonelists are built
    lists_pageblocks       CPUs' lists hold free areas of a pageblock too, of which they take two at a time
    movable_minimum_apart  the min watermark of ZONE_MOVABLE is a small share of its own
    compact_values         what /proc/sys/vm/compact_memory accepts; None: anything
    compact_finishes       compaction takes a pageblock's movable pages in two steps, 32 and the rest, not 32 by 32
    compact_strides        its free scanner, while it finds nothing, looks at every 2nd, 4th ... 32nd page of a pageblock
    compact_counts_all     pages that a scanner steps over with the first of their free area count as scanned
    compact_frugal         the free scanner takes what a batch still lacks, not a whole batch, and its pages are used from the
                           first to the last, not from the last to the first
    gigantic_gives_way     a free gigantic page gives way to offlining of "any" of its blocks, of the "last" alone, or of "none"
    movable_gigantic       vm.movable_gigantic_pages lets gigantic pages lie in ZONE_MOVABLE
    contig_moves_pages     ranges with pages in use can become a gigantic page, else only free ones
    contig_moves_huge_pages  ranges with smaller huge pages can become a gigantic one, if no others are left
    pool_skips_isolated    free huge pages inside a range that is to go offline take in no others
    pool_in_order          huge pages of one write are used first to last, not last to first
    node_pool_persistent   a node's nr_hugepages is compared without the surplus of that node, not of all
    hvo                    architectures on which the memmap of huge pages can be given back (hugetlb_free_vmemmap)
    hvo_excludes_heads     with that no block carries its own memmap
    hvo_keeps              pages that are kept of it
    hvo_copies_first       it is given back whole, for a fresh copy of its first page
    hvo_any_node           and what it takes may come from any node
    hvo_shared_tails       the rest of it is mapped to one page, shared by all huge pages of a size and zone
    hvo_in_bulk            of huge pages that leave the pool together, all memmap is made whole before the first is freed
    unhandlable_page       what the kernel log calls a page that memory_failure cannot take out of use; None: not known
    online_words           what auto_online_blocks accepts
    default_online         memhp_default_state without a command line
    """

    name: str
    title: str
    release: Release
    released: bool = True
    pool: Placement = "block"
    hosts: tuple[Arch, ...] = ()
    drivers: tuple[Caller, ...] = ("acpi", "balloon", "probe", "dlpar", "sclp", "hmm", "pmem")
    opt_in: tuple[Caller, ...] = ()
    asks_by_file: tuple[Caller, ...] = ()
    parameter_modes: tuple[Mode, ...] = ()
    single_block: bool = False
    head_pageblocks: bool = False
    refuse_unsupported: bool = False
    asks_first: bool = False
    heads_present: bool = True
    head_flags: tuple[str, ...] = ()
    heads_unmovable: bool = True
    movable_shortcut: bool = False
    block_fits: Literal["never", "always", "guests"] = "never"
    block_advice: bool = False
    range_check: Literal["", "sections", "request"] = ""
    kaslr_limit: Literal["overlooked", "checked", "rare"] = "overlooked"
    subsections: bool = False
    tolerates_existing: bool = False
    removal_defect: bool = False
    adds_sections: bool = False
    veto_drops_blocks: bool = False
    mem_limits_adds: tuple[Arch, ...] = ()
    block_rollback: bool = False
    spans_until_removal: bool = True
    removable_looks: bool = True
    virtio_mem_by_pageblock: bool = False
    poison_leaves_buddy: Literal["none", "suspected", "all"] = "none"
    poison_refuses_online: bool = False
    prepare_finish: bool = False
    node_notifiers: bool = False
    firmware_memory: bool = False
    nopage_shown: bool = True
    dax_state: bool = False
    groups: bool = False
    policies: tuple[OnlinePolicy, ...] = ("contig-zones",)
    frozen_slab: bool = False
    pins_leave_movable: bool = False
    isolates_ends_first: bool = False
    isolation_keeps_type: bool = False
    offline_keeps_cma: bool = False
    offline_deadline: int | None = None
    offline_retries: int | None = None
    offline_reasons: bool = False
    fallback_order_logged: bool = False
    late_node_state: bool = False
    memoryless_first: bool = False
    lists_pageblocks: bool = False
    movable_minimum_apart: bool = False
    compact_values: tuple[int, ...] | None = None
    compact_finishes: bool = False
    compact_strides: bool = False
    compact_counts_all: bool = False
    compact_frugal: bool = False
    gigantic_gives_way: Literal["none", "any", "last"] = "none"
    movable_gigantic: bool = False
    contig_moves_pages: bool = False
    contig_moves_huge_pages: bool = False
    pool_skips_isolated: bool = False
    pool_in_order: bool = False
    node_pool_persistent: bool = False
    hvo: tuple[Arch, ...] = ()
    hvo_keeps: int = 1
    hvo_excludes_heads: bool = False
    hvo_copies_first: bool = False
    hvo_any_node: bool = False
    hvo_shared_tails: bool = False
    hvo_in_bulk: bool = False
    unhandlable_page: str | None = "unknown page"
    online_words: tuple[AutoOnline, ...] = AUTO_ONLINE
    default_online: AutoOnline = "offline"

    def has_parameter(self, arch: Arch) -> bool:
        """Is there the parameter memmap_on_memory on an architecture (CONFIG_MHP_MEMMAP_ON_MEMORY)?"""
        return bool(self.parameter_modes) and arch in self.hosts
