"""Memory blocks, nodes and huge pages as ``/sys`` shows them in a tree (drivers/base/memory.c, drivers/base/node.c)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import compress
from typing import Final, TypeVar

from ..numbers.errors import BadInput
from ..numbers.frozen import Frozen
from ..numbers.limits import MAX_BLOCK, MAX_DISTANCE, MAX_NODE
from ..numbers.units import MAX_ADDRESS
from .observation import BlockReading, NodeReading
from .procfs import number, parse_id_list, parse_meminfo
from .tree import Tree

T = TypeVar("T")

MEMORY = "sys/devices/system/memory"
NODES = "sys/devices/system/node"
NODE_LISTS = ("possible", "online", "has_memory", "has_normal_memory", "has_cpu")
_NEIGHBOURS = 1024  # blocks that are likely to be on one node
_UNTOLD: Final = {None, (), ("none",)}
"""What valid_zones says where it does not tell that a block is in one zone."""
_TRUTH: Final = {"0": False, "1": True}
_ARCHIVES: Final = (".tar", ".tgz", ".tbz", ".txz", ".zip", ".gz", ".bz2", ".xz", ".zst", ".7z")
_HEX = re.compile(r"(?:0[xX])?([0-9a-fA-F]{1,16})")
_HUGE_PAGE_FOLDER = re.compile(r"hugepages-(\d{1,12})kB")


def read_block_size(tree: Tree) -> int | None:
    """Bytes of a memory block; None where the tree does not say. `BadInput` if it is not a hexadecimal power of two."""
    path = f"{MEMORY}/block_size_bytes"
    text = (tree.read_text(path) or "").strip()
    if not text:
        return None
    match = _HEX.fullmatch(text)
    size = int(match[1], 16) if match else 0
    if not size or size & (size - 1) or size > MAX_ADDRESS:
        raise BadInput(f'{tree.source}: {path} must be a power of two in hexadecimal like "8000000", not {text[:60]!r}')
    return size


def read_blocks(tree: Tree, block_size: int | None, removable: bool = False) -> tuple[BlockReading, ...]:
    """Every memory block, by ascending id; `removable`: its file of that name says something (before Linux 5.6).

    Blocks are the folders ``memoryN`` and, in trees that saved only the nodes, the links to them in node folders; none where
    there is neither. Raises `BadInput` where an id or a number is beyond what a machine can have.
    """
    numbers = _ids(tree, MEMORY, tree.folders(MEMORY), "memory")
    folders = {block: name for name, block in numbers.items()}
    folders = {block: folders[block] for block in sorted(folders)}
    names = list(folders.values())
    states = _attribute(tree, names, "state", lambda text: text or None)
    zones = _attribute(tree, names, "valid_zones", lambda text: tuple(text.split()))
    none: list[bool | None] = [None] * len(names)
    kept = _attribute(tree, names, "removable", _TRUTH.get) if removable else none
    configured = "memory" in tree.names("sys/firmware")
    carry = _attribute(tree, names, "memmap_on_memory", _TRUTH.get, "sys/firmware/memory") if configured else none
    nodes = _nodes_of_blocks(tree, folders, numbers, dict(zip(folders, zones, strict=True)))
    if block_size is not None and nodes and (max(nodes) + 1) * block_size > MAX_ADDRESS + 1:
        raise BadInput(f"{tree.source}: memory block {max(nodes)} of {block_size:#x} bytes lies beyond any address")
    blocks = [
        BlockReading(block, state, valid, nodes[block], can_go, carries)
        for block, state, valid, can_go, carries in zip(folders, states, zones, kept, carry, strict=True)
    ]
    if others := [] if len(nodes) == len(folders) else nodes.keys() - folders.keys():
        blocks += [BlockReading(block, None, None, nodes[block]) for block in others]
        blocks.sort(key=lambda block: block.id)
    return tuple(blocks)


def without_hotplug(tree: Tree) -> bool:
    """Has a tree all but the memory folder, as where the kernel has no memory hotplug?"""
    system = tree.names("sys/devices/system")
    return "memory" not in system and "cpu" in system and not tree.names("sos_commands")


def no_memory(tree: Tree) -> str:
    """What a tree is that says of no memory where it lies."""
    if without_hotplug(tree):
        return (
            f"{tree.source}: its kernel has no memory hotplug (CONFIG_MEMORY_HOTPLUG): beside sys/devices/system/cpu there is "
            f"no sys/devices/system/memory, so that no memory can be added or taken out while it runs; or a container hides it, "
            f"and the host has to be captured, or nobody collected it"
        )
    top = tree.names("")
    if len(top) == 1 and tree.folders("") == top:
        top = tree.names(top[0])
    if inside := [name for name in top if name.endswith(_ARCHIVES)]:
        return (
            f"{tree.source} is no captured tree, but holds an archive ({inside[0]}); unpack it, and give what is in it"
        )
    if {"memory.txt", "basic-environment.txt"} <= {*top}:
        return (
            f"{tree.source} is a supportconfig, whose texts say too little of memory blocks; give lsmem's output, or collect a "
            f"tree: altmap collect prints the script for that"
        )
    lacks = f"neither {MEMORY}/memoryN folders nor {NODES}/nodeN/memoryN links"
    script = "altmap collect prints a script that gathers what is missing"
    if tree.names("sos_commands"):
        return (
            f"{tree.source} is a sosreport without what lsmem prints (sos_commands/memory/lsmem*), and without proc/zoneinfo; "
            f"give lsmem's output, or collect a tree: altmap collect prints the script for that"
        )
    if proc := tree.names("proc"):
        found = ", ".join(f"proc/{name}" for name in proc[:8]) + ("" if len(proc) <= 8 else " and others")
        return (
            f"{tree.source} is no captured tree: it has {lacks}, and what it has ({found}) does not say where memory lies, as "
            f"proc/zoneinfo does and, read by root, proc/iomem; {script}"
        )
    return f"{tree.source} is no captured tree: it has {lacks}"


def _nodes_of_blocks(
    tree: Tree, folders: dict[int, str], numbers: dict[str, int], zones: dict[int, tuple[str, ...] | None]
) -> dict[int, tuple[int, ...]]:
    """The nodes, ascending, of each block in `folders`, whose `numbers` are known, and of each that a node links to.

    Kernels link both ways, so the folder of a node tells which blocks it has. And they put "none" into valid_zones of a
    block with two nodes, so a block in one zone has one node. The rest have their links listed, which takes longest.
    """
    nodes: dict[int, tuple[int, ...]] = {}
    of_nodes = sorted((node, name) for name, node in _ids(tree, NODES, tree.names(NODES), "node").items())
    for (node, name), entries in zip(of_nodes, tree.names_each(NODES, [name for _, name in of_nodes]), strict=True):
        linked = [numbers[entry] for entry in entries if entry in numbers]
        if len(linked) < len(entries):  # a tree may lack folders that are linked to
            others = [entry for entry in entries if entry not in numbers]
            linked += _ids(tree, f"{NODES}/{name}", others, "memory").values()
        alone = dict.fromkeys(linked, (node,))
        again = {block: (*nodes[block], node) for block in nodes.keys() & alone.keys()}
        nodes.update(alone)
        nodes.update(again)

    def list_links(blocks: list[int]) -> None:
        for block, entries in zip(blocks, tree.names_each(MEMORY, [folders[block] for block in blocks]), strict=True):
            own = _ids(tree, f"{MEMORY}/{folders[block]}", entries, "node").values()
            nodes[block] = tuple(sorted({*own, *nodes.get(block, ())}))

    if not _UNTOLD.isdisjoint(zones.values()):
        list_links([block for block, valid in zones.items() if valid in _UNTOLD])
    without = [] if zones.keys() <= nodes.keys() else [block for block in zones if block not in nodes]
    guess = 0
    for at in range(0, len(without), _NEIGHBOURS):
        part = without[at : at + _NEIGHBOURS]
        guessed = tree.have_each(MEMORY, [folders[block] for block in part], f"node{guess}")
        nodes |= dict.fromkeys(compress(part, guessed), (guess,))
        list_links([block for block, right in zip(part, guessed, strict=True) if not right])
        guess = max(nodes[part[-1]], default=guess)
    return nodes


def _attribute(
    tree: Tree, blocks: list[str], file: str, parse: Callable[[str], T | None], folder: str = MEMORY
) -> list[T | None]:
    """The value of a file of each block. A machine's blocks have few different ones: each is parsed once and shared."""
    contents = tree.read_each(folder, blocks, file)
    values: dict[bytes | None, T | None] = {
        raw: parse(raw.rstrip(b"\0").decode("utf-8", "replace").strip()) for raw in set(contents) if raw is not None
    }
    values[None] = None
    return [*map(values.__getitem__, contents)]


def _ids(tree: Tree, folder: str, names: Iterable[str], word: str) -> dict[str, int]:
    """The number of each name that is `word` and decimal digits. Raises `BadInput` for a number that is too high."""
    skip, most = len(word), MAX_NODE if word == "node" else MAX_BLOCK - 1
    kept = [name for name in names if name.startswith(word)]
    numbers = [name[skip:] for name in kept]
    together = "".join(numbers)
    if not (together.isdecimal() and together.isascii() and all(numbers)):
        kept = [name for name in kept if (digits := name[skip:]).isdecimal() and digits.isascii()]
        numbers = [name[skip:] for name in kept]
    longest = len(str(most))
    wrong = [name for name in kept if len(name) - skip > longest] if max(map(len, numbers), default=0) > longest else []
    found = {} if wrong else dict(zip(kept, map(int, numbers), strict=True))
    if max(found.values(), default=0) > most:
        wrong = [max(found, key=found.__getitem__)]
    if wrong:
        raise BadInput(f"{tree.source}: {folder}/{wrong[0][:40]} has a number beyond {most}, which no machine can have")
    return found


def _node_folders(tree: Tree) -> list[tuple[int, str]]:
    """(node, path) of each node, ascending."""
    return sorted((node, f"{NODES}/{name}") for name, node in _ids(tree, NODES, tree.names(NODES), "node").items())


def read_nodes(tree: Tree) -> tuple[NodeReading, ...]:
    """Every node that has a folder, by ascending id."""
    return tuple(
        NodeReading(
            id=node,
            meminfo=Frozen(tree.parse(f"{folder}/meminfo", parse_meminfo) or {}),
            distance=tree.parse(f"{folder}/distance", _distances) or (),
            cpus=_has_cpus(tree, folder),
            hugepages=Frozen(read_hugepages(tree, f"{folder}/hugepages")),
        )
        for node, folder in _node_folders(tree)
    )


def _distances(text: str, where: str) -> tuple[int, ...]:
    return tuple(number(word, where, 1, MAX_DISTANCE + 1) for word in text.split())


def _has_cpus(tree: Tree, folder: str) -> bool | None:
    """From the node's list of CPUs, or from its mask in trees that saved only that."""
    listed, mask = (tree.parse(f"{folder}/{name}", lambda text, _: text) for name in ("cpulist", "cpumap"))
    if listed is not None:
        return bool(listed.strip())
    return None if mask is None else bool(mask.strip("0,\n "))


def read_node_lists(tree: Tree) -> dict[str, tuple[int, ...]]:
    """The lists of nodes by name (`NODE_LISTS`), as far as the tree has them."""
    lists = {name: tree.parse(f"{NODES}/{name}", parse_id_list) for name in NODE_LISTS}
    return {name: ids for name, ids in lists.items() if ids is not None}


def read_hugepages(tree: Tree, folder: str) -> dict[int, tuple[int, int, int]]:
    """Page size in bytes -> nr, free and surplus huge pages, of the machine or of a node; a missing file says 0."""
    pools = {}
    for name in tree.names(folder):
        if match := _HUGE_PAGE_FOLDER.fullmatch(name):
            nr, free, surplus = (
                tree.parse(f"{folder}/{name}/{kind}_hugepages", lambda text, where: number(text.strip(), where, 1)) or 0
                for kind in ("nr", "free", "surplus")
            )
            pools[int(match[1]) << 10] = nr, free, surplus
    return dict(sorted(pools.items()))
