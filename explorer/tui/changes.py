"""What an operation changed: which pages, and where pages of each use came to be. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from altmap.engine import Machine, Section

from ..picture.palette import WORDS

_USES: Final = ("movable", "pinned", "huge", "slab", "kernel", "pagetable", "vmemmap", "memmap", "poisoned", "offline")
"""Uses of which it is told where they came to be, the most frequent first."""
_NAMES: Final = {"vmemmap": "memmap"}
"""What pages of a use are called where the word of the legend does not go before "pages"."""


class Changes(msgspec.Struct, frozen=True):
    """The pages of each section that are not what they were, as a set; by use and block how many pages came to it, and by
    use how many are gone from where they were."""

    pages: dict[int, int]
    gained: dict[str, dict[int, int]]
    lost: dict[str, int]


def changes(before: Mapping[int, Section], machine: Machine) -> Changes:
    """What differs from the sections as they were `before`."""
    geometry = machine.geometry
    full = (1 << geometry.pages_per_section) - 1
    pages: dict[int, int] = {}
    gained: dict[str, dict[int, int]] = {}
    lost: dict[str, int] = {}
    now = machine.sections
    known: dict[tuple[int, int, bool], _Difference] = {}  # many sections share the very same sets of pages
    for nr in {nr for nr, section in now.items() if before.get(nr) is not section} | (before.keys() - now.keys()):
        old, new = before.get(nr), now.get(nr)
        if old is None or new is None:
            pages[nr] = full
            continue
        alike = (id(old.pages), id(new.pages), new.online)
        if alike not in known:
            known[alike] = _difference(old, new)
        found = known[alike]
        if old.online != new.online or old.zones != new.zones:
            pages[nr] = full
        elif found.pages:
            pages[nr] = found.pages
        for kind, went in found.lost.items():
            lost[kind] = lost.get(kind, 0) + went
        for kind, came in found.gained.items():
            block = nr // geometry.sections_per_block
            gained.setdefault(kind, {})[block] = gained.get(kind, {}).get(block, 0) + came
    return Changes(pages, gained, lost)


class _Difference(msgspec.Struct, frozen=True):
    """What differs between the pages of a section then and now: which, and by use how many came and went."""

    pages: int
    gained: dict[str, int]
    lost: dict[str, int]


def _difference(old: Section, new: Section) -> _Difference:
    mask = 0
    for kind in old.pages.keys() | new.pages.keys():
        mask |= old.of(kind) ^ new.of(kind)
    # A page that was free and still is may have gone to a CPU's list and back: that is no other use.
    mask &= ~((old.of("free") | old.of("pcp")) & (new.of("free") | new.of("pcp")))
    lost = {kind: (old.of(kind) & ~(new.of(kind) if new.online else 0)).bit_count() for kind in _USES}
    gained = {kind: (new.of(kind) & ~old.of(kind)).bit_count() if new.online else 0 for kind in _USES}
    return _Difference(mask, {kind: n for kind, n in gained.items() if n}, {kind: n for kind, n in lost.items() if n})


def where_words(found: Changes, machine: Machine) -> str:
    """Where pages came to be, the use with most first: "1,673 movable pages moved to memory36 (1,200), memory37 (473)"."""
    said = []
    for kind, blocks in sorted(found.gained.items(), key=lambda item: -sum(item[1].values()))[:2]:
        total = sum(blocks.values())
        moved = found.lost.get(kind, 0) >= total
        word, into = ("moved to", "to") if moved else ("new in", "in")
        zones = {block.zone[1] for nr in blocks if (block := machine.blocks.get(nr)) is not None and block.zone}
        zone = f" of {' and '.join(sorted(zones))}" if zones else ""
        most = sorted(blocks, key=lambda nr: (-blocks[nr], nr))
        if len(most) <= 3:
            where = ", ".join(f"memory{nr}{f' ({blocks[nr]:,})' if len(most) > 1 else ''}" for nr in most) + zone
        else:
            where = f"{len(most):,} blocks{zone}, most {into} memory{most[0]} ({blocks[most[0]]:,})"
        said.append(f"{total:,} {_NAMES.get(kind, WORDS[kind])} page{'s' * (total != 1)} {word} {where}")
    return "; ".join(said)
