"""Files and lines that came with a release, by whose presence the age of a kernel can be told, or its architecture."""

from __future__ import annotations

import re

from .sysfs_tree import MEMORY, NODES
from .tree import Tree

_FOLDERS = (
    ("crash_hotplug", MEMORY, "crash_hotplug"),
    ("firmware_memory", "sys/firmware", "memory"),
    ("ccw", "sys/bus", "ccw"),
    ("movable_gigantic_pages", "proc/sys/vm", "movable_gigantic_pages"),
)
_FIRST_OF = (
    ("reclaim", NODES, "node"),
    ("dax_state", "sys/bus/dax/devices", "dax"),
    ("crash_hotplug", MEMORY, "memory"),
)
_FILES = {"dax_state": "state"}


def read_features(tree: Tree) -> tuple[str, ...]:
    """The names of those that a tree has, in alphabetical order."""
    found = {name for name, folder, entry in _FOLDERS if tree.has(folder, entry)}
    for name, folder, word in _FIRST_OF:
        one = next((entry for entry in tree.names(folder) if entry[len(word) :].replace(".", "").isdigit()), None)
        if one is not None and one.startswith(word) and tree.has(f"{folder}/{one}", _FILES.get(name, name)):
            found.add(name)
    if b"high_min:" in next(tree.chunks("proc/zoneinfo"), b""):
        found.add("high_min")
    flags = re.search(rb"(?m)^flags\s*:.*$", next(tree.chunks("proc/cpuinfo"), b""))
    if flags is not None:
        found.add("hypervisor" if b" hypervisor" in flags[0] else "bare_metal")
    return tuple(sorted(found))
