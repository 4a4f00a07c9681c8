"""What becomes of an alternative that was picked: done on this machine, or on one that is booted otherwise. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from altmap.engine import Add, Command, Comparison, Machine, doing, format_bytes, parse_bytes

from . import words


class Picked(NamedTuple):
    """An alternative to be done: the label, its commands, what another boot must be given first (nothing: it is done here),
    and that in a sentence."""

    label: str
    commands: tuple[Command, ...]
    boot: Mapping[str, str]
    said: str


def picked(comparison: Comparison, number: int) -> Picked:
    """What doing the alternative of a number takes, in words."""
    plan = doing(comparison, number)
    blocks = [online.block for online in plan.online]
    label = f"add {format_bytes(parse_bytes(plan.add.size))}, {plan.online[0].type} {words.numbers(blocks)}"
    if plan.boot:
        options = ", ".join(f"{key}={text}" for key, text in plan.boot.items())
        said = f"in another kernel: a boot of this machine with {options}, and the add there"
    elif plan.unreleased:
        said = "on this machine, though no released kernel does it"
    else:
        said = "on this machine, as it is"
    return Picked(label, plan.commands, plan.boot, said)


def add_label(add: Add) -> str:
    """What an add is called in the plan."""
    start, size = (format_bytes(parse_bytes(text)) for text in (add.start, add.size))
    return f"add {size} at {start}"


def lost(before: Machine, after: Machine) -> list[str]:
    """What a boot leaves behind of hot-added memory, in sentences."""
    there = {nr for nr, block in after.blocks.items() if block.state == "online"}
    gone = [
        nr for nr, block in before.blocks.items() if block.state == "online" and not block.early and nr not in there
    ]
    if not gone:
        return []
    return [
        f"{words.block_names(gone)} would not be online any more; what programs, pins and huge pages hold there is gone"
    ]
