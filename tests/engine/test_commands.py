"""Each command is one row, and has all that belongs to one: a spelling, what runs it, what exports it, an answer to `why`."""

from __future__ import annotations

from typing import Any

import pytest
from altmap import engine
from altmap.engine import Add, Machine, describe, export_shell, grow, open_machine, parse_line
from altmap.engine.commands import COMMANDS, ROWS, Sync
from altmap.engine.commands.row import Row
from altmap.engine.commands.shell import Place
from altmap.engine.numbers.frozen import Frozen
from altmap.engine.numbers.units import MIB

EACH = pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.form.verb)
RUN = [row for row in ROWS.values() if row.command is not Sync]
"""Those whose example needs nothing but a machine."""


@pytest.fixture(scope="module")
def guest() -> Machine:
    """A machine with blocks 32 to 39 hot-added and online."""
    return open_machine("mixed-guest")


def test_every_command_is_one_row() -> None:
    assert tuple(ROWS) == COMMANDS
    assert {command.__name__ for command in COMMANDS} <= set(engine.__all__)
    assert len({row.form.verb for row in ROWS.values()}) == len({row.about for row in ROWS.values()}) == len(ROWS)


@EACH
def test_the_example_of_a_row_is_its_command_and_can_be_exported(row: Row) -> None:
    commands = parse_line(row.example)
    assert {type(command) for command in commands} == {row.command}
    assert row.example.split()[0] == row.form.verb == row.form.usage[0]
    last = getattr(commands[-1], "block", None)
    assert parse_line(describe(commands[0], last)) == commands
    lines = [*row.export(commands[0], Place(128 * MIB, Frozen(), 1, False))]
    assert lines
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("row", RUN, ids=lambda row: row.form.verb)
def test_an_example_runs_is_asked_about_and_exported(guest: Machine, row: Row) -> None:
    before = guest.timeline.present.number
    command = parse_line(row.example)[0]
    asked = guest.why_not(command)
    outcome = guest.apply(command)
    assert (outcome.command, outcome.result) == (command, asked.result)
    assert outcome.events or outcome.reason or outcome.notes
    assert export_shell([outcome], guest.geometry.block_size).startswith("#!/bin/sh\n")
    guest.go_to(before)


@pytest.mark.parametrize(("name", "caller"), [("kmem", "dax"), ("Hyper-V", "balloon"), ("virtiomem", "virtio-mem")])
def test_python_calls_callers_as_people_do(guest: Machine, name: Any, caller: str) -> None:
    command = Add(start="8G", size="1G", caller=name)
    (line,) = parse_line(f"add 1G at 0x200000000 caller {name}")
    assert isinstance(line, Add)
    assert command.caller == line.caller == caller
    assert guest.why_not(command).command == command
    assert grow(guest, "1G", caller=name, limit="1G").caller == caller
