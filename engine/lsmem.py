"""lsmem for any machine: a real one, a captured tree, or one that the engine has changed.

The same options, columns, merging and text as util-linux's current main. What a tree says is read by lsmem's own rules,
which are laxer than those of `snapshot.observe`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from .errors import BadInput
from .lsmem_columns import (
    COLUMNS,
    DEFAULT,
    MEMCONFIG,
    Column,
    MemoryRange,
    Unit,
    human_size,
    json,
    merged,
    named,
    pairs,
    raw,
    table,
)
from .lsmem_options import UsageError, parse, separate, usage
from .machine import Machine
from .report import block_report
from .snapshot.tree import FolderTree, Tree, open_tree

__all__ = ["Memory", "human_size", "lsmem", "of_machine", "of_tree", "separate"]

MEMORY: Final = "sys/devices/system/memory"
MEMCONFIG_FOLDER: Final = "sys/firmware/memory"
PARAMETER: Final = "sys/module/memory_hotplug/parameters/memmap_on_memory"
_STATES: Final = {"online": "online", "offline": "offline", "going-offline": "on->off"}
_ZONES: Final = {
    name.lower(): name for name in ("DMA", "DMA32", "Normal", "Highmem", "Movable", "Device", "None", "Unknown")
}
_MODES: Final = {"Y": "yes", "N": "no", "force": "force"}
_MAX_ZONES: Final = 8


class Memory(NamedTuple):
    """All that lsmem knows of a machine: bytes of a memory block, the blocks by number, whether /sys/firmware/memory
    exists, and memory_hotplug.memmap_on_memory in lsmem's words (None: there is no such parameter)."""

    block_size: int
    blocks: list[MemoryRange]
    memconfig: bool = False
    parameter: str | None = None


def lsmem(
    arguments: Sequence[str], machine: Machine | None = None, environment: Mapping[str, str] = os.environ
) -> tuple[int, str]:
    """Run lsmem; the exit code, and the text for standard output, or for standard error if the code is not 0.

    `--sysroot` goes before `machine`; with neither it is the machine that this runs on. `environment` may hold
    LSMEM_COLUMNS, a list of columns for when no option names any.
    """
    try:
        return 0, _run(arguments, machine, environment)
    except UsageError as error:
        return 1, f"lsmem: {error}\nTry 'lsmem --help' for more information.\n"
    except BadInput as error:
        return 1, f"lsmem: {error}\n"


def _run(arguments: Sequence[str], machine: Machine | None, environment: Mapping[str, str]) -> str:
    given: dict[str, str | None] = {}
    usual: Sequence[Column] = DEFAULT
    listed = environment.get("LSMEM_COLUMNS")
    with_table = with_summary = True
    for name, value in parse(arguments):
        given[name] = value
        if name == "help":
            return usage([(column.name, column.meaning) for column in COLUMNS])
        if name == "output":
            listed = value
        elif name == "output-all":
            usual, listed = COLUMNS, listed if "output" in given else None
        elif name in ("json", "pairs", "raw"):
            with_summary = False
        elif name == "summary" and value in (None, "only"):
            with_table = False
        elif name == "summary" and value in ("never", "always"):
            with_summary = value == "always"
        elif name == "summary":
            raise BadInput("unsupported --summary argument")
    if not with_table and not with_summary:
        raise BadInput("options --{raw,json,pairs} and --summary=only are mutually exclusive")
    columns = list(usual) if listed is None else named(listed, usual)
    split = columns
    if (criteria := given.get("split")) is not None:
        split = [] if criteria.lower() == "none" else named(criteria)
    memory = _memory(given.get("sysroot"), machine)
    unit = Unit(memory.block_size, "bytes" in given)
    text = _listing(memory, columns, None if "all" in given else split, unit, given) if with_table else ""
    if with_table and with_summary:
        text += "\n"
    return text + _summary(memory, unit) if with_summary else text


def _memory(sysroot: str | None, machine: Machine | None) -> Memory:
    if sysroot is None and machine is not None:
        memory = of_machine(machine)
    else:
        with open_tree(sysroot or "/") as tree:
            memory = of_tree(tree)
    if not memory.blocks:
        raise BadInput(f"Failed to read /{MEMORY}: it has no memory blocks")
    return memory


def _listing(
    memory: Memory, columns: Sequence[Column], split: Sequence[Column] | None, unit: Unit, given: Mapping[str, str | None]
) -> str:
    ranges = memory.blocks if split is None else merged(memory.blocks, split)
    shown = [column for column in columns if memory.memconfig or column not in MEMCONFIG]
    rows = [[column.text(blocks, unit) for column in shown] for blocks in ranges]
    if "json" in given:
        return json(shown, rows, unit.bytes)
    if "pairs" in given:
        return pairs(shown, rows)
    return (raw if "raw" in given else table)(shown, rows, "noheadings" not in given)


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


# -- where it comes from ------------------------------------------------------------------------------------------------


def of_machine(machine: Machine) -> Memory:
    """What the sysfs of a machine would tell lsmem. Kernels write "removable" for every block."""
    state = machine.state
    blocks = []
    for number in sorted(state.blocks):
        seen = block_report(state, number)
        zones = _zones(seen.valid_zones)
        blocks.append(MemoryRange(number, 1, _STATES.get(seen.state, "?"), True, seen.nodes[0], zones))
    built = state.model.parameter_modes and state.model.name in state.preset.memmap_on_memory
    mode = state.settings.get("memmap_on_memory", "N") if built else ""
    return Memory(state.geometry.block_size, blocks, parameter=_MODES.get(mode))


def of_tree(tree: Tree) -> Memory:
    """What lsmem reads in a tree. Raises `BadInput` with lsmem's words where it has no memory blocks."""
    files = tree.names(MEMORY)
    if not files:
        raise BadInput(f"cannot open /{MEMORY}: No such file or directory")
    if "block_size_bytes" not in files:
        raise BadInput("This system does not support memory blocks")
    block_size = re.match(r"\s*(?:0[xX])?([0-9a-fA-F]+)", tree.read_text(f"{MEMORY}/block_size_bytes") or "")
    if block_size is None:
        raise BadInput("failed to read memory block size")
    mode = re.match("Y|N|force", tree.read_text(PARAMETER) or "")
    memconfig = "memory0" in tree.names(MEMCONFIG_FOLDER)
    return Memory(
        int(block_size[1], 16),
        _configured_blocks(tree) if memconfig else _blocks(tree, _numbered(tree, MEMORY), "?"),
        memconfig,
        _MODES[mode[0]] if mode else None,
    )


def _configured_blocks(tree: Tree) -> list[MemoryRange]:
    """The blocks that firmware could configure. Of one that is not configured nothing else is read."""
    numbers = _numbered(tree, MEMCONFIG_FOLDER)
    names = list(numbers)
    configured = [_is_one(raw) for raw in tree.read_each(MEMCONFIG_FOLDER, names, "config")]
    own = [_is_one(raw) for raw in tree.read_each(MEMCONFIG_FOLDER, names, "memmap_on_memory")]
    there = {name: numbers[name] for name, wanted in zip(names, configured, strict=True) if wanted}
    read = {block.index: block for block in _blocks(tree, there, "offline")}
    node = None if all(block.node is None for block in read.values()) else 0
    blocks = []
    for name, wanted, memmap in zip(names, configured, own, strict=True):
        index = numbers[name]
        seen = read.get(index) if wanted else None
        state, removable, zones = (seen.state, seen.removable, seen.zones) if seen else ("offline", False, ())
        blocks.append(MemoryRange(index, 1, state, removable, seen.node if seen else node, zones, wanted, memmap))
    return blocks


def _blocks(tree: Tree, numbers: Mapping[str, int], unknown: str) -> list[MemoryRange]:
    """The blocks with these folders; `unknown` is the state of one whose file is missing or strange."""
    names = list(numbers)
    states = [_STATES.get(_line(raw), unknown) for raw in tree.read_each(MEMORY, names, "state")]
    removable = [_is_one(raw) for raw in tree.read_each(MEMORY, names, "removable")]
    zones = [_zones(_line(raw)) for raw in tree.read_each(MEMORY, names, "valid_zones")]
    nodes: list[int | None] = [*_nodes(tree, names)]
    if all(node == -1 for node in nodes):
        nodes = [None] * len(names)
    return [
        MemoryRange(numbers[name], 1, *attributes)
        for name, *attributes in zip(names, states, removable, nodes, zones, strict=True)
    ]


def _nodes(tree: Tree, names: Sequence[str]) -> list[int]:
    """The first node that each folder lists, -1 for none. A tar keeps no order of its own: there it is the lowest."""
    listings = tree.names_each(MEMORY, names)
    found = [[int(entry[4:]) for entry in entries if re.fullmatch("node[0-9]+", entry)] for entries in listings]
    first = next if isinstance(tree, FolderTree) else min
    return [first(iter(nodes)) if nodes else -1 for nodes in found]


def _numbered(tree: Tree, folder: str) -> dict[str, int]:
    """The folders ``memoryN`` and their numbers, ascending."""
    found = {name: int(name[6:]) for name in tree.folders(folder) if re.fullmatch("memory[0-9]+", name)}
    return dict(sorted(found.items(), key=lambda entry: entry[1]))


def _line(raw: bytes | None) -> str:
    """A file's text without its line end; like lsmem's, it ends at a zero byte."""
    return (raw or b"").partition(b"\0")[0].decode("utf-8", "replace").removesuffix("\n")


def _is_one(raw: bytes | None) -> bool:
    number = re.match(r"\s*[+-]?\d+", _line(raw))
    return number is not None and int(number[0]) == 1


def _zones(text: str) -> tuple[str, ...]:
    return tuple(_ZONES.get(word.lower(), "Unknown") for word in text.split(" ") if word)[:_MAX_ZONES]
