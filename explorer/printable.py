"""Text that came from files, made harmless: a terminal must not obey it."""

from __future__ import annotations


def printable(text: str) -> str:
    """Characters that are not to be seen (controls, those that turn the direction of text, surrogates) as their escapes;
    line ends stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
