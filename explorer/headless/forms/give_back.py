"""The document `give_back`: which blocks would give back so much memory, and what holds the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from altmap.engine import GiveBack, HeldBlocks, Machine, sentence
from altmap.engine.protocol.reasons.unknown import Unknown
from altmap.engine.protocol.vocabulary import Certainty
from altmap.engine.questions.why.words import KIND_WORDS, lines

from .document import Amount, Document


class HeldRow(msgspec.Struct, frozen=True, kw_only=True):
    """`blocks` that do not go, of so many `bytes`, for one reason: the `errno`, and the `kind` of the page that the kernel stops
    at (`what` in words), null where it is a rule. `sentence`, `reason` (see `altmap schema reason`) and `first_pfn` are those
    of the lowest block."""

    blocks: tuple[int, ...]
    bytes: int
    errno: str
    kind: str | None
    what: str | None
    sentence: str
    reason: Mapping[str, Any] | None
    first_pfn: int | None


class DoubtedBlock(msgspec.Struct, frozen=True, kw_only=True):
    """What it hangs on whether a block goes, and others of its zone: see `altmap schema reason`."""

    block: int
    sentence: str
    reason: Mapping[str, Any]


class GiveBackDocument(Document, tag="give_back", frozen=True, kw_only=True):
    """Can the machine `name` give back `wanted` bytes, and by which blocks? `answer` is "yes", "no", or "not known"; `blocks`
    go offline together in this order, each judged on the machine as those before it leave it, `lines` say so in a script.
    `unsure` are those of them that hang on what is not known, and `unknown` says what that is; `size` is what goes, `sure` what
    goes for sure, and more than `most` cannot go (bytes), `moves` what has to move to other blocks. `held` is what does not go,
    where that is missing."""

    version: Literal[1] = 1
    name: str
    wanted: int
    node: int | None
    answer: Certainty
    size: int
    sure: int
    most: int
    blocks: tuple[int, ...]
    unsure: tuple[int, ...]
    unknown: tuple[DoubtedBlock, ...]
    lines: tuple[str, ...]
    moves: Amount
    held: tuple[HeldRow, ...]


def give_back_document(machine: Machine, plan: GiveBack) -> GiveBackDocument:
    """`altmap why MACHINE offline SIZE --json`."""
    return GiveBackDocument(
        name=machine.origin.name,
        wanted=plan.wanted,
        node=plan.node,
        answer=plan.answer,
        size=plan.size,
        sure=plan.sure,
        most=plan.most,
        blocks=plan.blocks,
        unsure=plan.unsure,
        unknown=tuple(map(_doubted, plan.doubts)),
        lines=tuple(lines(plan.commands)),
        moves=Amount(plan.moves * plan.page_size, plan.moves),
        held=tuple(map(_held, plan.held)),
    )


def _doubted(doubt: tuple[int, Unknown]) -> DoubtedBlock:
    block, reason = doubt
    return DoubtedBlock(block=block, sentence=sentence(reason), reason=msgspec.to_builtins(reason))


def _held(held: HeldBlocks) -> HeldRow:
    return HeldRow(
        blocks=held.blocks,
        bytes=held.size,
        errno=held.result,
        kind=held.kind,
        what=None if held.kind is None else KIND_WORDS[held.kind],
        sentence=sentence(held.reason),
        reason=None if held.reason is None else msgspec.to_builtins(held.reason),
        first_pfn=held.pfn,
    )
