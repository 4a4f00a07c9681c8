"""Whom a change of a node's memory is told, beside the memory notifiers (drivers/base/node.c, since 6.17)."""

from __future__ import annotations

from collections.abc import Sequence

from ..memory.state import State
from ..protocol.events import NotifierCalled
from ..protocol.vocabulary import NotifierAction


def named_node(state: State, node: int) -> int:
    """The node that memory notifiers name (status_change_nid); -1 where another chain is told of nodes."""
    return -1 if state.model.node_notifiers else node


def tell_node(state: State, action: NotifierAction, pfn: int, pages: int, node: int) -> Sequence[NotifierCalled]:
    """The chain of nodes runs, where there is one and a node (not -1) gets its first memory or loses its last."""
    return (NotifierCalled(action, pfn, pages, node),) if node >= 0 and state.model.node_notifiers else ()
