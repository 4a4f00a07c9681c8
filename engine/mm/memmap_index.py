"""Whose struct pages lie in a section, without a walk over all sections.

The index repeats nothing that the sections do not say; it watches them, and takes in what has changed before it is asked.
It lives as long as its state.
"""

from __future__ import annotations

from ..memory.derived import Derived
from ..memory.section import Memmap, Section
from ..memory.state import State


class MemmapIndex:
    """By section, the sections whose memmap, or whose page tables of memmap, lie in it."""

    def __init__(self, state: State) -> None:
        self._size = state.geometry.pages_per_section
        self._memmaps: dict[int, Memmap] = {}
        self._owners: dict[int, set[int]] = {}
        self._changed = state.sections.watch()
        self._changed.update(state.sections)

    def owners(self, state: State, start: int, pages: int) -> list[Section]:
        """The sections of which struct pages, or page tables of memmap, lie in the sections of a range of pfns,
        ascending."""
        found: set[int] = set()
        hosts = range(start // self._size, (start + pages - 1) // self._size + 1)
        for nr in hosts if len(hosts) < len(self._owners) else filter(hosts.__contains__, self._owners):
            found |= self._owners.get(nr, set())
        return [state.sections[nr] for nr in sorted(found)]

    def update(self, state: State) -> None:
        """Take in what has changed since the last time."""
        for nr in self._changed:
            section = state.sections.get(nr)
            memmap = section.memmap if section is not None else None
            known = self._memmaps.get(nr)
            if memmap is known:
                continue
            for host in self._hosts(known):
                self._owners[host].discard(nr)
            for host in self._hosts(memmap):
                self._owners.setdefault(host, set()).add(nr)
            if memmap is None:
                self._memmaps.pop(nr, None)
            else:
                self._memmaps[nr] = memmap
        self._changed.clear()

    def _hosts(self, memmap: Memmap | None) -> set[int]:
        places = (*memmap.chunks, *memmap.tables) if memmap is not None else ()
        return {
            nr
            for pfn, count in places
            for nr in range(pfn // self._size, (pfn + count - 1) // self._size + 1)
        }  # fmt: skip


_indexes = Derived(MemmapIndex)


def memmap_owners(state: State, start: int, pages: int) -> list[Section]:
    """The sections of which struct pages, or page tables of memmap, lie in the sections of a range of pfns, ascending."""
    index = _indexes.of(state)
    index.update(state)
    return index.owners(state, start, pages)
