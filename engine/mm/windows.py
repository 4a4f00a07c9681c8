"""Windows of the vmemmap on POWER: one huge page maps the memmap of many sections (radix__vmemmap_populate, vmemmap_populate of
arch/powerpc/mm). Who comes first takes it for all, boot memory among them; who comes later takes nothing; the last gives it back.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..memory.section import Memmap, Section
from ..memory.state import State
from ..protocol.vocabulary import VMEMMAP, Chunk
from . import page_alloc


def window_pages(state: State) -> int:
    """Pages of a window; 0 where there are none."""
    kind, geometry = state.preset.windows, state.geometry
    return geometry.pmd_pages if kind == "always" or (kind == "huge" and geometry.huge_vmemmap) else 0


def window_of(state: State, nr: int) -> range:
    """The numbers of the sections in the window of section `nr`."""
    size = window_pages(state) * state.geometry.page_size // state.geometry.memmap_bytes_per_section
    return range(nr // size * size, (nr // size + 1) * size)


def mates(state: State, nr: int) -> list[Section]:
    """The other sections in the window of section `nr` that are there; the first that a look finds to share it is enough."""
    found: list[Section] = []
    window = window_of(state, nr)
    for other in (nr - 1, *window):
        section = state.sections.get(other) if other != nr and other in window else None
        if section is not None:
            found.append(section)
            if shared(state, section):
                break
    return found


def shared(state: State, section: Section) -> int:
    """Pages of the window that a section's memmap lies in, with that of others; 0 where it is mapped by itself."""
    pages, memmap = window_pages(state), section.memmap
    if not pages or memmap is None or memmap.on != "kernel":
        return 0
    return pages if section.early or not memmap.chunks or memmap.pages >= pages else 0


def part_of(state: State, nr: int, chunks: tuple[Chunk, ...]) -> Memmap:
    """The memmap of section `nr` in a window of these pages, or, if there are none, of unknown place."""
    if not chunks:
        return Memmap("kernel")
    size = state.geometry.memmap_bytes_per_section
    return Memmap("kernel", chunks[0][0] + (nr - window_of(state, nr).start) * size // state.geometry.page_size, chunks)


def give_back(state: State, section: Section) -> int:
    """A section of a window goes: the last one gives it back. Returns how many pages that were."""
    if mates(state, section.nr) or section.early or section.memmap is None:
        return 0
    return page_alloc.free_pages(state, section.memmap.chunks, (VMEMMAP,)) if section.memmap.chunks else 0


def still_mapped(state: State) -> Iterator[int]:
    """Sections that are gone, or were never there, and whose part of the vmemmap is mapped, as others share the window."""
    done: set[int] = set()
    for nr in state.section_numbers() if window_pages(state) else ():
        window = window_of(state, nr)
        if window.start not in done and shared(state, state.sections[nr]):
            done.add(window.start)
            yield from (other for other in window if other not in state.sections)
