"""The sysfs face of memory hotplug: what each file reads as, what a write to it does, and the errno of a wrong one.

Paths are those of the kernel, below /sys and /proc/sys/vm; each kind of files is in a module of its own, which knows the paths
that are its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hotplug import dax, standby
from ..memory.state import State
from ..protocol.events import Event
from ..protocol.reasons import HotplugError
from ..protocol.reasons.files import IsAFolder, NoSuchFile, NotModelled, OnlyRead
from . import block_files, node_files, page_files, parameter_files
from .paths import MEMORY, MEMORY_BUS, NODE, NUMBER, PARAMETER_FILES, PARAMETERS

Steps = Iterator[Event]

_READ: Final = (
    parameter_files.read, block_files.read, node_files.read, page_files.read, dax.read, standby.read,
)  # fmt: skip
_WRITERS: Final = (
    parameter_files.writer, block_files.writer, page_files.writer, dax.writer, standby.writer,
)  # fmt: skip
_WHOLE: Final = (f"{MEMORY}/", f"{MEMORY_BUS}/", f"{PARAMETERS}/", "/sys/firmware/memory/", "/sys/bus/dax/devices/")
_NODE_LINK: Final = rf"{NODE}/node{NUMBER}/memory{NUMBER}/(\w+)"


def read(state: State, path: str) -> str:
    """The text of a file, with its line end. Raises `HotplugError` ENOENT, EACCES for files that cannot be read, EISDIR."""
    path = _canonical(state, path)
    for read_one in _READ:
        if (text := read_one(state, path)) is not None:
            return text
    if path.rstrip("/") in (MEMORY, NODE, PARAMETERS):
        raise HotplugError("EISDIR", IsAFolder(path))
    raise HotplugError("ENOENT", NoSuchFile(path) if _surely_absent(state, path) else NotModelled(path))


def _surely_absent(state: State, path: str) -> bool:
    """Has this kernel no such file? All of a folder of memory blocks and parameters is modelled; of other folders, a node's
    among them, a real kernel has more."""
    if found := re.match(rf"{NODE}/node{NUMBER}/(memory)?", path):
        return bool(found[2]) or int(found[1]) not in state.nodes
    return path.startswith(_WHOLE) or path in PARAMETER_FILES.values()


def write(state: State, path: str, data: str) -> Steps:
    """What writing `data` to a file makes the kernel do. Raises `HotplugError` with the errno of the write."""
    path = _canonical(state, path)
    for writer in _WRITERS:
        if (writes := writer(state, path)) is not None:
            if data:  # a write of nothing reaches no driver
                yield from writes(data)
            return
    read(state, path)
    raise HotplugError("EACCES", OnlyRead(path))


def _canonical(state: State, path: str) -> str:
    """The path without doubled slashes, and without the links by which the bus of memory blocks, and a node's folder, lead to
    one of them."""
    path = re.sub(r"/+", "/", path)
    if (found := re.fullmatch(rf"{MEMORY_BUS}/memory{NUMBER}/(\w+)", path)) is not None:
        return f"{MEMORY}/memory{found[1]}/{found[2]}"
    if (
        (match := re.fullmatch(_NODE_LINK, path))
        and (block := state.blocks.get(int(match[2])))
        and int(match[1]) in block.nodes
    ):
        return f"{MEMORY}/memory{match[2]}/{match[3]}"
    return path
