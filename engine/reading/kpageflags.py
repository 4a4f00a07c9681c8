"""What a page is, from its word in /proc/kpageflags (stable_page_flags, fs/proc/page.c)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..protocol.vocabulary import FREE, HUGE, KERNEL, MOVABLE, PAGE_OFFLINE, PAGETABLE, POISONED, RESERVED, SLAB, Kind
from .observation import PageRun

KPF_LRU: Final = 1 << 5
KPF_SLAB: Final = 1 << 7
KPF_BUDDY: Final = 1 << 10
KPF_MMAP: Final = 1 << 11
KPF_ANON: Final = 1 << 12
KPF_SWAPBACKED: Final = 1 << 14
KPF_COMPOUND_HEAD: Final = 1 << 15
KPF_COMPOUND_TAIL: Final = 1 << 16
KPF_HUGE: Final = 1 << 17
KPF_HWPOISON: Final = 1 << 19
KPF_NOPAGE: Final = 1 << 20
KPF_OFFLINE: Final = 1 << 23
KPF_PGTABLE: Final = 1 << 26
KPF_RESERVED: Final = 1 << 32
KPF_OWNER_PRIVATE: Final = 1 << 37

_RULES: Final[tuple[tuple[int, Kind], ...]] = (
    (KPF_HWPOISON, POISONED),
    (KPF_SLAB, SLAB),
    (KPF_PGTABLE, PAGETABLE),
    (KPF_OFFLINE, PAGE_OFFLINE),
    (KPF_BUDDY, FREE),
    (KPF_HUGE, HUGE),
    (KPF_RESERVED, RESERVED),
    (KPF_LRU | KPF_MMAP | KPF_ANON | KPF_SWAPBACKED, MOVABLE),
)
"""The first flag that is set decides. Slab before the rest, because slab pages can show flags of a shared word."""


def kind_of(flags: int) -> Kind | None:
    """The kind of a page by its flags; None for a page without any, which is a kernel page or one on a CPU's list.

    Memmap heads look like other pages (`OWNER_PRIVATE`, with `RESERVED` up to 6.1); `head_pages` tells them by place.
    """
    if not flags & (KPF_COMPOUND_HEAD | KPF_COMPOUND_TAIL):
        flags &= ~KPF_HUGE  # 6.12 leaves it on single pages of huge pages that are no more
    if not flags:
        return None
    for bits, kind in _RULES:
        if flags & bits:
            return kind
    return KERNEL


def is_order_0_slab(flags: int) -> bool:
    """Is it a slab page that is no part of a larger one?"""
    return kind_of(flags) == SLAB and not flags & (KPF_COMPOUND_HEAD | KPF_COMPOUND_TAIL)


def is_bare_compound(flags: int) -> bool:
    """Does it belong to a larger page of which nothing else is said? Large kernel allocations look so, among them the buffers
    of whoever reads the file."""
    return bool(flags) and not flags & ~(KPF_COMPOUND_HEAD | KPF_COMPOUND_TAIL)


def is_counted(flags: int) -> bool:
    """Does the page's word in /proc/kpagecount tell more than its flags? Of huge pages which are mapped, and that memmap heads
    are not."""
    return bool(flags & KPF_HUGE) or may_be_head(flags)


def may_be_head(flags: int) -> bool:
    """Are these the flags of a memmap head? OWNER_PRIVATE, and up to 6.1 RESERVED."""
    return flags & ~(KPF_HWPOISON | KPF_RESERVED) == KPF_OWNER_PRIVATE


def head_pages(runs: Sequence[PageRun], start: int, most: int) -> int:
    """How many pages from pfn `start` on are memmap heads, at most `most`: OWNER_PRIVATE and neither on the LRU nor in
    the buddy nor slab, nor mapped. `runs` are those of the block, ascending."""
    at = start
    for run in runs:
        if run.pfn + run.count <= at:
            continue
        if run.pfn > at or at >= start + most:
            break
        if run.mapcount or not may_be_head(run.flags):
            break
        at = run.pfn + run.count
    return min(at - start, most)
