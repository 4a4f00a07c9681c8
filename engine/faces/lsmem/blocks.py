"""Where lsmem's blocks come from: a machine of the engine, or a tree, read by lsmem's own rules.

These are laxer than those of `reading.observe`: what is odd is shown as odd, and only a tree without memory blocks is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from ...hotplug.without import without_hotplug
from ...machine import Machine
from ...memory.state import state_of
from ...numbers.errors import BadInput
from ...reading.folder_tree import FolderTree
from ...reading.tree import Tree
from ...sysfs.block_files import of_block
from ...sysfs.report import block_report
from .columns import MemoryRange

MEMORY: Final = "sys/devices/system/memory"
_MEMCONFIG: Final = "sys/firmware/memory"
_PARAMETER: Final = "sys/module/memory_hotplug/parameters/memmap_on_memory"
_STATES: Final = {"online": "online", "offline": "offline", "going-offline": "on->off"}
_ZONES: Final = {
    name.lower(): name for name in ("DMA", "DMA32", "Normal", "Highmem", "Movable", "Device", "None", "Unknown")
}
_MODES: Final = {"Y": "yes", "N": "no", "force": "force"}
_MAX_ZONES: Final = 8
_NO_BLOCKS: Final = "This system does not support memory blocks"


class Memory(NamedTuple):
    """All that lsmem knows of a machine: bytes of a memory block, the blocks by number, whether /sys/firmware/memory
    exists, and memory_hotplug.memmap_on_memory in lsmem's words (None: there is no such parameter)."""

    block_size: int
    blocks: list[MemoryRange]
    memconfig: bool = False
    parameter: str | None = None


def of_machine(machine: Machine) -> Memory:
    """What the sysfs of a machine would tell lsmem. Raises `BadInput` where its kernel has no memory hotplug."""
    state = state_of(machine)
    if without_hotplug(state) is not None:
        raise BadInput(_NO_BLOCKS)
    blocks = []
    for number in sorted(state.blocks):
        seen = block_report(state, number)
        zones = _zones(seen.valid_zones)
        removable = of_block(state, number, "removable") == "1"
        blocks.append(MemoryRange(number, 1, _STATES[seen.state], removable, seen.nodes[0], zones))
    mode = state.settings.memmap_on_memory if state.model.has_parameter(state.geometry.arch) else None
    return Memory(state.geometry.block_size, blocks, parameter=_MODES[mode] if mode is not None else None)


def of_tree(tree: Tree) -> Memory:
    """What lsmem reads in a tree. Raises `BadInput` with lsmem's words where it has no memory blocks."""
    files = tree.names(MEMORY)
    if not files:
        raise BadInput(f"cannot open /{MEMORY}: No such file or directory")
    if "block_size_bytes" not in files:
        raise BadInput(_NO_BLOCKS)
    block_size = re.match(r"\s*(?:0[xX])?([0-9a-fA-F]+)", tree.read_text(f"{MEMORY}/block_size_bytes") or "")
    if block_size is None:
        raise BadInput("failed to read memory block size")
    mode = re.match("Y|N|force", tree.read_text(_PARAMETER) or "")
    memconfig = "memory0" in tree.names(_MEMCONFIG)
    return Memory(
        int(block_size[1], 16),
        _configured_blocks(tree) if memconfig else _blocks(tree, _numbered(tree, MEMORY), "?"),
        memconfig,
        _MODES[mode[0]] if mode else None,
    )


def _configured_blocks(tree: Tree) -> list[MemoryRange]:
    """The blocks that firmware can configure; of one that is not configured nothing else is read."""
    numbers = _numbered(tree, _MEMCONFIG)
    names = list(numbers)
    configured = [_is_one(raw) for raw in tree.read_each(_MEMCONFIG, names, "config")]
    own = [_is_one(raw) for raw in tree.read_each(_MEMCONFIG, names, "memmap_on_memory")]
    there = {name: numbers[name] for name, is_configured in zip(names, configured, strict=True) if is_configured}
    read = {block.index: block for block in _blocks(tree, there, "offline")}
    node = None if all(block.node is None for block in read.values()) else 0
    return [
        msgspec.structs.replace(
            read.get(number) or MemoryRange(number, state="offline", node=node),
            configured=is_configured,
            memmap_on_memory=memmap,
        )
        for number, is_configured, memmap in zip(numbers.values(), configured, own, strict=True)
    ]


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
        MemoryRange(numbers[name], 1, state, is_removable, node, valid)
        for name, state, is_removable, node, valid in zip(names, states, removable, nodes, zones, strict=True)
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
    """A file's text as lsmem has it: without one line end at its very end, and only up to a zero byte."""
    return (raw or b"").removesuffix(b"\n").partition(b"\0")[0].decode("utf-8", "replace")


def _is_one(raw: bytes | None) -> bool:
    number = re.match(r"\s*[+-]?\d+", _line(raw))
    return number is not None and int(number[0]) == 1


def _zones(text: str) -> tuple[str, ...]:
    return tuple(_ZONES.get(word.lower(), "Unknown") for word in text.split(" ") if word)[:_MAX_ZONES]
