"""What is taken to another machine: a snapshot of the running one, and the lines that do there what was rehearsed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from importlib.resources import files

from altmap import explorer
from altmap.engine import BadInput, Machine, capture, machine_bytes, rename, save_machine
from altmap.engine.faces.shell_export import shell_script

from .. import facts
from ..aside import remark
from .exits import FINE
from .output import on_terminal, write, write_document, write_text
from .progress import capturing
from .streams import beside, machine_named, writable


def save_running(arguments: argparse.Namespace) -> int:
    """The machine that this runs on, or a saved tree, as a snapshot: into a file, or to a program that reads it."""
    path = arguments.output
    writable(path)
    if arguments.json and path is None:
        raise BadInput("--json tells of the file that -o names; without -o the snapshot itself is on standard output")
    if path is None and on_terminal("stdout"):
        raise BadInput(
            "a snapshot is not for reading on a terminal; write it to a file with -o, or into a pipe or a file"
        )
    with capturing(arguments.root) as watch:
        machine = capture(arguments.root, model=arguments.model, arch=arguments.arch, watch=watch)
    if arguments.devices is not None:
        machine = beside(machine, arguments.devices)
    if path is None:
        write(machine_bytes(machine, "standard output.json"))
    else:
        rename(machine, os.path.basename(path).partition(".")[0], machine.origin.description)
        save_machine(machine, path)
    if arguments.json:
        from .forms.machine import capture_document

        write_document(capture_document(path, machine))
        return FINE
    remark(f"note: {note}" for note in machine.origin.notes)
    if path is not None:
        remark(_captured(machine, path))
    return FINE


def _captured(machine: Machine, path: str) -> Iterator[str]:
    """What was written, and how well it is known."""
    yield f"{path}: {len(machine.blocks):,} blocks, {len(machine.sections):,} sections"
    yield f"measured: {', '.join(machine.origin.measured) or 'nothing'}"
    yield f"estimated: {', '.join(facts.unmeasured(machine)) or 'nothing'}"


def print_collect(arguments: argparse.Namespace) -> int:
    """The script that gathers what altmap reads on another machine."""
    write_text((files(explorer) / "headless" / "collect.sh").read_text())
    return FINE


def export(arguments: argparse.Namespace) -> int:
    """The commands that led to a saved machine, as lines for the real one."""
    machine = machine_named(arguments.machine, replay=arguments.replay)
    if arguments.json:
        from .forms.texts import export_document

        write_document(export_document(machine, arguments.target, arguments.faults))
        return FINE
    write_text(shell_script(machine, arguments.target, arguments.faults))
    return FINE
