"""Sentences on what an operation tells while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ...numbers.units import format_bytes
from ...protocol import events
from ...protocol.events import Event, MemmapSkipped, PagesAssumed
from ...protocol.vocabulary import ZoneKey
from .placement import placed
from .reason import sentence
from .words import block_names, counted, zone_name


def event_words(event: Event) -> str:
    """What an event says, where that takes more than its name and its numbers; else empty."""
    words = _WORDS.get(type(event))
    return words(event) if words is not None else ""


def stepped_over(passed: Iterable[Event]) -> str:
    """Which functions stepped over how many memmap pages; empty where none did (upstream's ranges have none in them)."""
    pages: Counter[str] = Counter()
    for event in passed:
        if isinstance(event, MemmapSkipped):
            pages[event.where] += event.pages
    most = max(pages.values(), default=0)
    return f"{most:,} memmap pages stepped over by {', '.join(pages)}" if pages else ""


def _pool(event: events.HugePagesChanged) -> str:
    """A pool that is not as asked is a success to the kernel."""
    where = "of all nodes" if event.node < 0 else f"of node {event.node}"
    short = f": asked {event.wanted:,}, got {event.total:,}" if event.total != event.wanted else ""
    return (
        f"the pool of {format_bytes(event.size)} pages {where} has {event.total:,}, {event.free:,} of them free{short}"
    )


def _stayed(event: events.OfflineFailed) -> str:
    again = "again " if event.retried else ""
    return f"{block_names((event.block,))} did not go offline {again}({event.errno}): {sentence(event.reason)}"


def hangs_on(passed: Iterable[PagesAssumed]) -> str:
    """On which pages what came of a command hangs, all together."""
    pages = Counter[ZoneKey]()
    for event in dict.fromkeys(passed):
        pages[event.node, event.zone] += event.unseen
    what = " and ".join(f"{counted(count, 'page')} of {zone_name(zone)}" for zone, count in pages.items())
    return f"this hangs on what {what} {'is' if sum(pages.values()) == 1 else 'are'}, which no one knows"


_WORDS: Final[Mapping[type, Callable[[Any], str]]] = {
    events.PlacementChosen: lambda event: f"memmap in {placed(event.placement, event.reason)}",
    events.ZoneChosen: lambda event: (
        f"{block_names((event.block,))} to zone {event.zone} of node {event.node}: {sentence(event.reason)}"
    ),
    events.MigrationFailed: lambda event: sentence(event.reason),
    events.OfflineFailed: _stayed,
    events.OnlineFailed: lambda event: (
        f"{block_names((event.block,))} did not go online ({event.errno}): {sentence(event.reason)}"
    ),
    events.ResizeFailed: lambda event: (
        f"the device at {event.start:#x} did not come to its size ({event.errno}): {sentence(event.reason)}"
    ),
    events.BlocksKept: lambda event: (
        f"{block_names(range(event.first, event.first + event.count))} could not be taken out ({event.errno}): "
        f"{sentence(event.reason)}"
    ),
    events.AddressDoubted: lambda event: f"not known: {sentence(event.reason)}",
    events.RangeDoubted: lambda event: f"not known: {sentence(event.reason)}",
    events.KernelDoubted: lambda event: f"not known: {sentence(event.reason)}",
    events.PagesAssumed: lambda event: hangs_on((event,)),
    events.HugePagesChanged: _pool,
    events.PagePoisoned: lambda event: f"page {event.pfn:#x} is poisoned, it was {event.was}",
    events.CompactionEnded: lambda event: f"compaction of zone {event.zone} of node {event.node}: {event.status}",
    events.NodeOnlined: lambda event: f"node {event.node} is online",
    events.NodeOfflined: lambda event: f"node {event.node} is offline",
}

TOLD_EACH: Final = (
    events.HugePagesChanged, events.PagePoisoned, events.CompactionEnded, events.NodeOnlined, events.NodeOfflined,
    events.OnlineFailed, events.ResizeFailed,
)  # fmt: skip
"""Events that are told one by one, however many there are."""
