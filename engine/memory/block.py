"""Memory blocks: the sysfs devices ``memoryN`` that are onlined and offlined as a whole."""

from __future__ import annotations

import msgspec

from ..protocol.vocabulary import BlockState, Caller, OnlineType, Placement, ZoneKey


class Block(msgspec.Struct, frozen=True, gc=False):
    """One memory block (struct memory_block).

    `zone` is None while offline, and for a boot block whose pages lie in several zones or nodes ("none" in valid_zones).
    `head` is the number of its own first pages that hold its memmap and stay out of the range that is onlined
    (nr_vmemmap_pages; 0 under RFC v2, which onlines the whole block and steps over such pages one by one).
    `online_type` is the one that a write to its `state` left behind when it was refused because the block was online
    already: the next online that names none takes it (mem->online_type).
    `nodes` are the nodes that it is linked to, `group` its memory group, `request` the start (pfn) of the add request
    that made it, None for boot memory and for blocks of a captured machine. `stuck`: its kernel, one before 5.7, said in
    its file `removable` that a page in it cannot be moved; which one, it did not say.
    """

    id: int
    state: BlockState
    nodes: tuple[int, ...] = (0,)
    zone: ZoneKey | None = None
    head: int = 0
    early: bool = False
    group: int | None = None
    request: int | None = None
    hwpoison: bool = False
    online_type: OnlineType | None = None
    stuck: bool = False

    @property
    def node(self) -> int:
        """The node that it belongs to; of several, the lowest."""
        return self.nodes[0]


class Group(msgspec.Struct, frozen=True, gc=False):
    """A memory group: one memory device. Static (a DIMM, `max_pages`) or dynamic (virtio-mem, `unit_pages`).
    Present pages include memmap heads."""

    id: int
    node: int
    max_pages: int = 0
    unit_pages: int = 0
    present_kernel: int = 0
    present_movable: int = 0
    blocks: int = 0

    @property
    def dynamic(self) -> bool:
        """Does the device add and remove units by itself?"""
        return self.unit_pages > 0


class Request(msgspec.Struct, frozen=True, gc=False):
    """One finished add request: range in pfns, who asked, where the memmap went, and the pages of existing memory that
    its page tables and kernel objects took (freed when it is removed). `device`: the first pfn of the virtio-mem device
    that it belongs to."""

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


class VirtioMemDevice(msgspec.Struct, frozen=True, gc=False):
    """A virtio-mem device that waits until more of its memory is online; bytes."""

    requested_size: int
    device_block_size: int
