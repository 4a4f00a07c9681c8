"""The running machine: read again and again, never written; what changed is lit and told, and what differs from a plan."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from altmap import engine
from altmap.engine import BadInput, save_machine
from altmap.explorer.headless.cli import main
from altmap.explorer.tui import live
from altmap.explorer.tui.app import ExplorerApp
from altmap.explorer.tui.live import Reader
from altmap.explorer.tui.screens.live import LiveScreen
from altmap.explorer.tui.screens.main import MainScreen
from altmap.explorer.tui.screens.open import OpenScreen
from altmap.explorer.tui.verbs import VERBS
from altmap.explorer.tui.widgets.bars import ResultBar
from altmap.explorer.tui.widgets.live_log import LiveLog
from altmap.explorer.tui.widgets.memory_map import MemoryMap

from ..snapshot.trees import MEMORY, ram, tree
from .machines import Staged, drive, guest, press, title_of, with_dimm

FLAGS = ((0, 32768, 1 << 32, 0), (32768, 32768, 1 << 10, 0), (65536, 65536, 1 << 5, 0))
"""Runs of /proc/kpageflags: reserved, in the buddy, on the LRU."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """512 MiB in four blocks, online in DMA32 and in ZONE_MOVABLE."""
    blocks = {0: "DMA32", 1: "DMA32", 2: "DMA32", 3: "Movable"}
    zones = {"DMA32": (98304, 90000, 40000), "Movable": (32768, 32768, 32000)}
    return tree(tmp_path / "root", blocks, zones=zones, iomem=ram((0, 3)))


def offline(root: Path, block: int, free: int = 40000) -> None:
    """Something else takes a block offline, and pages of DMA32 are used or freed."""
    (root / MEMORY / f"memory{block}" / "state").write_text("offline\n")
    zoneinfo = root / "proc" / "zoneinfo"
    zoneinfo.write_text(zoneinfo.read_text().replace("pages free 40000", f"pages free {free}"))


def watch(
    reader: Reader, action: Callable[[Any, LiveScreen], Awaitable[None]], size: tuple[int, int] = (120, 40)
) -> ExplorerApp:
    """Open the explorer on what a reader reads, and do something with it."""
    app = ExplorerApp(reader.read().machine, reader=reader)
    app.animation_level = "none"

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            assert isinstance(app.screen, LiveScreen)
            await action(pilot, app.screen)

    asyncio.run(run())
    return app


def said(screen: MainScreen) -> str:
    return screen.query_one(ResultBar).text


# -- reading -------------------------------------------------------------------------------------------------------------


def test_what_changed_is_told_in_the_words_of_diff_lasting_things_first(root: Path) -> None:
    reader = Reader(str(root))
    assert reader.read().news.changed == ()
    assert reader.read().news.changed == ()
    offline(root, 3, free=39000)
    changed = reader.read().news.changed
    assert changed[0].startswith("memory3: state online -> offline")
    assert changed[-1] == "zone DMA32 of node 0: free 40,000 -> 39,000 (-1,000)"
    assert [news.number for news in reader.news] == [1, 3], "a reading without news is not kept"


def test_only_what_was_seen_is_lit(root: Path) -> None:
    reader = Reader(str(root))
    per_section = 1 << reader.read().machine.geometry.pages_per_section
    offline(root, 3, free=30000)
    assert reader.read().pages == {3: per_section - 1}, "pages that are laid out to meet the counters tell of nothing"


def test_every_page_is_looked_at_where_that_is_allowed_and_they_are_few(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "proc" / "kpageflags").write_bytes(b"")
    runs = root / "proc" / "kpageflags.runs.json"
    runs.write_text(json.dumps(FLAGS))
    reader = Reader(str(root))
    first = reader.read()
    assert reader.every_page
    assert not any(section.estimated for section in first.machine.sections.values())
    runs.write_text(json.dumps((*FLAGS[:2], (65536, 65000, 1 << 5, 0), (130536, 536, 1 << 10, 0))))
    assert reader.read().pages.keys() == {3}
    monkeypatch.setattr(live, "MOST_PAGES", 1000)
    reader = Reader(str(root))
    assert any(section.estimated for section in reader.read().machine.sections.values())


def test_what_differs_from_the_plan_is_told_but_not_which_pages_are_free(root: Path) -> None:
    plan = engine.capture(root)
    reader = Reader(str(root), plan)
    offline(root, 2, free=100)
    assert reader.read().news.apart
    assert not any("node 0: free" in line for line in reader.read().news.apart)
    assert any(line.startswith("memory2: state online -> offline") for line in reader.read().news.apart)


def test_a_reading_changes_no_file(root: Path) -> None:
    before = {path: path.stat() for path in root.rglob("*")}
    reader = Reader(str(root))
    reader.read()
    reader.read()
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == {
        path: found.st_mtime_ns for path, found in before.items()
    }


# -- the screen ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
def test_readings_are_shown_and_the_cursor_stays(size: tuple[int, int]) -> None:
    reader = Staged([guest(), with_dimm(), with_dimm(movable=2)], with_dimm(movable=4))

    async def look(pilot: Any, screen: LiveScreen) -> None:
        map_ = screen.query_one(MemoryMap)
        await press(pilot, "g", "2", "enter", "v", "f5")
        assert (map_.cursor, map_.view.name, sorted(screen.machine.blocks)[-1]) == (2, "zones", 39)
        assert "memory32-39: new" in said(screen)
        assert set(map_.happening.changed) >= set(range(32, 40))
        await press(pilot, "right")
        assert map_.happening.changed, "it stays lit until the next reading"
        await press(pilot, "f5", "3")
        assert "memory32-33: state offline -> online" in said(screen)
        log = screen.query_one("#log", LiveLog)
        assert "what differs from guest" in log.words
        assert "memory34-35: state online -> offline" in " ".join(log.words.split())
        assert log.words.index("reading 3") < log.words.index("reading 2")
        await press(pilot, "f5")
        assert "nothing changed" in said(screen)
        assert not map_.happening.changed

    watch(reader, look, size)


def test_a_reading_is_let_go_when_others_came(root: Path) -> None:
    """A machine watched for an afternoon took 3 GiB: what its map had worked out of each reading kept the reading."""

    async def look(pilot: Any, screen: LiveScreen) -> None:
        seen = []
        for _ in range(8):
            seen.append(ref(screen.machine))
            await press(pilot, "f5")
        gc.collect()
        assert sum(one() is not None for one in seen) < 5

    watch(Reader(str(root), every=0), look, (80, 24))


def test_no_verb_changes_the_running_machine() -> None:
    async def try_all(pilot: Any, screen: LiveScreen) -> None:
        state = screen.machine.timeline.present.number
        for verb in (verb for verb in VERBS if verb.changes):
            assert not verb.possible(screen)
            await press(pilot, *verb.key.split(",")[:1])
            assert pilot.app.screen is screen, verb.name
        screen.perform("anything", [engine.Offline(block=1)])
        assert "only looked at" in said(screen)
        await press(pilot, "4", "enter")
        assert pilot.app.screen is screen
        assert screen.machine.timeline.present.number == state
        assert not screen.machine.history

    watch(Staged([with_dimm(movable=2)]), try_all)


def test_a_copy_is_left_for_where_everything_can_be_tried_and_undo_leads_back() -> None:
    async def rehearse(pilot: Any, screen: LiveScreen) -> None:
        await press(pilot, "l")
        copy = pilot.app.screen
        assert isinstance(copy, MainScreen)
        assert not copy.live
        assert "✓ a copy" in said(copy)
        await press(pilot, "end", "f")
        assert len(copy.machine.history) == 1
        assert not screen.machine.history
        await press(pilot, "u", "u")
        assert pilot.app.screen is screen
        assert screen.is_current

    watch(Staged([with_dimm(movable=8)]), rehearse)


def test_a_reading_that_fails_is_told_and_the_next_is_tried(root: Path) -> None:
    reader = Reader(str(root), every=0)

    async def lose(pilot: Any, screen: LiveScreen) -> None:
        root.rename(root.with_name("elsewhere"))
        await press(pilot, "f5")
        assert "✗ not read" in said(screen)
        assert len(screen.machine.blocks) == 4
        root.with_name("elsewhere").rename(root)
        await press(pilot, "f5")
        assert "nothing changed" in said(screen)

    watch(reader, lose)


def test_reading_rests_while_something_else_is_on_top() -> None:
    reader = Staged([guest()])
    reader.every = 1000.0

    async def cover(pilot: Any, screen: LiveScreen) -> None:
        assert screen._timer is not None
        first = screen._timer
        await press(pilot, "question_mark")
        await pilot.pause()
        assert first._task is None or first._task.done() or first._task.cancelling()
        await press(pilot, "f5")
        assert len(reader.news) == 1
        await press(pilot, "escape")
        assert screen._timer is not first

    watch(reader, cover)


def test_every_page_is_a_key_away_and_who_may_not_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_PAGES", 1000)
    reader = Reader(str(root), every=0)
    heard: list[str] = []

    async def ask(pilot: Any, screen: LiveScreen) -> None:
        plan = title_of(screen.query_one(ResultBar))
        assert "every page needs root" in plan
        await press(pilot, "p")
        assert "read by root alone" in said(screen)
        (root / "proc" / "kpageflags").write_bytes(b"")
        monkeypatch.setattr(screen, "action_read", lambda: heard.append(said(screen)))
        await press(pilot, "p", "p")
        assert ["takes a while" in heard[0], "no longer" in heard[1]] == [True, True]
        monkeypatch.delattr(screen, "action_read")
        await press(pilot, "p")
        assert reader.every_page
        assert reader.news[-1].number == 2

    watch(reader, ask)


def test_the_running_machine_is_opened_from_the_list_and_beside_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(self: Reader, pages: bool) -> engine.Machine:
        self.every = 0
        return with_dimm().copy()

    monkeypatch.setattr(Reader, "look", look)

    async def go(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "O", "l")
        first = pilot.app.screen
        assert isinstance(first, LiveScreen)
        assert first.reader.plan is None
        await press(pilot, "u", "l")
        second = pilot.app.screen
        assert isinstance(second, LiveScreen)
        assert second.reader.plan is not None
        assert any("memory32-39: new" in line for line in second.reader.news[-1].apart)
        await press(pilot, "u")
        assert pilot.app.screen is screen

    drive(guest(), go)


def test_where_there_is_no_machine_to_read_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(self: Reader, pages: bool) -> engine.Machine:
        raise BadInput("there are no memory blocks")

    monkeypatch.setattr(Reader, "look", look)

    async def go(pilot: Any, screen: MainScreen) -> None:
        await press(pilot, "l")
        assert "there are no memory blocks" in said(screen)
        await press(pilot, "O", "l")
        assert isinstance(pilot.app.screen, OpenScreen)
        assert "there are no memory blocks" in pilot.app.screen.query_one(ResultBar).text

    drive(guest(), go)


# -- the command line ----------------------------------------------------------------------------------------------------


def test_without_a_terminal_one_reading_is_shown_with_what_differs(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_machine(engine.capture(root), tmp_path / "plan.json")
    offline(root, 3)
    assert main(["live", str(tmp_path / "plan.json"), "--root", str(root)]) == 0
    told = capsys.readouterr().out
    assert "Memory blocks" in told
    assert "• memory3: state online -> offline" in told


@pytest.mark.parametrize(
    "words", [["--every", "0"], ["--every", "nan"], ["-"], ["--root", "/nowhere/at/all"], ["no-plan"]]
)
def test_what_cannot_be_read_or_compared_is_said(
    words: list[str], root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["live", *(words if "--root" in words else [*words, "--root", str(root)])]) == 2
    assert capsys.readouterr().err.startswith("altmap: ")
