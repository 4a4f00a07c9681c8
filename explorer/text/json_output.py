"""The JSON of `altmap show`, `altmap run` and `altmap machines`: plain values of a machine, encoded at once.

A machine of 8192 blocks is described and encoded in about 30 ms, so a step costs that much, and nothing is cached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from engine import Command, Machine, Outcome
from engine.events import Event
from engine.geometry import Geometry
from engine.library import Bundled
from engine.report import (
    BlockReport,
    SectionReport,
    ZoneReport,
    block_reports,
    section_reports,
    zone_reports,
)
from engine.zones import Node


class Step(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of `altmap run --json`: a command, its result, and the machine after it.

    `taken`: pages of existing memory that an add took, by node. `pfn`: the page at fault. `notes`: what a sync found to
    differ. These are left out where there is nothing to say; `events` unless they were asked for.
    """

    step: int
    op: Command
    result: str
    reason: str
    blocks: Mapping[str, BlockReport]
    zones: list[ZoneReport]
    sections: Mapping[str, SectionReport]
    log: tuple[str, ...]
    taken: Mapping[str, int] = {}
    pfn: int | None = None
    notes: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()


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


def step_line(number: int, machine: Machine, outcome: Outcome, *, events: bool) -> bytes:
    """One line of `altmap run --json`, with its line end."""
    return _line(
        Step(
            step=number,
            op=outcome.command,
            result=outcome.result,
            reason=outcome.reason,
            blocks=block_reports(machine.state),
            zones=zone_reports(machine.state),
            sections=section_reports(machine.state),
            log=outcome.log,
            taken={str(node): pages for node, pages in outcome.taken.items()},
            pfn=outcome.pfn,
            notes=outcome.notes,
            events=outcome.events if events else (),
        )
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
