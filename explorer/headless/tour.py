"""The tour on the command line: walked in the explorer; without a terminal, told."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from altmap.engine import parse_line, sentence
from rich.text import Text

from ..tour.walk import Walk, open_tour
from .console import Printer
from .exits import FINE
from .streams import explorer_can_open


def walk(arguments: argparse.Namespace) -> int:
    """Take a tour. Raises `BadInput` for a file that is none."""
    tour = Walk(open_tour(arguments.file))
    for number in range(len(tour)):
        tour.start(number)
    if explorer_can_open():
        from ..tui.app import run_app

        return run_app(tour.after(len(tour) - 1), tour)
    Printer(arguments.color, arguments.width).lines(*_stations(tour), hang=2)
    return FINE


def _stations(tour: Walk) -> Iterator[Text]:
    yield Text(tour.tour.title, "bold")
    for number in range(len(tour)):
        station = tour.station(number)
        yield Text()
        yield Text(f"{number + 1}. {station.title}", "bold")
        if station.machine is not None:
            options = "".join(f" {key}={value}" for key, value in station.options.items())
            yield Text(f"  machine {station.machine}{options}", "dim")
        outcomes = iter(tour.outcomes(number))
        for line in station.lines:
            results = [next(outcomes) for _ in range(len(parse_line(line)))]
            worst = next((outcome for outcome in results if not outcome.ok), results[-1] if results else None)
            if worst is not None:
                why = f" — {sentence(worst.reason)}" if worst.reason is not None else ""
                style = "green" if worst.ok else "yellow" if worst.expected else "red"
                yield Text.assemble("  > ", line, " … ", (worst.result, style), why)
        for paragraph in station.text:
            yield Text(f"  {paragraph}")
