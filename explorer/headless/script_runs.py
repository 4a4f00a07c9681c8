"""Running a script, and telling what comes of each command."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from altmap.engine import BadInput, Command, Machine, Offline, Online, Outcome, block_names, describe, save_machine
from altmap.engine.commands.scripts import Placed, parse_places
from altmap.engine.numbers.errors import located
from altmap.engine.protocol.events import Event

from .absent import refuse_absent
from .exits import FINE, REFUSED
from .output import write
from .progress import tracked
from .streams import machine_named, once_standard_input, script_text, writable


class Teller(Protocol):
    """Tells people, or programs, what a script does."""

    def event(self, number: int, event: Event) -> None:
        """The kernel did something in command `number`."""

    def outcome(self, number: int, outcome: Outcome) -> None:
        """Command `number` is done."""

    def flush(self) -> None:
        """Nothing may be held back any longer."""

    def end(self) -> None:
        """The whole script is done."""


class Line(NamedTuple):
    """A line of a script: where it stands, and its commands."""

    where: str
    commands: list[Command]

    @property
    def label(self) -> str:
        """What it is called."""
        blocks = [one.block for one in self.commands if isinstance(one, Online | Offline)]
        if len(blocks) < 2:
            return describe(self.commands[0])
        first = self.commands[0]
        return f"{first.type if isinstance(first, Online) else 'offline'} {block_names(blocks, 3)}"


def lines_of(commands: Sequence[Placed], name: str) -> list[Line]:
    """The lines of the script `name`."""
    return [
        Line(f"{name}: {place}", [one.command for one in placed])
        for place, placed in groupby(commands, key=lambda one: one.place)
    ]


def run_script(
    machine: Machine, lines: Sequence[Line], teller: Teller, before_last: Callable[[Line], None] | None = None
) -> int:
    """Do the commands of a script; returns how many did not come out as expected. `before_last` is called ahead of the last
    line. Raises `BadInput`, with the place of the command, for one that makes no sense."""
    unexpected = 0
    commands = [(line, at, command) for line in lines for at, command in enumerate(line.commands)]
    try:
        for number, (line, at, command) in enumerate(tracked(commands), 1):
            with located(line.where):
                if at == 0:
                    refuse_absent(machine, line.commands)
                    if before_last is not None and line is lines[-1]:
                        teller.flush()
                        before_last(line)
                outcome = _done(machine, command, number, teller)
            teller.outcome(number, outcome)
            unexpected += not outcome.expected
    finally:
        teller.flush()
    teller.end()
    return unexpected


def _done(machine: Machine, command: Command, number: int, teller: Teller) -> Outcome:
    """Do a command, and tell each of its events."""
    steps = machine.steps(command)
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        teller.event(number, event)


def run(arguments: argparse.Namespace) -> int:
    """Run a script on a machine, and save what it has become; 1 if a command did not come out as expected."""
    once_standard_input(arguments.machine, arguments.script)
    writable(arguments.save)
    machine = machine_named(arguments.machine, arguments.model, replay=arguments.replay, devices=arguments.devices)
    text, name = script_text(arguments.script)
    lines = lines_of(parse_places(text, name), name)
    unexpected = run_script(machine, lines, _teller(machine, arguments), _watcher(machine, arguments))
    if arguments.save is not None:
        save_machine(machine, arguments.save)
    return REFUSED if unexpected else FINE


def _watcher(machine: Machine, arguments: argparse.Namespace) -> Callable[[Line], None] | None:
    if not arguments.watch:
        return None
    if arguments.json or arguments.events:
        raise BadInput("--watch is for people, --json and --events are for programs; give one of them")
    from .console import Printer
    from .watch import watch

    printer = Printer(arguments.color, arguments.width, pictures=True)
    return lambda line: watch(machine, line.label, line.commands, printer)


def _teller(machine: Machine, arguments: argparse.Namespace) -> Teller:
    if arguments.json or arguments.events:
        from .forms.steps import JsonLines

        return JsonLines(machine, write, arguments.full, arguments.events)
    if arguments.full:
        raise BadInput("--full says what --json prints; give both")
    from .account import Account
    from .console import Printer

    return Account(machine, Printer(arguments.color, arguments.width))
