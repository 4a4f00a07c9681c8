"""The tree of states and saving: what they do to the machine and the screen; and what all dialogs are like."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from altmap import engine
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.save import SaveDialog
from altmap.explorer.tui.screens.timeline import TimelineScreen
from altmap.explorer.tui.themes import LIGHT
from altmap.explorer.tui.widgets.heading import Heading
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.events import Resize
from textual.geometry import Size
from textual.widgets import OptionList

from .dialogs import fill_in, press_on, said
from .machines import DIMM, drawn, drive, pinned, press, result, stand_on, with_dimm


def test_any_state_can_be_named_and_gone_to() -> None:
    machine = with_dimm(movable=1)
    for block, kind in ((33, "online"), (34, "online_kernel")):
        assert machine.apply(engine.Online(block=block, type=kind)).ok  # type: ignore[arg-type]

    async def travel(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "t", "up", "up", "n", *"one", "enter")
        assert isinstance(pilot.app.screen, TimelineScreen)
        assert machine.timeline.find("one") == 2
        assert "one: online 32" in str(pilot.app.screen.query_one(OptionList).get_option_at_index(2).prompt)
        await press(pilot, "enter")
        assert [machine.blocks[nr].state for nr in DIMM[:3]] == ["online", "offline", "offline"]
        assert "state 2" in result(screen)
        assert "one" in result(screen)
        await stand_on(pilot, 39)
        await press(pilot, "k", "t", "home", "enter")
        assert sorted(machine.blocks) == list(range(8))
        await press(pilot, "U", "t", "end", "enter")
        assert machine.blocks[39].zone == (0, "Normal")
        assert machine.check() == []

    drive(machine, travel)


def test_a_machine_is_saved_with_its_states(tmp_path: Path) -> None:
    machine = with_dimm(movable=1)
    file = tmp_path / "it.msgpack.gz"

    async def save(pilot: Any, screen: MainScreen) -> None:
        await press_on(pilot, "s", str(tmp_path / "it.txt"))
        assert [type(open_one) for open_one in pilot.app.screen_stack] == [MainScreen, SaveDialog]
        assert ".msgpack" in said(pilot, "#said")
        assert "it.txt" in said(pilot, "#said")
        for wrong in ("", "~nobody-of-this-name/it.json", f"{tmp_path}/{'x' * 300}.json"):
            await fill_in(pilot, wrong)
            assert len(pilot.app.screen_stack) == 2
            assert said(pilot, "#said")
        file.write_bytes(b"mine")
        await fill_in(pilot, str(file))
        assert "is there already. Save again to replace it." in said(pilot, "#said")
        assert file.read_bytes() == b"mine"
        await press(pilot, "enter")
        assert pilot.app.screen is screen
        assert "✓ saved" in result(screen)

    drive(machine, save)
    again = engine.open_machine(file)
    assert [outcome.command for outcome in again.history] == [outcome.command for outcome in machine.history]
    assert again.blocks[32] == machine.blocks[32]


def test_the_keys_of_a_dialog_can_be_clicked() -> None:
    machine = with_dimm()

    async def click(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "a")
        heading = pilot.app.screen.query_one(Heading)
        at = heading.render_line(0).text.index("esc")
        await pilot.click(Heading, offset=(at, 0))
        assert pilot.app.screen is screen
        await press(pilot, "a")
        at = pilot.app.screen.query_one(Heading).render_line(0).text.index("enter")
        await pilot.click(Heading, offset=(at, 0))
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        assert len(machine.history) == 2

    drive(machine, click)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)], ids=str)
def test_a_dialog_is_as_wide_as_what_it_lies_on(size: tuple[int, int]) -> None:
    """Nothing that has words is seen in part beside it."""

    async def open_them(pilot: Any, screen: MainScreen) -> None:
        edge = screen.query_one("#map").region.right if size[0] >= 110 else size[0]
        for keys in ("a", "f w", "y", "t", "g", "question_mark", "q"):
            await press(pilot, *keys.split())
            box = pilot.app.screen.query_one(".box").region
            assert (box.x, box.right) == (0, edge), keys
            *_, (_, last) = pilot.app.screen.query_one(Heading)._placed()
            assert last.text.strip() in ("leaves", "closes", "stays"), keys
            await press(pilot, "escape")

    drive(pinned(), open_them, size)


def test_the_rules_of_a_screen_are_looked_up_once_when_it_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[DOMNode] = []
    apply = Stylesheet.apply

    def counted(sheet: Stylesheet, node: DOMNode, **how: Any) -> None:
        asked.append(node)
        apply(sheet, node, **how)

    monkeypatch.setattr(Stylesheet, "apply", counted)

    async def open_them(pilot: Any, screen: MainScreen) -> None:
        assert asked.count(screen) == 1
        for keys, closes in (
            ("a", "escape"),
            ("f w", "escape"),
            ("t", "escape"),
            ("question_mark", "escape"),
            ("W f", "q"),
        ):
            await press(pilot, *keys.split())
            assert pilot.app.screen is not screen
            assert asked.count(pilot.app.screen) == 1, keys
            await press(pilot, closes)
        assert asked.count(screen) == 1

    drive(pinned(), open_them, (120, 40))


def test_a_screen_that_is_told_its_size_again_is_not_laid_out_again() -> None:
    layouts: list[Size] = []

    async def tell(pilot: Any, screen: MainScreen) -> None:
        screen.screen_layout_refresh_signal.subscribe(
            screen, lambda laid_out: layouts.append(laid_out.size), immediate=True
        )
        for size in (Size(100, 30), Size(90, 30), Size(100, 30)):
            await pilot.resize_terminal(*size)
            layouts.append(Size(0, 0))
            screen.post_message(Resize(size, size))
            await pilot.pause()

    drive(pinned(), tell, (100, 30))
    assert [size.width for size, _ in groupby(layouts)] == [0, 90, 0, 100, 0]


def test_a_theme_that_is_chosen_on_a_dialog_is_that_of_what_is_behind_it() -> None:
    looks: list[list[str]] = []

    async def behind(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "g")
        pilot.app.theme = LIGHT
        await press(pilot, "escape")
        looks.append(drawn(screen.query_one(MemoryMap)))

    async def without(pilot: Any, screen: MainScreen) -> None:
        looks.append(drawn(screen.query_one(MemoryMap)))
        pilot.app.theme = LIGHT
        await pilot.pause()
        looks.append(drawn(screen.query_one(MemoryMap)))

    drive(pinned(), behind)
    drive(pinned(), without)
    assert looks[0] == looks[2] != looks[1]
