"""`altmap machines --pictures`: the machines that come along, each with its memory in two lines and what it is."""

from __future__ import annotations

from collections.abc import Iterator

from altmap.engine import Machine

from ..card import card
from ..picture.lines import Line, fitted
from ..picture.machine_row import about_line, machine_row, picture_width
from ..picture.miniature import miniature
from ..picture.palette import DARK
from ..picture.view import Scene
from ..tui.outlooks import Outlooks


def pictured(machine: Machine, about: str, width: int, colored: bool) -> Iterator[Line]:
    """The lines of a machine; without colour, letters say what pages are used for."""
    known, wide = card(machine), picture_width(width)
    picture = miniature(Scene(machine, DARK, Outlooks(machine)), wide, 2, 2 if colored else 1)
    yield from (fitted(line, width) for line in machine_row(machine.origin.name, known, picture, DARK))
    yield about_line(about, known, width, DARK)
