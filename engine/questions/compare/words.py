"""A comparison in words: what there was before, a line of cells for each number, and what the table has no room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from ...commands import describe, extent
from ...numbers.units import about_bytes, format_bytes
from ...protocol.reasons import released
from ...protocol.reasons.released import Released
from ..narrate.reason import sentence
from ..narrate.words import block_names
from .comparison import Alternative, Comparison

Cell = Callable[[Alternative, Comparison], str]
_PLACES: Final = {"self": "on memory", "section": "in sections", "kernel": "kernel"}
_NOT_DONE: Final = "-"
_CHOSEN: Final = " *"


class Sheet(NamedTuple):
    """A comparison as people read it, before it is laid out. `title`: what is compared, and what there was before. `rows`: a name
    and the cells of all alternatives, one of which may have several lines; no rows where nothing fits. `below`: paragraphs of
    lines that stand below the table."""

    title: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    below: tuple[tuple[str, ...], ...]


def describe_comparison(comparison: Comparison, models: Sequence[str] = ()) -> Sheet:
    """A comparison as a `Sheet`: titles, rows of cells, and paragraphs below. If no alternative adds anything it has no
    rows, only the reasons. `models` is what to call the alternatives' kernel models where one stands for several, as the names
    that `vary` gives do."""
    page, before = comparison.page_size, comparison.before
    title = (
        f"{describe(comparison.request)}, then {' or '.join(dict.fromkeys(row.online_type for row in comparison.alternatives))}",
        f"before: MemTotal {about_bytes(before.total * page)}, MemFree {about_bytes(before.free * page)}"
        + "".join(f", {count:,} pages of {format_bytes(size)}" for size, count in before.huge.items())
        + f" on node {comparison.request.node}",
    )
    adds = any(row.blocks for row in comparison.alternatives)
    rows = [
        (name, tuple(cell(row, comparison) for row in comparison.alternatives)) for name, cell in _lines(comparison)
    ]
    if models:
        rows[0] = (rows[0][0], tuple(models))
    return Sheet(title, tuple(rows) if adds else (), tuple(tuple(lines) for lines in _below(comparison, adds) if lines))


def _below(comparison: Comparison, adds: bool) -> Iterator[list[str]]:
    yield [*_legend(comparison)] if adds else ["None of these fits."]
    notes: dict[str, list[str]] = {}
    for row in comparison.alternatives:
        for note in _notes(row, comparison):
            notes.setdefault(note, []).append(
                f"{row.model} {format_bytes(row.block_size)} {row.placement or 'by model'}"
            )
    yield [f"{', '.join(names)}: {note}" for note, names in notes.items()]
    if any(row.ok and row.blocks and not row.assured for row in comparison.alternatives):
        yield ["In a kernel zone a block can be removed only until the kernel has put a page into it."]
    if comparison.plan.result == "ok" or comparison.fits:
        yield [_plan(comparison, comparison.page_size)]


def _lines(comparison: Comparison) -> list[tuple[str, Cell]]:
    sizes = list(comparison.before.huge)
    return [
        ("model", lambda row, c: row.model),
        ("block size", lambda row, c: format_bytes(row.block_size)),
        ("placement", lambda row, c: (row.placement or "by model") + _CHOSEN * row.chosen),
        *([("online as", _online_type)] if len({row.online_type for row in comparison.alternatives}) > 1 else []),
        ("needs", lambda row, c: _short(row.needs)),
        ("fits", lambda row, c: "yes" if row.ok else row.result),
        ("missing", lambda row, c: _bytes(row.missing, c) if row.missing else _NOT_DONE),
        ("blocks", _done(lambda row, c: f"{row.blocks:,}")),
        ("memmap", _done(lambda row, c: _bytes(row.memmap_pages, c))),
        ("  where", _done(_where)),
        ("  off node", _done(lambda row, c: _bytes(row.off_node, c))),
        ("  waste", _done(lambda row, c: _bytes(row.waste, c))),
        ("page tables", _done(lambda row, c: _bytes(row.tables, c))),
        ("kernel objects", _done(lambda row, c: _bytes(row.objects, c))),
        ("taken by the add", _done(lambda row, c: _bytes(sum(row.taken.values()), c))),
        ("MemTotal added", _done(lambda row, c: _bytes(row.added.total, c))),
        ("MemFree added", _done(lambda row, c: _bytes(row.added.free, c))),
        ("MemTotal online", _done(lambda row, c: _bytes(row.online.total, c))),
        ("MemFree online", _done(lambda row, c: _bytes(row.online.free, c))),
        *((f"{format_bytes(size)} pages on node", _done(_huge(size))) for size in sizes),
        ("longest free run", _done(lambda row, c: _bytes(row.largest_run, c))),
        ("zones", _done(lambda row, c: ", ".join(f"{zone} {count:,}" for zone, count in row.zones.items()))),
        ("removable alone", _done(lambda row, c: f"{row.removable_blocks:,} of {row.blocks:,}")),
        ("  kernel pages later", _done(lambda row, c: "never" if row.assured else "possible")),
    ]


def _online_type(row: Alternative, comparison: Comparison) -> str:
    return row.online_type


def _done(cell: Cell) -> Cell:
    """Nothing where the add was refused."""
    return lambda row, c: cell(row, c) if row.blocks else _NOT_DONE


def _bytes(pages: int, comparison: Comparison) -> str:
    return about_bytes(pages * comparison.page_size)


def _huge(size: int) -> Cell:
    return lambda row, c: f"{row.online.huge.get(size, 0):,}"


def _where(row: Alternative, comparison: Comparison) -> str:
    return ", ".join(f"{_PLACES[share.on]} n{share.node}" for share in row.memmap)


def _short(needs: Released) -> str:
    """What a real machine needs, in the few letters of a cell."""
    match needs:
        case released.AsItIs():
            return "as it is"
        case released.OnlyProposed("RFC v2"):
            return "RFC v2 only"
        case released.OnlyProposed(proposed):
            return proposed
        case released.NeverAsked():
            return "no release"
        case released.AtBoot(mode):
            return f"={mode} at boot"
        case released.NoValueDoes():
            return "no value"
        case released.OwnFile():
            return "its own file"
        case released.SinceRelease(release):
            return f"from {release} on"
        case released.EveryRelease():
            return "any release"
        case released.OtherKernel(model):
            return f"Linux {model}"
        case released.OtherBlocks():
            return "other blocks"


def _legend(comparison: Comparison) -> Iterator[str]:
    """What the short words of the table stand for."""
    if any(row.chosen for row in comparison.alternatives):
        yield "*: what the kernel model does by itself"
    for needs in dict.fromkeys(row.needs for row in comparison.alternatives):
        if not isinstance(needs, released.AsItIs):
            yield f"{_short(needs)}: {sentence(needs)}"


def _notes(row: Alternative, comparison: Comparison) -> list[str]:
    """What the table has no room for."""
    missing = f"; {_bytes(row.missing, comparison)} are missing" if row.missing else ""
    onlining = "onlining: " if row.blocks else ""
    refusal = f"{row.result}, {onlining}{sentence(row.reason)}{missing}{_nearest(row, comparison)}"
    notes = [] if row.ok else [refusal]
    for stuck in row.stuck[:4]:
        blocks = block_names(range(stuck.first, stuck.last + 1))
        notes.append(f"{blocks} cannot be removed alone: {stuck.result}, {sentence(stuck.reason)}")
    if len(row.stuck) > 4:
        notes.append(f"{len(row.stuck) - 4:,} more ranges of blocks cannot be removed alone")
    return notes


def _nearest(row: Alternative, comparison: Comparison) -> str:
    """The sizes in whole blocks next to one that is not."""
    _, size = extent(comparison.request)
    low = size - size % row.block_size
    if low == size:
        return ""
    sizes = [format_bytes(whole) for whole in (low, low + row.block_size) if whole]
    return f"; in whole blocks of {format_bytes(row.block_size)} it would be {' or '.join(sizes)}"


def _plan(comparison: Comparison, page: int) -> str:
    plan = comparison.plan
    if plan.result != "ok":
        said = any((row.result, row.reason) == (plan.result, plan.reason) for row in comparison.alternatives)
        return f"online_policy=auto-movable: {plan.result}, {'as above' if said else sentence(plan.reason)}"
    movable, kernel = about_bytes(plan.movable_pages * page), about_bytes(plan.kernel_pages * page)
    return (
        f"online_policy=auto-movable, ratio {plan.ratio} %: {movable} would go movable ({plan.movable_blocks:,} blocks), "
        f"{kernel} to a kernel zone ({plan.kernel_blocks:,} blocks); the largest device that goes movable here now has "
        f"{about_bytes(plan.largest_pages * page)}\n  {sentence(plan.reason)}"
    )
