"""What a command did, as a person would tell it: the kernel's own lines and the decisions between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from ...commands.outcome import Outcome
from ...protocol import events
from ...protocol.events import Event, Logged, PlacementChosen, ZoneChosen
from ...protocol.reasons.zones import ZoneAskedFor
from .events import TOLD_EACH, event_words, hangs_on, stepped_over
from .placement import placed
from .reason import sentence

_DOUBTS: Final = (events.AddressDoubted, events.RangeDoubted, events.KernelDoubted)


class Said(NamedTuple):
    """A line of a story: `kind` is "log" for a line of the kernel log, "why" for a decision or a sum; `text` is the line."""

    kind: Literal["log", "why"]
    text: str


def story(outcome: Outcome) -> Iterator[Said]:
    """What a command did, line by line, in the kernel's order: the lines of its log, and between them decisions and sums. A
    decision that was made for many blocks is told once."""
    decided = set[object]()
    for event in outcome.events:
        decision = _decision(event)
        if isinstance(event, Logged):
            yield Said("log", event.text)
        elif decision is not None and decision not in decided:
            decided.add(decision)
            yield Said("why", _words(event))
    if outcome.certainty == "not known":
        yield Said("why", assumption(outcome))
    if skipped := stepped_over(outcome.events):
        yield Said("why", skipped)
    sums = Counter[type]()
    for event in outcome.events:
        if isinstance(event, _Counted):
            sums[type(event)] += event.pages
    for kind, words in _COUNTED.items():
        if sums[kind]:
            yield Said("why", f"{sums[kind]:,} {words}")
    for node, pages in sorted(outcome.taken.items()):
        if pages > 0:
            yield Said("why", f"{pages:,} pages of existing memory taken on node {node}")


def assumption(outcome: Outcome) -> str:
    """The sentence that says on what an outcome hangs that is not known; empty if it hangs on nothing."""
    if outcome.certainty != "not known":
        return ""
    if outcome.assumed:
        return hangs_on(outcome.assumed)
    doubt = next((event for event in outcome.events if isinstance(event, _DOUBTS)), None)
    if doubt is not None:
        return event_words(doubt)
    return "this hangs on free pages that no one counted" + (
        "" if outcome.ok else ", or on pages that the kernel would take back first"
    )


def memmap_places(outcome: Outcome) -> list[str]:
    """A sentence for each place where an add put its memmap, with the rule that decided it."""
    chosen = dict.fromkeys(event for event in outcome.events if isinstance(event, PlacementChosen))
    return list(map(event_words, chosen))


def _decision(event: Event) -> object:
    """What makes a decision the same as another one; None for what is none, or is what was asked for."""
    if isinstance(event, ZoneChosen):
        return None if isinstance(event.reason, ZoneAskedFor) else (event.zone, event.reason)
    return event if isinstance(event, (PlacementChosen, *TOLD_EACH)) else None


def _words(event: Event) -> str:
    if isinstance(event, PlacementChosen):
        return f"memmap: {placed(event.placement, event.reason)}"
    if isinstance(event, ZoneChosen):
        return f"zone {event.zone}: {sentence(event.reason)}"
    return event_words(event)


_Counted = (
    events.HugePageDissolved
    | events.PagesMigrated
    | events.PagesCompacted
    | events.PagesPlugged
    | events.PagesUnplugged
)
_COUNTED: Final[Mapping[type, str]] = {
    events.HugePageDissolved: "pages of free huge pages given back",
    events.PagesMigrated: "pages moved elsewhere",
    events.PagesCompacted: "pages moved together",
    events.PagesPlugged: "pages plugged",
    events.PagesUnplugged: "pages unplugged, and withheld from now on",
}
"""Events of which only the pages are told, all together."""
