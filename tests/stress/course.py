"""A course of random moves on one machine: every state must be sound, what is saved must open as it was, and time must run
both ways. The moves are data, so that a course that fails can be walked again, and shortened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec
from altmap.engine import BadInput, Command, Machine, Outcome, read_machine
from altmap.engine.faces.plans import snapshot_with_timeline
from altmap.engine.memory.state import state_of
from altmap.engine.snapshot import store
from altmap.engine.snapshot.fold import alike, snapshot_of
from altmap.engine.sysfs.report import block_reports, section_reports, zone_reports

from .dice import Dice
from .starts import begin, starts


class Move(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is done: a command, given up after so many events if `after` says so, or "undo", "redo", "reopen" or to go to a
    state."""

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
        self.machine = begin(start)
        self.trail: list[Move] = []
        self.digest = hashlib.sha256()
        self.look("start")

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

    def look(self, what: str) -> None:
        """Is the machine sound?"""
        if broken := self.machine.check():
            raise self.fault(f"{what}: {'; '.join(map(str, broken[:3]))}")

    def _do(self, move: Move) -> str:
        if move.command is not None:
            return self._run(move.command, move.after)
        if move.way == "reopen":
            self.reopen()
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
        before = self.machine
        again = read_machine(store.pack(snapshot_with_timeline(before), "it.msgpack"), "it")
        if again.warnings:
            raise self.fault(f"opened with {again.warnings[0]}")
        mine, theirs = ([_place(step) for step in machine.timeline.steps] for machine in (before, again))
        if mine != theirs or again.timeline.present.number != before.timeline.present.number:
            raise self.fault("the timeline that was opened is another one than was saved")
        if not alike(state_of(again), state_of(before)):
            raise self.fault("what was opened is not what was saved")
        self.machine = again


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
        self.dice = Dice(f"{seed} {start}", self.walk.machine)
        self.commands = 0
        self.results: dict[str, int] = {}

    @property
    def machine(self) -> Machine:
        """The machine as it is now."""
        return self.walk.machine

    def run(self, commands: int) -> None:
        """Run so many commands, then go back to the beginning and forth again. Raises `Fault`."""
        start = picture(self.machine)
        for _ in range(commands):
            self._step()
        self._make(Move(way="reopen"))
        end = picture(self.machine)
        self._travel(start, end)

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
        if dice.rarely(50):
            self._make(Move(way="reopen"))
        result = self._make(Move(dice.throw(), dice.random.randrange(1, 20) if dice.rarely(25) else 0))
        self.commands += 1
        self.results[result] = self.results.get(result, 0) + 1
        while state_of(self.machine).globals.value.crashed and self.machine.can_undo:
            self._make(Move(way="undo"))

    def _travel(self, start: object, end: object) -> None:
        steps = 0
        while self.machine.undo() is not None:
            steps += 1
        if picture(self.machine) != start:
            raise self.walk.fault(f"it is not what it was after {steps} steps back")
        for _ in range(steps):
            self.machine.redo()
        if picture(self.machine) != end:
            raise self.walk.fault(f"it is not what it was after {steps} steps forth")


def picture(machine: Machine) -> object:
    """Every table of a machine, as it is saved."""
    return snapshot_of(state_of(machine), machine.origin)


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
