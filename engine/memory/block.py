"""Memory blocks: the sysfs devices ``memoryN`` that are onlined and offlined as a whole."""

from __future__ import annotations

import msgspec

from ..protocol.vocabulary import BlockState, Caller, OnlineType, Placement, ZoneKey


class Block(msgspec.Struct, frozen=True, gc=False):
    """One memory block, the sysfs device ``memoryN`` (struct memory_block).

    `id`           its number N
    `state`        "online", "offline" or, in the middle of it, "going-offline"
    `nodes`        the NUMA nodes that its pages belong to
    `zone`         node and name of its zone; None while it is offline, and for boot memory whose pages lie in several zones
    `head`         pages at its start that hold its own memmap (nr_vmemmap_pages); 0 in RFC v2, whose heads lie in a request
    `early`        it is boot memory
    `group`        its memory group, None if it has none
    `hwpoison`     a page of it has a hardware error
    `online_type`  the type that a write to its file `state` left behind when it was online already; the next online that
                   names none takes it (mem->online_type); else None
    `stuck`        its file `removable` said that some page in it cannot be moved (kernels before 5.6)
    `linked`       it is offline, and its struct pages still name this zone, which reaches over it (before 5.5)
    `undated`      `early` is a guess: no file of the capture tells whether it was there at boot, and that matters here
    """

    id: int
    state: BlockState
    nodes: tuple[int, ...] = (0,)
    zone: ZoneKey | None = None
    head: int = 0
    early: bool = False
    group: int | None = None
    hwpoison: bool = False
    online_type: OnlineType | None = None
    stuck: bool = False
    linked: ZoneKey | None = None
    undated: bool = False

    @property
    def node(self) -> int:
        """The node that it belongs to; if it has pages of several, the lowest of them."""
        return self.nodes[0]


class Group(msgspec.Struct, frozen=True, gc=False):
    """A memory group (struct memory_group): the blocks of one memory device, whose present pages are counted together.

    `id`               its number
    `node`             its NUMA node
    `max_pages`        pages of a device that is plugged as a whole, such as a DIMM; else 0
    `unit_pages`       pages of the units that a device such as virtio-mem plugs and unplugs; else 0
    `present_kernel`   its online pages in kernel zones, with those of memmap heads
    `present_movable`  its online pages in ZONE_MOVABLE, likewise
    `blocks`           how many memory blocks it has
    """

    id: int
    node: int
    max_pages: int = 0
    unit_pages: int = 0
    present_kernel: int = 0
    present_movable: int = 0
    blocks: int = 0

    @property
    def dynamic(self) -> bool:
        """Does the device plug and unplug units by itself?"""
        return self.unit_pages > 0


class Request(msgspec.Struct, frozen=True, gc=False):
    """An add request that succeeded and was not removed yet, or what is left of one. The memory blocks in its range came with it.

    `start`      first pfn
    `pages`      number of pages
    `node`       its NUMA node
    `caller`     which driver added it
    `placement`  where its memmap went
    `tables`     pages of other memory that its page tables and kernel objects took: first pfn and number of each run
    `device`     first pfn of the virtio-mem device that it belongs to; None for any other memory
    """

    start: int
    pages: int
    node: int
    caller: Caller
    placement: Placement
    tables: tuple[tuple[int, int], ...] = ()
    device: int | None = None


class AcpiDevice(msgspec.Struct, frozen=True, gc=False):
    """A memory device that the ACPI driver took for working though its memory was refused with EEXIST; bytes."""

    length: int


class DaxDevice(msgspec.Struct, frozen=True, gc=False):
    """A DAX device whose memory kmem gave to the system, or has taken back since: pages, node, whether it is CXL's, and its
    state as a place in `DAX_STATES`, or past them where its blocks were onlined one by one."""

    pages: int = 0
    node: int = 0
    cxl: int = 0
    state: int = 0


class VirtioMemDevice(msgspec.Struct, frozen=True, gc=False):
    """A virtio-mem device that waits until more of its memory is online; bytes."""

    requested_size: int
    device_block_size: int
