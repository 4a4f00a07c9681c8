"""The only way on which text and JSON leave the command line: what came from a file cannot command a terminal.

Standard error is for people who watch; where it is closed or full, what was to be said there is not said at all.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from ..printable import printable, printable_json


def say(text: str) -> None:
    """Lines on standard output, each with its line end."""
    sys.stdout.write(printable(text))


def write_json(line: bytes) -> None:
    """JSON on standard output, at once."""
    sys.stdout.buffer.write(printable_json(line))
    sys.stdout.flush()


def note(sentence: str) -> None:
    """A line on standard error, behind what was said so far."""
    if sys.stdout is not None:
        with suppress(OSError):  # said at the end
            sys.stdout.flush()
    _err(f"{printable(sentence)}\n")


def show_progress(words: str) -> None:
    """Replace the last line on standard error, a terminal; no words clear it."""
    _err(f"\r{words}" if words else "\r\x1b[K")


def watches(stream: str) -> bool:
    """Is "stdout" or "stderr" a terminal?"""
    found = getattr(sys, stream)
    return found is not None and bool(found.isatty())


def _err(text: str) -> None:
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def fill_closed_streams() -> None:
    """What is opened next must not become standard input, output or error because one of these is closed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def drop_output() -> None:
    """Python writes what is left of standard output at its end; that must not fail a second time."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
