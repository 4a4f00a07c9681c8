"""What stands in a file is drawn and never obeyed: the bytes that reach a terminal, on every screen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from altmap.engine import save_machine
from altmap.explorer.tui.guard import Guard
from altmap.explorer.tui.screens.main import MainScreen
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.widgets import Static

from ..hostile import HOSTILE, hostile_machine
from .machines import drive, guest
from .terminal import Terminal

OURS = re.compile(rb"\x1b(?:\[[0-9;?]*[mHhlJKABCDn]|\[[><?][0-9;]*u|\[\?[0-9]+\$p|\]22;[a-z-]+\x07)")
"""The escape sequences with which Textual draws, sets modes and asks the terminal what it is."""


def unexplained(written: bytes) -> list[str]:
    """Characters, outside of the sequences that Textual writes, that are not to be seen."""
    rest = OURS.sub(b"", written).decode()
    return [character for character in rest if not character.isprintable() and character not in "\r\n"]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    save_machine(hostile_machine(), tmp_path / "hostile.json")
    return tmp_path / "hostile.json"


def test_no_screen_lets_a_file_speak_to_the_terminal(hostile: Path) -> None:
    with Terminal("open", hostile, size=(120, 40)) as terminal:
        terminal.until("q Quit")
        for way in (
            [("3", ""), ("2", ""), ("1", ""), ("?", "Keys and words")],
            [("t", "n names"), ("n", "Name of state 4")],
            [("w", "esc closes")],
            [("c", "Compare placements"), ("\r", "another size")],
            [(":", "a line of a script"), ("frob [red]x[/]\r", "is not a command")],
            [("g", "enter goes"), ("no[@click=app.quit]x[/]\r", "is no place")],
            [("s", "enter saves")],
            [("u", "undone"), ("U", "done again"), ("++", "›"), ("--", "")],
        ):
            for keys, text in way:
                terminal.press_until(keys, text)
            terminal.go_home()
        terminal.press("q")
        assert terminal.end() == 0
        shown = terminal.shown()
        assert unexplained(terminal.written) == []
        assert b"\x1b[31mRED" not in terminal.written
        for piece in (r"\x1b[31mRED", r"\u202eRTL", "[bold red]MARK[/][@click=app.quit]x[/]"):
            assert piece in shown


def test_the_guard_keeps_the_width_of_every_line() -> None:
    texts = [HOSTILE, "plain", "größer 内存", "👩\u200d💻 done", "\ud800\x1b", "a\u0301e", "\ue000\xad"]
    told = Guard().apply([Segment(text) for text in texts], Color(0, 0, 0))
    assert [cell_len(one.text) for one in told] == [cell_len(text) for text in texts]
    assert all(one.text.isprintable() for one in told)
    assert [one.text for one in told[1:3]] == texts[1:3]


def test_what_no_widget_expected_does_not_get_past_the_guard() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        await screen.mount(Static(Content(HOSTILE, strip_control_codes=False), id="raw"))
        await pilot.pause()
        raw = pilot.app.query_one("#raw")
        lines = raw.render_lines(raw.size.region)
        assert any("RED" in line.text for line in lines)
        assert all(line.text.isprintable() for line in lines)

    drive(guest(), look)


def test_what_is_copied_has_no_control_characters() -> None:
    async def look(pilot: Any, screen: MainScreen) -> None:
        pilot.app.copy_to_clipboard(f"{HOSTILE}\nnext")
        assert pilot.app.clipboard.replace("\n", "").isprintable()
        assert pilot.app.clipboard.endswith("end\nnext")

    drive(guest(), look)
