"""The JSON of `altmap show`, `altmap run` and `altmap machines`: plain values, encoded at once.

A machine of 8192 blocks is described and encoded in about 30 ms, so a step costs that much, and nothing is cached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from altmap.engine import Command, Machine, Outcome, sentence
from altmap.engine.faces.library import Bundled
from altmap.engine.memory.zone import Node
from altmap.engine.numbers.geometry import Geometry
from altmap.engine.protocol.events import Event
from altmap.engine.questions.narrate import event_words
from altmap.engine.sysfs.report import (
    BlockReport,
    SectionReport,
    ZoneReport,
    block_reports,
    section_reports,
    zone_reports,
)


class Result(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What came of one command; `altmap run --events` prints it behind the command's events.

    `taken`: pages of existing memory that an add took, by node. `pfn`: the page at fault. `notes`: what a sync found to
    differ. These are left out where there is nothing to say.
    """

    step: int
    op: Command
    result: str
    reason: str
    log: tuple[str, ...]
    taken: Mapping[str, int] = {}
    pfn: int | None = None
    notes: tuple[str, ...] = ()


class Step(Result, frozen=True, kw_only=True):
    """One line of `altmap run --json`: a command, its result, and the machine after it."""

    blocks: Mapping[str, BlockReport]
    zones: list[ZoneReport]
    sections: Mapping[str, SectionReport]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """`altmap show --json`: a machine. `measured` and `estimated` say what was read and what was not."""

    name: str
    description: str
    kernel: str
    model: str
    geometry: Geometry
    boot: Mapping[str, str]
    parameters: Mapping[str, str]
    nodes: list[Node]
    measured: tuple[str, ...]
    estimated: tuple[str, ...]
    notes: tuple[str, ...]
    blocks: Mapping[str, BlockReport]
    zones: list[ZoneReport]
    sections: Mapping[str, SectionReport]


class Listed(msgspec.Struct, frozen=True):
    """One machine of `altmap machines --json`."""

    name: str
    description: str


class JsonLines:
    """`altmap run` for programs, a line each: events as they come, if wanted, and behind them the result of the command,
    if wanted with the whole machine. `write` takes bytes."""

    def __init__(self, machine: Machine, write: Callable[[bytes], None], whole: bool, events: bool) -> None:
        self._machine, self._write, self._whole, self._events = machine, write, whole, events

    def event(self, number: int, event: Event) -> None:
        """One line for an event."""
        if self._events:
            line = {"step": number, **msgspec.to_builtins(event)}
            self._write(_line({**line, "sentence": said} if (said := event_words(event)) else line))

    def outcome(self, number: int, outcome: Outcome) -> None:
        """One line for a result."""
        self._write(step_line(number, self._machine, outcome) if self._whole else _line(_result(number, outcome)))

    def flush(self) -> None:
        """Nothing is held back."""

    def end(self) -> None:
        """The end needs no line."""


def step_line(number: int, machine: Machine, outcome: Outcome) -> bytes:
    """One line of `altmap run --json`, with its line end."""
    state = machine.state
    return _line(
        Step(
            **msgspec.structs.asdict(_result(number, outcome)),
            blocks=block_reports(state),
            zones=zone_reports(state),
            sections=section_reports(state),
        )
    )


def _result(number: int, outcome: Outcome) -> Result:
    return Result(
        step=number,
        op=outcome.command,
        result=outcome.result,
        reason=sentence(outcome.reason),
        log=outcome.log,
        taken={str(node): pages for node, pages in outcome.taken.items()},
        pfn=outcome.pfn,
        notes=tuple(map(sentence, outcome.notes)),
    )


def machine_line(machine: Machine) -> bytes:
    """`altmap show --json`."""
    origin, state = machine.origin, machine.state
    return _line(
        Shown(
            name=origin.name,
            description=origin.description,
            kernel=origin.kernel,
            model=machine.model.name,
            geometry=machine.geometry,
            boot=state.boot,
            parameters=dict(machine.settings),
            nodes=[machine.nodes[number] for number in sorted(machine.nodes)],
            measured=origin.measured,
            estimated=origin.estimated,
            notes=origin.notes,
            blocks=block_reports(state),
            zones=zone_reports(state),
            sections=section_reports(state),
        )
    )


def list_line(machines: Iterable[Bundled]) -> bytes:
    """`altmap machines --json`."""
    return _line([Listed(machine.name, machine.description) for machine in machines])


def _line(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"
