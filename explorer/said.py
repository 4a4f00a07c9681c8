"""What single events of a command say of it, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine import format_bytes


def _pool(event: Any) -> str:
    """A pool that is not as asked is a success to the kernel."""
    where = "of all nodes" if event.node < 0 else f"of node {event.node}"
    short = f": asked {event.wanted}, got {event.total}" if event.total != event.wanted else ""
    return f"the pool of {format_bytes(event.size)} pages {where} has {event.total}, {event.free} of them free{short}"


SAID: Final[Mapping[str, Callable[[Any], str]]] = {
    "huge_pages_changed": _pool,
    "page_poisoned": lambda event: f"page {event.pfn:#x} is poisoned, it was {event.was}",
    "compaction_ended": lambda event: f"compaction of zone {event.zone} of node {event.node}: {event.status}",
    "node_onlined": lambda event: f"node {event.node} is online",
    "node_offlined": lambda event: f"node {event.node} is offline",
}
"""Events that are told one by one, by their names in JSON."""
