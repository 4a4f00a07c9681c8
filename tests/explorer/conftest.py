"""What would make the explorer's tests wait is left out."""

from __future__ import annotations

import pytest
from altmap.explorer.picture.lines import Line
from altmap.explorer.tui.screens import add
from altmap.explorer.tui.widgets.drawn import Drawn


@pytest.fixture(autouse=True)
def nobody_types_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed in the add dialog is tried at once."""

    async def at_once() -> None:
        pass

    monkeypatch.setattr(add, "settled", at_once)


@pytest.fixture(autouse=True)
def every_app_is_waited_for(nobody_asks_the_clock: None) -> None:
    """Here all tests drive apps."""


@pytest.fixture(autouse=True)
def no_fault_is_only_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the screen that fails says so and the rest lives; in a test it fails the test."""

    def fault(self: Drawn, error: Exception) -> Line:
        """No line of its own."""
        raise error

    monkeypatch.setattr(Drawn, "fault", fault)
