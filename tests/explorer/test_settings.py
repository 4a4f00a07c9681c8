"""What the explorer remembers: theme, view, panel and machines; and that a file or folder of another kind breaks nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from altmap.engine import Machine, save_machine
from altmap.explorer import settings
from altmap.explorer.settings import MOST_RECENT, NONE, Keeper, Recent
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.open import OpenScreen
from altmap.explorer.tui.themes import CONTRAST, DARK
from altmap.explorer.tui.widgets.machine_list import MachineList
from altmap.explorer.tui.widgets.memory_map import MemoryMap
from textual.widgets import Input

from .machines import guest, press, with_dimm
from .terminal import Terminal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "altmap" / "settings.json"


def explore(machine: Machine | None, path: Path | None, action: Callable[[Any], Awaitable[None]]) -> ExplorerApp:
    app = ExplorerApp(machine, keeper=Keeper(path))
    app.animation_level = "none"

    async def run() -> None:
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            await action(pilot)

    asyncio.run(run())
    return app


def test_the_theme_comes_back_and_a_machine_opens_as_usual(path: Path) -> None:
    async def change(pilot: Any) -> None:
        pilot.app.theme = CONTRAST
        await press(pilot, "v", "v", "3", "q")

    async def look(pilot: Any) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        assert (pilot.app.theme, screen.query_one(MemoryMap).view.name) == (CONTRAST, "use")
        assert screen.query_one("#right").has_class("-show-inspector")
        assert screen.focused is screen.query_one(MemoryMap)
        pilot.app.theme = DARK
        await press(pilot, "q")

    explore(guest(), path, change)
    explore(guest(), path, look)
    assert Keeper(path).settings.theme == DARK


def test_what_was_not_changed_is_not_written(path: Path) -> None:
    async def leave(pilot: Any) -> None:
        await press(pilot, "q")

    assert explore(guest(), None, leave).theme == DARK
    Keeper(path).keep()
    assert not path.exists()


def test_machines_that_were_opened_and_saved_are_offered(path: Path, tmp_path: Path) -> None:
    save_machine(with_dimm(), tmp_path / "mine.json")

    async def open_and_save(pilot: Any) -> None:
        await press(pilot, "f")
        pilot.app.screen.query_one("#path", Input).value = str(tmp_path / "mine.json")
        await press(pilot, "enter", "s")
        pilot.app.screen.query_one("#file", Input).value = str(tmp_path / "other.json")
        await press(pilot, "enter", "q")

    async def choose(pilot: Any) -> None:
        assert isinstance(pilot.app.screen, OpenScreen)
        row = pilot.app.screen.query_one(MachineList)
        recent = [choice for choice in row.shown if choice.group == "recent"]
        assert [choice.name for choice in recent] == ["other", "gone", "mine"]
        assert "not there now" in recent[1].about
        assert "1 command" in row.words
        row._choose(row.shown.index(recent[2]))
        await press(pilot, "enter")
        assert 39 in pilot.app.session.machine.blocks
        await press(pilot, "q")

    explore(None, path, open_and_save)
    keeper = Keeper(path)
    keeper.opened(Recent(str(tmp_path / "gone.json"), "gone"))
    keeper.opened(keeper.settings.recent[1])
    explore(None, path, choose)
    assert [recent.name for recent in Keeper(path).settings.recent] == ["mine", "other", "gone"]


def test_only_the_last_machines_are_remembered_each_once(path: Path) -> None:
    keeper = Keeper(path)
    for number in [*range(MOST_RECENT + 3), 5]:
        keeper.opened(Recent(f"/{number}", str(number)))
    assert [recent.name for recent in Keeper(path).settings.recent] == [
        "5",
        "12",
        "11",
        "10",
        "9",
        "8",
        "7",
        "6",
        "4",
        "3",
    ]


def test_two_explorers_forget_nothing_of_each_other(path: Path) -> None:
    first, second = Keeper(path), Keeper(path)
    first.opened(Recent("/a", "a"))
    second.opened(Recent("/b", "b"))
    first.choose("x")
    second.opened(Recent("/c", "c"))
    kept = Keeper(path).settings
    assert kept.theme == "x"
    assert {recent.name for recent in kept.recent} == {"a", "b", "c"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b"\xff\xfe", b"null", b'{"what": "another program"}', b"[" * 100_000, b'{"theme": "' + b"x" * 2_000_000]
)  # fmt: skip
def test_what_is_no_settings_file_is_left_alone_and_said_once(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    keeper = Keeper(path)
    assert (keeper.settings, "left as it is" in keeper.note) == (NONE, True)
    keeper.opened(Recent("/a", "a"))
    assert path.read_bytes() == content


def test_a_foreign_file_is_told_and_the_explorer_opens(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("[red]")

    async def look(pilot: Any) -> None:
        assert [("left as it is" in note.message) for note in pilot.app._notifications] == [True]
        await press(pilot, "v", "q")

    explore(guest(), path, look)
    assert path.read_text() == "[red]"


def test_a_theme_that_there_is_not_is_the_usual_one(path: Path) -> None:
    keeper = Keeper(path)
    keeper.choose("no such theme")

    async def look(pilot: Any) -> None:
        assert pilot.app.theme == DARK

    explore(guest(), path, look)


def test_a_folder_in_place_of_the_file_or_of_a_parent_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    assert Keeper(tmp_path / "settings.json").note
    (tmp_path / "file").write_text("")
    below = Keeper(tmp_path / "file" / "altmap" / "settings.json")
    below.opened(Recent("/a", "a"))
    assert below.settings.recent
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "settings.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_home_that_cannot_be_written_to_breaks_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    keeper = Keeper(tmp_path / "altmap" / "settings.json")
    keeper.opened(Recent("/a", "a"))
    tmp_path.chmod(0o700)
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_breaks_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(settings, "replace_file", full)
    keeper = Keeper(path)
    keeper.opened(Recent("/a", "a"))
    assert not path.exists()


def test_nothing_is_read_or_written_by_the_command_line(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-m", "altmap", "show", "small-guest"], env=environment, capture_output=True, check=False
    )
    assert ran.returncode == 0
    assert not list(tmp_path.iterdir())


def test_work_that_a_signal_left_unsaved_is_offered_the_next_time(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "settings")}
    with Terminal("tiny-guest", size=(120, 40), environment=environment, cwd=tmp_path) as terminal:
        terminal.until("q Quit")
        terminal.press_until(":", "a line of a script")
        terminal.press_until("allocate 4M\r", "✓ ok")
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.end() == 128 + signal.SIGTERM
    (recent,) = Keeper(tmp_path / "settings" / "altmap" / "settings.json").settings.recent
    assert (recent.path, recent.commands) == (str(tmp_path / "tiny-guest-unsaved.json.gz"), 1)
    with Terminal(size=(120, 40), environment=environment, cwd=tmp_path) as terminal:
        terminal.until("tiny-gue…unsaved")
        terminal.press("q")
        assert terminal.end() == 0
