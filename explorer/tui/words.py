"""What the explorer says about a machine and its blocks, in a few words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import PurePath

from altmap.engine import Command, Machine, Offline, Online, about_bytes, describe
from altmap.engine import block_names as engine_names

from .. import facts


def block_name(block: int) -> str:
    """As sysfs calls it."""
    return f"memory{block}"


def block_names(blocks: Iterable[int]) -> str:
    """``memory32-39, memory48``: runs in short, and no more of them than a line has room for."""
    return engine_names(blocks, 3)


def numbers(blocks: Iterable[int]) -> str:
    """``32-39, 48``: the same without their names, as a line of a script has them."""
    found = facts.runs(blocks)
    rest = sum(count for _, count in found[3:])
    parts = [f"{first}" if count == 1 else f"{first}-{first + count - 1}" for first, count in found[:3]]
    return ", ".join(parts) + (f" and {rest:,} more" if rest else "")


def commands_label(commands: Sequence[Command]) -> str:
    """Commands as one line: those that do the same to block after block with runs of their numbers, ``offline 10-23, 64``."""
    parts: list[str] = []
    for word, those in groupby(commands, _of_blocks):
        if word:
            parts.append(f"{word} {numbers(one.block for one in those if isinstance(one, Online | Offline))}")
        else:
            parts += map(describe, those)
    return "; ".join(parts)


def _of_blocks(command: Command) -> str:
    """What is done to a block; "" for what is done to anything else."""
    return command.type if isinstance(command, Online) else "offline" if isinstance(command, Offline) else ""


def machine_name(machine: Machine) -> str:
    """The machine's name; of a folder or file its last part alone."""
    return PurePath(machine.origin.name).name or "this machine"


def size_of(machine: Machine, blocks: int) -> str:
    """The size of so many blocks."""
    return about_bytes(blocks * machine.geometry.block_size)


def file_name(machine: Machine) -> str:
    """The machine's name as that of a file, without its suffix: short, and of letters, digits and dashes alone."""
    return re.sub(r"[^\w-]+", "-", machine_name(machine).partition(".")[0])[:64].strip("-") or "machine"


def zones_of(machine: Machine, block: int) -> str:
    """valid_zones explained: where the block is, or where it may go and what plain `online` would choose."""
    zones = machine.valid_zones(block).split()
    if machine.blocks[block].state == "offline":
        return f"{zones[0]} by default" + "".join(f", or {zone}" for zone in zones[1:])
    return "none: it can never go offline" if zones == ["none"] else zones[0]


def memmap_place(machine: Machine, block: int) -> str:
    """Where the memmap of a block lies."""
    place = facts.memmap_of(machine, block)
    start = machine.geometry.block_start(block)
    if place.on == "none":
        return "none: there are no struct pages"
    if place.on == "mixed":
        return f"in several places, {block_names(place.hosts)} among them"
    if not place.chunks:
        return "in kernel memory, taken at boot or unseen by the capture"
    if place.on == "self" and place.hosts == (block,):
        first, count = place.chunks[0]
        return f"in the block itself, pages {first - start}-{first - start + count - 1}"
    return {
        "self": f"in {block_names(place.hosts)}, at the head of its own add request",
        "section": f"in {block_names(place.hosts)}, a low section of the node",
        "kernel": f"in kernel memory, in {block_names(place.hosts)}",
    }[place.on]


def memmap_short(machine: Machine, block: int) -> str:
    """The same in a few words."""
    place = facts.memmap_of(machine, block)
    if place.on in ("none", "mixed"):
        return "none" if place.on == "none" else "in several places"
    if place.on == "kernel" or not place.chunks:
        return "in kernel memory"
    return "in the block itself" if place.hosts == (block,) else f"in {block_names(place.hosts)}"
