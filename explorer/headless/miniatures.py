"""`altmap machines --pictures`: the machines that come along, each with its memory in two lines and what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from altmap.engine import Machine

from ..card import card
from ..picture.lines import Line, Span, fitted
from ..picture.miniature import miniature
from ..picture.palette import DARK
from ..picture.view import Scene
from ..tui.outlooks import Outlooks

_NAME: Final = 17
_RIGHT: Final = 20
_WIDEST: Final = 60
"""Columns of the name, of what stands at the right, and of a picture at most."""


def pictured(machine: Machine, about: str, width: int, colored: bool) -> Iterator[Line]:
    """The lines of a machine; without colour, letters say what pages are used for."""
    told = card(machine)
    wide = min(_WIDEST, max(8, width - _NAME - _RIGHT))
    first, second = miniature(Scene(machine, DARK, Outlooks(machine)), wide, 2, 2 if colored else 1)
    yield fitted(
        (Span(f"{machine.origin.name:<{_NAME}}", bold=True), *first, Span(f"{told.size:>7}  {told.arch}")), width
    )
    below = f"{told.kernel[: _NAME - 1]:<{_NAME}}"
    yield fitted((Span(below, DARK.dim), *second, Span(f" {told.blocks} {told.nodes}", DARK.dim)), width)
    known = f"{'●' if told.seen else '○'} {told.known}"
    yield (Span(f"{about[: width - len(known) - 2]}  ", DARK.dim), Span(known, DARK.good if told.seen else DARK.dim))
