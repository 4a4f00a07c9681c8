"""What a person sees: every frame of every reel, in its sizes and colours, is its picture. Made anew with
``python -m pytest tests/explorer/test_reels.py --snapshot-update``; look at what differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import unified_diff
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from altmap.explorer.tui.app import ExplorerApp
from textual.app import App

from .machines import guest
from .reel import Frame, Reel
from .reels import REELS, played

PICTURES = Path(__file__).parent / "__snapshots__" / "test_reels"


class Shown(App[str]):
    """An app that shows a picture which is there already."""

    def __init__(self, picture: str) -> None:
        super().__init__()
        self.picture = picture

    def run(self, **_: Any) -> str:
        return self.picture


def items() -> Iterator[Any]:
    """Each frame of each reel, those of one started app together."""
    for name, reel in REELS.items():
        for size in reel.sizes:
            for theme in reel.themes:
                for frame in reel.frames:
                    group = pytest.mark.xdist_group(f"{name}-{size}-{theme}")
                    label = f"{name}-{frame.name}-{size}-{theme.removeprefix('altmap-')}"
                    yield pytest.param(name, size, theme, frame.name, id=label, marks=group)


def rows(picture: str) -> list[str]:
    """The words of a picture, line by line, about where they stand."""
    found = re.findall(r'<text x="(\d+)" y="(\d+)"[^>]*>([^<]*)</text>', picture)
    lines = []
    for _, pieces in groupby(sorted(found, key=lambda one: (int(one[1]), int(one[0]))), key=lambda one: one[1]):
        line = ""
        for x, _, text in pieces:
            line = line.ljust(int(x) // 9) + text
        lines.append(line)
    return lines


def differences(before: str, now: str) -> str:
    """The lines of words in which two pictures differ."""
    lines = "\n".join(unified_diff(rows(before), rows(now), "before", "now", lineterm="", n=0))
    return lines or "in its colours alone"


@pytest.mark.parametrize(("name", "size", "theme", "frame"), items())
def test_screen(
    name: str,
    size: str,
    theme: str,
    frame: str,
    still_screen: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Callable[..., bool],
    request: pytest.FixtureRequest,
) -> None:
    """The frame, after what must hold of the machine; the report of a failure has both pictures."""
    monkeypatch.chdir(tmp_path)
    taken = played(name, size, theme)
    wrong = next((one for one in taken.values() if isinstance(one, BaseException)), None)
    picture = taken.get(frame)
    if not isinstance(picture, str):
        raise wrong if wrong is not None else AssertionError(f"{frame} was not taken")
    before = PICTURES / f"{request.node.name}.svg"
    earlier = before.read_text(encoding="utf-8") if before.exists() else ""
    assert snap_compare(Shown(picture)), f"the screen is another:\n{differences(earlier, picture)}"


def test_what_must_hold_is_looked_at_and_a_crash_is_never_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(app: ExplorerApp) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(ExplorerApp, "key_f9", crash, raising=False)
    good = Frame("good", "", lambda shot: True)
    reels = {
        "false": Reel(guest, (good, Frame("bad", "right", lambda shot: shot.main.cursor == 77))),
        "crash": Reel(guest, (good, Frame("bad", "f9", lambda shot: True))),
    }
    monkeypatch.setattr("tests.explorer.reels.REELS", reels)
    for name, error in (("false", AssertionError), ("crash", ZeroDivisionError)):
        frames = played.__wrapped__(name, "60x20", "altmap-dark")
        assert isinstance(frames["good"], str)
        assert isinstance(frames["bad"], error)
