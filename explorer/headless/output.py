"""The only way on which text and JSON leave the command line: what came from a file cannot command a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ..printable import printable

if TYPE_CHECKING:
    from altmap.engine import Line

    from .forms.document import Document


PLAIN_WIDTH: Final = 100
"""Columns of tables and pictures that go into a file or a pipe, whatever the terminal."""


def write(data: bytes) -> None:
    """JSON to standard output, at once."""
    from altmap.engine.protocol.json_text import harmless

    sys.stdout.buffer.write(harmless(data))
    sys.stdout.flush()


def write_document(document: Document) -> None:
    """A document as one line of JSON to standard output, at once."""
    from .forms.document import as_line

    write(as_line(document))


def write_text(text: str) -> None:
    """Text to standard output as it is, but for what a terminal would obey."""
    sys.stdout.write(printable(text))


def colored(color: str) -> bool:
    """Are colours and styles wanted? `color` is "always", "never" or "auto": on a terminal, where NO_COLOR is not set."""
    return color == "always" or (color == "auto" and on_terminal("stdout") and not os.environ.get("NO_COLOR"))


def columns(asked: int | None = None) -> int | None:
    """How wide text for people may be: as asked, or as the terminal is; None where it goes elsewhere, as wide as it is."""
    return asked or (shutil.get_terminal_size().columns if on_terminal("stdout") else None)


def say(text: str, width: int | None = None) -> None:
    """Lines for people to standard output; what is wider than `columns` goes on below, indented a little more."""
    wide = columns(width)
    for line in text.rstrip("\n").split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        sys.stdout.write(f"{_wrapped(printable(line), indent, indent + 2, wide)}\n")


def say_lines(lines: Iterable[Line], width: int | None = None) -> None:
    """The same of lines of the engine, tables with their columns."""
    from ..lines import laid_out

    wide = columns(width)
    for laid in laid_out(lines):
        fit = laid.within(wide) if wide else laid
        sys.stdout.write(f"{_wrapped(printable(fit.text), fit.begin, fit.hang, wide)}\n")


@lru_cache(4096)  # long answers say many a line again
def _wrapped(line: str, begin: int, hang: int, width: int | None) -> str:
    """A line whose running text begins at the column `begin`; what does not fit goes on below at the column `hang`."""
    if width is None or len(line) <= width:
        return line
    lines = textwrap.wrap(
        line[begin:],
        width,
        initial_indent=line[:begin],
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def on_terminal(*streams: str) -> bool:
    """Are all of "stdin", "stdout" and "stderr" that are named terminals?"""
    found = [getattr(sys, name) for name in streams]
    return all(stream is not None and stream.isatty() for stream in found)


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
