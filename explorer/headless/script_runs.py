"""Running a script, and telling what comes of each command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from altmap.engine import Machine, Outcome
from altmap.engine.numbers.errors import located
from altmap.engine.protocol.events import Event
from altmap.engine.protocol.scripts import Placed

from .progress import tracked


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


def run_script(machine: Machine, commands: Sequence[Placed], name: str, teller: Teller) -> int:
    """Do the commands of the script `name`; returns how many did not come out as expected. Raises `BadInput`, with the
    place of the command, for one that makes no sense."""
    unexpected = 0
    try:
        for number, (place, command) in enumerate(tracked(commands), 1):
            with located(f"{name}: {place}"):
                steps = machine.steps(command)
                while True:
                    try:
                        event = next(steps)
                    except StopIteration as end:
                        outcome: Outcome = end.value
                        break
                    teller.event(number, event)
            teller.outcome(number, outcome)
            unexpected += not outcome.expected
    finally:
        teller.flush()
    teller.end()
    return unexpected
