"""What /proc/kpageflags is sure to show of a page (stable_page_flags, fs/proc/page.c), as far as its kind tells it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..memory.state import State
from ..protocol.vocabulary import (
    ABSENT,
    ASSUMED,
    FREE,
    HUGE,
    KERNEL,
    MEMMAP,
    MOVABLE,
    PAGE_OFFLINE,
    PAGETABLE,
    PCP,
    PINNED,
    POISONED,
    RESERVED,
    SLAB,
    VMEMMAP,
    Kind,
)

_OF_KIND: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        FREE: ("buddy",),
        PCP: (),
        MOVABLE: ("lru",),  # as a rule: a page that was just handed out may wait for it
        PINNED: ("lru",),
        SLAB: ("slab",),
        PAGETABLE: ("pgtable",),
        KERNEL: (),
        VMEMMAP: (),
        RESERVED: ("reserved",),
        POISONED: ("hwpoison",),
        PAGE_OFFLINE: ("offline",),
        ABSENT: ("reserved",),  # a hole beside memory has struct pages too (init_unavailable_range)
    }
)
"""The flags of a kind, as <linux/kernel-page-flags.h> calls them without KPF_, in small letters."""


def page_flags(state: State, pfn: int) -> tuple[str, ...] | None:
    """The flags that a page of this kind has in /proc/kpageflags whatever it is used for; a running kernel shows more of a
    page in use (uptodate, active and the like). None where the kind itself is a guess."""
    geometry = state.geometry
    nr, at = divmod(pfn, geometry.pages_per_section)
    section = state.sections.get(nr)
    if section is None or not section.online:
        return ("nopage",) if state.model.nopage_shown else ()
    kind = next((kind for kind, have in section.pages.items() if have >> at & 1), None)
    if kind is None or kind == ASSUMED:
        return None
    if kind == MEMMAP:
        return state.model.head_flags
    if kind == HUGE:
        return ("compound_head" if pfn in state.hugepages else "compound_tail", "huge")
    return _OF_KIND[kind]
