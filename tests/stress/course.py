"""A course of random moves on one machine: every state must be sound, what is saved must open as it was, and time must run
both ways. The moves are data, so that a course that fails can be walked again, and shortened.

How often what is asserted: every state that a move changed is checked as a whole (of a machine of more than `SECTIONS`
sections one in so many, so that a move costs the same). Some 75 commands are a leg, of a large machine more. At its end time
runs back to its first state and forth again, and the machine is saved, opened and compared, by which every command is done once
more from the file; so it is now and then in the middle of a leg. The next leg begins where the last one ended, with a history
of its own, as a long one would be saved and opened again and again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
from altmap.engine import BadInput, Command, Machine, Outcome, read_machine
from altmap.engine.faces.plans import snapshot_with_timeline
from altmap.engine.memory.state import clone, state_of
from altmap.engine.snapshot import store
from altmap.engine.snapshot.fold import alike
from altmap.engine.snapshot.schema import SnapshotV1
from altmap.engine.sysfs.report import block_reports, section_reports, zone_reports

from .starts import begin, starts
from .wide import Wide

SECTIONS: Final = 512
"""The sections that the check of one move may look at, over many moves."""
LEG: Final = 75
"""States after which a leg of a machine of up to `SECTIONS` sections may end; with more sections there are as many more."""


class Move(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is done: a command, given up after so many events if `after` says so, or "undo", "redo", "goto" to a state, "reopen"
    or "reread" (see `Walk`), "travel" to the first state and back, or "rebase": to go on without the history."""

    command: Command | None = None
    after: int = 0
    way: str = ""
    state: int = 0


class Fault(AssertionError):
    """What went wrong, and the moves that lead there."""

    def __init__(self, start: str, trail: Sequence[Move], what: str) -> None:
        self.start, self.trail, self.what = start, list(trail), what
        moves = msgspec.json.encode(self.trail).decode()
        super().__init__(f"{start}, after {len(trail)} moves: {what}\n{moves}")


class Walk:
    """A machine on which moves are made one by one."""

    def __init__(self, start: str) -> None:
        self.start = start
        self.trail: list[Move] = []
        self.digest = hashlib.sha256()
        self.times: Counter[str] = Counter()
        self._waiting = 0
        self._go_on(begin(start))
        self.look("start", at_once=True)

    def make(self, move: Move) -> str:
        """Make a move; what came of it in a word. Raises `Fault`."""
        self.trail.append(move)
        try:
            result = self._do(move)
        except Fault:
            raise
        except Exception as error:
            raise self.fault(f"{type(error).__name__}: {error}") from error
        self.look(result)
        return result

    def fault(self, what: str) -> Fault:
        return Fault(self.start, self.trail, what)

    def look(self, what: str, *, at_once: bool = False) -> None:
        """Is the machine sound? What did not change since the last look is; `at_once`: also of a large machine."""
        if any(self._changed):
            self._waiting += SECTIONS
            for keys in self._changed:
                keys.clear()
        if not self._waiting or (self._waiting < len(self.machine.sections) and not at_once):
            return
        self._waiting = 0
        self.times["checked"] += 1
        if broken := self.machine.check():
            raise self.fault(f"{what}: {'; '.join(map(str, broken[:3]))}")

    def _go_on(self, machine: Machine) -> None:
        """With a machine, and its present state as the first of what is asserted of time."""
        self.machine = machine
        self._first = clone(state_of(machine))
        self._changed = [table.watch() for table in state_of(machine).tables]
        self._waiting = SECTIONS

    def _do(self, move: Move) -> str:
        if move.command is not None:
            return self._run(move.command, move.after)
        if move.way in ("reopen", "reread", "travel", "rebase"):
            getattr(self, move.way)()
        elif move.way == "goto":
            if move.state < len(self.machine.timeline.steps):
                self.machine.go_to(move.state)
        else:
            getattr(self.machine, move.way)()
        return move.way

    def _run(self, command: Command, after: int) -> str:
        past = len(self.machine.history)
        running = self.machine.steps(command)
        try:
            if not after:
                return self._ended(self.machine.apply(command))
            made = len(list(islice(running, after)))
        except BadInput as refusal:
            if len(self.machine.history) != past:
                raise self.fault(f"{refusal} became history") from None
            return "BadInput"
        running.close()
        return "interrupted" if made == after else "ended"

    def _ended(self, outcome: Outcome) -> str:
        if not outcome.ok and outcome.reason is None:
            raise self.fault(f"{outcome.result} without a reason")
        self.digest.update(msgspec.json.encode(outcome))
        return outcome.result

    def reopen(self) -> None:
        """Save it, open it, compare, and go on with what was opened."""
        self._compare(lambda snapshot: store.pack(snapshot, "it.msgpack"))

    def reread(self) -> None:
        """As `reopen`, but what will be read is written only: to save reads once before whether it can be read, and here it is
        read anyway."""
        self._compare(msgspec.msgpack.encode)

    def _compare(self, write: Callable[[SnapshotV1], bytes]) -> None:
        before = self.machine
        self.look("to be saved", at_once=True)
        self.times["saved and opened"] += 1
        again = read_machine(write(snapshot_with_timeline(before)), "it")
        if again.warnings:
            raise self.fault(f"opened with {again.warnings[0]}")
        mine, theirs = ([_place(step) for step in machine.timeline.steps] for machine in (before, again))
        if mine != theirs or again.timeline.present.number != before.timeline.present.number:
            raise self.fault("the timeline that was opened is another one than was saved")
        if not alike(state_of(again), state_of(before)):
            raise self.fault("what was opened is not what was saved")
        first = self._first
        self._go_on(again)
        self._first = first

    def travel(self) -> None:
        """Back to the first state and forth again: both are what they were."""
        here, steps = clone(state_of(self.machine)), 0
        while self.machine.undo() is not None:
            steps += 1
        if not alike(state_of(self.machine), self._first):
            raise self.fault(f"it is not what it was after {steps} steps back")
        for _ in range(steps):
            self.machine.redo()
        if not alike(state_of(self.machine), here):
            raise self.fault(f"it is not what it was after {steps} steps forth")

    def rebase(self) -> None:
        """Go on without the history."""
        self._go_on(self.machine.copy())


def _place(step: Any) -> tuple[object, ...]:
    outcome = step.outcome
    return (
        step.parent,
        step.latest,
        (outcome.command, outcome.result, outcome.stopped) if outcome else None,
    )


class Course:
    """Some commands from one start, all of them thrown from one seed."""

    def __init__(self, start: str, seed: str) -> None:
        self.start = start
        self.seed = seed
        self.walk = Walk(start)
        self.dice = Wide(f"{seed} {start}", self.walk.machine)
        self.commands = 0
        self.results: dict[str, int] = {}

    @property
    def machine(self) -> Machine:
        """The machine as it is now."""
        return self.walk.machine

    def run(self, commands: int) -> None:
        """Run so many commands. Raises `Fault`."""
        leg = LEG * max(1, len(self.machine.sections) // SECTIONS)
        for _ in range(commands):
            self._step()
            if len(self.machine.timeline) > leg:
                self._end_leg("reread")
        self._end_leg("reopen")

    def report(self) -> dict[str, Any]:
        """What the machine shows in the end, and how often each result came."""
        state = state_of(self.machine)
        return {
            "machine": self.start,
            "seed": self.seed,
            "commands": self.commands,
            "results": dict(sorted(self.results.items())),
            "events": self.walk.digest.hexdigest(),
            "blocks": block_reports(state),
            "zones": zone_reports(state),
            "sections": section_reports(state),
        }

    def _make(self, move: Move) -> str:
        result = self.walk.make(move)
        self.dice.machine = self.machine
        return result

    def _step(self) -> None:
        dice = self.dice
        if dice.rarely(12) and self.machine.can_undo:
            self._make(Move(way="undo"))
            if dice.rarely(2):
                self._make(Move(way="redo"))
        if dice.rarely(60):
            self._make(Move(way="goto", state=dice.random.randrange(len(self.machine.timeline.steps))))
        if dice.rarely(150):
            self._make(Move(way="reread"))
        result = self._make(Move(dice.throw(), dice.random.randrange(1, 20) if dice.rarely(25) else 0))
        self.commands += 1
        self.results[result] = self.results.get(result, 0) + 1
        while self._stuck() and self.machine.can_undo:
            self._make(Move(way="undo"))

    def _stuck(self) -> bool:
        """Did the kernel crash, or, which is looked at now and then, does someone hold the hotplug lock for ever?"""
        now, hung = state_of(self.machine).globals.value, self.results.get("HANGS", 0)
        return now.crashed or (now.locked and hung > 0 and hung % 8 == 0)

    def _end_leg(self, save: str) -> None:
        for way in ("travel", save, "travel", "rebase"):
            self._make(Move(way=way))


def courses(commands: int, seed: str, length: int = 150, start: str | None = None) -> Iterator[Course]:
    """Courses of `length` commands from all starts in turn, or from one, until there were so many commands; each has run.
    Raises `Fault`."""
    every = starts() if start is None else [start]
    done = turn = 0
    while done < commands:
        course = Course(every[turn % len(every)], f"{seed}/{turn}")
        course.run(min(length, commands - done))
        done += course.commands
        turn += 1
        yield course
