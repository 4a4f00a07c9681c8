"""Where text goes: coloured and as wide as the terminal, or plain and 100 columns wide where there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from ..picture.lines import Line
from ..printable import printable
from .output import PLAIN_WIDTH
from .output import colored as wanted


class Printer:
    """Prints to standard output, a piece at a time. `color` is as for `output.colored`. `width` is in columns; without
    one it is the terminal's. `pictures`: all colours are needed."""

    def __init__(self, color: str = "auto", width: int | None = None, pictures: bool = False) -> None:
        terminal = sys.stdout.isatty()
        self.colored = colored = wanted(color)
        self._whole_lines = width is None and not terminal
        self._console = Console(
            file=sys.stdout,
            width=width or (None if terminal else PLAIN_WIDTH),
            force_terminal=terminal or colored,
            color_system=("auto" if terminal else "truecolor" if pictures else "standard") if colored else None,
            no_color=not colored,
            markup=False,
            emoji=False,
            highlight=False,
        )

    @property
    def redraws(self) -> bool:
        """Can something be drawn over what was printed? On a terminal, but not on one that knows no more than lines."""
        return self._console.is_terminal and sys.stdout.isatty() and not self._console.is_dumb_terminal

    @property
    def width(self) -> int:
        """Columns of a line."""
        return self._console.width

    @property
    def high(self) -> int:
        """Lines of the terminal."""
        return self._console.height

    def picture(self, lines: Sequence[Line]) -> None:
        """Print lines of a picture in all their colours."""
        self(*(_text(line) for line in lines))

    @contextmanager
    def redrawn(self) -> Iterator[Callable[[Sequence[Line]], None]]:
        """Lines of a picture that are drawn over those before them, on a terminal; the last ones stay."""
        with Live(console=self._console, auto_refresh=False, vertical_overflow="crop") as live:
            yield lambda lines: live.update(Text("\n").join(map(_text, lines)), refresh=True)

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


def _text(line: Line) -> Text:
    return Text.assemble(
        *((printable(text), _style(fore, back, bold)) for text, fore, back, bold in line), no_wrap=True
    )


@lru_cache(maxsize=8192)
def _style(fore: int | None, back: int | None, bold: bool) -> Style:
    colours = (None if one is None else Color.from_rgb(one >> 16, one >> 8 & 255, one & 255) for one in (fore, back))
    return Style(color=next(colours), bgcolor=next(colours), bold=bold or None)
