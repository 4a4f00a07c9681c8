"""What stands on standard error while a machine is opened."""

from __future__ import annotations

import os
from threading import Event

import pytest
from altmap.explorer.headless import progress


def test_what_takes_long_to_open_is_named_until_it_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    said, shown = list[str](), Event()

    def show(words: str) -> None:
        said.append(words)
        shown.set()

    monkeypatch.setattr(progress, "show_progress", show)
    monkeypatch.setattr(progress, "on_terminal", lambda *streams: True)
    monkeypatch.setattr(progress, "SOON", 0)
    with progress.opening("large\x1b[31m.json"):
        assert shown.wait(60)
        assert said == ["opening large\\x1b[31m.json …"]
    assert said[1:] == [""], "it is wiped away"


def test_a_capture_tells_how_far_it_is_where_somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    monkeypatch.setattr(progress, "show_progress", said.append)
    monkeypatch.setattr(progress, "on_terminal", lambda *streams: True)
    with progress.capturing("/") as watch:
        assert watch is not None
        memory = 1 << 30
        watch(memory // 4 // os.sysconf("SC_PAGE_SIZE"), memory)
    with progress.capturing("tree\x1b") as watch:
        assert watch is not None
        watch(131072, memory)
    assert said == ["capturing /:  25 % of the pages read", "", "capturing tree\\x1b: 131,072 pages read", ""]
    monkeypatch.setattr(progress, "on_terminal", lambda *streams: False)
    with progress.capturing("/") as watch:
        assert watch is None


def test_what_is_open_at_once_and_what_nobody_watches_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    monkeypatch.setattr(progress, "show_progress", said.append)
    monkeypatch.setattr(progress, "SOON", 600)
    for terminal in (True, False):
        monkeypatch.setattr(progress, "on_terminal", lambda *streams, here=terminal: here)
        with progress.opening("small.json"):
            pass
    assert said == []
