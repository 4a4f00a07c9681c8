"""The readable account of a script: what came of each command, and what it changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import msgspec
from altmap.engine import (
    Add,
    Machine,
    Offline,
    Online,
    Outcome,
    VirtioMem,
    block_names,
    describe,
    news,
    sentence,
    worth_knowing,
)
from altmap.engine.memory.state import State
from altmap.engine.protocol.events import (
    Event,
)
from altmap.engine.questions.narrate.achieved import achieved
from altmap.engine.questions.narrate.story import assumption
from altmap.engine.sysfs.report import BlockReport, ZoneReport, block_report, glance, zone_reports
from rich.text import Text

from .console import Printer

_ZONE_NUMBERS = ("start_pfn", "spanned", "present", "managed", "free")
_INDENT = " " * 6
_HANG = 8
"""Columns before what a line goes on with."""
_OF_A_RANGE = (Online, Offline)
"""Commands that a line of a script may ask for many blocks."""


class Account:
    """`altmap run` for people: for each command a line with its result, then one for each note and each change. The
    commands of a range of blocks that come out alike are told as one."""

    def __init__(self, machine: Machine, printer: Printer) -> None:
        self._machine, self._printer = machine, printer
        self._before = self._after = glance(machine)
        self._done = self._unexpected = 0
        self._known = worth_knowing(machine)
        self._added = False
        self._group: list[Outcome] = []

    def event(self, number: int, event: Event) -> None:
        """The account is of results."""

    def outcome(self, number: int, outcome: Outcome) -> None:
        """The machine has done one more command. It is told at once unless more of a range may follow."""
        if self._group and not _continues(self._group[-1], outcome):
            self.flush()
        self._group.append(outcome)
        self._unexpected += not outcome.expected
        self._added |= isinstance(outcome.command, Add | VirtioMem)
        self._after = glance(self._machine)
        if not isinstance(outcome.command, _OF_A_RANGE):
            self.flush()

    def flush(self) -> None:
        """Tell what was held back."""
        if self._group:
            self._printer.lines(*self._lines(), hang=_HANG)

    def end(self) -> None:
        """The sum; after an add, before it, what is worth knowing of the machine that was not so when the script began."""
        if self._added and (advice := news(self._known, worth_knowing(self._machine))):
            lines = [Text(f"  • {sentence(one.fact)}") for one in advice]
            self._printer.lines(Text("Worth knowing now", "bold"), *lines, hang=4)
        said = f"{self._unexpected} not as expected" if self._unexpected else "each as expected"
        self._printer.lines(Text(f"{self._done} command{'s' * (self._done != 1)}, {said}", "bold"), hang=0)

    def _lines(self) -> Iterator[Text]:
        first, last = self._done + 1, self._done + len(self._group)
        yield _result_line(f"{first}-{last}" if first < last else str(first), self._machine, self._group)
        for note in self._group[0].notes:
            yield Text(f"{_INDENT}note: {sentence(note)}")
        for change in changes(self._before, self._after):
            yield Text(f"{_INDENT}{change}")
        self._done, self._before, self._group = last, self._after, []


def _continues(outcome: Outcome, following: Outcome) -> bool:
    """Is a command for the next block, and came out alike?"""
    one, other = outcome.command, following.command
    if not isinstance(one, _OF_A_RANGE) or type(one) is not type(other):
        return False
    alike = all(
        getattr(outcome, name) == getattr(following, name) for name in ("result", "reason", "notes", "certainty")
    )
    return alike and other == msgspec.structs.replace(one, block=one.block + 1)


def _result_line(number: str, machine: Machine, outcomes: list[Outcome]) -> Text:
    outcome, end = outcomes[0], outcomes[-1].command
    command = describe(outcome.command, end.block if isinstance(end, _OF_A_RANGE) else None)
    events = [event for one in outcomes for event in one.events]
    clauses = (
        [sentence(outcome.reason)]
        if outcome.reason is not None
        else list(achieved(outcome, machine.geometry.page_size, events))
    )
    if not outcome.expected:
        clauses[:0] = [f"{outcome.command.expect} was expected"] if outcome.command.expect else []
    elif not outcome.ok:
        clauses[:0] = ["as expected"]
    result, style = outcome.result, "green" if outcome.ok else "yellow" if outcome.expected else "red"
    if outcome.certainty == "not known":
        result, style = f"{result} (assumed)", "yellow"
        clauses.insert(0, assumption(msgspec.structs.replace(outcome, events=tuple(events))))
    line = Text.assemble(f"{number:>4}  ", (command, "bold"), " … ", (result, style))
    return line.append(f" — {'; '.join(clauses)}") if clauses else line


# -- what changed ------------------------------------------------------------------------------------------------------


def changes(before: State, after: State) -> Iterator[str]:
    """How two glances at a machine differ: runs of blocks that changed alike, numbers of zones, parameters."""
    changed = [(block, words) for block in _touched(before, after) if (words := _block_change(before, after, block))]
    for _, group in groupby(enumerate(changed), key=lambda item: (item[1][0] - item[0], item[1][1])):
        run = [change for _, change in group]
        yield f"{block_names(block for block, _ in run)}: {run[0][1]}"
    zones = [{(zone.node, zone.zone): zone for zone in zone_reports(state)} for state in (before, after)]
    for node, zone in sorted(zones[0].keys() | zones[1].keys()):
        if words := _zone_change(zones[0].get((node, zone)), zones[1].get((node, zone))):
            yield f"zone {zone} of node {node}: {words}"
    parameters = before.settings.texts()
    for name, value in sorted(after.settings.texts().items()):
        if (old := parameters[name]) != value:
            yield f"{name}: {old} → {value}"


def _touched(before: State, after: State) -> list[int]:
    """Blocks that may look different, ascending. What an offline block says of the zones that it may go to follows from
    the zones, groups and parameters; all other blocks speak for themselves."""
    blocks = {number for number, block in after.blocks.items() if before.blocks.get(number) is not block}
    blocks |= before.blocks.keys() - after.blocks.keys()
    if (before.zones, before.groups, before.settings) != (after.zones, after.groups, after.settings):
        blocks |= {number for number, block in after.blocks.items() if block.state != "online"}
    return sorted(blocks)


def _block_change(before: State, after: State, block: int) -> str:
    old, new = (block_report(state, block) if block in state.blocks else None for state in (before, after))
    if old == new:
        return ""
    if new is None:
        return "gone"
    if old is None:
        return f"new, {_shown(new)}, node {', '.join(map(str, new.nodes))}"
    return f"{_shown(old)} → {_shown(new)}"


def _shown(block: BlockReport) -> str:
    return f"{block.state} [{block.valid_zones}]"


def _zone_change(old: ZoneReport | None, new: ZoneReport | None) -> str:
    if new is None:
        return "empty now"
    if old is None:
        return "new, " + ", ".join(f"{name} {_number(name, new)}" for name in _ZONE_NUMBERS)
    pairs = [(name, _number(name, old), _number(name, new)) for name in _ZONE_NUMBERS]
    return ", ".join(f"{name} {a} → {b}" for name, a, b in pairs if a != b)


def _number(name: str, zone: ZoneReport) -> str:
    """A number of a zone; where it begins as everywhere else."""
    return format(getattr(zone, name), "#x" if name == "start_pfn" else ",")
