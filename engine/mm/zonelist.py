"""In which order an allocation tries nodes and zones (zonelists)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from ..memory.state import State
from ..memory.zone import NORMAL, ZONE_ORDER, Node
from ..protocol.vocabulary import ZoneKey

_MAX_NODES: Final = 1024


def node_order(state: State, local: int) -> list[int]:
    """Nodes with memory, nearest first, as node `local` falls back over them (find_next_best_node).

    At equal distance a node with a higher number and one without CPUs come first, then the one that fewer other nodes
    fell back to first. Of a node that came up for added memory the list is made alone (__build_all_zonelists), and no other
    node counts, until the first of its blocks is online.
    """
    memory = state.memory_nodes()
    if len(memory) <= 1:
        return memory
    return [*_order(tuple(state.nodes.values()), tuple(memory), local)]


@lru_cache(maxsize=256)
def _order(nodes: tuple[Node, ...], memory: tuple[int, ...], local: int) -> tuple[int, ...]:
    known = {node.id: node for node in nodes}
    load = dict.fromkeys(memory, 0)
    order: list[int] = []
    mine = known.get(local)
    alone = local not in memory and not (mine and mine.cpus)
    for number in [local] if alone else sorted({*known, local}):
        order, last = [], number
        me = known.get(number)
        rest = set(memory)
        while rest:
            best = (
                number
                if number in rest
                else min((_cost(known, number, other, load[other]), other) for other in rest)[1]
            )
            rest.discard(best)
            if me is not None and me.distance_to(best) != me.distance_to(last):
                load[best] += 1
            order.append(best)
            last = best
        if number == local:
            break
    return tuple(order)


def _cost(nodes: Mapping[int, Node], node: int, other: int, load: int) -> int:
    me, peer = nodes.get(node), nodes.get(other)
    far = me.distance_to(other) if me else 20
    far += (other < node) + (1 if peer and peer.cpus else 0)
    return far * _MAX_NODES + load


def zonelist(state: State, nodes: list[int], highest: str) -> list[ZoneKey]:
    """The populated zones that an allocation tries, node by node, in each from zone `highest` down."""
    top = ZONE_ORDER.index(highest)
    zones = state.zones
    return [
        (node, name)
        for node in nodes
        for name in ZONE_ORDER[top::-1]
        if (zone := zones.get((node, name))) is not None and zone.managed
    ]


def kernel_zonelist(state: State, node: int) -> list[ZoneKey]:
    """The zonelist of a GFP_KERNEL allocation that prefers `node`: never ZONE_MOVABLE."""
    return zonelist(state, node_order(state, node), NORMAL)


def working_node(state: State) -> int:
    """The node whose CPU runs the kernel's own hotplug work, and which its page tables and objects are taken near to: the
    lowest with CPUs."""
    with_cpus = [number for number, node in sorted(state.nodes.items()) if node.cpus and node.online]
    return with_cpus[0] if with_cpus else min(state.nodes, default=0)
