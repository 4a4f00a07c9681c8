"""What becomes of an alternative that was picked: done on this machine, or on one that is booted otherwise. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from altmap.engine import MODELS, Command, Machine, Online, format_bytes, parse_bytes
from altmap.engine.protocol.reasons import released
from altmap.engine.protocol.reasons.released import Released
from altmap.engine.questions.compare import Comparison, Row

from . import words


class Picked(NamedTuple):
    """An alternative to be done: the label, its commands, what another boot must be given first (nothing: it is done here),
    and that in a sentence."""

    label: str
    commands: tuple[Command, ...]
    boot: Mapping[str, str]
    said: str


def picked(machine: Machine, comparison: Comparison, row: Row) -> Picked:
    """What doing an alternative takes."""
    boot: dict[str, str] = {}
    for one in (row.needs, *row.boots):
        boot |= _options(one, row, machine)
    demanded = isinstance(row.needs, released.NeverAsked) or row.needs == released.OnlyProposed("RFC option b")
    placement = row.placement if demanded else None
    if comparison.request.placement is not None and row.placement == comparison.request.placement:
        placement = row.placement
    add = msgspec.structs.replace(comparison.request, placement=placement)
    start, size = (parse_bytes(text) for text in (add.start, add.size))
    blocks = range(start // row.block_size, (start + size) // row.block_size)
    online = tuple(Online(block=number, type=row.online_type) for number in blocks)
    label = f"add {format_bytes(size)}, {row.online_type} {words.numbers(blocks)}"
    if boot:
        said = "a boot of this machine with " + ", ".join(f"{key}={text}" for key, text in boot.items())
        return Picked(label, (add, *online), boot, f"in another kernel: {said}, and the add there")
    if demanded:
        return Picked(label, (add, *online), boot, "on this machine, though no released kernel does it")
    return Picked(label, (add, *online), boot, "on this machine, as it is")


def _options(needs: Released, row: Row, machine: Machine) -> dict[str, str]:
    """What a boot has to be given."""
    newest = [*MODELS][-1]
    match needs:
        case released.OnlyProposed("RFC v2"):
            return {"model": row.model if row.model.startswith("rfc") else "rfc-v2"}
        case released.AtBoot(mode):
            return {"memmap_on_memory": mode}
        case released.SinceRelease():
            return {"model": newest, "memmap_on_memory": "Y"}
        case released.EveryRelease():
            return {"model": newest, "memmap_on_memory": "N"}
        case released.OtherKernel(model):
            return {"model": model}
        case released.OtherBlocks(size):
            return {"block_size": format_bytes(size)}
    return {}
