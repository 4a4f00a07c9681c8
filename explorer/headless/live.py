"""The running machine in the explorer; without a terminal, one reading of it."""

from __future__ import annotations

import argparse

from altmap.engine import BadInput

from ..tui.live import Reader
from .exits import FINE
from .output import say
from .page import Page
from .show import show_machine
from .streams import STDIN, explorer_can_open, machine_named


def watch_running(arguments: argparse.Namespace) -> int:
    """Watch the running machine. Raises `BadInput` where it cannot be read, or the plan cannot be opened."""
    if arguments.plan == STDIN:
        raise BadInput("the explorer needs standard input for keys; give the plan as a file")
    plan = machine_named(arguments.plan, replay=arguments.replay) if arguments.plan is not None else None
    reader = Reader(arguments.root, plan, arguments.every)
    reading = reader.read()
    if explorer_can_open():
        from ..tui.app import run_app

        return run_app(reading.machine, reader=reader)
    show_machine(reading.machine, Page(arguments.color, arguments.width))
    if plan is not None:
        say(f"\nWhat differs from {plan.origin.name}")
        say("\n".join(f"• {line}" for line in reading.news.differs))
    return FINE
