"""The words of the protocol: what pages, pageblocks, blocks, zones, callers and workloads are called, and how they are typed."""

from __future__ import annotations

from typing import Final, Literal, get_args

Kind = Literal[
    "free",
    "pcp",
    "memmap",
    "movable",
    "pinned",
    "kernel",
    "slab",
    "pagetable",
    "vmemmap",
    "reserved",
    "huge",
    "poisoned",
    "offline",
    "absent",
    "assumed",
]
FREE: Final = "free"  # on a buddy free list
PCP: Final = "pcp"  # free, on a CPU's list: neither in buddyinfo nor in use
MEMMAP: Final = "memmap"  # head page: struct pages of hot-added memory in that memory itself, kept out of the buddy
MOVABLE: Final = "movable"  # LRU page, or one with a movable driver: can be migrated
PINNED: Final = "pinned"  # looks movable, but someone holds an extra reference: its migration fails
KERNEL: Final = "kernel"  # allocated by the kernel, cannot be moved
SLAB: Final = "slab"
PAGETABLE: Final = "pagetable"
VMEMMAP: Final = "vmemmap"  # ordinary kernel pages that hold the struct pages of other sections
RESERVED: Final = "reserved"  # PG_reserved since boot
HUGE: Final = "huge"  # belongs to a hugetlb page
POISONED: Final = "poisoned"  # hardware error, taken out of use
PAGE_OFFLINE: Final = "offline"  # PageOffline: online section, but the page is withheld (virtio-mem, balloon)
ABSENT: Final = "absent"  # a hole: no memory there
ASSUMED: Final = "assumed"  # kernel or reserved page whose number is measured and whose place is a guess

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""What a page can be used for: the values of `Kind`, each explained here above."""

UNMOVABLE_KINDS: Final[tuple[Kind, ...]] = (RESERVED, SLAB, PAGETABLE, VMEMMAP, KERNEL)
"""Kinds that no offline of a kernel zone gets past (has_unmovable_pages)."""

BUDDY_KINDS: Final[tuple[Kind, ...]] = (FREE, PCP, MOVABLE, PINNED, HUGE, SLAB, PAGETABLE)
"""Kinds that a page has only where the buddy holds it or gave it away, so that its zone manages it."""

Freeable = Literal["slab", "kernel", "pagetable", "assumed"]
"""Kinds that whoever uses them can give back; no command of ours can."""
FREEABLE: Final[tuple[Freeable, ...]] = get_args(Freeable)

Migratetype = Literal["Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate"]
UNMOVABLE: Final = "Unmovable"
MOVABLE_TYPE: Final = "Movable"
RECLAIMABLE: Final = "Reclaimable"
ISOLATE: Final = "Isolate"

ZoneKey = tuple[int, str]
"""A zone: node and name, such as ``(0, "Normal")``."""

Chunk = tuple[int, int]
"""Consecutive pages: first pfn, number of pages."""

HANGS: Final = "HANGS"
"""The result of a command that never ends: the kernel gives no answer, and no signal reaches it."""

Runs = tuple[tuple[int, int], ...]
"""Memory blocks as runs of consecutive numbers: the first and the last of each."""

Certainty = Literal["yes", "no", "not known"]
"""How sure an answer is. *yes*: nothing that was seen or is known is in the way, and all that matters was seen. *no*: it is
proven, by a page that was seen, by a rule, or by numbers alone. *not known*: it hangs on pages that no one saw.

References that someone holds to a page (a long-term pin of RDMA or VFIO) show in no file of any kernel: no answer of a
captured machine knows of them."""

BlockState = Literal["online", "going-offline", "offline"]

OnlineType = Literal["online", "online_kernel", "online_movable"]
ONLINE_TYPES: Final[tuple[OnlineType, ...]] = ("online", "online_kernel", "online_movable")

AutoOnline = Literal["offline", "online", "online_kernel", "online_movable"]
"""What happens to a block that is added: the words of auto_online_blocks."""
AUTO_ONLINE: Final[tuple[AutoOnline, ...]] = get_args(AutoOnline)
"""What auto_online_blocks can be: the values of `AutoOnline`."""

Mode = Literal["N", "Y", "force"]
"""The parameter memmap_on_memory as it reads."""

OnlinePolicy = Literal["contig-zones", "auto-movable"]
"""Who chooses the zone of a block that is onlined without one: the words of online_policy."""

Placement = Literal["boot", "range", "block", "sections"]
"""Where the memmap of an add request goes: existing kernel memory; one pool at the start of the request (RFC v2); the
head of each block (upstream); low sections of the same node that host others' memmaps (the RFC's option b)."""

NotifierAction = Literal[
    "MEM_PREPARE_ONLINE",
    "MEM_GOING_ONLINE",
    "MEM_CANCEL_ONLINE",
    "MEM_ONLINE",
    "MEM_GOING_OFFLINE",
    "MEM_CANCEL_OFFLINE",
    "MEM_OFFLINE",
    "MEM_FINISH_OFFLINE",
    "NODE_ADDING_FIRST_MEMORY",
    "NODE_ADDED_FIRST_MEMORY",
    "NODE_CANCEL_ADDING_FIRST_MEMORY",
    "NODE_REMOVING_LAST_MEMORY",
    "NODE_REMOVED_LAST_MEMORY",
    "NODE_CANCEL_REMOVING_LAST_MEMORY",
]
"""What the subscribers of a notifier chain are told (include/linux/memory.h and, since 6.17, include/linux/node.h, whose chain
is told of a node's first and last memory in place of the memory notifiers)."""

MemmapOn = Literal["self", "section", "kernel"]
"""Where the memmap of a section lies: in its own add request or block, in another section (the RFC's option b), or in
ordinary kernel memory."""

Caller = Literal["acpi", "balloon", "probe", "dlpar", "sclp", "virtio-mem", "dax", "cxl", "hmm", "pmem"]
"""Who adds the memory: each driver asks for a memmap on memory or does not. *acpi*: memory devices of the firmware, which
are the DIMMs of QEMU and VMware; *balloon*: Hyper-V and Xen; *dlpar*: POWER partitions; *sclp*: standby memory of s390;
*dax* and *cxl*: dax/kmem, of any device and of CXL regions."""
CALLER_NAMES: Final[dict[str, Caller]] = {
    "dimm": "acpi", "pc-dimm": "acpi", "acpi-dimm": "acpi", "qemu": "acpi", "libvirt": "acpi", "virsh": "acpi",
    "vmware": "acpi", "esxi": "acpi", "vsphere": "acpi",
    "hyperv": "balloon", "hyper-v": "balloon", "hv-balloon": "balloon", "xen": "balloon", "xen-balloon": "balloon",
    "virtiomem": "virtio-mem", "virtio-mem-pci": "virtio-mem", "firecracker": "virtio-mem", "kubevirt": "virtio-mem",
    "kmem": "dax", "daxctl": "dax", "dax-kmem": "dax", "device-dax": "dax", "hmem": "dax", "cxl-region": "cxl",
    "nvdimm": "pmem", "ndctl": "pmem", "nd-pmem": "pmem",
    "power": "dlpar", "s390": "sclp", "drmgr": "dlpar", "pseries": "dlpar", "powervm": "dlpar", "lpar": "dlpar", "chmem": "sclp",
}  # fmt: skip
"""Other names of callers, as people say them."""


def caller_named(word: str) -> str:
    """The caller that people call so, whatever they join its parts by, in capitals or not; other words as they are."""
    plain = word.lower().replace("_", "-")
    return plain if plain in CALLERS else CALLER_NAMES.get(plain, word)


What = Literal["movable", "unmovable", "reclaimable", "pagetable", "huge"]
"""What a workload takes."""

Pattern = Literal["sequential", "checkerboard", "random"]
"""Which pages of a zone a workload takes: the lowest, every second one, or a random share."""

PLACEMENTS: Final[tuple[Placement, ...]] = get_args(Placement)
"""Where a memmap can be placed: the values of `Placement`."""
CALLERS: Final[tuple[Caller, ...]] = get_args(Caller)
"""Who can add memory: the values of `Caller`."""
DAX_CALLERS: Final[tuple[Caller, ...]] = ("dax", "cxl")
"""Those by which kmem gives the memory of a DAX device to the system."""
DAX_STATES: Final = ("unplugged", "online", "online_kernel", "online_movable")
"""What the file state of a DAX device takes."""
DEVICE_CALLERS: Final[tuple[Caller, ...]] = ("hmm", "pmem")
"""Those whose memory is a device's: sections without blocks, which the buddy never has (devm_memremap_pages)."""
