"""JSON on terminals and in files: nothing in it that a terminal obeys, and every text comes back as it was."""

from __future__ import annotations

import json
from typing import Final

import msgspec
import pytest
from altmap.engine.protocol.json_text import encoded, harmless
from hypothesis import given
from hypothesis import strategies as st

HOSTILE = [
    "\x1b]52;c;aGk=\x07",
    "\x9b31m",
    "\x9d0;t\x9c",
    "\u202egnp.exe",
    "\u2066a\u2069",
    "\x7f",
    "\u2028",
    "\ufeff",
    "\U000e0041",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_a_terminal_obeys_or_hides_is_escaped(text: str) -> None:
    data = harmless(encoded({text: [text]}))
    assert data.decode().isprintable()
    assert json.loads(data) == {text: [text]}


def test_what_is_printed_stays_readable() -> None:
    assert harmless(encoded("Prüfstand → 機械")) == '"Prüfstand → 機械"'.encode()


TEXT: Final = st.text(st.characters(exclude_categories=["Cs"]))
"""Any text: `st.text()` is the same, but asks its codec of each character, more than a second where nothing is kept of that."""


@given(st.recursive(TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
def test_every_text_comes_back(value: object) -> None:
    data = harmless(encoded(value))
    assert data.decode().isprintable()
    assert json.loads(data) == msgspec.json.decode(data) == value


@given(TEXT)
def test_lines_of_a_file_stay_lines(text: str) -> None:
    data = harmless(msgspec.json.format(msgspec.json.encode([text, {"a": text}]), indent=2))
    assert all(line.isprintable() for line in data.decode().split("\n"))
    assert json.loads(data) == [text, {"a": text}]


def test_bytes_of_a_name_that_are_no_text_are_shown_as_such() -> None:
    assert json.loads(encoded({"path\udcff": ("a", "\udce4b")})) == {"path\ufffd": ["a", "\ufffdb"]}
