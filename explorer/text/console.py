"""Where text goes: coloured and as wide as the terminal, or plain and 100 columns wide where there is none."""

from __future__ import annotations

import sys

from rich.console import Console, RenderableType

PLAIN_WIDTH = 100
"""Columns of what goes into a file or a pipe, whatever the terminal."""


class Printer:
    """Prints to standard output, a piece at a time."""

    def __init__(self) -> None:
        terminal = sys.stdout.isatty()
        self._console = Console(
            file=sys.stdout,
            width=None if terminal else PLAIN_WIDTH,
            force_terminal=terminal,
            color_system="auto" if terminal else None,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def __call__(self, *parts: RenderableType, whole_lines: bool = False) -> None:
        """Print the parts below each other, without the blanks that tables end their lines with. Text wraps at the
        width unless `whole_lines`."""
        with self._console.capture() as capture:
            for part in parts:
                self._console.print(part, soft_wrap=whole_lines)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())
        sys.stdout.flush()
