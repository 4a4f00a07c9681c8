"""Opening the machine that a command line names, with what there is to be said of it on standard error."""

from __future__ import annotations

import sys

from altmap.engine import Machine, open_machine

from ..printable import printable


def opened(source: str, *, model: str | None = None, replay: bool = False) -> Machine:
    """The machine: see `open_machine`."""
    machine = open_machine(source, model=model, replay=replay)
    for warning in machine.warnings:
        print(printable(f"altmap: warning: {warning}"), file=sys.stderr)
    return machine
