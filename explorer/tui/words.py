"""What the explorer says about a machine and about what came of a command, in sentences. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Final

from altmap.engine import (
    Add,
    Compact,
    Eject,
    HugePages,
    Line,
    Machine,
    Offline,
    Online,
    Outcome,
    Poison,
    Remove,
    Shortage,
    Verdict,
    VirtioMem,
    about_bytes,
    assumption,
    describe,
    format_address,
    format_bytes,
    memmap_places,
    parse_bytes,
    running,
    sentence,
    story,
)
from altmap.engine import block_names as engine_names

from .. import facts
from . import prospects
from .session import Batch

PAGE_COMMANDS: Final = (Compact, HugePages, Poison, VirtioMem)
"""Commands of which the story says more than their line."""


def block_name(block: int) -> str:
    """As sysfs calls it."""
    return f"memory{block}"


def block_names(blocks: Iterable[int]) -> str:
    """``memory32-39, memory48``: runs in short, and no more of them than a line has room for."""
    return engine_names(blocks, 3)


def numbers(blocks: Iterable[int]) -> str:
    """``32-39, 48``: the same without their names, as a line of a script has them."""
    found = facts.runs(blocks)
    rest = sum(count for _, count in found[3:])
    parts = [f"{first}" if count == 1 else f"{first}-{first + count - 1}" for first, count in found[:3]]
    return ", ".join(parts) + (f" and {rest:,} more" if rest else "")


def machine_name(machine: Machine) -> str:
    """The machine's name; of a folder or file its last part alone."""
    return PurePath(machine.origin.name).name or "this machine"


def size_of(machine: Machine, blocks: int) -> str:
    """The size of so many blocks."""
    return about_bytes(blocks * machine.geometry.block_size)


def file_name(machine: Machine) -> str:
    """The machine's name as that of a file, without its suffix: short, and of letters, digits and dashes alone."""
    return re.sub(r"[^\w-]+", "-", machine_name(machine).partition(".")[0])[:64].strip("-") or "machine"


def zones_of(machine: Machine, block: int) -> str:
    """valid_zones explained: where the block is, or where it may go and what plain `online` would choose."""
    zones = machine.valid_zones(block).split()
    if machine.blocks[block].state == "offline":
        return f"{zones[0]} by default" + "".join(f", or {zone}" for zone in zones[1:])
    return "none: it can never go offline" if zones == ["none"] else zones[0]


def memmap_place(machine: Machine, block: int) -> str:
    """Where the memmap of a block lies."""
    place = facts.memmap_of(machine, block)
    start = machine.geometry.block_start(block)
    if place.on == "none":
        return "none: there are no struct pages"
    if place.on == "mixed":
        return f"in several places, {block_names(place.hosts)} among them"
    if not place.chunks:
        return "in kernel memory, taken at boot or unseen by the capture"
    if place.on == "self" and place.hosts == (block,):
        first, count = place.chunks[0]
        return f"in the block itself, pages {first - start}-{first - start + count - 1}"
    return {
        "self": f"in {block_names(place.hosts)}, at the head of its own add request",
        "section": f"in {block_names(place.hosts)}, a low section of the node",
        "kernel": f"in kernel memory, in {block_names(place.hosts)}",
    }[place.on]


def memmap_short(machine: Machine, block: int) -> str:
    """The same in a few words."""
    place = facts.memmap_of(machine, block)
    if place.on in ("none", "mixed"):
        return "none" if place.on == "none" else "in several places"
    if place.on == "kernel" or not place.chunks:
        return "in kernel memory"
    return "in the block itself" if place.hosts == (block,) else f"in {block_names(place.hosts)}"


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
        return (
            "ok",
            f"{batch.label}: all {len(batch.outcomes):,} done{f', {assumed:,} of them assumed' if assumed else ''}",
        )
    willing = len(batch.outcomes) - len(refused)
    reasons = prospects.reasons_words(refused)
    return refused[0].result, f"{batch.label}: {willing:,} of {len(batch.outcomes):,} done; {reasons}"


def added_block(batch: Batch, machine: Machine) -> int | None:
    """The first block of memory that a verb added; None if it added none."""
    for outcome in batch.outcomes:
        if outcome.ok and isinstance(outcome.command, Add):
            return parse_bytes(outcome.command.start) // machine.geometry.block_size
    return None


def suggestion(machine: Machine, size: int) -> str:
    """An address for new memory, as the dialog shows it."""
    return format_address(facts.suggested_address(machine, size))


def add_preview(machine: Machine, start: int, size: int) -> str:
    """What an add would make: blocks, and how big their memmap is."""
    geometry = machine.geometry
    unit = geometry.block_size
    if not size or start % unit or size % unit:
        return f"The kernel adds whole memory blocks of {format_bytes(unit)}: it would answer EINVAL."
    names = block_names(range(start // unit, (start + size) // unit))
    pages = geometry.memmap_pages(size // geometry.page_size)
    return f"{names}; memmap {format_bytes(pages * geometry.page_size)} = {pages:,} pages"


def _answered(answer: str, *more: Line) -> tuple[Line, ...]:
    return running(answer, "answer", 0), *more


def _plain(words: str) -> Line:
    return running(words, indent=0)


def shortage_words(machine: Machine, budget: Shortage, said: str) -> tuple[Line, ...]:
    """Kernel memory that an add lacks which makes what is `said`."""
    short = about_bytes(budget.missing * machine.geometry.page_size)
    nodes = f"node{'s' if len(budget.nodes) > 1 else ''} {', '.join(map(str, budget.nodes))}"
    takes = (
        f"It takes {budget.needed:,} pages ({budget.memmap:,} of memmap, {budget.tables:,} of page tables and objects); "
        f"the kernel zones of {nodes} have {budget.available:,} to spare."
    )
    return _answered(f"It does not fit: {short} of kernel memory are missing", _plain(said), _plain(takes))


def fit_words(verdict: Verdict, said: str) -> tuple[Line, ...]:
    """Whether an add fits that makes what is `said`, and what to mind before it is done."""
    effects = [_plain(sentence(effect)) for effect in verdict.effects]
    if not verdict.rehearsed:
        return _answered(f"Refused with {verdict.result}: {sentence(verdict.reason)}", _plain(said))
    if verdict.unknown:
        unknown = [_plain(sentence(one)) for one in verdict.unknown]
        return _answered(f"Whether it fits is not known: {said}", *unknown, *effects)
    warnings = [running(f"warning: {sentence(warning)}", "warning", 0) for warning in verdict.warnings]
    return _answered(f"It fits: {said}", *warnings, *effects)
