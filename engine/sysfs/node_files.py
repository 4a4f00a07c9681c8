"""The files of nodes: which there are, what memory each has, and how far it is from others (drivers/base/node.c)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ..memory.state import State
from ..memory.zone import KERNEL_ZONES
from ..numbers.runs import consecutive
from .paths import NODE, NUMBER

_NODE_FILE: Final = re.compile(rf"{NODE}/node{NUMBER}/(meminfo|distance)")


def read(state: State, path: str) -> str | None:
    """The text of a file of nodes, or of one that is online; None for any other path."""
    if (wanted := _MASKS.get(path)) is not None:
        return ranges([node for node in sorted(state.nodes) if wanted(state, node)]) + "\n"
    match = _NODE_FILE.fullmatch(path)
    known = state.nodes.get(int(match[1])) if match else None
    if match is None or known is None or not known.online:
        return None
    if match[2] == "meminfo":
        return _meminfo(state, known.id)
    return " ".join(str(known.distance_to(other)) for other in sorted(state.nodes)) + "\n"


def ranges(numbers: list[int]) -> str:
    """A list of numbers as the kernel prints masks: ``0-2,5``."""
    return ",".join(f"{first}-{last}" if first < last else str(first) for first, last in consecutive(numbers))


def _has_normal(state: State, node: int) -> bool:
    return any(zone.node == node and zone.present and zone.name in KERNEL_ZONES for zone in state.zones.values())


_MASKS: Final[dict[str, Callable[[State, int], bool]]] = {
    f"{NODE}/possible": lambda state, node: True,
    f"{NODE}/online": lambda state, node: state.nodes[node].online,
    f"{NODE}/has_memory": lambda state, node: state.has_more(node, 0),
    f"{NODE}/has_normal_memory": _has_normal,
    f"{NODE}/has_cpu": lambda state, node: state.nodes[node].cpus,
}
"""Files that list the nodes of which something holds."""


def _meminfo(state: State, node: int) -> str:
    kib = state.geometry.page_size // 1024
    zones = [zone for zone in state.zones.values() if zone.node == node]
    total = sum(zone.managed for zone in zones) * kib
    free = sum(zone.free for zone in zones) * kib
    rows = (("MemTotal:", total), ("MemFree:", free), ("MemUsed:", total - free))
    return "".join(f"Node {node} {name:<15}{value:>8} kB\n" for name, value in rows)
