"""A course of random commands on one machine: every state must be sound, and time must run both ways."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import msgspec
from altmap.engine import MODELS, BadInput, Command, Machine, Outcome, boot_machine
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.memory.state import state_of
from altmap.engine.numbers.units import GIB, MIB
from altmap.engine.sysfs.report import block_reports, section_reports, zone_reports

from .dice import Dice


class Kind(NamedTuple):
    """A kind of machine: architecture, kernel model, the parameter, and whether there is a second node."""

    arch: str
    model: str
    memmap_on_memory: str
    nodes: int

    def __str__(self) -> str:
        return f"{self.arch} {self.model} memmap_on_memory={self.memmap_on_memory} nodes={self.nodes}"


def kinds() -> Iterator[Kind]:
    """Every architecture under every model; the parameter and the nodes change along."""
    for at, arch in enumerate(ARCHITECTURES):
        for nr, model in enumerate(MODELS):
            modes = MODELS[model].parameter_modes or ("N",)
            yield Kind(arch, model, modes[(at + nr) % len(modes)], 1 + (at + nr) % 3)


def boot(kind: Kind) -> Machine:
    """A small machine of a kind: eight blocks or 1 GiB, which is little enough for an add to fail."""
    geometry = ARCHITECTURES[kind.arch].geometry
    size = geometry.block_size * max(2, min(8, GIB // geometry.block_size))
    if kind.arch == "x86_32":
        size = max(512 * MIB, geometry.block_size)
    ram: list[Any] = [(0, 0, size)]
    if kind.nodes > 2:
        ram.append((1, size, geometry.block_size))
    return boot_machine(
        ram,
        arch=kind.arch,
        model=kind.model,
        nodes=kind.nodes,
        memmap_on_memory=kind.memmap_on_memory,
        options="hugetlb_free_vmemmap=on" if kind.nodes == 2 else "",
    )


class Fault(AssertionError):
    """What went wrong, and the commands that lead there."""

    def __init__(self, course: Course, what: str) -> None:
        trail = msgspec.json.encode(course.trail).decode()
        super().__init__(f"{course.kind}, seed {course.seed}, after {len(course.trail)} steps: {what}\n{trail}")


class Course:
    """Some commands on one fresh machine, all of them thrown from one seed."""

    def __init__(self, kind: Kind, seed: str) -> None:
        self.kind = kind
        self.seed = seed
        self.machine = boot(kind)
        self.dice = Dice(f"{seed} {kind}", self.machine)
        self.trail: list[Any] = []
        self.commands = 0
        self.results: dict[str, int] = {}
        self.digest = hashlib.sha256()

    def run(self, commands: int) -> None:
        """Run so many commands, then go back to the beginning and forth again. Raises `Fault`."""
        start = picture(self.machine)
        for _ in range(commands):
            self._step()
        end = picture(self.machine)
        self._travel(start, end)

    def report(self) -> dict[str, Any]:
        """What the machine shows in the end, and how often each result came."""
        state = state_of(self.machine)
        return {
            "machine": str(self.kind),
            "seed": self.seed,
            "commands": self.commands,
            "results": dict(sorted(self.results.items())),
            "events": self.digest.hexdigest(),
            "blocks": block_reports(state),
            "zones": zone_reports(state),
            "sections": section_reports(state),
        }

    def _step(self) -> None:
        dice, machine = self.dice, self.machine
        if dice.rarely(12) and machine.can_undo:
            self._move("undo")
            if dice.rarely(2):
                self._move("redo")
        command = dice.throw()
        self.commands += 1
        result = self._run(command, dice.random.randrange(1, 20) if dice.rarely(25) else None)
        self.results[result] = self.results.get(result, 0) + 1
        self._look(result)
        while state_of(self.machine).globals.value.crashed:
            self._move("undo")

    def _move(self, way: str) -> None:
        self.trail.append({"op": way})
        getattr(self.machine, way)()
        self._look(way)

    def _look(self, what: str) -> None:
        if broken := self.machine.check():
            raise Fault(self, f"{what}: {'; '.join(map(str, broken[:3]))}")

    def _run(self, command: Command, patience: int | None) -> str:
        """Run a command; with `patience` give it up after so many events."""
        self.trail.append(command if patience is None else {"op": "interrupt", "after": patience, "command": command})
        past = len(self.machine.history)
        running = self.machine.steps(command)
        try:
            for _ in range(patience) if patience else count():
                next(running)
        except StopIteration as end:
            return self._ended(end.value)
        except BadInput as refusal:
            if len(self.machine.history) != past:
                raise Fault(self, f"{refusal} became history") from None
            return "BadInput"
        except Exception as error:
            raise Fault(self, f"{type(error).__name__}: {error}") from error
        running.close()
        return "interrupted"

    def _ended(self, outcome: Outcome) -> str:
        if not outcome.ok and outcome.reason is None:
            raise Fault(self, f"{outcome.result} without a reason")
        self.digest.update(msgspec.json.encode(outcome))
        return outcome.result

    def _travel(self, start: dict[str, Any], end: dict[str, Any]) -> None:
        steps = 0
        while self.machine.undo() is not None:
            steps += 1
        for name, table in picture(self.machine).items():
            if table != start[name]:
                raise Fault(self, f"{name} is not what it was after {steps} steps back")
        for _ in range(steps):
            self.machine.redo()
        for name, table in picture(self.machine).items():
            if table != end[name]:
                raise Fault(self, f"{name} is not what it was after {steps} steps forth")


def picture(machine: Machine) -> dict[str, Any]:
    """Every table of a machine."""
    return {table.name: dict(table) for table in state_of(machine).tables}


def courses(commands: int, seed: str, length: int = 150) -> Iterator[Course]:
    """Courses of `length` commands over all kinds of machines in turn, until there were so many commands; each has run.
    Raises `Fault`."""
    every = list(kinds())
    done = turn = 0
    while done < commands:
        course = Course(every[turn % len(every)], f"{seed}/{turn}")
        course.run(min(length, commands - done))
        done += course.commands
        turn += 1
        yield course
