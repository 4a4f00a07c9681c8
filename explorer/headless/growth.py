"""`altmap grow`: how far a machine can grow, as a small plot."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from altmap.engine import BadInput, Growth, GrowthPoint, about_bytes, format_bytes, grow, sentence
from altmap.engine.protocol.vocabulary import CALLER_NAMES, CALLERS, Caller, caller_named
from rich.table import Table
from rich.text import Text

from .console import Printer
from .exits import FINE
from .output import PLAIN_WIDTH, columns, write_document
from .progress import awaited
from .streams import machine_named

_ROWS: Final = 16
"""Points of a plot at most, beside those where something happens."""
_BAR: Final = 24
"""Columns of the longest bar; `_BESIDE`: of all that stands beside it."""
_BESIDE: Final = 54


def growth(arguments: argparse.Namespace) -> int:
    """How far can a machine grow, and where does it get dangerous before? 0, as this is a question about a bound."""
    machine = machine_named(arguments.machine, arguments.model, replay=arguments.replay, devices=arguments.devices)
    found = grow(
        machine,
        arguments.step,
        online=arguments.online,
        caller=caller_asked(arguments.caller),
        node=arguments.node,
        limit=arguments.to,
        watched=lambda steps: iter(awaited(steps, "step")),
    )
    if arguments.json:
        from .forms.growth import growth_document

        write_document(growth_document(machine, found))
    else:
        printer = Printer(arguments.color, arguments.width)
        printer(Text(_title(found), "bold"), _plot(found, columns(arguments.width)))
        printer.lines(*map(Text, _words(found)), hang=2)
    return FINE


def caller_asked(word: str) -> Caller:
    """The caller of that name. Raises `BadInput` for another word."""
    found = next((caller for caller in CALLERS if caller == caller_named(word)), None)
    if found is None:
        raise BadInput(f"{word!r} is no caller; it is one of {', '.join((*CALLERS, *CALLER_NAMES))}")
    return found


def _title(found: Growth) -> str:
    return (
        f"Growing from {found.start:#x} on in steps of {format_bytes(found.step)}, caller {found.caller}, "
        f"node {found.node}, auto_online_blocks={found.online}"
    )


def _plot(found: Growth, width: int | None) -> Table:
    """A line for some of the points, and for all where something happens: the longer the bar, the more kernel memory is
    left; `ratio` is that of movable to kernel memory."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("added", "kernel left", "", "ratio", "memmap", ""):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    longest = max(0, min(_BAR, (width or PLAIN_WIDTH) - _BESIDE))
    most = max(point.left for point in found.points)
    marks = {danger.added: "← danger" for danger in found.dangers}
    for point in _shown(found, {*marks}):
        bar = "█" * round(longest * point.left / most) if most else ""
        dangerous = any(danger.added <= point.added for danger in found.dangers)
        style = "yellow" if dangerous else "green"
        cells = (about_bytes(point.left), Text(bar, style), _ratio(point), about_bytes(point.memmap))
        table.add_row(about_bytes(point.added), *cells, Text(marks.get(point.added, ""), "yellow"))
    if found.result != "ok":
        table.add_row(about_bytes(found.added + found.step), "", "", "", "", Text(f"← {found.result}", "red"))
    return table


def _shown(found: Growth, marked: set[int]) -> Iterator[GrowthPoint]:
    every = max(1, -(-(len(found.points) - 1) // _ROWS))
    for at, point in enumerate(found.points):
        if at % every == 0 or at == len(found.points) - 1 or point.added in marked:
            yield point


def _ratio(point: GrowthPoint) -> str:
    if point.ratio is None:
        return "∞"
    return f"{point.ratio:.1f}:1" if point.ratio < 100 else f"{point.ratio:.0f}:1"


def _words(found: Growth) -> Iterator[str]:
    yield ""
    for danger in found.dangers:
        yield f"{_from(danger.added)}: {sentence(danger.fact)}"
    yield from map(sentence, found.assumed)
    yield _end(found)
    for doubt in found.unknown:
        which = f"{_from(doubt.added)} this" if doubt.added else "all of this"
        yield f"{which} is not known: {sentence(doubt.reason)}"


def _from(added: int) -> str:
    return f"from {about_bytes(added)} more on" if added else "already now"


def _end(found: Growth) -> str:
    if found.result == "ok":
        return f"no refusal up to {format_bytes(found.limit)} more; --to looks further"
    more = f" ({about_bytes(found.partial)} of the next step are plugged)" if found.partial else ""
    fit = f"{about_bytes(found.added)} more fit in steps of {about_bytes(found.step)}{more}"
    return f"{fit}; the next step is refused with {found.result}: {sentence(found.reason)}"
