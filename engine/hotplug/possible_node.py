"""Memory comes to nodes that firmware announced, and to no others."""

from __future__ import annotations

from collections.abc import Iterator

from ..memory.state import State
from ..protocol.events import Event, RangeDoubted
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import NodeNotPossible
from ..protocol.reasons.unknown import NodesNotTold
from .request import AddRequest


def refuse_impossible_node(state: State, request: AddRequest) -> Iterator[Event]:
    """add_memory_resource since 4.18 asks node_possible. Raises `HotplugError` EINVAL; where no file lists the nodes, it is not
    known."""
    if request.node in state.nodes:
        return
    if state.globals.value.nodes_assumed:
        page = state.geometry.page_size
        yield RangeDoubted(request.start // page, request.size // page, NodesNotTold(request.node))
    raise HotplugError("EINVAL", NodeNotPossible(request.node))
