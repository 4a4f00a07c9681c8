"""What if, on the command line: the alternatives of one add as a table, as JSON, or as a picture."""

from __future__ import annotations

import argparse
from functools import partial

import msgspec
from altmap.engine import (
    PLACEMENTS,
    Add,
    BadInput,
    Comparison,
    Machine,
    Varied,
    compare,
    format_bytes,
    parse_bytes,
    suggested_address,
    vary,
)
from altmap.engine.protocol.vocabulary import ONLINE_TYPES

from ..one_of import one_of
from .exits import FINE, REFUSED
from .growth import caller_asked
from .output import columns, say, write_document
from .pictures import check_place, put
from .progress import awaited
from .streams import machine_named
from .word_types import long


def alternatives(arguments: argparse.Namespace) -> int:
    """One add request, every placement, block size and model that was asked for, side by side; 1 if none of them fits."""
    if arguments.output is not None:
        check_place(arguments.output)
    machine = machine_named(arguments.machine, replay=arguments.replay)
    varied = _tried(machine, _request(machine, arguments), arguments)
    table = varied.comparison
    if arguments.output is not None:
        _draw(machine, varied, arguments)
        return FINE if table.fits else REFUSED
    if arguments.json:
        from .forms.comparison import comparison_document

        write_document(comparison_document(machine, varied))
    else:
        from ..comparison_table import comparison_text

        wide = columns(arguments.width)
        say(comparison_text(table, **({"width": wide} if wide else {}), models=varied.models), wide)
    return FINE if table.fits else REFUSED


def _request(machine: Machine, arguments: argparse.Namespace) -> Add:
    """What is to be added. Raises `BadInput`."""
    if not (size := parse_bytes(arguments.add)):
        raise BadInput("--add needs a size above 0, such as 64G")
    start = arguments.at if arguments.at is not None else suggested_address(machine, size)
    caller = caller_asked(arguments.caller)
    request = Add(start=start, size=arguments.add, node=arguments.node, caller=caller)
    if arguments.node not in machine.nodes:
        raise BadInput(f"there is no node {arguments.node}; nodes are {', '.join(map(str, sorted(machine.nodes)))}")
    return request


def _tried(machine: Machine, request: Add, arguments: argparse.Namespace) -> Varied:
    """All that was asked for, tried. Raises `BadInput`."""
    named = PLACEMENTS if arguments.placement is None else arguments.placement.split(",")
    wanted = {one_of(word, PLACEMENTS, "placement") for word in named}
    placements = [placement for placement in PLACEMENTS if placement in wanted]
    types = list(
        dict.fromkeys(one_of(long(word), ONLINE_TYPES, "way to go online") for word in arguments.online.split(","))
    )
    watched = partial(awaited, name="alternative")
    if arguments.vary is not None:
        if arguments.model or arguments.block_size or len(types) > 1:
            raise BadInput("--vary says what differs; name no --model, no --block-size and one --online with it")
        if len(placements) == 1:
            request = msgspec.structs.replace(request, placement=placements[0])
        return vary(machine, request, arguments.vary.replace("-", " "), types[0], watched=watched)
    table = compare(
        machine,
        request,
        placements=placements,
        block_sizes=arguments.block_size.split(",") if arguments.block_size else (),
        models=arguments.model.split(",") if arguments.model else (),
        online=types,
        watched=watched,
    )
    return Varied("", table, _names(table))


def _names(table: Comparison) -> tuple[str, ...]:
    """What alternatives are called: by all in which they differ."""
    parts = [
        (row.model, format_bytes(row.block_size), row.placement or "by itself", row.online_type)
        for row in table.alternatives
    ]
    differing = [at for at in range(4) if len({part[at] for part in parts}) > 1] or [2]
    return tuple(" ".join(part[at] for at in differing) for part in parts)


def _draw(machine: Machine, varied: Varied, wanted: argparse.Namespace) -> None:
    """The alternatives side by side, as SVG."""
    from ..picture.compared import Look, poster, question
    from ..picture.palette import DARK, LIGHT
    from ..picture.svg import svg

    palette = {"altmap-dark": DARK, "altmap-light": LIGHT}[wanted.theme]
    lines = poster(machine, varied, Look(wanted.size, palette))
    put(svg(lines, wanted.size[0], f"{question(varied)} in altmap"), wanted.output)
