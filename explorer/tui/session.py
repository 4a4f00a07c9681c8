"""A person's work on one machine: commands that run in small slices, batches that are taken back as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec
from altmap.engine import BadInput, Command, Machine, Measured, Outcome, Step, describe, measured

from .states import together

if TYPE_CHECKING:
    from altmap.engine import Film, Verdict

SLICE = 0.03
"""Seconds between two moments in which the screen may answer keys; it decides how smooth it is, never what happens."""
TOLD = 0.2
"""Seconds from one word on the progress to the next, which costs more than to look for a key."""


LEFT: Final = True
"""What the application returns when a person left it and was asked about unsaved states."""


class Batch(msgspec.Struct, frozen=True):
    """What came of one verb: the outcome of each of its commands, in order. `stopped`: a person ended it early;
    `refusals`: the steps of it that the kernel refused."""

    label: str
    outcomes: tuple[Outcome, ...]
    stopped: bool = False
    refusals: tuple[Step, ...] = ()

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """The outcomes that are refusals."""
        return tuple(step.outcome for step in self.refusals if step.outcome is not None)

    @property
    def assumed(self) -> tuple[Outcome, ...]:
        """The outcomes that hang on pages that no one saw."""
        return tuple(outcome for outcome in self.outcomes if outcome.certainty == "not known")


class _Pace:
    """Lets the screen answer keys while a verb runs, and now and then tells `progress` how far it is. `due`: when it may answer
    next, in seconds of `monotonic`."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self._progress = progress
        self.due, self._tell_at = monotonic() + SLICE, monotonic() + TOLD

    async def answer(self, command: int, events: int) -> None:
        """Let it; so many events of that command are done."""
        if monotonic() >= self._tell_at:
            self._progress(command, events)
            self._tell_at = monotonic() + TOLD
        await asyncio.sleep(0)
        self.due = monotonic() + SLICE


class Session:
    """A machine, which of its states each verb made, and the lines that were typed.

    Commands run on the event loop a slice at a time: nothing else touches the machine in between, the screen stays
    alive, and closing the operation's generator is the kernel's signal.
    """

    def __init__(self, machine: Machine, before: Session | None = None, begun: str = "opened") -> None:
        """`before`: the work on another machine, which waits below; `begun`: how this one came to be, in a word."""
        self.machine = machine
        self.before = before
        self.begun = begun
        self.after: Session | None = None
        """The work on a machine that came after this one, and was gone back from."""
        self.running: str | None = None
        self.typed: list[str] = []
        self.misread: BadInput | None = None
        """What made no sense to the engine in the last verb."""
        self._verbs: dict[int, tuple[int, str]] = {}
        self._found = together(machine.timeline.steps)
        self._measured: dict[int, Measured] = {}
        self._stop = False
        self._kept = len(machine.timeline)

    @property
    def unsaved(self) -> int:
        """States that were made since the machine was opened or saved."""
        return len(self.machine.timeline) - self._kept

    def saved(self) -> None:
        """All states are in a file now."""
        self._kept = len(self.machine.timeline)

    @property
    def can_undo(self) -> bool:
        """Is there a verb to take back, and none running?"""
        return self.machine.can_undo and self.running is None

    @property
    def can_redo(self) -> bool:
        """Is there a verb to do again, and none running?"""
        return self.machine.can_redo and self.running is None

    def stop(self) -> None:
        """Send the running verb the signal; it ends before its next event."""
        self._stop = True

    async def run(
        self,
        label: str,
        commands: Sequence[Command],
        progress: Callable[[int, int], None] = lambda command, events: None,
        signal: tuple[int, int] | None = None,
        verbs: Sequence[tuple[str, int]] = (),
    ) -> Batch:
        """Run commands one after the other, past refusals. `progress` gets the command's number and its events so far.
        `signal`: it is sent after so many whole commands and so many events of the next one. `verbs`: the label of each, and
        how many of the commands it is; without them all is one verb.

        Whatever the engine raises comes out of here, and the machine is as the last finished command left it.
        """
        timeline = self.machine.timeline
        first = len(timeline)
        self.running, self._stop, self.misread = label, False, None
        pace = _Pace(progress)
        parts = [part for part in enumerate(verbs or [(label, len(commands))]) for _ in range(part[1][1])]
        begun: dict[int, int] = {}

        async def stopped(command: int, events: int) -> bool:
            if monotonic() >= pace.due:
                await pace.answer(command, events)
            self._stop |= signal == (command, events)
            return self._stop

        try:
            for number, command in enumerate(commands):
                if self._stop or await stopped(number, 0):  # what is refused at once has no event to stop at
                    break
                before = len(timeline)
                try:
                    await self._do(number, command, stopped)
                finally:
                    part, (named, _) = parts[number]
                    verb = begun.setdefault(part, before), named
                    self._verbs |= {step.number: verb for step in timeline.since(before)}
        except BadInput as error:
            self.misread = error
            raise
        finally:
            self.running = None
        made = timeline.since(first)
        refusals = tuple(step for step in made if step.outcome is not None and not step.outcome.ok)
        return Batch(label, tuple(step.outcome for step in made if step.outcome is not None), self._stop, refusals)

    async def _do(self, number: int, command: Command, stopped: Callable[[int, int], Awaitable[bool]]) -> None:
        """Run one command to its end, or until it is stopped."""
        with closing(self.machine.steps(command)) as steps:
            for count, _ in enumerate(steps, 1):
                if await stopped(number, count):
                    return

    def film(self) -> tuple[str, Film] | None:
        """The last verb, and what it did as a film; None where none was done."""
        here = self.machine.timeline.present
        if (verb := self.verb_of(here)) is None:
            return None
        from altmap.engine import Film

        steps = [step for step in self.machine.timeline.path() if self.verb_of(step) == verb]
        first = steps[0].parent
        assert first is not None, "the first state is no verb's"
        self.machine.go_to(first)
        try:
            outcomes = [step.outcome for step in steps if step.outcome is not None]
            stopped = {number: len(one.events) for number, one in enumerate(outcomes) if one.stopped}
            return verb[1], Film(self.machine, [one.command for one in outcomes], stopped)
        finally:
            self.machine.go_to(here.number)

    def explain(self, refused: Step) -> Verdict:
        """Why a command was refused: asked of the state that it met, which a refusal may have changed."""
        if refused.outcome is None or refused.parent is None:
            raise ValueError("the first state is no command's")
        here = self.machine.timeline.present.number
        self.machine.go_to(refused.parent)
        try:
            return self.machine.why_not(refused.outcome.command)
        finally:
            self.machine.go_to(here)

    def extent(self, step: Step | None) -> tuple[int, str]:
        """How many states the verb made that a state is of, and its label."""
        verb = self.verb_of(step)
        return sum(one == verb for one in self._verbs.values()), verb[1] if verb is not None else ""

    def undo(self) -> Batch | None:
        """Take the last verb back, all its commands."""
        timeline = self.machine.timeline
        return self._move(lambda: timeline.present if self.machine.can_undo else None, self.machine.undo)

    def redo(self) -> Batch | None:
        """Do again what was taken back."""
        timeline = self.machine.timeline
        return self._move(lambda: timeline.next, self.machine.redo)

    def _move(self, next_one: Callable[[], Step | None], go: Callable[[], Outcome | None]) -> Batch | None:
        """Go on as long as the next state was made by the same verb."""
        verb = self.verb_of(next_one())
        outcomes: list[Outcome] = []
        while verb is not None and self.verb_of(next_one()) == verb:
            if (outcome := go()) is not None:
                outcomes.append(outcome)
        return Batch(verb[1], tuple(outcomes)) if verb is not None else None

    def measures(self, numbers: Sequence[int]) -> list[Measured]:
        """The numbers that a plan is followed by, in some of its states; each is measured once."""
        missing = [number for number in numbers if number not in self._measured]
        for step in self.machine.visit(missing) if missing else ():
            self._measured[step.number] = measured(self.machine)
        return [self._measured[number] for number in numbers]

    def measured_so_far(self, numbers: Sequence[int]) -> list[Measured]:
        """The same of those states that were measured before; the present one is now."""
        present = self.machine.timeline.present.number
        if present not in self._measured:
            self._measured[present] = measured(self.machine)
        return [self._measured[number] for number in numbers if number in self._measured]

    def copies(self, numbers: Sequence[int]) -> list[Machine]:
        """The machine in some of its states, without a history."""
        return [self.machine.copy() for _ in self.machine.visit(numbers)]

    def shown_verb(self, step: Step | None) -> tuple[int, str] | None:
        """The verb that a state is shown under: of a session before this one, what was done to block after block is one."""
        found = self._found.get(step.number) if step is not None and step.number not in self._verbs else None
        return found or self.verb_of(step)

    def verb_of(self, step: Step | None) -> tuple[int, str] | None:
        """The verb that made a state, by its first state and its label; a command of before this session is one."""
        if step is None or step.outcome is None:
            return None
        return self._verbs.get(step.number) or (step.number, describe(step.outcome.command))
