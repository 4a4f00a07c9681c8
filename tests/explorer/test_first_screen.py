"""The first screen is drawn when all of it has its place, and not before; and so is one of another size."""

from __future__ import annotations

import asyncio
import re

import pytest
from altmap.engine import Machine, Outlook, open_machine
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.portrait import Portrayed, behind
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.screen import Screen

from .quiet import _DRAW


def first_screen(size: tuple[int, int], written: list[str]) -> list[str]:
    """What is written until nothing is left to do, one drawing after the other, to a list."""

    class Written(HeadlessDriver):
        @property
        def is_headless(self) -> bool:
            return False

        def write(self, data: str) -> None:
            written.append(data)

    async def opened() -> None:
        app = ExplorerApp(open_machine("small-guest"))
        app.driver_class = Written
        async with app.run_test(size=size, headless=False) as pilot:
            await pilot.pause()
            assert app._exception is None

    asyncio.run(opened())
    return written


@pytest.mark.parametrize("size", [(120, 40), (60, 20)])
def test_nothing_is_drawn_before_all_of_the_screen_has_its_place(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Screen, "_compositor_refresh", _DRAW)  # each drawing, which other tests do without
    drawings = [drawn for drawn in first_screen(size, []) if " altmap " in drawn]
    assert drawings
    assert all("Quit" in drawn for drawn in drawings)


def test_memory_is_on_the_screen_before_a_block_is_asked_whether_it_can_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Screen, "_compositor_refresh", _DRAW)
    outlook, asked = Machine.outlook, []
    written: list[str] = []

    def ask(machine: Machine, block: int) -> Outlook:
        asked.append("".join(written))
        return outlook(machine, block)

    monkeypatch.setattr(Machine, "outlook", ask)
    assert "can it go?" in "".join(first_screen((120, 40), written))
    assert all("Quit" in before for before in asked)
    assert asked


def test_a_screen_without_room_for_a_map_is_drawn() -> None:
    assert any("Quit" in drawn for drawn in first_screen((30, 1), []))


@pytest.mark.parametrize("size", [(120, 40), (60, 20)])
def test_behind_a_dialog_no_map_of_another_size_is_drawn(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many rows of blocks as there are at last are there in the first drawing."""
    drawings: list[tuple[Size, list[str]]] = []

    def draw(screen: Screen[object]) -> None:
        _DRAW(screen)
        app = screen.app
        if screen is app.screen and not app._batch_count and isinstance(screen, Portrayed):
            lines = screen.portrait(behind(app.screen_stack))
            drawings.append((screen.size, ["".join(span.text for span in line) for line in lines]))

    async def resized() -> None:
        app = ExplorerApp(open_machine("firecracker-24g"))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("g")
            monkeypatch.setattr(Screen, "_compositor_refresh", draw)
            await pilot.resize_terminal(*size)

    asyncio.run(resized())
    assert {drawn for drawn, _ in drawings} == {size}
    rows = [[line[:60] for line in lines if re.match(r"▌ +\d+G ", line)] for _, lines in drawings]
    assert rows[0] == rows[-1] != []
