"""What a capture proves besides its counters: where memory of the boot is reserved for good, which pages no one saw, and how
well the numbers of each zone are known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

import msgspec

from ..memory.section import Pages, Section, doubtful, put, union
from ..memory.state import Resource
from ..memory.zone import MOVABLE, Evidence
from ..numbers.bits import PageSet, span
from ..numbers.rounding import ceil
from ..protocol.vocabulary import RESERVED, UNMOVABLE_KINDS, Chunk, ZoneKey
from ..reading.observation import Observation
from .draft import Draft

_FOR_GOOD: Final = ("Kernel code", "Kernel rodata", "Kernel data", "Kernel bss", "Crash kernel")
"""Children of System RAM that the boot reserved and no one gives back: the kernel's image (without the part that only the
boot needed), and the memory of the kernel that is to run after a crash."""
_BY_THE_BOOT: Final = ("reserved", "Reserved")
"""Other children that the boot reserved. Where an architecture lists all that memblock had reserved, the initrd is among
them, whose pages were given back since, and no file says which it is: there they prove nothing of a page."""


def mark_reserved(draft: Draft) -> None:
    """Pages that /proc/iomem shows as reserved since the boot are so, unless the pages themselves were seen."""
    state = draft.state
    size = state.geometry.pages_per_section
    for pfn, count in _reserved(draft):
        for section in state.sections_of(pfn, count):
            low, high = max(pfn - section.nr * size, 0), min(pfn + count - section.nr * size, size)
            mask = span(low, high - low) & doubtful(section) & ~draft.covered.get(section.nr, 0)
            if mask:
                state.sections.load(
                    {section.nr: msgspec.structs.replace(section, pages=put(section.pages, mask, RESERVED))}
                )
                draft.reserved[section.nr] = draft.reserved.get(section.nr, 0) | mask
    named = [one for one in draft.seen.resources if one.depth and one.name in _FOR_GOOD and one.start < one.end]
    state.reserved.load({one.start: Resource(one.start, one.end, one.name) for one in named})
    if not draft.seen.zones:
        _never_managed(draft)


def _never_managed(draft: Draft) -> None:
    """Where no one counted the managed pages of the zones, those that are reserved are at least not among them."""
    state = draft.state
    for nr, mask in draft.reserved.items():
        for key, owned in state.sections[nr].zones:
            zone = state.zones[key]
            managed = max(0, zone.managed - (mask & owned).bit_count())
            state.zones.load({key: msgspec.structs.replace(zone, managed=managed, free=min(zone.free, managed))})


def reserved_by_boot(seen: Observation) -> list[int]:
    """Where in System RAM lies what only the boot can have reserved, as addresses, ascending."""
    names = (*_FOR_GOOD, *_BY_THE_BOOT)
    return sorted(resource.start for resource in seen.resources if resource.depth and resource.name in names)


def holds(addresses: list[int], start: int, end: int) -> bool:
    """Does one of some ascending addresses lie in a range?"""
    at = bisect_left(addresses, start)
    return at < len(addresses) and addresses[at] < end


def _reserved(draft: Draft) -> Iterator[Chunk]:
    """Ranges of pages that are reserved, whole or in part."""
    page = draft.state.geometry.page_size
    names = _FOR_GOOD if draft.state.preset.lists_memblock else (*_FOR_GOOD, *_BY_THE_BOOT)
    for resource in draft.seen.resources:
        if resource.depth and resource.name in names:
            first = resource.start // page
            yield first, ceil(resource.end, page) - first


def mark_unseen(draft: Draft) -> None:
    """Note of every online section the pages whose kind is a guess: those that no one saw, and in kernel zones those without
    any flag, unless these are so few that the CPUs' lists hold them all."""
    state = draft.state
    listed = _listed(draft)
    known = {*draft.covered, *draft.reserved, *draft.plain, *(draft.prior.sections if draft.prior is not None else ())}
    alike: dict[int, PageSet] = {}  # sections with the same pages share the set
    marked: dict[int, Section] = {}
    pages, doubted = Pages(), PageSet()
    for nr, section in state.sections.items():
        if not section.online:
            continue
        if section.pages is not pages:  # than those of the one before
            pages = section.pages
            if id(pages) not in alike:
                alike[id(pages)] = doubtful(section)
            doubted = alike[id(pages)]
        unseen = doubted
        if nr in known:
            left = unseen & ~draft.covered.get(nr, 0) & ~draft.reserved.get(nr, 0) & ~_still_reserved(draft, section)
            for key, owned in section.zones if nr in draft.plain else ():
                if key not in listed:
                    left |= draft.plain[nr] & owned
            if not draft.seen.zones:  # buffers of who reads pages, or the kernel's: the counters would tell
                left |= draft.compound.get(nr, 0)
            if left != unseen:
                unseen = PageSet(left)
        if unseen != section.unseen:
            marked[nr] = msgspec.structs.replace(section, unseen=unseen)
    state.sections.load(marked)


def _still_reserved(draft: Draft, section: Section) -> int:
    """Pages that an earlier capture of this machine showed as reserved: that is for good."""
    before = draft.prior.sections.get(section.nr) if draft.prior is not None and draft.prior.evidence else None
    return section.of(RESERVED) & before.of(RESERVED) & ~before.unseen if before is not None else 0


def _listed(draft: Draft) -> set[ZoneKey]:
    """Zones of which all pages without flags are on the CPUs' lists, or movable ones on their way."""
    state = draft.state
    plain = dict.fromkeys(state.zones, 0)
    for nr, mask in draft.plain.items():
        for key, owned in state.sections[nr].zones:
            plain[key] += (mask & owned).bit_count()
    counted = {(zone.node, zone.zone): zone.pcp for zone in draft.seen.zones}
    return {key for key, count in plain.items() if key[1] == MOVABLE or count <= counted.get(key, 0)}


def _plainly_free(draft: Draft, key: ZoneKey) -> int:
    """Pages of a zone that show no flag and were not taken for the kernel's."""
    state, count = draft.state, 0
    for nr, plain in draft.plain.items():
        section = state.sections[nr]
        owned = dict(section.zones).get(key, 0)
        count += (plain & owned & ~union(section.pages, UNMOVABLE_KINDS)).bit_count()
    return count


def _heads_at_most(draft: Draft, key: ZoneKey) -> int:
    """Pages of a zone that may be heads of memmap: where no file says which memory was added, or whether it carries its memmap,
    each block that nobody saw may have one, and they are present and not managed, as what the boot reserved."""
    state, seen = draft.state, draft.seen
    mode_known = "memmap_on_memory" in seen.parameters or seen.cmdline is not None
    if mode_known and (seen.resources or draft.mode == "N"):
        return 0
    zone = state.zones[key]
    if not state.model.parameter_modes or not state.model.heads_present or zone.managed >= zone.present:
        return 0
    per_block = state.geometry.sections_per_block
    unseen = {section.nr // per_block for section, _ in state.zone_sections(key) if section.unseen}
    may = [number for number in unseen if not state.blocks[number].head]
    may = [number for number in may if not (seen.resources and state.blocks[number].early)]
    return min(len(may) * state.geometry.memmap_pages_per_block, zone.present - zone.managed)


def _shared(draft: Draft) -> set[ZoneKey]:
    """Zones of which it is a guess which blocks are theirs: their spans meet, and no file says of a block there which one it is
    in."""
    state, found = draft.state, set[ZoneKey]()
    untold = [block.id for block in draft.seen.blocks if block.state != "offline" and not block.valid_zones]
    for number in untold if len(state.zones) > 1 else ():
        start, pages = state.block_range(number)
        around = [zone.key for zone in state.zones.values() if zone.start <= start and start + pages <= zone.end]
        found.update(around if len(around) > 1 else ())
    return found


def weigh_evidence(draft: Draft) -> None:
    """How well each zone's numbers are known. What balloons took is in the counters of /proc/vmstat; without these it may be
    anything. Pages without flags that were taken for the kernel's may be those of the CPUs' lists."""
    state, seen = draft.state, draft.seen
    zspages = {(zone.node, zone.zone): zone.counters.get("nr_zspages", 0) for zone in seen.zones}
    inflated = seen.vmstat.get("balloon_inflate", 0) - seen.vmstat.get("balloon_deflate", 0)
    wholly_seen = {
        key for key in state.zones
        if seen.pages and all(not section.estimated for section, _ in state.zone_sections(key))
    }  # fmt: skip
    shared = _shared(draft)
    for key, zone in state.zones.items():
        ballooned = max(0, inflated) if seen.vmstat else zone.present
        areas = f"{key[0]}/{key[1]}" in seen.buddyinfo or key in wholly_seen
        disguised = min(
            zone.present,
            ballooned + _heads_at_most(draft, key) + zspages.get(key, 0) + max(0, zone.pcp - _plainly_free(draft, key)),
        )
        state.evidence.load({key: Evidence(bool(seen.zones) and key not in shared, areas, disguised)})


def reclaimable(seen: Observation, page_size: int) -> int:
    """Pages at most that the kernel could take back from kernel zones: of files, of anonymous memory as far as there is swap, and
    of slab caches that shrink. Some of them it never gets, those in use and those not written back."""
    counters = [zone.counters for zone in seen.zones if zone.zone != MOVABLE]
    files, anonymous = (
        sum(one.get(f"nr_zone_{age}_{kind}", 0) for one in counters for age in ("active", "inactive"))
        for kind in ("file", "anon")
    )
    swap, slab = ((seen.meminfo.get(name, 0) << 10) // page_size for name in ("SwapFree", "SReclaimable"))
    return files + min(anonymous, swap) + slab
