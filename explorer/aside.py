"""What is said beside the output, to people who watch: on standard error. Where that is closed or full, it is not said at all."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress

from .printable import printable


def remark(lines: Iterable[str]) -> None:
    """Lines, behind what was printed so far."""
    if sys.stdout is not None:
        with suppress(OSError):  # the end of the program says so
            sys.stdout.flush()
    for line in lines:
        _err(f"{printable(line)}\n")


def show_progress(words: str) -> None:
    """Replace the last line of the terminal that standard error is; no words clear it."""
    _err(f"\r{words}" if words else "\r\x1b[K")


def _err(text: str) -> None:
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()
