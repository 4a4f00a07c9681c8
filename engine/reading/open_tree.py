"""Opening a captured tree, whatever it is kept in."""

from __future__ import annotations

import os
import re
from typing import Final

from ..numbers.errors import BadInput
from . import lsmem_list, other_pictures, printed_files
from .folder_tree import FolderTree
from .joined_tree import InsideTree, JoinedTree
from .mapped_tree import MappedTree
from .memory_devices import MemoryDevice, listed_by, parse_devices
from .tree import Tree

_MEMORY: Final = "sys/devices/system/memory"
_SYSTEM: Final = "sys/devices/system"
_NODES: Final = "sys/devices/system/node"
_LSMEM_IN: Final = ("sos_commands/memory", "")
"""Folders in which what lsmem printed may lie: a sosreport's, and the tree's own."""
_OF_PROC: Final = ("zoneinfo", "iomem", "meminfo", "buddyinfo", "pagetypeinfo", "vmstat")
_LISTS_DEVICES: Final = re.compile(r"devices|dimm|daxctl|cxl|domain|libvirt|qemu|\.xml$")
"""How files are called that list memory devices beside a tree."""
_HEAD: Final = 1 << 16
_MOST_FOLDERS: Final = 64
"""Folders of which it is asked whether they hold a tree."""
_LONGEST_LIST: Final = 64 << 20
"""Bytes of what lsmem printed, or a file of /proc."""


def open_tree(path: str | os.PathLike[str]) -> Tree:
    """The tree in a folder ("/" for this machine), in a zip, or in a tar, which may be plain, gzip, xz or bzip2 by any name.

    A folder may also be the one above that holds the tree, its ``sys`` or ``proc``, or its folder of memory blocks. What lsmem
    printed, alone or in a sosreport, is a tree of /sys as far as lsmem tells of it. Raises `BadInput` with one sentence
    where there is nothing to read, where an archive is truncated or damaged, and where it has a member that no capture makes:
    a path that leaves the tree, a device, an absurd size.
    """
    source = os.fspath(path)
    if os.path.isdir(source):
        return _with_lsmem(_folder(source))
    if not os.path.lexists(source):
        raise BadInput(f"{source} does not exist; give a folder or a tar that holds a captured sys and proc")
    if not os.path.isfile(source):
        raise BadInput(f"{source} is neither a folder nor a tar that holds a captured sys and proc")
    try:
        if is_listed(source):
            return _listed(source)
        head = other_pictures.head_of(source)
        if printed_files.is_printed(head):
            text = other_pictures.as_text(_short(source, "what a shell prints of a machine's files"))
            return _with_lsmem(MappedTree(source, printed_files.files_of(text, source)))
        if file := other_pictures.file_of(head):
            return MappedTree(source, {file: _short(source, f"/{file}")})
        if known := other_pictures.named(head):
            raise BadInput(f"{source} is no captured tree: {known}")
        return _with_lsmem(_archive(source))
    except OSError as error:
        raise BadInput(f"{source} could not be read: {error.strerror or error}") from error


def _archive(source: str) -> Tree:
    from .tar_tree import TarTree  # each brings all that unpacks: only where there is an archive

    if not _is_zip(source):
        return TarTree(source)
    from .zip_tree import ZipTree

    return ZipTree(source)


def _is_tar(source: str) -> bool:
    from .tar_tree import is_tar  # with all that unpacks

    return is_tar(source)


def _is_zip(source: str) -> bool:
    from zipfile import is_zipfile

    return is_zipfile(source)


def is_listed(source: str) -> bool:
    """Is a file what lsmem printed?"""
    text = other_pictures.as_text(other_pictures.head_of(source))
    return "\0" not in text[:512] and lsmem_list.is_lsmem(text)


def is_picture(source: str) -> bool:
    """Is a file a tar or zip, what lsmem printed, a print of files, or known to be something else than a snapshot?"""
    if not os.path.isfile(source):
        return False
    head = other_pictures.head_of(source)
    return (
        _is_tar(source)
        or _is_zip(source)
        or is_listed(source)
        or printed_files.is_printed(head)
        or bool(other_pictures.named(head))
    )


def _listed(source: str) -> Tree:
    text = other_pictures.as_text(_short(source, "what lsmem prints"))
    tree = MappedTree(source, lsmem_list.files_of(text, source))
    tree.notes.append("it is what lsmem printed: states, nodes and zones of memory blocks, and nothing of their pages")
    if lsmem_list.breaks_off(text):
        tree.notes.append("lsmem's summary is missing below its list, and blocks may be too")
    return tree


def _short(source: str, what: str) -> bytes:
    """All of a file that is not long."""
    with open(source, "rb") as file:
        data = file.read(_LONGEST_LIST + 1)
    if len(data) > _LONGEST_LIST:
        raise BadInput(f"{source} goes on after {_LONGEST_LIST >> 20} MiB; {what} is far shorter")
    return data


def _folder(source: str) -> Tree:
    """The tree in a folder, or in the one folder inside it that is one, as tars unpack."""
    tree = FolderTree(source)
    if _is_top(tree, ""):
        return tree
    inside = [name for name in tree.folders("")[:_MOST_FOLDERS] if _is_top(tree, name)]
    if len(inside) > 1:
        raise BadInput(f"{source} holds more than one tree ({', '.join(inside)}); give one of them")
    return FolderTree(os.path.join(source, inside[0])) if inside else tree


def _is_top(tree: Tree, folder: str) -> bool:
    return not {"sys", "proc"}.isdisjoint(tree.names(folder))


def _whole(tree: Tree) -> Tree:
    """The tree with sys above it, where it begins in the middle."""
    top = tree.names("")
    if "sys" in top or "proc" in top:
        return tree
    if "block_size_bytes" in top or _has_numbered(tree, "", "memory"):
        return InsideTree(tree, _MEMORY)
    if _has_numbered(tree, "", "node"):
        return InsideTree(tree, _NODES)
    if tree.names("devices/system"):
        return InsideTree(tree, "sys")
    if tree.names("system/memory") or tree.names("system/node"):
        return InsideTree(tree, "sys/devices")
    if ("memory" in top and ("node" in top or "cpu" in top)) or _has_numbered(tree, "memory", "memory"):
        return InsideTree(tree, _SYSTEM)
    if any(name in top for name in _OF_PROC):
        return InsideTree(tree, "proc")
    return tree


def _has_numbered(tree: Tree, folder: str, word: str) -> bool:
    """Is there a folder of that word and a number, as memory32?"""
    return any(name.startswith(word) and name.removeprefix(word).isdecimal() for name in tree.folders(folder))


def _with_lsmem(tree: Tree) -> Tree:
    """The whole tree, and what lsmem printed if that is there and no folder of memory blocks is, as in a sosreport."""
    whole = _whole(tree)
    if tree.source != "/":
        whole.devices = _devices(tree)
    if whole.names(_MEMORY):
        return whole
    lists = [
        f"{folder}/{name}".lstrip("/")
        for folder in _LSMEM_IN
        for name in tree.names(folder)
        if name.startswith("lsmem")
    ]
    for path in lists:
        text = tree.parse(path, lambda text, _: text) or ""
        if lsmem_list.is_lsmem(text):
            upper = MappedTree(tree.source, lsmem_list.files_of(text, f"{tree.source}: {path}"))
            joined = JoinedTree(upper, whole)
            joined.devices = whole.devices
            joined.notes.append(
                "its memory blocks are those that lsmem printed: states, nodes and zones, and nothing of pages"
            )
            return joined
    return whole


def _devices(tree: Tree) -> tuple[MemoryDevice, ...]:
    """The memory devices of lists that lie beside the tree's folders."""
    found: list[MemoryDevice] = []
    folders = {*tree.folders("")}
    for name in filter(_LISTS_DEVICES.search, (name for name in tree.names("") if name not in folders)):
        if listed_by(next(tree.chunks(name), b"")[:_HEAD]):
            found += tree.parse(name, lambda text, where: parse_devices(text, f"{tree.source}: {where}")) or ()
    return tuple(found)
