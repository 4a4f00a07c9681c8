"""`VmemAltmap`: hand out the memmap's pages from a range of pfns instead of from the system (struct vmem_altmap).

A bump allocator with the same arithmetic in the RFC, 6.1 and 6.12 (vmem_altmap_alloc): there is no list of free
pages, and giving back only lowers a counter.
"""

from __future__ import annotations

from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import AltmapInvalid


class VmemAltmap:
    """The pool of one add request or one block. All fields are numbers of pages but `base_pfn`.

    `reserve` pages at its start belong to the driver and are never handed out, `free` pages may be, `align` were lost to
    alignment and `alloc` handed out (RFC v2: since the last flush).
    """

    __slots__ = ("align", "alloc", "base_pfn", "free", "reserve")

    def __init__(self, base_pfn: int, free: int, reserve: int = 0, align: int = 0) -> None:
        self.base_pfn = base_pfn
        self.reserve = reserve
        self.free = free
        self.align = align
        self.alloc = 0

    def __repr__(self) -> str:
        return (
            f"VmemAltmap(base_pfn={self.base_pfn:#x}, reserve={self.reserve}, free={self.free}, "
            f"align={self.align}, alloc={self.alloc})"
        )

    @property
    def offset(self) -> int:
        """Pages at the start of the range that have no usable struct page (vmem_altmap_offset)."""
        return self.reserve + self.free

    def check(self, start: int, pages: int) -> None:
        """The sanity check of __add_pages for a request of `pages` from pfn `start`.

        Raises `HotplugError` EINVAL "invalid altmap"; otherwise the pool counts from zero.
        """
        if self.base_pfn != start or self.offset > pages:
            raise HotplugError("EINVAL", AltmapInvalid(self.base_pfn, self.offset, start, pages), self.base_pfn)
        self.alloc = 0

    def take(self, pages: int) -> int | None:
        """The pfn of `pages` pages, aligned to the lowest set bit of their number; None when the pool is exhausted
        (vmem_altmap_alloc; the request fails with ENOMEM)."""
        at = self.base_pfn + self.reserve + self.alloc + self.align
        unit = pages & -pages
        pad = -at % unit
        if pages + pad > max(0, self.free - (self.alloc + self.align)):
            return None
        self.alloc += pages
        self.align += pad
        return at + pad

    def flush(self) -> tuple[int, int]:
        """RFC v2, after each section: the pages handed out since the last flush, as (pfn, pages), to be marked.

        The base moves behind them ("rewind base"), so that the next flush does not mark them again; `free` stays, so the
        pool's end moves along.
        """
        first, pages = self.base_pfn + self.reserve, self.alloc
        self.base_pfn += pages + self.reserve
        self.alloc = 0
        return first, pages
