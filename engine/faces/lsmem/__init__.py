"""lsmem for any machine: a real one, a captured tree, or one that the engine has changed.

Options, columns, merging, formats and messages are those of util-linux's main branch on the way to 2.42.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from ...machine import Machine
from ...numbers.errors import BadInput
from ...reading.open_tree import open_tree
from .blocks import MEMORY, Memory, of_machine, of_tree
from .columns import COLUMNS, DEFAULT, MEMCONFIG, Column, Unit, json, merged, named, pairs, raw, table
from .options import Given, UsageError, parse, split_lsmem, usage

__all__ = ["lsmem", "split_lsmem"]


def lsmem(
    arguments: Sequence[str], machine: Machine | None = None, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run lsmem with these options on a machine, and return its exit code and the text that it prints: to standard output if
    the code is 0, else to standard error.

    ``--sysroot`` among the options goes before `machine`; with neither it is the machine that this runs on. `environment`
    (None: that of this process) may hold LSMEM_COLUMNS, the columns for when no option names any.
    """
    try:
        given = parse(arguments)
        if given.help:
            return 0, usage([(column.name, column.meaning) for column in COLUMNS])
        return 0, _run(given, machine, os.environ if environment is None else environment)
    except UsageError as error:
        return 1, f"lsmem: {error}\nTry 'lsmem --help' for more information.\n"
    except BadInput as error:
        return 1, f"lsmem: {error}\n"


def _run(given: Given, machine: Machine | None, environment: Mapping[str, str]) -> str:
    columns = _columns(given, environment)
    split = columns if given.split is None else [] if given.split.lower() == "none" else named(given.split)
    memory = _memory(given, machine)
    unit = Unit(memory.block_size, given.bytes)
    parts = []
    if given.table:
        shown = [column for column in columns if memory.memconfig or column not in MEMCONFIG]
        ranges = memory.blocks if given.all else merged(memory.blocks, split)
        rows = [[column.text(blocks, unit) for column in shown] for blocks in ranges]
        parts.append(_formatted(given, shown, rows))
    if given.summary:
        parts.append(_summary(memory, unit))
    return "\n".join(parts)


def _columns(given: Given, environment: Mapping[str, str]) -> Sequence[Column]:
    usual = COLUMNS if given.output_all else DEFAULT
    listed = given.output
    if listed is None and not given.output_all:
        listed = environment.get("LSMEM_COLUMNS")
    return usual if listed is None else named(listed, usual)


def _memory(given: Given, machine: Machine | None) -> Memory:
    if given.sysroot is None and machine is not None:
        memory = of_machine(machine)
    else:
        with open_tree(given.sysroot or "/") as tree:
            memory = of_tree(tree)
    if not memory.blocks:
        raise BadInput(f"Failed to read /{MEMORY}: it has no memory blocks")
    return memory


def _formatted(given: Given, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    if not columns:
        return ""
    if given.format == "json":
        return json(columns, rows, given.bytes)
    if given.format == "pairs":
        return pairs(columns, rows)
    return (raw if given.format == "raw" else table)(columns, rows, not given.noheadings)


def _summary(memory: Memory, unit: Unit) -> str:
    online = sum(block.state == "online" for block in memory.blocks)
    lines = [
        ("Memory block size:", unit.size(memory.block_size)),
        ("Total online memory:", unit.size(online * memory.block_size)),
        ("Total offline memory:", unit.size((len(memory.blocks) - online) * memory.block_size)),
    ]
    if memory.parameter is not None:
        lines.append(("Memmap on memory parameter:", memory.parameter))
    width = 15 if unit.bytes else 5
    return "".join(f"{label:<32} {value:>{width}}\n" for label, value in lines)
