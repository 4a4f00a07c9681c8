"""Watching without the explorer: the moments of a verb one over the other on a terminal, or a few of them below each other."""

from __future__ import annotations

from collections.abc import Sequence
from time import sleep
from typing import Final

from altmap.engine import Command, Film, Machine

from ..watching.frame import Frames
from ..watching.player import FRAMES, Player
from ..watching.telling import telling
from .console import Printer

PRINTED: Final = 6
"""Moments that are printed where nothing can be drawn over."""
HIGH: Final = 26
"""Lines of one of them."""
_MOST_HIGH: Final = 40
"""Lines of a moment on a terminal, at most."""
_SECONDS: Final = 24.0
"""How long a verb is played at the lowest speed, at most."""


def watch(machine: Machine, label: str, commands: Sequence[Command], printer: Printer) -> None:
    """Show what commands do to a machine, which stays as it is. Raises `BadInput` for what makes no sense."""
    player = Player(Film(machine, commands), _SECONDS)
    if not player.moments:
        return
    if not printer.redraws:
        frames = Frames(label, player, (printer.width, HIGH), not printer.colored)
        for at in telling(player, PRINTED):
            player.show(at)
            printer.picture([*frames.lines(), ()])
        return
    frames = Frames(label, player, (printer.width, min(printer.high - 1, _MOST_HIGH)), not printer.colored)
    with printer.redrawn() as draw:
        draw(frames.lines())
        while not player.ended:
            sleep(1 / FRAMES)
            if player.waits:
                draw(frames.lines())
                player.signal()
            if player.tick():
                draw(frames.lines())
