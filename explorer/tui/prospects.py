"""What all the answers on blocks come to: how many of each, what is in the way, what would go, what is closest to going.
Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec
from altmap.engine import Machine, Outcome, describe, sentence
from altmap.engine import block_names as all_names

from .. import facts
from ..picture.palette import WORDS
from ..picture.view import BlockOutlook

_PAGES: Final = {"unseen": "unseen pages", "no flags": "pages without flags"}
"""What answers hang on that is pages, called so."""


class Prospects(msgspec.Struct, frozen=True):
    """`asked` of `online` blocks; the blocks by answer; reasons with the number of blocks that they hold; the blocks that a
    person could free with the fewest pages in the way, as (block, pages)."""

    asked: int
    online: int
    answers: dict[str, list[int]]
    reasons: list[tuple[str, int]]
    closest: list[tuple[int, int]]


def prospects(known: Mapping[int, BlockOutlook], online: int) -> Prospects:
    """What the answers come to."""
    answers: dict[str, list[int]] = {}
    reasons: Counter[str] = Counter()
    closest: list[tuple[int, int]] = []
    for block, outlook in sorted(known.items()):
        answers.setdefault(outlook.answer, []).append(block)
        if outlook.answer == "yes":
            continue
        kinds = [word for word, _, _ in outlook.blockers if outlook.answer != "not known" or word != WORDS["assumed"]]
        reasons[
            outlook.rule or " + ".join(kinds[:3]) or _PAGES.get(outlook.doubt, outlook.doubt) or outlook.result
        ] += 1
        pages = sum(count for _, count, _ in outlook.blockers)
        if outlook.answer == "no" and pages and not outlook.rule:
            closest.append((block, pages))
    closest.sort(key=lambda one: (one[1], one[0]))
    return Prospects(len(known), online, answers, reasons.most_common(), closest)


def others(machine: Machine, block: int) -> tuple[str, list[int]]:
    """The online blocks that may go instead of one, and what they are: those of its device, else of its zone and node, else
    of its node."""
    here = machine.blocks.get(block)
    if here is None:
        return "", []
    same = [nr for nr in facts.device_of(machine, block) if nr != block and machine.blocks[nr].state == "online"]
    if same:
        return "its device", same
    same = [
        nr
        for nr, other in machine.blocks.items()
        if other.state == "online" and nr != block and other.node == here.node and here.zone in (None, other.zone)
    ]
    name = here.zone[1] if here.zone is not None else "its node"
    return f"{name} of node {here.node}" if here.zone and len(machine.nodes) > 1 else name, sorted(same)


def tile_word(outcome: Outcome) -> str:
    """Why a command was refused, in one word for a tile of the map."""
    kind = getattr(outcome.reason, "kind", None)
    return WORDS.get(kind, outcome.result) if isinstance(kind, str) else outcome.result


def stays(refused: tuple[Outcome, ...], outlook: BlockOutlook | None, block: int) -> str:
    """All that stays in the way of an offline that was refused, for the page that it names is only the first; "" for none."""
    if (
        outlook is None
        or outlook.rule
        or outlook.answer == "not known"
        or getattr(refused[0].command, "block", None) != block
    ):
        return ""
    counts = [f"{count:,} {word}" for word, count, _ in outlook.blockers]
    last = f"{counts.pop()} pages stay" if counts else ""
    return " and ".join(filter(None, (", ".join(counts), last)))


def grouped(refused: tuple[Outcome, ...]) -> list[tuple[str, list[Outcome]]]:
    """Refusals that say the same but for the place, the most frequent first; each with a sentence of its first."""
    groups: dict[tuple[str, str, str], list[Outcome]] = {}
    for outcome in refused:
        reason = outcome.reason
        key = (outcome.result, reason.code if reason is not None else "", str(getattr(reason, "kind", "")))
        groups.setdefault(key, []).append(outcome)
    found = sorted(groups.values(), key=len, reverse=True)
    return [(sentence(group[0].reason) if group[0].reason is not None else group[0].result, group) for group in found]


def reasons_words(refused: tuple[Outcome, ...]) -> str:
    """The reasons of a batch: the sentence of the one that there is, or all grouped and counted: "9 × slab (memory42)"."""
    groups = grouped(refused)
    if len(groups) == 1:
        said, group = groups[0]
        more = f"; {len(group) - 1:,} more for the same reason" if len(group) > 1 else ""
        return f"{describe(group[0].command)}: {said}{more}"
    parts = []
    for _, group in groups:
        blocks = [nr for one in group if isinstance(nr := getattr(one.command, "block", None), int)]
        where = f" ({all_names(blocks, 2)})" if blocks else ""
        word, result = tile_word(group[0]), group[0].result
        parts.append(f"{len(group):,} × {word if word == result else f'{result} {word}'}{where}")
    return "; ".join(parts)
