"""A line that names many blocks which are not there is refused before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from altmap.engine import BadInput, Command, Machine, Offline, Online, block_names

_MOST_ABSENT: Final = 64
"""Blocks that one line may name though they are not there: each is then refused by the kernel."""


def refuse_absent(machine: Machine, commands: Sequence[Command]) -> None:
    """Raises `BadInput` where one line names more blocks that are not there than anybody would read the refusals of."""
    named = [command.block for command in commands if isinstance(command, Online | Offline)]
    absent = [block for block in named if block not in machine.blocks]
    if len(absent) > _MOST_ABSENT:
        there = block_names(machine.blocks)
        raise BadInput(
            f"{len(absent):,} of the {len(named):,} blocks from memory{min(named)} to memory{max(named)} are not there; "
            + (
                f"the machine has {there if len(there) < 200 else f'{len(machine.blocks):,} others'}"
                if there
                else "it has none"
            )
        )
