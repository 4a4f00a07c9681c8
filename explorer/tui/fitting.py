"""What the add dialog says about what an add would make, and whether it fits. Pure."""

from __future__ import annotations

from altmap.engine import (
    Line,
    Machine,
    Shortage,
    Verdict,
    about_bytes,
    format_address,
    format_bytes,
    running,
    sentence,
    suggested_address,
)

from .words import block_names


def suggestion(machine: Machine, size: int) -> str:
    """An address for new memory, as the dialog shows it."""
    return format_address(suggested_address(machine, size))


def add_preview(machine: Machine, start: int, size: int) -> str:
    """What an add would make: blocks, and how big their memmap is."""
    geometry = machine.geometry
    unit = geometry.block_size
    if not size or start % unit or size % unit:
        return f"The kernel adds whole memory blocks of {format_bytes(unit)}: it would answer EINVAL."
    names = block_names(range(start // unit, (start + size) // unit))
    pages = geometry.memmap_pages(size // geometry.page_size)
    return f"{names}; memmap {format_bytes(pages * geometry.page_size)} = {pages:,} pages"


def _answered(answer: str, *more: Line) -> tuple[Line, ...]:
    return running(answer, "answer", 0), *more


def _plain(words: str) -> Line:
    return running(words, indent=0)


def shortage_words(machine: Machine, budget: Shortage, said: str) -> tuple[Line, ...]:
    """Kernel memory that an add lacks which makes what is `said`."""
    short = about_bytes(budget.missing * machine.geometry.page_size)
    nodes = f"node{'s' if len(budget.nodes) > 1 else ''} {', '.join(map(str, budget.nodes))}"
    takes = (
        f"It takes {budget.needed:,} pages ({budget.memmap:,} of memmap, {budget.tables:,} of page tables and objects); "
        f"the kernel zones of {nodes} have {budget.available:,} to spare."
    )
    return _answered(f"It does not fit: {short} of kernel memory are missing", _plain(said), _plain(takes))


def fit_words(verdict: Verdict, said: str) -> tuple[Line, ...]:
    """Whether an add fits that makes what is `said`, and what to mind before it is done."""
    effects = [_plain(sentence(effect)) for effect in verdict.effects]
    if not verdict.rehearsed:
        return _answered(f"Refused with {verdict.result}: {sentence(verdict.reason)}", _plain(said))
    if verdict.unknown:
        unknown = [_plain(sentence(one)) for one in verdict.unknown]
        return _answered(f"Whether it fits is not known: {said}", *unknown, *effects)
    warnings = [running(f"warning: {sentence(warning)}", "warning", 0) for warning in verdict.warnings]
    return _answered(f"It fits: {said}", *warnings, *effects)
