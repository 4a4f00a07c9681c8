"""What lines of a kernel log mean: every message of the recordings about memory hotplug, and what is there on a machine."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from altmap.engine import explain, open_machine, parse_script
from altmap.engine.questions.kernel_log.drivers import DRIVER_LINES
from altmap.engine.questions.kernel_log.guests import GUEST_LINES
from altmap.engine.questions.kernel_log.lines import LOG_LINES
from altmap.engine.questions.kernel_log.pages import PAGE_LINES
from altmap.engine.questions.kernel_log.programs import PROGRAM_LINES
from altmap.engine.questions.kernel_log.sieve import literal

TRACES = Path(__file__).parents[2] / "fixtures/traces/6.12"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "memory offlining [mem 0x100200000-0x107ffffff] failed due to failure to isolate range",
            "EBUSY: a page in it cannot",
        ),
        (
            "memory offlining [mem 0x100200000-0x107ffffff] failed due to signal backoff",
            "EINTR: pages that should move",
        ),
        ("[  12.345678] page dumped because: unmovable page", "the one in the way"),
        (
            "page: refcount:1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x100418",
            "page 0x100418 is shown, with 1 reference",
        ),
        ("page:ffffea0007940000 count:1 mapcount:0 mapping:0000000000000000 index:0x0", "its pfn is not told"),
        ("migrating pfn 100418 failed ret:1", "someone holds an extra reference"),
        ("Offlined Pages 32256", "32,256 pages: those of its own memmap are not among them"),
        ("memory memory50: Offline failed.", "memory50 did not go offline; the device stays"),
        (
            "Block size [0x8000000] unaligned hotplug range: start 0x140000000, size 0x4000000",
            "EINVAL: memory is added in whole",
        ),
        ("vmemmap alloc failure: order:9, mode:0x4cc0(GFP_KERNEL|__GFP_RETRY_MAYFAIL)", "512 pages in a row"),
        ("kswapd0: page allocation failure: order:0, mode:0x0", "1 page was asked for"),
        ("vmemmap alloc failure: order:99999999999", "pages in a row"),
        (
            "Hotplugged memory exceeds maximum addressable address, range=[0x100000000-0x107ffffff], maximum=0xffffffff",
            "E2BIG: the range lies beyond",
        ),
        ("Section-unaligned hotplug range: start 0x100100000, size 0x8000000", "whole sections then"),
        ("System RAM resource [mem 0x100000000-0x107ffffff] cannot be added", "EEXIST"),
        ("Memory hotplug will waste 15 pages in each memory block", "gives up 15 pages more"),
        (
            "removing memory fails, because memory [0x100000000-0x107ffffff] is onlined",
            "only when all its blocks are offline",
        ),
        ("Kernel panic - not syncing: System is deadlocked on memory", "no process to kill"),
        ("virtio_mem virtio3: requested size: 0x40000000", "asks for 1G"),
        ("cma: Reserved 64 MiB at 0x000000007c000000", "keeps 64M from 0x000000007c000000 on for CMA"),
        ("cma: Reserved 256 MiB at 0x110000000 on node -1", "do not go offline"),
        ("Built 2 zonelists, mobility grouping on.  Total pages: 499268", "499,268 pages are above high watermarks"),
        ("memory offlining [mem 0x100000000-0x107ffffff] failed", "before 5.0 do not say why"),
        ("memory offlining [mem 0x100000000-0x107ffffff] failed due to node notifier failure", "loses its last memory"),
        (
            "memory offlining [mem 0x100000000-0x107ffffff] failed due to failure to dissolve huge pages",
            "the pool needs it",
        ),
        ("memory offlining [mem 0x100000000-0x107ffffff] failed due to unmovable page", "a driver withholds"),
        ("online_pages [mem 0x100000000-0x107ffffff] failed", "forbade it in MEM_GOING_ONLINE"),
        ("failed to isolate pfn 100418", "was not to be had at that moment"),
        ("flags: 0x17ffffc0010200(slab|head|node=0|zone=2|lastcpupid=0x1fffff)", "a slab page of the kernel"),
        (
            "anon flags: 0x200000000080068(uptodate|lru|active|swapbacked|node=1|zone=2)",
            "anonymous memory of a program",
        ),
        ("flags: 0x100000000001000(reserved|node=0|zone=1|lastcpupid=0x1fffff)", "reserved, since the boot"),
        ("flags: 0x200000000000000(node=1|zone=2|lastcpupid=0x1fffff)", "in use, by whom its flags do not say"),
        ("page_type: f2(table)", "a page table, which cannot be moved"),
        ("page_type: f5(slab)", "a slab page of the kernel"),
        ("head: order:3 mapcount:0 entire_mapcount:0 nr_pages_mapped:0 pincount:0", "part of one of 8 pages"),
        ("alloc_contig_range: [100400, 100800) PFNs busy", "EBUSY: a range that was to be emptied"),
        (
            "Hotplugged memory exceeds maximum addressable address, range=0x100000000000-0x107fffffffff, maximum=0xffffffffff",
            "E2BIG: the range lies beyond",
        ),
        ("Unable to reserve System RAM region: 0000000100000000->000000013fffffff", "EEXIST: something in /proc/iomem"),
        ("node 7 was absent from the node_possible_map", "EINVAL: memory was to come to node 7"),
        ("Initmem setup node 2 as memoryless", "node 2 was announced without memory"),
        ("kworker/0:2: page allocation failure: order:9, mode:0xcc0(GFP_KERNEL)", "512 pages in a row"),
        (
            "WARNING: CPU: 0 PID: 12 at arch/x86/mm/init_64.c:955 add_pages+0x5d/0x70",
            "sections stay behind without a block",
        ),
        ("x86/mm: Memory block size: 128MB", "memory blocks have 128 MiB"),
        ("acpi PNP0C80:00: Memory device configured by ACPI", "the memory of a DIMM was added"),
        ("acpi PNP0C80:01: acpi_memory_enable_device() error", "did not get its memory added"),
        ("virtio_mem virtio3: region size: 0x100000000", "can plug up to 4G"),
        ("virtio_mem virtio3: subblock size: 0x400000", "4M at a time, inside memory blocks"),
        ("virtio_mem virtio3: start address: 0x140000000", "begins at 0x140000000"),
        ("virtio_mem virtio3: nid: 1", "comes to node 1"),
        ("virtio_mem virtio3: unknown error, marking device broken: -22", "the driver gave up"),
        ("virtio_mem virtio3: unplugging all memory required", "takes all its memory out first"),
        ("pseries-hotplug-mem: Memory at 2d0000000 (drc index 8000002d) was hot-added", "an LMB was added"),
        ("pseries-hotplug-mem: Memory hot-remove failed, adding LMB's back", "all of them or none"),
        ("pseries-hotplug-mem: Attempting to hot-remove 10 LMB(s)", "LMB by LMB"),
        ('dlpar: Could not handle DLPAR request "memory remove index 0x8000003e"', "was refused (memory remove index"),
        ("radix-mmu: PMD_SIZE vmemmap mapping", "mapped by pages of 2 MiB"),
        ("Unable to create mapping for hot added memory 0xc000000100000000..0xc000000110000000: -12", "(errno 12)"),
        ("kmem dax0.0: mapping0: 0x100000000-0x13fffffff memory add failed", "did not become system RAM"),
        (
            "kmem dax0.0: mapping0: 0x100000000-0x13fffffff cannot be hotremoved until the next reboot",
            "unbound while blocks of it were online",
        ),
        ("kmem dax0.0: could not reserve region [0x100000000-0x13fffffff]", "EBUSY: something in /proc/iomem"),
        ("kmem dax0.0: DAX region truncated by 62.00 MiB due to alignment", "62.00 MiB of the device"),
        ("Boot memory [40000000 48000000] offlining attempted", "EPERM: on arm64"),
        ("xen:balloon: Cannot add additional memory (-17)", "EEXIST: something in /proc/iomem"),
        ("hv_balloon: hot_add memory failed error is -17", "Hyper-V could not add memory"),
        ("sclp_cmd: Standby memory at 0x80000000 (2048M of 2048M usable)", "2048 MiB of standby memory"),
        ("crashkernel reserved: 0x00000000af000000 - 0x00000000bf000000 (256 MB)", "never go offline"),
        ("Out of memory: Killed process 812 (java) total-vm:4105104kB", "memory ran out"),
        ("Demotion targets for Node 1: null", "dropped or swapped"),
        ("virtio_mem virtio3: adding memory failed: -12", "tries again later. ENOMEM: no memory was left"),
        ("virtio_mem virtio3: adding memory failed: -17", "adding memory did not succeed. EEXIST"),
        ("virtio_mem virtio3: offlining and removing memory failed: -16", "EBUSY: memory of it is in use"),
        ("virtio_mem virtio3: disabled in kdump kernel", "a crash kernel runs"),
        ("kmem: probe of dax0.0 failed with error -16", "did not become system RAM. EBUSY"),
        ("kmem dax0.0: probe with driver kmem failed with error -22", "did not become system RAM. EINVAL"),
        ("kmem dax0.0: Hotplug regions stuck online until reboot", "unbound while blocks of it were online"),
        ("hv_balloon: hot_add memory failed error is -17", "the driver never tries again"),
        ("hv_balloon: Max. dynamic memory size: 4096 MB", "at most 4096 MB in all"),
        ("xen:balloon: Cannot allocate new System RAM resource", "no free range of addresses"),
        ("pseries-hotplug-mem: Failed to add LMB back, drc index 80000012", "has less memory than before"),
        ("offline_and_remove_memory: Failed to remove memory: -16", "gives back did not go: EBUSY"),
        ("try_reonline_memory_block: Failed to re-online memory: -12", "stay offline: ENOMEM"),
        (
            'Unknown kernel command line parameters "memmap_on_memory=1", will be passed to user space.',
            "it is spelled memory_hotplug.memmap_on_memory=",
        ),
        ("Booting kernel: `force' invalid for parameter `memory_hotplug.memmap_on_memory'", "stays off"),
        (
            "flags: 0x17ffffc0000040(head|node=0|zone=2|lastcpupid=0x1fffff)",
            "a huge page of the pool, or the kernel's own",
        ),
        ("flags: 0x17ffffc0000800(private|node=0|zone=2|lastcpupid=0x1fffff)", "on no LRU list"),
        ("Memory failure: 0x100000: recovery action for free buddy page: Recovered", "a page has a hardware error"),
        ("migrating pfn 100418 failed ret:-12", "(ENOMEM): no room was left"),
        ("removing pfn 100418 from LRU failed", "was not to be had at that moment"),
        ("page:ffffea0004010600 is uninitialized and poisoned", "no memory is online there"),
        ("page_type: 0xfffffbff(table)", "a page table, which cannot be moved"),
        ("page_type: 0xffffff7f(buddy)", "is free"),
        ('aops:ext4_da_aops [ext4] ino:2a dentry name:"libc.so.6"', "of a file, libc.so.6 (inode 42, ext4_da_aops)"),
        ("aops:shmem_aops ino:402", "of a file, whose name is not told (inode 1026"),
        (
            "page last allocated via order 3, migratetype Unmovable, gfp_mask 0xcc0(GFP_KERNEL), pid 8, tgid 8 (a (b)), ts 5",
            "was last allocated by a (b) (pid 8) as Unmovable, with GFP_KERNEL",
        ),
        (
            "page last allocated via order 0, migratetype Movable, gfp_mask 0x6000c0(GFP_KERNEL), pid 8, ts 12",
            "was last allocated by a process (pid 8) as Movable",
        ),
        ("[ffffea0004000000-ffffea00041fffff] potential offnode page_structs", "on another node than the memory"),
        ("alloc_contig_range_noprof: [100400, 100800) PFNs busy", "EBUSY: a range that was to be emptied"),
        ("[   12.345678] [100400, 100800) PFNs busy", "EBUSY: a range that was to be emptied"),
        ("soft_offline: 0x100000: invalidated", "is out of use: it was a copy of a file's"),
        ("soft_offline: 0x100000: page migration failed 1, type 17ffffc0000000", "stays in use"),
        ("Unpoison: Software-unpoisoned page 0x100000", "is back in use"),
        ("Injecting memory failure for pfn 0x100000 at process virtual address 0x7f", "a program asked for"),
        ("RAS: Soft-offlining pfn: 0x100000", "emptied and taken out of use"),
        ("virtio_mem: probe of virtio0 failed with error -16", "does not begin. EBUSY"),
        ("virtio_mem virtio0: unplugging memory: 0x140000000 - 0x1401fffff", "begins with unplugging"),
        ("xen:balloon: New System RAM resource outside addressable RAM (1 > 0)", "lies beyond the addresses"),
        ("virtio_mem virtio0: unplugging all memory is required", "takes all its memory out first"),
        ("virtio_mem virtio0: memory block onlining denied", "it stays offline, and goes"),
        ("virtio_mem virtio0: save/restore not supported.", "cannot sleep with memory of the device plugged"),
        ("virtio_mem virtio0: bbm_block_size is too small", "no size that it can have"),
        ("acpi PNP0C80:00: device is empty", "names no memory of it"),
        (
            "sclp_cmd.65b4c1: assign storage failed (cmd=0x000d0001, response=0x0010, rn=0x0004)",
            "did not give an increment of standby memory (response 0x0010)",
        ),
        (
            "Unable to create linear mapping for 0x100000000..0x110000000: -12",
            "comes could not be mapped for the kernel. ENOMEM",
        ),
        ("vmemmap_populate: Unable to create vmemmap mapping: -1", "could not be mapped. EPERM"),
        ("dlpar: Invalid DRC count specified.", "is no request (Invalid DRC count specified)"),
        ("dax0.0: mapping0: 0x100000000-0x13fffffff could not reserve range", "programs cannot map it"),
        ("Boot memory [40000000 48000000] is offline, can be removed", "which should not be"),
        ("Unknown target node for memory at 0x100000000, assuming node 0", "it comes to node 0"),
        ("Unable to release resource <0x0000000100000000-0x000000013fffffff> (-22)", "stays in /proc/iomem"),
        ("node 1 must be removed before remove section 12", "lies in section 12"),
        ("sparse_init_nid: node[1] memory map backing failed. Some memory will not be available.", "left out for good"),
        ("memory memory50: section 5 pfn[28000, 30000) no valid memmap", "a section of it has no valid memmap"),
        ("Trying to free nonexistent resource <0000000100000000-000000013fffffff>", "not there as such"),
        ("WARNING: CPU: 1 PID: 9 at mm/memory_hotplug.c:2226 Altmap not fully unmapped", "its pages are lost"),
        ("HugeTLB: can free 6 vmemmap pages for hugepages-2048kB", "6 pages of it"),
        ("-bash: echo: write error: Device or resource busy", "EBUSY: a page of the block cannot be moved"),
        (
            "tee: /sys/devices/system/memory/memory3/state: write error: Invalid argument",
            "EINVAL: the file does not take",
        ),
        ("sh: write error: Memory page has hardware error", "EHWPOISON"),
        ("./x.sh: line 3: echo: write error: Something new", "refused what was written: Something new"),
        ("sh: 1: echo: echo: I/O error", "which this shell does not keep"),
        ("Memory Block 40 (0x0000000140000000-0x0000000147ffffff) disable failed", "did not go offline"),
        ("chmem: Could only disable 3G of memory", "3G went offline, and no more blocks would go"),
        (
            "libdaxctl: offline_one_memblock: dax1.0: Failed to offline /sys/devices/system/node/node6/memory371/state: "
            "Device or resource busy",
            "did not go offline, so that the device stays: EBUSY",
        ),
        ("dax1.0: failed to offline memory: Device or resource busy", "the device stays: EBUSY"),
        ("hv_balloon: Ignore hot-add request!", "the guest may sleep"),
        ("hv_balloon: Balloon request will be partially fulfilled. Balloon floor reached.", "above the guest's floor"),
        ("xen:balloon: set_phys_to_machine() failed, no memory added", "which is not added"),
        ("xen:balloon: Initialising balloon driver", "what the host gives beyond the boot's memory it adds"),
        (
            "Built 2 zonelists in Node order, mobility grouping on.  Total pages: 499268",
            "499,268 pages are above high watermarks",
        ),
    ],
)
def test_a_line_is_explained(line: str, says: str) -> None:
    (found,) = explain(line)
    assert says in found.means
    assert found.rule


_REFUSED = "memory offlining [mem 0x108000000-0x10fffffff] failed due to failure to isolate range"


@pytest.mark.parametrize(
    "printed",
    [
        "{}\r",
        "6,339,5140900,-;{}",
        "> [   12.345678][ T1234] {}",
        "\x1b[32m[   12.345678] \x1b[0m\x1b[31m{}\x1b[0m",
        '{{"PRIORITY":"4","MESSAGE":"{}","_TRANSPORT":"kernel"}}',
        '{{"log":"[   12.3] {}\\n","stream":"stdout"}}',
    ],
)
def test_who_kept_the_log_put_something_around_its_lines(printed: str) -> None:
    (found,) = explain(printed.format(_REFUSED))
    (plain,) = explain(_REFUSED)
    assert (found.means, found.rule, found.range) == (plain.means, plain.rule, plain.range)


def test_colours_within_a_line_are_no_part_of_it() -> None:
    (found,) = explain("\x1b[33mvirtio_mem virtio3: \x1b[0m\x1b[31mnid: 1\x1b[0m")
    assert (found.line, found.means) == (
        "virtio_mem virtio3: nid: 1",
        "what the virtio-mem device plugs comes to node 1",
    )


@pytest.mark.parametrize("line", ["vmemmap alloc failure: order:", "page: refcount:1 mapcount:0 mapping:0 pfn:0x"])
def test_lines_longer_than_any_are_left_out(line: str) -> None:
    assert explain(line + "9" * 6000) == ()


def test_other_lines_are_left_out_and_the_order_stays() -> None:
    text = "usb 1-1: new device\nOfflined Pages 32768\r\n\nmemory memory5: Offline failed.\n"
    assert [one.line for one in explain(text)] == ["Offlined Pages 32768", "memory memory5: Offline failed."]
    assert explain("") == ()


def test_pages_and_ranges_are_numbers() -> None:
    (page,) = explain("page:ffffea0004010600 refcount:1 mapcount:0 mapping:0 index:0x0 pfn:0x100418")
    assert (page.pfn, page.range) == (0x100418, None)
    (range_,) = explain("memory offlining [mem 0x100200000-0x107ffffff] failed due to notifier failure")
    assert (range_.pfn, range_.range) == (None, (0x100200000, 0x108000000))


def test_ranges_of_drivers_are_numbers_as_well() -> None:
    (found,) = explain("crashkernel reserved: 0x00000000af000000 - 0x00000000bf000000 (256 MB)")
    assert found.range == (0xAF000000, 0xBF000000)
    (found,) = explain("kmem dax0.0: mapping0: 0x100000000-0x13fffffff memory add failed")
    assert found.range == (0x100000000, 0x140000000)
    (found,) = explain("alloc_contig_range: [100400, 100800) PFNs busy")
    assert found.pfn == 0x100400
    (found,) = explain("Misaligned __add_pages start: 0x100001 end: #0x100fff")
    assert (found.pfn, found.range) == (0x100001, None)


@pytest.mark.parametrize(
    "line",
    [
        "arm64: Boot memory [40000000 48000000] offlining attempted",
        "radix-mmu: Mapped 0x40000000-0x48000000 with 64.0 KiB pages",
        "Unable to reserve System RAM region: 0000000040000000->0000000048000000",
        "Refuse to remove 0x40000000 - 0x48000000, wrong granularity",
    ],
)
def test_where_the_kernel_tells_the_address_behind_the_last_the_range_ends_before_it(line: str) -> None:
    (found,) = explain(line)
    assert found.range == (0x40000000, 0x48000000)


_OF_HOTPLUG = re.compile(
    r"offlin|Offlined|migrating pfn|PNP0C80|virtio_mem|page dumped|flags: 0x|page_type|^head:.*order|zonelists|Policy zone|"
    r"Fallback order|[Mm]emory failure|alloc failure|Block size|Demotion|oom-killer"
)


@pytest.mark.parametrize("kernel", ["6.1", "6.12", "6.12-arm64"])
def test_every_line_of_the_recordings_about_hotplug_is_explained(kernel: str) -> None:
    unknown, told = set[str](), 0
    for path in sorted((TRACES.parent / kernel).glob("*.json.gz")):
        for step in json.loads(gzip.decompress(path.read_bytes()))["steps"]:
            said = [str(entry[-1]) for entry in step.get("kmsg") or ()]
            unknown |= {line for line in said if _OF_HOTPLUG.search(line) and not explain(line)}
            told += len(said)
    assert unknown == set()
    assert told


def test_with_a_machine_it_says_what_is_there() -> None:
    machine = open_machine("firecracker-24g")
    (found,) = explain("memory offlining [mem 0x108000000-0x10fffffff] failed due to failure to isolate range", machine)
    assert found.here == (f"memory33 is in zone Normal of node 0; could it go offline now: no ({_slab(machine)})",)
    (found,) = explain("ACPI: SRAT: Node 0 PXM 0 [mem 0x100000000-0x4ffffffff] hotplug", machine)
    assert len(found.here) == 9
    assert found.here[-1] == "and 120 more blocks, memory40 to memory159; altmap why tells of these too"
    (found,) = explain("migrating pfn 7fffffff failed ret:1", machine)
    assert found.here == ("pfn 0x7fffffff is in memory65535: no memory",)
    (found,) = explain("memory memory9999: Offline failed.", machine)
    assert found.here == ("memory9999: not there on this machine",)
    (found,) = explain("pseries-hotplug-mem: Failed to hot-remove memory at 6000000000", machine)
    assert found.here == ("memory3072: not there on this machine",)


def _slab(machine: object) -> str:
    from altmap.engine import Machine

    assert isinstance(machine, Machine)
    blockers = machine.outlook(33).blockers
    words = {"slab": "slab pages of the kernel", "kernel": "kernel pages", "pagetable": "page tables"}
    return ", ".join(f"{count:,} {words[kind]}" for kind, count in blockers)


def test_what_the_model_logs_itself_is_known() -> None:
    machine = open_machine("small-guest")
    script = "add 128M at 4G\nonline 32 online_movable\noffline 32\nadd 64M at 8G\noffline 2"
    said = [line for command in parse_script(script, "steps") for line in machine.apply(command).log]
    assert said
    assert len(explain("\n".join(said))) >= len(said) - 1


def test_most_lines_of_recorded_refusals_are_known() -> None:
    known = set[str]()
    for path in sorted(TRACES.glob("busy_*.json.gz")):
        text = gzip.decompress(path.read_bytes()).decode()
        known |= {one.rule for one in explain(text.replace('"', "\n"))}
    assert len(known) >= 2


WRAPPED = """\
[  123.456789] page:ffffea0007940000 refcount:1 mapcount:0 mapping:0000000000000000
 index:0x0 pfn:0x1e5003
[  123.456791] usb 1-1: new high-speed USB device number 2 using xhci_hcd and more
[  123.456793] memory offlining [mem 0x1e0000000-0x1e7ffffff] failed due to
failure to isolate range
"""


def test_lines_that_a_terminal_broke_are_whole_again() -> None:
    page, refused = explain(WRAPPED)
    assert (page.pfn, page.range) == (0x1E5003, None)
    assert refused.range == (0x1E0000000, 0x1E8000000)
    assert refused.means.startswith("memory did not go offline: EBUSY")


def test_lines_that_stand_below_each_other_stay_apart() -> None:
    log = f"{'x' * 70}\nOfflined Pages 32768\n{'y' * 70}\n[   1.0] Offlined Pages 32256\n"
    assert [one.line for one in explain(log)] == ["Offlined Pages 32768", "[   1.0] Offlined Pages 32256"]


def test_a_page_is_shown_by_who_isolates_and_not_by_who_scans() -> None:
    (one,) = explain("page dumped because: unmovable page")
    assert one.rule == "mm/debug.c, dump_page; has_unmovable_pages and do_migrate_range call it"


# -- long logs ----------------------------------------------------------------------------------------------------------


def test_a_pattern_needs_its_words_and_fits_them_as_they_are() -> None:
    pattern = r"[Oo]" + literal("fflined (a+b) ") + r"(?P<pages>\d+)"
    match = re.search(pattern.text, "Offlined (a+b) 12")
    assert (pattern.needs, match and match["pages"]) == ("fflined(a+b)", "12")


def test_every_pattern_needs_words_that_few_logs_hold() -> None:
    assert (
        min(len(row.pattern.needs) for row in (*LOG_LINES, *PAGE_LINES, *DRIVER_LINES, *GUEST_LINES, *PROGRAM_LINES))
        >= 4
    )


@pytest.mark.parametrize("before", range(24))
def test_lines_are_found_and_joined_wherever_they_stand_in_a_long_log(before: int) -> None:
    broken = ["memory offlining [mem 0x100200000-0x107ffffff] failed due to", "failure to isolate range"]
    log = ["usb 1-1: a new device was found there"] * before + ["Offlined Pages 1", *broken, "a", "Offlined Pages 2"]
    assert [one.line for one in explain("\n".join(log))] == ["Offlined Pages 1", " ".join(broken), "Offlined Pages 2"]


@pytest.mark.parametrize(
    "line",
    [
        "Block size [0x8000000] unaligned hotplug range: start 0x0, size 0x" + "f" * 900,
        "memory memory" + "9" * 1900 + ": Offline failed",
        "memory offlining [mem 0x0-0x" + "f" * 17 + "] failed due to x",
    ],
)
def test_numbers_with_more_digits_than_the_kernel_has_are_no_line_of_it(line: str) -> None:
    assert explain(line, open_machine("small-guest")) == ()


def test_so_many_places_and_blocks_of_a_range_are_looked_at() -> None:
    machine = open_machine("small-guest")
    (wide,) = explain("memory offlining [mem 0x0-0xffffffffffffffff] failed due to x", machine)
    assert wide.here[0] == "of 137,438,953,472 blocks of that range, the first 8,192 are looked for"
    log = "\n".join(f"memory memory{number}: Offline failed" for number in (*range(1100), 3))
    found = explain(log, machine)
    assert found[1023].here == ("memory1023: not there on this machine",)
    assert found[1024].here == ("not looked at on the machine: lines before it name 1,024 other places",)
    assert found[-1].here == found[3].here
