"""Sentences on what a command achieved, for a line of an account: sums, and what is worth telling one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from ...commands import Allocate, Command, Pin, Unpin
from ...commands.outcome import Outcome
from ...numbers.runs import covered
from ...numbers.units import about_bytes
from ...protocol.events import (
    Event,
    MemmapPlaced,
    MemmapReleased,
    PagesFreed,
    PagesMigrated,
    PagesTakenByWorkload,
    PlacementChosen,
    ZoneChosen,
)
from ...protocol.vocabulary import Chunk
from .events import TOLD_EACH, event_words, stepped_over
from .placement import placed
from .reason import sentence
from .words import block_names, counted, zone_name

_TAKEN: Final[Mapping[type[Command], str]] = {Allocate: "taken", Pin: "pinned", Unpin: "no longer pinned"}


def achieved(outcome: Outcome, page_size: int, events: Iterable[Event] | None = None) -> Iterator[str]:
    """What a command that succeeded did; with `events`, those of all commands of a range of blocks, what all of them did.
    `page_size`: bytes of a page."""
    happened = outcome.events if events is None else tuple(events)
    yield from _placed(happened)
    for node, pages in sorted(outcome.taken.items()):
        size = about_bytes(pages * page_size)
        yield f"{counted(pages, 'page')} ({size}) of existing memory of node {node} taken"
    yield from _zones_chosen(happened)
    moved = Counter[tuple[int, str]]()
    for event in happened:
        if isinstance(event, PagesMigrated):
            moved[event.to_node, event.to_zone] += event.pages
    for zone, pages in sorted(moved.items()):
        yield f"{counted(pages, 'page')} migrated to {zone_name(zone)}"
    if given := sum(event.pages for event in happened if isinstance(event, MemmapReleased)):
        yield f"{counted(given, 'page')} of memmap given back"
    if skipped := stepped_over(happened):
        yield skipped
    for event in happened:
        if isinstance(event, TOLD_EACH):
            yield event_words(event)
        elif isinstance(event, PagesTakenByWorkload):
            yield f"{counted(event.pages, 'page')} {_TAKEN.get(type(outcome.command), 'taken')}"
        elif isinstance(event, PagesFreed):
            yield f"{counted(event.pages, 'page')} freed"


def _placed(events: Iterable[Event]) -> Iterator[str]:
    """Where an add put the memmap, and by which rule."""
    places: dict[int, list[Chunk]] = {}
    rule: PlacementChosen | None = None
    for event in events:
        if isinstance(event, PlacementChosen):
            rule = event
        elif isinstance(event, MemmapPlaced):
            places.setdefault(event.node, []).extend(event.chunks)
    if rule is not None:
        pages = {node: covered(chunks) for node, chunks in sorted(places.items())}
        where = ", ".join(f"{counted(count, 'page')} on node {node}" for node, count in pages.items() if count)
        yield f"memmap in {placed(rule.placement, rule.reason)}" + (f" ({where})" if where else "")


def _zones_chosen(events: Iterable[Event]) -> Iterator[str]:
    chosen = [event for event in events if isinstance(event, ZoneChosen)]
    for (node, zone, reason), group in groupby(chosen, key=lambda event: (event.node, event.zone, event.reason)):
        names = block_names(event.block for event in group)
        yield f"{names} to {zone_name((node, zone))} ({sentence(reason)})"
