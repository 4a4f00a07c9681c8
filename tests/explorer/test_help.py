"""What a word means where it stands, the help of the pane that has the keys, and a pane that fails."""

from __future__ import annotations

from typing import Any

import pytest
from altmap import engine
from altmap.explorer.picture.palette import WORDS
from altmap.explorer.tui.glossary import GLOSSARY, meaning_at, words_in
from altmap.explorer.tui.screens.help import PANES, HelpText
from altmap.explorer.tui.screens.main import PANES as PANES_OF_THE_SCREEN
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.widgets.drawn import Drawn
from altmap.explorer.tui.widgets.inspector import Inspector
from altmap.explorer.tui.widgets.map_legend import MapLegend
from altmap.explorer.tui.widgets.zone_table import ZoneTable

from .machines import drive, press, result, stand_on, text_of, with_dimm

FAULT = Drawn.fault
"""What is shown of a fault; the other tests fail by one."""


def test_words_are_found_where_they_stand() -> None:
    assert words_in("altmap base_pfn 0x1 free 512, 63 pageblocks, Unmovable") == [
        "pageblock", "altmap", "base_pfn", "free", "unmovable"
    ]  # fmt: skip
    assert words_in("unfree freedom memmaps_on slabs") == ["slab"]
    line = "  free, per CPU   12"
    assert meaning_at(line, 4) == meaning_at(line, 11)
    assert meaning_at(line, 0) is None
    assert meaning_at(line, 18) is None


def test_every_kind_of_page_and_every_flag_has_a_meaning() -> None:
    assert {*WORDS.values()} <= GLOSSARY.keys()
    machine = with_dimm(movable=4)
    flags = {flag for page in range(1 << 18) for flag in machine.page_flags(page) or ()}
    assert {*flags, *machine.model.head_flags} <= GLOSSARY.keys()
    assert PANES.keys() == {*PANES_OF_THE_SCREEN}


def test_the_help_is_that_of_the_pane_that_has_the_keys() -> None:
    async def ask(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 33)
        for key, pane, word in (("0", "map", "memmap"), ("1", "inspector", "altmap"), ("2", "zones", "managed")):
            await press(pilot, key, "question_mark")
            said = text_of(pilot.app.screen.query_one(HelpText))
            assert said.startswith(f"The {pane}")
            here, _, _ = said.partition("\nMemory\n")
            assert word in here
            assert GLOSSARY[word].split(";")[0][:30] in here
            await press(pilot, "escape")
            assert pilot.app.screen is screen

    drive(with_dimm(movable=4), ask, (120, 40))


def test_the_pointer_explains_a_word() -> None:
    async def point(pilot: Any, screen: MainScreen) -> None:
        await stand_on(pilot, 33)
        inspector = screen.query_one("#inspector", Inspector)
        rows = inspector.words.split("\n")
        at = next(number for number, row in enumerate(rows) if "altmap" in row)
        await pilot.hover(Inspector, offset=(rows[at].index("altmap") + 1 + inspector.gutter.left, at))
        assert str(inspector.tooltip).startswith("altmap: ")
        await pilot.hover(Inspector, offset=(30, 2))
        assert inspector.tooltip is None

    drive(with_dimm(movable=4), point, (120, 40))


def test_a_pane_that_fails_says_so_and_the_rest_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, whole = with_dimm(), ZoneTable.lines

    def broken(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(Drawn, "fault", FAULT)

    async def use(pilot: Any, screen: MainScreen) -> None:
        monkeypatch.setattr(ZoneTable, "lines", broken)
        await stand_on(pilot, 32)
        await press(pilot, "2", "m")
        assert machine.blocks[32].zone == (0, "Movable")
        assert "memory32 is online" in result(screen)
        assert "ZeroDivisionError: on purpose" in screen.query_one("#zones", ZoneTable).words
        monkeypatch.setattr(ZoneTable, "lines", whole)
        await press(pilot, "u")
        assert "Movable" not in screen.query_one("#zones", ZoneTable).words
        assert "DMA32" in screen.query_one("#zones", ZoneTable).words

    drive(machine, use, (120, 40))


def test_a_picture_that_fails_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(pilot: Any, screen: MainScreen) -> None:
        monkeypatch.setattr(Drawn, "fault", FAULT)
        monkeypatch.setattr(MapLegend, "row", lambda self, y: 1 // 0)
        legend = screen.query_one(MapLegend)
        assert "ZeroDivisionError" in legend.render_line(0).text
        await press(pilot, "v")
        assert screen.query_one("#map").has_focus

    drive(engine.open_machine("tiny-guest"), use)
