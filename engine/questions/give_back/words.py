"""What can be given back, in words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from ...numbers.units import about_bytes, format_bytes
from ..narrate.lines import GAP, Line, running
from ..narrate.reason import sentence
from ..narrate.unknown import unknown_words
from ..narrate.words import block_names, counted
from ..why.words import KIND_WORDS, lines, shortened
from .plan import GiveBack, HeldBlocks

_MOST_RUNS: Final = 4
"""Runs of blocks that a line names."""
_MOST_LINES: Final = 24
"""Lines of the script that are shown."""


def describe_give_back(plan: GiveBack) -> tuple[Line, ...]:
    """The answer, the blocks in their order, what moves, and what holds the rest."""
    return tuple(_lines(plan))


def _lines(plan: GiveBack) -> Iterator[Line]:
    where = "" if plan.node is None else f" node {plan.node}"
    yield running(f"offline {format_bytes(plan.wanted)}{where}: {_answer(plan)}", "answer", 0)
    if plan.unsure:
        yield from map(running, _doubts(plan))
    if plan.blocks:
        laid = ", with its pages laid out as they are here" if plan.unsure else ""
        yield GAP
        yield running(f"In this order, each on the machine as those before it leave it{laid}:", "title", 0)
        yield from (running(line, "script") for line in shortened(_script(plan), _MOST_LINES))
    if plan.moves:
        size = about_bytes(plan.moves * plan.page_size)
        yield running(f"{counted(plan.moves, 'page')} ({size}) move to blocks that stay")
    if plan.held:
        yield from (GAP, running("What holds the rest:", "title", 0))
        for held in plan.held:
            yield Line((counted(len(held.blocks), "block"), format_bytes(held.size), _what(held, plan)), indent=2)


def _doubts(plan: GiveBack) -> Iterator[str]:
    """On what it hangs whether the unsure ones go, and what would tell."""
    blocks = block_names(plan.unsure, _MOST_RUNS)
    if plan.unseen:
        yield f"no one saw all pages of {blocks}"
        yield "to know, capture the machine as root, which sees /proc/kpageflags"
    else:
        yield f"not known of {blocks}"
        yield from (f"memory{block}: {words}" for block, doubt in plan.doubts for words in unknown_words(doubt))


def _answer(plan: GiveBack) -> str:
    sure = f"{format_bytes(plan.sure)} can go for sure" if plan.sure else "nothing is sure to go"
    if plan.answer == "yes":
        more = "" if plan.size == plan.wanted else f", {format_bytes(plan.size)},"
        return f"yes, {counted(len(plan.blocks), 'block')} of {format_bytes(plan.block_size)}{more} can go together"
    if plan.answer == "not known":
        return (
            f"not known; {sure}, the rest hangs on {'pages that no one saw' if plan.unseen else 'what no file tells'}"
        )
    if not plan.most:
        return "no, not one block can go"
    if plan.most > plan.sure:
        return f"no; {sure}, and at most {format_bytes(plan.most)} may, by the counters"
    return f"no, but {format_bytes(plan.size)} can"


def _script(plan: GiveBack) -> Iterator[str]:
    """The blocks in their order; those that hang on pages that no one saw are marked."""
    unsure = {*plan.unsure}
    for guessed, commands in groupby(plan.commands, key=lambda command: command.block in unsure):
        yield from (f"{line}{'  # not known' if guessed else ''}" for line in lines(tuple(commands)))


def _what(held: HeldBlocks, plan: GiveBack) -> str:
    names = block_names(held.blocks, _MOST_RUNS)
    if held.kind is None:
        return f"{held.result}, {sentence(held.reason)} ({names})"
    first = "" if held.pfn is None else f", the first at {held.pfn * plan.page_size:#x}"
    return f"{held.result}, {KIND_WORDS[held.kind]}{first} ({names})"
