"""Text that came from files, made harmless: a terminal must not obey it."""

from __future__ import annotations

import re
from typing import Final

_ASCII_CONTROLS: Final = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")


def printable(text: str) -> str:
    """Characters that are not to be seen (controls, those that turn the direction of text, surrogates) as their escapes;
    line ends stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def printable_json(data: bytes) -> bytes:
    r"""The same of JSON, where such characters are in strings alone: ``\u`` escapes, so that it says what it said."""
    if data.isascii() and not _ASCII_CONTROLS.search(data):
        return data
    text = data.decode()
    return "".join(c if c.isprintable() or c == "\n" else _json_escape(c) for c in text).encode()


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
