"""Words of the command line that must be numbers, for which argparse says what was wrong with others; and short ones."""

from __future__ import annotations

import argparse
from typing import Final

_LEAST_WIDTH: Final = 20
_SCREENS: Final = ((40, 400), (12, 150))
"""Columns and lines of a screen that a picture can be taken of, the least and the most."""


def columns(word: str) -> int:
    """A width in columns."""
    if not word.isdecimal() or not _LEAST_WIDTH <= int(word[:6]) < 10_000:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of columns; give {_LEAST_WIDTH} to 9999")
    return int(word)


def screen(word: str) -> tuple[int, int]:
    """Columns and lines of a screen."""
    wide, _, high = word.partition("x")
    if wide.isdecimal() and high.isdecimal() and len(word) < 10:
        (least_wide, most_wide), (least_high, most_high) = _SCREENS
        if least_wide <= int(wide) <= most_wide and least_high <= int(high) <= most_high:
            return int(wide), int(high)
    least, most = ("x".join(map(str, bounds)) for bounds in zip(*_SCREENS, strict=True))
    raise argparse.ArgumentTypeError(f"{word!r} is no size of a screen; give columns and lines, {least} to {most}")


def seconds(word: str) -> float:
    """Seconds from one reading to the next."""
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not 0.5 <= seconds <= 86400:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of seconds; give 0.5 to 86400")
    return seconds


def port(word: str) -> int:
    """A port of TCP."""
    if not word.isdecimal() or not 0 < int(word[:6]) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{word!r} is no port; give 1 to 65535")
    return int(word)


def long(word: str) -> str:
    """How the kernel writes a way to go online that a script may shorten: "online_movable" for "movable"."""
    return f"online_{word}" if word in ("movable", "kernel") else word
