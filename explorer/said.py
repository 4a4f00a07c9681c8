"""What single events of a command say of it, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from altmap.engine import format_bytes
from altmap.engine.protocol.events import MemmapSkipped


def _pool(event: Any) -> str:
    """A pool that is not as asked is a success to the kernel."""
    where = "of all nodes" if event.node < 0 else f"of node {event.node}"
    short = f": asked {event.wanted}, got {event.total}" if event.total != event.wanted else ""
    return f"the pool of {format_bytes(event.size)} pages {where} has {event.total}, {event.free} of them free{short}"


def stepped_over(events: Iterable[Any]) -> str:
    """Which functions stepped over how many memmap pages; empty where none did (upstream's ranges have none in them)."""
    pages: Counter[str] = Counter()
    for event in events:
        if isinstance(event, MemmapSkipped):
            pages[event.where] += event.pages
    most = max(pages.values(), default=0)
    return f"{most:,} memmap pages stepped over by {', '.join(pages)}" if pages else ""


SAID: Final[Mapping[str, Callable[[Any], str]]] = {
    "huge_pages_changed": _pool,
    "page_poisoned": lambda event: f"page {event.pfn:#x} is poisoned, it was {event.was}",
    "compaction_ended": lambda event: f"compaction of zone {event.zone} of node {event.node}: {event.status}",
    "node_onlined": lambda event: f"node {event.node} is online",
    "node_offlined": lambda event: f"node {event.node} is offline",
}
"""Events that are told one by one, by their names in JSON."""
