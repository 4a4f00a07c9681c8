"""A person's work on one machine: commands that run in small slices, batches that are taken back as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import NamedTuple

from engine import Command, Machine, Outcome, describe

SLICE = 0.1
"""Seconds between two moments in which the screen may answer keys; it decides how smooth it is, never what happens."""


class Batch(NamedTuple):
    """What came of one verb: the outcome of each of its commands, in order. `stopped`: a person ended it early."""

    label: str
    outcomes: tuple[Outcome, ...]
    stopped: bool = False

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """The outcomes that are refusals."""
        return tuple(outcome for outcome in self.outcomes if not outcome.ok)


class Session:
    """A machine, and how many commands each verb so far was made of.

    Commands run on the event loop a slice at a time: nothing else touches the machine in between, the screen stays
    alive, and closing the operation's generator is the kernel's signal.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.running: str | None = None
        self._done: list[tuple[str, int]] = [(describe(outcome.command), 1) for outcome in machine.history]
        self._undone: list[tuple[str, int]] = []
        self._stop = False

    @property
    def can_undo(self) -> bool:
        return self.machine.can_undo and self.running is None

    @property
    def can_redo(self) -> bool:
        return self.machine.can_redo and bool(self._undone) and self.running is None

    def stop(self) -> None:
        """Send the running verb the signal; it ends before its next event."""
        self._stop = True

    async def run(
        self,
        label: str,
        commands: Sequence[Command],
        progress: Callable[[int, int], None] = lambda command, events: None,
    ) -> Batch:
        """Run commands one after the other, past refusals. `progress` gets the command's number and its events so far.

        Whatever the engine raises comes out of here, and the machine is as the last finished command left it.
        """
        before = len(self.machine.history)
        self.running, self._stop = label, False
        pause_at = monotonic() + SLICE
        try:
            for number, command in enumerate(commands):
                steps = self.machine.steps(command)
                try:
                    for count, _ in enumerate(steps, 1):
                        if monotonic() >= pause_at:
                            progress(number, count)
                            await asyncio.sleep(0)
                            pause_at = monotonic() + SLICE
                        if self._stop:
                            break
                finally:
                    steps.close()
                if self._stop:
                    break
        finally:
            self.running = None
            if done := len(self.machine.history) - before:
                self._done.append((label, done))
                self._undone.clear()
        return Batch(label, self.machine.history[before:], self._stop)

    def undo(self) -> Batch | None:
        """Take the last verb back, all its commands."""
        return self._move(self._done, self._undone, self.machine.undo)

    def redo(self) -> Batch | None:
        """Do again what was taken back."""
        return self._move(self._undone, self._done, self.machine.redo)

    @staticmethod
    def _move(
        source: list[tuple[str, int]], target: list[tuple[str, int]], step: Callable[[], Outcome | None]
    ) -> Batch | None:
        if not source:
            return None
        label, count = source.pop()
        target.append((label, count))
        outcomes = [outcome for _ in range(count) if (outcome := step()) is not None]
        return Batch(label, tuple(outcomes))
