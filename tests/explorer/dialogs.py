"""Filling in dialogs, and reading what they say."""

from __future__ import annotations

from typing import Any

from textual.widgets import Input, Static

from .machines import press


def said(pilot: Any, name: str) -> str:
    """What a dialog says in one of its places."""
    return str(pilot.app.screen.query_one(name, Static).render())


async def fill_in(pilot: Any, text: str) -> None:
    """Write into the first field of a dialog, and enter."""
    pilot.app.screen.query_one(Input).value = text
    await press(pilot, "enter")


async def press_on(pilot: Any, key: str, text: str) -> None:
    """Open a dialog by its key and fill it in."""
    await press(pilot, key)
    await fill_in(pilot, text)
