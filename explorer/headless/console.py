"""Where text goes: coloured and as wide as the terminal, or plain and 100 columns wide where there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.text import Text

from ..printable import printable

PLAIN_WIDTH = 100
"""Columns of what goes into a file or a pipe, whatever the terminal."""


class Printer:
    """Prints to standard output, a piece at a time. `color` is "always", "never" or "auto": on a terminal, where NO_COLOR
    is not set. `width` is in columns; without one it is the terminal's."""

    def __init__(self, color: str = "auto", width: int | None = None) -> None:
        terminal = sys.stdout.isatty()
        colored = color == "always" or (color == "auto" and terminal and not os.environ.get("NO_COLOR"))
        self._whole_lines = width is None and not terminal
        self._console = Console(
            file=sys.stdout,
            width=width or (None if terminal else PLAIN_WIDTH),
            force_terminal=terminal or colored,
            color_system=("auto" if terminal else "standard") if colored else None,
            no_color=not colored,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def __call__(self, *parts: RenderableType) -> None:
        """Print the parts below each other, without the blanks that tables end their lines with."""
        self._print(parts, self._console.options)

    def lines(self, *lines: Text, hang: int) -> None:
        """Print lines; what is too wide goes on below, `hang` columns to the right. In a file or a pipe a line is one line,
        unless a width was asked for."""
        options = self._console.options
        if self._whole_lines:
            self._print(lines, options.update(no_wrap=True, overflow="ignore"))
            return
        for line in lines:
            first, *others = line.wrap(self._console, options.max_width - hang)
            self._print([first, *(Padding(other, (0, 0, 0, hang)) for other in others)], options)

    def _print(self, parts: Iterable[RenderableType], options: ConsoleOptions) -> None:
        with self._console.capture() as capture:
            for part in parts:
                segments = _harmless(self._console.render(part, options))
                self._console.print(Segments(segments), end="", crop=False)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())
        sys.stdout.flush()


def _harmless(segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        yield segment if segment.control else Segment(printable(segment.text), segment.style)
