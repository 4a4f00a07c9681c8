"""What leaves when memory is taken out: pages for elsewhere, huge pages for good, blocks, nodes."""

from __future__ import annotations

from collections.abc import Sequence

from ...numbers.runs import consecutive
from ...protocol.events import BlockRemoved, Event, HugePageDissolved, NodeOfflined, PagesMigrated, of_type
from ...protocol.reasons import Reason
from ...protocol.reasons.effects import BlocksGo, HugePagesGivenUp, NodeGoes, PagesMove

EffectsAndWarnings = tuple[list[Reason], list[Reason]]


def moves(events: Sequence[Event]) -> EffectsAndWarnings:
    """Which pages leave for where, and huge pages that are given up for that."""
    moved: dict[tuple[int, str], int] = {}
    for event in of_type(events, PagesMigrated):
        key = event.to_node, event.to_zone
        moved[key] = moved.get(key, 0) + event.pages
    dissolved = len(of_type(events, HugePageDissolved))
    effects: list[Reason] = [PagesMove(pages, node, zone) for (node, zone), pages in moved.items()]
    return effects, [HugePagesGivenUp(dissolved)] if dissolved else []


def leaves(events: Sequence[Event]) -> EffectsAndWarnings:
    """Which pages leave for where, and which blocks and nodes are gone then."""
    effects, warnings = moves(events)
    gone = consecutive(event.block for event in of_type(events, BlockRemoved))
    if gone:
        effects.append(BlocksGo(tuple(gone)))
    effects += [NodeGoes(event.node) for event in of_type(events, NodeOfflined)]
    return effects, warnings
