"""What would make the explorer's tests wait is left out."""

from __future__ import annotations

import pytest
from altmap.explorer.picture.lines import Line
from altmap.explorer.tui.screens import add
from altmap.explorer.tui.widgets.drawn import Drawn

from .quiet import quiet


@pytest.fixture(autouse=True)
def nobody_types_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed in the add dialog is tried at once."""

    async def at_once() -> None:
        pass

    monkeypatch.setattr(add, "settled", at_once)


@pytest.fixture(autouse=True)
def nobody_asks_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a key or a click the app is waited for by what it has to do."""
    for place in ("textual.app.wait_for_idle", "textual.pilot.wait_for_idle", "textual.pilot.Pilot._wait_for_screen"):
        monkeypatch.setattr(place, quiet)


@pytest.fixture(autouse=True)
def no_fault_is_only_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the screen that fails says so and the rest lives; in a test it fails the test."""

    def fault(self: Drawn, error: Exception) -> Line:
        raise error

    monkeypatch.setattr(Drawn, "fault", fault)
