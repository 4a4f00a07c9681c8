"""Where text goes: coloured and as wide as the terminal, or plain and 100 columns wide where there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from rich.console import Console, RenderableType
from rich.segment import Segment, Segments

from ..printable import printable

PLAIN_WIDTH = 100
"""Columns of what goes into a file or a pipe, whatever the terminal."""


class Printer:
    """Prints to standard output, a piece at a time. `color` is "always", "never" or "auto": on a terminal, where NO_COLOR
    is not set. `width` is in columns; without one it is the terminal's."""

    def __init__(self, color: str = "auto", width: int | None = None) -> None:
        terminal = sys.stdout.isatty()
        colored = color == "always" or (color == "auto" and terminal and not os.environ.get("NO_COLOR"))
        self._whole_lines = width is None
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

    def __call__(self, *parts: RenderableType, whole_lines: bool = False) -> None:
        """Print the parts below each other, without the blanks that tables end their lines with. Text wraps at the
        width unless `whole_lines`, and then too if a width was asked for."""
        options = self._console.options
        if whole_lines and self._whole_lines:
            options = options.update(no_wrap=True, overflow="ignore")
        with self._console.capture() as capture:
            for part in parts:
                segments = _harmless(self._console.render(part, options))
                self._console.print(Segments(segments), end="", crop=False)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())
        sys.stdout.flush()


def _harmless(segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        yield segment if segment.control else Segment(printable(segment.text), segment.style)
