"""What a reel is: the explorer opened once on a machine, and what a person sees after some keys, and after some more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from altmap import engine
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.live import Reader
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.themes import DARK
from altmap.explorer.tui.widgets.memory_map import MemoryMap

from .machines import result

ALL: Final = ("60x20", "80x24", "120x40", "200x60")
COLOURLESS: Final = "no-colour"


class Shot(NamedTuple):
    """The app as it is when a frame is taken."""

    app: ExplorerApp

    @property
    def main(self) -> MainScreen:
        """The main screen, whatever is on top of it."""
        return next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, MainScreen))

    @property
    def machine(self) -> engine.Machine:
        """The machine that is shown."""
        return self.main.machine

    @property
    def map(self) -> MemoryMap:
        """The map."""
        return self.main.query_one(MemoryMap)

    @property
    def dialog(self) -> str:
        """What is on top of the main screen, by its class; "" for nothing."""
        return "" if self.app.screen is self.main else type(self.app.screen).__name__

    @property
    def said(self) -> str:
        """What the result bar says."""
        return result(self.main)

    @property
    def last(self) -> str:
        """How the last command came out."""
        return self.machine.history[-1].result if self.machine.history else ""


class Frame(NamedTuple):
    """A name, the keys that are pressed first (what stands in quotes is typed), and what must hold then."""

    name: str
    keys: str
    holds: Callable[[Shot], bool]


class Reel(NamedTuple):
    """A machine, the sizes and themes in which it is opened, and the frames one after the other. `reader`: the machine is
    what this reads."""

    machine: Callable[[], engine.Machine]
    frames: Sequence[Frame]
    sizes: Sequence[str] = ("120x40",)
    themes: Sequence[str] = (DARK,)
    reader: Callable[[], Reader] | None = None


def bundled(name: str) -> Callable[[], engine.Machine]:
    """A machine that comes along."""
    return lambda: engine.open_machine(name)


def dialog(name: str) -> Callable[[Shot], bool]:
    """Is this on top of the main screen?"""
    return lambda shot: shot.dialog == name
