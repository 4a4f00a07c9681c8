"""One look at a tree: everything that can be read, as an `Observation`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator

from ..kernels.models import nearest_model, release_like
from ..numbers.errors import BadInput
from ..numbers.frozen import Frozen
from . import procfs, sysfs_tree
from .features import read_features
from .observation import Observation, PageRun, Resource
from .open_tree import open_tree
from .tree import Tree

_PARAMETERS = "sys/module/memory_hotplug/parameters"
_LONGEST_TEXT = 1 << 16
"""Characters of a file that is one value: a command line has at most some thousands."""
_SYSCTLS = (("proc/sys/vm", "movable_gigantic_pages"),)


Watch = Callable[[int, int], None]
"""Is told how many pages were looked at so far, and the address (bytes) up to which there are blocks."""


def observe(path: str | os.PathLike[str], *, pages: bool = True, watch: Watch | None = None) -> Observation:
    """Everything that the tree at `path` tells: "/" for this machine, a folder, or a tar (`open_tree`); the files that have
    a word for each page only where `pages` are asked for. `watch` is told how far these are read.

    Memory blocks must be there, or zones or System RAM by which they can be told; what else is missing stays empty, and what is
    there but cannot be read or understood becomes a note. Nothing is written, and no file outside the tree is read. Raises
    `BadInput` if `path` is no captured tree, or has memory blocks with impossible numbers.
    """
    with open_tree(path) as tree:
        seen = _observed(tree, pages, watch)
        has_memory = any(zone.present for zone in seen.zones) or any(
            one.name.startswith("System RAM") for one in seen.resources
        )
        if not seen.blocks and (not has_memory or sysfs_tree.without_hotplug(tree)):
            raise BadInput(sysfs_tree.no_memory(tree))
        return seen


def _observed(tree: Tree, pages: bool, watch: Watch | None) -> Observation:
    """What the files of a tree tell, those that have a word for each page where `pages` are asked for."""
    block_size = sysfs_tree.read_block_size(tree)
    version = _text(tree, "proc/version") or _booted(tree)
    blocks = sysfs_tree.read_blocks(tree, block_size, _tells_removable(version))
    end = (blocks[-1].id + 1) * (block_size or 0) if blocks else 0
    pageblock_order, pageblocks = tree.parse("proc/pagetypeinfo", procfs.parse_pagetypeinfo) or (None, {})
    return Observation(
        source=tree.source,
        version=version,
        cmdline=_text(tree, "proc/cmdline"),
        block_size=block_size,
        auto_online_blocks=_text(tree, f"{sysfs_tree.MEMORY}/auto_online_blocks"),
        has_probe=tree.has(sysfs_tree.MEMORY, "probe"),
        blocks=blocks,
        nodes=sysfs_tree.read_nodes(tree),
        node_lists=Frozen(sysfs_tree.read_node_lists(tree)),
        zones=tree.parse("proc/zoneinfo", procfs.parse_zoneinfo) or (),
        buddyinfo=Frozen(tree.parse("proc/buddyinfo", procfs.parse_buddyinfo) or {}),
        pageblocks=Frozen({zone: Frozen(counts) for zone, counts in pageblocks.items()}),
        pageblock_order=pageblock_order,
        resources=_resources(tree),
        meminfo=Frozen(tree.parse("proc/meminfo", procfs.parse_meminfo) or {}),
        vmstat=Frozen(tree.parse("proc/vmstat", procfs.parse_vmstat) or {}),
        parameters=Frozen(
            {
                name: text
                for folder, name in (*((_PARAMETERS, name) for name in tree.names(_PARAMETERS)), *_SYSCTLS)
                if (text := _text(tree, f"{folder}/{name}")) is not None
            }
        ),
        hugepages=Frozen(sysfs_tree.read_hugepages(tree, "sys/kernel/mm/hugepages")),
        features=read_features(tree),
        devices=tree.devices,
        pages=_pages(tree, watch, end) if pages else (),
        notes=_notes(tree),
    )


def _tells_removable(version: str | None) -> bool:
    """Does a block's file `removable` say something of its pages, as far as /proc/version tells the kernel?"""
    release = release_like(version)
    return release is not None and nearest_model(release).removable_looks


_UNAME = ("uname", "sos_commands/kernel/uname_-a", "sos_commands/host/uname_-a", "uname.txt", "uname-a.txt")
"""Where what `uname -a` printed may lie, in a sosreport or beside a tree."""
_UNAME_LINE = re.compile(r"Linux \S+ (\d+\.\d+\S* .*)")
_IMAGE = re.compile(r"BOOT_IMAGE=\S*/(?:vmlinu[xz]|Image|image|kernel)-(\d+\.\d+\S*)")


def _booted(tree: Tree) -> str | None:
    """What /proc/version would begin with, by what `uname -a` printed, or the name of the image that the boot loader took."""
    for path in _UNAME:
        if (match := _UNAME_LINE.match(_text(tree, path) or "")) is not None:
            tree.notes.append(f"proc/version is missing; the kernel is the one that {path} names")
            return f"Linux version {match[1]}"
    if (match := _IMAGE.search(_text(tree, "proc/cmdline") or "")) is not None:
        tree.notes.append("proc/version is missing; the kernel is the one whose image the command line names")
        return f"Linux version {match[1]}"
    return None


_NEVER_EMPTY = ("version", "zoneinfo", "buddyinfo", "iomem", "meminfo", "vmstat")
"""Files of /proc in which every kernel writes something."""


def _notes(tree: Tree) -> tuple[str, ...]:
    """What could not be read. A tar takes files of /proc for as long as they say they are, which is 0."""
    empty = [f"proc/{name}" for name in _NEVER_EMPTY if f"proc/{name}" in tree.empty]
    if not empty:
        return tuple(tree.notes)
    return (
        *tree.notes,
        f"{', '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty, which no kernel writes: tar takes a file of /proc for "
        f"as long as it says it is, and that is 0; altmap collect prints a script that reads them first",
    )


def _text(tree: Tree, path: str) -> str | None:
    def short(text: str, where: str) -> str | None:
        if len(text) > _LONGEST_TEXT:
            raise BadInput(f"{where} has {len(text)} characters; no kernel writes more than {_LONGEST_TEXT} there")
        return text.strip() or None

    return tree.parse(path, short)


def _resources(tree: Tree) -> tuple[Resource, ...]:
    def parsed(text: str, where: str) -> tuple[Resource, ...]:
        resources = procfs.parse_iomem(text, where)
        if not resources and text.strip():
            tree.notes.append(f"{where} hides its addresses, as it does from everyone but root")
        return resources

    return tree.parse("proc/iomem", parsed) or ()


def _pages(tree: Tree, watch: Watch | None, end: int) -> tuple[PageRun, ...]:
    """From the kernel's binary files, or from the list of runs that stands for them in a saved tree."""
    try:
        flags = tree.chunks("proc/kpageflags")
        runs = procfs.page_runs(_watched(flags, watch, end) if watch else flags, tree.chunks("proc/kpagecount"))
        if not runs and (data := tree.read_bytes("proc/kpageflags.runs.json")):
            runs = procfs.parse_page_runs(data)
        return runs
    except BadInput as error:
        tree.notes.append(str(error))
        return ()


def _watched(chunks: Iterable[bytes], watch: Watch, end: int) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        watch(done // 8, end)
