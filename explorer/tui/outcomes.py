"""What the explorer says about what came of a command, in sentences. Pure."""

from __future__ import annotations

from typing import Final

from altmap.engine import (
    Add,
    Compact,
    Eject,
    HugePages,
    Machine,
    Offline,
    Online,
    Outcome,
    Poison,
    Remove,
    VirtioMem,
    about_bytes,
    assumption,
    describe,
    memmap_places,
    parse_bytes,
    sentence,
    story,
)

from . import prospects
from .session import Batch
from .words import block_name, size_of

PAGE_COMMANDS: Final = (Compact, HugePages, Poison, VirtioMem)
"""Commands of which the story says more than their line."""


def outcome_words(outcome: Outcome, machine: Machine) -> str:
    """One outcome in a sentence: what is now so, or why not; and on what that hangs, if it is not known."""
    if not outcome.ok:
        return "; ".join(filter(None, (sentence(outcome.reason), assumption(outcome))))
    if isinstance(outcome.command, PAGE_COMMANDS):  # their story has it
        return _done(outcome, machine)
    return "; ".join(filter(None, (_done(outcome, machine), assumption(outcome))))


def _done(outcome: Outcome, machine: Machine) -> str:
    command = outcome.command
    if isinstance(command, Online):
        here = machine.blocks.get(command.block)
        zone = here.zone[1] if here and here.zone else "its zone"
        return f"{block_name(command.block)} is online in zone {zone}"
    if isinstance(command, Offline):
        return f"{block_name(command.block)} is offline"
    said = [describe(command)]
    if isinstance(command, Add):
        said += memmap_places(outcome)
        said += [_taken(machine, node, pages) for node, pages in sorted(outcome.taken.items())]
    if isinstance(command, Remove | Eject):
        said = [f"{describe(command)}: gone"]
    if isinstance(command, PAGE_COMMANDS):
        said += [text for kind, text in story(outcome) if kind == "why"]
    return "; ".join((*said, *map(sentence, outcome.notes)))


def _taken(machine: Machine, node: int, pages: int) -> str:
    size = about_bytes(abs(pages) * machine.geometry.page_size)
    return f"{'took' if pages > 0 else 'gave back'} {abs(pages):,} pages ({size}) of existing memory on node {node}"


def batch_words(batch: Batch, machine: Machine) -> tuple[str, str]:
    """The badge and the sentence for what came of a verb: the one refusal or success, or how many of each."""
    refused = batch.refused
    if batch.stopped:
        last, many = batch.outcomes[-1:], len(batch.outcomes)
        count = f"{many:,} command{'s' * (many != 1)}"
        if last and last[0].stopped and last[0].ok:
            return "stopped", f"{describe(last[0].command)}: the signal came too late, it is done; {count} in all"
        return "stopped", f"{batch.label}: ended by a signal (EINTR) after {count}"
    if len(batch.outcomes) == 1:
        outcome = batch.outcomes[0]
        prefix = "" if outcome.ok else f"{batch.label}: "
        return outcome.result, prefix + outcome_words(outcome, machine)
    if not refused:
        assumed = len(batch.assumed)
        blocks = sum(isinstance(outcome.command, Online | Offline) for outcome in batch.outcomes)
        size = f", {size_of(machine, blocks)}" if blocks == len(batch.outcomes) else ""
        hangs = f", {assumed:,} of them assumed" if assumed else ""
        return "ok", f"{batch.label}: all {len(batch.outcomes):,} done{size}{hangs}"
    willing = len(batch.outcomes) - len(refused)
    reasons = prospects.reasons_words(refused)
    return refused[0].result, f"{batch.label}: {willing:,} of {len(batch.outcomes):,} done; {reasons}"


def added_block(batch: Batch, machine: Machine) -> int | None:
    """The first block of memory that a verb added; None if it added none."""
    for outcome in batch.outcomes:
        if outcome.ok and isinstance(outcome.command, Add):
            return parse_bytes(outcome.command.start) // machine.geometry.block_size
    return None
