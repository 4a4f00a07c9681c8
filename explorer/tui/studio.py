"""Pictures of the main screen where there is no terminal: the explorer itself, opened without one, done to as by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from altmap.engine import Command, Film, Machine

from ..one_of import one_of
from ..picture.views import BY_NAME
from .app import ExplorerApp
from .places import goals
from .screens.main import MainScreen
from .screens.watch import WatchScreen
from .themes import THEMES
from .widgets.levels import Levels
from .widgets.memory_map import MemoryMap

if TYPE_CHECKING:
    from textual.pilot import Pilot

LETTERS: Final = "no-colour"
"""What `theme` is called in which letters tell what colours do elsewhere."""


class Studio:
    """An explorer that nobody sees."""

    def __init__(self, pilot: Pilot[bool]) -> None:
        self._pilot = pilot
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        self._screen = screen
        self._map = screen.query_one(MemoryMap)

    async def do(self, label: str, commands: Sequence[Command]) -> bool:
        """Run commands as one verb; returns whether each came out as expected. Raises `BadInput` for what makes no
        sense to the engine."""
        timeline = self._screen.machine.timeline
        first = len(timeline)
        self._screen.perform(label, commands)
        await self.settle()
        if self._screen.session.misread is not None:
            raise self._screen.session.misread
        return all(step.outcome is None or step.outcome.expected for step in timeline.since(first))

    async def look(self, view: str | None, place: str | None, level: str | None) -> None:
        """Show a view, put the cursor somewhere, zoom in there to a level, each of them if it is given. Raises `BadInput`."""
        if view is not None:
            named = {name.replace(" ", "-"): name for name in BY_NAME}
            self._map.set_view(named[one_of(view.replace(" ", "-"), named, "view")])
            await self.settle()
        if place is not None:
            goal = goals(self._screen.machine, place)[0]
            self._map.select(goal.pfn // self._screen.machine.geometry.pages_per_block)
            await self.settle()
            if goal.page:
                self._map.zoom_to_page(goal.pfn)
                await self.settle()
        if level is not None:
            await self._zoom(level)

    async def watch(self, label: str, commands: Sequence[Command], moment: str) -> bool:
        """Watch commands, at a moment; returns whether each would come out as expected. Raises `BadInput` if there is no
        such moment, and for what makes no sense to the engine."""
        film = Film(self._screen.machine, commands)
        expected = all(outcome.expected for outcome in film.to_end())
        watching = WatchScreen(label, film, self._map, replayed=False)
        await self._pilot.app.push_screen(watching)
        watching.seek(moment)
        await self.settle()
        return expected

    async def _zoom(self, level: str) -> None:
        """In or out at the cursor, until the map shows a scope of this level."""
        way = [scope.level for scope in self._map.scopes]
        while self._map.scope.level != level and self._map.deeper() is not None:
            self._map.zoom_in()
            way.append(self._map.scope.level)
        one_of(level, way, "level to zoom to here")
        while self._map.scope.level != level:
            self._map.zoom_out()
        await self.settle()

    async def settle(self) -> None:
        """Wait until all is drawn and everything that was asked is answered."""
        await self._pilot.pause()
        await self._pilot.app.workers.wait_for_complete()
        await self._pilot.pause()
        for levels in self._screen.query(Levels):
            levels.settle()
            await self._pilot.pause()

    def picture(self) -> str:
        """The screen as SVG."""
        name = self._screen.machine.origin.name
        return self._pilot.app.export_screenshot(title=f"{name} in altmap")


@asynccontextmanager
async def studio(machine: Machine, size: tuple[int, int], theme: str) -> AsyncIterator[Studio]:
    """Open the explorer on a machine, so many columns wide and lines high. Raises `BadInput` where there is no such theme."""
    app = ExplorerApp(machine, letters=theme == LETTERS)
    if theme != LETTERS:
        ours = [one.name for one in THEMES]
        app.theme = one_of(theme, [*ours, *sorted(app.available_themes.keys() - {*ours}), LETTERS], "theme")
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        made = Studio(pilot)
        await made.settle()
        yield made
