"""What a request to add memory holds."""

from __future__ import annotations

import msgspec

from ..protocol.vocabulary import Caller, Placement


class AddRequest(msgspec.Struct, frozen=True):
    """What is added: bytes, node, who asks, and, where the person chose, where the memmap goes.

    `reserve`, `free` and `align` (pages) are those of the altmap that a pmem driver brings along, as its namespace has them;
    without `free` it has as many as the memmap needs. Others have none. virtio-mem adds to a memory `group` that exists, with the
    first `plugged` pages in use and the others withheld; `device` is the first pfn of its region.
    """

    start: int
    size: int
    node: int
    caller: Caller = "acpi"
    placement: Placement | None = None
    fallback: bool | None = None
    reserve: int = 0
    align: int = 0
    free: int | None = None
    plugged: int | None = None
    group: int | None = None
    device: int | None = None
