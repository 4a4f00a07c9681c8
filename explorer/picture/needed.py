"""What an alternative of an add needs, and whether a released kernel has it so. Pure."""

from __future__ import annotations

from altmap.engine import Alternative, sentence
from altmap.engine.protocol.reasons.released import (
    AsItIs,
    NeverAsked,
    NoValueDoes,
    OnlyProposed,
    OtherBlocks,
    Released,
)

from ..wrapping import wrap


def released(row: Alternative) -> bool:
    """Does a released kernel do it so?"""
    return not any(isinstance(one, OnlyProposed | NeverAsked | NoValueDoes) for one in (row.needs, *row.boots))


def needs(row: Alternative) -> str:
    """What it takes to have it so, in a sentence."""
    return "; ".join(map(sentence, _needed(row))) or "as it is"


def _needed(row: Alternative) -> list[Released]:
    return [one for one in (*row.boots, row.needs) if not isinstance(one, AsItIs)]


def needs_lines(row: Alternative, wide: int) -> list[str]:
    """The same in lines of a column; in fewer words where two lines do not hold it."""
    said = wrap(needs(row), wide)
    return wrap("; ".join(map(_in_short, _needed(row))), wide) if said[2:] else said


def _in_short(one: Released) -> str:
    match one:
        case OnlyProposed(proposed):
            return f"{proposed}, unreleased"
        case OtherBlocks(_, "memory"):
            return "by the memory at boot, no option"
    return sentence(one)
